"""Time series to which a run that was restarted from a checkpoint has appended."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import InputWarning


def drop_overwritten(table: np.ndarray, path: Any = None) -> np.ndarray:
    """Rows in the order of their times; of a time that was written again, the later row is kept.

    A restarted run appends from its checkpoint on, so that times step back.

    :param table: (rows, columns), the first column the times.
    :param path: names the file in a warning where rewritten rows differ from those they replace;
        without it there is no warning.
    :return: (rows, columns).
    """
    rows, differ = _last_written(table)
    if differ and path is not None:
        warnings.warn(
            f"{path}: {len(table) - len(rows)} of {len(table)} rows are written again, as after a "
            "restart; the later ones are kept.",
            InputWarning,
            stacklevel=2,
        )
    return rows


def _last_written(table: np.ndarray) -> tuple[np.ndarray, bool]:
    """The last row of each time, and whether rewritten rows differ from those they replace."""
    times = table[:, 0]
    if len(times) < 2 or not np.isfinite(times).all():
        return table, False
    steps = np.diff(times)
    nearest = 0.5 * np.median(np.abs(steps))
    # A time before the first is damage, not a restart; sampling_interval refuses it.
    if (steps > nearest).all() or times.min() < times[0] - nearest:
        return table, False
    order = np.argsort(times, kind="stable")
    starts = np.flatnonzero(np.diff(times[order], prepend=-np.inf) > nearest)
    last = np.maximum.reduceat(order, starts)
    group = np.searchsorted(starts, np.arange(len(order)), side="right") - 1
    equal = np.allclose(table[order, 1:], table[last[group], 1:], rtol=1e-6, atol=0)
    return table[last], not equal
