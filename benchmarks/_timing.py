"""How the benchmarks time a call."""

import time
from collections.abc import Callable

import numpy as np


def seconds(call: Callable[[], object], repeat: int) -> float:
    """Median time of a call; the first is not counted."""
    call()
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return float(np.median(spent))
