"""Strong-motion records of ESM and ITACA (``.ASC``, header DYNA 1.0 to 1.2), one component each.

Lines ``KEY: value`` (64 of them in DYNA 1.2, 55 in 1.0), then one sample a line. AFAD's records
have the same keys. The keys are those of INGV's dyna-convert.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, UTCDateTime

from ..errors import InputError
from ..records.units import parse_units
from . import axes
from .options import refuse_unknown
from .series import samples
from .table import head, make_stream, read_text

_KEY = re.compile(r"[A-Z][A-Z0-9_/^ ]*")
_MOST = 100  #: lines of a header
_KINDS = ("ACCELERATION", "VELOCITY", "DISPLACEMENT")
_FIRST = "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS"
_DATES = (
    *("%Y%m%d_%H%M%S.%f", "%Y%m%d_%H%M%S", "%Y-%m-%dT%H:%M:%S.%f"),
    *("%Y/%m/%d %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S.%f"),
)
#: Where ``stats`` has what the header says.
_STATS = {
    "magnitude": "MAGNITUDE_W",
    "local_magnitude": "MAGNITUDE_L",
    "depth_km": "EVENT_DEPTH_KM",
    "vs30_m_s": "VS30_M/S",
    "epicentral_distance_km": "EPICENTRAL_DISTANCE_KM",
}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header is ESM's: event first, and the interval, stream and unit in it."""
    start = head(path)
    return bool(
        start
        and start.startswith("EVENT_NAME:")
        and all(f"\n{key}:" in start for key in ("SAMPLING_INTERVAL_S", "NDATA", "UNITS"))
    )


def read(path: Any, units: str | None = None, **options: Any) -> Stream:
    """Read one component; ``obspy.read("IT.AQK..HN?.*.ASC")`` reads a station's three.

    Coordinates, magnitude (moment, and local), depth, epicentral distance and Vs30 go to
    ``stats``.

    :param units: of the samples; default: what the header says.
    :raises InputError: for a file that is cut off, is none of these, or holds a spectrum.
    """
    refuse_unknown("ESM", options, known=("units",))
    if units is not None:
        parse_units(units)
    text = read_text(path)
    header, first = _header(text)
    kind = header.get("DATA_TYPE", "").upper()
    if "SPECTRUM" in kind:
        raise InputError(f"{path} holds a response spectrum, no record.")
    count, interval = _number(header, "NDATA"), _number(header, "SAMPLING_INTERVAL_S")
    if count is None or interval is None or count != int(count):
        raise InputError(f"{path}: NDATA and SAMPLING_INTERVAL_S in the header are no numbers.")
    channel = header.get("STREAM") or header.get("COMPONENT", "")
    known = axes.component(channel)
    if known is None:
        raise InputError(f"{path}: STREAM in the header is {channel!r}, which names no component.")
    values = samples(path, text, first, int(count), interval)
    whole = channel.upper() if re.fullmatch(rf"\w\w{known.letter}", channel, re.I) else None
    stream = make_stream(
        path, np.arange(len(values)) * interval, (known.sign * values)[:, None], known.letter,
        units or _units(header.get("UNITS", ""), kind),
        header.get("STATION_CODE") or Path(path).stem, "ESM",
        network=header.get("NETWORK", ""), start=_start(path, header),
        coordinates=_coordinates(path, header), channels=whole and [whole],
        orientations=known.orientation and [known.orientation],
    )  # fmt: skip
    stats = stream[0].stats
    stats.location = header.get("LOCATION", "") if len(header.get("LOCATION", "")) <= 2 else ""
    for name, key in _STATS.items():
        value = _number(header, key)
        if value is not None:
            stats[name] = value
    return stream


def _header(text: str) -> tuple[dict[str, str], int]:
    """Values by key, and how many lines they take."""
    header: dict[str, str] = {}
    lines = text.split("\n", _MOST)[:_MOST]
    for number, line in enumerate(lines):
        key, colon, value = line.partition(":")
        if colon and _KEY.fullmatch(key.strip()):
            header.setdefault(key.strip(), value.strip())
        elif line.strip():
            return header, number
    return header, len(lines)


def _number(header: Mapping[str, str], key: str) -> float | None:
    try:
        value = float(header[key].split()[0])  # some files name the source after the number
    except (KeyError, IndexError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _units(unit: str, kind: str) -> str:
    """The header's unit, or words that are none where it contradicts the kind of data."""
    try:
        order = parse_units(unit).order
    except InputError:
        return unit or "not in the file"
    said = [position for position, word in enumerate(reversed(_KINDS)) if word in kind]
    return f"contradictory: {kind} in {unit}" if said and said != [order] else unit


def _start(path: Any, header: Mapping[str, str]) -> UTCDateTime | None:
    text = header.get(_FIRST, "")
    if not text:
        return None
    for pattern in _DATES:
        try:
            return UTCDateTime(datetime.strptime(text[:26], pattern))
        except ValueError:
            continue
    raise InputError(f"{path}: {_FIRST} is {text!r}, which is no date.")


def _coordinates(path: Any, header: Mapping[str, str]) -> dict[str, float] | None:
    names = ("STATION_LATITUDE_DEGREE", "STATION_LONGITUDE_DEGREE", "STATION_ELEVATION_M")
    latitude, longitude, elevation = (_number(header, name) for name in names)
    if latitude is None or longitude is None:
        return None
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 360.0):
        raise InputError(f"{path}: latitude {latitude:g} and longitude {longitude:g} are no place.")
    return {"latitude": latitude, "longitude": longitude, "elevation": elevation or 0.0}
