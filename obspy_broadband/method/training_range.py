"""Whether an input is like what a method learned from, and if not, in what it differs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputWarning
from .contract import Batch, Method

#: Share of the training windows that a range leaves out on either side.
_TAIL = 0.005
#: Bands whose amplitudes make the slope of a spectrum, by the corner.
_LOW_BAND, _HIGH_BAND = (0.1, 0.3), (0.5, 0.9)
_SCENARIO = {
    "magnitude": "magnitude",
    "distance (km)": "distance_km",
    "depth (km)": "depth_km",
    "Vs30 (m/s)": "vs30_m_s",
}


def features(batch: Batch, sampling_rate: float) -> dict[str, np.ndarray]:
    """What is compared, by name and unit: (windows,), NaN where it is not known.

    Corner, peak, duration (5-95 % of the energy), and slope of the low frequencies' spectrum
    (ln of the amplitude at 0.5-0.9 over that at 0.1-0.3 of the corner), and the scenario.
    """
    low = np.asarray(_array(batch.low_frequency), dtype=float)
    corner = np.asarray(_array(batch.corner), dtype=float)
    energy = (low**2).sum(axis=1).cumsum(axis=-1)
    share = energy / np.maximum(energy[:, -1:], 1e-30)
    lasts = ((share < 0.95).sum(axis=-1) - (share < 0.05).sum(axis=-1)) / sampling_rate
    amplitude = np.sqrt((np.abs(np.fft.rfft(low)) ** 2).sum(axis=1))
    ratio = np.fft.rfftfreq(low.shape[-1], 1.0 / sampling_rate) / corner[:, None]
    levels = []
    for lowest, highest in (_LOW_BAND, _HIGH_BAND):
        weight = ((ratio >= lowest) & (ratio <= highest)).astype(float)
        mean = (amplitude * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-30)
        levels.append(np.log(np.maximum(mean, 1e-30)))
    found = {
        "corner (Hz)": corner,
        "peak of the low frequencies (m/s²)": np.asarray(_array(batch.scale), dtype=float),
        "duration of the low frequencies (s)": lasts,
        "slope of the low frequencies' spectrum": levels[1] - levels[0],
    }
    for name, part in _SCENARIO.items():
        values = [getattr(scenario, part) for scenario in batch.scenarios]
        found[name] = np.array([np.nan if one is None else one for one in values], dtype=float)
    return found


def ranges(batch: Batch, sampling_rate: float) -> dict[str, list[float]]:
    """Lowest and highest of what was learned from, but for half a percent on either side."""
    found = {}
    for name, values in features(batch, sampling_rate).items():
        values = values[np.isfinite(values)]
        if len(values):
            found[name] = [float(f"{one:.4g}") for one in np.quantile(values, (_TAIL, 1 - _TAIL))]
    return found


def outside_ranges(
    batch: Batch, sampling_rate: float, known: Mapping[str, Any]
) -> list[dict[str, tuple[float, float, float]]]:
    """What of each window lies outside the ranges: value, lowest and highest, by name.

    A window is a little outside, and nothing is said, if it is within a tenth of a range's width.

    :param known: what :func:`ranges` gave for the training set.
    """
    found: list[dict[str, tuple[float, float, float]]] = [{} for _ in range(len(batch))]
    for name, values in features(batch, sampling_rate).items():
        if name not in known:
            continue
        lowest, highest = known[name]
        margin = 0.1 * (highest - lowest)
        for window, value in zip(found, values):
            if value < lowest - margin or value > highest + margin:
                window[name] = (float(value), lowest, highest)
    return found


def outside_training_range(
    method: Method, batch: Batch, records: Sequence[str]
) -> dict[str, list[str]]:
    """What lies outside of what a trained method has seen, by record, in words.

    Looked at is each record's strongest window: one that holds an earthquake.

    :param records: the id of each window's record.
    """
    weights = getattr(method, "weights", None)
    known = weights.card.get("ranges", {}) if weights is not None else {}
    if not known:
        return {}
    peaks = np.abs(np.asarray(batch.low_frequency)).max(axis=(1, 2))
    found = {}
    for record, peak, outside in zip(
        records, peaks, outside_ranges(batch, method.sampling_rate, known)
    ):
        if outside and peak > 0.99:
            found[record] = [
                f"{name} {value:.3g}, learned from {lowest:.3g} to {highest:.3g}"
                for name, (value, lowest, highest) in outside.items()
            ]
    return found


def warn(found: Mapping[str, Sequence[str]]) -> None:
    """One warning for all records."""
    if not found:
        return
    record, reasons = next(iter(found.items()))
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    warnings.warn(
        f"Unlike what the weights were trained on: {record} ({'; '.join(reasons)}){more}. The "
        "method guesses there; `stochastic` needs no training.",
        InputWarning,
        stacklevel=4,
    )


def _array(values: Any) -> np.ndarray:
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
