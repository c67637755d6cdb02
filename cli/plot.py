"""``obb plot``: figures of ensembles."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from obb_cli.inputs import refuse_existing, report_skips
from tqdm import tqdm

from obspy_broadband import Ensemble, InputError
from obspy_broadband.ensemble.folder import ensemble_folders
from obspy_broadband.ensemble.plot import plot_ensemble, plot_motion


@click.command()
@click.argument("ensembles", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--station", "stations", multiple=True, help="Id or code [default: all].")
@click.option("--motion", is_flag=True, help="Also velocity and displacement.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["png", "pdf", "svg", "jpg"]),
    default="png",
    show_default=True,
    help="Of the figures.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace figures that are there already.")
def plot(
    ensembles: tuple[Path, ...],
    stations: tuple[str, ...],
    motion: bool,
    kind: str,
    output: Path,
    overwrite: bool,
) -> None:
    """Draw ensembles: waveforms, Fourier and response spectra, a figure a station.

    ENSEMBLES are folders of ensembles, or of runs, whose ensembles are drawn all. Of several, each
    has a folder of its own in the output.

    \b
    obb plot ensemble/ -o figures/
    obb plot ensemble/ --station A_0003 --motion -o figures/
    obb plot run/ -o run-figures/
    """
    folders = list(dict.fromkeys(folder for path in ensembles for folder in ensemble_folders(path)))
    refuse_existing(output, overwrite)
    outputs = _outputs(folders, output)
    skips: list[tuple[Path, str]] = []
    count = 0
    with tqdm(unit="figure") as bar:
        for folder in folders:
            try:
                ensemble = Ensemble.read(folder)
            except InputError as error:
                if len(folders) == 1:
                    raise
                skips.append((folder, str(error)))
                continue
            # Of several ensembles, some may not have the station.
            names = [name for name in stations if name in ensemble or len(folders) == 1]
            ids = [id for name in names for id in ensemble[name].stations]
            for id in dict.fromkeys(ids if stations else ensemble.stations):
                _draw(ensemble, id, outputs[folder], kind, motion)
                count += 1
                bar.update()
    report_skips(skips)
    if not count:
        what = f"has {', '.join(stations)}" if stations else "could be read"
        raise InputError(f"None of the {len(folders)} ensembles {what}.")
    click.echo(f"{count} stations -> {output}")
    if skips:
        sys.exit(2)


def _draw(ensemble: Ensemble, id: str, folder: Path, kind: str, motion: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in id)
    name = name.strip(".")
    plot_ensemble(ensemble, id, outfile=folder / f"{name}.{kind}", dpi=120)
    if motion:
        plot_motion(ensemble, id, outfile=folder / f"{name}-motion.{kind}", dpi=120)


def _outputs(folders: list[Path], output: Path) -> dict[Path, Path]:
    """The folder of each ensemble's figures."""
    if len(folders) == 1:
        return {folders[0]: output}
    outputs: dict[Path, Path] = {}
    taken: set[Path] = set()
    for folder in folders:
        name = folder.resolve().name
        path, number = output / name, 1
        while path in taken:
            number += 1
            path = output / f"{name}-{number}"
        taken.add(path)
        outputs[folder] = path
    return outputs
