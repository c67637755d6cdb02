"""A factor on the spread of the level, fitted to events that the weights were not fitted to.

The factor multiplies epsilon, the standard normals that a realization's level is drawn with: a
larger epsilon is still a louder realization, and the level's correlation between frequencies and
between stations stays as it is. Realizations are drawn at three factors with the same seeds; in
between, ln SA is interpolated: it is nearly linear in epsilon.
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
from ..evaluation.cases import Case, draw
from ..evaluation.evaluate import cases_on_store
from ..evaluation.tables import HEADLINE
from ..method.neural import NeuralMethod
from ..method.registry import create
from ..method.weights import Weights
from ..signal.response import rotd

#: Factors at which realizations are drawn; the grid of candidates between them, which includes 1.
_NODES = (0.5, 1.0, 2.0)
_FACTORS = np.geomspace(_NODES[0], _NODES[-1], 61)
#: Prior standard deviation of ln factor. A choice: the spread was fitted to cross-validated errors.
_PRIOR_SIGMA = 0.2
#: Events that a spread can be estimated from, at least; records of an event that are used, at most.
_MIN_EVENTS, _MAX_PER_EVENT = 5, 6
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
) -> tuple[dict[str, Any], pd.DataFrame, Weights]:
    """Fit the factor; :func:`obspy_broadband.method.weights.note` puts it into a card.

    It has the least CRPS of ln SA RotD50 at 0.05-1 s, every event counting alike, shrunk towards 1
    by its uncertainty (:func:`fit_factor`). It is 1 unless its 90 % interval excludes 1: the spread
    was fitted to cross-validated errors already.

    :param name: of the method.
    :param store_folder: with records in m/s² that the weights were not fitted to.
    :param weights_name: see :func:`obspy_broadband.method.weights.find`.
    :param split: of the store.
    :param corner: Hz.
    :param realizations: of each record; 19 is the least number with an exact 90 % interval.
    :return: the card's entry ``calibration``; scores before, after, and with factors fitted without
        the record's event; the weights.
    :raises InputError: for weights that draw no level, or fewer than five events.
    """
    method = create(name, {}, weights_name)
    if not isinstance(method, NeuralMethod) or method.weights is None or not method.epsilon_size:
        raise InputError(f"{name} draws no level that was learned; there is nothing to calibrate.")
    cases = _limit_per_event(
        cases_on_store(Store(store_folder), split, "clean", corner, method.samples)
    )
    events = np.array([case.event for case in cases])
    if len(set(events.tolist())) < _MIN_EVENTS:
        raise InputError(
            f"The {split} split of {store_folder} has records of {len(set(events.tolist()))} "
            f"events; the spread of levels can be told from {_MIN_EVENTS} or more."
        )
    recorded = np.stack([_spectra(case.recorded) for case in cases])
    at_nodes = np.stack(
        [_generate(method, cases, factor, realizations, seed, progress) for factor in _NODES]
    )
    losses = np.stack(
        [
            crps(_interpolate(at_nodes, np.full(len(cases), factor)), recorded).mean(axis=-1)
            for factor in _FACTORS
        ],
        axis=-1,
    )
    fit = fit_factor(losses, events)
    left_out = np.empty(len(cases))
    for event in set(events.tolist()):
        of_event = events == event
        left_out[of_event] = fit_factor(losses[~of_event], events[~of_event])["shrunk"]
    factors = {"before": np.ones(len(cases)), "left out": left_out}
    factors["after"] = np.full(len(cases), fit["shrunk"])
    table = pd.DataFrame(
        {
            label: _scores(_interpolate(at_nodes, per_record), recorded, events)
            for label, per_record in factors.items()
        }
    ).T
    by_chance = fit["lowest"] <= 1.0 <= fit["highest"]
    entry = {
        "level_spread": 1.0 if by_chance else fit["shrunk"],
        **fit,
        **{"split": split, "records": len(cases), "events": len(set(events.tolist()))},
        **{"corner_hz": corner, "realizations": realizations, "seed": seed},
        "scores": {label: row.round(4).to_dict() for label, row in table.iterrows()},
    }
    return entry, table, method.weights


def fit_factor(losses: np.ndarray, events: np.ndarray) -> dict[str, float]:
    """The factor with the least loss, its 90 % interval, and the factor shrunk towards 1.

    Shrunk as the posterior mean of ln factor under normal distributions: the prior has mean 0 and
    standard deviation 0.2, the likelihood the variance of a bootstrap of events.

    :param losses: (records, candidate factors).
    :param events: (records,).
    :return: "best", "shrunk", and "lowest" and "highest", the ends of the 90 % interval by a
        bootstrap of events.
    """
    best = float(_FACTORS[(event_weights(events) @ losses).argmin()])
    resampled = np.log(_FACTORS[bootstrap(losses, events, draws=500).argmin(axis=1)])
    shrinkage = _PRIOR_SIGMA**2 / (_PRIOR_SIGMA**2 + resampled.var())
    low, high = np.exp(np.quantile(resampled, (0.05, 0.95)))
    fit = {"best": best, "shrunk": best**shrinkage, "lowest": low, "highest": high}
    return {name: round(float(value), 3) for name, value in fit.items()}


def _limit_per_event(cases: Sequence[Case]) -> list[Case]:
    """The first cases of each event."""
    counts: Counter[str] = Counter()
    limited = []
    for case in cases:
        counts[case.event] += 1
        if counts[case.event] <= _MAX_PER_EVENT:
            limited.append(case)
    return limited


def _generate(
    method: NeuralMethod,
    cases: Sequence[Case],
    factor: float,
    realizations: int,
    seed: int,
    progress: bool,
) -> np.ndarray:
    """ln SA of realizations drawn at a factor: (records, periods, realizations)."""
    method.level_spread = factor
    per_record = []
    label = f"spread times {factor:g}"
    for case in tqdm(cases, label, unit="record", disable=not progress):
        per_record.append(_spectra(draw(method, case, realizations, seed)).T)
    return np.stack(per_record)


def _spectra(motion: np.ndarray) -> np.ndarray:
    """ln SA RotD50: (..., periods)."""
    rotd50 = rotd(motion[..., 1, :], motion[..., 2, :], SAMPLING_RATE, _PERIODS, (50.0,))
    return np.log(rotd50[..., 0, :] + 1e-12)


def _interpolate(at_nodes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """ln SA of each record's realizations at its factor: (records, periods, realizations).

    :param at_nodes: ln SA at :data:`_NODES`, (factors, records, periods, realizations).
    :param factors: (records,).
    """
    nodes = np.array(_NODES)
    below = np.clip(np.searchsorted(nodes, factors, side="right") - 1, 0, len(nodes) - 2)
    fraction = (factors - nodes[below]) / (nodes[below + 1] - nodes[below])
    rows = np.arange(len(factors))
    first, second = at_nodes[below, rows], at_nodes[below + 1, rows]
    return first + fraction[:, None, None] * (second - first)


def _scores(generated: np.ndarray, recorded: np.ndarray, events: np.ndarray) -> dict[str, float]:
    """Scores of ln SA, every event counting alike.

    :param generated: (records, periods, realizations).
    :param recorded: (records, periods).
    """
    weights = event_weights(events)
    ratios = [
        spread_ratio(generated[:, period], recorded[:, period], weights)
        for period in range(len(_PERIODS))
    ]
    return {
        "crps": float(weights @ crps(generated, recorded).mean(axis=-1)),
        "coverage_50": float(weights @ coverage(generated, recorded, 0.5).mean(axis=-1)),
        "coverage_90": float(weights @ coverage(generated, recorded, 0.9).mean(axis=-1)),
        "spread_ratio": float(np.mean(ratios)),
        "bias": float(weights @ (recorded - generated.mean(axis=-1)).mean(axis=-1)),
    }
