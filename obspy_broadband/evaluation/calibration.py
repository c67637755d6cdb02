"""Probabilistic verification of ensembles: CRPS, PIT, coverage, spread; events counting alike.

Notation of Gneiting and Raftery (2007, JASA 102)::

    X, X'   independent draws from the forecast F: the realizations  (draws)
    x       the observation                                          (recorded)

Functions take ``draws`` (..., realizations) and ``recorded`` (...), usually logarithms of an
intensity measure, and return (...).
"""

from __future__ import annotations

import numpy as np


def crps(draws: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score, in the unit of the measure; 0 is best.

    E|X - x| - E|X - X'| / 2 (Gneiting and Raftery, 2007, Eq. 21, with the sign changed), the second
    mean over pairs of different realizations (the fair form, Ferro, 2014): its expectation does not
    depend on the number of realizations. Of a single realization it is the absolute error.
    """
    draws, recorded = np.asarray(draws, dtype=float), np.asarray(recorded, dtype=float)
    count = draws.shape[-1]
    error = np.abs(draws - recorded[..., None]).mean(axis=-1)
    if count == 1:
        return error
    # Sum of |X - X'| over pairs: the k-th smallest (from 0) is the larger value of k pairs and the
    # smaller one of count - 1 - k.
    sorted_draws = np.sort(draws, axis=-1)
    times = 2.0 * np.arange(count) - count + 1.0
    return error - (sorted_draws * times).sum(axis=-1) / (count * (count - 1))


def pit(draws: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Probability integral transform F(x): share of the realizations below the recorded value, 0-1.

    Ties count half. Uniform if the record is distributed like the realizations.
    """
    below = (draws < recorded[..., None]).sum(axis=-1)
    equal = (draws == recorded[..., None]).sum(axis=-1)
    return (below + 0.5 * equal) / draws.shape[-1]


def coverage(draws: np.ndarray, recorded: np.ndarray, share: float) -> np.ndarray:
    """Whether the record lies within the central prediction interval of probability ``share``.

    The interval's coverage is exact for a record distributed like the realizations: bounds at the
    ranks (1 -+ share) / 2 (n + 1), interpolated. Where they lie beyond the outermost realizations,
    those are the bounds.
    """
    count = draws.shape[-1]
    ordered = np.sort(draws, axis=-1)
    bounds = []
    for bound in (0.5 - 0.5 * share, 0.5 + 0.5 * share):
        rank = np.clip(bound * (count + 1) - 1.0, 0.0, count - 1.0)
        low = int(np.floor(rank))
        high = min(low + 1, count - 1)
        bounds.append(ordered[..., low] + (rank - low) * (ordered[..., high] - ordered[..., low]))
    return (bounds[0] <= recorded) & (recorded <= bounds[1])


def spread_ratio(draws: np.ndarray, recorded: np.ndarray, weights: np.ndarray) -> float:
    """Root mean variance of the ensembles over the root mean squared error of their means.

    1 for a reliable ensemble (Fortin et al., 2014), below 1 for an underdispersive one. The mean
    error (bias) is removed first.

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

    Whole events are resampled with replacement, since records of one event are correlated.

    :param values: (records, ...); NaN is left out.
    :param events: (records,).
    """
    names, index = np.unique(np.asarray(events), return_inverse=True)
    flat = np.asarray(values, dtype=float).reshape(len(index), -1)
    valid = np.isfinite(flat)
    total = np.zeros((len(names), flat.shape[1]))
    count = np.zeros_like(total)
    np.add.at(total, index, np.where(valid, flat, 0.0))
    np.add.at(count, index, valid)
    with np.errstate(invalid="ignore"):
        means = total / count
    chosen = np.random.default_rng(seed).integers(0, len(names), (draws, len(names)))
    resampled = np.nanmean(means[chosen], axis=1)
    return resampled.reshape(draws, *np.shape(values)[1:])
