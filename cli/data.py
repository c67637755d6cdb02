"""``obb data``: make a training store, and say what is in one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from obb_cli.sources import source_of, source_options

from obspy_broadband.errors import InputError
from obspy_broadband.sources.source import Source


@click.group()
def data() -> None:
    """Prepare ground motion for training.

    \b
    obb data prepare records/ InstanceGM -o store/
    obb data simulate -n 10000 -o simulated/
    obb data show store/
    """


class _SectionedCommand(click.Command):
    """Help with the options of sources apart from those of the command itself."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options in two sections."""
        own: list[tuple[str, str]] = []
        of_sources: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                (of_sources if parameter.name in _SOURCE_PARAMETERS else own).append(record)
        for title, records in (("Options", own), ("Options of files and archives", of_sources)):
            with formatter.section(title):
                formatter.write_dl(records)


#: Names of the options that are those of sources.
_SOURCE_PARAMETERS: set[str] = set()
#: s: P arrives so much later than the origin, to some 1000 km.
_TRAVEL_TIME = 150.0


def _source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: options of sources, but for those that the command has a meaning of its own for.

    SeisBench's data sets are arguments.
    """
    own = list(command.__click_params__)  # type: ignore[attr-defined]
    command.__click_params__ = []  # type: ignore[attr-defined]
    command = source_options(command)
    options = command.__click_params__  # type: ignore[attr-defined]
    taken = {option.name for option in own} | {"seisbench"}
    added = [option for option in options if option.name not in taken]
    _SOURCE_PARAMETERS.update(option.name for option in added)
    command.__click_params__ = [*added, *own]  # type: ignore[attr-defined]
    return command


@data.command(cls=_SectionedCommand)
@_source_options
@click.argument("inputs", nargs=-1)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The store.")
@click.option("--units", default="mps2,counts", show_default=True, help="mps2, counts or both.")
@click.option("--min-magnitude", type=float, help="Leave out smaller (and unknown) events.")
@click.option("--max-distance", type=float, help="km; leave out farther (and unknown) records.")
@click.option("--min-snr", default=0.0, help="Signal over noise (amplitude) at 2-5 Hz.")
@click.option("--before", default=30.0, show_default=True, help="Seconds kept before P.")
@click.option("--after", default=120.0, show_default=True, help="Seconds kept after P; 0: all.")
@click.option("--corner", default=1.0, show_default=True, help="Hz that inputs will resolve.")
@click.option("--allow-empty-band", is_flag=True, help="Take sets with nothing below the corner.")
@click.option("--input-units", help="Of files and archives, e.g. cm/s**2 [default: as they say].")
@click.option("--licence", default="unknown", show_default=True, help="Of files and archives.")
@click.option("--attribution", default="", help="Of files and archives: whom to cite.")
@click.option("--workers", default=1, show_default=True, help="Processes.")
def prepare(
    inputs: tuple[str, ...],
    output: Path,
    units: str,
    min_magnitude: float | None,
    max_distance: float | None,
    min_snr: float,
    before: float,
    after: float,
    corner: float,
    allow_empty_band: bool,
    input_units: str | None,
    licence: str,
    attribution: str,
    workers: int,
    **options: Any,
) -> None:
    """Make one training store of data sets, files and archives.

    INPUTS are data sets (folders in SeisBench's format, names of SeisBench data sets, folders with
    raw STEAD files), or files, folders and patterns of waveforms of any format; --sds and --fdsn
    read archives. Records of files and archives need three components and a P: picked in --events,
    else automatically. The same command goes on where it was interrupted.

    \b
    obb data prepare records/ records-2/ --units mps2 -o store/
    obb data prepare InstanceGM --min-magnitude 3.5 --workers 8 -o store/
    obb data prepare 2016-*.sac --events catalogue.xml --inventory stations.xml -o store/
    obb data prepare --sds archive/ --events catalogue.xml --inventory stations.xml -o store/
    """
    from obspy_broadband.data.prepare import Settings
    from obspy_broadband.data.prepare import prepare as make
    from obspy_broadband.sources.buckets import is_data_set

    settings = Settings(
        min_magnitude=min_magnitude,
        max_distance_km=max_distance,
        min_snr=min_snr,
        units=units,
        before_s=before,
        after_s=after,
        corner=corner,
        allow_empty_band=allow_empty_band,
        input_units=input_units,
        licence=licence,
        attribution=attribution,
    )
    data_sets = [name for name in inputs if is_data_set(name)]
    files = [name for name in inputs if name not in data_sets]
    sources: list[str | Source] = [*data_sets]
    is_archive = options["sds"] is not None or options["fdsn"] is not None
    if data_sets and not files and not is_archive:
        for parameter in click.get_current_context().command.params:
            if options.get(parameter.name or "") not in (None, ()):
                raise InputError(
                    f"{parameter.opts[0]} is for files and archives; {', '.join(data_sets)} "
                    "holds what is known of its records in its own table."
                )
    if files or is_archive or not data_sets:
        asks_for_events = options["fdsn"] is not None and options["events"] is None
        source = source_of(
            files,
            **options,
            seisbench=None,
            # Windows around events that hold what is kept around P.
            before=before if is_archive else None,
            after=after + _TRAVEL_TIME if is_archive and after else None,
            min_magnitude=min_magnitude if asks_for_events else None,
        )
        sources.append(source)
    _report(make(sources, output, settings, workers, progress=True))


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
