"""Join the low frequencies of a simulation with the high frequencies of a realization.

Two signals joined by amplitude-complementary filters (gains that add up to one) lose up to 3 dB
where the filters cross if the signals are incoherent, as a stochastic realization is with any
simulation; joined by power-complementary ones (squares that add up to one) they gain up to 3 dB if
they are coherent, as the output of a good network is. Here the gains follow from the coherence that
is measured, so that the power around the corner is kept in both cases and in all between
(docs/decisions/0005).
"""

from __future__ import annotations

import numpy as np

from .filters import STOP_RATIO, extend, low_pass, padding_for, raised_cosine

#: The simulation alone is kept below this multiple of the corner, the realization alone above
#: :data:`~obspy_broadband.signal.filters.STOP_RATIO` times the corner.
PASS_RATIO = 0.85


def crossover(fraction: np.ndarray, coherence: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Gains that pass from one signal to another of equal power and keep the power.

    :param fraction: where between the first (0) and the second (1).
    :param coherence: correlation of the two, 0 (incoherent) to 1 (equal); broadcast with
        ``fraction``.
    :return: gains of the first and of the second; their sum is 1 for coherence 1, the sum of their
        squares is 1 for coherence 0.
    """
    second = raised_cosine(fraction)
    first = 1.0 - second
    power = first**2 + second**2 + 2.0 * coherence * first * second
    return first / np.sqrt(power), second / np.sqrt(power)


def spectral_coherence(
    a: np.ndarray, b: np.ndarray, frequencies: np.ndarray, corner: float
) -> np.ndarray:
    """How far two signals agree in phase just below the corner.

    The mean cosine of their phase difference over 0.5-1 corner, every frequency counting the same;
    negative values, which only chance brings, count as zero.

    :param a: spectra (..., frequencies); ``b`` likewise, broadcast.
    :return: (..., 1), between 0 and 1.
    """
    band = (frequencies >= 0.5 * corner) & (frequencies <= corner)
    product = a[..., band] * np.conj(b[..., band])
    magnitude = np.abs(product)
    cosine = np.divide(product.real, magnitude, out=np.zeros_like(magnitude), where=magnitude > 0)
    return np.clip(cosine.mean(axis=-1, keepdims=True), 0.0, 1.0)


def hybridize(
    low_frequency: np.ndarray, realization: np.ndarray, sampling_rate: float, corner: float
) -> np.ndarray:
    """The simulation below the corner, the realization above it; zero phase throughout.

    The result is the simulation plus a change that has nothing below 0.85 times the corner, so the
    simulation passes there as it is. The change begins and ends at rest: its displacement fades in
    and out within one period of the corner at the ends of the record, so that it brings no drift
    into velocity and displacement.

    :param low_frequency: acceleration (..., samples) as
        :func:`~obspy_broadband.signal.filters.band_limit` leaves it, fading out between 1 and 1.25
        times the corner; broadcast against ``realization``: a station's simulation against all its
        realizations.
    :param realization: acceleration (..., samples) in the same unit.
    :param sampling_rate: Hz.
    :param corner: the highest frequency that the simulation resolves, Hz.
    :return: (..., samples).
    """
    samples = realization.shape[-1]
    padding, length = padding_for(corner, sampling_rate, samples)
    record = slice(padding, padding + samples)
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate)
    low = np.fft.rfft(extend(np.asarray(low_frequency, dtype=float), padding, length))
    high = np.fft.rfft(extend(np.asarray(realization, dtype=float), padding, length))

    coherence = spectral_coherence(high, low, frequencies, corner)
    fraction = (frequencies / corner - PASS_RATIO) / (STOP_RATIO - PASS_RATIO)
    low_gain, high_gain = crossover(fraction, coherence)
    # The input fades out above the corner already; what is left to do is the rest of the way.
    faded = low_pass(frequencies, corner)
    low_gain = np.divide(low_gain, faded, out=np.zeros_like(low_gain), where=faded > 1e-6)
    # Nothing of the change lies below 0.85 corner, so it can be integrated by division.
    change = high * high_gain - low * (1.0 - low_gain)
    return low_frequency + _at_rest(change, frequencies, length, record, sampling_rate, corner)


def _at_rest(
    spectrum: np.ndarray,
    frequencies: np.ndarray,
    length: int,
    record: slice,
    sampling_rate: float,
    corner: float,
) -> np.ndarray:
    """Acceleration whose velocity and displacement are zero at both ends of the record.

    The second derivative of (window x displacement), by the product rule.
    """
    omega = 2j * np.pi * np.where(frequencies > 0, frequencies, 1.0)
    acceleration = np.fft.irfft(spectrum, length)[..., record]
    velocity = np.fft.irfft(spectrum / omega, length)[..., record]
    displacement = np.fft.irfft(spectrum / omega**2, length)[..., record]
    window, slope, curvature = _rest_window(record.stop - record.start, sampling_rate, corner)
    return window * acceleration + 2.0 * slope * velocity + curvature * displacement


def _rest_window(
    samples: int, sampling_rate: float, corner: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A window that rises from rest and returns to it, and its two derivatives in time."""
    edge = min(1.0 / corner, 0.1 * samples / sampling_rate)
    times = np.arange(samples) / sampling_rate
    rise = np.clip(times / edge, 0.0, 1.0)
    window = rise - np.sin(2 * np.pi * rise) / (2 * np.pi)
    slope = (1.0 - np.cos(2 * np.pi * rise)) / edge
    curvature = 2 * np.pi * np.sin(2 * np.pi * rise) / edge**2
    # The fall is the rise in reverse; the record is long enough for the two not to meet.
    fall, fall_slope, fall_curvature = window[::-1], -slope[::-1], curvature[::-1]
    return (
        window * fall,
        slope * fall + window * fall_slope,
        curvature * fall + 2 * slope * fall_slope + window * fall_curvature,
    )
