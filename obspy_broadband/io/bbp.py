"""SCEC Broadband Platform seismograms (``.bbp``): time and three components of one station.

Lines with ``#`` or ``%`` come first. They name the columns in one line (simulated:
``time(sec) N-S(cm/s/s) ...``, bbp/src/gp/WccFormat/Progs/wcc2bbp.c) or each in a line of its own
(observed: ``Column 2: North-south acceleration (cm/s/s) (+ is northward)``), or the azimuths
(``orientation= 0,90,UP`` of SCECcode/ts-process). Without them the columns are N, E, Z. Where they
name no unit it follows from the name: ``*.acc.bbp``, ``*.vel.bbp``, ``*.dis.bbp``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from obspy import Inventory, Stream, UTCDateTime

from ..errors import InputError
from ..records.headers import header_part
from ..records.trace_units import units_to_write
from ..records.units import parse_units
from . import axes
from .options import refuse_unknown
from .stations import is_on_earth
from .table import (
    HEADER_LINE,
    head,
    header_number,
    make_stream,
    one_station,
    read_table,
    row_of_numbers,
)

#: The beginning of a line that names the columns: time, and its unit as a rule.
_TIME = re.compile(r"t(?:ime)?(\s*\(s(?:ec)?\)|\s)(?!\s*[:=])", re.I)
#: A column's name and its unit; the last unit of SDSU's header is cut off.
_COLUMN_NAME = re.compile(r"([\w/+-]+)\s*(?:\(([^()]*)(\)|$))?")
_COLUMN = re.compile(r"column\s*(\d+)\s*:\s*(.*)", re.I)
_POSITIVE = re.compile(r"\(\s*\+\s*is\s+([\w.]+?)(?:wards?)?\s*\)", re.I)
_QUANTITY = re.compile(r"\s*\b(component|ground|accel|veloc|displ)", re.I)
_IN_PARENTHESES = re.compile(r"\(\s*([^()+]*?)\s*\)")
_ENTRY = re.compile(r"([A-Za-z][\w ]*?)\s*(?:\([^()]*\))?\s*[:=]\s*(\S.*)")
_STATION = re.compile(r"\bstat\s*=\s*(\S+)")
_DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T, ]\d\d:\d\d:\d\d(\.\d+)?")
_NAME = re.compile(r"\.(acc|vel|dis)\.bbp$", re.I)
_UNITS_BY_NAME = {"acc": "cm/s/s", "vel": "cm/s", "dis": "cm"}
_UNITS_BY_ORDER = {2: ("cm/s/s", 100.0), 1: ("cm/s", 100.0), 0: ("cm", 100.0)}
_ORDER = ("N", "E", "Z")
#: The station's name in headers of SCECcode/ts-process for a station without one.
_NAMELESS = "NoName"
#: Keys of observations' headers, by the names that ``stats`` has for them.
_STATS = {"vs30_m_s": "vs30", "rupture_distance_km": "closest distance to fault"}
#: ``stats.units`` where neither the header nor the name tells them.
_UNKNOWN = "not in the file (cm/s and cm/s/s are usual in BBP files)"


class _Column(NamedTuple):
    component: axes.Component
    unit: str = ""


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether rows of four numbers follow a header of BBP's, or any in a file named ``*.bbp``."""
    start = head(path)
    if start is None:
        return False
    header = []
    for line in start.splitlines():
        text = line[:HEADER_LINE].strip()
        if text and text[0] not in "#%":
            break
        header.append(text.lstrip("#% "))
    else:
        return False
    row = row_of_numbers(text)
    if row is None or len(row) != 4 or not np.isfinite(row).all():
        return False
    if Path(path).name.lower().endswith(".bbp"):
        return True
    try:
        columns = _columns(path, header)
    except InputError:
        return False
    # Other programs name columns, too: SW4 (with their number), and tables without units.
    named = columns is not None and all(column.unit for column in columns)
    return named and "nColumns" not in start


def contents(path: Any) -> tuple[str, list[str]]:
    """Quantity of a file by its name ("" for another name), and a name for each component.

    ``100.s01.acc.bbp`` and ``100.s01.vel.bbp`` are one motion, as the platform writes them.
    """
    name = Path(path).name
    match = _NAME.search(name)
    kinds = {"acc": "acceleration", "vel": "velocity", "dis": "displacement"}
    quantity = kinds[match[1].lower()] if match else ""
    return quantity, [f"{_NAME.sub('', name)}.{letter}" for letter in _ORDER]


def read(path: Any, units: str | None = None, **options: Any) -> Stream:
    """Read one station.

    Acceleration, velocity or displacement, in cm and s as a rule, N, E, Z or the azimuths of the
    header. Times are the file's, from the header's date if it has one, else from 1970-01-01.

    :param units: of the numbers; default: those of the header, or by the name. Where neither tells
        them, ``stats.units`` says so and enriching asks for them.
    :raises InputError: for a file without four columns, or with others than N, E and Z.
    """
    refuse_unknown("BBP", options, ("units",))
    if units is not None:
        parse_units(units)
    start = (head(path, 64) or "").lstrip()
    header, table = read_table(path, "%" if start.startswith("%") else "#")
    header = [line[:HEADER_LINE].lstrip("#% ") for line in header]
    if table.shape[1] != 4:
        raise InputError(f"{path} has {table.shape[1]} columns; time, N, E and Z are expected.")
    entries = [match.groups() for match in map(_ENTRY.match, header) if match]
    texts = {name.lower(): text.strip() for name, text in entries}
    columns = _columns(path, header) or [_Column(_component(path, letter)) for letter in _ORDER]
    if "orientation" in texts:
        names = texts["orientation"].split(",")
        columns = [
            _Column(_component(path, name), column.unit)
            for name, column in zip(names, columns, strict=False)
        ]
    components = [column.component for column in columns]
    letters = [component.letter for component in components]
    if len(set(letters)) != 3:
        raise InputError(f"{path} names the components {', '.join(letters)}; three are needed.")
    column_units = [
        units or _unit(path, column.unit or texts.get("units", "")) for column in columns
    ]
    orientations = [component.orientation for component in components if component.orientation]
    stream = make_stream(
        path, table[:, 0], table[:, 1:] * [component.sign for component in components], letters,
        column_units, _station(path, header, texts), "BBP", start=_start(texts),
        coordinates=_coordinates(path, texts),
        orientations=orientations if set(letters) != set(_ORDER) and len(orientations) == 3
        else None,
    )  # fmt: skip
    for name, key in _STATS.items():
        value = header_number(texts, key)
        for trace in stream if value is not None else ():
            trace.stats[name] = value
    return stream


def _unit(path: Any, written: str) -> str:
    """The unit of the header, or by the name; without one, a text that is no unit and says why.

    wcc2bbp writes cm/s unless it is given another unit, so that some accelerations say cm/s.
    """
    match = _NAME.search(Path(path).name)
    by_name = _UNITS_BY_NAME[match.group(1).lower()] if match else ""
    if not (written and by_name):
        return written or by_name or _UNKNOWN
    try:
        agree = parse_units(written).order == parse_units(by_name).order
    except InputError:  # raised when the unit is needed
        return written
    if not agree:
        return f"contradictory: {written} in the header, {by_name} by the name of the file"
    return written


def _columns(path: Any, header: Sequence[str]) -> list[_Column] | None:
    """The columns after the time, as the header names them; None if it names none.

    :raises InputError: for a name that is not a component's.
    """
    lines = {int(match.group(1)): match.group(2) for match in map(_COLUMN.match, header) if match}
    if {2, 3, 4} <= set(lines):
        return [_column_of_line(path, lines[number]) for number in (2, 3, 4)]
    for line in header:
        time = _TIME.match(line)
        names = _COLUMN_NAME.findall(line[time.end() :]) if time else []
        if time is None or (len(names) != 3 and not time.group(1).strip()):
            continue
        components = [axes.component(name) for name, _, _ in names]
        if len(names) == 3 and None not in components:
            units = [unit if closed else "" for _, unit, closed in names]
            return [
                _Column(component, unit or _complete_unit(beginning, units))
                for component, unit, (_, beginning, _) in zip(components, units, names)
                if component is not None
            ]
        if time.group(1).strip():
            raise InputError(
                f"{path}: the header names the columns {line[:80]!r}; time and three components "
                "such as N-S, E-W, U-D are expected."
            )
    return None


def _complete_unit(beginning: str, units: Sequence[str]) -> str:
    """A unit cut off by the end of the line, if that of the other columns begins with it."""
    distinct = {unit for unit in units if unit}
    if beginning and len(distinct) == 1 and min(distinct).startswith(beginning):
        return distinct.pop()
    return ""


def _column_of_line(path: Any, text: str) -> _Column:
    """A column of a ``Column 2: ...`` line: name, quantity, unit, and the positive direction."""
    positive = _POSITIVE.search(text)
    name = positive.group(1) if positive else _QUANTITY.split(text)[0]
    unit = _IN_PARENTHESES.search(text)
    return _Column(_component(path, name), unit.group(1) if unit else "")


def _component(path: Any, name: str) -> axes.Component:
    """:raises InputError: for a name without a direction."""
    component = axes.component(name)
    if component is None:
        raise InputError(
            f"{path}: the header names a component {name.strip()[:40]!r}; directions such as N-S, "
            "E-W, U-D, northward or an azimuth are expected."
        )
    return component


def _coordinates(path: Any, texts: Mapping[str, str]) -> dict[str, float] | None:
    longitude = header_number(texts, "longitude", "lon")
    latitude = header_number(texts, "latitude", "lat")
    if (longitude, latitude) == (None, None) or texts.get("station") == _NAMELESS:
        return None
    if longitude is None or latitude is None or not is_on_earth(latitude, longitude):
        raise InputError(f"{path}: longitude and latitude in the header are no place.")
    return {"longitude": longitude, "latitude": latitude, "elevation": 0.0}


def _start(texts: Mapping[str, str]) -> UTCDateTime | None:
    """The date; None for two-digit years and zeros, which simulations without a date have."""
    match = _DATE.match(texts.get("time", ""))
    try:
        return UTCDateTime(re.sub("[, ]", "T", match.group().replace("/", "-"))) if match else None
    except Exception:  # ObsPy raises anything for a date like 2019-99-99
        return None


def _station(path: Any, header: Sequence[str], texts: Mapping[str, str]) -> str:
    """The station in the header, else in the name STATION or RUN.STATION and endings."""
    title = next(filter(None, map(_STATION.search, header)), None)
    name = texts.get("station") or texts.get("site") or (title.group(1) if title else "")
    if name and name != _NAMELESS:
        return name.split()[0]
    parts = Path(path).name.split(".")
    return parts[1] if len(parts) > 3 and parts[0].isdigit() else parts[0]


def check(stream: Stream, inventory: Inventory | None = None) -> None:
    """Check, before a stream is enriched, that the result can be written.

    :param inventory: of the enriching.
    :raises InputError: with the reason.
    """
    axes.check_geographic(stream, "BBP", inventory, three=True)


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write one station, in cm and s; X, Y, Z as E, N, Z.

    The unit of the traces is determined as in enriching, e.g. from ``stats.units``.

    :raises InputError: for more than one station, counts, or components that are not N, E and Z.
    """
    traces = one_station(stream, "BBP")
    by_letter = {}
    for trace in traces:
        letter, sign = axes.geographic(trace, "BBP")
        by_letter[letter] = (trace, sign)
    if set(by_letter) != set(_ORDER) or len(traces) != 3:
        codes = ", ".join(trace.stats.channel[-1:] for trace in traces)
        raise InputError(f"BBP needs the components N, E and Z; the stream has {codes}.")
    stats = traces[0].stats
    units = {letter: units_to_write(by_letter[letter][0], "BBP") for letter in _ORDER}
    if len({unit.order for unit in units.values()}) != 1:
        names = ", ".join(sorted({unit.name for unit in units.values()}))
        raise InputError(f"BBP holds one quantity; the stream has {names}.")
    written, factor = _UNITS_BY_ORDER[units["Z"].order]
    columns = np.column_stack(
        [
            by_letter[letter][0].data * (by_letter[letter][1] * units[letter].factor * factor)
            for letter in _ORDER
        ]
    )
    times = np.arange(stats.npts) * stats.delta
    coordinates = header_part(stats, "coordinates")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# Station= {stats.station}\n# time= {stats.starttime}\n")
        if {"longitude", "latitude"} <= set(coordinates):
            file.write(
                f"# lon= {coordinates['longitude']:.6f}\n# lat= {coordinates['latitude']:.6f}\n"
            )
        file.write(f"# time(sec)      N-S({written})      E-W({written})      U-D({written})\n")
        np.savetxt(file, np.column_stack([times, columns]), fmt="%14.6e", delimiter=" ")
