"""Hercules' stations (``station.N``): time, displacement and perhaps more, SI units.

CMU-Quake/hercules, quake/forward/psolve.c, setup_stations_data: a line that names the columns, as
``#  Time(s)  X|(m)  Y-(m)  Z.(m)``, in debugging builds after the numbers of nodes. Older versions
(examples/simple/expected-out) wrote those numbers alone, then time and displacement.

Hercules' axes are x along the domain's first side, usually north, y 90 degrees clockwise of it, and
z down. Time zero is the start of the simulation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .axes import grid_orientations
from .options import check_azimuth, refuse_unknown
from .quantity import UNITS, check_quantity
from .table import head, make_stream, read_table

_SUFFIXES = {"displacement": "(m)", "velocity": "(m/s)", "acceleration": "(m/s2)"}
_AXES = ("X|", "Y-", "Z.")
_HEADER = re.compile(r"^#\s*Time\(s\)\s+X\|\(", re.MULTILINE)
_NODES = re.compile(r"^# Node identifiers\b")
#: Columns of the older versions.
_OLDER_COLUMNS = ["Time(s)", *(axis + "(m)" for axis in _AXES)]


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header names Hercules' columns, or nodes as older versions did."""
    start = head(path)
    return bool(start and start.startswith("#") and (_HEADER.search(start) or _NODES.match(start)))


def read(
    path: Any, quantity: str | None = None, azimuth: float | None = None, **options: Any
) -> Stream:
    """Read one station.

    SI units; components N, E, Z (up), or X, Y, Z (up) with an azimuth. Time zero, the start of the
    simulation, is 1970-01-01.

    :param quantity: "acceleration", "velocity" or "displacement"; default: the first of them that
        the file has.
    :param azimuth: of Hercules' x axis, degrees clockwise from north, for a domain that is turned;
        default: x is north and y east, so that the components are N, E, Z.
    :raises InputError: for a quantity that is not there.
    """
    refuse_unknown("HERCULES", options, ("quantity", "azimuth"))
    check_quantity(quantity)
    azimuth = check_azimuth(azimuth)
    header, table = read_table(path)
    names = next((line.split() for line in header if line.startswith("Time(s)")), None)
    if names is None and any(line.startswith("Node identifiers") for line in header):
        names = _OLDER_COLUMNS
    if names is None or len(names) != table.shape[1]:
        raise InputError(
            f"{path} names {len(names or [])} columns, but has {table.shape[1]}; a line such as "
            "'#  Time(s)  X|(m)  Y-(m)  Z.(m)' is expected."
        )
    candidates = (quantity,) if quantity else tuple(UNITS)
    for candidate in candidates:
        motion = [axis + _SUFFIXES[candidate] for axis in _AXES]
        if set(motion) <= set(names):
            break
    else:
        raise InputError(
            f"{path} has no {' or '.join(candidates)}; its columns are {', '.join(names)}."
        )
    columns = table[:, [names.index(name) for name in motion]] * np.array([1.0, 1.0, -1.0])
    station = "S" + Path(path).suffix.lstrip(".").zfill(4)
    if azimuth is None:
        components, orientations = "NEZ", None
    else:
        components, orientations = "XYZ", grid_orientations(azimuth)
    return make_stream(
        path, table[:, 0], columns, components, UNITS[candidate], station, "HERCULES",
        orientations=orientations,
    )  # fmt: skip
