"""Correlation between periods: of ensembles, and of records (Baker and Jayaram, 2008)."""

from __future__ import annotations

import numpy as np


def baker_jayaram(periods: np.ndarray) -> np.ndarray:
    """Correlation of the residuals of ln SA (Baker and Jayaram, 2008, Earthquake Spectra 24).

    For records of shallow crustal earthquakes, residuals from a ground-motion model; 0.01-10 s.
    ``c1`` to ``c4`` are the paper's C1 to C4, ``shorter`` and ``longer`` its Tmin and Tmax.

    :param periods: (periods,), s.
    :return: (periods, periods).
    """
    periods = np.asarray(periods, dtype=float)
    shorter = np.minimum(periods[:, None], periods)
    longer = np.maximum(periods[:, None], periods)
    c1 = 1 - np.cos(np.pi / 2 - 0.366 * np.log(longer / np.maximum(shorter, 0.109)))
    rise = 1 - 1 / (1 + np.exp(np.clip(100 * longer - 5, -50, 50)))
    c2 = np.where(longer < 0.2, 1 - 0.105 * rise * (longer - shorter) / (longer - 0.0099), 0.0)
    c3 = np.where(longer < 0.109, c2, c1)
    c4 = c1 + 0.5 * (np.sqrt(c3) - c3) * (1 + np.cos(np.pi * shorter / 0.109))
    correlation = np.where(longer < 0.2, np.minimum(c2, c4), c4)
    correlation = np.where(shorter > 0.109, c1, correlation)
    return np.where(longer < 0.109, c2, correlation)


def within_ensembles(draws: np.ndarray) -> np.ndarray:
    """Correlation of the deviations of realizations from their record's mean.

    :param draws: (records, realizations, measures), logarithms.
    :return: (measures, measures); NaN for a measure that does not vary.
    """
    deviations = draws - draws.mean(axis=1, keepdims=True)
    flat = deviations.reshape(-1, draws.shape[-1])
    covariance = flat.T @ flat / max(len(flat), 1)
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / (spread[:, None] * spread)
    return np.where(np.minimum(spread[:, None], spread) > 1e-9, correlation, np.nan)
