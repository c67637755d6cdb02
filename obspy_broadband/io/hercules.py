"""Hercules' stations (``station.N``): time, displacement and perhaps more, SI units.

Hercules' axes are x north, y east, z down; the components become N, E, Z (up).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .table import head, make_stream, read_table

_QUANTITIES = {
    "displacement": ("(m)", "m"),
    "velocity": ("(m/s)", "m/s"),
    "acceleration": ("(m/s2)", "m/s**2"),
}
_AXES = ("X|", "Y-", "Z.")
_HEADER = re.compile(r"^#\s*Time\(s\)\s+X\|\(")


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the first line names Hercules' columns."""
    start = head(path)
    return bool(start and _HEADER.match(start))


def read(path: Any, quantity: str | None = None, **kwargs: Any) -> Stream:
    """Read one station.

    :param quantity: "acceleration", "velocity" or "displacement"; default: the first of them that
        the file has.
    :raises InputError: for a quantity that is not there.
    """
    header, table = read_table(path)
    names = header[0].split() if header else []
    if len(names) != table.shape[1]:
        raise InputError(f"{path} names {len(names)} columns, but has {table.shape[1]}.")
    order = (quantity,) if quantity else ("acceleration", "velocity", "displacement")
    for chosen in order:
        if chosen not in _QUANTITIES:
            raise InputError(f"quantity is {chosen!r}; it must be one of {', '.join(_QUANTITIES)}.")
        suffix, units = _QUANTITIES[chosen]
        wanted = [axis + suffix for axis in _AXES]
        if set(wanted) <= set(names):
            columns = table[:, [names.index(name) for name in wanted]] * np.array([1.0, 1.0, -1.0])
            station = "S" + Path(path).suffix.lstrip(".").zfill(4)
            return make_stream(path, table[:, 0], columns, "NEZ", units, station, "HERCULES")
    raise InputError(f"{path} has no {' or '.join(order)}; its columns are {', '.join(names)}.")
