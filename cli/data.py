"""``obb data``: make a training store, and say what is in one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from obb_cli.sources import KINDS, SourceGroup, add_sources

from obspy_broadband.sources.source import Source


@click.group()
def data() -> None:
    """Prepare ground motion for training.

    \b
    obb data prepare datasets records/ InstanceGM -o store/
    obb data simulate -n 10000 -o simulated/
    obb data show store/
    """


_STORE = (
    click.Option(
        ["-o", "--output"], required=True, type=click.Path(path_type=Path), help="The store."
    ),
    click.Option(
        ["--units"],
        default="mps2,counts",
        show_default=True,
        help="Records to keep: mps2, counts or both.",
    ),
    click.Option(
        ["--max-distance"], type=float, help="km; leave out farther (and unknown) records."
    ),
    click.Option(["--min-snr"], default=0.0, help="Signal over noise (amplitude) at 2-5 Hz."),
    click.Option(["--before-p"], default=30.0, show_default=True, help="Seconds kept before P."),
    click.Option(
        ["--after-p"], default=120.0, show_default=True, help="Seconds kept after P; 0: all."
    ),
    click.Option(["--corner"], default=1.0, show_default=True, help="Hz that inputs will resolve."),
    click.Option(
        ["--allow-empty-band"], is_flag=True, help="Take sets with nothing below the corner."
    ),
    click.Option(["--workers"], default=1, show_default=True, help="Processes."),
)
_MIN_MAGNITUDE = click.Option(
    ["--min-magnitude"], type=float, help="Leave out smaller (and unknown) events."
)
_ARCHIVE = (
    click.Option(["--input-units"], help="Of the input, e.g. cm/s**2 [default: what it says]."),
    click.Option(["--licence"], default="unknown", show_default=True, help="Of the records."),
    click.Option(["--attribution"], default="", help="Whom to cite."),
)


@data.group(cls=SourceGroup)
def prepare() -> None:
    """Make a training store of recorded ground motion.

    Of data sets as they are (SeisBench, STEAD), or of what archives read: these records need three
    components and a P, picked in --events, else automatically. The same command goes on where it
    was interrupted.

    \b
    obb data prepare datasets records/ InstanceGM --units mps2 -o store/
    obb data prepare files 2016-*.sac --events catalog.xml --inventory stations.xml -o store/
    obb data prepare sds archive/ --events catalog.xml --inventory stations.xml -o store/
    """


@prepare.command(
    params=[click.Argument(["names"], nargs=-1, required=True), _MIN_MAGNITUDE, *_STORE]
)
def datasets(names: tuple[str, ...], **values: Any) -> None:
    """Prepare data sets.

    NAMES are folders in SeisBench's format, names of SeisBench data sets, and folders with raw
    STEAD files.

    \b
    obb data prepare datasets records/ records-2/ --units mps2 -o store/
    obb data prepare datasets InstanceGM --min-magnitude 3.5 --workers 8 -o store/
    """
    _prepare(list(names), **values)


def _prepare(
    sources: Sequence[str | Source],
    output: Path,
    workers: int,
    before_p: float,
    after_p: float,
    max_distance: float | None,
    **values: Any,
) -> None:
    from obspy_broadband.data.prepare import Settings
    from obspy_broadband.data.prepare import prepare as make

    settings = Settings(before_s=before_p, after_s=after_p, max_distance_km=max_distance, **values)
    _report(make(sources, output, settings, workers, progress=True))


def _prepare_source(source: Source, **values: Any) -> None:
    # Of an FDSN service, events are asked for with the magnitude that is kept.
    smallest = getattr(source, "min_magnitude", None)
    options: dict[str, Any] = {"min_magnitude": smallest} | values
    _prepare([source], **options)


_KINDS = {name: kind for name, kind in KINDS.items() if name != "seisbench"}
add_sources(
    prepare,
    _prepare_source,
    {name: (*_STORE, *_ARCHIVE, *([] if name == "fdsn" else [_MIN_MAGNITUDE])) for name in _KINDS},
    {name: f"Prepare records of {kind.summary}." for name, kind in _KINDS.items()},
    _KINDS,
)


@data.command()
@click.option("-n", "records", default=1000, show_default=True, help="Records.")
@click.option("--per-event", default=5, show_default=True, help="Stations of an event.")
@click.option("--seed", default=0, show_default=True, help="Whole number.")
@click.option("--magnitudes", nargs=2, type=float, default=(3.5, 7.5), show_default=True)
@click.option(
    "--distances", nargs=2, type=float, default=(5.0, 200.0), show_default=True, help="km"
)
@click.option(
    "--low-frequencies",
    type=click.Choice(["stochastic", "pyprop8"]),
    default="stochastic",
    show_default=True,
    help="pyprop8: a layered half-space below 1 Hz (seconds an event).",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The store.")
@click.option("--workers", default=1, show_default=True, help="Processes.")
def simulate(
    records: int,
    per_event: int,
    seed: int,
    magnitudes: tuple[float, float],
    distances: tuple[float, float],
    low_frequencies: str,
    output: Path,
    workers: int,
) -> None:
    """Make a training store of simulated scenarios.

    Stochastic point sources over the whole band, with P, S, coda and metadata: to train on before
    real records, or where there are none. The same command goes on where it was interrupted.

    \b
    obb data simulate -n 10000 --workers 8 -o simulated/
    """
    from obspy_broadband.data.simulated import Population
    from obspy_broadband.data.simulated import simulate as make

    population = Population(records, per_event, seed, magnitudes, distances, low_frequencies)
    _report(make(population, output, workers, progress=True))


@data.command()
@click.argument("store", type=click.Path(exists=True, file_okay=False, path_type=Path))
def show(store: Path) -> None:
    """Counts and quality of a training store."""
    from obspy_broadband.data.store import Store

    _report(Store(store).info)


def _report(info: dict[str, Any]) -> None:
    import pandas as pd

    summary = info["summary"]
    rows = {**summary["by_source"], **summary["by_split"], "all": summary["all"]}
    click.echo(pd.DataFrame.from_dict(rows, orient="index").to_string())
    if info["left_out"]:
        reasons = ", ".join(f"{count} for {reason}" for reason, count in info["left_out"].items())
        click.echo(f"left out: {reasons}")
    for message in info.get("warnings", [])[:3]:
        click.echo(f"warning: {message}", err=True)
