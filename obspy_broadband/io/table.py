"""Tables of numbers in text files, and the Stream of a station made from their columns."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ..errors import InputError
from ..records.orientation import station_id
from .files import LARGEST_RECORD
from .times import nanoseconds, sampling_interval

#: SEED band codes by the longest sampling interval in s, as SPECFEM assigns them.
_BANDS = ((0.001, "F"), (0.004, "C"), (0.0125, "H"), (0.1, "B"), (1.0, "M"))
#: First characters of comment lines.
COMMENTS = ("#", "%")
#: Characters of a header line that are searched.
HEADER_LINE = 300
#: A real number as Fortran prints it: also 1.0D-03, and 0.12-101 where the exponent has three
#: digits. Numbers that fill their fields touch: 0.12E+01-0.34E+00.
_REAL = re.compile(r"([+-]?(?:\d+\.\d*|\.\d+))(?:[EDQ]([+-]?\d+)|([+-]\d{3})(?![\d.]))?", re.I)
_ROWS_ABOVE = 50  #: rows before the last whose number format it is compared with

_YEAR_1, _YEAR_9999 = -6.2e19, 2.53e20  #: ns from 1970

_BLOCK = 4096
_TICK = 100_000_000  #: ns in which a file may change without a new modification time
#: Cache for detection, in which ObsPy asks every format: the last file, its first bytes, and text.
_last: tuple[Any, bytes, str | None] = (None, b"", None)


def first_bytes(path: Any, size: int = _BLOCK) -> bytes | None:
    """The first bytes of an ordinary file; None for anything else. Never raises.

    The file is read once for all formats that are asked in turn.
    """
    start = _read_start(path, size)
    return None if start is None else start[0][:size]


def head(path: Any, size: int = _BLOCK) -> str | None:
    """The beginning of a text file; None for anything else. Never raises."""
    start = _read_start(path, size)
    if start is None:
        return None
    return start[1] if size == _BLOCK else _decode_text(start[0][:size])


def _read_start(path: Any, size: int) -> tuple[bytes, str | None] | None:
    """At least ``size`` first bytes, and the first block as text; cached for the last file."""
    global _last
    try:
        if not isinstance(path, (str, Path)):
            return None
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        key = (os.fspath(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        last_key, start, text = _last
        if last_key == key and len(start) >= min(size, status.st_size):
            return start, text
        with open(path, "rb") as file:
            start = file.read(max(size, _BLOCK))
        text = _decode_text(start[:_BLOCK])
        if time.time_ns() - status.st_mtime_ns > _TICK:
            _last = key, start, text
        return start, text
    except (OSError, ValueError):
        return None


def _decode_text(start: bytes) -> str | None:
    return None if not start or b"\0" in start else start.decode("utf-8", errors="replace")


def read_table(path: Any, comment: str | Sequence[str] = COMMENTS) -> tuple[list[str], np.ndarray]:
    """Header lines (those that do not begin with a number) and the rows of numbers.

    Columns are divided by blanks, tabs, commas or semicolons; between semicolons a comma is a
    decimal point.

    :param comment: first characters of lines to skip anywhere; one text, or several.
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
            header.append(_strip_marks(marks, line))
    numbers = []
    for number, line in enumerate(lines[first:], first + 1):
        begin = line.lstrip()
        if begin.startswith(marks):
            header.append(_strip_marks(marks, line))
        elif begin:
            numbers.append(number)
    if len(numbers) < 2:
        raise InputError(f"{path} holds {len(numbers)} rows of numbers; a time series is needed.")
    body = _separate_by_blanks(path, [lines[number - 1] for number in numbers])
    table = _load_rows(path, numbers, body)
    if not text.endswith(("\n", "\r")):
        _refuse_cut_off(path, len(lines), body[-_ROWS_ABOVE:])
    finite = np.isfinite(table).all(axis=1)
    if not finite.all():
        raise InputError(f"{path}, line {numbers[int(finite.argmin())]}: NaN or infinite.")
    return header, table


def _begins_number(word: str) -> bool:
    return _numbers(re.split("[,;]", word)[0]) is not None


def _strip_marks(marks: tuple[str, ...], line: str) -> str:
    return line.strip().lstrip("".join(marks)).strip()


def read_text(path: Any) -> str:
    """A text file, in UTF-8, or else in Latin-1.

    :raises InputError: for a file that cannot be read, is no text, or too large for a record.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_RECORD:
            raise InputError(
                f"{path} is larger than {LARGEST_RECORD >> 20} MiB: no station's record."
            )
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


def _separate_by_blanks(path: Any, lines: list[str]) -> list[str]:
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


def _load_rows(path: Any, numbers: Sequence[int], lines: Sequence[str]) -> np.ndarray:
    """The numbers of all lines, (rows, columns).

    :raises InputError: at the first line that is no row.
    """
    with suppress(ValueError):
        return np.loadtxt(lines, comments=None, ndmin=2)
    with suppress(ValueError):  # Fortran's 1.0D-03
        return np.loadtxt([re.sub("[Dd]", "E", line) for line in lines], comments=None, ndmin=2)
    # Ragged rows, touching numbers, or words: fifty times slower, but names the line.
    return np.array(list(_rows(path, numbers, lines)))


def _rows(path: Any, numbers: Sequence[int], lines: Sequence[str]) -> Iterator[list[float]]:
    """Row by row, with numbers as Fortran prints them.

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
    """The number of a word, or several that touch; None for anything else."""
    try:
        return [float(word)]
    except ValueError:
        matches = list(_REAL.finditer(word))
    if not matches or "".join(match.group() for match in matches) != word:
        return None
    if any(match.group()[0] not in "+-" for match in matches[1:]):
        return None
    return [
        float(f"{mantissa}E{exponent or bare_exponent or 0}")
        for mantissa, exponent, bare_exponent in (match.groups() for match in matches)
    ]


def row_of_numbers(line: str) -> list[float] | None:
    """All numbers of a line, also as Fortran prints them; None if there is anything else."""
    row: list[float] = []
    for word in line.split():
        numbers = _numbers(word)
        if numbers is None:
            return None
        row += numbers
    return row


def header_number(header: Mapping[str, str], *keys: str) -> float | None:
    """The first word after the first of these keys that is a finite number; None if none is."""
    for key in keys:
        try:
            value = float(header[key].split()[0])  # some files name the source after the number
        except (KeyError, IndexError, ValueError):
            continue
        if np.isfinite(value):
            return value
    return None


def _refuse_cut_off(path: Any, number: int, lines: Sequence[str]) -> None:
    """Refuse a last line without an end whose last number is shorter than those above.

    :param number: of the last line.
    :param lines: the last rows of numbers.
    :raises InputError: where all numbers above have one length, so that a shorter one shows.
    """
    *above, last = [line.split()[-1] for line in lines]
    decimals = {len(word.partition(".")[2]) for word in above}
    widths = {len(line.rstrip()) for line in lines[:-1]}
    aligned = all(line != line.lstrip() or "  " in line for line in lines)
    short = len(last.partition(".")[2]) < min(decimals) if len(decimals) == 1 else False
    if short or (aligned and len(widths) == 1 and len(lines[-1].rstrip()) < min(widths)):
        raise InputError(
            f"{path} is cut off at line {number}: its last number is {last}, shorter than those "
            "above."
        )


def band_code(interval: float) -> str:
    """SEED band code of a simulation's trace, by its sampling interval in s."""
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
    """The Stream of one station.

    :param path: of the file, noted in ``stats.simulation`` and named in messages.
    :param times: (samples,), s, from ``start`` (default 1970-01-01, for a simulation without a
        date).
    :param columns: (samples, components).
    :param components: last letter of each channel code.
    :param units: noted in ``stats.units``, for enriching; one for all columns, or one for each.
    :param format: name of the format, noted in ``stats.simulation``.
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
    column_units = [units] * len(codes) if isinstance(units, str) else list(units)
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
            "units": column_units[number],
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
