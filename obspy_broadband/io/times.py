"""The sampling interval of a column of times, and whether rows are missing.

Times are printed with a limited number of digits. The deviation from even steps that is tolerated
follows from these digits, never from how large the times are: seconds since 1970 are checked as
strictly as seconds since the origin time.
"""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import numpy as np

from ..errors import InputError, InputWarning

#: Fraction of a step by which even steps may differ, beside the rounding of printed digits.
_UNEVEN = 0.02
_ALTERNATING = 0.05  #: fraction of steps that differ where rounding makes them alternate
_SINGLE = 6e-8  #: relative: a program's 0.01 in single precision is 0.0099999998
_WINDOW = 100  #: rows at each end whose digits are counted


def sampling_interval(path: Any, times: np.ndarray) -> float:
    """The step of a column of times, from the whole column.

    :param path: names the file, for messages.
    :param times: (samples,), s.
    :return: s; the shortest number that agrees with the digits of the times.
    :raises InputError: if the steps are not even; missing and repeated rows are named by their
        times.
    """
    times = np.asarray(times, dtype=float)
    if len(times) < 2:
        raise InputError(f"{path} has {len(times)} sample; at least two are needed.")
    if not np.isfinite(times).all():
        raise InputError(f"{path}: a time is NaN or infinite.")
    steps = np.diff(times)
    step = float(times[-1] - times[0]) / len(steps)
    uneven = np.abs(steps - step)
    digits = _printed_resolution(times)
    # Of the mean step: the first and the last time are rounded. Equal steps are exact.
    tolerance = min(float(digits[0] + digits[-1]) / 2, float(uneven.max())) / len(steps)
    if not step > 0 or (uneven > _UNEVEN * step).any():
        rounding = (digits[1:] + digits[:-1]) / 2
        if not step > 0 or (uneven > _UNEVEN * step + rounding).any():
            raise InputError(f"{path}: {_describe_flaw(times, steps)}")
        if rounding.max() > step / 4:
            allowed = _step_range(times, steps, step, digits)
            if allowed is None:
                raise InputError(f"{path}: {_describe_flaw(times, steps)}")
            smallest, largest = allowed
            step, tolerance = (smallest + largest) / 2, (largest - smallest) / 2
            if digits.max() >= step:
                warnings.warn(
                    f"{path}: the times are printed with too few digits for a step of {step:.6g} s "
                    "(of the whole column); a missing row would not show.",
                    InputWarning,
                    stacklevel=3,
                )
    return _shortest_number(step, tolerance)


def nanoseconds(seconds: float) -> int:
    """Nanoseconds of the printed decimal number, exact: 1500000000.01 s loses no digit."""
    return round(Decimal(repr(float(seconds))) * 10**9)


def _printed_resolution(times: np.ndarray) -> np.ndarray:
    """One unit of the last printed digit of each time, s, (samples,).

    The last digit is that of the decimals or of the significant digits, whichever is coarser. Times
    that are float32 numbers have at least the spacing of float32.
    """
    ends = times if len(times) <= 2 * _WINDOW else np.r_[times[:_WINDOW], times[-_WINDOW:]]
    numbers = [Decimal(repr(value)).as_tuple() for value in ends.tolist()]
    decimals = max(-int(number.exponent) for number in numbers)
    significant = max(len(number.digits) for number in numbers)
    size = np.abs(times)
    spacing = np.spacing(size)
    if significant > 15:  # as many as float64 has: computed, or printed in full
        unit = spacing
    else:
        exponent = np.floor(np.log10(np.where(size > 0, size, 1.0)))
        unit = np.maximum(10.0 ** (exponent + 1 - significant), 10.0 ** float(-decimals))
        unit = np.maximum(unit, spacing)
    with np.errstate(over="ignore"):
        single = times.astype(np.float32)
    if (np.abs(times - single) <= unit / 2).all():
        unit = np.maximum(unit, np.spacing(np.abs(single)).astype(float))
    return unit


def _step_range(
    times: np.ndarray, steps: np.ndarray, step: float, digits: np.ndarray
) -> tuple[float, float] | None:
    """The smallest and the largest even step whose rounded times are these; None if there is none.

    Rounding to few digits makes steps alternate all along; a missing row is one step among many.
    """
    usual = np.median(steps)
    different = int((np.abs(steps - usual) > _UNEVEN * step).sum())
    if different < max(3, _ALTERNATING * len(steps)):
        return None
    from scipy.optimize import linprog  # seldom needed

    # Lines a + b x within half a digit of all times, in units of a digit.
    x = np.linspace(0.0, 1.0, len(times))
    unit = digits.max()
    y = (times - times[0] - step * np.arange(len(times))) / unit
    half = 0.501 * digits / unit
    lines = np.column_stack([np.ones_like(x), x])
    bounds = []
    for sign in (1.0, -1.0):
        solution = linprog(
            [0.0, sign],
            np.vstack([lines, -lines]),
            np.concatenate([y + half, half - y]),
            bounds=[(None, None)] * 2,
        )
        if not solution.success:
            return None
        bounds.append(step + float(solution.x[1]) * unit / len(steps))
    return bounds[0], bounds[1]


def _shortest_number(step: float, tolerance: float) -> float:
    """The step with the fewest digits within the tolerance, or one of a whole number of hertz."""
    tolerance = max(tolerance, _SINGLE * step)
    for digits in range(1, 16):
        if digits == 4:
            rate = round(1 / step)
            if rate and abs(1 / rate - step) <= tolerance:
                return 1 / rate
        short = float(f"{step:.{digits}g}")
        if abs(short - step) <= tolerance:
            return short
    return step


def _describe_flaw(times: np.ndarray, steps: np.ndarray) -> str:
    """Description of the first flaw of uneven times, for a message."""
    usual = float(np.median(steps))
    back = np.flatnonzero(steps <= 0)
    if len(back) > len(steps) / 2 or not usual > 0:
        return (
            "the times in the first column do not rise in even steps; are they printed with too "
            "few digits?"
        )
    if len(back):
        row = int(back[0])
        return (
            "the times in the first column do not rise in even steps: "
            f"{times[row]:.12g} s (row {row + 1}) is followed by {times[row + 1]:.12g} s."
        )
    row = int(np.abs(steps - usual).argmax())
    before, after = times[row], times[row + 1]
    between = f"between {before:.12g} s (row {row + 1} of the numbers) and {after:.12g} s"
    if steps[row] > 1.5 * usual:
        missing = max(round(float(steps[row]) / usual) - 1, 1)
        rows = "row is" if missing == 1 else "rows are"
        return f"{missing} {rows} missing {between}; the times rise by {usual:.6g} s elsewhere."
    return (
        "the times in the first column do not rise in even steps: by "
        f"{steps[row]:.9g} s {between}, by {usual:.9g} s elsewhere."
    )
