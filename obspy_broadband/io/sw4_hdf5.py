"""SW4's SAC-HDF5 (``hdf5format=1``, ``.hdf5`` or ``.h5``): all stations of a run in one file.

In src/sachdf5.C of geodynamics/sw4: attributes DATETIME and UNIT of the file; data sets DELTA,
DOWNSAMPLE and ORIGINTIME; a group a station with the samples of ``X Y Z`` or ``EW NS UP``
(displacement, m), ``Vx Vy Vz`` or ``Vew Vns Vup`` (velocity, m/s), beside NPTS, ``STLA,STLO,STDP``,
``STX,STY,STZ`` and, for each component, CMPAZ and CMPINC. In files for SW4 to compare with, which
src/TimeSeries.C reads, velocity is called ``X Y Z`` or ``EW NS UP``, too, and UNIT alone tells it.
(ISNSEW is not used: after a station in east and north SW4 sets it for all that follow.) Time 0 is
DATETIME.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from obspy import Stream, UTCDateTime
from obspy.core import AttribDict
from obspy.geodetics import gps2dist_azimuth

from ..errors import InputError
from ..records.units import parse_units
from .axes import grid_orientations
from .hdf5 import LARGEST_METADATA, dataset, matches, open_file
from .options import check_stations
from .stations import is_on_earth
from .table import make_stream

#: Names of the data sets of a station's three components, with letters and unit.
_MOTIONS = (
    (("X", "Y", "Z"), "XYZ", "m"),
    (("Vx", "Vy", "Vz"), "XYZ", "m/s"),
    (("EW", "NS", "UP"), "ENZ", "m"),
    (("Vew", "Vns", "Vup"), "ENZ", "m/s"),
)
#: Distance of two stations from which the azimuth of the grid is computed, at least, m.
_MINIMUM_BASELINE = 1000.0
_NETWORK = re.compile(r"([A-Za-z0-9]{1,2})\.([A-Za-z0-9_-]+)")


def is_format(path: Any) -> bool:
    """Whether it is HDF5 with SW4's entries. Never raises."""
    return matches(
        path,
        lambda file: (
            "DATETIME" in file.attrs
            and all(name in file or name in file.attrs for name in ("DELTA", "DOWNSAMPLE"))
        ),
    )


def read(path: Any, azimuth: float | None, stations: str | Collection[str] | None) -> Stream:
    """See :func:`obspy_broadband.io.sw4.read`."""
    with open_file(path, "is no SAC-HDF5 file of SW4") as file:
        names = [name for name in file if _is_own_group(file, name)]
        selected = check_stations(path, stations, set(names))
        if not names:
            raise InputError(f"{path} holds no station.")
        if azimuth is None:
            azimuth = _azimuth(file, names)  # by all stations, whichever are read
        plain_unit = _unit_of_plain_names(path, file)
        stream = Stream()
        for name in names if selected is None else selected:
            stream += _station(path, file, name, azimuth, plain_unit)
    return stream


def _is_own_group(file: Any, name: str) -> bool:
    """Whether a name is that of a group in the file itself, not of a link to elsewhere."""
    import h5py

    is_stored = isinstance(file.get(name, getlink=True), h5py.HardLink)
    return is_stored and isinstance(file[name], h5py.Group)


def _unit_of_plain_names(path: Any, file: Any) -> str:
    """The unit of ``X Y Z`` and ``EW NS UP``: UNIT, unless the file has ``Vx`` or ``Vew``, else m.

    SW4 writes the first station's unit as UNIT, also where others are of another quantity.

    :raises InputError: for a UNIT that is none of motion.
    """
    has_unit = "UNIT" in file.attrs or "UNIT" in file
    unit = (_text(file, "UNIT") if has_unit else "") or "m"
    if unit == "m" or any(
        _is_own_group(file, name) and not {"Vx", "Vew"}.isdisjoint(file[name]) for name in file
    ):
        return "m"
    try:
        parse_units(unit)
    except InputError as error:
        raise InputError(f"{path}: UNIT is {unit!r}, which is no unit of motion.") from error
    return unit


def _station(path: Any, file: Any, name: str, azimuth: float | None, plain_unit: str) -> Stream:
    """The Stream of a station.

    :param azimuth: of x, degrees clockwise from north, if known.
    :param plain_unit: of ``X Y Z`` and ``EW NS UP``.
    :raises InputError: for a station without motion, or one that is not written to its end.
    """
    group = file[name]
    motion = next((motion for motion in _MOTIONS if set(motion[0]) <= set(group)), None)
    if motion is None:
        data_sets = [
            key for key in group if not re.search("CMP|ST[LX]|NPTS|LOC|DIST|WIND|ISN", key)
        ]
        raise InputError(
            f"{path}: station {name} holds {', '.join(data_sets) or 'no samples'}; displacement or "
            "velocity is needed."
        )
    names, letters, unit = motion
    unit = plain_unit if unit == "m" else unit
    count, interval = int(_value(group, "NPTS")[0]), float(_value(file, "DELTA")[0])
    columns = [dataset(group, component) for component in names]
    # SW4 creates the data sets without filling them: NPTS alone tells what has been written.
    if not 2 <= count <= min(column.size for column in columns):
        raise InputError(
            f"{path}: station {name} has {count} samples by NPTS, and room for {columns[0].size}; "
            "the run did not come to its end."
        )
    values = np.column_stack([np.asarray(column[:count], dtype=float) for column in columns])
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {name} has samples that are NaN or infinite.")
    if letters == "XYZ":
        values[:, 2] *= -1.0
    network, station = station_code(name)
    stream = make_stream(
        path, np.arange(count) * interval, values, letters, unit, station, "SW4", network=network,
        start=_start(path, file), coordinates=_coordinates(group, azimuth),
    )  # fmt: skip
    return orient(stream, azimuth)


def _value(group: Any, name: str) -> np.ndarray:
    """An entry that SW4 writes as a data set or, depending on its build, as an attribute."""
    if name in group.attrs:
        return np.ravel(group.attrs[name])
    return np.ravel(dataset(group, name, LARGEST_METADATA)[()])


def _text(group: Any, name: str) -> str:
    """The text of an entry, without what pads it."""
    text = _value(group, name)[0]
    text = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    return text.strip("\0 ")


def _start(path: Any, file: Any) -> UTCDateTime:
    """:raises InputError: for a DATETIME that is no date."""
    text = _text(file, "DATETIME")
    try:
        return UTCDateTime(text)
    except Exception as error:  # ObsPy raises anything
        raise InputError(f"{path}: DATETIME is {text!r}, which is no date.") from error


def _coordinates(group: Any, azimuth: float | None) -> dict[str, float] | None:
    """Latitude, longitude and elevation of a station, else x, y, z; None without."""
    for name, kind in (("STLA,STLO,STDP", "sphere"), ("STX,STY,STZ", "grid")):
        if name not in group and name not in group.attrs:
            continue
        first, second, third = (float(value) for value in _value(group, name)[:3])
        if kind == "grid":
            return cartesian(first, second, third, azimuth)
        if is_on_earth(first, second):
            return {"latitude": first, "longitude": second, "elevation": -third}
    return None


def _azimuth(file: Any, names: Sequence[str]) -> float | None:
    """Azimuth of the grid's x axis, degrees clockwise from north; None if it is not in the file.

    CMPAZ and CMPINC are exchanged in some versions of SW4, which those of Z (0 and 180) show. SW4's
    first process writes them for all stations, as 0 for those of other processes: a value other
    than 0 holds for all. 0 is checked by the positions of two stations.
    """
    azimuths = set()
    for name in names:
        group = file[name]
        for x, z in (("X", "Z"), ("Vx", "Vz")):
            if f"{x}CMPAZ" in group and f"{z}CMPAZ" in group:
                swapped = _value(group, f"{z}CMPAZ")[0] == 180.0
                azimuths.add(float(_value(group, f"{x}CMPINC" if swapped else f"{x}CMPAZ")[0]))
    nonzero = azimuths - {0.0}
    if len(nonzero) == 1:
        return nonzero.pop()
    measured = _azimuth_by_positions(file, names)
    if azimuths == {0.0} and measured is not None and abs((measured + 180.0) % 360.0 - 180.0) < 2.0:
        return 0.0
    return None


def _azimuth_by_positions(file: Any, names: Sequence[str]) -> float | None:
    """Azimuth of x by two stations' positions on the grid and on the Earth; None without them."""
    positions = []
    for name in names:
        try:
            positions.append(
                [*_value(file[name], "STX,STY,STZ")[:2], *_value(file[name], "STLA,STLO,STDP")[:2]]
            )
        except InputError:
            continue
    if len(positions) < 2:
        return None
    x, y, latitude, longitude = np.array(positions, dtype=float).T
    distances = np.hypot(x - x[0], y - y[0])
    last = int(np.argmax(distances))  # the farthest from the first
    if distances[last] < _MINIMUM_BASELINE:
        return None
    bearing = gps2dist_azimuth(latitude[0], longitude[0], latitude[last], longitude[last])[1]
    return float(bearing - np.rad2deg(np.arctan2(y[last] - y[0], x[last] - x[0])))


def orient(stream: Stream, azimuth: float | None) -> Stream:
    """Note the directions of X, Y, Z in ``stats``, or that they are a grid's of unknown azimuth."""
    if "X" not in {trace.stats.channel[-1] for trace in stream}:
        return stream
    for trace in stream:
        if azimuth is None:
            trace.stats.simulation.axes = "grid"
            continue
        directions = dict(zip("XYZ", grid_orientations(azimuth)))
        angle, dip = directions[trace.stats.channel[-1]]
        trace.stats.orientation = AttribDict(azimuth=angle, dip=dip)
    return stream


def cartesian(x: float, y: float, z: float, azimuth: float | None) -> dict[str, float]:
    """A position on the grid with z up; x is east and y north if the grid's azimuth is known."""
    if azimuth is not None:
        angle = np.deg2rad(azimuth)
        x, y = (
            float(x * np.sin(angle) + y * np.cos(angle)),
            float(x * np.cos(angle) - y * np.sin(angle)),
        )
    return {"x": x, "y": y, "z": -z}


def station_code(name: str) -> tuple[str, str]:
    """Network and station of a name, which may be ``NC.C028``; other dots become underscores."""
    name = name.rsplit("/", 1)[-1].strip()
    match = _NETWORK.fullmatch(name)
    return match.groups() if match else ("", name.replace(".", "_"))  # type: ignore[return-value]
