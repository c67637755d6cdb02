"""Is the spread of an ensemble the spread of the truth? Scores of draws against one observation.

All take ``draws`` (..., realizations) and ``recorded`` (...), usually logarithms of an intensity
measure, and return (...).
"""

from __future__ import annotations

import numpy as np


def crps(draws: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score, in the unit of the measure; 0 is best.

    E|X - y| - E|X - X'| / 2 over distinct realizations (the fair form, Ferro, 2014), which does not
    depend on how many are drawn. Of a single realization it is the absolute error.
    """
    draws, recorded = np.asarray(draws, dtype=float), np.asarray(recorded, dtype=float)
    count = draws.shape[-1]
    error = np.abs(draws - recorded[..., None]).mean(axis=-1)
    if count == 1:
        return error
    # The sum over pairs of sorted numbers: each counts as often as it is the larger of two, less as
    # often as it is the smaller.
    sorted_draws = np.sort(draws, axis=-1)
    times = 2.0 * np.arange(count) - count + 1.0
    return error - (sorted_draws * times).sum(axis=-1) / (count * (count - 1))


def pit(draws: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Share of the realizations below the recorded value, ties counting half: 0-1.

    Even between 0 and 1 if the record could be one of them (the probability integral transform).
    """
    below = (draws < recorded[..., None]).sum(axis=-1)
    equal = (draws == recorded[..., None]).sum(axis=-1)
    return (below + 0.5 * equal) / draws.shape[-1]


def coverage(draws: np.ndarray, recorded: np.ndarray, share: float) -> np.ndarray:
    """Whether the record lies within the central ``share`` of the ensemble.

    The ensemble's interval is the one whose coverage would be exact for a record drawn like the
    realizations: bounds at the ranks (1 -+ share) / 2 (n + 1), interpolated. Where they lie
    beyond the outermost realizations, those are the bounds.
    """
    count = draws.shape[-1]
    ordered = np.sort(draws, axis=-1)
    bounds = []
    for bound in (0.5 - 0.5 * share, 0.5 + 0.5 * share):
        place = np.clip(bound * (count + 1) - 1.0, 0.0, count - 1.0)
        low = int(np.floor(place))
        high = min(low + 1, count - 1)
        bounds.append(ordered[..., low] + (place - low) * (ordered[..., high] - ordered[..., low]))
    return (bounds[0] <= recorded) & (recorded <= bounds[1])


def spread_ratio(draws: np.ndarray, recorded: np.ndarray, weights: np.ndarray) -> float:
    """Root mean variance of the ensembles over the root mean squared error of their means.

    1 for an ensemble that errs as much as it says (Fortin et al., 2014), below 1 for one too sure
    of itself. The bias is taken out first: it is reported apart.

    :param draws: (records, realizations); ``recorded`` and ``weights`` (records,).
    """
    count = draws.shape[-1]
    if count < 2:
        return 0.0
    error = recorded - draws.mean(axis=-1)
    error = error - np.average(error, weights=weights)
    variance = draws.var(axis=-1, ddof=1)
    expected = np.average(variance, weights=weights) * (count + 1) / count
    squared = np.average(error**2, weights=weights)
    return float(np.sqrt(expected / squared)) if squared > 0 else float("inf")


def bootstrap(
    values: np.ndarray, events: np.ndarray, draws: int = 2000, seed: int = 0
) -> np.ndarray:
    """Event-balanced means of resampled events: (draws, ...).

    Whole events are drawn with replacement: the records of one event are no independent witnesses.

    :param values: (records, ...); NaN is left out.
    :param events: (records,).
    """
    names, place = np.unique(np.asarray(events), return_inverse=True)
    flat = np.asarray(values, dtype=float).reshape(len(place), -1)
    valid = np.isfinite(flat)
    total = np.zeros((len(names), flat.shape[1]))
    count = np.zeros_like(total)
    np.add.at(total, place, np.where(valid, flat, 0.0))
    np.add.at(count, place, valid)
    with np.errstate(invalid="ignore"):
        means = total / count
    chosen = np.random.default_rng(seed).integers(0, len(names), (draws, len(names)))
    found = np.nanmean(means[chosen], axis=1)
    return found.reshape(draws, *np.shape(values)[1:])
