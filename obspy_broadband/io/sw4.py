"""SW4's time series: text ("USGS format", ``usgsformat=1``; WPP's, too) and SAC-HDF5.

A text file is one station: a header of ``#`` lines that gives each column's quantity and unit, then
the columns (write_usgs_format in src/TimeSeries.C of geodynamics/sw4). For HDF5 see
:mod:`.sw4_hdf5`. SW4's SAC files are read by ObsPy.

East, north and up are written where ``nsew=1`` was asked for. Otherwise x is at the azimuth of the
grid (``az`` of the input's grid command, 0 by default), y 90 degrees clockwise of it, and z points
down: it is turned, so that Z is up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from obspy import Stream, UTCDateTime

from ..errors import InputError
from ..records.units import parse_units
from . import sw4_hdf5
from .hdf5 import is_hdf5
from .options import check_azimuth, refuse_unknown
from .table import HEADER_LINE, head, make_stream, read_table

_COLUMN = re.compile(r"Column (\d+)\s*: (.*?)\s*$", re.I)
_MOTION = re.compile(r"(\S+) (displacement|velocity|acceleration) \(([^()]+)\)", re.I)
_LOCATION = re.compile(r"Actual location.*?:\s*(\S+)\s+(\S+)(?:\s+(\S+))?\s*$", re.I)
_DATE = re.compile(r"Date: UTC\s+(\d+)/(\d+)/(\d+):(\d+):(\d+):(\d+)\.(\d+)")
#: By the first word of a column; SW4 spells "Nort-south" and "North-sourth".
_COMPONENTS = {"east": "E", "north": "N", "nort": "N", "up": "Z", "x": "X", "y": "Y", "z": "Z"}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header is SW4's, or it is HDF5 with SW4's entries. Never raises."""
    start = head(path)
    if start is None:
        return sw4_hdf5.is_format(path)
    return (
        start.startswith("# Author:") and "# nColumns:" in start and "# Column 1: Time (s)" in start
    )


def read(
    path: Any,
    azimuth: float | None = None,
    stations: str | Sequence[str] | None = None,
    **options: Any,
) -> Stream:
    """Read a text file's station, or the stations of an HDF5 file.

    Displacement, velocity or acceleration in the unit of each column; components E, N, Z or X, Y,
    Z, Z up. Times are from the file's date.

    :param azimuth: of the grid's x axis, degrees from north, clockwise; noted as
        ``stats.orientation``, by which enriching turns to N and E. Without it X and Y stay along
        the grid, and ``stats.simulation.axes`` says so, unless an HDF5 file gives it.
    :param stations: names (or one) of an HDF5 file, to read only these; default: all.
    :raises InputError: for a file that is not SW4's, a station that is not there, or a file of
        strain, divergence, curl or gradient.
    """
    refuse_unknown("SW4", options, ("azimuth", "stations"))
    azimuth = check_azimuth(azimuth)
    if is_hdf5(path):
        return sw4_hdf5.read(path, azimuth, stations)
    header, table = read_table(path)
    header = [line[:HEADER_LINE] for line in header]
    columns = {int(match.group(1)): match.group(2) for match in map(_COLUMN.match, header) if match}
    names = [columns.get(number, "") for number in range(2, table.shape[1] + 1)]
    if len(columns) != table.shape[1] or "" in names:
        raise InputError(
            f"{path} names {len(columns)} columns, but has {table.shape[1]}; SW4 names each."
        )
    letters, units = zip(*(_motion(path, number, text) for number, text in enumerate(names, 2)))
    if len(set(letters)) != len(letters):
        raise InputError(
            f"{path} has several columns of a component: {', '.join(names)}. Leave in it those of "
            "one quantity."
        )
    values = table[:, 1:] * [-1.0 if text[0] in "zZ" else 1.0 for text in names]
    texts = {line.split(":", 1)[0]: line.split(":", 1)[1].strip() for line in header if ":" in line}
    network, station = sw4_hdf5.station_code(texts.get("Station") or Path(path).stem)
    stream = make_stream(
        path, table[:, 0], values, letters, units, station, "SW4", network=network,
        start=_start(path, header), coordinates=_coordinates(path, header, azimuth),
    )  # fmt: skip
    return sw4_hdf5.orient(stream, azimuth)


def _motion(path: Any, number: int, text: str) -> tuple[str, str]:
    """Component and unit of a column.

    :raises InputError: for anything else than motion.
    """
    match = _MOTION.fullmatch(text)
    word = match.group(1).split("-")[0].lower() if match else ""
    if match is None or word not in _COMPONENTS:
        raise InputError(
            f"{path}, column {number}: {text!r} is no component of displacement, velocity or "
            "acceleration. Let SW4 write variables=displacement or velocity."
        )
    quantity, unit = match.group(2).lower(), match.group(3).strip()
    if parse_units(unit).order != parse_units(quantity).order:
        raise InputError(f"{path}, column {number}: {unit!r} is no unit of {quantity}.")
    return _COMPONENTS[word], unit


def _start(path: Any, header: Sequence[str]) -> UTCDateTime | None:
    """The date of time 0; None if the header has none.

    Its fraction is a whole number, of milliseconds where it has three digits, else of microseconds
    (``%.3i`` in SW4, of a number in milliseconds in older versions, in microseconds in newer ones).

    :raises InputError: for a date that does not exist.
    """
    for match in filter(None, map(_DATE.search, header)):
        month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
        count = match.group(7)
        fraction = int(count) * (1e-3 if len(count) == 3 else 1e-6)
        try:
            return UTCDateTime(year, month, day, hour, minute, second) + fraction
        except ValueError as error:
            raise InputError(f"{path}: {match.group(0)!r} is no date.") from error
    return None


def _coordinates(
    path: Any, header: Sequence[str], azimuth: float | None
) -> dict[str, float] | None:
    """The station's longitude and latitude, or its x, y, z; None if the header has none."""
    for match in filter(None, map(_LOCATION.search, header)):
        try:
            values = [float(text) for text in match.groups() if text is not None]
        except ValueError as error:
            raise InputError(f"{path}: {match.group(0)!r} is no place.") from error
        if len(values) == 2:
            return {"longitude": values[0], "latitude": values[1], "elevation": 0.0}
        return sw4_hdf5.cartesian(values[0], values[1], values[2], azimuth)
    return None
