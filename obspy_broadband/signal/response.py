"""Elastic response spectra, one component or RotDnn of two.

Notation::

    A(w)    Fourier transform of the ground acceleration, w = 2 pi f
    T, w_n  period of the oscillator, natural frequency w_n = 2 pi / T; zeta its damping
    H(w)    = w_n^2 / (w_n^2 - w^2 + 2 i zeta w_n w), the gain
    r(t)    = inverse transform of H A: w_n^2 times the relative displacement (sign reversed)
    PSA(T)  = max |r(t)|;  RotDnn(T) = nn-th percentile over theta of
              max |r_1(t) cos(theta) + r_2(t) sin(theta)|  (Boore, 2010)

H A is transformed back at no higher sampling rate than the peak needs: the error of a rate is
estimated from the spectrum of the record (:func:`_rate_factors`). What a circular transform carries
from the end of the record to its beginning is a free vibration of the oscillator, and is subtracted
exactly. Peaks are interpolated between the samples. Every record is computed by itself, so that its
result does not depend on the others of an array.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft

from .filters import fast_length

#: s, the periods of Ancheta et al. (2014, NGA-West2) thinned out, 0.01-10 s.
DEFAULT_PERIODS = (
    *(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.075, 0.09, 0.1, 0.12, 0.15, 0.17, 0.2, 0.24, 0.3),
    *(0.36, 0.4, 0.46, 0.5, 0.6, 0.75, 0.85, 1.0, 1.2, 1.5, 1.7, 2.0, 2.4, 3.0, 3.5, 4.0, 4.4),
    *(5.0, 6.0, 7.5, 8.5, 10.0),
)
#: Tolerated error of sampling and interpolation, relative to the peak.
_TOLERANCE = 5e-4
#: Candidate sampling rates of the response, as multiples of the record's.
_FACTORS = (0.125, 0.25, 0.5, 1, 2, 4, 8)
#: A peak between two samples exceeds them by no more than 1 / 0.95: rates are chosen so that the
#: strong frequencies have ten samples a period or more.
_NEAR_PEAK = 0.95
#: Positions between two samples where a response is interpolated.
_POSITIONS = np.arange(1, 8) / 8
_ANGLES = np.deg2rad(np.arange(180))


def response_spectrum(
    acceleration: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
    damping: float = 0.05,
) -> np.ndarray:
    """Pseudo-spectral acceleration (PSA) of each component by itself.

    :param acceleration: (..., samples), m/s².
    :param sampling_rate: Hz.
    :param periods: T, s, (periods,).
    :param damping: zeta, fraction of critical.
    :return: (..., periods), m/s².
    """
    acceleration = np.asarray(acceleration, dtype=float)
    flat = acceleration.reshape(-1, acceleration.shape[-1])
    spectra = np.empty((len(flat), len(periods)))
    for spectrum, record in zip(spectra, flat):
        for indices, response in _responses(record[None], sampling_rate, tuple(periods), damping):
            spectrum[indices] = _peaks(response[0])
    return spectra.reshape(*acceleration.shape[:-1], len(periods))


def rotd(
    h1: np.ndarray,
    h2: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
    percentiles: tuple[float, ...] = (50.0, 100.0),
    damping: float = 0.05,
) -> np.ndarray:
    """RotDnn of pseudo-spectral acceleration: percentiles over all horizontal directions.

    Boore (2010, BSSA 100), 180 directions one degree apart.

    :param h1: (..., samples), m/s²; ``h2`` likewise, at a right angle to it.
    :param sampling_rate: Hz.
    :param periods: T, s, (periods,).
    :param percentiles: nn, (percentiles,).
    :param damping: zeta, fraction of critical.
    :return: (..., percentiles, periods), m/s².
    """
    h1, h2 = np.broadcast_arrays(np.asarray(h1, dtype=float), np.asarray(h2, dtype=float))
    pairs = np.stack([h1, h2], axis=-2).reshape(-1, 2, h1.shape[-1])
    spectra = np.empty((len(pairs), len(percentiles), len(periods)))
    for spectrum, pair in zip(spectra, pairs):
        for indices, response in _responses(pair, sampling_rate, tuple(periods), damping):
            peaks = directional_peaks(response)
            spectrum[:, indices] = np.percentile(peaks, percentiles, axis=-1)
    return spectra.reshape(*h1.shape[:-1], len(percentiles), len(periods))


def directional_peaks(motion: np.ndarray) -> np.ndarray:
    """Largest absolute value in each of 180 directions.

    Only points far from the origin can be extreme in any direction. The extreme points of four
    directions give a lower bound for every direction; points nearer than the smallest of these
    bounds are discarded, without error. Of the remaining points, the farthest of each sector of one
    degree suffices (relative error below 2e-4).

    :param motion: (2, ..., samples), the horizontal components of one or several motions, well
        sampled.
    :return: (..., 180).
    """
    shape = motion.shape[1:-1]
    motion = motion.reshape(2, -1, motion.shape[-1])
    north, east = motion
    projections = (north, east, north + east, north - east)
    extremes = np.stack([np.abs(projection).argmax(axis=-1) for projection in projections])
    extreme_points = np.take_along_axis(motion, extremes.T[None], axis=-1)
    bound = _support(extreme_points).min(axis=-1)
    power = north * north + east * east
    # A point between two samples may lie farther out than both.
    rows, samples = _true_indices(power >= (_NEAR_PEAK * bound[:, None]) ** 2)
    rows, points = _interpolate(motion, rows, samples)
    power = points[0] ** 2 + points[1] ** 2
    far = power >= bound[rows] ** 2
    rows, points, power = rows[far], points[:, far], power[far]
    sector = np.rad2deg(np.arctan2(points[1], points[0])) % 180.0
    sectors = rows * 180 + np.minimum(sector.astype(int), 179)
    farthest = np.zeros(motion.shape[1] * 180)
    np.maximum.at(farthest, sectors, power)
    best = power == farthest[sectors]
    outermost = np.zeros((2, len(farthest)))
    outermost[:, sectors[best]] = points[:, best]
    candidates = np.concatenate([outermost.reshape(2, -1, 180), extreme_points], axis=-1)
    return _support(candidates).reshape(*shape, 180)


def _support(points: np.ndarray) -> np.ndarray:
    """Largest absolute projection of (2, rows, points) on every direction: (rows, directions)."""
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    return np.abs(np.moveaxis(points, 0, -1) @ directions).max(axis=1)


def _peaks(responses: np.ndarray) -> np.ndarray:
    """Largest absolute values of (rows, samples), between the samples, too: (rows,)."""
    size = np.abs(responses)
    largest = size.max(axis=-1)
    rows, samples = _true_indices(size >= _NEAR_PEAK * largest[:, None])
    rows, points = _interpolate(responses[None], rows, samples)
    np.maximum.at(largest, rows, np.abs(points[0]))
    return largest


def _true_indices(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """np.nonzero of a two-dimensional mask, several times faster."""
    return np.divmod(np.flatnonzero(mask), mask.shape[-1])


def _interpolate(
    motion: np.ndarray, rows: np.ndarray, samples: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The samples at ``rows`` and ``samples``, and cubic interpolation on both sides of each.

    :param motion: (components, rows, samples).
    :return: rows (points,), and points (components, points).
    """
    intervals = np.zeros(motion.shape[1:], dtype=bool)  # each from its sample to the next
    intervals[rows, samples] = True
    intervals[:, :-1] |= intervals[:, 1:]  # the interval before a sample, too
    intervals[:, 0] = intervals[:, -2:] = False
    interval_rows, starts = _true_indices(intervals)
    nodes = motion[:, interval_rows[:, None], starts[:, None] + np.arange(-1, 3)]
    dense = (nodes @ _LAGRANGE).reshape(len(motion), -1)
    points = np.concatenate([motion[:, rows, samples], dense], axis=1)
    return np.concatenate([rows, np.repeat(interval_rows, len(_POSITIONS))]), points


def _lagrange() -> np.ndarray:
    """Lagrange weights of the samples at -1, 0, 1, 2 for positions in (0, 1): (4, positions)."""
    nodes = np.array([-1.0, 0.0, 1.0, 2.0])
    weights = []
    for node in nodes:
        others = nodes[nodes != node]
        weights.append(np.prod([(_POSITIONS - other) / (node - other) for other in others], axis=0))
    return np.array(weights)


_LAGRANGE = _lagrange()


def _responses(components, sampling_rate, periods, damping):
    """Responses r(t) of all oscillators to the components of one record, by sampling rate.

    :param components: (components, samples).
    :return: pairs of the periods' indices and (components, periods, samples at that rate).
    """
    samples = components.shape[-1]
    # The largest response may come up to half a period after the end of the record.
    length = 8 * (
        (fast_length(samples + int(np.ceil(0.6 * max(periods) * sampling_rate))) + 7) // 8
    )
    spectrum = scipy.fft.rfft(components, length)
    factors = _rate_factors(spectrum, sampling_rate, periods, damping)
    for factor in np.unique(factors):
        indices = np.flatnonzero(factors == factor)
        subset = tuple(periods[index] for index in indices)
        gain, slope, decay = _oscillators(length, sampling_rate, float(factor), subset, damping)
        bins = gain.shape[-1]
        product = spectrum[:, None, :bins] * gain
        if bins == length // 2 + 1:
            product[..., -1] *= 0.5  # the bin is counted twice at a higher rate
        size = int(length * factor)
        response = scipy.fft.irfft(product, size) * factor
        velocity = 2.0 / length * np.real((product * slope).sum(axis=-1))
        # The free vibration that the circular transform carries over, from r(0) and r'(0).
        for number, ((decay_rate, damped), (cosine, sine)) in enumerate(decay):
            start = response[:, number, 0].copy()
            sine_amplitude = (velocity[:, number] + decay_rate * start) / damped
            span = len(cosine)
            response[:, number, :span] -= start[:, None] * cosine + sine_amplitude[:, None] * sine
        yield indices, response


@lru_cache(maxsize=64)
def _oscillators(length, sampling_rate, factor, periods, damping):
    """Gains H, factors i w of the velocity, and the free vibrations of the oscillators.

    :return: (periods, bins), (bins,), and for each period its decay rate zeta w_n and damped
        frequency, both in rad/s, with the two free vibrations at the rate ``factor`` times the
        record's.
    """
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate)
    bins = min(len(frequencies), int(length * factor) // 2 + 1)
    omega = 2 * np.pi * frequencies[:bins]
    natural = 2 * np.pi / np.array(periods)[:, None]
    gain = natural**2 / (natural**2 - omega**2 + 2j * damping * natural * omega)
    decay = []
    for omega_n in natural[:, 0]:
        rate = sampling_rate * factor
        span = min(int(length * factor), int(12.0 / (damping * omega_n) * rate) + 1)
        times = np.arange(span) / rate
        damped = omega_n * np.sqrt(1.0 - damping**2)
        envelope = np.exp(-damping * omega_n * times)
        curves = (envelope * np.cos(damped * times), envelope * np.sin(damped * times))
        decay.append(((damping * omega_n, damped), curves))
    return gain, 1j * omega, decay


def _rate_factors(spectrum, sampling_rate, periods, damping):
    """For each period, the lowest sampling rate at which the error of its peak is tolerable.

    Four-point interpolation of a sinusoid errs by 3/128 (2 pi f / rate)^4; frequencies above half
    the rate are lost. Both errors are weighted by the power of the response in 64 bands.

    :return: (periods,), multiples of the record's rate.
    """
    bins = spectrum.shape[-1]
    frequencies = np.arange(bins) * (0.5 * sampling_rate / (bins - 1))
    edges = np.unique(np.geomspace(1, bins, 65).astype(int))
    power = (np.abs(spectrum) ** 2).sum(axis=0)
    bands = np.add.reduceat(power, edges[:-1])[None, :]
    upper = frequencies[np.minimum(edges[1:], bins - 1)]
    middle = np.sqrt(frequencies[edges[:-1]] * upper)
    natural = 1.0 / np.array(periods)[:, None]
    ratio = middle / natural
    response = bands / ((1 - ratio**2) ** 2 + (2 * damping * ratio) ** 2)
    total = response.sum(axis=1)
    total = np.where(total > 0, total, 1.0)
    factors = np.full(len(periods), float(_FACTORS[-1]))
    for factor in _FACTORS[::-1]:
        rate = factor * sampling_rate
        error = np.minimum(1.0, 3 / 128 * (2 * np.pi * upper / rate) ** 4)
        error = np.where(upper > 0.5 * rate, 1.0, error)
        tolerable = (response * error**2).sum(axis=1) <= _TOLERANCE**2 * total
        factors = np.where(tolerable & (factors == factor * 2), factor, factors)
    return factors
