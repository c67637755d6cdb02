"""Integration and differentiation in time, between acceleration, velocity and displacement."""

from __future__ import annotations

import numpy as np


def integrate(x: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Cumulative trapezoidal integral, zero at the first sample.

    :param x: (..., samples).
    :param sampling_rate: Hz.
    :return: (..., samples), float64.
    """
    x = np.asarray(x, dtype=float)
    steps = 0.5 * (x[..., 1:] + x[..., :-1]) / sampling_rate
    return np.concatenate([np.zeros_like(x[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)


def differentiate(x: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Derivative in the frequency domain, accurate up to nearly the Nyquist frequency.

    The line through the end points is subtracted and the remainder continued as an odd function
    about both ends, which is periodic with a continuous slope: a record may begin in the shaking,
    or end with a static offset. The slope of the line is added back.

    :param x: (..., samples).
    :param sampling_rate: Hz.
    :return: (..., samples), float64.
    """
    x = np.asarray(x, dtype=float)
    samples = x.shape[-1]
    first, last = x[..., :1], x[..., -1:]
    position = np.linspace(0.0, 1.0, samples)
    detrended = x - (first + (last - first) * position)
    odd = np.concatenate([detrended[..., :-1], -detrended[..., :0:-1]], axis=-1)
    length = odd.shape[-1]
    omega = 2 * np.pi * np.fft.rfftfreq(length, 1.0 / sampling_rate)
    omega[-1] = 0.0  # length is even; the slope at the Nyquist frequency is not defined
    slope = np.fft.irfft(1j * omega * np.fft.rfft(odd), length)[..., :samples]
    return slope + (last - first) * sampling_rate / (samples - 1)
