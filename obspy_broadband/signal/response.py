"""Elastic response spectra, one component or RotDnn of two.

The response of each oscillator is a product in the frequency domain, transformed back at no higher
a rate than its peak needs: the error that a rate would cause is estimated from the spectrum of the
very record (:func:`_rate_factors`). What a circular transform carries from the end of the record to
its beginning is a free vibration, and is subtracted exactly. Peaks are read between the samples.
Every record is treated by itself, so that its result does not depend on what is computed beside it.
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
#: What sampling and interpolation may cost, relative to the peak.
_TOLERANCE = 5e-4
#: Rates tried, as multiples of the input's.
_FACTORS = (0.125, 0.25, 0.5, 1, 2, 4, 8)
#: A peak between two samples is at most this much larger than they are: rates are chosen so that
#: the strong frequencies have ten samples a period or more.
_NEAR = 0.95
#: Positions between two samples where a response is interpolated.
_BETWEEN = np.arange(1, 8) / 8
_ANGLES = np.deg2rad(np.arange(180))


def response_spectrum(
    acceleration: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
    damping: float = 0.05,
) -> np.ndarray:
    """Pseudo-spectral acceleration.

    :param acceleration: (..., samples), m/s².
    :param sampling_rate: Hz.
    :param periods: s, (periods,).
    :param damping: fraction of critical.
    :return: (..., periods), m/s².
    """
    acceleration = np.asarray(acceleration, dtype=float)
    flat = acceleration.reshape(-1, acceleration.shape[-1])
    found = np.empty((len(flat), len(periods)))
    for row, record in zip(found, flat):
        for where, response in _responses(record[None], sampling_rate, tuple(periods), damping):
            row[where] = _peaks(response[0])
    return found.reshape(*acceleration.shape[:-1], len(periods))


def rotd(
    h1: np.ndarray,
    h2: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
    percentiles: tuple[float, ...] = (50.0, 100.0),
    damping: float = 0.05,
) -> np.ndarray:
    """Percentiles over all horizontal directions of pseudo-spectral acceleration.

    RotDnn of Boore (2010, BSSA 100), over 180 directions one degree apart.

    :param h1: (..., samples), m/s²; ``h2`` likewise, at a right angle to it.
    :return: (..., percentiles, periods), m/s².
    """
    h1, h2 = np.broadcast_arrays(np.asarray(h1, dtype=float), np.asarray(h2, dtype=float))
    pairs = np.stack([h1, h2], axis=-2).reshape(-1, 2, h1.shape[-1])
    found = np.empty((len(pairs), len(percentiles), len(periods)))
    for result, pair in zip(found, pairs):
        for where, response in _responses(pair, sampling_rate, tuple(periods), damping):
            peaks = directional_peaks(response)
            result[:, where] = np.percentile(peaks, percentiles, axis=-1)
    return found.reshape(*h1.shape[:-1], len(percentiles), len(periods))


def directional_peaks(motion: np.ndarray) -> np.ndarray:
    """Largest absolute value in each of 180 directions.

    Only points far from the origin can be the largest in any direction. The largest points in four
    directions give a lower bound for all directions; what lies nearer than the least of these
    bounds is left out, without error. Of the rest, one point a degree suffices (relative error
    below 2e-4).

    :param motion: (2, ..., samples), the horizontal components of one or several motions, well
        sampled.
    :return: (..., 180).
    """
    shape = motion.shape[1:-1]
    motion = motion.reshape(2, -1, motion.shape[-1])
    north, east = motion
    projections = (north, east, north + east, north - east)
    extremes = np.stack([np.abs(projection).argmax(axis=-1) for projection in projections])
    corners = np.take_along_axis(motion, extremes.T[None], axis=-1)
    bound = _support(corners).min(axis=-1)
    power = north * north + east * east
    # A point between two samples may lie farther out than both.
    rows, samples = _where(power >= (_NEAR * bound[:, None]) ** 2)
    rows, points = _interpolate(motion, rows, samples)
    power = points[0] ** 2 + points[1] ** 2
    far = power >= bound[rows] ** 2
    rows, points, power = rows[far], points[:, far], power[far]
    sector = np.rad2deg(np.arctan2(points[1], points[0])) % 180.0
    place = rows * 180 + np.minimum(sector.astype(int), 179)
    farthest = np.zeros(motion.shape[1] * 180)
    np.maximum.at(farthest, place, power)
    best = power == farthest[place]
    outermost = np.zeros((2, len(farthest)))
    outermost[:, place[best]] = points[:, best]
    chosen = np.concatenate([outermost.reshape(2, -1, 180), corners], axis=-1)
    return _support(chosen).reshape(*shape, 180)


def _support(points: np.ndarray) -> np.ndarray:
    """Largest absolute projection of (2, rows, points) on every direction: (rows, directions)."""
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    return np.abs(np.moveaxis(points, 0, -1) @ directions).max(axis=1)


def _peaks(responses: np.ndarray) -> np.ndarray:
    """Largest absolute values of (rows, samples), between the samples, too: (rows,)."""
    size = np.abs(responses)
    largest = size.max(axis=-1)
    rows, samples = _where(size >= _NEAR * largest[:, None])
    rows, points = _interpolate(responses[None], rows, samples)
    np.maximum.at(largest, rows, np.abs(points[0]))
    return largest


def _where(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of what is true; several times faster than np.nonzero of two dimensions."""
    return np.divmod(np.flatnonzero(mask), mask.shape[-1])


def _interpolate(
    motion: np.ndarray, rows: np.ndarray, samples: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The given samples, and points on cubics through four samples on both sides of them.

    :param motion: (components, rows, samples).
    :return: rows (points,), and points (components, points).
    """
    wanted = np.zeros(motion.shape[1:], dtype=bool)
    wanted[rows, samples] = True
    wanted[:, :-1] |= wanted[:, 1:]  # the interval before a sample, too
    wanted[:, 0] = wanted[:, -2:] = False
    at, left = _where(wanted)
    around = motion[:, at[:, None], left[:, None] + np.arange(-1, 3)]
    dense = (around @ _LAGRANGE).reshape(len(motion), -1)
    points = np.concatenate([motion[:, rows, samples], dense], axis=1)
    return np.concatenate([rows, np.repeat(at, len(_BETWEEN))]), points


def _lagrange() -> np.ndarray:
    """Weights of the samples at -1, 0, 1, 2 for positions between 0 and 1: (4, positions)."""
    nodes = np.array([-1.0, 0.0, 1.0, 2.0])
    weights = []
    for node in nodes:
        others = nodes[nodes != node]
        weights.append(np.prod([(_BETWEEN - other) / (node - other) for other in others], axis=0))
    return np.array(weights)


_LAGRANGE = _lagrange()


def _responses(components, sampling_rate, periods, damping):
    """Responses of all oscillators to the components of one record, by rate.

    :param components: (components, samples).
    :return: pairs of the periods' indices and (components, periods, samples at their rate).
    """
    samples = components.shape[-1]
    # An oscillator may swing highest up to half a period after the end of the record.
    length = 8 * (
        (fast_length(samples + int(np.ceil(0.6 * max(periods) * sampling_rate))) + 7) // 8
    )
    spectrum = scipy.fft.rfft(components, length)
    factors = _rate_factors(spectrum, sampling_rate, periods, damping)
    for factor in np.unique(factors):
        where = np.flatnonzero(factors == factor)
        chosen = tuple(periods[index] for index in where)
        gain, slope, decay = _oscillators(length, sampling_rate, float(factor), chosen, damping)
        bins = gain.shape[-1]
        product = spectrum[:, None, :bins] * gain
        if bins == length // 2 + 1:
            product[..., -1] *= 0.5  # the bin is counted twice at a higher rate
        size = int(length * factor)
        response = scipy.fft.irfft(product, size) * factor
        velocity = 2.0 / length * np.real((product * slope).sum(axis=-1))
        for kept, (real, imaginary) in enumerate(decay):
            at_start = response[:, kept, 0].copy()
            swing = (velocity[:, kept] + real[1] * at_start) / real[2]
            span = len(imaginary[0])
            response[:, kept, :span] -= (
                at_start[:, None] * imaginary[0] + swing[:, None] * imaginary[1]
            )
        yield where, response


@lru_cache(maxsize=64)
def _oscillators(length, sampling_rate, factor, periods, damping):
    """Gains, factors of velocity, and the free vibrations of the oscillators, at one rate."""
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate)
    bins = min(len(frequencies), int(length * factor) // 2 + 1)
    omega = 2 * np.pi * frequencies[:bins]
    natural = 2 * np.pi / np.array(periods)[:, None]
    gain = natural**2 / (natural**2 - omega**2 + 2j * damping * natural * omega)
    decay = []
    for one in natural[:, 0]:
        rate = sampling_rate * factor
        span = min(int(length * factor), int(12.0 / (damping * one) * rate) + 1)
        times = np.arange(span) / rate
        damped = one * np.sqrt(1.0 - damping**2)
        envelope = np.exp(-damping * one * times)
        curves = (envelope * np.cos(damped * times), envelope * np.sin(damped * times))
        decay.append(((one, damping * one, damped), curves))
    return gain, 1j * omega, decay


def _rate_factors(spectrum, sampling_rate, periods, damping):
    """The lowest rate for each period at which its peak is still found.

    Four-point interpolation of a sinusoid errs by 3/128 (2 pi f / rate)^4; what lies above half a
    rate is lost altogether. Both are weighed with the power of the response in 64 bands.
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
    chosen = np.full(len(periods), float(_FACTORS[-1]))
    for factor in _FACTORS[::-1]:
        rate = factor * sampling_rate
        error = np.minimum(1.0, 3 / 128 * (2 * np.pi * upper / rate) ** 4)
        error = np.where(upper > 0.5 * rate, 1.0, error)
        fine = (response * error**2).sum(axis=1) <= _TOLERANCE**2 * total
        chosen = np.where(fine & (chosen == factor * 2), factor, chosen)
    return chosen
