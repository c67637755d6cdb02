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
from .table import head, make_stream, one_station, read_table, row_of_numbers

#: The beginning of a line that names the columns: time, and its unit as a rule.
_TIME = re.compile(r"t(?:ime)?(\s*\(s(?:ec)?\)|\s)(?!\s*[:=])", re.I)
#: A column's name and its unit; the last unit of SDSU's header is cut off.
_NAMED = re.compile(r"([\w/+-]+)\s*(?:\(([^()]*)(\)|$))?")
_COLUMN = re.compile(r"column\s*(\d+)\s*:\s*(.*)", re.I)
_POSITIVE = re.compile(r"\(\s*\+\s*is\s+([\w.]+?)(?:wards?)?\s*\)", re.I)
_QUANTITY = re.compile(r"\s*\b(component|ground|accel|veloc|displ)", re.I)
_IN_PARENTHESES = re.compile(r"\(\s*([^()+]*?)\s*\)")
_ENTRY = re.compile(r"([A-Za-z][\w ]*?)\s*(?:\([^()]*\))?\s*[:=]\s*(\S.*)")
_STATION = re.compile(r"\bstat\s*=\s*(\S+)")
_DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T, ]\d\d:\d\d:\d\d(\.\d+)?")
_LONGEST = 300  #: characters of a header line
_NAME = re.compile(r"\.(acc|vel|dis)\.bbp$", re.I)
_BY_NAME = {"acc": "cm/s/s", "vel": "cm/s", "dis": "cm"}
_BY_ORDER = {2: ("cm/s/s", 100.0), 1: ("cm/s", 100.0), 0: ("cm", 100.0)}
_ORDER = ("N", "E", "Z")
#: The station's name in headers of SCECcode/ts-process that know none.
_NAMELESS = "NoName"
#: Where ``stats`` has what observations' headers say.
_STATS = {"vs30_m_s": "vs30", "rupture_distance_km": "closest distance to fault"}
#: ``stats.units`` where neither the header nor the name says it.
_UNKNOWN = "not in the file (cm/s and cm/s/s are usual in BBP files)"


class _Column(NamedTuple):
    component: axes.Component
    unit: str = ""


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether four numbers follow BBP's header, or a name that ends in ``.bbp``."""
    start = head(path)
    if start is None:
        return False
    header = []
    for line in start.splitlines():
        text = line[:_LONGEST].strip()
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
    # Others name columns, too: SW4, with the number of them, and tables of anybody.
    named = columns is not None and all(one.unit for one in columns)
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

    :param units: of the numbers; default: what the header says, or the name. Where neither does,
        ``stats.units`` says so and enriching asks for it.
    :raises InputError: for a file without four columns, or with others than N, E and Z.
    """
    refuse_unknown("BBP", options, known=("units",))
    if units is not None:
        parse_units(units)
    start = (head(path, 64) or "").lstrip()
    header, table = read_table(path, "%" if start.startswith("%") else "#")
    header = [line[:_LONGEST].lstrip("#% ") for line in header]
    if table.shape[1] != 4:
        raise InputError(f"{path} has {table.shape[1]} columns; time, N, E and Z are expected.")
    found = [match.groups() for match in map(_ENTRY.match, header) if match]
    texts = {name.lower(): text.strip() for name, text in found}
    columns = _columns(path, header) or [_Column(_known(path, letter)) for letter in _ORDER]
    if "orientation" in texts:
        names = texts["orientation"].split(",")
        columns = [
            _Column(_known(path, name), one.unit) for name, one in zip(names, columns, strict=False)
        ]
    letters = [one.component.letter for one in columns]
    if len(set(letters)) != 3:
        raise InputError(f"{path} names the components {', '.join(letters)}; three are needed.")
    each = [units or _unit(path, one.unit or texts.get("units", "")) for one in columns]
    orientations = [one.component.orientation for one in columns if one.component.orientation]
    stream = make_stream(
        path, table[:, 0], table[:, 1:] * [one.component.sign for one in columns], letters,
        each, _station(path, header, texts), "BBP", start=_start(texts),
        coordinates=_coordinates(path, texts),
        orientations=orientations if set(letters) != set(_ORDER) and len(orientations) == 3
        else None,
    )  # fmt: skip
    for name, key in _STATS.items():
        value = _number(texts, key)
        for trace in stream if value is not None else ():
            trace.stats[name] = value
    return stream


def _unit(path: Any, written: str) -> str:
    """What the header says, or the name; or words that are no unit.

    wcc2bbp writes cm/s unless it is given another unit, so that some accelerations say cm/s.
    """
    match = _NAME.search(Path(path).name)
    named = _BY_NAME[match.group(1).lower()] if match else ""
    if not (written and named):
        return written or named or _UNKNOWN
    try:
        agree = parse_units(written).order == parse_units(named).order
    except InputError:  # it is said when the unit is needed
        return written
    if not agree:
        return f"contradictory: {written} in the header, {named} by the name of the file"
    return written


def _columns(path: Any, header: Sequence[str]) -> list[_Column] | None:
    """The columns after the time, as the header names them.

    :raises InputError: for a name that is none of a component.
    """
    each = {int(match.group(1)): match.group(2) for match in map(_COLUMN.match, header) if match}
    if {2, 3, 4} <= set(each):
        return [_described(path, each[number]) for number in (2, 3, 4)]
    for line in header:
        time = _TIME.match(line)
        named = _NAMED.findall(line[time.end() :]) if time else []
        if time is None or (len(named) != 3 and not time.group(1).strip()):
            continue
        known = [axes.component(name) for name, _, _ in named]
        if len(named) == 3 and None not in known:
            units = [unit if closed else "" for _, unit, closed in named]
            return [
                _Column(one, unit or _cut_off(begun, units))
                for one, unit, (_, begun, _) in zip(known, units, named)
                if one is not None
            ]
        if time.group(1).strip():
            raise InputError(
                f"{path}: the header names the columns {line[:80]!r}; time and three components "
                "such as N-S, E-W, U-D are expected."
            )
    return None


def _cut_off(begun: str, units: Sequence[str]) -> str:
    """A unit that the end of the line cut off, if the others, which are one, begin with it."""
    others = {unit for unit in units if unit}
    return others.pop() if begun and len(others) == 1 and min(others).startswith(begun) else ""


def _described(path: Any, text: str) -> _Column:
    """A column of its own line: name, quantity, unit, and which way is positive."""
    positive = _POSITIVE.search(text)
    name = positive.group(1) if positive else _QUANTITY.split(text)[0]
    unit = _IN_PARENTHESES.search(text)
    return _Column(_known(path, name), unit.group(1) if unit else "")


def _known(path: Any, name: str) -> axes.Component:
    found = axes.component(name)
    if found is None:
        raise InputError(
            f"{path}: the header names a component {name.strip()[:40]!r}; directions such as N-S, "
            "E-W, U-D, northward or an azimuth are expected."
        )
    return found


def _number(texts: Mapping[str, str], *names: str) -> float | None:
    for name in names:
        try:
            return float(texts[name].split()[0])
        except (KeyError, IndexError, ValueError):
            continue
    return None


def _coordinates(path: Any, texts: Mapping[str, str]) -> dict[str, float] | None:
    longitude, latitude = _number(texts, "longitude", "lon"), _number(texts, "latitude", "lat")
    if (longitude, latitude) == (None, None) or texts.get("station") == _NAMELESS:
        return None
    if longitude is None or latitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 360):
        raise InputError(f"{path}: longitude and latitude in the header are no place.")
    return {"longitude": longitude, "latitude": latitude, "elevation": 0.0}


def _start(texts: Mapping[str, str]) -> UTCDateTime | None:
    """The date, if it is one: two-digit years and zeros stand for simulations without one."""
    match = _DATE.match(texts.get("time", ""))
    try:
        return UTCDateTime(re.sub("[, ]", "T", match.group().replace("/", "-"))) if match else None
    except Exception:  # ObsPy raises anything for a date like 2019-99-99
        return None


def _station(path: Any, header: Sequence[str], texts: Mapping[str, str]) -> str:
    """As the header has it, else of the name, which is STATION or RUN.STATION and endings."""
    title = next(filter(None, map(_STATION.search, header)), None)
    name = texts.get("station") or texts.get("site") or (title.group(1) if title else "")
    if name and name != _NAMELESS:
        return name.split()[0]
    parts = Path(path).name.split(".")
    return parts[1] if len(parts) > 3 and parts[0].isdigit() else parts[0]


def check(stream: Stream, inventory: Inventory | None = None) -> None:
    """See, before a stream is enriched, that the result can be written.

    :param inventory: that enriching will have.
    :raises InputError: with the reason.
    """
    axes.check_geographic(stream, "BBP", inventory, whole=True)


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write one station, in cm and s; X, Y, Z as E, N, Z.

    The unit is found as enriching finds it, e.g. in ``stats.units``.

    :raises InputError: for more than one station, counts, or components that are not N, E and Z.
    """
    traces = one_station(stream, "BBP")
    found = {}
    for trace in traces:
        letter, sign = axes.geographic(trace, "BBP")
        found[letter] = (trace, sign)
    if set(found) != set(_ORDER) or len(traces) != 3:
        codes = ", ".join(trace.stats.channel[-1:] for trace in traces)
        raise InputError(f"BBP needs the components N, E and Z; the stream has {codes}.")
    stats = traces[0].stats
    known = {letter: units_to_write(found[letter][0], "BBP") for letter in _ORDER}
    if len({one.order for one in known.values()}) != 1:
        names = ", ".join(sorted({one.name for one in known.values()}))
        raise InputError(f"BBP holds one quantity; the stream has {names}.")
    unit, factor = _BY_ORDER[known["Z"].order]
    columns = np.column_stack(
        [
            found[letter][0].data * (found[letter][1] * known[letter].factor * factor)
            for letter in _ORDER
        ]
    )
    times = np.arange(stats.npts) * stats.delta
    place = header_part(stats, "coordinates")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# Station= {stats.station}\n# time= {stats.starttime}\n")
        if {"longitude", "latitude"} <= set(place):
            file.write(f"# lon= {place['longitude']:.6f}\n# lat= {place['latitude']:.6f}\n")
        file.write(f"# time(sec)      N-S({unit})      E-W({unit})      U-D({unit})\n")
        np.savetxt(file, np.column_stack([times, columns]), fmt="%14.6e", delimiter=" ")
