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

from ..errors import InputError, InputWarning, first_line
from ..records.headers import header_part
from ..records.orientation import station_codes
from ..records.trace_units import units_to_write
from .hdf5 import dataset, is_hdf5
from .options import asked_stations, refuse_unknown
from .quantity import check_quantity
from .restart import latest
from .sem3d_variables import (
    COMPONENTS,
    QUANTITIES,
    WIDTH,
    choose,
    choose_by_width,
    decoded,
    named,
    possible,
)
from .table import make_stream, read_table

#: A process's file: 4 digits, 5 from 10000 on, 6 from 100000 on.
_RANK = re.compile(r"^capteurs\.(\d{4,6})\.h5$")
#: Of a run with total energies: its data set is no station, and every station's has columns for
#: them, behind those of motion, which Variables does not name.
_ENERGY = "En_PS"
_LONGEST = 20  #: characters of a station's name
_SMALL = 1024**2  #: bytes of what is no time series
#: What is said of stations whose samples were not all taken.
_AGAIN = "samples that a restarted run wrote again were replaced by the later ones"
_BLANK = "rows that were never written are left out"
_EMPTY = "stations with too few samples are left out; samples"
_NO_STATION = "SEM3D writes files without a station, too, e.g. with energies alone."
_NOT_BEGUN = "its stations have no samples yet; has the run begun?"
_DIRECTIONS = {
    **{"E": ("E", 1.0), "W": ("E", -1.0), "N": ("N", 1.0), "S": ("N", -1.0)},
    **{"Z": ("Z", 1.0), "U": ("Z", 1.0), "D": ("Z", -1.0)},
}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether it is HDF5 named as SEM3D names it, or with SEM3D's ``Variables``. Never raises."""
    if not is_hdf5(path):
        return False
    try:
        import h5py

        with h5py.File(path, "r") as file:
            if "file_format" in file.attrs:  # ASDF, obspyh5
                return False
            if "Variables" in file:
                names = dataset(file, "Variables", _SMALL)
                if names.ndim == 1 and names.dtype == np.dtype(f"S{WIDTH + 2}"):
                    return True
    except Exception:  # a damaged HDF5 file may raise anything, and detection must go on
        pass
    return rank(path) is not None


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

    :param quantity: "acceleration", "velocity" or "displacement"; default: the first of them that
        the file has.
    :param network: code to give.
    :param variables: for the text variant, which has no names: the quantities in the order of its
        columns, by SEM3D's names ("Displ", "Eps Vol", ...) or as in ``quantity``; also in one
        text, "Displ,Veloc,Accel,Pressure".
    :param stations: names (or one) as an HDF5 file has them, to read these only; default: all.
    :param axes: directions of x, y and z, e.g. "NEZ", or ("north", "east", "down"): E, W, N, S, Z
        (or U) for up and D for down. The channels are then named E, N, Z. Default: X, Y, Z, which
        mean east, north, up.
    :return: an empty Stream, with a warning, for a process without a station that has other
        processes' files beside it.
    :raises InputError: for a quantity that is not there, a damaged file, missing samples.
    """
    known = ("quantity", "network", "variables", "stations", "axes")
    refuse_unknown("SEM3D", options, known)
    check_quantity(quantity)
    turned = _turned(axes)
    if not is_hdf5(path):
        return _read_text(path, quantity, network, variables, turned)
    import h5py

    asked = asked_stations(stations)
    notes: dict[str, dict[str, int]] = {}
    try:
        with h5py.File(path, "r") as file:
            names = list(_monitors(file)) if asked is None else asked
            missing = [name for name in names if name not in file]
            if missing:
                raise InputError(f"{path} has no station {', '.join(missing[:5])}.")
            if not names:
                return _nothing(path, _NO_STATION, "capteurs.*.h5")
            widths, columns, units = _columns(path, file, quantity)
            stream = Stream()
            for name in names:
                rows = _written(path, name, dataset(file, name), widths, notes)
                if len(rows) < 2:
                    notes.setdefault(_EMPTY, {})[name] = len(rows)
                    continue
                place = None
                if f"{name}_pos" in file:
                    place = np.ravel(dataset(file, f"{name}_pos", _SMALL)[()])
                stream += _traces(path, name, rows, columns, units, network, place, turned)
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{path} is a damaged SEM3D file: {first_line(error)}") from error
    empty = notes.pop(_EMPTY, {})
    if not stream and stations is not None:
        raise InputError(f"{path}: {', '.join(empty)}: {_NOT_BEGUN}")
    if not stream:
        return _nothing(path, _NOT_BEGUN, "capteurs.*.h5")
    if empty:
        notes[_EMPTY] = empty
    for what, counts in notes.items():
        said = ", ".join(f"{count} of {name}" for name, count in list(counts.items())[:5])
        more = ", ..." if len(counts) > 5 else ""
        warnings.warn(f"{path}: {what}: {said}{more}.", InputWarning, stacklevel=2)
    return stream


def station_names(path: Any) -> list[str]:
    """Names of a file's stations, as the file has them, in its order; none for a process without.

    :raises InputError: for a damaged file.
    """
    if not is_hdf5(path):
        return [] if Path(path).stem == _ENERGY else [Path(path).stem]
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return list(_monitors(file))
    except Exception as error:  # see read()
        raise InputError(f"{path} is a damaged SEM3D file: {first_line(error)}") from error


def _monitors(file: Any) -> Iterator[str]:
    for name in file:
        if name in ("Variables", _ENERGY, f"{_ENERGY}_Variables"):
            continue
        if not name.endswith("_pos") or f"{name}_pos" in file:
            yield name


def _nothing(path: Any, why: str, pattern: str) -> Stream:
    """An empty Stream, with a warning, if the file is one of several, which a pattern reads.

    :raises InputError: if it is alone.
    """
    path = Path(path)
    others = path.parent.glob(pattern) if fnmatchcase(path.name, pattern) else ()
    if any(other.name != path.name for other in others):
        # Names the folder, not the file: Python then shows it once for all processes.
        warnings.warn(
            f"{path.parent}: files with nothing to read are left out: {why}",
            InputWarning,
            stacklevel=2,
        )
        return Stream()
    raise InputError(f"{path} holds nothing to read: {why}")


def _columns(path: Any, file: Any, quantity: str | None) -> tuple[list[int], slice, str]:
    """How many columns there may be, those of the quantity, and its unit, from ``Variables``."""
    if "Variables" not in file:
        raise InputError(f"{path} has stations, but no Variables to say what their columns are.")
    names = decoded(path, list(np.ravel(dataset(file, "Variables", _SMALL)[()])))
    widths = [len(names)]
    if f"{_ENERGY}_Variables" in file:
        widths.append(len(names) + COMPONENTS["Tot_Energy"])
    return widths, *choose(path, names, quantity)


def _written(path: Any, name: str, data: Any, widths: list[int], notes: dict) -> np.ndarray:
    """The rows of a station that count, (samples, columns), in the order of their times."""
    if data.ndim != 2 or data.shape[1] not in widths:
        raise InputError(
            f"{path}: {name} has the shape {data.shape}; (samples, {widths[0]}) is expected, a "
            "column for each of its variables."
        )
    rows = np.asarray(data[()], dtype=float)
    # HDF5 fills with zeros what a killed run has announced and not written.
    blank = ~(np.isfinite(rows[:, 0]) & rows.any(axis=1))
    blank[:1] = False
    if blank.any():
        notes.setdefault(_BLANK, {})[name] = int(blank.sum())
        rows = rows[~blank]
    return _latest(rows, name, notes)


def _latest(rows: np.ndarray, name: str, notes: dict) -> np.ndarray:
    """Rows without those that come again later: a restarted run begins before the end."""
    kept, _ = latest(rows)
    if len(kept) < len(rows):
        notes.setdefault(_AGAIN, {})[name] = len(rows) - len(kept)
    return kept


def _traces(path, name, rows, columns, units, network, place, turned) -> Stream:
    letters, order, signs = turned
    motion = rows[:, columns]
    bad = ~(np.isfinite(motion).all(axis=1) & np.isfinite(rows[:, 0]))
    if bad.any():
        since = rows[int(bad.argmax()), 0]
        raise InputError(
            f"{path}: {name} is NaN or infinite from {since:g} s on; has the run become unstable?"
        )
    coordinates = None
    if place is not None:
        if place.shape != (3,):
            raise InputError(f"{path}: {name}_pos has {place.size} numbers; x, y, z are expected.")
        east_north_up = (place * signs)[order]
        coordinates = dict(zip("xyz", (float(value) for value in east_north_up)))
    stream = make_stream(
        f"{path}: {name}", rows[:, 0], motion * signs, letters, units, name.strip(), "SEM3D",
        network=network, coordinates=coordinates,
    )  # fmt: skip
    for trace in stream:
        trace.stats.simulation.file = Path(path).name
    return stream


def _turned(axes: Sequence[str] | None) -> tuple[str, list[int], np.ndarray]:
    """Letters of the components, which columns are east, north, up, and the columns' signs."""
    if axes is None:
        return "XYZ", [0, 1, 2], np.ones(3)
    found = [_DIRECTIONS.get(str(axis)[:1].upper(), ("?", 1.0)) for axis in axes]
    letters = "".join(letter for letter, _ in found)
    if sorted(letters) != ["E", "N", "Z"]:
        raise InputError(
            f"axes is {axes!r} (--read axes=); name the directions of x, y and z by three of E, W, "
            "N, S, Z (up) and D (down), e.g. 'ENZ'."
        )
    signs = np.array([sign for _, sign in found])
    return letters, [letters.index(letter) for letter in "ENZ"], signs


def _read_text(path, quantity, network, variables, turned) -> Stream:
    if Path(path).stem == _ENERGY:
        return _nothing(path, _NO_STATION, "*.txt")
    _, rows = read_table(path)
    if variables is None:
        columns, units = choose_by_width(path, rows.shape[1], quantity)
    else:
        names = named(variables)
        if len(names) != rows.shape[1]:
            raise InputError(
                f"{path} has {rows.shape[1]} columns; time and variables={variables!r} have "
                f"{len(names)}. {possible(rows.shape[1], quantity)}"
            )
        columns, units = choose(path, names, quantity)
    notes: dict[str, dict[str, int]] = {}
    name = Path(path).stem
    rows = _latest(rows, name, notes)
    for what, counts in notes.items():
        warnings.warn(f"{path}: {what}: {counts[name]}.", InputWarning, stacklevel=2)
    return _traces(path, name, rows, columns, units, network, None, turned)


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write stations with X, Y, Z (or E, N, Z) components as one process's file.

    :raises InputError: for components or units that SEM3D does not know, or stations whose
        components are not alike.
    """
    import h5py

    by_order = dict(zip((2, 1, 0), QUANTITIES))  # acceleration, velocity, displacement
    units = [units_to_write(trace, "SEM3D") for trace in stream]
    if len({one.order for one in units}) != 1:
        names = ", ".join(sorted({one.name for one in units}))
        raise InputError(f"SEM3D holds one quantity; the stream has {names}.")
    quantity = by_order[units[0].order]
    stations: dict[str, list] = {}
    for trace, one in zip(stream, units):
        in_si = Trace(trace.data * one.factor, trace.stats)
        stations.setdefault(trace.stats.station, []).append(in_si)
    tables = {name: _table(name, traces) for name, traces in stations.items()}
    entries = [f"{name:<{WIDTH}}{int(part):2d}" for name, part in named([quantity])]
    with h5py.File(path, "w") as file:
        kind = h5py.h5t.FORTRAN_S1.copy()  # filled up with blanks, as Fortran has it
        kind.set_size(WIDTH + 2)
        space = h5py.h5s.create_simple((len(entries),))
        names = h5py.h5d.create(file.id, b"Variables", kind, space)
        names.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(entries, dtype="S"), kind)
        for name, rows in tables.items():
            file.create_dataset(
                name, data=rows, maxshape=(None, rows.shape[1]), chunks=(64, rows.shape[1]),
                shuffle=True, compression="gzip", compression_opts=5,
            )  # fmt: skip
            place = header_part(stations[name][0].stats, "coordinates")
            if {"x", "y", "z"} <= set(place):
                file[f"{name}_pos"] = np.array([place[axis] for axis in "xyz"], dtype=float)


def _table(name: str, traces: list) -> np.ndarray:
    """Time, x, y, z of a station, (samples, 4)."""
    if not name or len(name) > _LONGEST or "/" in name:
        raise InputError(f"Station {name!r}: SEM3D's names have 1 to {_LONGEST} characters, no /.")
    axes = {"X": 0, "Y": 1, "Z": 2, "E": 0, "N": 1}
    letters = [station_codes(trace.stats)[-1].upper() for trace in traces]
    places = sorted(axes.get(letter, -1) for letter in letters)
    stats = traces[0].stats
    kinds = {(one.stats.npts, one.stats.delta, one.stats.starttime.ns) for one in traces}
    if places != [0, 1, 2] or len(kinds) != 1:
        raise InputError(
            f"Station {name} needs components X, Y, Z (or E, N, Z) of one start, rate and length."
        )
    rows = np.empty((stats.npts, 4))
    rows[:, 0] = stats.starttime.ns * 1e-9 + np.arange(stats.npts) * stats.delta
    for letter, trace in zip(letters, traces):
        rows[:, 1 + axes[letter]] = trace.data
    return rows
