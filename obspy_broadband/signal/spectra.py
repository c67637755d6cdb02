"""Fourier amplitude spectra and their smoothing.

Notation::

    FAS(f) = |sum_k x_k exp(-2 pi i f k dt)| dt
    W(f, f_k) = [sin(b log10(f / f_k)) / (b log10(f / f_k))]^4      Konno and Ohmachi (1998)
    EAS(f) = sqrt((FAS_1^2 + FAS_2^2) / 2), smoothed as power       Goulet et al. (2018)

f_k is the centre of the smoothing window, neither a source's corner nor the simulation's.
"""

from __future__ import annotations

import numpy as np


def fourier_amplitude(x: np.ndarray, sampling_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Fourier amplitude spectrum (FAS), an approximation of the continuous transform.

    :param x: (..., samples), e.g. acceleration in m/s².
    :param sampling_rate: Hz.
    :return: frequencies in Hz, (frequencies,), and amplitudes in the unit of ``x`` times s, (...,
        frequencies).
    """
    x = np.asarray(x, dtype=float)
    frequencies = np.fft.rfftfreq(x.shape[-1], 1.0 / sampling_rate)
    return frequencies, np.abs(np.fft.rfft(x)) / sampling_rate


def konno_ohmachi_weights(
    frequencies: np.ndarray, centers: np.ndarray, bandwidth: float = 40.0
) -> np.ndarray:
    """Weights of the smoothing window of Konno and Ohmachi (1998, BSSA 88, eq. 4).

    W = (sin(b log10(f/f_k)) / (b log10(f/f_k)))^4, of which the main lobe alone is used, normalized
    to the sum 1 for each centre. A centre whose window holds no frequency takes the nearest one.

    :param frequencies: f of the spectrum, (frequencies,), Hz; zero gets no weight.
    :param centers: f_k, (centers,), Hz, positive.
    :param bandwidth: b; larger is narrower.
    :return: (frequencies, centers).
    """
    positive = np.where(frequencies > 0, frequencies, 1.0)
    argument = bandwidth * np.log10(positive[:, None] / np.asarray(centers)[None, :])
    weights = np.sinc(argument / np.pi) ** 4
    # Through the side lobes the strong end of a steep spectrum would leak into its weak end.
    weights[(np.abs(argument) > np.pi) | (np.asarray(frequencies)[:, None] <= 0)] = 0.0
    total = weights.sum(axis=0)
    if (total <= 0).any():
        nearest = np.abs(np.asarray(frequencies)[:, None] - np.asarray(centers)).argmin(axis=0)
        empty = total <= 0
        weights[nearest[empty], np.flatnonzero(empty)] = 1.0
        total = weights.sum(axis=0)
    return weights / total


def smooth_konno_ohmachi(
    frequencies: np.ndarray, amplitude: np.ndarray, centers: np.ndarray, bandwidth: float = 40.0
) -> np.ndarray:
    """A spectrum smoothed with the windows of :func:`konno_ohmachi_weights`.

    :param frequencies: (frequencies,), Hz.
    :param amplitude: (..., frequencies), amplitude or power.
    :param centers: (centers,), Hz.
    :return: (..., centers).
    """
    weights = konno_ohmachi_weights(frequencies, centers, bandwidth)
    return np.stack([(amplitude * column).sum(axis=-1) for column in weights.T], axis=-1)


def effective_amplitude(
    h1: np.ndarray,
    h2: np.ndarray,
    sampling_rate: float,
    centers: np.ndarray,
    bandwidth: float = 188.5,
) -> np.ndarray:
    """Effective amplitude spectrum (EAS) of two horizontal components.

    EAS = sqrt((FAS1² + FAS2²) / 2), smoothed with the window of Konno and Ohmachi of b = 188.5 as
    power, as in Bayless and Abrahamson (2019, BSSA 109) and Goulet et al. (2018). It does not
    depend on the orientation of the components.

    :param h1: (..., samples), acceleration in m/s²; ``h2`` likewise.
    :param sampling_rate: Hz.
    :param centers: Hz.
    :return: (..., centers), m/s.
    """
    frequencies, first = fourier_amplitude(h1, sampling_rate)
    _, second = fourier_amplitude(h2, sampling_rate)
    power = 0.5 * (first**2 + second**2)
    return np.sqrt(smooth_konno_ohmachi(frequencies, power, centers, bandwidth))
