"""Time series to which a restarted run has appended."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import InputWarning


def latest(table: np.ndarray) -> tuple[np.ndarray, bool]:
    """Rows in the order of their times; of a time that was written again, the later row is kept.

    A run that goes on from a checkpoint appends to its files from there, so that times step back.

    :param table: (rows, columns), the first column the times.
    :return: the rows, and whether what was written again differs from what it replaces.
    """
    times = table[:, 0]
    if len(times) < 2 or not np.isfinite(times).all():
        return table, False
    steps = np.diff(times)
    nearest = 0.5 * np.median(np.abs(steps))
    # A time before the first is no restart, but damage, which the time's check refuses.
    if (steps > nearest).all() or times.min() < times[0] - nearest:
        return table, False
    order = np.argsort(times, kind="stable")
    begins = np.flatnonzero(np.diff(times[order], prepend=-np.inf) > nearest)
    later = np.maximum.reduceat(order, begins)
    which = np.searchsorted(begins, np.arange(len(order)), side="right") - 1
    same = np.allclose(table[order, 1:], table[later[which], 1:], rtol=1e-6, atol=0)
    return table[later], not same


def without_repeats(path: Any, table: np.ndarray) -> np.ndarray:
    """:func:`latest` rows, with a warning if what was written again is not the same."""
    kept, differ = latest(table)
    if differ:
        warnings.warn(
            f"{path}: {len(table) - len(kept)} of {len(table)} rows are written again, as after a "
            "restart; the later ones are kept.",
            InputWarning,
            stacklevel=2,
        )
    return kept
