"""The level ridge: linear regression of intensity measures on nine features of low frequencies.

A reference row: a network that predicts response spectra worse has learned nothing about their
level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.event_weights import event_weights
from ..errors import InputError
from ..signal.intensity import significant_duration

#: Edges of the bands, as multiples of the corner.
_EDGES = np.geomspace(0.1, 0.9, 7)
FEATURES = (*(f"band {k}" for k in range(1, 7)), "vertical/horizontal", "duration", "peak")


def features(low_frequency: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """Logarithms of six amplitudes below the corner, of V/H, of D5-95 and of the peak.

    :param low_frequency: (..., 3, samples), Z, N, E, m/s², band-limited at the corner.
    :return: (..., 9).
    """
    low = np.asarray(low_frequency, dtype=float)
    flat = low.reshape(-1, *low.shape[-2:])
    frequencies = np.fft.rfftfreq(flat.shape[-1], 1.0 / sampling_rate)
    power = np.abs(np.fft.rfft(flat)) ** 2 / sampling_rate**2
    horizontal = power[:, 1:].mean(axis=1)
    bands = []
    for lowest, highest in zip(_EDGES[:-1] * corner, _EDGES[1:] * corner):
        band = (frequencies >= lowest) & (frequencies < highest)
        if not band.any():  # a short record has few frequencies: take the nearest
            band[np.abs(frequencies - np.sqrt(lowest * highest)).argmin()] = True
        bands.append(horizontal[:, band].mean(axis=1))
    total = (frequencies > 0.1 * corner) & (frequencies < corner)
    ratio = power[:, 0][:, total].sum(axis=1) / (horizontal[:, total].sum(axis=1) + 1e-300)
    d5_95 = significant_duration(np.hypot(flat[:, 1], flat[:, 2]), sampling_rate)
    peak = np.abs(flat).max(axis=(1, 2))
    columns = [*(0.5 * np.log(band + 1e-300) for band in bands)]
    columns += [0.5 * np.log(ratio + 1e-300), np.log(d5_95 + 0.1), np.log(peak + 1e-300)]
    return np.stack(columns, axis=-1).reshape(*low.shape[:-2], len(FEATURES))


@dataclass(frozen=True)
class LevelRidge:
    """A fitted regression.

    :param center: mean of the features; ``spread`` their standard deviation.
    :param weights: (1 + features, targets).
    :param deviation: (targets,), standard deviation of the residuals, events counting alike.
    """

    center: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    deviation: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Means of the targets: (..., features) -> (..., targets)."""
        scaled = (x - self.center) / self.spread
        return self.weights[0] + (scaled[..., None] * self.weights[1:]).sum(axis=-2)


def fit(x: np.ndarray, y: np.ndarray, events: Sequence[str], penalty: float = 1.0) -> LevelRidge:
    """Ridge regression in which every event counts as the square root of its records.

    :param x: (records, features); ``y`` (records, targets), e.g. ln SA.
    :param events: of each record.
    :param penalty: on standardized features.
    :raises InputError: for fewer than twenty records.
    """
    if len(x) < 20:
        raise InputError(f"{len(x)} records are too few for a regression; twenty are the least.")
    # 1 / sqrt(records of the event), not normalized: the penalty counts in records.
    _, index, counts = np.unique(np.asarray(events), return_inverse=True, return_counts=True)
    weight = counts[index] ** -0.5
    center = np.average(x, axis=0, weights=weight)
    spread = np.sqrt(np.average((x - center) ** 2, axis=0, weights=weight)) + 1e-12
    design = np.column_stack([np.ones(len(x)), (x - center) / spread])
    ridge = penalty * np.diag([0.0, *np.ones(x.shape[1])])
    weighted = design * weight[:, None]
    weights = np.linalg.solve(design.T @ weighted + ridge, weighted.T @ y)
    residual = y - design @ weights
    deviation = np.sqrt(np.average(residual**2, axis=0, weights=event_weights(events)))
    return LevelRidge(center, spread, weights, deviation)


def leave_one_event_out(
    x: np.ndarray, y: np.ndarray, events: Sequence[str], penalty: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of every record, predicted without its event, and their standard deviation.

    :return: (records, targets), and (targets,) with every event counting alike.
    """
    names = np.asarray(events)
    residual = np.empty_like(y)
    for event in np.unique(names):
        out = names == event
        ridge = fit(x[~out], y[~out], names[~out].tolist(), penalty)
        residual[out] = y[out] - ridge.predict(x[out])
    weight = event_weights(names)
    return residual, np.sqrt(np.average(residual**2, axis=0, weights=weight))
