"""The rows of every table: the method that is judged, and reference rows beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..method.contract import Method
from ..method.registry import create
from ..signal.filters import band_limit
from . import references
from .cases import Case, draw, joined

#: Realizations of a case: (case, number of realizations, seed) -> (realizations, 3, samples).
Row = Callable[[Case, int, int], np.ndarray]


def method_row(method: Method) -> Row:
    """A method as its users have it; one realization of a one-to-one method."""

    def row(case: Case, realizations: int, seed: int) -> np.ndarray:
        return draw(method, case, realizations if method.one_to_many else 1, seed)

    return row


def reference_rows() -> dict[str, Row]:
    """Copy, inverse filter, stochastic and oracle envelope; only the last uses the record."""
    return {
        "copy": lambda case, realizations, seed: case.low_frequency[None],
        "inverse filter": _inverse_filter,
        "stochastic": _stochastic_row(),
        "oracle envelope": _oracle,
    }


def rows_of(method: Method | None = None, name: str = "generated") -> Mapping[str, Row]:
    """The judged row first, then the reference rows."""
    judged = {} if method is None else {name: method_row(method)}
    return {**judged, **{k: v for k, v in reference_rows().items() if k not in judged}}


def _stochastic_row() -> Row:
    """The stochastic method, joined with the low frequencies under both protocols."""
    stochastic = create("stochastic", {})

    def row(case: Case, realizations: int, seed: int) -> np.ndarray:
        motion = draw(stochastic, case, realizations, seed)
        return motion if case.protocol == "clean" else joined(case, motion)

    return row


def _inverse_filter(case: Case, realizations: int, seed: int) -> np.ndarray:
    restored = references.inverse_filter(
        case.low_frequency, case.sampling_rate, case.corner, case.protocol
    )
    return restored[None]


def _oracle(case: Case, realizations: int, seed: int) -> np.ndarray:
    seeds = case.seeds(realizations, seed)
    motion = references.oracle_envelope(case.recorded, case.sampling_rate, case.corner, seeds)
    if case.protocol == "clean":
        return joined(case, motion)
    # The low frequencies of the record itself: the thesis's causal copy of them lags behind.
    low = band_limit(case.recorded, case.sampling_rate, case.corner)
    return low + motion - band_limit(motion, case.sampling_rate, case.corner)
