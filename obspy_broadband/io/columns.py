"""Any table of numbers: time and components, in columns. Only by ``format="COLUMNS"``.

obspy.read("station7.txt", format="COLUMNS", components="ENZ", units="cm/s")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from ..records.units import parse_units
from .options import check_number, refuse_unknown
from .table import make_stream, read_table

_ALLOWED = set("ZNERTXY123-")
_NAMES = re.compile(r"t(ime)?\b", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[]([^)\]]+)[)\]]")


def is_format(path: Any, **kwargs: Any) -> bool:
    """Never: a table of numbers does not say what it is."""
    return False


def read(
    path: Any,
    components: str | Sequence[str] | None = None,
    units: str | None = None,
    dt: float | None = None,
    station: str | None = None,
    network: str = "",
    comment: str = "#",
    **options: Any,
) -> Stream:
    """Read one station.

    :param components: their letters in the order of the columns after the time, e.g. "NEZ" (a list
        is taken, too); a "-" leaves a column out. X, Y, Z are east, north, up.
    :param units: of the numbers; default: the units that the header has in brackets, if any, one
        for all or one a column, e.g. ``# time (s) N (cm/s) E (cm/s) Z (cm/s)``.
    :param dt: sampling interval in s, of a file without a column of times.
    :param station: default: the name of the file.
    :param comment: what begins a line to leave out.
    :raises InputError: if the columns are not named, or are not as said.
    """
    known = ("components", "units", "dt", "station", "network", "comment")
    refuse_unknown("COLUMNS", options, known)
    if units is not None:
        parse_units(units)
    header, table = read_table(path, comment)
    if dt is not None:
        table = np.column_stack([_times(dt, len(table)), table])
    letters = _letters(path, components, table.shape[1] - 1, header)
    kept = [index for index, letter in enumerate(letters) if letter != "-"]
    each = [units] * len(letters) if units else _units_of_header(header, len(letters))
    stream = make_stream(
        path, table[:, 0], table[:, [1 + index for index in kept]],
        [letters[index] for index in kept], [each[index] for index in kept] if each else "",
        station or Path(path).stem, "COLUMNS", network=network,
    )  # fmt: skip
    if not each:  # what is not known is not noted
        for trace in stream:
            del trace.stats["units"]
    return stream


def _times(dt: float, count: int) -> np.ndarray:
    """:raises InputError: for an interval that is no positive number."""
    return np.arange(count) * check_number("dt", dt, 1e-9, 1e6, "the sampling interval in s")


def _letters(path: Any, components: Any, count: int, header: list[str]) -> str:
    """:raises InputError: for letters that are missing, unknown or repeated."""
    example = {1: "Z", 3: "ZNE"}.get(count, "ZNE" + "-" * (count - 3))
    if components is None:
        said = f" Its header says {header[-1][:60]!r}." if header else ""
        raise InputError(
            f"{path} has {count} column{'s' * (count != 1)} after the time, and nothing says which "
            f"component each is: name them in their order, e.g. components={example!r} "
            f"(--read components={example}), with '-' for one to leave out.{said}"
        )
    listed = isinstance(components, (list, tuple))
    letters = ("".join(map(str, components)) if listed else str(components)).upper()
    if len(letters) != count:
        raise InputError(
            f"{path} has {count} column{'s' * (count != 1)} after the time, but "
            f"components={components!r} names {len(letters)}; e.g. components={example!r}, with "
            "'-' for one to leave out. A file without times needs dt= (--read dt=)."
        )
    named = letters.replace("-", "")
    if not named or not set(letters) <= _ALLOWED or len(set(named)) != len(named):
        raise InputError(
            f"components={components!r} (--read components=) must name each component once: Z N E, "
            "Z R T, Z 1 2 or X Y Z, with '-' for a column to leave out."
        )
    return letters


def _units_of_header(header: list[str], count: int) -> list[str]:
    """Of each column, from the brackets in the line that names the columns; none if it has none.

    That is the last line, if it begins with the time or has a unit for several columns. Several
    units of which it cannot be told whose they are, are noted as such, to be asked for.
    """
    found = []
    for text in _BRACKETS.findall(header[-1]) if header else ():
        try:
            found.append(parse_units(text).name.replace(" ", ""))
        except InputError:
            continue
    if not found or not (_NAMES.match(header[-1]) or len(found) > 1):
        return []
    distinct = list(dict.fromkeys(found))
    if len(distinct) == 1:
        return distinct * count
    if len(found) == count:
        return found
    return [f"several in the header: {', '.join(distinct)}"] * count
