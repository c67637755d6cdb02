"""SPEED's monitors: displacement, velocity or acceleration in SI units, without a header.

``MONITOR00000.D``, ``.V``, ``.A`` hold all monitors of an MPI process: time, then three columns a
monitor, in the order of ``MONITOR00000.INFO`` (SPEED, WRITE_OUTPUT.f90, MAKE_MONITOR_FILES.f90;
some compilers wrap the rows). ``monitor00001.d``, ``.v``, ``.a`` hold one: time, x, y, z (what
SPEED's own post-processing, rewrite_monitor_format.m, makes of them). ``MLST.position`` has the
positions (WRITE_FILE_MPGM.f90).

x, y, z are the mesh's, in general east, north, up. Time zero is the start of the simulation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .files import cached_until_changed
from .options import refuse_unknown
from .quantity import UNITS, check_quantity
from .restart import drop_overwritten
from .table import head, make_stream, read_table, read_text, row_of_numbers

_KINDS = {"d": "displacement", "v": "velocity", "a": "acceleration"}
_MONITOR = re.compile(r"^monitor(\d{5,})\.([dva])$")
_PROCESS = re.compile(r"^MONITOR(\d{5,})\.([DVA])$")
_POSITIONS = ("MLST.position", "../MLST.position")


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the name is SPEED's and the first row is time and three numbers a monitor."""
    if not isinstance(path, (str, Path)):
        return False
    process = _PROCESS.match(Path(path).name)
    if not process and not _MONITOR.match(Path(path).name):
        return False
    lines = (head(path) or "").splitlines()
    count = len(row_of_numbers(lines[0]) or ()) if lines else 0
    return count > 0 if process else count == 4


def contents(path: Any) -> tuple[str, list[str] | None]:
    """Quantity of a file, and the ids of its traces (without band codes) if it has one monitor.

    :raises InputError: for a name that is not SPEED's.
    """
    quantity, stations = _quantity_and_stations(path)
    if not _MONITOR.match(Path(path).name):
        return quantity, None
    return quantity, [f".{stations[0]}..{axis}" for axis in "XYZ"]


def _quantity_and_stations(path: Any) -> tuple[str, list[str]]:
    """Quantity and stations of a file, by its name and the ``.INFO`` beside it.

    :raises InputError: for a name that is not SPEED's, or an INFO that cannot be read.
    """
    path = Path(path)
    monitor = _MONITOR.match(path.name)
    if monitor:
        return _KINDS[monitor[2]], [_station(int(monitor[1]))]
    process = _PROCESS.match(path.name)
    if not process:
        raise InputError(
            f"{path}: the name must be monitor00001.d, .v or .a (one monitor) or MONITOR00000.D, "
            ".V or .A (those of a process), which says what is in it."
        )
    information = path.with_suffix(".INFO")
    numbers = np.empty(0)
    if information.is_file():
        numbers = _numbers(information, f"it says which monitors {path.name} holds")
    if len(numbers) < 2 or len(numbers) - 1 != numbers[0] or not _are_counts(numbers):
        raise InputError(
            f"{path} needs {information.name} beside it, which says which monitors it holds."
        )
    return _KINDS[process[2].lower()], [_station(int(number)) for number in numbers[1:]]


def read(path: Any, quantity: str | None = None, **options: Any) -> Stream:
    """Read one monitor, or all of a process.

    SI units; components X, Y, Z, in general east, north, up. Time zero, the start of the
    simulation, is 1970-01-01. Of rows that a restarted run wrote again the later ones are kept,
    with a warning if they differ.

    :param quantity: "acceleration", "velocity" or "displacement"; a file of another one gives an
        empty Stream, so that a pattern may match all three.
    :raises InputError: for a name that is not SPEED's, or content that does not match it.
    """
    refuse_unknown("SPEED", options, ("quantity",))
    check_quantity(quantity)
    quantity_of_file, stations = _quantity_and_stations(path)
    if quantity not in (None, quantity_of_file):
        return Stream()
    if _MONITOR.match(Path(path).name):
        _, table = read_table(path)
        if table.shape[1] != 4:
            raise InputError(f"{path} has {table.shape[1]} columns; time, x, y, z are expected.")
    else:
        numbers, width = _numbers(path, "time and motion are expected"), 1 + 3 * len(stations)
        if len(numbers) < 2 * width or len(numbers) % width:
            raise InputError(
                f"{path} has {len(numbers)} numbers; {width} a time step are expected for "
                f"{len(stations)} monitors. Is the file cut off?"
            )
        table = numbers.reshape(-1, width)
    table = drop_overwritten(table, path)
    positions = _positions(Path(path))
    stream = Stream()
    for index, station in enumerate(stations):
        stream += make_stream(
            path, table[:, 0], table[:, 1 + 3 * index : 4 + 3 * index], "XYZ",
            UNITS[quantity_of_file], station, "SPEED", coordinates=positions.get(station),
        )  # fmt: skip
    return stream


def _are_counts(numbers: np.ndarray) -> bool:
    """Whether all are whole numbers from 0 on, of a plausible size."""
    return bool(np.all((numbers == np.round(numbers)) & (numbers >= 0) & (numbers < 1e7)))


def _station(number: int) -> str:
    return f"M{number:04d}"


def _numbers(path: Path | str, use: str) -> np.ndarray:
    """All numbers of a file, across its lines.

    :param use: description of what is expected, for the message.
    :raises InputError: for anything but finite numbers.
    """
    text = read_text(path)
    try:
        numbers = np.array([float(word) for word in text.upper().replace("D", "E").split()])
    except ValueError as error:
        raise InputError(f"{path} holds more than numbers ({error}); {use}.") from error
    lines = text.splitlines()
    if text and not text.endswith("\n") and len(lines[-1]) < len(lines[0]):
        raise InputError(f"{path} is cut off in its last line: {lines[-1][-60:]!r}.")
    if not np.isfinite(numbers).all():
        raise InputError(f"{path} holds numbers that are NaN or infinite.")
    return numbers


def _positions(path: Path) -> Mapping[str, dict[str, float]]:
    """x, y, z in m by station, of the ``MLST.position`` beside a file or above it, if any."""
    for candidate in _POSITIONS:
        listing = path.parent / candidate
        if listing.is_file():
            positions = _read_positions(listing)
            if positions is not None:
                return positions
    return {}


@cached_until_changed
def _read_positions(path: Path) -> Mapping[str, dict[str, float]] | None:
    """The lines of a list: number, node, element, x, y, z; None for another content."""
    numbers = _numbers(path, "monitors' positions are expected")
    if len(numbers) % 6 != 1 or len(numbers) // 6 != numbers[0]:
        return None
    rows = numbers[1:].reshape(-1, 6)
    if not _are_counts(rows[:, 0]):
        return {}
    return {_station(int(row[0])): dict(zip("xyz", map(float, row[3:]))) for row in rows}
