"""SeisSol's receivers: text, ``*-receiver-00001*.dat``, or all in ``*-receivers.h5``.

Text has a Tecplot header and a position (SeisSol, src/ResultWriter/ReceiverWriter.cpp; before 2018
receiver.f90, with ranks in the names). HDF5 has ``ReceiverData`` (samples, receivers, variables)
with the attribute ``VariableNames``, and ``Coordinates`` (ParallelHdf5ReceiverWriter.cpp). Of the
variables, the particle velocities (``v1 v2 v3``, in older versions ``u v w``) are read, in m/s,
as X, Y, Z: SeisSol has no axes of its own, the usual ones are x east, y north, z up. Stresses,
pressure, rotation and strain are not read. In a fused run the names of the variables end in the
number of the simulation (``v10 v20 v30``, ``v11 v21 v31``); ``simulation=`` chooses one. Time zero
is the start of the simulation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .files import LARGEST
from .hdf5 import dataset, matches, open_file
from .options import refuse_unknown
from .restart import drop_overwritten
from .table import head, make_stream, read_table

_TITLE = re.compile(r"Temporal Signal for (?:receiver|pickpoint) number\s+(\d+)")
#: Name of a receiver's file: its number, and the process that wrote it.
_NAME = re.compile(r"-receiver-(\d+)(?:-\d+)?\.dat$")
_VELOCITIES = (("v1", "v2", "v3"), ("u", "v", "w"))


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether title, or name and columns, are a receiver's, or the data sets SeisSol's."""
    if isinstance(path, (str, Path)) and Path(path).name.endswith("receivers.h5"):
        return _has_receivers(path)
    start = head(path)
    if not start or not start.lstrip().startswith("TITLE"):
        return False
    title, *following = start.splitlines()
    if _TITLE.search(title):
        return True
    has_name = bool(_NAME.search(Path(path).name))
    return has_name and any(re.match(r'\s*VARIABLES\s*=\s*"Time"', line) for line in following[:3])


def _has_receivers(path: Any) -> bool:
    return matches(path, lambda file: "ReceiverData" in file and "Coordinates" in file)


def read(path: Any, simulation: int | None = None, **options: Any) -> Stream:
    """Read one receiver, or all of an HDF5 file.

    Velocity in m/s, components X, Y, Z. Time zero, the start of the simulation, is 1970-01-01. Of
    rows that a restarted run wrote again the later ones are kept, with a warning if they differ.

    :param simulation: number of the simulation of a fused run, from 0.
    :raises InputError: for a file without velocities, or a fused run without ``simulation``.
    """
    refuse_unknown("SEISSOL", options, ("simulation",))
    receivers = _read_hdf5(path) if _has_receivers(path) else _read_text(path)
    stream = Stream()
    for station, coordinates, names, table in receivers:
        columns = [names.index(name) for name in _velocities(path, names, simulation)]
        table = drop_overwritten(table, path)
        stream += make_stream(
            path, table[:, 0], table[:, columns], "XYZ", "m/s", station, "SEISSOL",
            coordinates=coordinates,
        )  # fmt: skip
    return stream


#: Station, coordinates, names of the columns, and the columns.
_Receiver = tuple[str, dict[str, float] | None, list[str], np.ndarray]


def _read_text(path: Any) -> list[_Receiver]:
    """The receiver of a text file, in a list.

    :raises InputError: for a header that does not match the columns.
    """
    header, table = read_table(path)
    names: list[str] = []
    coordinates = {}
    for line in header:
        if line.upper().startswith("VARIABLES"):
            names = re.findall(r'"\s*([^"]+?)\s*"', line)
        position = re.match(r"x([123])\s+(\S+)$", line)
        if position:
            try:
                coordinates["xyz"[int(position.group(1)) - 1]] = float(position.group(2))
            except ValueError as error:
                raise InputError(f"{path}: {line!r} is no position.") from error
    if len(names) != table.shape[1]:
        raise InputError(f"{path} names {len(names)} variables, but has {table.shape[1]} columns.")
    number = _TITLE.search(header[0]) or _NAME.search(Path(path).name)
    station = _station(int(number.group(1))) if number else Path(path).stem
    return [(station, coordinates if len(coordinates) == 3 else None, names, table)]


def _read_hdf5(path: Any) -> list[_Receiver]:
    """All receivers of an HDF5 file.

    :raises InputError: for a damaged file.
    """
    with open_file(path, "cannot be read as SeisSol's") as file:
        data = dataset(file, "ReceiverData", LARGEST)
        names = [bytes(name).decode().strip("\0 ") for name in data.attrs["VariableNames"]]
        values = np.asarray(data[()], dtype=float)
        positions = np.asarray(dataset(file, "Coordinates")[()], dtype=float)
    if values.ndim != 3 or values.shape[2] != len(names) or names[:1] != ["Time"]:
        raise InputError(
            f"{path}: ReceiverData has the shape {values.shape} and the variables "
            f"{', '.join(names)[:80]}; samples, receivers and variables from Time on are expected."
        )
    if positions.shape != (values.shape[1], 3):
        raise InputError(f"{path} has {values.shape[1]} receivers, but {len(positions)} positions.")
    receivers: list[_Receiver] = []
    for index in range(values.shape[1]):
        table = values[:, index]
        # Samples that were not written are 0, their times included.
        table = table[: 1 + np.max(np.flatnonzero(table[:, 0]), initial=0)]
        if len(table) < 2 or not np.isfinite(table).all():
            raise InputError(
                f"{path}, receiver {index + 1} has {len(table)} samples, or some that are NaN or "
                "infinite; a time series is needed."
            )
        coordinates = dict(zip("xyz", map(float, positions[index])))
        receivers.append((_station(index + 1), coordinates, names, table))
    return receivers


def _station(number: int) -> str:
    return f"R{number:04d}"


def _velocities(path: Any, names: list[str], simulation: int | None) -> list[str]:
    """Names of the columns of the three velocities.

    :raises InputError: without them, or for a ``simulation`` that does not match the run.
    """
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
    for velocities in _VELOCITIES:
        columns = [name + suffix for name in velocities]
        if set(columns) <= set(names):
            return columns
    if fused:
        raise InputError(f"{path} has no simulation {simulation}; it holds {', '.join(fused)}.")
    raise InputError(
        f"{path} has the variables {', '.join(names)}; velocities v1, v2, v3 (or u, v, w) are "
        "needed."
    )
