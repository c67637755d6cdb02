"""AxiSEM3D's stations: displacement in m, in netCDF or text.

- netCDF-4 (``axisem3d_synthetics.nc``, or ``.nc.rank0`` and so on): ``data_time`` (samples),
  ``data_wave`` (stations, channels, samples), ``list_station``, ``list_channel``
  (StationIO_NetCDF.cpp, StationIO_ParNetCDF.cpp).
- Text a station: ``NET.STA.ascii`` (samples, channels) beside ``data_time.ascii`` and
  ``list_channel.info``; text a channel: ``dir_rank0/U1.ascii`` (samples, stations) beside
  ``list_station.info``, below ``data_time.ascii`` (StationIO_Ascii.cpp).

The channels U1, U2, U3 are displacement in the frame that ``coordinate_frame`` of the run's
inparam.output.yaml names, an input of the run, and no file of its output: RTZ (radial away from the
source, transverse, up) or ENZ (east, north, up). Time zero is that of the source-time function.
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
from .table import head, make_stream, read_table

_SETS = ("data_time", "data_wave", "list_station", "list_channel")
_FRAMES = ("ENZ", "RTZ")
_DISPLACEMENT = ("U1", "U2", "U3")
_CHANNEL = re.compile(r"^([UGERS]\d{1,2}|[UR]_NORM|[GES]_[IJ]\d|X|P)$")
_SETTINGS = 1024**2  # characters of inparam.output.yaml
#: AxiSEM3D's fill value of samples that are not yet written is -12345e10.
_UNWRITTEN = -1e13


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether name and neighbouring files, or the names of the data sets, are AxiSEM3D's."""
    if not isinstance(path, (str, Path)):
        return False
    path = Path(path)
    if path.suffix == ".ascii":
        return bool(head(path)) and _text_layout(path) is not None
    return ".nc" in path.name and matches(path, lambda file: all(name in file for name in _SETS))


def _text_layout(path: Path) -> str | None:
    """Whether a text file is of a "station" or a "channel"; None if it is not AxiSEM3D's."""
    folder = path.parent
    if _CHANNEL.match(path.stem) and (folder / "list_station.info").is_file():
        return "channel"
    beside = (folder / "list_channel.info").is_file() and (folder / "data_time.ascii").is_file()
    return "station" if beside and path.name != "data_time.ascii" else None


def read(path: Any, components: str | None = None, **options: Any) -> Stream:
    """Read the stations of a file.

    Displacement in m; components E, N, Z or R, T, Z, as the run's ``coordinate_frame`` says. Time
    zero, that of the source-time function, is 1970-01-01.

    :param components: the run's ``coordinate_frame``: "ENZ" or "RTZ"; default: that of the run's
        ``input/inparam.output.yaml``, if the file lies in ``output/stations/GROUP`` beside it.
    :raises InputError: if the frame is not known, for a file without displacement or a damaged one.
    """
    refuse_unknown("AXISEM3D", options, ("components",))
    frame = str(components) if components is not None else _frame(Path(path))
    if frame is None or frame.upper() not in _FRAMES:
        value = "" if frame is None else f", not {frame!r}"
        raise InputError(
            f"{path}: the directions of U1, U2, U3 are in no file of AxiSEM3D's output; pass the "
            "coordinate_frame of the run's inparam.output.yaml: components='ENZ' or 'RTZ' "
            f"(--read components=){value}. spz and xyz need the geometry of the source: set "
            "coordinate_frame to ENZ and run AxiSEM3D again, or rotate the records yourself."
        )
    path = Path(path)
    if path.suffix == ".ascii":
        times, waves, stations, channels = _read_text(path)
    else:
        times, waves, stations, channels = _read_netcdf(path)
    displacements = [name for name in _DISPLACEMENT if name in channels]
    if not displacements:
        raise InputError(
            f"{path} has the channels {', '.join(channels)[:80]}; displacement U1, U2, U3 is "
            "needed. Add U to the station group's channels."
        )
    rows = [channels.index(name) for name in displacements]
    letters = [frame.upper()[_DISPLACEMENT.index(name)] for name in displacements]
    stream = Stream()
    for station, motion in zip(stations, waves):
        network, dot, code = station.partition(".")
        stream += make_stream(
            path, times, motion[rows].T, letters, "m", code if dot else station, "AXISEM3D",
            network=network if dot else "",
        )  # fmt: skip
    return stream


def _frame(path: Path) -> str | None:
    """``coordinate_frame`` of the file's station group in the run's inparam.output.yaml, if any."""
    group = path.absolute().parent
    if path.suffix == ".ascii" and _text_layout(path) == "channel":
        group = group.parent
    if len(group.parents) < 3 or group.parent.name != "stations":
        return None
    try:
        settings = group.parents[2] / "input" / "inparam.output.yaml"
        lines = settings.read_text(encoding="utf-8")[:_SETTINGS].splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    depth = None
    for line in lines:
        text = line.split("#", 1)[0].rstrip()
        indent = len(text) - len(text.lstrip())
        if re.match(rf"\s*-\s*{re.escape(group.name)}\s*:$", text):
            depth = indent
        elif text and depth is not None and indent <= depth:
            return None
        elif depth is not None:
            entry = re.match(r"\s*coordinate_frame\s*:\s*(\w+)$", text)
            if entry:
                return entry[1]
    return None


def _read_netcdf(path: Path) -> tuple[np.ndarray, np.ndarray, list[str], list[str]]:
    """Times (samples,), motion (stations, channels, samples), names of stations and of channels."""
    with open_file(path, "cannot be read as AxiSEM3D's netCDF") as file:
        times, waves, stations, channels = (dataset(file, name, LARGEST)[()] for name in _SETS)
    names = [_names(path, listing) for listing in (stations, channels)]
    expected = (len(names[0]), len(names[1]), times.size)
    if times.ndim != 1 or waves.shape != expected or times.dtype.kind != "f":
        raise InputError(
            f"{path}: data_wave has the shape {waves.shape}; {expected} (stations, channels, "
            "samples) is expected."
        )
    waves = np.asarray(waves, dtype=float)
    written = int(np.argmin(np.append(times, _UNWRITTEN) > _UNWRITTEN))
    times, waves = times[:written], waves[..., :written]
    _check(path, times, waves)
    return times, waves, *names


def _names(path: Path, listing: Any) -> list[str]:
    """Names in a data set of strings, or of rows of characters.

    :raises InputError: for a data set of anything else.
    """
    try:
        rows = listing if listing.ndim == 1 else [b"".join(row) for row in listing]
        return [bytes(row).split(b"\0")[0].decode().strip() for row in rows]
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: the names of stations or channels are no texts.") from error


def _read_text(path: Path) -> tuple[np.ndarray, np.ndarray, list[str], list[str]]:
    """As :func:`_read_netcdf`, from text with a file a station or a channel."""
    layout = _text_layout(path)
    if layout is None:
        raise InputError(
            f"{path}: data_time.ascii and list_channel.info (text a station), or list_station.info "
            "(text a channel), must lie beside it."
        )
    by_station = layout == "station"
    listing = path.parent / ("list_channel.info" if by_station else "list_station.info")
    time_file = (path.parent if by_station else path.parent.parent) / "data_time.ascii"
    times = _columns(time_file, 1)[:, 0]
    try:
        names = listing.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{listing} cannot be read as a list of names.") from error
    columns = _columns(path, len(names))
    if len(columns) != len(times):
        raise InputError(
            f"{path} has {len(columns)} rows, but {time_file.name} has {len(times)}; is one cut "
            "off?"
        )
    if by_station:
        return times, columns.T[None], [path.stem], names
    return times, columns.T[:, None], names, [path.stem]


def _columns(path: Path, count: int) -> np.ndarray:
    """:raises InputError: for another number of columns."""
    _, table = read_table(path)
    if table.shape[1] != count:
        raise InputError(f"{path} has {table.shape[1]} columns; {count} are expected.")
    return table


def _check(path: Path, times: np.ndarray, waves: np.ndarray) -> None:
    """:raises InputError: for no time series, or samples that are not finite or not written."""
    if len(times) < 2:
        raise InputError(f"{path} holds {len(times)} samples; a time series is needed.")
    if not (np.isfinite(times).all() and np.isfinite(waves).all() and (waves > _UNWRITTEN).all()):
        raise InputError(f"{path} holds samples that are NaN, infinite or were never written.")
