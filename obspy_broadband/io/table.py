"""Numeric tables in text files, and the traces made of their columns."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ..errors import InputError
from ..records.orientation import station_id
from .times import nanoseconds, sampling_interval

#: Larger files are no station's time series.
LARGEST = 512 * 1024**2
#: SEED band codes by the longest sampling interval in s, as SPECFEM assigns them.
_BANDS = ((0.001, "F"), (0.004, "C"), (0.0125, "H"), (0.1, "B"), (1.0, "M"))
#: What begins a line that is no row of numbers.
COMMENTS = ("#", "%")
#: A real number as Fortran prints it: also 1.0D-03, and 0.12-101 where the exponent has three
#: digits. Numbers that fill their fields touch: 0.12E+01-0.34E+00.
_REAL = re.compile(r"([+-]?(?:\d+\.\d*|\.\d+))(?:[EDQ]([+-]?\d+)|([+-]\d{3})(?![\d.]))?", re.I)
_ROWS_ABOVE = 50  #: rows that tell how numbers are printed

_YEAR_1, _YEAR_9999 = -6.2e19, 2.53e20  #: ns from 1970

_BLOCK = 4096
_TICK = 100_000_000  #: ns in which a file may change and keep its times
#: The file that was asked for last, its first bytes, and these as text: ObsPy asks every format.
_last: tuple[Any, bytes, str | None] = (None, b"", None)


def first_bytes(path: Any, size: int = _BLOCK) -> bytes | None:
    """The first bytes of an ordinary file; None for anything that is none. Never raises.

    The formats that are asked one after the other share one reading.
    """
    found = _first(path, size)
    return None if found is None else found[0][:size]


def head(path: Any, size: int = _BLOCK) -> str | None:
    """The beginning of a text file; None for anything that is none. Never raises."""
    found = _first(path, size)
    if found is None:
        return None
    return found[1] if size == _BLOCK else _text_of(found[0][:size])


def _first(path: Any, size: int) -> tuple[bytes, str | None] | None:
    global _last
    try:
        if not isinstance(path, (str, Path)):
            return None
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        key = (os.fspath(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        kept, start, text = _last
        if kept == key and len(start) >= min(size, status.st_size):
            return start, text
        with open(path, "rb") as file:
            start = file.read(max(size, _BLOCK))
        text = _text_of(start[:_BLOCK])
        if time.time_ns() - status.st_mtime_ns > _TICK:
            _last = key, start, text
        return start, text
    except (OSError, ValueError):
        return None


def _text_of(start: bytes) -> str | None:
    return None if not start or b"\0" in start else start.decode("utf-8", errors="replace")


def read_table(path: Any, comment: str | Sequence[str] = COMMENTS) -> tuple[list[str], np.ndarray]:
    """Header lines (those that begin no number) and the rows of numbers.

    Columns are divided by blanks, tabs, commas or semicolons; between semicolons a comma is a
    decimal point.

    :param comment: what begins a line to leave out anywhere; one text, or several.
    :return: header without the comment sign, and (rows, columns) of float64.
    :raises InputError: for a file that is no table of finite numbers, or was cut off.
    """
    marks = (comment,) if isinstance(comment, str) else tuple(comment)
    text = read_text(path)
    lines = text.splitlines()
    header: list[str] = []
    first = len(lines)
    for number, line in enumerate(lines):
        words = line.split()
        if words and not words[0].startswith(marks) and _begins_number(words[0]):
            first = number
            break
        if words:
            header.append(_without(marks, line))
    numbers = []
    for number, line in enumerate(lines[first:], first + 1):
        begin = line.lstrip()
        if begin.startswith(marks):
            header.append(_without(marks, line))
        elif begin:
            numbers.append(number)
    if len(numbers) < 2:
        raise InputError(f"{path} holds {len(numbers)} rows of numbers; a time series is needed.")
    body = _separated(path, [lines[number - 1] for number in numbers])
    table = _loaded(path, numbers, body)
    if not text.endswith(("\n", "\r")):
        _refuse_cut_off(path, len(lines), body[-_ROWS_ABOVE:])
    finite = np.isfinite(table).all(axis=1)
    if not finite.all():
        raise InputError(f"{path}, line {numbers[int(finite.argmin())]}: NaN or infinite.")
    return header, table


def _begins_number(word: str) -> bool:
    return _numbers(re.split("[,;]", word)[0]) is not None


def _without(marks: tuple[str, ...], line: str) -> str:
    return line.strip().lstrip("".join(marks)).strip()


def read_text(path: Any) -> str:
    """A text file, in UTF-8, or else in Latin-1.

    :raises InputError: if it cannot be read, is no text, or too large for a record.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB: no station's record.")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path} is no text file, or in UTF-16; numbers are read from UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:  # names in a header, as older programs wrote them
        text = data.decode("latin-1")
    return one_line_end(text)


def one_line_end(text: str) -> str:
    """A text without the second carriage return that copies between systems left in line ends."""
    return text.replace("\r\r\n", "\n")


def _separated(path: Any, lines: list[str]) -> list[str]:
    """Lines whose columns are divided by blanks."""
    last = lines[-1]
    if ";" in last:
        return [line.replace(",", ".").replace(";", " ") for line in lines]
    words = last.split()
    if len(words) > 1 and all(re.fullmatch(r"[+-]?\d+,\d+(E[+-]?\d+)?", w, re.I) for w in words):
        raise InputError(
            f"{path} has commas for decimal points ({words[0]}). Divide the columns by semicolons, "
            "or write points."
        )
    return [line.replace(",", " ") for line in lines] if "," in last else lines


def _loaded(path: Any, numbers: Sequence[int], lines: Sequence[str]) -> np.ndarray:
    """The numbers of all lines, (rows, columns).

    :raises InputError: at the first line that is no row.
    """
    with suppress(ValueError):
        return np.loadtxt(lines, comments=None, ndmin=2)
    with suppress(ValueError):  # Fortran's 1.0D-03
        return np.loadtxt([re.sub("[Dd]", "E", line) for line in lines], comments=None, ndmin=2)
    # Ragged, numbers that touch, or no numbers: fifty times slower, and says which.
    return np.array(list(_rows(path, numbers, lines)))


def _rows(path: Any, numbers: Sequence[int], lines: Sequence[str]) -> Iterator[list[float]]:
    """Row by row, with Fortran's ways to print numbers.

    :raises InputError: at the first line that is no row.
    """
    columns = 0
    for number, line in zip(numbers, lines):
        row = row_of_numbers(line)
        if row is None:
            raise InputError(f"{path}, line {number}: {line.strip()[:60]!r} is not all numbers.")
        columns = columns or len(row)
        if len(row) != columns:
            raise InputError(
                f"{path}, line {number}: {len(row)} columns, but {columns} before; is the file cut "
                "off?"
            )
        yield row


def _numbers(word: str) -> list[float] | None:
    """The number of a word, or the numbers where several touch; None for what is none."""
    try:
        return [float(word)]
    except ValueError:
        found = list(_REAL.finditer(word))
    if not found or "".join(match.group() for match in found) != word:
        return None
    if any(match.group()[0] not in "+-" for match in found[1:]):
        return None
    return [
        float(f"{one}E{first or second or 0}")
        for one, first, second in (match.groups() for match in found)
    ]


def row_of_numbers(line: str) -> list[float] | None:
    """All numbers of a line, also as Fortran prints them; None if there is anything else."""
    found: list[float] = []
    for word in line.split():
        numbers = _numbers(word)
        if numbers is None:
            return None
        found += numbers
    return found


def _refuse_cut_off(path: Any, number: int, lines: Sequence[str]) -> None:
    """Refuse a last line that does not end and whose last number is shorter than those above.

    :raises InputError: where all numbers above have one length, so that it can be told.
    """
    *above, last = [line.split()[-1] for line in lines]
    after = {len(word.partition(".")[2]) for word in above}
    widths = {len(line.rstrip()) for line in lines[:-1]}
    aligned = all(line != line.lstrip() or "  " in line for line in lines)
    short = len(last.partition(".")[2]) < min(after) if len(after) == 1 else False
    if short or (aligned and len(widths) == 1 and len(lines[-1].rstrip()) < min(widths)):
        raise InputError(
            f"{path} is cut off at line {number}: its last number is {last}, shorter than those "
            "above."
        )


def band_code(interval: float) -> str:
    """SEED band code of a simulation's trace."""
    return next((code for longest, code in _BANDS if interval <= longest), "L")


def make_stream(
    path: Any,
    times: np.ndarray,
    columns: np.ndarray,
    components: Sequence[str],
    units: str | Sequence[str],
    station: str,
    format: str,
    network: str = "",
    start: UTCDateTime | None = None,
    coordinates: dict[str, float] | None = None,
    channels: Sequence[str] | None = None,
    orientations: Sequence[tuple[float, float]] | None = None,
) -> Stream:
    """Traces of one station.

    :param times: (samples,), s, from ``start`` (default 1970-01-01, for a simulation without a
        date).
    :param columns: (samples, components).
    :param components: last letter of each channel code.
    :param units: noted in ``stats.units``, for enriching; one for all columns, or one for each.
    :param coordinates: x, y, z in m, or latitude, longitude in degrees and elevation in m.
    :param channels: whole codes, if the file has them.
    :param orientations: azimuth and dip of each column, as SEED has them: degrees from north,
        clockwise, and degrees down from the horizontal (up is -90). Noted in
        ``stats.orientation``; enriching turns to Z, N, E what is noted here. Leave it out where
        the component letters Z, N, E say it all.
    :raises InputError: if the times do not rise in even steps, or are no dates.
    """
    interval = sampling_interval(path, times)
    codes = channels or [f"{band_code(interval)}X{component}" for component in components]
    each = [units] * len(codes) if isinstance(units, str) else list(units)
    begin = (start or UTCDateTime(0)).ns + nanoseconds(times[0])
    if not all(_YEAR_1 < begin + 1e9 * after < _YEAR_9999 for after in (0, times[-1] - times[0])):
        raise InputError(f"{path}: its times, {times[0]:g} to {times[-1]:g} s, are no dates.")
    stream = Stream()
    for number, (code, column) in enumerate(zip(codes, columns.T)):
        header = {
            "network": network,
            "station": station,
            "channel": code,
            "delta": interval,
            "starttime": UTCDateTime(ns=begin),
            "units": each[number],
            "simulation": AttribDict(format=format, file=Path(path).name),
        }
        if coordinates is not None:
            header["coordinates"] = AttribDict(coordinates)
        if orientations is not None:
            azimuth, dip = orientations[number]
            header["orientation"] = AttribDict(azimuth=float(azimuth), dip=float(dip))
        stream.append(Trace(np.ascontiguousarray(column, dtype=float), header=header))
    return stream


def one_station(stream: Stream, format: str) -> list[Trace]:
    """The traces of a Stream that must hold one station's record.

    :raises InputError: if it holds more, or traces that do not go together.
    """
    ids = [trace.id for trace in stream]
    if len({station_id(trace.stats) for trace in stream}) != 1 or len(set(ids)) != len(ids):
        raise InputError(
            f"A {format} file holds one station; write each by itself: stream.select(station=...)."
        )
    first = stream[0].stats
    for trace in stream:
        if trace.stats.npts != first.npts or trace.stats.delta != first.delta:
            raise InputError(f"The traces of a {format} file must have one length and one rate.")
    return list(stream)
