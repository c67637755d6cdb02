"""Reading waveform files that may be damaged or hostile."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream
from obspy.core.util.base import ENTRY_POINTS, buffered_load_entry_point

from ..errors import InputError, InputWarning, NoWaveforms, first_line
from ..io.files import LARGEST, check_file
from ..io.options import refuse_unknown
from . import gse2

#: ObsPy's format that executes code in the file, even while it is being recognised.
_EXECUTES = "PICKLE"
#: Bytes of a miniSEED file that is unpacked without counting its samples first.
_UNCOUNTED = 64 * 1024**2
#: Options of readers; a reader that does not have one refuses it.
READING = ("quantity", "components", "dt", "azimuth", "axes", "variables")
#: Files that simulation programs write beside the waveforms, and that readers look up there.
_BESIDE = re.compile(
    r"^(STATIONS(_FILTERED)?|MLST\.(position|input)|MONITOR\d*\.INFO|data_time\.ascii"
    r"|(list_channel|list_station|rank_station)\.info)$"
)


def lies_beside(path: Path) -> bool:
    """Whether a file is no waveform, but what a reader of waveforms looks up beside them."""
    return bool(_BESIDE.match(path.name))


def recognise(path: Path) -> str | None:
    """Name of the format, as ObsPy knows it, or None. Never unpickles."""
    for name in ENTRY_POINTS["waveform"]:
        if name == _EXECUTES:
            continue
        try:
            with _libmseed_messages():
                if _plugin(name, "isFormat")(str(path)):
                    return str(name)
        except Exception:  # the detection of one format must not hide the others
            continue
    return None


@cache
def _plugin(name: str, function: str) -> Callable[..., Any]:
    """A format's function. Kept, since to look one up costs as much as to read a file."""
    point = ENTRY_POINTS["waveform"][name]
    group = f"obspy.plugin.waveform.{name}"
    return buffered_load_entry_point(point.dist.name, group, function)


def known_format(name: str | None) -> str | None:
    """A format's name in ObsPy's spelling.

    :raises InputError: for a name that is not known, or allowed.
    """
    if name is None:
        return None
    allowed = sorted(set(ENTRY_POINTS["waveform"]) - {_EXECUTES})
    if name.upper() not in allowed:
        raise InputError(f"Unknown format {name!r}. Known formats: {', '.join(allowed)}.")
    return name.upper()


def read_waveforms(
    path: Path, format: str | None = None, largest: int = LARGEST, **options: Any
) -> Stream:
    """Read one file.

    :param format: as ObsPy names it; None recognises it.
    :param largest: bytes.
    :param options: passed to the format's reader, ``quantity`` only if it knows it, ``components``
        as ``component`` to those of one component a file;
        ``headonly=True`` reads no samples where the format can, ``starttime`` and ``endtime`` of
        miniSEED only the records between, if any. A file of another ``quantity`` than the one
        asked for gives an empty Stream.
    :raises InputError: for whatever cannot be read, and nothing else; a :exc:`NoWaveforms` for what
        is of no known format.
    """
    size = check_file(path, largest)
    name = known_format(format) or recognise(path)
    if name is None:
        raise NoWaveforms(
            f"{path} is of no known waveform format, or damaged at its beginning. A format that is "
            "not recognised is named by format= (--read format=), e.g. COLUMNS for a table of "
            "numbers."
        )
    parameters = inspect.signature(_plugin(name, "readFormat")).parameters
    if "quantity" not in parameters:  # of formats that hold one only
        options = {option: value for option, value in options.items() if option != "quantity"}
    if "component" in parameters and "components" in options:  # of files of one component
        options["component"] = options.pop("components")
    if ENTRY_POINTS["waveform"][name].value.startswith("obspy."):
        refuse_unknown(name, options)  # ObsPy's readers leave aside what they do not know
    with _libmseed_messages() as messages:
        try:
            if name == "MSEED" and size > _UNCOUNTED:
                _check_unpacked_size(path, largest, options)
            if name in gse2.FORMATS:
                stream = gse2.read_traces(path, name, **options)
            else:
                stream = _read(path, name, options)
        except InputError:
            raise
        except Exception as error:  # a reader of ObsPy's raises anything, MemoryError included
            raise InputError(f"{path} cannot be read as {name}: {first_line(error)}") from error
    if messages:
        raise InputError(f"{path} is damaged: {first_line(messages[0])}")
    for trace in stream:
        if not isinstance(trace.data, np.ndarray) or not np.isfinite(trace.stats.sampling_rate):
            raise InputError(f"{path} is damaged: {trace.id} has no samples or no sampling rate.")
    if name == "SEM3D" and not stream:  # a process without a station, which is no fault
        return stream
    samples = sum(trace.stats.npts for trace in stream)
    if not samples and not {"starttime", "quantity"} & set(options):
        raise InputError(f"{path} holds no samples.")
    return stream


def _read(path: Path, name: str, options: dict[str, Any]) -> Stream:
    """By the format's own reader: obspy.read expands patterns, fetches addresses, unpacks."""
    stream = _plugin(name, "readFormat")(str(path.absolute()), **options)
    for trace in stream:
        trace.stats._format = name
    return stream


def _check_unpacked_size(path: Path, largest: int, options: dict[str, Any]) -> None:
    """Count samples before they are unpacked: Steim makes up to seven of four bytes."""
    size = 4 * sum(trace.stats.npts for trace in _read(path, "MSEED", options | {"headonly": True}))
    if size > largest:
        raise InputError(
            f"{path} unpacks to {size >> 20} MiB; at most {largest >> 20} MiB are read. Split "
            "it, or allow more (--largest)."
        )


@contextmanager
def _libmseed_messages() -> Iterator[list[str]]:
    """Collect the errors of libmseed, of which ObsPy only warns or which it cannot even decode.

    Of other warnings, those of this package's readers are passed on.
    """
    messages: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda args: messages.append(f"{args.exc_value}")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield messages
    finally:
        sys.unraisablehook = hook
    for warning in caught:
        if warning.category.__name__ == "InternalMSEEDWarning":
            messages.append(str(warning.message))
        elif issubclass(warning.category, InputWarning):
            warnings.warn(warning.message, warning.category, stacklevel=4)
