"""Seismograms of SPECFEM3D Cartesian and Globe in text: one component a file, SI units.

``NET.STA.BXZ.semd``, ``.semv``, ``.sema`` (SPECFEM3D, src/specfem3D/write_seismograms.f90 and
write_output_ASCII_or_binary.f90) and ``NET.STA.MXZ.sem.ascii``, displacement (SPECFEM3D_GLOBE,
src/specfem3D/write_output_ASCII.f90). Two columns, time and motion. Time zero is the centroid time
of the source, so the first time is usually negative. X, Y, Z are east, north, up.

The name says everything but the order of network and station, which older versions wrote the other
way round, and where a station's own dots are. ``STATIONS`` (station, network, latitude or y,
longitude or x, elevation, burial) settles both and gives coordinates.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from obspy import Stream

from ..errors import InputError, InputWarning
from .options import refuse_unknown
from .quantity import UNITS, check_quantity
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
#: Where STATIONS lies, seen from the seismograms' folder; the first that is there counts.
_STATIONS = ("STATIONS", "DATA/STATIONS", "../DATA/STATIONS", "../STATIONS")
_LARGEST = 64 * 1024**2
_COLUMN = "u_cartesian"  # of the analytic solutions among SPECFEM3D's examples


class Name(NamedTuple):
    """What a file's name says, with STATIONS beside it.

    :param quantity: "acceleration", "velocity" or "displacement".
    :param place: the numbers of its line of STATIONS: latitude or y, longitude or x, elevation,
        burial; None without.
    """

    network: str
    station: str
    location: str
    channel: str
    quantity: str
    place: tuple[float, ...] | None


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the name is SPECFEM's and the first row is time and motion."""
    if not isinstance(path, (str, Path)) or not _NAME.match(Path(path).name):
        return False
    lines = [line.strip() for line in (head(path) or "").splitlines() if line.strip()]
    rows = [line for line in lines if not line.startswith("#")]
    count = len(row_of_numbers(rows[0]) or ()) if rows else 0
    return count == 2 or (count > 2 and any(_COLUMN in line for line in lines))


def name_parts(path: Any, station_first: bool | None = None, stations: Any = None) -> Name:
    """What a file's name says; the file itself is not opened.

    :param station_first: whether the name begins with the station; default: what STATIONS says,
        else no.
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
    listed = _listed(path, stations)
    for network, station, rest in _readings(codes, station_first):
        place = listed.get((network, station))
        if place is not None:
            return Name(network, station, rest, channel, _KINDS[kind], place)
    if station_first:
        codes = [codes[-1], *codes[:-1]]
    location = codes.pop() if len(codes) > 2 and _LOCATION.match(codes[-1]) else ""
    return Name(codes[0], ".".join(codes[1:]), location, channel, _KINDS[kind], None)


def contents(path: Any) -> tuple[str, list[str]]:
    """Quantity and trace ids of a file, by its name; see :func:`name_parts`."""
    name = name_parts(path)
    return name.quantity, [f"{name.network}.{name.station}.{name.location}.{name.channel}"]


def _looks_reversed(name: Name) -> bool:
    """Whether what stands first is too long for a network's code, and what follows is not."""
    return len(name.network) > 2 >= len(name.station) and not name.location


def _readings(codes: list[str], station_first: bool | None) -> list[tuple[str, str, str]]:
    """Network, station and location that the codes may mean, the likeliest first."""
    found = []
    for split in (False, True) if station_first is None else (station_first,):
        for count in (0, 1) if len(codes) > 2 and _LOCATION.match(codes[-1]) else (0,):
            names = codes[: len(codes) - count]
            network, station = (names[-1], names[:-1]) if split else (names[0], names[1:])
            found.append((network, ".".join(station), codes[-1] if count else ""))
    return found


def _listed(path: Path, stations: Any) -> dict[tuple[str, str], tuple[float, ...]]:
    """STATIONS by network and station."""
    if stations is not None:
        if not Path(stations).is_file():
            raise InputError(f"stations={str(stations)!r} is no file.")
        candidates = [Path(stations)]
    else:
        candidates = [path.parent / name for name in _STATIONS]
    for candidate in candidates:
        if candidate.is_file():
            status = candidate.stat()
            return _read_stations(candidate, status.st_mtime_ns, status.st_size)
    return {}


@lru_cache(maxsize=8)
def _read_stations(path: Path, changed: int, size: int) -> dict[tuple[str, str], tuple[float, ...]]:
    """:param changed: time of the last change: a file that has changed is read again."""
    if size > _LARGEST:
        raise InputError(f"{path} is larger than {_LARGEST >> 20} MiB: no list of stations.")
    listed: dict[tuple[str, str], tuple[float, ...]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as SPECFEM's list of stations.") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            place = tuple(float(word.lower().replace("d", "e")) for word in words[2:6])
        except ValueError:
            place = ()
        if len(place) < 2:
            raise InputError(
                f"{path}, line {number}: station, network, latitude, longitude, elevation and "
                f"burial are expected, not {line.strip()[:60]!r}. Mend it, or pass stations= "
                "another list."
            )
        listed[words[1], words[0]] = place
    return listed


def _coordinates(path: Path, name: Name) -> dict[str, float] | None:
    """STATIONS has latitudes and longitudes, or y and x where no UTM projection is used.

    Then, and only then, the horizontal components are X and Y. A vertical component by itself does
    not tell, unless the numbers are no latitude and longitude.
    """
    if name.place is None:
        return None
    first, second, *others = name.place
    letter = name.channel[-1]
    if letter == "Z":
        letters = [one for one in "XYENRT" if _sibling(path, name.channel[:-1] + one).is_file()]
        letter = letters[0] if letters else "Z"
    geographic = abs(first) <= 90 and abs(second) <= 360
    if letter in "XY" or not geographic:
        return {"x": second, "y": first}
    if letter == "Z" and not path.name.lower().endswith(".sem.ascii"):
        return None
    elevation, burial = (*others, 0.0, 0.0)[:2]
    return {"latitude": first, "longitude": second, "elevation": elevation - burial}


def _sibling(path: Path, channel: str) -> Path:
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

    :param quantity: "acceleration", "velocity" or "displacement"; a file of another one gives an
        empty Stream, so that a pattern may match all three.
    :param station_first: for versions of SPECFEM that wrote STA.NET.CHA; default: what STATIONS
        says, else no.
    :param stations: path of STATIONS; default: that beside the file, in its folder ``DATA`` or in
        ``../DATA``. Gives ``stats.coordinates``.
    :raises InputError: for a name or a content that is not SPECFEM's, pressure and strain.
    """
    refuse_unknown("SPECFEM", options, ("quantity", "station_first", "stations"))
    check_quantity(quantity)
    name = name_parts(path, station_first, stations)
    if quantity not in (None, name.quantity):
        return Stream()
    if name.place is None and station_first is None and _looks_reversed(name):
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
