"""Reading a waveform file that nobody vouches for."""

from __future__ import annotations

import stat
import warnings
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, read
from obspy.core.util.base import ENTRY_POINTS, buffered_load_entry_point

from ...errors import InputError

#: Larger files are refused before they are opened, unless the user allows more.
LARGEST = 2 * 1024**3
#: ObsPy's format that runs what the file says, already while asking whether it is one.
_EXECUTES = "PICKLE"
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
}


def check_file(path: Path, largest: int = LARGEST) -> int:
    """Size of an ordinary file in bytes.

    :raises InputError: for what is no ordinary file, empty, compressed or larger than ``largest``.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is no file.")
        if status.st_size == 0:
            raise InputError(f"{path} is empty.")
        if status.st_size > largest:
            raise InputError(
                f"{path} has {status.st_size / 2**20:.0f} MiB; at most {largest / 2**20:.0f} MiB "
                "are read. Split it, or allow more (--largest)."
            )
        with open(path, "rb") as file:
            start = file.read(6)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            raise InputError(
                f"{path} is compressed ({name}). Unpack it first: what it grows to is not known."
            )
    return status.st_size


def recognise(path: Path) -> str | None:
    """Name of the format, as ObsPy knows it, or None. Never unpickles."""
    for name, point in ENTRY_POINTS["waveform"].items():
        if name == _EXECUTES:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                group = f"obspy.plugin.waveform.{name}"
                if buffered_load_entry_point(point.dist.name, group, "isFormat")(str(path)):
                    return str(name)
        except Exception:  # the detection of one format must not hide the others
            continue
    return None


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
    :param options: passed to the format's reader; ``headonly=True`` reads no samples where the
        format can.
    :raises InputError: for whatever cannot be read, and nothing else.
    """
    check_file(path, largest)
    name = known_format(format) or recognise(path)
    if name is None:
        raise InputError(f"{path} is of no known waveform format, or damaged at its beginning.")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            # Its name is a name: not a pattern, not an address.
            stream = read(
                escape(str(path.absolute())), format=name, check_compression=False, **options
            )
    except InputError:
        raise
    except Exception as error:  # a reader of ObsPy's raises anything, MemoryError included
        raise InputError(f"{path} cannot be read as {name}: {first_line(error)}") from error
    for warning in said:
        if warning.category.__name__ == "InternalMSEEDWarning":
            raise InputError(f"{path} is damaged: {first_line(warning.message)}")
    for trace in stream:
        if not isinstance(trace.data, np.ndarray) or not np.isfinite(trace.stats.sampling_rate):
            raise InputError(f"{path} is damaged: {trace.id} has no samples or no sampling rate.")
    if not options.get("headonly") and not sum(len(trace.data) for trace in stream):
        raise InputError(f"{path} holds no samples.")
    return stream


def first_line(error: BaseException | Warning | str) -> str:
    """What an error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
