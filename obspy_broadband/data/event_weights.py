"""Weights of records by the event that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def event_weights(events: Sequence[str] | np.ndarray, power: float = 1.0) -> np.ndarray:
    """Weights of records, sum 1, in proportion to 1 / (records of their event) to a power.

    :param events: the event of each record.
    :param power: 0 for all records alike, 1 for all events alike.
    """
    _, event, counts = np.unique(np.asarray(events), return_inverse=True, return_counts=True)
    total = (counts ** (1.0 - power)).sum()
    return 1.0 / (counts[event] ** power * total)
