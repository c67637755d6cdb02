"""SeisSol's receivers in text: ``*-receiver-00001*.dat``, a Tecplot header and a position.

SeisSol, src/ResultWriter/ReceiverWriter.cpp; before 2018 receiver.f90, with ranks in the names. Of
the variables, the particle velocities (``v1 v2 v3``, in older versions ``u v w``) are read, in m/s,
as X, Y, Z: SeisSol has no axes of its own, the usual ones are x east, y north, z up. Stresses,
pressure, rotation and strain are left aside. In a fused run the names of the variables end in the
number of the simulation (``v10 v20 v30``, ``v11 v21 v31``); ``simulation=`` chooses one. Time zero
is the start of the simulation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from obspy import Stream

from ..errors import InputError
from .options import refuse_unknown
from .restart import without_repeats
from .table import head, make_stream, read_table

_TITLE = re.compile(r"Temporal Signal for (?:receiver|pickpoint) number\s+(\d+)")
_VELOCITIES = (("v1", "v2", "v3"), ("u", "v", "w"))


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the first line is SeisSol's title of a receiver."""
    start = head(path)
    if not start or not start.lstrip().startswith("TITLE"):
        return False
    return bool(_TITLE.search(start.splitlines()[0]))


def read(path: Any, simulation: int | None = None, **options: Any) -> Stream:
    """Read one receiver.

    :param simulation: which of a fused run, from 0.
    :raises InputError: for a file without velocities, or a fused run of which none is chosen.
    """
    refuse_unknown("SEISSOL", options, ("simulation",))
    header, table = read_table(path)
    names: list[str] = []
    place = {}
    for line in header:
        if line.upper().startswith("VARIABLES"):
            names = re.findall(r'"\s*([^"]+?)\s*"', line)
        position = re.match(r"x([123])\s+(\S+)$", line)
        if position:
            try:
                place["xyz"[int(position.group(1)) - 1]] = float(position.group(2))
            except ValueError as error:
                raise InputError(f"{path}: {line!r} is no position.") from error
    if len(names) != table.shape[1]:
        raise InputError(f"{path} names {len(names)} variables, but has {table.shape[1]} columns.")
    table = without_repeats(path, table)
    columns = [names.index(name) for name in _velocities(path, names, simulation)]
    number = _TITLE.search(header[0])
    station = f"R{int(number.group(1)):04d}" if number else Path(path).stem
    return make_stream(
        path, table[:, 0], table[:, columns], "XYZ", "m/s", station, "SEISSOL",
        coordinates=place if len(place) == 3 else None,
    )  # fmt: skip


def _velocities(path: Any, names: list[str], simulation: int | None) -> list[str]:
    """Names of the three velocities."""
    fused = [name[2:] for name in names if re.match(r"v1\d+$", name)]
    fused = fused or [name[1:] for name in names if re.match(r"u\d+$", name)]
    if fused and simulation is None:
        raise InputError(
            f"{path} holds the simulations {', '.join(fused)} of a fused run; choose one, e.g. "
            f"simulation={fused[0]}."
        )
    if simulation is not None and not fused:
        raise InputError(f"{path} is of no fused run: read it without simulation=.")
    suffix = str(simulation) if fused else ""
    for known in _VELOCITIES:
        wanted = [name + suffix for name in known]
        if set(wanted) <= set(names):
            return wanted
    if fused:
        raise InputError(f"{path} has no simulation {simulation}; it holds {', '.join(fused)}.")
    raise InputError(
        f"{path} has the variables {', '.join(names)}; velocities v1, v2, v3 (or u, v, w) are "
        "needed."
    )
