"""Where P and S arrive in a low-frequency record."""

from __future__ import annotations

import numpy as np

from .envelope import envelope

#: An onset counts above this share of the largest envelope.
_ONSET = 0.03
#: Where S may be behind the first motion, as multiples of the time that the distance gives, and how
#: much the energy must grow there.
_NEAR, _CLEAR = (0.7, 1.4), 1.5
#: km/s: distance over the time between P and S, for a crust with Vp = 6 km/s, Vp/Vs = 1.73.
OMORI_VELOCITY = 8.2


def arrivals(
    low_frequency: np.ndarray, sampling_rate: float, corner: float, distance_km: float | None = None
) -> tuple[float | None, float]:
    """Times of P and S, estimated from the envelope of a band-limited record.

    S is where the energy of the horizontals grows most up to their strongest motion; if the
    distance is known, where it does so about as long after the first motion as the distance asks
    for. P is where the energy of all components grows most against what came before, ahead of S; if
    the distance is known, P lies where it puts it before S, unless the record shows an onset near
    there. A zero-phase band limit smears onsets over about half a period of the corner.

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
    size = power.sum(axis=0)
    floor = max(_ONSET**2 * size.max(), np.percentile(size, 2))
    started = size[:width].mean() > 4 * floor
    began = int(np.argmax(size > 4 * floor))
    # Over a stretch that silence ahead of the record does not lengthen, or P would be in it with S.
    growth = _growth(
        horizontal, loudest, max(width, (loudest - began) // 4), 0.02 * horizontal.max()
    )
    onset = int(growth.argmax())
    if distance_km is not None and not started:
        onset = _where_expected(growth, onset, began, distance_km / OMORI_VELOCITY * sampling_rate)
    s = onset / sampling_rate

    latest = round((s - 0.5 * period) * sampling_rate)
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


def _where_expected(growth: np.ndarray, onset: int, began: int, lag: float) -> int:
    """The onset of S, if there is one where the distance puts it behind the first motion.

    Strong P grows more from silence than S does from P, and surface waves may grow more than S.

    :param lag: samples between P and S.
    """
    earliest, latest = began + int(_NEAR[0] * lag), began + int(_NEAR[1] * lag)
    if earliest <= onset <= latest or not growth[earliest:latest].size:
        return onset
    other = earliest + int(growth[earliest:latest].argmax())
    return other if growth[other] > _CLEAR else onset


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
