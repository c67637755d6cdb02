"""SW4's SAC-HDF5 (``hdf5format=1``, ``.hdf5`` or ``.h5``): all stations of a run in one file.

In src/sachdf5.C of geodynamics/sw4: attributes DATETIME and UNIT of the file; data sets DELTA,
DOWNSAMPLE and ORIGINTIME; a group a station with the samples of ``X Y Z`` or ``EW NS UP``
(displacement, m), ``Vx Vy Vz`` or ``Vew Vns Vup`` (velocity, m/s), beside NPTS, ``STLA,STLO,STDP``,
``STX,STY,STZ`` and, for each component, CMPAZ and CMPINC. In files for SW4 to compare with, which
src/TimeSeries.C reads, velocity is called ``X Y Z`` or ``EW NS UP``, too, and UNIT alone tells it.
(ISNSEW is not used: after a station in east and north SW4 says so of all that follow.) Time 0 is
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

from ..errors import InputError, first_line
from ..records.units import parse_units
from .hdf5 import dataset, is_hdf5
from .options import asked_stations
from .table import make_stream

#: Names of the data sets of a station's three components, with letters and unit.
_MOTIONS = (
    (("X", "Y", "Z"), "XYZ", "m"),
    (("Vx", "Vy", "Vz"), "XYZ", "m/s"),
    (("EW", "NS", "UP"), "ENZ", "m"),
    (("Vew", "Vns", "Vup"), "ENZ", "m/s"),
)
_SMALL = 1024
#: Stations farther apart tell the azimuth of the grid, m.
_APART = 1000.0
_NETWORK = re.compile(r"([A-Za-z0-9]{1,2})\.([A-Za-z0-9_-]+)")


def is_format(path: Any) -> bool:
    """Whether it is HDF5 with SW4's entries. Never raises."""
    if not is_hdf5(path):
        return False
    try:
        import h5py

        with h5py.File(path, "r") as file:
            return {"DATETIME"} <= set(file.attrs) and all(
                name in file or name in file.attrs for name in ("DELTA", "DOWNSAMPLE")
            )
    except Exception:  # a damaged HDF5 file may raise anything, and detection must go on
        return False


def read(path: Any, azimuth: float | None, stations: str | Collection[str] | None) -> Stream:
    """See :func:`obspy_broadband.io.sw4.read`."""
    import h5py

    asked = asked_stations(stations)
    try:
        with h5py.File(path, "r") as file:
            names = [name for name in file if _is_own_group(file, name)]
            missing = set(asked or ()) - set(names)
            if missing:
                raise InputError(f"{path} has no station {', '.join(sorted(missing))}.")
            if not names:
                raise InputError(f"{path} holds no station.")
            if azimuth is None:
                azimuth = _azimuth(file, names)  # of all, whichever are read
            plain = _unit_of_plain_names(path, file)
            stream = Stream()
            for name in names if asked is None else asked:
                stream += _station(path, file, name, azimuth, plain)
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{path} is no SAC-HDF5 file of SW4: {first_line(error)}") from error
    return stream


def _is_own_group(file: Any, name: str) -> bool:
    """Whether it is a group of this very file, and no link to another."""
    import h5py

    own = isinstance(file.get(name, getlink=True), h5py.HardLink)
    return own and isinstance(file[name], h5py.Group)


def _unit_of_plain_names(path: Any, file: Any) -> str:
    """Of ``X Y Z`` and ``EW NS UP``: UNIT, where velocity has no names of its own in the file.

    SW4 writes the first station's unit as UNIT, also where others are of another quantity.
    """
    noted = "m"
    if "UNIT" in file.attrs or "UNIT" in file:
        text = _value(file, "UNIT")[0]
        noted = text.decode("latin-1") if isinstance(text, bytes) else str(text)
        noted = noted.strip("\0 ") or "m"
    if noted == "m" or any(
        _is_own_group(file, name) and not {"Vx", "Vew"}.isdisjoint(file[name]) for name in file
    ):
        return "m"
    try:
        parse_units(noted)
    except InputError as error:
        raise InputError(f"{path}: UNIT is {noted!r}, which is no unit of motion.") from error
    return noted


def _station(path: Any, file: Any, name: str, azimuth: float | None, plain: str) -> Stream:
    group = file[name]
    motion = next((one for one in _MOTIONS if set(one[0]) <= set(group)), None)
    if motion is None:
        held = [key for key in group if not re.search("CMP|ST[LX]|NPTS|LOC|DIST|WIND|ISN", key)]
        raise InputError(
            f"{path}: station {name} holds {', '.join(held) or 'no samples'}; displacement or "
            "velocity is needed."
        )
    names, letters, unit = motion
    unit = plain if unit == "m" else unit
    count, interval = int(_value(group, "NPTS")[0]), float(_value(file, "DELTA")[0])
    columns = [dataset(group, one) for one in names]
    # What was not written yet is not zero: SW4 makes the data sets without filling them.
    if not 2 <= count <= min(one.size for one in columns):
        raise InputError(
            f"{path}: station {name} has {count} samples by NPTS, and room for {columns[0].size}; "
            "the run did not come to its end."
        )
    values = np.column_stack([np.asarray(one[:count], dtype=float) for one in columns])
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


def _value(place: Any, name: str) -> np.ndarray:
    """An attribute, which SW4 keeps as a data set (or, built otherwise, as an attribute)."""
    if name in place.attrs:
        return np.ravel(place.attrs[name])
    return np.ravel(dataset(place, name, _SMALL)[()])


def _start(path: Any, file: Any) -> UTCDateTime:
    text = _value(file, "DATETIME")[0]
    text = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    try:
        return UTCDateTime(text.strip("\0 "))
    except Exception as error:  # ObsPy raises anything
        raise InputError(f"{path}: DATETIME is {text!r}, which is no date.") from error


def _coordinates(group: Any, azimuth: float | None) -> dict[str, float] | None:
    for name, kind in (("STLA,STLO,STDP", "sphere"), ("STX,STY,STZ", "grid")):
        if name not in group and name not in group.attrs:
            continue
        first, second, third = (float(value) for value in _value(group, name)[:3])
        if kind == "grid":
            return cartesian(first, second, third, azimuth)
        if abs(first) <= 90.0 and abs(second) <= 360.0:
            return {"latitude": first, "longitude": second, "elevation": -third}
    return None


def _azimuth(file: Any, names: Sequence[str]) -> float | None:
    """Of the grid's x axis; None if the file does not tell.

    CMPAZ and CMPINC of a component have changed places in SW4's source; those of Z (0 and 180) show
    it. SW4's first process writes them for all, and writes 0 for stations of other processes: what
    is not 0 holds for all. That it is 0 is checked by the places of two stations.
    """
    found = set()
    for name in names:
        group = file[name]
        for x, z in (("X", "Z"), ("Vx", "Vz")):
            if f"{x}CMPAZ" in group and f"{z}CMPAZ" in group:
                swapped = _value(group, f"{z}CMPAZ")[0] == 180.0
                found.add(float(_value(group, f"{x}CMPINC" if swapped else f"{x}CMPAZ")[0]))
    given = found - {0.0}
    if len(given) == 1:
        return given.pop()
    between = _azimuth_of_places(file, names)
    if found == {0.0} and between is not None and abs((between + 180.0) % 360.0 - 180.0) < 2.0:
        return 0.0
    return None


def _azimuth_of_places(file: Any, names: Sequence[str]) -> float | None:
    """Of x, from two stations' places on the grid and on the Earth."""
    places = []
    for name in names:
        try:
            places.append(
                [*_value(file[name], "STX,STY,STZ")[:2], *_value(file[name], "STLA,STLO,STDP")[:2]]
            )
        except InputError:
            continue
    if len(places) < 2:
        return None
    x, y, latitude, longitude = np.array(places, dtype=float).T
    far = int(np.argmax(np.hypot(x - x[0], y - y[0])))
    if np.hypot(x[far] - x[0], y[far] - y[0]) < _APART:
        return None
    bearing = gps2dist_azimuth(latitude[0], longitude[0], latitude[far], longitude[far])[1]
    return float(bearing - np.rad2deg(np.arctan2(y[far] - y[0], x[far] - x[0])))


def orient(stream: Stream, azimuth: float | None) -> Stream:
    """Note which way X and Y point, or that they are the grid's."""
    if "X" not in {trace.stats.channel[-1] for trace in stream}:
        return stream
    for trace in stream:
        if azimuth is None:
            trace.stats.simulation.axes = "grid"
            continue
        angle, dip = {"X": (azimuth, 0.0), "Y": (azimuth + 90.0, 0.0), "Z": (0.0, -90.0)}[
            trace.stats.channel[-1]
        ]
        trace.stats.orientation = AttribDict(azimuth=angle % 360.0, dip=dip)
    return stream


def cartesian(x: float, y: float, z: float, azimuth: float | None) -> dict[str, float]:
    """A place on the grid with z up, and x to the east if it is known where the grid points."""
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
