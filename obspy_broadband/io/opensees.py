"""One column of acceleration in g at even steps, as OpenSees reads it.

``timeSeries Path 1 -filePath XX.AAA..HNE_dt0.01.txt -dt 0.01 -factor 9.80665`` (OpenSees,
SRC/domain/pattern/PathSeries.cpp: numbers between blanks, however many a line, no header). The
sampling interval is not in the file: it is an argument, or part of the name as ``_dt0.01``. Read
with ``format="OPENSEES"`` only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from ..records.trace_units import units_to_write
from ..records.units import STANDARD_GRAVITY, parse_units
from .options import check_interval, refuse_unknown
from .series import refuse_cut_off
from .table import make_stream, read_text

#: Names as :func:`file_name` makes them, with the digest that archives add to a trace's id.
_NAME = re.compile(
    r"^(?:(?:(?P<network>[^.]*)\.)?(?P<station>[^.]+)\.(?P<location>[^.]*)\.(?P<channel>\w+?)"
    r"(?:-[0-9a-f]{10})?|(?P<other>.+))"
    r"_dt(?P<dt>\d*\.?\d+(?:[eE][+-]?\d+)?)(?:\.[A-Za-z]\w*)?$"
)


def is_format(path: Any, **kwargs: Any) -> bool:
    """Never: a column of numbers cannot be recognized."""
    return False


def file_name(id: str, interval: float) -> str:
    """A file name with the sampling interval in s: ``XX.AAA..HNE_dt0.01.txt``."""
    return f"{id}_dt{interval:.10g}.txt"


def read(
    path: Any,
    components: str | None = None,
    dt: float | None = None,
    units: str = "g",
    station: str | None = None,
    network: str = "",
    **options: Any,
) -> Stream:
    """Read one component.

    Acceleration in g unless ``units`` says otherwise; the first sample is at 1970-01-01.

    :param components: its letter, e.g. "N"; default: that of a name that :func:`file_name` makes.
    :param dt: sampling interval in s; default: the number after ``_dt`` in the name.
    :param units: of the numbers.
    :param station: default: the station in such a name, else the name of the file.
    :raises InputError: if the component or the interval is not known, for anything but numbers, or
        a last number that was cut off.
    """
    refuse_unknown("OPENSEES", options, ("components", "dt", "units", "station", "network"))
    parse_units(units)
    match = _NAME.match(Path(path).name)
    codes = match.groupdict("") if match else {}
    if dt is None and match:
        dt = float(codes["dt"])
    components = components or codes.get("channel", "")[-1:] or None
    if dt is None:
        raise InputError(
            f"{path}: the sampling interval is not in such a file; give it in s, e.g. dt=0.01 "
            "(--read dt=0.01)."
        )
    dt = check_interval(dt)
    if components is None or len(components) != 1 or components.upper() not in "ZNERTXY123":
        raise InputError(
            f"{path} holds one component, and nothing says which: name it, e.g. components='N' "
            f"(--read components=N){'' if components is None else f', not {components!r}'}."
        )
    text = read_text(path)
    words = text.replace(",", " ").split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise InputError(
            f"{path} is no column of numbers ({error}); a table with a header is format='COLUMNS'."
        ) from error
    if len(values) < 2 or not np.isfinite(values).all():
        raise InputError(f"{path} must hold two or more numbers, none NaN or infinite.")
    refuse_cut_off(path, text, words)
    code = station or codes.get("station") or codes.get("other") or Path(path).stem
    stream = make_stream(
        path, np.arange(len(values)) * dt, values[:, None], components.upper(), units, code,
        "OPENSEES", network=network or codes.get("network", ""),
    )  # fmt: skip
    if codes.get("channel", "")[-1:] == components.upper():
        stream[0].stats.channel, stream[0].stats.location = codes["channel"], codes["location"]
    return stream


def write(stream: Stream, path: Any, **options: Any) -> None:
    """Write one component of acceleration, in g, a number a line.

    The sampling interval is not in the file: :func:`file_name` makes a name that holds it.

    :raises InputError: for more than one trace, or for velocity, displacement or counts.
    """
    if len(stream) != 1:
        raise InputError(
            f"An OpenSees file holds one component, the stream has {len(stream)} traces; write "
            "each by itself."
        )
    unit = units_to_write(stream[0], "OpenSees")
    if unit.order != 2:
        raise InputError(
            f"OpenSees files are of acceleration; this trace is in {unit.name}. Differentiate it "
            "first."
        )
    np.savetxt(path, stream[0].data * (unit.factor / STANDARD_GRAVITY), fmt="%.9e")
