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
from .axes import grid_orientations
from .files import LARGEST_RECORD
from .options import check_stations, refuse_unknown
from .stations import is_on_earth
from .table import first_bytes, make_stream

_COUNT = 4  #: bytes of the number of stations
_HEADER = 48  #: bytes of a station's header
_COLUMNS = 9
_MOST_STATIONS = 10_000_000  #: more are implausible


def _header_type(order: str) -> np.dtype:
    """A station's header, in byte order "<" or ">"."""
    return np.dtype(
        [
            *((name, f"{order}i4") for name in ("index", "x", "y", "z", "samples")),
            *((name, f"{order}f4") for name in ("interval", "spacing", "rotation")),
            *((name, f"{order}f4") for name in ("latitude", "longitude")),
            ("name", "S8"),
        ]
    )


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the file has the length that its first numbers imply. Never raises."""
    return _layout(path) is not None


def _layout(path: Any) -> tuple[str, int, int] | None:
    """Byte order, numbers of stations and samples; None if the file's length differs from them."""
    start = first_bytes(path, _COUNT + _HEADER)
    if start is None or len(start) < _COUNT + _HEADER:
        return None
    try:
        length = os.path.getsize(path)
    except OSError:
        return None
    for order in "<>":
        stations = int(np.frombuffer(start, f"{order}i4", 1)[0])
        first = np.frombuffer(start, _header_type(order), 1, _COUNT)[0]
        samples = int(first["samples"])
        if (
            0 < stations < _MOST_STATIONS
            and samples > 1
            and first["interval"] > 0
            and length == _COUNT + stations * (_HEADER + _COLUMNS * 4 * samples)
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

    Velocity in cm/s. Components are X, Y and Z (up) with their azimuths in ``stats.orientation``,
    by which enriching turns them to N and E. The first sample is at 1970-01-01, although it lies
    before the origin time (see above).

    :param stations: names (or one) as the file has them, to read only these; default: all.
    :param network: network code of the traces.
    :raises InputError: for a file that is cut off or not EMOD3D's, a station that is not there, or
        samples that are NaN or infinite.
    """
    refuse_unknown("EMOD3D", options, ("stations", "network"))
    if not os.path.isfile(path):
        raise InputError(f"{path} is no file.")
    layout = _layout(path)
    if layout is None:
        raise InputError(
            f"{path} is no seismogram file of EMOD3D, or cut off: its length is not that of the "
            "stations and samples that its first numbers name."
        )
    order, count, samples = layout
    headers = np.fromfile(path, _header_type(order), count, offset=_COUNT)
    names = [
        bytes(name).split(b"\0")[0].decode("latin-1").strip() for name in headers["name"].tolist()
    ]
    selected = check_stations(path, stations, set(names))
    # A station in the ghost cells of a process has an entry without a name.
    indices = [
        index for index, name in enumerate(names) if name and (selected is None or name in selected)
    ]
    if not indices:
        raise InputError(f"{path} holds no station with a name.")
    if len(indices) * samples * 3 * 4 > LARGEST_RECORD:
        raise InputError(
            f"{path} has {len(indices)} stations of {samples} samples, more than "
            f"{LARGEST_RECORD >> 20} MiB. Read some of them with stations=."
        )
    motion = np.memmap(
        path, f"{order}f4", "r", _COUNT + count * _HEADER, (samples, count, _COLUMNS)
    )
    stream = Stream()
    for index in indices:
        stream += _read_station(path, headers[index], names[index], motion[:, index, :3], network)
    return stream


def _read_station(path: Any, header: Any, name: str, motion: Any, network: str) -> Stream:
    """:raises InputError: for a header or samples that cannot be right."""
    rotation, interval = float(header["rotation"]), float(header["interval"])
    latitude, longitude = float(header["latitude"]), float(header["longitude"])
    values = np.asarray(motion, dtype=float) * [1.0, 1.0, -1.0]
    if header["samples"] != len(values) or not np.isfinite([interval, rotation]).all():
        raise InputError(f"{path}: the header of station {name} differs from the first; damaged?")
    if not is_on_earth(latitude, longitude):
        raise InputError(f"{path}: station {name} lies at latitude {latitude:g}; damaged?")
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {name} has samples that are NaN or infinite.")
    return make_stream(
        path, np.arange(len(values)) * interval, values, "XYZ", "cm/s", name,
        "EMOD3D", network=network,
        coordinates={"latitude": latitude, "longitude": longitude, "elevation": 0.0},
        orientations=grid_orientations(90.0 + rotation),
    )  # fmt: skip
