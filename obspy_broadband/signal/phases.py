"""Arrival times of P and S in a low-frequency record.

Notation::

    E(t)  power: squared Hilbert envelope, averaged over half a period of the corner
    G(t)  = mean of E over a span after t / (mean of E over the span before t + floor), the growth
    t_P, t_S  are maxima of G: of all components before S, and of the horizontals
"""

from __future__ import annotations

import numpy as np

from .envelope import envelope

#: Fraction of the largest envelope above which motion has begun.
_ONSET = 0.03
#: Range of accepted S-P times, as multiples of that expected from the distance.
_LAG_RANGE = (0.7, 1.4)
#: Growth that an onset of S needs there.
_MINIMUM_GROWTH = 1.5
#: km/s: distance over S-P time (Omori), for a crust with Vp = 6 km/s, Vp/Vs = 1.73.
OMORI_VELOCITY = 8.2


def arrivals(
    low_frequency: np.ndarray, sampling_rate: float, corner: float, distance_km: float | None = None
) -> tuple[float | None, float]:
    """Times of P and S, estimated from the envelope of a band-limited record.

    S is the largest growth of the horizontals' power up to their strongest motion; with a distance,
    the largest growth 0.7 to 1.4 times the expected S-P time after the first motion. P is the first
    clear growth of the power of all components ahead of S; with a distance, P lies the expected S-P
    time (distance / 8.2 km/s) before S, unless the record shows an onset near there. A zero-phase
    band limit smears onsets over about half a period of the corner.

    :param low_frequency: (3, samples), components Z, N, E.
    :param sampling_rate: Hz.
    :param corner: upper frequency limit of the simulation, Hz.
    :param distance_km: hypocentral distance, if known.
    :return: times of P and S, s from the first sample. P is None if the record begins after it; S
        is negative if the record begins after it.
    """
    period = 1.0 / corner
    width = max(1, round(0.5 * period * sampling_rate))
    power = smooth(envelope(low_frequency) ** 2, width)
    horizontal = power[1:].sum(axis=0)
    strongest = int(horizontal.argmax())
    if strongest < 2 * width:
        return None, -period  # the strongest motion is at the very beginning
    size = power.sum(axis=0)
    floor = max(_ONSET**2 * size.max(), np.percentile(size, 2))
    started = size[:width].mean() > 4 * floor
    began = int(np.argmax(size > 4 * floor))
    # The span follows from the first motion, not from the record's start: silence ahead of the
    # record would lengthen it until it held P and S together.
    growth = _growth(
        horizontal, strongest, max(width, (strongest - began) // 4), 0.02 * horizontal.max()
    )
    onset = int(growth.argmax())
    if distance_km is not None and not started:
        onset = _onset_at_lag(growth, onset, began, distance_km / OMORI_VELOCITY * sampling_rate)
    s = onset / sampling_rate

    latest = round((s - 0.5 * period) * sampling_rate)
    p_onset = None
    if not started and latest > width:
        growth = _growth(size, latest, 2 * width, floor)
        # The first clear onset, not the clearest: S grows more than P.
        first = int(np.argmax(growth >= min(max(3.0, 0.3 * growth.max()), growth.max())))
        p_onset = (first + int(growth[first : first + width].argmax())) / sampling_rate
    if distance_km is None:
        return p_onset, s
    expected = s - distance_km / OMORI_VELOCITY
    agrees = p_onset is not None and abs(p_onset - expected) < period + 0.25 * (s - expected)
    p = p_onset if agrees else expected
    return (None if p is None or p < 0 else p), s


def _onset_at_lag(growth: np.ndarray, onset: int, began: int, lag: float) -> int:
    """The onset of S within the range of lags that the distance allows, else ``onset``.

    A strong P grows more from silence than S does from P, and surface waves may grow more than S.

    :param growth: (samples,) of the horizontals.
    :param onset: sample of the largest growth.
    :param began: sample of the first motion.
    :param lag: expected samples between P and S.
    """
    earliest, latest = began + int(_LAG_RANGE[0] * lag), began + int(_LAG_RANGE[1] * lag)
    if earliest <= onset <= latest or not growth[earliest:latest].size:
        return onset
    expected = earliest + int(growth[earliest:latest].argmax())
    return expected if growth[expected] > _MINIMUM_GROWTH else onset


def _growth(power: np.ndarray, last: int, span: int, floor: float) -> np.ndarray:
    """Mean power of ``span`` samples after each sample over that before it plus a floor.

    :return: (last + 1,).
    """
    total = np.concatenate([np.zeros(1), np.cumsum(power)])
    centers = np.arange(last + 1)
    stops, starts = np.minimum(centers + span, len(power)), np.maximum(centers - span, 0)
    after = (total[stops] - total[centers]) / np.maximum(stops - centers, 1)
    before = (total[centers] - total[starts]) / np.maximum(centers - starts, 1)
    return after / (before + floor)


def smooth(x: np.ndarray, width: int) -> np.ndarray:
    """Centred moving average over ``width`` samples of (..., samples), shorter at the ends."""
    total = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.cumsum(x, axis=-1)], axis=-1)
    centers = np.arange(x.shape[-1])
    starts = np.maximum(centers - width // 2, 0)
    stops = np.minimum(centers + (width + 1) // 2, x.shape[-1])
    return (total[..., stops] - total[..., starts]) / (stops - starts)
