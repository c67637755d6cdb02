"""SPECFEM seismograms: ``NET.STA.BXZ.semd``, ``.semv``, ``.sema``.

Two columns, time in s and motion in SI units; the first time is usually negative, since the
source-time function is centred at zero. One component a file; older versions write station before
network.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from obspy import Stream

from ..errors import InputError
from .table import head, make_stream, read_table

_UNITS = {"semd": "m", "semv": "m/s", "sema": "m/s**2"}
_NAME = re.compile(r"^([^.]*)\.([^.]*)\.([A-Z]{2}[A-Z0-9])\.(sem[dva])(\.ascii)?$", re.IGNORECASE)


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the name is SPECFEM's and the first line is two numbers."""
    start = head(path)
    if start is None or not _NAME.match(Path(path).name):
        return False
    words = start.splitlines()[0].split()
    try:
        return len([float(word.replace("D", "E")) for word in words]) == 2
    except ValueError:
        return False


def name_parts(path: Any) -> tuple[str, str, str, str]:
    """Network, station, channel and "semd", "semv" or "sema" of a file's name.

    :raises InputError: for a name that is not SPECFEM's.
    """
    match = _NAME.match(Path(path).name)
    if not match:
        raise InputError(
            f"{path}: the name must be NETWORK.STATION.CHANNEL.semd, .semv or .sema, which says "
            "what is in it."
        )
    network, station, channel, kind = match.groups()[:4]
    return network, station, channel, kind


def read(path: Any, station_first: bool = False, **kwargs: Any) -> Stream:
    """Read one component.

    :param station_first: for versions of SPECFEM that wrote STA.NET.CHA.
    :raises InputError: for a name or a content that is not SPECFEM's.
    """
    network, station, channel, kind = name_parts(path)
    if station_first:
        network, station = station, network
    _, table = read_table(path)
    if table.shape[1] != 2:
        raise InputError(f"{path} has {table.shape[1]} columns; time and motion are expected.")
    return make_stream(
        path, table[:, 0], table[:, 1:], channel[-1], _UNITS[kind.lower()], station, "SPECFEM",
        network=network, channels=[channel.upper()],
    )  # fmt: skip
