"""PEER's AT2 files: one component of acceleration in g, four header lines, then rows of numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, UTCDateTime

from ..errors import InputError
from ..units import parse_units
from .table import LARGEST, head, make_stream

_SIZE = re.compile(r"NPTS\s*=\s*(\d+)\s*,\s*DT\s*=\s*([0-9.Ee+-]+)", re.I)
_OLD_SIZE = re.compile(r"^\s*(\d+)\s+([0-9.Ee+-]+)\s+NPTS\s*,\s*DT", re.I)
_COLUMNS = 5
_G = 9.80665


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the fourth line gives NPTS and DT, and the third the unit g."""
    start = head(path)
    lines = start.splitlines()[:4] if start else []
    return len(lines) == 4 and "UNITS OF G" in lines[2].upper() and bool(_size(lines[3]))


def _size(line: str) -> re.Match[str] | None:
    return _SIZE.search(line) or _OLD_SIZE.search(line)


def read(path: Any, **kwargs: Any) -> Stream:
    """Read one component; the second line (event, date, station, component) gives the codes.

    :raises InputError: for a file that is cut off or not AT2.
    """
    try:
        if Path(path).stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB, too large for one trace.")
        lines = Path(path).read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    size = _size(lines[3]) if len(lines) > 4 else None
    if not size:
        raise InputError(f"{path} is no AT2 file: the fourth line must give NPTS= and DT=.")
    try:
        count, interval = int(size.group(1)), float(size.group(2))
        values = np.array([float(word) for line in lines[4:] for word in line.split()])
    except ValueError as error:
        raise InputError(
            f"{path}: not all numbers after the header are numbers ({error})."
        ) from error
    if len(values) != count or count < 2 or not interval > 0:
        raise InputError(
            f"{path} has {len(values)} samples, but its header says {count} at {interval:g} s."
        )
    if not np.isfinite(values).all():
        raise InputError(f"{path} has samples that are NaN or infinite.")
    words = [word.strip() for word in lines[1].split(",")]
    component = words[-1].upper()[-1:] if len(words) > 1 and words[-1] else "Z"
    component = {"P": "Z", "V": "Z", "D": "Z"}.get(component, component)  # UP, V, DWN
    station = words[2] if len(words) > 3 else Path(path).stem
    return make_stream(
        path, np.arange(count) * interval, values[:, None], component, "g",
        re.sub(r"\W", "", station)[:8] or "AT2", "AT2", start=UTCDateTime(0),
    )  # fmt: skip


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write one component of acceleration, in g.

    :raises InputError: for more than one trace, or for velocity or displacement.
    """
    if len(stream) != 1:
        raise InputError(
            f"An AT2 file holds one component, the stream has {len(stream)} traces; write each "
            "by itself."
        )
    trace = stream[0]
    known = parse_units(trace.stats.get("units", "m/s**2"))
    if known.order != 2:
        raise InputError(
            f"AT2 is for acceleration; this trace is in {known.name}. Differentiate it first."
        )
    values = trace.data * (known.factor / _G)
    stats = trace.stats
    with open(path, "w", encoding="latin-1", errors="replace") as file:
        file.write("GENERATED GROUND MOTION, FORMAT OF THE PEER STRONG MOTION DATABASE\n")
        file.write(f"{stats.network}, {stats.starttime.date}, {stats.station}, {stats.channel}\n")
        file.write("ACCELERATION TIME SERIES IN UNITS OF G\n")
        file.write(f"NPTS= {stats.npts:6d}, DT= {stats.delta:.6f} SEC\n")
        for first in range(0, len(values), _COLUMNS):
            file.write(
                "".join(f"{value:15.7E}" for value in values[first : first + _COLUMNS]) + "\n"
            )
