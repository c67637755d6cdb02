"""The Hilbert envelope of a signal, and the envelope function of Saragoni and Hart."""

from __future__ import annotations

import numpy as np

from .filters import extend, fast_length


def envelope(x: np.ndarray) -> np.ndarray:
    """Modulus of the analytic signal |x + i H[x]| (Hilbert envelope).

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

    Notation::

        w(t) = a (t/T)^b exp(-c t/T)
        T    = 2 duration
        eps  = peak, the maximum w = 1 lies at t = eps T
        eta  = end, w(T) = eta
        b    = -eps ln(eta) / (1 + eps (ln(eps) - 1)),  c = b/eps,  a = (e/eps)^b

    :param times: (...), s from the arrival; the envelope is zero up to it.
    :param duration: duration of the ground motion, s; half the length T of the window.
    :return: (...), between 0 and 1.
    """
    total = 2.0 * duration
    b = -peak * np.log(end) / (1 + peak * (np.log(peak) - 1))
    ratio = np.clip(times / total, 0.0, None) / peak
    return np.where(ratio > 0, (ratio * np.exp(1 - ratio)) ** b, 0.0)
