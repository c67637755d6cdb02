"""The rows of every table: the method that is judged, and what its scores are worth beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..method.contract import Method
from ..method.registry import create
from ..signal.filters import band_limit
from . import references
from .cases import Case, draw, joined

#: Draws realizations of a case: (case, seeds) -> (realizations, 3, samples).
Row = Callable[[Case, np.ndarray], np.ndarray]
#: Rows that hand out one realization whatever is asked for.
SINGLE = ("copy", "inverse filter")


def method_row(method: Method) -> Row:
    """A method as its users have it; one realization of a one-to-one method."""

    def row(case: Case, seeds: np.ndarray) -> np.ndarray:
        return draw(method, case, seeds if method.one_to_many else seeds[:1])

    return row


def reference_rows() -> dict[str, Row]:
    """Copy, inverse filter, stochastic and oracle envelope; the last alone sees the record."""
    stochastic = create("stochastic", {})

    def hybrid(case: Case, seeds: np.ndarray) -> np.ndarray:
        return draw(stochastic, case, seeds, join=True)

    return {
        "copy": lambda case, seeds: case.low_frequency[None],
        "inverse filter": _inverse_filter,
        "stochastic": hybrid,
        "oracle envelope": _oracle,
    }


def rows_of(method: Method | None = None, name: str = "generated") -> Mapping[str, Row]:
    """The judged row first, then the reference rows."""
    judged = {} if method is None else {name: method_row(method)}
    return {**judged, **{k: v for k, v in reference_rows().items() if k not in judged}}


def _inverse_filter(case: Case, seeds: np.ndarray) -> np.ndarray:
    made = references.inverse_filter(
        case.low_frequency, case.sampling_rate, case.corner, case.protocol
    )
    return made[None]


def _oracle(case: Case, seeds: np.ndarray) -> np.ndarray:
    made = references.oracle_envelope(case.recorded, case.sampling_rate, case.corner, seeds)
    if case.protocol == "clean":
        return joined(case, made)
    # The low frequencies of the record itself: its causal copy lags behind.
    low = band_limit(case.recorded, case.sampling_rate, case.corner)
    return low + made - band_limit(made, case.sampling_rate, case.corner)
