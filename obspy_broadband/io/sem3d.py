"""SEM3D's captors: ``traces/capteurs.NNNN.h5``, one HDF5 file a process, and their text variant.

The data set ``Variables`` names the columns: 10 characters of a name (blanks allowed) and 2 digits
of a component. Each station is a data set ``<name>`` of float64 (samples, 1 + columns), time first,
beside ``<name>_pos`` with x, y, z in m. The first sample lies one sampling period after the start;
there are no units and no date. Axes x, y, z become X, Y, Z.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError, first_line
from .hdf5 import dataset
from .table import make_stream, read_table

_MAGIC = b"\x89HDF\r\n\x1a\n"
#: Beginning of SEM3D's name of a quantity, and its unit. The first that is there is read.
_QUANTITIES = {
    "acceleration": ("acc", "m/s**2"),
    "velocity": ("vel", "m/s"),
    "displacement": ("dis", "m"),
}
#: SEM3D's own spelling, for writing.
_NAMES = {"acceleration": "Accel", "velocity": "Veloc", "displacement": "Displ"}
_WIDTH = 10
_SMALL = 1024**2  #: bytes of what is no time series


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether it is HDF5 with a data set ``Variables``, and of no other format. Never raises."""
    if not isinstance(path, (str, Path)):
        return False
    try:
        with open(path, "rb") as file:
            if file.read(8) != _MAGIC:
                return False
        import h5py

        with h5py.File(path, "r") as file:
            return "file_format" not in file.attrs and isinstance(
                file.get("Variables"), h5py.Dataset
            )
    except Exception:  # a damaged HDF5 file may raise anything, and detection must go on
        return False


def read(
    path: Any,
    quantity: str | None = None,
    network: str = "",
    variables: Sequence[str] = ("displacement", "velocity", "acceleration"),
    stations: Collection[str] | None = None,
    **kwargs: Any,
) -> Stream:
    """Read a file's stations; ``obspy.read("traces/capteurs.*.h5")`` reads all processes'.

    :param quantity: "acceleration", "velocity" or "displacement"; default: the first of them that
        the file has.
    :param network: code to give.
    :param variables: for the text variant, which has no names: the quantities in the order of its
        columns.
    :param stations: names as the file has them, to read these only; default: all.
    :raises InputError: for a quantity that is not there, or a damaged file.
    """
    if quantity is not None and quantity not in _QUANTITIES:
        raise InputError(f"quantity is {quantity!r}; it must be one of {', '.join(_QUANTITIES)}.")
    try:
        with open(path, "rb") as file:
            binary = file.read(8) == _MAGIC
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if not binary:
        return _read_text(path, quantity, network, variables)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            names = [
                bytes(name).decode("ascii", "replace")
                for name in np.ravel(dataset(file, "Variables", _SMALL)[()])
            ]
            columns, units = _choose(path, names, quantity)
            stream = Stream()
            for name in _stations(file) if stations is None else stations:
                place = dataset(file, f"{name}_pos", _SMALL) if f"{name}_pos" in file else None
                stream += _station(
                    path, name, dataset(file, name)[()], columns, units, network, place, len(names)
                )
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{path} is a damaged SEM3D file: {first_line(error)}") from error
    if not stream:
        raise InputError(f"{path} holds no station.")
    return stream


def station_names(path: Any) -> list[str]:
    """Names of a file's stations, as the file has them, in its order.

    :raises InputError: for a damaged file.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _stations(file)
    except Exception as error:  # see read()
        raise InputError(f"{path} is a damaged SEM3D file: {first_line(error)}") from error


def _stations(file: Any) -> list[str]:
    return [name for name in file if name != "Variables" and not name.endswith("_pos")]


def _choose(path: Any, names: list[str], quantity: str | None) -> tuple[list[int], str]:
    """Columns of the three components of a quantity, and its unit."""
    for chosen in (quantity,) if quantity else _QUANTITIES:
        begins, units = _QUANTITIES[chosen]
        found = {
            name[_WIDTH:].strip(): column + 1
            for column, name in enumerate(names)
            if name[:_WIDTH].strip().lower().startswith(begins)
        }
        if len(found) == 3:
            return [found[key] for key in sorted(found, key=lambda text: text.zfill(2))], units
    have = sorted({name[:_WIDTH].strip() for name in names})
    wanted = quantity or "acceleration, velocity or displacement"
    raise InputError(
        f"{path} has no three components of {wanted}; its variables are {', '.join(have)}."
    )


def _station(path, name, data, columns, units, network, place, count):
    if data.ndim != 2 or data.shape[1] != count + 1 or len(data) < 2:
        raise InputError(
            f"{path}: {name} has the shape {data.shape}; (samples, {count + 1}) is expected."
        )
    if not np.isfinite(data).all():
        raise InputError(f"{path}: {name} has samples that are NaN or infinite.")
    coordinates = None
    if place is not None:
        coordinates = dict(zip("xyz", (float(value) for value in np.ravel(place[()]))))
    stream = make_stream(
        f"{path}: {name}", data[:, 0], data[:, columns], "XYZ", units, name.strip(), "SEM3D",
        network=network, coordinates=coordinates,
    )  # fmt: skip
    for trace in stream:
        trace.stats.simulation.file = Path(path).name
    return stream


def _read_text(path: Any, quantity: str | None, network: str, variables: Sequence[str]) -> Stream:
    _, table = read_table(path)
    if table.shape[1] != 1 + 3 * len(variables):
        listed = ", ".join(variables)
        raise InputError(
            f"{path} has {table.shape[1]} columns; time and three components of {listed} are "
            "expected. Pass variables= with what it holds."
        )
    names = [f"{variable:<{_WIDTH}}{axis:2d}" for variable in variables for axis in (1, 2, 3)]
    columns, units = _choose(path, names, quantity)
    return make_stream(
        path,
        table[:, 0],
        table[:, columns],
        "XYZ",
        units,
        Path(path).stem,
        "SEM3D",
        network=network,
    )


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write stations with X, Y, Z (or E, N, Z) components as one process's file.

    :raises InputError: for components or units that SEM3D does not know, or stations of unequal
        kind.
    """
    import h5py

    by_units = {units: name for name, (_, units) in _QUANTITIES.items()}
    units = {trace.stats.get("units", "m/s**2") for trace in stream}
    if len(units) != 1 or not units <= set(by_units):
        raise InputError(
            f"SEM3D holds one of {', '.join(by_units)}; the stream has {', '.join(sorted(units))}."
        )
    name = _NAMES[by_units[units.pop()]]
    axes = {"X": 0, "Y": 1, "Z": 2, "E": 0, "N": 1}
    stations: dict[str, list] = {}
    for trace in stream:
        stations.setdefault(trace.stats.station, []).append(trace)
    with h5py.File(path, "w") as file:
        variables = [f"{name:<{_WIDTH}}{axis:2d}" for axis in (1, 2, 3)]
        file["Variables"] = np.array(variables, dtype="S12")
        for station, traces in stations.items():
            places = sorted(axes.get(trace.stats.channel[-1:], -1) for trace in traces)
            if places != [0, 1, 2] or len({trace.stats.npts for trace in traces}) != 1:
                raise InputError(
                    f"Station {station} needs components X, Y, Z (or E, N, Z) of equal length."
                )
            stats = traces[0].stats
            data = np.empty((stats.npts, 4))
            data[:, 0] = (stats.starttime.ns * 1e-9) + np.arange(stats.npts) * stats.delta
            for trace in traces:
                data[:, 1 + axes[trace.stats.channel[-1]]] = trace.data
            file[station] = data
            place = stats.get("coordinates", {})
            if {"x", "y", "z"} <= set(place):
                file[f"{station}_pos"] = np.array([place["x"], place["y"], place["z"]], dtype=float)
