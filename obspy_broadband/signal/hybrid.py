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

from .filters import extend, padding_for, raised_cosine

#: The simulation alone is kept below this multiple of the corner, the realization alone above the
#: corner.
PASS_RATIO = 0.8


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
    """How far two signals agree in phase just below the corner, where the simulation is still
    right.

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

    Below 0.8 times the corner the simulation passes unchanged, and nothing of the realization does.
    The added high frequencies begin and end at rest: their displacement fades in and out within one
    period of the corner at the ends of the record, so that they bring no drift into velocity and
    displacement.

    :param low_frequency: acceleration (..., samples), broadcast against ``realization``: a
        station's simulation against all its realizations.
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
    fraction = (frequencies / corner - PASS_RATIO) / (1.0 - PASS_RATIO)
    low_gain, high_gain = crossover(fraction, coherence)
    kept = np.fft.irfft(low * low_gain, length)[..., record]

    high *= high_gain  # zero below 0.8 corner: it can be integrated by division
    omega = 2j * np.pi * np.where(frequencies > 0, frequencies, 1.0)
    acceleration = np.fft.irfft(high, length)[..., record]
    high /= omega
    velocity = np.fft.irfft(high, length)[..., record]
    high /= omega
    displacement = np.fft.irfft(high, length)[..., record]
    # The second derivative of (window x displacement), by the product rule.
    window, slope, curvature = _rest_window(samples, sampling_rate, corner)
    added = window * acceleration + 2.0 * slope * velocity + curvature * displacement
    return kept + added


def _rest_window(
    samples: int, sampling_rate: float, corner: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A window that rises from rest and returns to it, and its first two derivatives in time.

    """
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
