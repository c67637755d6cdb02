"""Text files of one component: header lines, then its samples, any number of them a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError

#: Samples before the last whose number of digits it is compared with.
_PRECEDING = 100


def samples(path: Any, text: str, first: int, count: int, interval: float) -> np.ndarray:
    """The numbers after a header, (count,).

    :param text: content of the file.
    :param first: number of header lines.
    :param count: number of samples according to the header.
    :param interval: sampling interval according to the header, s.
    :raises InputError: for words that are no finite numbers, another count than the header's, or a
        last number that was cut off.
    """
    lines = text.splitlines()[first:]
    words = " ".join(lines).split()
    if len(words) != count or count < 2 or not 0 < interval < np.inf:
        raise InputError(
            f"{path} has {len(words)} samples, but its header says {count} at {interval:g} s; is "
            "the file cut off?"
        )
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = _fortran_numbers(path, lines, first)
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
        raise InputError(f"{path}: sample {bad} is NaN or infinite.")
    refuse_cut_off(path, text, words)
    return values


def refuse_cut_off(path: Any, text: str, words: Sequence[str]) -> None:
    """Refuse a text whose last number is incomplete, as far as those before it show.

    :raises InputError: for a last line without an end whose last number has fewer digits.
    """
    if not text.endswith(("\n", "\r")) and _last_is_shorter(words):
        raise InputError(
            f"{path}: the last number, {words[-1]}, has fewer digits than those before it: the "
            "file is cut off."
        )


def _fortran_numbers(path: Any, lines: Sequence[str], first: int) -> np.ndarray:
    """Numbers as Fortran writes them, 1.0D-03.

    :raises InputError: for the line that holds none.
    """
    values: list[float] = []
    for number, line in enumerate(lines, first + 1):
        try:
            values += [float(word.upper().replace("D", "E")) for word in line.split()]
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {line[:60]!r} is not all numbers.") from error
    return np.array(values)


def _last_is_shorter(words: Sequence[str]) -> bool:
    """Whether the last number has fewer digits after its point than all before it have."""
    before = {len(word.partition(".")[2]) for word in words[-_PRECEDING - 1 : -1]}
    return len(before) == 1 and len(words[-1].partition(".")[2]) < before.pop()
