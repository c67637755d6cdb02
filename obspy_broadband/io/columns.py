"""Any table of numbers: time and components, in columns. Read with ``format="COLUMNS"`` only::

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
from .options import check_interval, refuse_unknown
from .table import make_stream, read_table

_ALLOWED = set("ZNERTXY123-")
_TIME = re.compile(r"t(ime)?\b", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[]([^)\]]+)[)\]]")


def is_format(path: Any, **kwargs: Any) -> bool:
    """Never: a table of numbers cannot be recognized."""
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

    Times are those of the first column, from 1970-01-01; units, components and their directions are
    the caller's.

    :param components: their letters in the order of the columns after the time, e.g. "NEZ" (a list
        is taken, too); a "-" leaves a column out. X, Y, Z are east, north, up.
    :param units: of the numbers; default: those that the header has in brackets, if any, one
        for all or one a column, e.g. ``# time (s) N (cm/s) E (cm/s) Z (cm/s)``.
    :param dt: sampling interval in s, of a file without a column of times.
    :param station: default: the name of the file.
    :param comment: first characters of lines to skip.
    :raises InputError: if the columns are not named, or do not match ``components``.
    """
    accepted = ("components", "units", "dt", "station", "network", "comment")
    refuse_unknown("COLUMNS", options, accepted)
    if units is not None:
        parse_units(units)
    header, table = read_table(path, comment)
    if dt is not None:
        table = np.column_stack([np.arange(len(table)) * check_interval(dt), table])
    letters = _letters(path, components, table.shape[1] - 1, header)
    indices = [index for index, letter in enumerate(letters) if letter != "-"]
    column_units = [units] * len(letters) if units else _units_of_header(header, len(letters))
    stream = make_stream(
        path, table[:, 0], table[:, [1 + index for index in indices]],
        [letters[index] for index in indices],
        [column_units[index] for index in indices] if column_units else "",
        station or Path(path).stem, "COLUMNS", network=network,
    )  # fmt: skip
    if not column_units:  # enriching then decides by the peak
        for trace in stream:
            del trace.stats["units"]
    return stream


def _letters(path: Any, components: Any, count: int, header: list[str]) -> str:
    """The component letters of ``count`` columns.

    :raises InputError: for letters that are missing, unknown or repeated.
    """
    example = {1: "Z", 3: "ZNE"}.get(count, "ZNE" + "-" * (count - 3))
    if components is None:
        header_hint = f" Its header says {header[-1][:60]!r}." if header else ""
        raise InputError(
            f"{path} has {count} column{'s' * (count != 1)} after the time, and nothing says which "
            f"component each is: name them in their order, e.g. components={example!r} "
            f"(--read components={example}), with '-' for one to leave out.{header_hint}"
        )
    listed = isinstance(components, (list, tuple))
    letters = ("".join(map(str, components)) if listed else str(components)).upper()
    if len(letters) != count:
        raise InputError(
            f"{path} has {count} column{'s' * (count != 1)} after the time, but "
            f"components={components!r} names {len(letters)}; e.g. components={example!r}, with "
            "'-' for one to leave out. A file without times needs dt= (--read dt=)."
        )
    components_only = letters.replace("-", "")
    repeated = len(set(components_only)) != len(components_only)
    if not components_only or not set(letters) <= _ALLOWED or repeated:
        raise InputError(
            f"components={components!r} (--read components=) must name each component once: Z N E, "
            "Z R T, Z 1 2 or X Y Z, with '-' for a column to leave out."
        )
    return letters


def _units_of_header(header: list[str], count: int) -> list[str]:
    """The unit of each column, from the brackets in the line that names the columns; or none.

    That is the last line, if it begins with the time or has a unit for several columns. Where it
    has several units but not one a column, a text that is no unit says so, and enriching asks.
    """
    units = []
    for text in _BRACKETS.findall(header[-1]) if header else ():
        try:
            units.append(parse_units(text).name.replace(" ", ""))
        except InputError:
            continue
    if not units or not (_TIME.match(header[-1]) or len(units) > 1):
        return []
    distinct = list(dict.fromkeys(units))
    if len(distinct) == 1:
        return distinct * count
    if len(units) == count:
        return units
    return [f"several in the header: {', '.join(distinct)}"] * count
