"""What the commands share that read archives: options, and the source they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click
from obb_cli.inputs import READING_OPTIONS, TAG_OPTION

from obspy_broadband.errors import InputError
from obspy_broadband.sources.source import Source
from obspy_broadband.sources.waveforms import READING

_FILES = click.Path(exists=True)
_OPTIONS = (
    *READING_OPTIONS,
    TAG_OPTION,
    click.option("--largest", type=int, help="MiB of a file [2048], of an FDSN answer [256]."),
    click.option("--inventory", "inventories", multiple=True, type=_FILES, help="StationXML."),
    click.option(
        "--events", type=_FILES, help="QuakeML, CMTSOLUTION, ...: what records are of; to cut."
    ),
    click.option("--scenarios", type=_FILES, help="CSV of stations; see `obb scenarios`."),
    click.option("--origin", metavar="LAT,LON", help="Of x = y = 0 of a simulation."),
    click.option("--sds", metavar="ROOT", help="Read an SDS archive instead of files."),
    click.option("--fdsn", metavar="URL", help="Ask an FDSN service (URL or name) instead."),
    click.option("--seisbench", metavar="NAME", help="Read a SeisBench data set or its folder."),
    click.option("--network", help="Codes, with * and ? [default: all]."),
    click.option("--station", help="Likewise."),
    click.option("--location", help="Likewise."),
    click.option("--channel", help="Likewise; HN? are accelerometers."),
    click.option("--starttime", help="UTC, e.g. 2019-11-11T10:52:45."),
    click.option("--endtime", help="UTC."),
    click.option("--before", type=float, help="Seconds kept before each event [default: 30]."),
    click.option("--after", type=float, help="Seconds kept after each event [default: 270]."),
    click.option("--min-magnitude", type=float, help="Of events to ask the FDSN service for."),
    click.option("--within", type=float, help="km from the epicentre, of FDSN stations."),
    click.option("--timeout", type=float, help="Seconds for an FDSN answer [default: 60]."),
)
#: Options that a kind of source has beside the others.
_WINDOWS = (
    *("network", "station", "location", "channel"),
    *("starttime", "endtime", "before", "after"),
)
_OF = {
    "files": ("format", *READING, "tag"),
    "sds": _WINDOWS,
    "fdsn": (*_WINDOWS, "min_magnitude", "within", "timeout"),
    "seisbench": (),
}


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the options that :func:`source_of` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def source_of(inputs: Sequence[str], **options: Any) -> Source:
    """The source that a user means.

    :param inputs: files, folders, patterns; none if an option names another source.
    :param options: those of :func:`source_options`, by name.
    :raises InputError: for none or several sources, or options that another source has.
    """
    from obspy_broadband.sources.channel_selection import ChannelSelection
    from obspy_broadband.sources.fdsn import FDSNSource
    from obspy_broadband.sources.folder import FolderSource
    from obspy_broadband.sources.sds import SDSSource
    from obspy_broadband.sources.seisbench import SeisBenchSource

    kind = _kind(inputs, options)
    metadata = _metadata(options)
    largest = _largest(options, 256 if kind == "fdsn" else 2048)
    if kind == "files":
        reading = {name: options[name] for name in _OF["files"]}
        return FolderSource(tuple(inputs), largest=largest, metadata=metadata, **reading)
    if kind == "seisbench":
        return SeisBenchSource(options["seisbench"], metadata)
    codes = ChannelSelection(**{name: options[name] or "*" for name in _WINDOWS[:4]})
    times = _times(options)
    if kind == "sds":
        return SDSSource(options["sds"], codes, times, metadata, largest)
    return FDSNSource(
        options["fdsn"], codes, times, metadata, options["min_magnitude"], options["within"],
        60.0 if options["timeout"] is None else options["timeout"], largest,
    )  # fmt: skip


def _kind(inputs: Sequence[str], options: dict[str, Any]) -> str:
    named = [kind for kind in ("sds", "fdsn", "seisbench") if options[kind] is not None]
    named += ["files"] if inputs else []
    if len(named) != 1:
        told = "none is given" if not named else f"{' and '.join(named)} are given"
        raise InputError(f"One source is needed: files, --sds, --fdsn or --seisbench; {told}.")
    of_mine = set(_OF[named[0]])
    for kind, names in _OF.items():
        for name in names:
            if options[name] is not None and name not in of_mine:
                where = (
                    "files"
                    if kind == "files"
                    else " and ".join(
                        f"--{other}" for other, theirs in _OF.items() if name in theirs
                    )
                )
                raise InputError(f"--{name.replace('_', '-')} is for {where}, not {named[0]}.")
    return named[0]


def _metadata(options: dict[str, Any]) -> Any:
    from obspy_broadband.sources.metadata import Metadata

    origin = None
    if options["origin"] is not None:
        try:
            latitude, longitude = (float(text) for text in options["origin"].split(","))
        except ValueError as error:
            raise InputError(
                f"--origin is {options['origin']!r}; write LATITUDE,LONGITUDE, e.g. 44.5,4.6."
            ) from error
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
            raise InputError(f"--origin {options['origin']} is no place on Earth.")
        origin = (latitude, longitude)
    return Metadata(tuple(options["inventories"]), options["events"], options["scenarios"], origin)


def _largest(options: dict[str, Any], default: int) -> int:
    """Bytes, from MiB."""
    given = default if options["largest"] is None else options["largest"]
    if given < 1:
        raise InputError(f"--largest is {given}; it must be 1 MiB or more.")
    return int(given) * 1024**2


def _times(options: dict[str, Any]) -> Any:
    from obspy_broadband.sources.time_windows import TimeSelection, parse_time

    for name in ("before", "after", "within", "timeout"):
        value = options[name]
        if value is not None and not 0 <= value < 1e6:
            raise InputError(f"--{name} is {value:g}; it must be 0 or more.")
    return TimeSelection(
        parse_time(options["starttime"], "--starttime"),
        parse_time(options["endtime"], "--endtime"),
        30.0 if options["before"] is None else options["before"],
        270.0 if options["after"] is None else options["after"],
    )
