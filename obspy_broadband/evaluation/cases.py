"""What is judged: low frequencies that a method is given, and records that it never sees."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..method import Batch, Method
from ..signal.hybrid import hybridize

if TYPE_CHECKING:
    from ..data.pairs import Pairs

#: Rows whose realizations are drawn at once.
_ROWS = 8


@dataclass(frozen=True)
class Cases:
    """Windows of recorded motion and what a method may know of each.

    :param names: of the records.
    :param events: that they belong to.
    :param given: all that a method is handed; its ``broadband`` is None.
    :param recorded: (cases, 3, samples), m/s² (under the thesis protocol, over the peak of each
        component).
    :param sampling_rate: Hz.
    :param protocol: "clean" or "thesis".
    """

    names: list[str]
    events: np.ndarray
    given: Batch
    recorded: np.ndarray
    sampling_rate: float
    protocol: str = "clean"

    def __post_init__(self) -> None:
        if self.given.broadband is not None:
            raise AssertionError("A method must not be handed the target.")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def low_frequency(self) -> np.ndarray:
        """(cases, 3, samples), in the unit of ``recorded``."""
        low = np.asarray(self.given.low_frequency, dtype=float)
        if self.protocol == "thesis":
            return low
        return low * np.asarray(self.given.scale)[:, None, None]

    def row(self, number: int) -> Batch:
        """What is known of one case."""
        return self.rows(slice(number, number + 1))

    def rows(self, rows: slice) -> Batch:
        """What is known of some cases."""
        batch = self.given
        return Batch(
            low_frequency=batch.low_frequency[rows],
            scale=batch.scale[rows],
            corner=batch.corner[rows],
            scenarios=batch.scenarios[rows],
            starts=batch.starts[rows],
        )


def cases_of(pairs: Pairs) -> Cases:
    """Every record of the pairs, once, as it is (they must have no augmentation)."""
    columns, chosen = pairs.store.columns, pairs.records
    batches = [pairs.batch([position]) for position in range(len(pairs))]
    whole = {
        name: np.concatenate([_array(getattr(batch, name)) for batch in batches])
        for name in ("low_frequency", "scale", "corner", "starts", "broadband")
    }
    recorded = whole.pop("broadband").astype(float)
    if pairs.protocol == "clean":
        recorded *= whole["scale"][:, None, None]
    scenarios = tuple(scenario for batch in batches for scenario in batch.scenarios)
    return Cases(
        names=[str(name) for name in columns["record"][chosen]],
        events=columns["event"][chosen],
        given=Batch(scenarios=scenarios, **whole),
        recorded=recorded,
        sampling_rate=100.0,
        protocol=pairs.protocol,
    )


def seeds_for(cases: Cases, realizations: int, seed: int = 0) -> np.ndarray:
    """(cases, realizations), each from the seed, the case and the number of the realization."""
    return np.stack(
        [
            np.random.SeedSequence([seed, number]).generate_state(realizations, np.uint64)
            for number in range(len(cases))
        ]
    )


def draw(method: Method, cases: Cases, seeds: np.ndarray, join: bool | None = None) -> np.ndarray:
    """Realizations as a user gets them: (cases, realizations, 3, samples).

    :param join: with the low frequencies; default: as the protocol says (the thesis takes what a
        network puts out, over the whole band).
    """
    join = cases.protocol == "clean" if join is None else join
    made = []
    for first in range(0, len(cases), _ROWS):
        rows = slice(first, first + _ROWS)
        batch = dataclasses.replace(cases.rows(rows))
        drawn = np.asarray(method.realize(batch, seeds[rows]), dtype=np.float32)
        if cases.protocol == "clean":
            drawn *= np.asarray(batch.scale, dtype=np.float32)[:, None, None, None]
        if join:
            drawn = joined(cases, rows, drawn)
        made.append(drawn.astype(np.float32))
    return np.concatenate(made)


def joined(cases: Cases, rows: slice, drawn: np.ndarray) -> np.ndarray:
    """What a method drew above the corner, what it was given below."""
    low, corners = cases.low_frequency[rows], np.asarray(cases.given.corner)[rows]
    return np.stack(
        [
            hybridize(one, some, cases.sampling_rate, float(corner))
            for one, some, corner in zip(low, drawn, corners)
        ]
    )


def _array(values: Any) -> np.ndarray:
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
