"""Envelopes: of a signal, and of an earthquake."""

from __future__ import annotations

import numpy as np

from .filters import extend, fast_length


def envelope(x: np.ndarray) -> np.ndarray:
    """Modulus of the analytic signal.

    :param x: (..., samples).
    :return: (..., samples).
    """
    samples = x.shape[-1]
    padding = max(16, samples // 10)
    length = fast_length(samples + 2 * padding)
    spectrum = np.fft.fft(extend(np.asarray(x, dtype=float), padding, length))
    spectrum[..., 1 : length // 2] *= 2.0
    spectrum[..., length // 2 + 1 :] = 0.0
    return np.abs(np.fft.ifft(spectrum))[..., padding : padding + samples]


def saragoni_hart(
    times: np.ndarray, duration: float, peak: float = 0.2, end: float = 0.05
) -> np.ndarray:
    """The envelope of Saragoni and Hart (1974) as used by Boore (2003, eq. 32-36).

    w = a (t/T)^b exp(-c t/T), T = 2 duration, with its maximum 1 at ``peak`` T and the value
    ``end`` at T.

    :param times: from the arrival, s; zero before it.
    :param duration: s.
    """
    total = 2.0 * duration
    b = -peak * np.log(end) / (1 + peak * (np.log(peak) - 1))
    ratio = np.clip(times / total, 0.0, None) / peak
    return np.where(ratio > 0, (ratio * np.exp(1 - ratio)) ** b, 0.0)
