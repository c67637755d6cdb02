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
from .stations import is_on_earth
from .table import head, header_number, make_stream, read_text

_KEY = re.compile(r"[A-Z][A-Z0-9_/^ ]*")
_HEADER_LINES = 100  #: at most
_KINDS = ("ACCELERATION", "VELOCITY", "DISPLACEMENT")
_START = "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS"
_DATES = (
    *("%Y%m%d_%H%M%S.%f", "%Y%m%d_%H%M%S", "%Y-%m-%dT%H:%M:%S.%f"),
    *("%Y/%m/%d %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S.%f"),
)
#: Keys of the header, by the names that ``stats`` has for them.
_STATS = {
    "magnitude": "MAGNITUDE_W",
    "local_magnitude": "MAGNITUDE_L",
    "depth_km": "EVENT_DEPTH_KM",
    "vs30_m_s": "VS30_M/S",
    "epicentral_distance_km": "EPICENTRAL_DISTANCE_KM",
}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the header is ESM's: the event first, then interval, count and unit."""
    start = head(path)
    return bool(
        start
        and start.startswith("EVENT_NAME:")
        and all(f"\n{key}:" in start for key in ("SAMPLING_INTERVAL_S", "NDATA", "UNITS"))
    )


def read(path: Any, units: str | None = None, **options: Any) -> Stream:
    """Read one component; ``obspy.read("IT.AQK..HN?.*.ASC")`` reads a station's three.

    Acceleration, velocity or displacement in the unit of the header, from its date. Coordinates,
    moment and local magnitude, depth, epicentral distance and Vs30 are noted in ``stats``. A
    component that points south, west or down is turned round.

    :param units: of the samples; default: those of the header.
    :raises InputError: for a file that is cut off, is not of this format, or holds a spectrum.
    """
    refuse_unknown("ESM", options, ("units",))
    if units is not None:
        parse_units(units)
    text = read_text(path)
    header, first = _header(text)
    kind = header.get("DATA_TYPE", "").upper()
    if "SPECTRUM" in kind:
        raise InputError(f"{path} holds a response spectrum, no record.")
    count, interval = (header_number(header, key) for key in ("NDATA", "SAMPLING_INTERVAL_S"))
    if count is None or interval is None or count != int(count):
        raise InputError(f"{path}: NDATA and SAMPLING_INTERVAL_S in the header are no numbers.")
    channel = header.get("STREAM") or header.get("COMPONENT", "")
    component = axes.component(channel)
    if component is None:
        raise InputError(f"{path}: STREAM in the header is {channel!r}, which names no component.")
    values = samples(path, text, first, int(count), interval)
    seed_code = re.fullmatch(rf"\w\w{component.letter}", channel, re.I)
    stream = make_stream(
        path, np.arange(len(values)) * interval, (component.sign * values)[:, None],
        component.letter, units or _units(header.get("UNITS", ""), kind),
        header.get("STATION_CODE") or Path(path).stem, "ESM",
        network=header.get("NETWORK", ""), start=_start(path, header),
        coordinates=_coordinates(path, header), channels=[channel.upper()] if seed_code else None,
        orientations=component.orientation and [component.orientation],
    )  # fmt: skip
    stats = stream[0].stats
    stats.location = header.get("LOCATION", "") if len(header.get("LOCATION", "")) <= 2 else ""
    for name, key in _STATS.items():
        value = header_number(header, key)
        if value is not None:
            stats[name] = value
    return stream


def _header(text: str) -> tuple[dict[str, str], int]:
    """Values by key, and the number of header lines."""
    header: dict[str, str] = {}
    lines = text.split("\n", _HEADER_LINES)[:_HEADER_LINES]
    for number, line in enumerate(lines):
        key, colon, value = line.partition(":")
        if colon and _KEY.fullmatch(key.strip()):
            header.setdefault(key.strip(), value.strip())
        elif line.strip():
            return header, number
    return header, len(lines)


def _units(unit: str, kind: str) -> str:
    """The header's unit; where it contradicts the kind of data, a text that is no unit says so."""
    try:
        order = parse_units(unit).order
    except InputError:
        return unit or "not in the file"
    orders = [number for number, word in enumerate(reversed(_KINDS)) if word in kind]
    return f"contradictory: {kind} in {unit}" if orders and orders != [order] else unit


def _start(path: Any, header: Mapping[str, str]) -> UTCDateTime | None:
    text = header.get(_START, "")
    if not text:
        return None
    for pattern in _DATES:
        try:
            return UTCDateTime(datetime.strptime(text[:26], pattern))
        except ValueError:
            continue
    raise InputError(f"{path}: {_START} is {text!r}, which is no date.")


def _coordinates(path: Any, header: Mapping[str, str]) -> dict[str, float] | None:
    names = ("STATION_LATITUDE_DEGREE", "STATION_LONGITUDE_DEGREE", "STATION_ELEVATION_M")
    latitude, longitude, elevation = (header_number(header, name) for name in names)
    if latitude is None or longitude is None:
        return None
    if not is_on_earth(latitude, longitude):
        raise InputError(f"{path}: latitude {latitude:g} and longitude {longitude:g} are no place.")
    return {"latitude": latitude, "longitude": longitude, "elevation": elevation or 0.0}
