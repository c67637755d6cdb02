"""SCEC Broadband Platform seismograms (``.bbp``): time, N, E, Z in cm/s/s, cm/s or cm.

``#`` lines name station, longitude, latitude and the columns with their unit. Without such lines
the unit follows from the name: ``*.acc.bbp``, ``*.vel.bbp``, ``*.dis.bbp``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, UTCDateTime

from ..errors import InputError
from ..units import parse_units
from .table import head, make_stream, one_station, read_table

_COLUMNS = re.compile(r"time\s*\(sec\)\s+N-S\s*\((.+?)\)\s+E-W\s*\(.+?\)\s+U-D\s*\(.+?\)", re.I)
_NAME = re.compile(r"\.(acc|vel|dis)\.bbp$", re.I)
_BY_NAME = {"acc": "cm/s/s", "vel": "cm/s", "dis": "cm"}
_BY_ORDER = {2: ("cm/s/s", 100.0), 1: ("cm/s", 100.0), 0: ("cm", 100.0)}
_ORDER = {"N": 0, "E": 1, "Z": 2}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header is BBP's, or the name is and the first row is four numbers."""
    start = head(path)
    if start is None:
        return False
    if start.startswith("#") and _COLUMNS.search(start):
        return True
    if not _NAME.search(Path(path).name):
        return False
    rows = [line for line in start.splitlines() if line.strip() and not line.startswith("#")]
    return bool(rows) and len(rows[0].split()) == 4


def read(path: Any, **kwargs: Any) -> Stream:
    """Read one station.

    :raises InputError: for a file without four columns or a known unit.
    """
    header, table = read_table(path)
    if table.shape[1] != 4:
        raise InputError(f"{path} has {table.shape[1]} columns; time, N, E and Z are expected.")
    columns = next(filter(None, map(_COLUMNS.search, header)), None)
    name = _NAME.search(Path(path).name)
    if not columns and not name:
        raise InputError(
            f"{path}: neither a header nor the name (.acc.bbp, .vel.bbp, .dis.bbp) gives the unit."
        )
    texts = {
        match.group(1).lower(): match.group(2).strip()
        for match in (re.match(r"(\w+)\s*[=:]\s*(.*)", line) for line in header)
        if match
    }
    coordinates = None
    if {"lon", "lat"} <= set(texts):
        try:
            coordinates = {"longitude": float(texts["lon"]), "latitude": float(texts["lat"])}
        except ValueError as error:
            raise InputError(f"{path}: lon and lat in the header are no numbers.") from error
        coordinates["elevation"] = 0.0
    start = None
    if texts.get("time"):
        try:
            start = UTCDateTime(
                texts["time"].replace(" UTC", "").replace(",", "T").replace("/", "-")
            )
        except Exception:  # other tools write other dates; a time series needs none
            start = None
    station = texts.get("station") or Path(path).name.split(".")[0]
    units = columns.group(1) if columns else ""
    if name and not columns:
        units = _BY_NAME[name.group(1).lower()]
    parse_units(units)
    return make_stream(
        path, table[:, 0], table[:, 1:], "NEZ", units, station.split()[0], "BBP",
        start=start, coordinates=coordinates,
    )  # fmt: skip


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write one station, in cm and s.

    The unit is ``stats.units`` (default m/s²).

    :raises InputError: for more than one station, or components other than N, E, Z.
    """
    traces = one_station(stream, "BBP")
    codes = [trace.stats.channel[-1:] for trace in traces]
    if sorted(codes) != sorted(_ORDER):
        raise InputError(
            f"BBP needs the components N, E and Z; the stream has {', '.join(codes)}. Rotate it "
            "first."
        )
    traces = sorted(traces, key=lambda trace: _ORDER[trace.stats.channel[-1]])
    stats = traces[0].stats
    known = parse_units(stats.get("units", "m/s**2"))
    unit, factor = _BY_ORDER[known.order]
    columns = np.column_stack([trace.data * known.factor * factor for trace in traces])
    times = np.arange(stats.npts) * stats.delta
    place = stats.get("coordinates", {})
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# Station= {stats.station}\n# time= {stats.starttime}\n")
        if "longitude" in place:
            file.write(f"# lon= {place['longitude']:.6f}\n# lat= {place['latitude']:.6f}\n")
        file.write(f"# time(sec)      N-S({unit})      E-W({unit})      U-D({unit})\n")
        np.savetxt(file, np.column_stack([times, columns]), fmt="%14.6e", delimiter=" ")
