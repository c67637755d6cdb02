"""Seismograms of SPECFEM3D Cartesian and Globe in text: one component a file, SI units.

``NET.STA.BXZ.semd``, ``.semv``, ``.sema`` (SPECFEM3D, src/specfem3D/write_seismograms.f90 and
write_output_ASCII_or_binary.f90) and ``NET.STA.MXZ.sem.ascii``, displacement (SPECFEM3D_GLOBE,
src/specfem3D/write_output_ASCII.f90). Two columns, time and motion. Time zero is the centroid time
of the source, so the first time is usually negative. X, Y, Z are east, north, up.

The name of a file determines everything but the order of network and station, which older versions
reversed, and the dots that belong to the station's name. ``STATIONS`` (station, network, latitude
or y, longitude or x, elevation, burial) settles both and gives coordinates.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from obspy import Stream

from ..errors import InputError, InputWarning
from .files import cached_until_changed
from .options import refuse_unknown
from .quantity import UNITS, check_quantity
from .stations import is_on_earth
from .table import head, make_stream, read_table, row_of_numbers

_KINDS = {"d": "displacement", "v": "velocity", "a": "acceleration", "": "displacement"}
_NAME = re.compile(
    r"^(?P<codes>[^.]+(?:\.[^.]+)+)\.(?P<channel>[A-Z]{2}[A-Z0-9])\.(?:sem(?P<kind>[dvap])"
    r"(?:\.ascii)?|sem\.ascii)$",
    re.IGNORECASE,
)
#: Symmetric strain: SPECFEM's own band codes are F, C, H, B, M and L.
_STRAIN = re.compile(r"^S[XYZEN]{2}$")
_LOCATION = re.compile(r"^[A-Z0-9]{2}$")
#: Paths of STATIONS from the seismograms' folder; the first that exists is read.
_STATIONS = ("STATIONS", "DATA/STATIONS", "../DATA/STATIONS", "../STATIONS")
_LARGEST_STATIONS = 64 * 1024**2  #: bytes of STATIONS
_COLUMN = "u_cartesian"  #: of the analytic solutions among SPECFEM3D's examples


class Name(NamedTuple):
    """Codes and quantity by a file's name, and its station's position by STATIONS.

    :param quantity: "acceleration", "velocity" or "displacement".
    :param position: the numbers of its line of STATIONS: latitude or y, longitude or x, elevation,
        burial; None without.
    """

    network: str
    station: str
    location: str
    channel: str
    quantity: str
    position: tuple[float, ...] | None


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the name is SPECFEM's and the first row is time and motion."""
    if not isinstance(path, (str, Path)) or not _NAME.match(Path(path).name):
        return False
    lines = [line.strip() for line in (head(path) or "").splitlines() if line.strip()]
    rows = [line for line in lines if not line.startswith("#")]
    count = len(row_of_numbers(rows[0]) or ()) if rows else 0
    return count == 2 or (count > 2 and any(_COLUMN in line for line in lines))


def name_parts(path: Any, station_first: bool | None = None, stations: Any = None) -> Name:
    """Codes and quantity by a file's name; the file itself is not opened.

    :param station_first: whether the name begins with the station; default: by STATIONS, else no.
    :param stations: path of STATIONS; default: that in the file's folder, in its ``DATA`` or in
        ``../DATA``, if any.
    :raises InputError: for a name that is not SPECFEM's, pressure, strain, or a STATIONS that
        cannot be read.
    """
    path = Path(path)
    match = _NAME.match(path.name)
    if not match:
        raise InputError(
            f"{path}: the name must be NETWORK.STATION.CHANNEL.semd, .semv, .sema or .sem.ascii, "
            "which says what is in it."
        )
    channel, kind = match["channel"].upper(), (match["kind"] or "").lower()
    if kind == "p":
        raise InputError(f"{path} holds pressure; motion (.semd, .semv, .sema) is needed.")
    if _STRAIN.match(channel):
        raise InputError(f"{path} holds strain; motion (e.g. BXZ) is needed.")
    codes = match["codes"].split(".")
    positions = _positions(path, stations)
    for network, station, location in _readings(codes, station_first):
        position = positions.get((network, station))
        if position is not None:
            return Name(network, station, location, channel, _KINDS[kind], position)
    if station_first:
        codes = [codes[-1], *codes[:-1]]
    location = codes.pop() if len(codes) > 2 and _LOCATION.match(codes[-1]) else ""
    return Name(codes[0], ".".join(codes[1:]), location, channel, _KINDS[kind], None)


def contents(path: Any) -> tuple[str, list[str]]:
    """Quantity and trace ids of a file, by its name; see :func:`name_parts`."""
    name = name_parts(path)
    return name.quantity, [f"{name.network}.{name.station}.{name.location}.{name.channel}"]


def _looks_reversed(name: Name) -> bool:
    """Whether the first code is too long for a network, and the second is not."""
    return len(name.network) > 2 >= len(name.station) and not name.location


def _readings(codes: list[str], station_first: bool | None) -> list[tuple[str, str, str]]:
    """Network, station and location that the codes may be, the most likely first."""
    readings = []
    for reverse in (False, True) if station_first is None else (station_first,):
        for count in (0, 1) if len(codes) > 2 and _LOCATION.match(codes[-1]) else (0,):
            names = codes[: len(codes) - count]
            network, station = (names[-1], names[:-1]) if reverse else (names[0], names[1:])
            readings.append((network, ".".join(station), codes[-1] if count else ""))
    return readings


def _positions(path: Path, stations: Any) -> dict[tuple[str, str], tuple[float, ...]]:
    """The numbers of STATIONS by network and station; none without the file."""
    if stations is not None:
        if not Path(stations).is_file():
            raise InputError(f"stations={str(stations)!r} is no file.")
        candidates = [Path(stations)]
    else:
        candidates = [path.parent / name for name in _STATIONS]
    for candidate in candidates:
        if candidate.is_file():
            return _read_stations(candidate)
    return {}


@cached_until_changed
def _read_stations(path: Path) -> dict[tuple[str, str], tuple[float, ...]]:
    """:raises InputError: for anything but a list of stations, with the number of the line."""
    if path.stat().st_size > _LARGEST_STATIONS:
        raise InputError(
            f"{path} is larger than {_LARGEST_STATIONS >> 20} MiB: no list of stations."
        )
    positions: dict[tuple[str, str], tuple[float, ...]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as SPECFEM's list of stations.") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            position = tuple(float(word.lower().replace("d", "e")) for word in words[2:6])
        except ValueError:
            position = ()
        if len(position) < 2:
            raise InputError(
                f"{path}, line {number}: station, network, latitude, longitude, elevation and "
                f"burial are expected, not {line.strip()[:60]!r}. Mend it, or pass stations= "
                "another list."
            )
        positions[words[1], words[0]] = position
    return positions


def _coordinates(path: Path, name: Name) -> dict[str, float] | None:
    """The station's position: latitude and longitude, or x and y.

    STATIONS has y and x where no UTM projection is used. Then, and only then, the horizontal
    components are X and Y. A vertical component without a horizontal one beside it leaves it open,
    unless the numbers are no latitude and longitude.
    """
    if name.position is None:
        return None
    first, second, *vertical = name.position
    letter = name.channel[-1]
    if letter == "Z":
        band = name.channel[:-1]
        horizontals = [code for code in "XYENRT" if _sibling(path, band + code).is_file()]
        letter = horizontals[0] if horizontals else "Z"
    if letter in "XY" or not is_on_earth(first, second):
        return {"x": second, "y": first}
    if letter == "Z" and not path.name.lower().endswith(".sem.ascii"):
        return None
    elevation, burial = (*vertical, 0.0, 0.0)[:2]
    return {"latitude": first, "longitude": second, "elevation": elevation - burial}


def _sibling(path: Path, channel: str) -> Path:
    """The path of another channel of the same station."""
    before, _, after = path.name.rpartition(".sem")
    return path.with_name(f"{before[:-3]}{channel}.sem{after}")


def read(
    path: Any,
    quantity: str | None = None,
    station_first: bool | None = None,
    stations: Any = None,
    **options: Any,
) -> Stream:
    """Read one component.

    SI units; components as the name has them, X, Y, Z being east, north, up. Time zero, the
    centroid time of the source, is 1970-01-01.

    :param quantity: "acceleration", "velocity" or "displacement"; a file of another one gives an
        empty Stream, so that a pattern may match all three.
    :param station_first: for versions of SPECFEM that wrote STA.NET.CHA; default: by STATIONS, else
        no.
    :param stations: path of STATIONS; default: that beside the file, in its folder ``DATA`` or in
        ``../DATA``. Gives ``stats.coordinates``.
    :raises InputError: for a name or a content that is not SPECFEM's, pressure and strain.
    """
    refuse_unknown("SPECFEM", options, ("quantity", "station_first", "stations"))
    check_quantity(quantity)
    name = name_parts(path, station_first, stations)
    if quantity not in (None, name.quantity):
        return Stream()
    if name.position is None and station_first is None and _looks_reversed(name):
        warnings.warn(
            "SPECFEM's files are read as NETWORK.STATION.CHANNEL; some names look like "
            "STATION.NETWORK.CHANNEL, as older versions wrote them. Put STATIONS beside the files, "
            "or pass station_first=True (or False).",
            InputWarning,
            stacklevel=2,
        )
    header, table = read_table(path)
    column = 1
    if table.shape[1] != 2:
        names = next((line.replace("#", " ").split() for line in header if _COLUMN in line), [])
        column = names.index(_COLUMN) if names[:1] == ["time"] and _COLUMN in names else 0
        if not 0 < column < table.shape[1]:
            raise InputError(f"{path} has {table.shape[1]} columns; time and motion are expected.")
    stream = make_stream(
        path, table[:, 0], table[:, [column]], name.channel[-1], UNITS[name.quantity],
        name.station, "SPECFEM", network=name.network, channels=[name.channel],
        coordinates=_coordinates(Path(path), name),
    )  # fmt: skip
    for trace in stream:
        trace.stats.location = name.location
    return stream
