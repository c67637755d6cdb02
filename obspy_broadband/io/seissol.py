"""SeisSol's receivers in text: ``*-receiver-00001*.dat``, a Tecplot header and a position.

Of the variables, the particle velocities (``v1 v2 v3``, in older versions ``u v w``) are read, in
m/s, as X, Y, Z: SeisSol has no axes of its own, the usual ones are x east, y north, z up. In a
fused run (velocities numbered by simulation) ``simulation=`` chooses one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .table import head, make_stream, read_table

_TITLE = "Temporal Signal for receiver number"


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the first line is SeisSol's title of a receiver."""
    start = head(path)
    return bool(start and start.lstrip().startswith("TITLE") and _TITLE in start.splitlines()[0])


def read(path: Any, simulation: int | None = None, **kwargs: Any) -> Stream:
    """Read one receiver.

    :param simulation: which of a fused run.
    :raises InputError: for a file without velocities, or a simulation that is not there.
    """
    header, table = read_table(path)
    names: list[str] = []
    place = {}
    for line in header:
        if line.upper().startswith("VARIABLES"):
            names = re.findall(r'"([^"]+)"', line)
        position = re.match(r"x([123])\s+(\S+)$", line)
        if position:
            place["xyz"[int(position.group(1)) - 1]] = float(position.group(2))
    if len(names) != table.shape[1]:
        raise InputError(f"{path} names {len(names)} variables, but has {table.shape[1]} columns.")
    times = table[:, 0]
    if "SimulationIndex" in names:
        index = table[:, names.index("SimulationIndex")]
        chosen = index == (index[0] if simulation is None else simulation)
        if not chosen.any():
            raise InputError(f"{path} has no simulation {simulation}.")
        table, times = table[chosen], times[chosen]
        simulation = None
    suffix = "" if simulation is None else str(simulation)
    for known in (("v1", "v2", "v3"), ("u", "v", "w")):
        wanted = [name + suffix for name in known]
        if set(wanted) <= set(names):
            columns = table[:, [names.index(name) for name in wanted]]
            break
    else:
        raise InputError(
            f"{path} has the variables {', '.join(names)}; velocities v1, v2, v3 (or u, v, w) "
            "are needed."
        )
    # A restarted run writes a time twice.
    times, kept = np.unique(times, return_index=True)
    number = re.search(r"number\s+(\d+)", header[0])
    station = f"R{int(number.group(1)):04d}" if number else Path(path).stem
    coordinates = place if len(place) == 3 else None
    return make_stream(
        path, times, columns[kept], "XYZ", "m/s", station, "SEISSOL", coordinates=coordinates
    )
