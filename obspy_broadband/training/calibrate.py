"""Is the level drawn with the right spread? One factor, learned from events that were not seen.

The factor multiplies the numbers that a realization's level is drawn from, so a larger number still
is a louder realization, and the correlation of the level between frequencies and between stations
stays as it is. Records are drawn at three factors with the same seeds; between these, ln SA is
interpolated: it is nearly linear in the level's numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..data.event_weights import event_weights
from ..data.store import SAMPLING_RATE, Store
from ..ensemble.measures import PERIODS
from ..errors import InputError
from ..evaluation.calibration import bootstrap, coverage, crps, spread_ratio
from ..evaluation.cases import Case, draw, seeds_for
from ..evaluation.evaluate import cases_on_store
from ..evaluation.tables import HEADLINE
from ..method import weights
from ..method.neural import NeuralMethod
from ..method.registry import create
from ..signal.response import rotd

#: Factors at which records are drawn; those that are tried lie between them, and 1 is one of them.
_DRAWN = (0.5, 1.0, 2.0)
_TRIED = np.geomspace(_DRAWN[0], _DRAWN[-1], 61)
#: Standard deviation of ln of the factor between methods, before any record is seen. A choice: the
#: spread was fitted to events left out already.
_BETWEEN_METHODS = 0.2
#: Events of which a spread can be told; records an event, of which more say little of other events.
_FEWEST, _AN_EVENT = 5, 6
_PERIODS = tuple(period for period in PERIODS if HEADLINE[0] <= period <= HEADLINE[1])


def calibrate(
    name: str,
    store_folder: str | Path,
    weights_name: str | None = None,
    split: str = "dev",
    corner: float = 1.0,
    realizations: int = 20,
    seed: int = 0,
    progress: bool = False,
) -> tuple[dict[str, Any], pd.DataFrame, weights.Weights]:
    """Find the factor; :func:`obspy_broadband.method.weights.note` puts it into a card.

    It has the least CRPS of ln SA RotD50 at 0.05-1 s, every event counting alike, drawn towards 1
    by how little so many events know. Unless its 90 % interval leaves 1 out, it is 1: a method's
    spread was fitted to errors on events left out already, and chance is no reason to change it.

    :param name: of the method.
    :param store_folder: with records in m/s² that the weights were not fitted to.
    :param weights_name: see :func:`obspy_broadband.method.weights.find`.
    :param split: of the store.
    :param corner: Hz.
    :param realizations: of each record; 19 are the least of which nine tenths can be told exactly.
    :return: what the card is to say under ``calibration``; scores before, after, and with every
        record's event left out; the weights.
    :raises InputError: for weights that draw no level, or fewer than five events.
    """
    method = create(name, {}, weights_name)
    if not isinstance(method, NeuralMethod) or method.weights is None or not method.epsilon_size:
        raise InputError(f"{name} draws no level that was learned; there is nothing to calibrate.")
    cases = _a_few(cases_on_store(Store(store_folder), split, "clean", corner, method.samples))
    events = np.array([case.event for case in cases])
    if len(set(events.tolist())) < _FEWEST:
        raise InputError(
            f"The {split} split of {store_folder} has records of {len(set(events.tolist()))} "
            f"events; the spread of levels can be told from {_FEWEST} or more."
        )
    recorded = np.stack([_spectra(case.recorded) for case in cases])
    drawn = np.stack([_draw(method, cases, one, realizations, seed, progress) for one in _DRAWN])
    losses = np.stack(
        [crps(_at(drawn, np.full(len(cases), one)), recorded).mean(axis=-1) for one in _TRIED],
        axis=-1,
    )
    found = learn(losses, events)
    left_out = np.empty(len(cases))
    for event in set(events.tolist()):
        out = events == event
        left_out[out] = learn(losses[~out], events[~out])["shrunk"]
    factors = {"before": np.ones(len(cases)), "left out": left_out}
    factors["after"] = np.full(len(cases), found["shrunk"])
    table = pd.DataFrame(
        {when: _scores(_at(drawn, one), recorded, events) for when, one in factors.items()}
    ).T
    by_chance = found["lowest"] <= 1.0 <= found["highest"]
    said = {
        "level_spread": 1.0 if by_chance else found["shrunk"],
        **found,
        **{"split": split, "records": len(cases), "events": len(set(events.tolist()))},
        **{"corner_hz": corner, "realizations": realizations, "seed": seed},
        "scores": {when: row.round(4).to_dict() for when, row in table.iterrows()},
    }
    return said, table, method.weights


def learn(losses: np.ndarray, events: np.ndarray) -> dict[str, float]:
    """The factor of the least loss, what is left of it once it is drawn towards 1, its interval.

    :param losses: (records, factors tried).
    :param events: (records,).
    :return: "best", "shrunk", and "lowest" and "highest", the ends of the 90 % interval by a
        bootstrap of events.
    """
    best = float(_TRIED[(event_weights(events) @ losses).argmin()])
    resampled = np.log(_TRIED[bootstrap(losses, events, draws=500).argmin(axis=1)])
    trust = _BETWEEN_METHODS**2 / (_BETWEEN_METHODS**2 + resampled.var())
    low, high = np.exp(np.quantile(resampled, (0.05, 0.95)))
    numbers = {"best": best, "shrunk": best**trust, "lowest": low, "highest": high}
    return {name: round(float(value), 3) for name, value in numbers.items()}


def _a_few(cases: Sequence[Case]) -> list[Case]:
    """At most so many of each event, as they come."""
    seen: Counter[str] = Counter()
    chosen = []
    for case in cases:
        seen[case.event] += 1
        if seen[case.event] <= _AN_EVENT:
            chosen.append(case)
    return chosen


def _draw(
    method: NeuralMethod,
    cases: Sequence[Case],
    factor: float,
    realizations: int,
    seed: int,
    progress: bool,
) -> np.ndarray:
    """ln SA of the realizations: (records, periods, realizations)."""
    method.level_spread = factor
    found = []
    label = f"spread times {factor:g}"
    for number, case in enumerate(tqdm(cases, label, unit="record", disable=not progress)):
        made = draw(method, case, seeds_for(number, realizations, seed))
        found.append(_spectra(made).T)
    return np.stack(found)


def _spectra(motion: np.ndarray) -> np.ndarray:
    """ln SA RotD50: (..., periods)."""
    found = rotd(motion[..., 1, :], motion[..., 2, :], SAMPLING_RATE, _PERIODS, (50.0,))
    return np.log(found[..., 0, :] + 1e-12)


def _at(drawn: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Draws of each record at its factor: (records, periods, realizations).

    :param drawn: (factors drawn, records, periods, realizations).
    :param factors: (records,).
    """
    nodes = np.array(_DRAWN)
    below = np.clip(np.searchsorted(nodes, factors, side="right") - 1, 0, len(nodes) - 2)
    part = (factors - nodes[below]) / (nodes[below + 1] - nodes[below])
    rows = np.arange(len(factors))
    first, second = drawn[below, rows], drawn[below + 1, rows]
    return first + part[:, None, None] * (second - first)


def _scores(draws: np.ndarray, recorded: np.ndarray, events: np.ndarray) -> dict[str, float]:
    counts = event_weights(events)
    ratios = [spread_ratio(draws[:, one], recorded[:, one], counts) for one in range(len(_PERIODS))]
    return {
        "crps": float(counts @ crps(draws, recorded).mean(axis=-1)),
        "coverage_50": float(counts @ coverage(draws, recorded, 0.5).mean(axis=-1)),
        "coverage_90": float(counts @ coverage(draws, recorded, 0.9).mean(axis=-1)),
        "spread_ratio": float(np.mean(ratios)),
        "bias": float(counts @ (recorded - draws.mean(axis=-1)).mean(axis=-1)),
    }
