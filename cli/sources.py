"""Sources as subcommands: each kind with its own arguments and options."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from obb_cli.inputs import READ, refuse_ensembles

from obspy_broadband.errors import InputError
from obspy_broadband.sources.channel_selection import ChannelSelection
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.source import Source
from obspy_broadband.sources.time_windows import TimeSelection, parse_time


def _absolute(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """Paths that stay right wherever a run is resumed, and on other machines."""
    if isinstance(value, (tuple, list)):
        return tuple(os.path.abspath(path) for path in value)
    return None if value is None else os.path.abspath(value)


def _metadata_option(*names: str, text: str, multiple: bool = False) -> click.Option:
    return click.Option(
        names,
        multiple=multiple,
        type=click.Path(exists=True),
        callback=_absolute,
        metavar="FILE",
        help=text,
    )


METADATA = (
    _metadata_option("--inventory", "inventories", multiple=True, text="StationXML."),
    _metadata_option("--events", text="QuakeML, CMTSOLUTION, ... of the records."),
    _metadata_option("--scenarios", text="CSV of stations; see `obb scenarios`."),
)
_CHANNELS = (
    click.Option(["--network"], default="*", help="Code, with * and ? [default: all]."),
    click.Option(["--station"], default="*", help="Likewise."),
    click.Option(["--location"], default="*", help="Likewise."),
    click.Option(["--channel"], default="*", help="Likewise; HN? are accelerometers."),
)
_TIMES = (
    click.Option(["--starttime"], help="UTC, e.g. 2019-11-11T10:52:45."),
    click.Option(["--endtime"], help="UTC."),
    click.Option(
        ["--before"], default=30.0, show_default=True, help="Seconds kept before each event."
    ),
    click.Option(
        ["--after"], default=270.0, show_default=True, help="Seconds kept after each event."
    ),
)


def _files(inputs: tuple[str, ...], reading: dict[str, Any], origin: str | None,
           largest: int, **metadata: Any) -> Source:  # fmt: skip
    from obspy_broadband.sources.folder import FolderSource

    refuse_ensembles(inputs)
    return FolderSource(
        inputs, largest=_bytes(largest), metadata=_metadata(metadata, _origin(origin)), **reading
    )


def _sds(root: str, largest: int, **values: Any) -> Source:
    from obspy_broadband.sources.sds import SDSSource

    codes, times = _channels(values), _times(values)
    return SDSSource(root, codes, times, _metadata(values), _bytes(largest))


def _fdsn(url: str, min_magnitude: float | None, within: float | None, timeout: float,
          largest: int, **values: Any) -> Source:  # fmt: skip
    from obspy_broadband.sources.fdsn import FDSNSource

    _check_seconds(timeout=timeout, within=within)
    codes, times = _channels(values), _times(values)
    return FDSNSource(
        url, codes, times, _metadata(values), min_magnitude, within, timeout, _bytes(largest)
    )


def _seisbench(name: str, **metadata: Any) -> Source:
    from obspy_broadband.sources.seisbench import SeisBenchSource

    return SeisBenchSource(name, _metadata(metadata))


@dataclass(frozen=True)
class Kind:
    """A kind of source.

    :param summary: what it is, after "of ...".
    :param parameters: arguments and options of it.
    :param make: the source of their values.
    """

    summary: str
    parameters: tuple[click.Parameter, ...]
    make: Callable[..., Source]


#: Kinds of sources by the names of their subcommands.
KINDS = {
    "files": Kind(
        "files, folders and patterns",
        (
            click.Argument(["inputs"], nargs=-1, required=True),
            READ,
            *METADATA,
            click.Option(["--origin"], metavar="LAT,LON", help="Of x = y = 0 of a simulation."),
            click.Option(["--largest"], default=2048, show_default=True, help="MiB of a file."),
        ),
        _files,
    ),
    "sds": Kind(
        "an SDS archive of miniSEED",
        (
            click.Argument(["root"]),
            *_CHANNELS,
            *_TIMES,
            *METADATA,
            click.Option(["--largest"], default=2048, show_default=True, help="MiB of a file."),
        ),
        _sds,
    ),
    "fdsn": Kind(
        "an FDSN web service",
        (
            click.Argument(["url"], metavar="URL|NAME"),
            *_CHANNELS,
            *_TIMES,
            *METADATA,
            click.Option(["--min-magnitude"], type=float, help="Of events, asked of the service."),
            click.Option(["--within"], type=float, help="km from the epicentre, of stations."),
            click.Option(["--timeout"], default=60.0, show_default=True, help="s, of an answer."),
            click.Option(["--largest"], default=256, show_default=True, help="MiB of an answer."),
        ),
        _fdsn,
    ),
    "seisbench": Kind(
        "a SeisBench data set (a name or a folder)",
        (click.Argument(["name"]), *METADATA),
        _seisbench,
    ),
}


class SourceGroup(click.Group):
    """A group whose subcommands are sources; see :func:`add_sources`."""

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            context.fail(
                f"{args[0]!r} is no source. One of {', '.join(self.commands)} comes first, e.g. "
                f"{context.command_path} files {args[0]}"
            )
        return super().resolve_command(context, args)


def add_sources(
    group: click.Group,
    carry_out: Callable[..., Any],
    options: Mapping[str, Sequence[click.Parameter]],
    texts: Mapping[str, str],
    kinds: Mapping[str, Kind] = KINDS,
) -> None:
    """Give a group a subcommand for each kind of source.

    :param carry_out: called with the source and the values of the options.
    :param options: of the subcommands, beside those of the source, by kind.
    :param texts: their help, by kind.
    """
    for name, kind in kinds.items():
        group.add_command(_command(name, kind, carry_out, options[name], texts[name]))


def _command(
    name: str,
    kind: Kind,
    carry_out: Callable[..., Any],
    options: Sequence[click.Parameter],
    text: str,
) -> click.Command:
    def command(**values: Any) -> None:
        own = {parameter.name: values.pop(parameter.name) for parameter in kind.parameters}
        carry_out(kind.make(**own), **values)

    return click.Command(name, params=[*options, *kind.parameters], callback=command, help=text)


def _metadata(values: Mapping[str, Any], origin: tuple[float, float] | None = None) -> Metadata:
    return Metadata(values["inventories"], values["events"], values["scenarios"], origin)


def _origin(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        latitude, longitude = (float(number) for number in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--origin is {text!r}; write LATITUDE,LONGITUDE, e.g. 44.5,4.6."
        ) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
        raise InputError(f"--origin {text} is no place on Earth.")
    return latitude, longitude


def _bytes(largest: int) -> int:
    """From MiB."""
    if largest < 1:
        raise InputError(f"--largest is {largest}; it must be 1 MiB or more.")
    return largest * 1024**2


def _channels(values: Mapping[str, Any]) -> Any:

    return ChannelSelection(
        *(values[name] for name in ("network", "station", "location", "channel"))
    )


def _times(values: Mapping[str, Any]) -> TimeSelection:
    before, after = values["before"], values["after"]
    _check_seconds(before=before, after=after)
    start, end = (parse_time(values[name], f"--{name}") for name in ("starttime", "endtime"))
    return TimeSelection(start, end, before, after)


def _check_seconds(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not 0 <= value < 1e6:
            raise InputError(f"--{name} is {value:g}; it must be 0 or more.")
