"""``obb plot``: figures of an ensemble."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from obspy_broadband import Ensemble
from obspy_broadband.plot import find_station, plot_ensemble, plot_motion


@click.command()
@click.argument("ensemble", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--station", "stations", multiple=True, help="Id or code [default: all].")
@click.option("--motion", is_flag=True, help="Also velocity and displacement.")
@click.option("--type", "kind", default="png", show_default=True, help="png, pdf or svg.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
def plot(ensemble: Path, stations: tuple[str, ...], motion: bool, kind: str, output: Path) -> None:
    """Draw an ensemble: waveforms, Fourier and response spectra, a figure a station.

    \b
    obb plot ensemble/ -o figures/
    obb plot ensemble/ --station A_0003 --motion -o figures/
    """
    drawn = Ensemble.read(ensemble)
    chosen = [find_station(drawn, station).id for station in stations or drawn.stations]
    output.mkdir(parents=True, exist_ok=True)
    for id in tqdm(chosen, unit="figure"):
        name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in id)
        name = name.strip(".")
        plot_ensemble(drawn, id).savefig(output / f"{name}.{kind}", dpi=120)
        if motion:
            plot_motion(drawn, id).savefig(output / f"{name}-motion.{kind}", dpi=120)
    click.echo(f"{len(chosen)} stations -> {output}")
