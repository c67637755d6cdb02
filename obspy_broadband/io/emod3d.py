"""EMOD3D's low-frequency seismograms (``*seis-*.e3d``): one binary file a process, many stations.

The number of stations (int32); 48 bytes a station: index, x, y, z of the grid, number of samples
(int32), interval in s, grid spacing in km, rotation of the model in degrees, latitude, longitude
(float32) and 8 characters of a name; then (samples, stations, 9) of float32, of which the first
three are the velocity in cm/s. qcore (ucgmsim/qcore, qcore/timeseries.py, LFSeis) turns x, y, z by
the model's rotation r: x points to azimuth 90 + r, y to 180 + r, z down. Byte order follows from
the length of the file.

The first sample lies before the origin by 1/flo or 3/flo of EMOD3D's parameters, which are in
``e3d.par`` and not in this file: times here begin with 0.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from .options import asked_stations, refuse_unknown
from .table import LARGEST, first_bytes, make_stream

_HEADER = 48  #: bytes a station
_COLUMNS = 9
_BEFORE = 4
_PLAUSIBLE = 10_000_000  #: stations


def _station(order: str) -> np.dtype:
    return np.dtype(
        [
            *((name, f"{order}i4") for name in ("index", "x", "y", "z", "samples")),
            *((name, f"{order}f4") for name in ("interval", "spacing", "rotation")),
            *((name, f"{order}f4") for name in ("latitude", "longitude")),
            ("name", "S8"),
        ]
    )


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the length of the file is that of its first numbers. Never raises."""
    return _layout(path) is not None


def _layout(path: Any) -> tuple[str, int, int] | None:
    """Byte order, stations and samples; None if they do not make up the file."""
    start = first_bytes(path, _BEFORE + _HEADER)
    if start is None or len(start) < _BEFORE + _HEADER:
        return None
    try:
        length = os.path.getsize(path)
    except OSError:
        return None
    for order in "<>":
        stations = int(np.frombuffer(start, f"{order}i4", 1)[0])
        first = np.frombuffer(start, _station(order), 1, _BEFORE)[0]
        samples = int(first["samples"])
        if (
            0 < stations < _PLAUSIBLE
            and samples > 1
            and first["interval"] > 0
            and length == _BEFORE + stations * (_HEADER + _COLUMNS * 4 * samples)
        ):
            return order, stations, samples
    return None


def read(
    path: Any,
    stations: str | Collection[str] | None = None,
    network: str = "",
    **options: Any,
) -> Stream:
    """Read a file's stations; ``obspy.read("OutBin/*_seis-*.e3d")`` reads all processes'.

    Components are X, Y and Z (up) with their azimuths in ``stats.orientation``, by which enriching
    turns them to N and E.

    :param stations: names (or one) as the file has them, to read these only; default: all.
    :param network: code to give.
    :raises InputError: for a file that is cut off or none of these, or a station that is not there.
    """
    refuse_unknown("EMOD3D", options, known=("stations", "network"))
    if not os.path.isfile(path):
        raise InputError(f"{path} is no file.")
    layout = _layout(path)
    if layout is None:
        raise InputError(
            f"{path} is no seismogram file of EMOD3D, or cut off: its length is not that of the "
            "stations and samples that its first numbers name."
        )
    order, count, samples = layout
    headers = np.fromfile(path, _station(order), count, offset=_BEFORE)
    names = [
        bytes(name).split(b"\0")[0].decode("latin-1").strip() for name in headers["name"].tolist()
    ]
    asked = asked_stations(stations)
    missing = set(asked or ()) - set(names)
    if missing:
        raise InputError(f"{path} has no station {', '.join(sorted(missing))}.")
    # A station that lies in the ghost cells of a process stands there without a name.
    chosen = [
        place for place, name in enumerate(names) if name and (asked is None or name in asked)
    ]
    if not chosen:
        raise InputError(f"{path} holds no station with a name.")
    if len(chosen) * samples * 3 * 4 > LARGEST:
        raise InputError(
            f"{path} has {len(chosen)} stations of {samples} samples, more than {LARGEST >> 20} "
            "MiB. Read some of them with stations=."
        )
    motion = np.memmap(
        path, f"{order}f4", "r", _BEFORE + count * _HEADER, (samples, count, _COLUMNS)
    )
    stream = Stream()
    for place in chosen:
        stream += _read_station(path, headers[place], names[place], motion[:, place, :3], network)
    return stream


def _read_station(path, header, name, motion, network):
    rotation, interval = float(header["rotation"]), float(header["interval"])
    latitude, longitude = float(header["latitude"]), float(header["longitude"])
    values = np.asarray(motion, dtype=float) * [1.0, 1.0, -1.0]
    if header["samples"] != len(values) or not np.isfinite([interval, rotation]).all():
        raise InputError(f"{path}: the header of station {name} differs from the first; damaged?")
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 360.0):
        raise InputError(f"{path}: station {name} lies at latitude {latitude:g}; damaged?")
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {name} has samples that are NaN or infinite.")
    return make_stream(
        path, np.arange(len(values)) * interval, values, "XYZ", "cm/s", name,
        "EMOD3D", network=network,
        coordinates={"latitude": latitude, "longitude": longitude, "elevation": 0.0},
        orientations=[
            ((90.0 + rotation) % 360.0, 0.0), ((180.0 + rotation) % 360.0, 0.0), (0.0, -90.0),
        ],
    )  # fmt: skip
