"""What the tests compare of a Stream."""

import numpy as np


def codes(stream):
    """Component letters in the order of the traces."""
    return "".join(trace.stats.channel[-1] for trace in stream)


def values(stream):
    """(samples, traces)."""
    return np.column_stack([trace.data for trace in stream])
