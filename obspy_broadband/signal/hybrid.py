"""Join the low frequencies of a simulation with the high frequencies of a realization.

Two signals joined by amplitude-complementary filters (gains that add up to one) lose up to 3 dB
where the filters cross if the signals are incoherent, as a stochastic realization is with any
simulation; joined by power-complementary ones (squares that add up to one) they gain up to 3 dB if
they are coherent, as the output of a good network is. Here the gains follow from the measured
coherence, so that the power around the corner is preserved for any coherence
(docs/explanation/decisions/0005).

Notation::

    corner  the simulation's upper frequency limit (not a source's corner frequency)
    x       = (f / corner - 0.85) / (1.25 - 0.85), the fraction of the way across the transition
    s(x)    raised cosine from 0 at x = 0 to 1 at x = 1
    gamma   coherence of simulation and realization over 0.5-1 corner
    g_1     = (1 - s) / sqrt(P), gain of the simulation
    g_2     = s / sqrt(P), gain of the realization
    P       = (1 - s)^2 + s^2 + 2 gamma (1 - s) s, so that g_1^2 + g_2^2 + 2 gamma g_1 g_2 = 1
"""

from __future__ import annotations

import numpy as np

from .filters import STOP_RATIO, extend, low_pass, padding_for, raised_cosine

#: The simulation alone is kept below this multiple of the corner, the realization alone above
#: :data:`~obspy_broadband.signal.filters.STOP_RATIO` times the corner.
PASS_RATIO = 0.85


def crossover(fraction: np.ndarray, coherence: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Gains of two signals of equal power across a transition that preserve the power.

    :param fraction: fraction x of the way from the first signal (0) to the second (1).
    :param coherence: gamma of the two signals, 0 (incoherent) to 1 (equal); broadcast with
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
    """Phase coherence of two signals just below the corner.

    The mean cosine of their phase difference over 0.5-1 corner, unweighted; negative values, which
    are due to chance, are set to zero.

    :param a: spectra (..., frequencies); ``b`` likewise, broadcast.
    :param frequencies: (frequencies,), Hz.
    :param corner: upper frequency limit of the simulation, Hz.
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

    The result is the simulation plus a correction without content below 0.85 times the corner, so
    the simulation is unchanged there. The correction begins and ends at rest: its displacement is
    tapered within one period of the corner at both ends of the record, so that it adds no drift to
    velocity and displacement.

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
    # The input has been low-passed by band_limit: divide the gain by the one already applied.
    applied_gain = low_pass(frequencies, corner)
    low_gain = np.divide(
        low_gain, applied_gain, out=np.zeros_like(low_gain), where=applied_gain > 1e-6
    )
    # The correction is zero below 0.85 corner, so it can be integrated by division by i omega.
    correction = high * high_gain - low * (1.0 - low_gain)
    return low_frequency + _at_rest(correction, frequencies, length, record, sampling_rate, corner)


def _at_rest(
    spectrum: np.ndarray,
    frequencies: np.ndarray,
    length: int,
    record: slice,
    sampling_rate: float,
    corner: float,
) -> np.ndarray:
    """Acceleration whose velocity and displacement are zero at both ends of the record.

    (w u)'' = w u'' + 2 w' u' + w'' u with the window w and the displacement u.
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
