"""Text files of Graves and Pitarka's programs, one component each: ``s01.000``, ``.090``, ``.ver``.

Line 1 has station, component and a title; line 2 the number of samples, the interval in s, hour,
minute and second of the first, distance, azimuth and back-azimuth; then six samples a line
(write_wccseis in bbp/src/gp/WccFormat/Progs/iofunc.c of the SCEC Broadband Platform; qcore's
timeseries_to_text writes the same). Velocity or acceleration, in cm and s: the file does not say.
"""

from __future__ import annotations

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

#: ``stats.units``: the one or the other.
_UNKNOWN = "not in the file (cm/s and cm/s/s are usual in such files)"


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether eight numbers of such a header follow a line of words, and six samples them."""
    start = head(path)
    lines = start.splitlines()[:3] if start else []
    return (
        len(lines) == 3
        and len(lines[0].split()) >= 2
        and _size(lines[1]) is not None
        and len(_numbers(lines[2])) == 6
        and axes.component(lines[0].split()[1]) is not None
    )


def _numbers(line: str) -> list[float]:
    """All of a line; none if one of its words is no number."""
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return []


def _size(line: str) -> list[float] | None:
    """Samples, interval, hour, minute, second, distance, azimuth, back-azimuth; None if not."""
    values = _numbers(line)
    counted = len(values) == 8 and np.isfinite(values).all() and values[0] == int(values[0])
    return values if counted and values[0] > 0 and values[1] > 0 else None


def read(
    path: Any,
    units: str | None = None,
    component: str | None = None,
    **options: Any,
) -> Stream:
    """Read one component; ``obspy.read("s01.*", units="cm/s")`` reads a station's three.

    :param units: of the samples. Without it ``stats.units`` says that it is not known, and
        enriching asks for it.
    :param component: an azimuth ("000") or a word ("ver"); default: what the first line says, or
        the end of the name.
    :raises InputError: for a file that is cut off, is none of these, or names no component.
    """
    refuse_unknown("WCC", options, known=("units", "component"))
    if units is not None:
        parse_units(units)
    text = read_text(path)
    lines = text.splitlines()[:2]
    size = _size(lines[1]) if len(lines) == 2 else None
    words = lines[0].split() if lines else []
    if size is None or not words:
        raise InputError(
            f"{path}: station and component in line 1, and samples, interval, hour, minute, "
            "second, distance, azimuth, back-azimuth in line 2 are expected."
        )
    count, (interval, hour, minute, second) = int(size[0]), size[1:5]
    names = [str(component)] if component is not None else [*words[1:2], Path(path).suffix[1:]]
    known = next(filter(None, map(axes.component, names)), None)
    if known is None:
        raise InputError(
            f"{path}: neither line 1 ({lines[0][:40]!r}) nor the name of the file ends in a "
            "component. Pass component= (--read components=), e.g. component='000' or "
            "component='ver'."
        )
    values = samples(path, text, 2, count, interval)
    return make_stream(
        path, np.arange(count) * interval, (known.sign * values)[:, None], known.letter,
        units or _UNKNOWN, words[0], "WCC",
        start=UTCDateTime(0) + 3600.0 * hour + 60.0 * minute + second,
        orientations=known.orientation and [known.orientation],
    )  # fmt: skip
