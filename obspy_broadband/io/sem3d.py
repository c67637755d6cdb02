"""SEM3D's captors: ``traces/capteurs.NNNN.h5``, one HDF5 file a process, and their text variant.

As SEM3D's SRC/Capteur.f90 and COMMON/constants.F90 write them: the data set ``Variables`` names the
columns, 10 characters of a name (blanks allowed) and 2 digits of a component, and its first entry
is the time. Each station ("monitor") is a data set ``<name>`` of float64 (samples, columns) beside
``<name>_pos`` with x, y, z. There are no units and no date: SI where the mesh is in metres, and the
first time as it is written. Processes without a station write no ``Variables``. Axes x, y, z become
X (east), Y (north), Z (up) unless ``axes=`` says otherwise.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace

from ..errors import InputError, InputWarning
from ..records.headers import header_part
from ..records.orientation import station_codes
from ..records.trace_units import units_to_write
from .hdf5 import LARGEST_METADATA, dataset, is_hdf5, matches, open_file
from .options import check_stations, refuse_unknown
from .quantity import check_quantity
from .restart import drop_overwritten
from .sem3d_variables import (
    COMPONENTS,
    QUANTITIES,
    WIDTH,
    choose,
    choose_by_width,
    column_names,
    decode_names,
    possible_variables,
)
from .table import make_stream, read_table

#: Name of a process's file: 4 digits, 5 from 10000 on, 6 from 100000 on.
_RANK = re.compile(r"^capteurs\.(\d{4,6})\.h5$")
#: Of a run with total energies: its data set is no station, and every station's has columns for
#: them, behind those of motion, which Variables does not name.
_ENERGY = "En_PS"
_NAME_LENGTH = 20  #: characters of a station's name, at most
#: Warnings for stations whose samples are not all read.
_REWRITTEN = "samples that a restarted run wrote again were replaced by the later ones"
_BLANK = "rows that were never written are left out"
_EMPTY = "stations with too few samples are left out; samples"
_NO_STATION = "SEM3D writes files without a station, too, e.g. with energies alone."
_DAMAGED = "is a damaged SEM3D file"
_NOT_BEGUN = "its stations have no samples yet; has the run begun?"
#: By the first letter of a direction: letter and sign of the component.
_DIRECTIONS = {
    **{"E": ("E", 1.0), "W": ("E", -1.0), "N": ("N", 1.0), "S": ("N", -1.0)},
    **{"Z": ("Z", 1.0), "U": ("Z", 1.0), "D": ("Z", -1.0)},
}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether it is HDF5 named as SEM3D names it, or with SEM3D's ``Variables``. Never raises."""
    if not is_hdf5(path) or matches(path, lambda file: "file_format" in file.attrs):
        return False  # ASDF and obspyh5 have file_format
    return rank(path) is not None or matches(path, _has_variables)


def _has_variables(file: Any) -> bool:
    if "Variables" not in file:
        return False
    names = dataset(file, "Variables", LARGEST_METADATA)
    return names.ndim == 1 and names.dtype == np.dtype(f"S{WIDTH + 2}")


def rank(path: Any) -> int | None:
    """The process that wrote a file, by its name; None for another name."""
    match = _RANK.match(Path(path).name)
    return int(match.group(1)) if match else None


def read(
    path: Any,
    quantity: str | None = None,
    network: str = "",
    variables: str | Sequence[str] | None = None,
    stations: str | Collection[str] | None = None,
    axes: str | Sequence[str] | None = None,
    **options: Any,
) -> Stream:
    """Read a file's stations; ``obspy.read("traces/capteurs.*.h5")`` reads all processes'.

    SI units; components X, Y, Z, or as ``axes`` says. Time zero of the run is 1970-01-01. Rows that
    a restarted run wrote again, and rows that were never written, are left out with a warning.

    :param quantity: "acceleration", "velocity" or "displacement"; default: the first of them that
        the file has.
    :param network: network code of the traces.
    :param variables: for the text variant, which has no names: the quantities in the order of its
        columns, by SEM3D's names ("Displ", "Eps Vol", ...) or as in ``quantity``; also in one
        text, "Displ,Veloc,Accel,Pressure".
    :param stations: names (or one) as an HDF5 file has them, to read only these; default: all.
    :param axes: directions of x, y and z, e.g. "NEZ", or ("north", "east", "down"): E, W, N, S, Z
        (or U) for up and D for down. The channels are then named E, N, Z. Default: X, Y, Z, which
        mean east, north, up.
    :return: an empty Stream, with a warning, for a process without a station that has other
        processes' files beside it.
    :raises InputError: for a quantity or a station that is not there, a damaged file, missing
        samples, or samples that are NaN or infinite.
    """
    accepted = ("quantity", "network", "variables", "stations", "axes")
    refuse_unknown("SEM3D", options, accepted)
    check_quantity(quantity)
    directions = _directions(axes)
    if not is_hdf5(path):
        return _read_text(path, quantity, network, variables, directions)
    notes: dict[str, dict[str, int]] = {}
    with open_file(path, _DAMAGED) as file:
        names = list(_monitors(file)) if stations is None else stations
        names = check_stations(path, names, file) or []
        if not names:
            return _empty_stream(path, _NO_STATION, "capteurs.*.h5")
        widths, columns, units = _columns(path, file, quantity)
        stream = Stream()
        for name in names:
            rows = _written_rows(path, name, dataset(file, name), widths, notes)
            if len(rows) < 2:
                notes.setdefault(_EMPTY, {})[name] = len(rows)
                continue
            position = None
            if f"{name}_pos" in file:
                position = np.ravel(dataset(file, f"{name}_pos", LARGEST_METADATA)[()])
            stream += _traces(path, name, rows, columns, units, network, position, directions)
    empty = notes.pop(_EMPTY, {})
    if not stream and stations is not None:
        raise InputError(f"{path}: {', '.join(empty)}: {_NOT_BEGUN}")
    if not stream:
        return _empty_stream(path, _NOT_BEGUN, "capteurs.*.h5")
    if empty:
        notes[_EMPTY] = empty
    for note, counts in notes.items():
        listing = ", ".join(f"{count} of {name}" for name, count in list(counts.items())[:5])
        ellipsis = ", ..." if len(counts) > 5 else ""
        warnings.warn(f"{path}: {note}: {listing}{ellipsis}.", InputWarning, stacklevel=2)
    return stream


def station_names(path: Any) -> list[str]:
    """Names of a file's stations, as the file has them, in its order; none for a process without.

    :raises InputError: for a damaged file.
    """
    if not is_hdf5(path):
        return [] if Path(path).stem == _ENERGY else [Path(path).stem]
    with open_file(path, _DAMAGED) as file:
        return list(_monitors(file))


def _monitors(file: Any) -> Iterator[str]:
    for name in file:
        if name in ("Variables", _ENERGY, f"{_ENERGY}_Variables"):
            continue
        if not name.endswith("_pos") or f"{name}_pos" in file:
            yield name


def _empty_stream(path: Any, reason: str, pattern: str) -> Stream:
    """An empty Stream, with a warning, for a file that has others beside it that match a pattern.

    :raises InputError: for a file without others.
    """
    path = Path(path)
    others = path.parent.glob(pattern) if fnmatchcase(path.name, pattern) else ()
    if any(other.name != path.name for other in others):
        # Names the folder, not the file: Python then shows it once for all processes.
        warnings.warn(
            f"{path.parent}: files with nothing to read are left out: {reason}",
            InputWarning,
            stacklevel=2,
        )
        return Stream()
    raise InputError(f"{path} holds nothing to read: {reason}")


def _columns(path: Any, file: Any, quantity: str | None) -> tuple[list[int], slice, str]:
    """Possible numbers of columns, the columns of the quantity, and its unit, by ``Variables``."""
    if "Variables" not in file:
        raise InputError(f"{path} has stations, but no Variables to say what their columns are.")
    names = decode_names(path, list(np.ravel(dataset(file, "Variables", LARGEST_METADATA)[()])))
    widths = [len(names)]
    if f"{_ENERGY}_Variables" in file:
        widths.append(len(names) + COMPONENTS["Tot_Energy"])
    return widths, *choose(path, names, quantity)


def _written_rows(path: Any, name: str, data: Any, widths: list[int], notes: dict) -> np.ndarray:
    """The valid rows of a station, (samples, columns), in the order of their times.

    :param notes: numbers of rows left out, by warning and station; added to.
    """
    if data.ndim != 2 or data.shape[1] not in widths:
        raise InputError(
            f"{path}: {name} has the shape {data.shape}; (samples, {widths[0]}) is expected, a "
            "column for each of its variables."
        )
    rows = np.asarray(data[()], dtype=float)
    # HDF5 fills with zeros the rows that a killed run has allocated but not written.
    blank = ~(np.isfinite(rows[:, 0]) & rows.any(axis=1))
    blank[:1] = False
    if blank.any():
        notes.setdefault(_BLANK, {})[name] = int(blank.sum())
        rows = rows[~blank]
    return _drop_overwritten(rows, name, notes)


def _drop_overwritten(rows: np.ndarray, name: str, notes: dict) -> np.ndarray:
    remaining = drop_overwritten(rows)
    if len(remaining) < len(rows):
        notes.setdefault(_REWRITTEN, {})[name] = len(rows) - len(remaining)
    return remaining


#: Letters of the components, which columns are east, north, up, and the columns' signs.
_Directions = tuple[str, list[int], np.ndarray]


def _traces(
    path: Any,
    name: str,
    rows: np.ndarray,
    columns: slice,
    units: str,
    network: str,
    position: np.ndarray | None,
    directions: _Directions,
) -> Stream:
    """The Stream of a station.

    :param rows: (samples, columns), the time first.
    :param columns: of the three components.
    :param position: x, y, z in m.
    """
    letters, order, signs = directions
    motion = rows[:, columns]
    bad = ~(np.isfinite(motion).all(axis=1) & np.isfinite(rows[:, 0]))
    if bad.any():
        time = rows[int(bad.argmax()), 0]
        raise InputError(
            f"{path}: {name} is NaN or infinite from {time:g} s on; has the run become unstable?"
        )
    coordinates = None
    if position is not None:
        if position.shape != (3,):
            raise InputError(
                f"{path}: {name}_pos has {position.size} numbers; x, y, z are expected."
            )
        east_north_up = (position * signs)[order]
        coordinates = dict(zip("xyz", (float(value) for value in east_north_up)))
    stream = make_stream(
        f"{path}: {name}", rows[:, 0], motion * signs, letters, units, name.strip(), "SEM3D",
        network=network, coordinates=coordinates,
    )  # fmt: skip
    for trace in stream:
        trace.stats.simulation.file = Path(path).name
    return stream


def _directions(axes: Sequence[str] | None) -> _Directions:
    """:raises InputError: for axes that are not three directions."""
    if axes is None:
        return "XYZ", [0, 1, 2], np.ones(3)
    directions = [_DIRECTIONS.get(str(axis)[:1].upper(), ("?", 1.0)) for axis in axes]
    letters = "".join(letter for letter, _ in directions)
    if sorted(letters) != ["E", "N", "Z"]:
        raise InputError(
            f"axes is {axes!r} (--read axes=); name the directions of x, y and z by three of E, W, "
            "N, S, Z (up) and D (down), e.g. 'ENZ'."
        )
    signs = np.array([sign for _, sign in directions])
    return letters, [letters.index(letter) for letter in "ENZ"], signs


def _read_text(
    path: Any,
    quantity: str | None,
    network: str,
    variables: str | Sequence[str] | None,
    directions: _Directions,
) -> Stream:
    """The text variant: a file a station, without names of its columns."""
    if Path(path).stem == _ENERGY:
        return _empty_stream(path, _NO_STATION, "*.txt")
    _, rows = read_table(path)
    if variables is None:
        columns, units = choose_by_width(path, rows.shape[1], quantity)
    else:
        names = column_names(variables)
        if len(names) != rows.shape[1]:
            raise InputError(
                f"{path} has {rows.shape[1]} columns; time and variables={variables!r} have "
                f"{len(names)}. {possible_variables(rows.shape[1], quantity)}"
            )
        columns, units = choose(path, names, quantity)
    notes: dict[str, dict[str, int]] = {}
    name = Path(path).stem
    rows = _drop_overwritten(rows, name, notes)
    for note, counts in notes.items():
        warnings.warn(f"{path}: {note}: {counts[name]}.", InputWarning, stacklevel=2)
    return _traces(path, name, rows, columns, units, network, None, directions)


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write stations with X, Y, Z (or E, N, Z) components as one process's file, in SI units.

    :raises InputError: for components or units that SEM3D does not know, or stations whose
        components are not alike.
    """
    import h5py

    by_order = dict(zip((2, 1, 0), QUANTITIES))  # acceleration, velocity, displacement
    units = [units_to_write(trace, "SEM3D") for trace in stream]
    if len({unit.order for unit in units}) != 1:
        names = ", ".join(sorted({unit.name for unit in units}))
        raise InputError(f"SEM3D holds one quantity; the stream has {names}.")
    quantity = by_order[units[0].order]
    stations: dict[str, list] = {}
    for trace, unit in zip(stream, units):
        in_si = Trace(trace.data * unit.factor, trace.stats)
        stations.setdefault(trace.stats.station, []).append(in_si)
    tables = {name: _table(name, traces) for name, traces in stations.items()}
    entries = [f"{name:<{WIDTH}}{int(part):2d}" for name, part in column_names([quantity])]
    with h5py.File(path, "w") as file:
        text_type = h5py.h5t.FORTRAN_S1.copy()  # padded with blanks, as in Fortran
        text_type.set_size(WIDTH + 2)
        space = h5py.h5s.create_simple((len(entries),))
        names = h5py.h5d.create(file.id, b"Variables", text_type, space)
        names.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(entries, dtype="S"), text_type)
        for name, rows in tables.items():
            file.create_dataset(
                name, data=rows, maxshape=(None, rows.shape[1]), chunks=(64, rows.shape[1]),
                shuffle=True, compression="gzip", compression_opts=5,
            )  # fmt: skip
            position = header_part(stations[name][0].stats, "coordinates")
            if {"x", "y", "z"} <= set(position):
                file[f"{name}_pos"] = np.array([position[axis] for axis in "xyz"], dtype=float)


def _table(name: str, traces: list) -> np.ndarray:
    """Time, x, y, z of a station, (samples, 4).

    :raises InputError: for a name, components or times that SEM3D's files cannot hold.
    """
    if not name or len(name) > _NAME_LENGTH or "/" in name:
        raise InputError(
            f"Station {name!r}: SEM3D's names have 1 to {_NAME_LENGTH} characters, no /."
        )
    columns = {"X": 0, "Y": 1, "Z": 2, "E": 0, "N": 1}
    letters = [station_codes(trace.stats)[-1].upper() for trace in traces]
    indices = sorted(columns.get(letter, -1) for letter in letters)
    stats = traces[0].stats
    samplings = {(t.stats.npts, t.stats.delta, t.stats.starttime.ns) for t in traces}
    if indices != [0, 1, 2] or len(samplings) != 1:
        raise InputError(
            f"Station {name} needs components X, Y, Z (or E, N, Z) of one start, rate and length."
        )
    rows = np.empty((stats.npts, 4))
    rows[:, 0] = stats.starttime.ns * 1e-9 + np.arange(stats.npts) * stats.delta
    for letter, trace in zip(letters, traces):
        rows[:, 1 + columns[letter]] = trace.data
    return rows
