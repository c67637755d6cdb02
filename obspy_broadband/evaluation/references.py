"""Signals of reference rows: the inverse filter and the oracle envelope."""

from __future__ import annotations

import numpy as np

from ..signal.filters import extend, low_pass, padding_for, raised_cosine
from ..signal.phases import smooth

#: The Butterworth filter has its zeros at the Nyquist frequency, where its inverse is unstable:
#: they are moved inwards to this radius, which is corrected for below the Nyquist frequency.
_RADIUS = 0.7
#: Where the inverse is faded out, as shares of the sampling rate.
_FADE_OUT = (0.40, 0.45)


def inverse_filter(
    low_frequency: np.ndarray, sampling_rate: float, corner: float, protocol: str
) -> np.ndarray:
    """Undo the filter that made the input: a detector of leaks, without learning.

    Where it scores well, the input holds the target, and a network's score may show no more than
    that it has learned the filter.

    :param low_frequency: (..., samples), made by the protocol.
    :param protocol: "clean" (zero-phase taper: there is nothing to bring back above 1.25 corner) or
        "thesis" (causal Butterworth of order 4).
    :return: (..., samples).
    """
    x = np.asarray(low_frequency, dtype=float)
    samples = x.shape[-1]
    length = 2 * samples
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate)
    if protocol == "clean":
        gain = low_pass(frequencies, corner)
        restored = np.fft.rfft(x, length) * gain / (gain**2 + 1e-14)
        return np.fft.irfft(restored, length)[..., :samples]
    from scipy.signal import butter, sosfilt

    # In time, section by section, so that the record may end before the filter has rung out.
    inverse = []
    for b0, _, _, a0, a1, a2 in butter(4, corner, fs=sampling_rate, output="sos"):
        inverse.append([a0 / b0, a1 / b0, a2 / b0, 1.0, 2 * _RADIUS, _RADIUS**2])
    restored = sosfilt(inverse, x, axis=-1)
    delay = np.exp(-2j * np.pi * frequencies / sampling_rate)
    low, high = (share * sampling_rate for share in _FADE_OUT)
    correction = ((1 + _RADIUS * delay) / np.where(frequencies < high, 1 + delay, 1.0)) ** 4
    correction *= 1.0 - raised_cosine((frequencies - low) / (high - low))
    return np.fft.irfft(np.fft.rfft(restored, length) * correction, length)[..., :samples]


def oracle_envelope(
    broadband: np.ndarray, sampling_rate: float, corner: float, seeds: np.ndarray
) -> np.ndarray:
    """High frequencies with the record's own envelope and smoothed spectrum, and random phase.

    About the best score of a method that draws one of the many records that share low frequencies.

    :param broadband: the record, (components, samples).
    :param seeds: (realizations,).
    :return: (realizations, components, samples): to be joined with the true low frequencies, as a
        method's output is.
    """
    samples = broadband.shape[-1]
    padding, length = padding_for(corner, sampling_rate, samples)
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate)
    spectrum = np.fft.rfft(extend(np.asarray(broadband, dtype=float), padding, length))
    high = np.fft.irfft(spectrum * (frequencies > 0.7 * corner), length)
    shape = np.sqrt(smooth(high**2, max(2, round(sampling_rate / corner))))
    width = max(3, round(0.2 * corner * length / sampling_rate))
    level = np.sqrt(smooth(np.abs(spectrum) ** 2, width))
    realizations = []
    for seed in seeds:
        noise = np.random.default_rng(int(seed)).normal(size=shape.shape) * shape
        spectrum = np.fft.rfft(noise)
        spectrum *= level / np.maximum(np.sqrt(smooth(np.abs(spectrum) ** 2, width)), 1e-300)
        realizations.append(np.fft.irfft(spectrum, length)[..., padding : padding + samples])
    return np.array(realizations)
