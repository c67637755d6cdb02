"""SW4 (and WPP) text time series, "USGS format": a header of ``#`` lines, then columns.

The header names station, origin date, location (longitude and latitude, or x, y, z) and, column by
column, component and unit. X, Y, Z components follow SW4's axes, whose z points down: it is turned,
so that Z is up.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, UTCDateTime

from ..errors import InputError
from .table import head, make_stream, read_table

_COLUMN = re.compile(r"Column (\d+): (.+?) (displacement|velocity|acceleration) \((.+?)\)", re.I)
_LOCATION = re.compile(r"Actual location.*?:\s*(\S+)\s+(\S+)(?:\s+(\S+))?\s*$", re.I)
_DATE = re.compile(r"Date: UTC\s+(\d+)/(\d+)/(\d+):(\d+):(\d+):(\d+)\.(\d+)")
_COMPONENTS = {"east": "E", "north": "N", "up": "Z", "x": "X", "y": "Y", "z": "Z"}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header is SW4's."""
    start = head(path)
    return bool(
        start
        and start.startswith("# Author:")
        and "# nColumns:" in start
        and "# Column 1: Time (s)" in start
    )


def read(path: Any, **kwargs: Any) -> Stream:
    """Read one station.

    :raises InputError: for a file that is not SW4's, or holds strain, divergence or curl.
    """
    header, table = read_table(path)
    found = [match for match in map(_COLUMN.search, header) if match]
    if len(found) != table.shape[1] - 1 or not found:
        raise InputError(
            f"{path} names {len(found)} columns of displacement, velocity or acceleration, but "
            f"has {table.shape[1]} columns."
        )
    words = [match.group(2).split("-")[0].strip().lower() for match in found]
    if not set(words) <= set(_COMPONENTS):
        raise InputError(
            f"{path} has the components {', '.join(words)}; x, y, z or east, north, up are "
            "expected."
        )
    motion = table[:, 1:] * np.where(np.array(words) == "z", -1.0, 1.0)
    texts = {line.split(":", 1)[0]: line.split(":", 1)[1].strip() for line in header if ":" in line}
    start = None
    for match in filter(None, map(_DATE.search, header)):
        month, day, year, hour, minute, second, thousandth = (int(part) for part in match.groups())
        try:
            start = UTCDateTime(year, month, day, hour, minute, second) + thousandth / 1000
        except ValueError as error:
            raise InputError(f"{path}: {match.group(0)!r} is no date.") from error
    return make_stream(
        path, table[:, 0], motion, [_COMPONENTS[word] for word in words],
        found[0].group(4).replace("^", "**"), Path(texts.get("Station") or Path(path).stem).stem,
        "SW4", start=start, coordinates=_coordinates(header),
    )  # fmt: skip


def _coordinates(header: list[str]) -> dict[str, float] | None:
    for line in header:
        match = _LOCATION.search(line)
        if match:
            values = [float(text) for text in match.groups() if text is not None]
            if len(values) == 3:
                return {"x": values[0], "y": values[1], "z": values[2]}
            return {"longitude": values[0], "latitude": values[1], "elevation": 0.0}
    return None
