"""Where P and S arrive in a low-frequency record."""

from __future__ import annotations

import numpy as np

from .envelope import envelope

#: An onset counts above this share of the largest envelope.
_ONSET = 0.03
#: km/s: distance over the time between P and S, for a crust with Vp = 6 km/s, Vp/Vs = 1.73.
OMORI_VELOCITY = 8.2


def arrivals(
    low_frequency: np.ndarray, sampling_rate: float, corner: float, distance_km: float | None = None
) -> tuple[float | None, float]:
    """Times of P and S, estimated from the envelope of a band-limited record.

    S is where the energy of the horizontals grows most up to their strongest motion. P is where the
    energy of all components grows most against what came before, ahead of S; if the distance is
    known, P lies where it puts it before S, unless the record shows an onset near there. A
    zero-phase band limit smears onsets over about half a period of the corner.

    :param low_frequency: (3, samples), components Z, N, E.
    :param corner: Hz.
    :param distance_km: from the source, if known.
    :return: seconds from the first sample. P is None if the record begins after it; S is negative
        if the record begins after it.
    """
    period = 1.0 / corner
    width = max(1, round(0.5 * period * sampling_rate))
    power = smooth(envelope(low_frequency) ** 2, width)
    horizontal = power[1:].sum(axis=0)
    loudest = int(horizontal.argmax())
    if loudest < 2 * width:
        return None, -period  # the strongest motion is at the very beginning
    span = max(width, loudest // 6)
    growth = _growth(horizontal, loudest, span, 0.02 * horizontal.max())
    s = int(growth.argmax()) / sampling_rate

    size = power.sum(axis=0)
    floor = max(_ONSET**2 * size.max(), np.percentile(size, 2))
    latest = round((s - 0.5 * period) * sampling_rate)
    started = size[:width].mean() > 4 * floor
    found = None
    if not started and latest > width:
        growth = _growth(size, latest, 2 * width, floor)
        # The first clear onset, not the clearest: S grows more than P.
        first = int(np.argmax(growth >= min(max(3.0, 0.3 * growth.max()), growth.max())))
        found = (first + int(growth[first : first + width].argmax())) / sampling_rate
    if distance_km is None:
        return found, s
    expected = s - distance_km / OMORI_VELOCITY
    near = found is not None and abs(found - expected) < period + 0.25 * (s - expected)
    p = found if near else expected
    return (None if p is None or p < 0 else p), s


def _growth(power: np.ndarray, last: int, span: int, floor: float) -> np.ndarray:
    """Power after each instant over the power before it and a floor, up to ``last``."""
    total = np.concatenate([np.zeros(1), np.cumsum(power)])
    at = np.arange(last + 1)
    right, left = np.minimum(at + span, len(power)), np.maximum(at - span, 0)
    after = (total[right] - total[at]) / np.maximum(right - at, 1)
    before = (total[at] - total[left]) / np.maximum(at - left, 1)
    return after / (before + floor)


def smooth(x: np.ndarray, width: int) -> np.ndarray:
    """Moving average over ``width`` samples, centred; the ends average over what there is."""
    total = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.cumsum(x, axis=-1)], axis=-1)
    at = np.arange(x.shape[-1])
    left = np.maximum(at - width // 2, 0)
    right = np.minimum(at + (width + 1) // 2, x.shape[-1])
    return (total[..., right] - total[..., left]) / (right - left)
