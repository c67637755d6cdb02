"""Whether low frequencies lie within the range of a method's training data, and where not."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputWarning
from .contract import Batch, Method, as_array

#: Share of the training windows outside a range on either side.
_TAIL = 0.005
#: Bands whose amplitudes define the slope of a spectrum, f / corner.
_LOW_BAND, _HIGH_BAND = (0.1, 0.3), (0.5, 0.9)
#: Features of which ratios count, not differences: a distance of 0.2 km is far below 5 km.
_IN_LOGARITHM = (
    *("corner (Hz)", "peak of the low frequencies (m/s²)", "duration of the low frequencies (s)"),
    *("distance (km)", "Vs30 (m/s)"),
)
_SCENARIO = {
    "magnitude": "magnitude",
    "distance (km)": "distance_km",
    "depth (km)": "depth_km",
    "Vs30 (m/s)": "vs30_m_s",
}


def features(batch: Batch, sampling_rate: float) -> dict[str, np.ndarray]:
    """Features of windows by name and unit: (windows,), NaN where not known.

    Corner (the simulation's upper frequency limit), peak, D5-95, and slope of the spectrum of the
    low frequencies (ln of the amplitude at 0.5-0.9 over that at 0.1-0.3 of the corner), and the
    scenario.
    """
    low = as_array(batch.low_frequency).astype(float)
    corner = as_array(batch.corner).astype(float)
    energy = (low**2).sum(axis=1).cumsum(axis=-1)
    share = energy / np.maximum(energy[:, -1:], 1e-30)
    durations = ((share < 0.95).sum(axis=-1) - (share < 0.05).sum(axis=-1)) / sampling_rate
    amplitude = np.sqrt((np.abs(np.fft.rfft(low)) ** 2).sum(axis=1))
    ratio = np.fft.rfftfreq(low.shape[-1], 1.0 / sampling_rate) / corner[:, None]
    ln_amplitudes = []
    for lowest, highest in (_LOW_BAND, _HIGH_BAND):
        weight = ((ratio >= lowest) & (ratio <= highest)).astype(float)
        mean = (amplitude * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-30)
        ln_amplitudes.append(np.log(np.maximum(mean, 1e-30)))
    by_name = {
        "corner (Hz)": corner,
        "peak of the low frequencies (m/s²)": as_array(batch.scale).astype(float),
        "duration of the low frequencies (s)": durations,
        "slope of the low frequencies' spectrum": ln_amplitudes[1] - ln_amplitudes[0],
    }
    for name, field in _SCENARIO.items():
        values = [getattr(scenario, field) for scenario in batch.scenarios]
        by_name[name] = np.array([np.nan if value is None else value for value in values], float)
    return by_name


def ranges(batch: Batch, sampling_rate: float) -> dict[str, list[float]]:
    """Range of each feature of training windows: its 0.5 % and 99.5 % quantiles."""
    by_name = {}
    for name, values in features(batch, sampling_rate).items():
        values = values[np.isfinite(values)]
        if len(values):
            quantiles = np.quantile(values, (_TAIL, 1 - _TAIL))
            by_name[name] = [float(f"{quantile:.4g}") for quantile in quantiles]
    return by_name


def outside_ranges(
    batch: Batch, sampling_rate: float, ranges: Mapping[str, Any]
) -> list[dict[str, tuple[float, float, float]]]:
    """Features of each window outside the training range: value, lowest and highest, by name.

    Values outside by less than a tenth of the range's width are let pass; of distances and other
    positive features, of its width in the natural logarithm.

    :param ranges: of the training set, see :func:`ranges`.
    """
    outside: list[dict[str, tuple[float, float, float]]] = [{} for _ in range(len(batch))]
    for name, values in features(batch, sampling_rate).items():
        if name not in ranges:
            continue
        lowest, highest = ranges[name]
        below, above = _with_margins(lowest, highest, name in _IN_LOGARITHM)
        for window, value in zip(outside, values):
            if value < below or value > above:
                window[name] = (float(value), lowest, highest)
    return outside


def _with_margins(lowest: float, highest: float, in_logarithm: bool) -> tuple[float, float]:
    """A range wider by a tenth of its width on either side."""
    if in_logarithm and lowest > 0.0:
        factor = (highest / lowest) ** 0.1
        return lowest / factor, highest * factor
    margin = 0.1 * (highest - lowest)
    return lowest - margin, highest + margin


def outside_training_range(
    method: Method, batch: Batch, records: Sequence[str]
) -> dict[str, list[str]]:
    """Features outside the training range of a method's weights, by record, in words.

    Only the strongest window of each record is judged: it holds the earthquake.

    :param records: the id of each window's record.
    """
    weights = getattr(method, "weights", None)
    training_ranges = weights.card.get("ranges", {}) if weights is not None else {}
    if not training_ranges:
        return {}
    peaks = np.abs(np.asarray(batch.low_frequency)).max(axis=(1, 2))
    by_record = {}
    for record, peak, outside in zip(
        records, peaks, outside_ranges(batch, method.sampling_rate, training_ranges)
    ):
        if outside and peak > 0.99:
            by_record[record] = [
                f"{name} {value:.3g}, learned from {lowest:.3g} to {highest:.3g}"
                for name, (value, lowest, highest) in outside.items()
            ]
    return by_record


def warn(outside: Mapping[str, Sequence[str]]) -> None:
    """One warning for all records.

    :param outside: reasons by record, see :func:`outside_training_range`.
    """
    if not outside:
        return
    record, reasons = next(iter(outside.items()))
    more = f", and {len(outside) - 1} more" if len(outside) > 1 else ""
    warnings.warn(
        f"Unlike what the weights were trained on: {record} ({'; '.join(reasons)}){more}. The "
        "method guesses there; `stochastic` needs no training.",
        InputWarning,
        stacklevel=4,
    )
