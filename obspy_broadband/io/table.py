"""Numeric tables in text files, and the traces made of their columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ..errors import InputError

#: Larger files are no station's time series.
LARGEST = 512 * 1024**2
#: SEED band codes by the longest sampling interval in s, as SPECFEM assigns them.
_BANDS = ((0.001, "F"), (0.004, "C"), (0.0125, "H"), (0.1, "B"), (1.0, "M"))


def head(path: Any, size: int = 4096) -> str | None:
    """The beginning of a text file; None for anything that is none. Never raises."""
    try:
        if not isinstance(path, (str, Path)) or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            start = file.read(size)
        if not start or b"\0" in start:
            return None
        return start.decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def read_table(path: Any, comment: str = "#") -> tuple[list[str], np.ndarray]:
    """Header lines (those that begin no number) and the rows of numbers.

    :param comment: what begins a line to leave out anywhere.
    :return: header without the comment sign, and (rows, columns) of float64.
    :raises InputError: for a file that is no table of finite numbers.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB: no station's record.")
        lines = path.read_text(encoding="utf-8", errors="strict").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text file.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    header: list[str] = []
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        words = text.replace(",", " ").split()
        if text.startswith(comment) or (not rows and not _is_number(words[0])):
            header.append(text.lstrip(comment).strip())
            continue
        if rows and len(words) != len(rows[0]):
            raise InputError(
                f"{path}, line {number}: {len(words)} columns, but {len(rows[0])} before; is the "
                "file cut off?"
            )
        try:
            # Fortran writes 1.0D-03.
            rows.append([float(word.replace("D", "E").replace("d", "e")) for word in words])
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {line[:60]!r} is not all numbers.") from error
    if len(rows) < 2:
        raise InputError(f"{path} holds {len(rows)} rows of numbers; a time series is needed.")
    table = np.array(rows)
    if not np.isfinite(table).all():
        bad = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0]) + 1
        raise InputError(f"{path}: row {bad} of the numbers is NaN or infinite.")
    return header, table


def _is_number(word: str) -> bool:
    try:
        float(word.replace("D", "E").replace("d", "e"))
    except ValueError:
        return False
    return True


def sampling_interval(path: Any, times: np.ndarray) -> float:
    """The step of a time column in s.

    :raises InputError: if the steps are not even.
    """
    step = (times[-1] - times[0]) / (len(times) - 1)
    uneven = np.abs(np.diff(times) - step).max()
    # Time columns are often written with few digits.
    if not step > 0 or uneven > max(0.02 * step, 2e-6 * abs(times[-1])):
        raise InputError(f"{path}: the times in the first column do not rise in even steps.")
    rounded = float(f"{step:.6g}")  # 0.0099999997 is 0.01 written with few digits
    return rounded if abs(rounded - step) * len(times) < 0.5 * step else float(step)


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
    :raises InputError: if the times do not rise in even steps.
    """
    interval = sampling_interval(path, times)
    codes = channels or [f"{band_code(interval)}X{component}" for component in components]
    each = [units] * len(codes) if isinstance(units, str) else list(units)
    stream = Stream()
    for number, (code, column) in enumerate(zip(codes, columns.T)):
        header = {
            "network": network,
            "station": station,
            "channel": code,
            "delta": interval,
            "starttime": (start or UTCDateTime(0)) + float(times[0]),
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
    if len({id[:-1] for id in ids}) != 1 or len(set(ids)) != len(ids):
        raise InputError(
            f"A {format} file holds one station; write each by itself: stream.select(station=...)."
        )
    first = stream[0].stats
    for trace in stream:
        if trace.stats.npts != first.npts or trace.stats.delta != first.delta:
            raise InputError(f"The traces of a {format} file must have one length and one rate.")
    return list(stream)
