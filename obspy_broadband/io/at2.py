"""PEER's AT2 files (and VT2, DT2): one component, four header lines, then rows of numbers.

Line 2 has event, date, station and component, line 3 quantity and unit, line 4 NPTS and DT, as in
the older and the newer files of the PEER NGA databases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Inventory, Stream, Trace, UTCDateTime

from ..errors import InputError
from ..records.trace_units import units_to_write
from ..records.units import STANDARD_GRAVITY, parse_units
from . import axes
from .options import refuse_unknown
from .series import samples
from .table import HEADER_LINE, head, make_stream, one_line_end, read_text

_SIZE = re.compile(r"NPTS\s*=\s*(\d+)\s*,?\s*DT\s*=\s*([0-9.Ee+-]+)", re.I)
_OLD_SIZE = re.compile(r"^\s*(\d+)\s+([0-9.Ee+-]+)\s+NPTS\s*,\s*DT", re.I)
_UNIT = re.compile(
    r"\b(?:IN|UNITS?\s+OF|UNITS?\s*[:=])\s+(?:UNITS\s+OF\s+)?([A-Z]+(?:/[A-Z0-9*^]+)*)", re.I
)
_QUANTITY = re.compile(r"\b(ACCEL|VELOC|DISPL)", re.I)
_ORDERS = {"ACCEL": 2, "VELOC": 1, "DISPL": 0}
_REMARK = re.compile(r"\([^()]*\)\s*$")
_DATE = re.compile(r"\d{1,4}[/-]\d{1,2}[/-]\d{1,4}")
#: KiK-net's components, with 1 for the sensor in the borehole and 2 for that at the surface.
_KIKNET = re.compile(r"(NS|EW|UD)([12])")
_HEADER = 4096  #: characters of the header
_COLUMNS = 5
#: PEER's names of the components.
_NAMES = {"N": "N", "E": "E", "Z": "UP"}


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether the fourth line gives NPTS and DT, and the third names a quantity."""
    lines = one_line_end(head(path) or "").splitlines()[:4]
    return (
        len(lines) == 4
        and bool(_QUANTITY.search(lines[2][:HEADER_LINE]))
        and bool(_size(lines[3][:HEADER_LINE]))
    )


def _size(line: str) -> re.Match[str] | None:
    return _SIZE.search(line) or _OLD_SIZE.search(line)


def read(
    path: Any,
    units: str | None = None,
    component: str | None = None,
    **options: Any,
) -> Stream:
    """Read one component; ``obspy.read("RSN6_*.AT2")`` reads a station's three.

    The unit is that of the header, g as a rule. Horizontals named by their azimuths become 1 and 2,
    with the azimuth in ``stats.orientation``, by which enriching turns them to N and E. Down
    becomes up. The first sample is at 1970-01-01.

    :param units: of the samples; default: that of the third line. Where it names none,
        ``stats.units`` says so and enriching asks for it.
    :param component: an azimuth ("180"), a bearing ("N65E") or a word ("UP"); default: the end of
        the second line.
    :raises InputError: for a file that is cut off, is not AT2, or names no component.
    """
    refuse_unknown("AT2", options, ("units", "component"))
    text = read_text(path)
    lines = [line[:HEADER_LINE].strip() for line in text[:_HEADER].splitlines()[:4]]
    size = _size(lines[3]) if len(lines) == 4 else None
    if not size:
        raise InputError(f"{path} is no AT2 file: the fourth line must give NPTS= and DT=.")
    try:
        count, interval = int(size.group(1)), float(size.group(2))
    except ValueError as error:
        raise InputError(f"{path}, line 4: DT={size.group(2)!r} is no number.") from error
    if units is not None:
        parse_units(units)
    values = samples(path, text, 4, count, interval)
    words = [word.strip() for word in _REMARK.sub("", lines[1]).split(",")]
    station = _station(words) or Path(path).stem.removesuffix(words[-1])
    name = str(component) if component is not None else words[-1]
    kiknet = _KIKNET.fullmatch(name.strip().upper())
    direction = _component(path, kiknet.group(1) if kiknet else name, component is not None)
    stream = make_stream(
        path, np.arange(count) * interval, (direction.sign * values)[:, None], direction.letter,
        units or _units(lines[2]), re.sub(r"\W", "", station) or "AT2", "AT2",
        start=UTCDateTime(0), orientations=direction.orientation and [direction.orientation],
    )  # fmt: skip
    if kiknet:
        stream[0].stats.location = kiknet.group(2).zfill(2)
    return stream


def _component(path: Any, name: str, argument: bool) -> axes.Component:
    """The component of a name from the argument ``component=``, or from line 2.

    :raises InputError: for a name without a direction.
    """
    component = axes.component(re.sub(r"\bCOMP(ONENT)?\b\.?", "", name, flags=re.I), alone=True)
    if component is None:
        beginning = "component= must be" if argument else "line 2 must end in the component,"
        raise InputError(
            f"{path}: {beginning} an azimuth, a bearing or a word such as UP, not {name[:40]!r}. "
            "Pass component= (--read components=), e.g. component='180', component='N65E' or "
            "component='UP'."
        )
    return component


def _station(words: list[str]) -> str:
    """The words between date and component; the name of the event may hold commas, too."""
    dates = [number for number, word in enumerate(words) if _DATE.search(word)]
    first = dates[-1] + 1 if dates else max(1, len(words) - 2)
    return " ".join(words[first:-1])


def _units(line: str) -> str:
    """The unit in the third line; where there is none, a text that is no unit and says why."""
    unit, quantity = _UNIT.search(line), _QUANTITY.search(line)
    text = unit.group(1).upper().replace("SEC", "S") if unit else ""
    try:
        order = parse_units(text).order
    except InputError:
        return f"not known: {line[:60]}"
    if quantity and _ORDERS[quantity.group(1).upper()] != order:
        return f"contradictory: {line[:60]}"
    return text


def check(stream: Stream, inventory: Inventory | None = None) -> None:
    """Check, before a stream is enriched, that the result can be written.

    :param inventory: of the enriching.
    :raises InputError: with the reason.
    """
    axes.check_geographic(stream, "AT2", inventory)


def write(stream: Stream, path: Any, **kwargs: Any) -> None:
    """Write one component of acceleration, in g; X, Y, Z as E, N, UP.

    :raises InputError: for more than one trace, for velocity, displacement or counts, or a
        component whose direction is not known.
    """
    if len(stream) != 1:
        raise InputError(
            f"An AT2 file holds one component, the stream has {len(stream)} traces; write each "
            "by itself."
        )
    trace: Trace = stream[0]
    unit = units_to_write(trace, "AT2")
    if unit.order != 2:
        raise InputError(
            f"AT2 is for acceleration; this trace is in {unit.name}. Differentiate it first."
        )
    letter, sign = axes.geographic(trace, "AT2")
    values = trace.data * (sign * unit.factor / STANDARD_GRAVITY)
    stats = trace.stats
    date = stats.starttime.strftime("%m/%d/%Y")
    with open(path, "w", encoding="latin-1", errors="replace") as file:
        file.write("GENERATED GROUND MOTION, FORMAT OF THE PEER STRONG MOTION DATABASE\n")
        file.write(f"{stats.network}, {date}, {stats.station}, {_NAMES[letter]}\n")
        file.write("ACCELERATION TIME SERIES IN UNITS OF G\n")
        file.write(f"NPTS= {stats.npts:6d}, DT= {stats.delta:.10g} SEC\n")
        for first in range(0, len(values), _COLUMNS):
            file.write(
                "".join(f"{value:15.7E}" for value in values[first : first + _COLUMNS]) + "\n"
            )
