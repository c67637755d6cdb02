"""``obb data``: make a training store, and say what is in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group()
def data() -> None:
    """Prepare ground motion for training.

    \b
    obb data prepare records/ InstanceGM -o store/
    obb data simulate -n 10000 -o simulated/
    obb data show store/
    """


@data.command()
@click.argument("datasets", nargs=-1, required=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The store.")
@click.option("--units", default="mps2,counts", show_default=True, help="mps2, counts or both.")
@click.option("--min-magnitude", type=float, help="Leave out smaller (and unknown) events.")
@click.option("--max-distance", type=float, help="km; leave out farther (and unknown) records.")
@click.option("--min-snr", default=0.0, help="Signal over noise (amplitude) at 2-5 Hz.")
@click.option("--before", default=30.0, show_default=True, help="Seconds kept before P.")
@click.option("--after", default=120.0, show_default=True, help="Seconds kept after P; 0: all.")
@click.option("--corner", default=1.0, show_default=True, help="Hz that inputs will resolve.")
@click.option("--allow-empty-band", is_flag=True, help="Take sets with nothing below the corner.")
@click.option("--workers", default=1, show_default=True, help="Processes.")
def prepare(
    datasets: tuple[str, ...],
    output: Path,
    units: str,
    min_magnitude: float | None,
    max_distance: float | None,
    min_snr: float,
    before: float,
    after: float,
    corner: float,
    allow_empty_band: bool,
    workers: int,
) -> None:
    """Make one training store of one or several data sets.

    DATASETS are folders in SeisBench's format, names of SeisBench data sets, or folders with raw
    STEAD files. The same command goes on where it was interrupted.

    \b
    obb data prepare records/ records-2/ --units mps2 -o store/
    obb data prepare InstanceGM --min-magnitude 3.5 --workers 8 -o store/
    """
    from obspy_broadband.data.prepare import Settings
    from obspy_broadband.data.prepare import prepare as make

    settings = Settings(
        min_magnitude=min_magnitude,
        max_distance_km=max_distance,
        min_snr=min_snr,
        units=units,
        before_s=before,
        after_s=after,
        corner=corner,
        allow_empty_band=allow_empty_band,
    )
    _report(make(datasets, output, settings, workers, progress=True))


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
