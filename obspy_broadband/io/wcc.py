"""Text files of Graves and Pitarka's programs, one component each: ``s01.000``, ``.090``, ``.ver``.

Line 1 has station, component and a title; line 2 the number of samples, the interval in s, hour,
minute and second of the first, distance, azimuth and back-azimuth; then six samples a line
(write_wccseis in bbp/src/gp/WccFormat/Progs/iofunc.c of the SCEC Broadband Platform; qcore's
timeseries_to_text writes the same). Velocity or acceleration in cm and s, which is not in the file.
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
from .table import head, make_stream, read_text, row_of_numbers

#: ``stats.units`` without the argument ``units``.
_UNKNOWN = "not in the file (cm/s and cm/s/s are usual in such files)"


def is_format(path: Any, **kwargs: Any) -> bool:
    """Whether a line of words is followed by the eight numbers of the header, and six samples."""
    start = head(path)
    lines = start.splitlines()[:3] if start else []
    return (
        len(lines) == 3
        and len(lines[0].split()) >= 2
        and _size(lines[1]) is not None
        and len(row_of_numbers(lines[2]) or ()) == 6
        and axes.component(lines[0].split()[1]) is not None
    )


def _size(line: str) -> list[float] | None:
    """Samples, interval, hour, minute, second, distance, azimuth, back-azimuth; None for others."""
    values = row_of_numbers(line) or []
    is_header = len(values) == 8 and np.isfinite(values).all() and values[0] == int(values[0])
    return values if is_header and values[0] > 0 and values[1] > 0 else None


def read(
    path: Any,
    units: str | None = None,
    component: str | None = None,
    **options: Any,
) -> Stream:
    """Read one component; ``obspy.read("s01.*", units="cm/s")`` reads a station's three.

    Components N, E, Z, or 1 and 2 with their azimuths in ``stats.orientation``; down becomes up.
    The first sample has the header's time of day, on 1970-01-01.

    :param units: of the samples. Without it ``stats.units`` says that they are not known, and
        enriching asks for them.
    :param component: an azimuth ("000") or a word ("ver"); default: that of the first line, or the
        ending of the name.
    :raises InputError: for a file that is cut off, is not of this format, or names no component.
    """
    refuse_unknown("WCC", options, ("units", "component"))
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
    direction = next(filter(None, map(axes.component, names)), None)
    if direction is None:
        raise InputError(
            f"{path}: neither line 1 ({lines[0][:40]!r}) nor the name of the file ends in a "
            "component. Pass component= (--read components=), e.g. component='000' or "
            "component='ver'."
        )
    values = samples(path, text, 2, count, interval)
    return make_stream(
        path, np.arange(count) * interval, (direction.sign * values)[:, None], direction.letter,
        units or _UNKNOWN, words[0], "WCC",
        start=UTCDateTime(0) + 3600.0 * hour + 60.0 * minute + second,
        orientations=direction.orientation and [direction.orientation],
    )  # fmt: skip
