"""Zero-phase filters in the frequency domain, and the padding that keeps record ends out of them.

``corner`` is the upper frequency limit of the simulation in Hz, never a source's corner frequency.

NumPy's FFT alone: it transforms every row by the same operations, so that a record's result does
not depend on what is computed beside it, and it costs no import.
"""

from __future__ import annotations

import numpy as np

#: The input of a method is exactly zero above this multiple of the corner (the simulation's upper
#: frequency limit).
STOP_RATIO = 1.25


def fast_length(n: int) -> int:
    """The smallest 2^a 3^b 5^c that is at least ``n`` and even.

    >>> fast_length(4097)
    4320
    """
    best = 1 << max(1, (n - 1).bit_length())
    five = 1
    while five < best:
        three = five
        while three < best:
            two = 2
            while three * two < n:
                two *= 2
            best = min(best, three * two)
            three *= 3
        five *= 5
    return best


def raised_cosine(x: np.ndarray) -> np.ndarray:
    """0 for x <= 0, 1 for x >= 1, (1 - cos(pi x)) / 2 between: a smooth step."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0.0, 1.0))


def extend(x: np.ndarray, padding: int, length: int) -> np.ndarray:
    """Continue a signal beyond both ends by odd reflection, tapered to zero.

    Odd reflection is continuous in value and slope, so a filter sees no onset where the record was
    cut.

    :param x: (..., samples).
    :param padding: number of samples put before and after.
    :param length: total length; zeros fill what is left at the end.
    :return: (..., length); the signal starts at index ``padding``.
    """
    widths = [(0, 0)] * (x.ndim - 1) + [(padding, padding)]
    extended = np.pad(x, widths, mode="reflect", reflect_type="odd")
    fade = raised_cosine((np.arange(padding) + 0.5) / padding)
    extended[..., :padding] *= fade
    extended[..., -padding:] *= fade[::-1]
    return np.pad(extended, [(0, 0)] * (x.ndim - 1) + [(0, length - extended.shape[-1])])


def padding_for(corner: float, sampling_rate: float, samples: int) -> tuple[int, int]:
    """How far to extend a record so that a filter at the corner does not wrap around.

    :param corner: upper frequency limit of the simulation, Hz.
    :param sampling_rate: Hz.
    :param samples: length of the record.
    :return: (padding, length) for :func:`extend`.
    """
    # The band edges are a fifth of the corner wide, so their responses last about ten periods.
    padding = max(16, int(np.ceil(10.0 / corner * sampling_rate)))
    return padding, fast_length(samples + 2 * padding)


def low_pass(frequencies: np.ndarray, corner: float) -> np.ndarray:
    """Gain of the band limit: 1 up to the corner, exactly 0 from 1.25 times the corner.

    Half a cosine between. ``frequencies`` (frequencies,) and ``corner`` in Hz.
    """
    return 1.0 - raised_cosine((frequencies / corner - 1.0) / (STOP_RATIO - 1.0))


def band_limit(
    x: np.ndarray, sampling_rate: float, corner: float, output_rate: float | None = None
) -> np.ndarray:
    """Keep what lies below the corner, with zero phase, optionally at another sampling rate.

    The pass band is untouched to the corner; nothing is left above 1.25 times the corner.

    :param x: (..., samples).
    :param sampling_rate: of ``x``, Hz.
    :param corner: upper frequency limit of the simulation, Hz; below half the sampling rate.
    :param output_rate: Hz; any ratio to ``sampling_rate``. Default: the same.
    :return: (..., samples), from the same first instant to the last one inside the record.
    """
    output_rate = sampling_rate if output_rate is None else output_rate
    samples = x.shape[-1]
    padding, length = padding_for(corner, sampling_rate, samples)
    spectrum = np.fft.rfft(extend(np.asarray(x, dtype=float), padding, length))
    spectrum *= low_pass(np.fft.rfftfreq(length, 1.0 / sampling_rate), corner)
    if output_rate == sampling_rate:
        return np.fft.irfft(spectrum, length)[..., padding : padding + samples]
    return _at_rate(spectrum, length, padding, samples, sampling_rate, output_rate, corner)


def _at_rate(
    spectrum: np.ndarray,
    length: int,
    padding: int,
    samples: int,
    sampling_rate: float,
    output_rate: float,
    corner: float,
) -> np.ndarray:
    """Fourier interpolation to a fine grid, then a cubic spline to the output's sampling times."""
    from scipy.interpolate import CubicSpline

    # With 40 points in the shortest period left, the spline errs by less than 1e-6.
    finer = max(1, int(np.ceil(40.0 * STOP_RATIO * corner / sampling_rate)))
    fine = np.fft.irfft(spectrum, length * finer) * finer
    output_samples = int(np.floor((samples - 1) / sampling_rate * output_rate + 1e-6)) + 1
    positions = padding * finer + np.arange(output_samples) * (sampling_rate * finer / output_rate)
    # The end conditions of a cubic spline reach a few points only: 64 on each side are enough.
    first, last = max(0, int(positions[0]) - 64), min(fine.shape[-1], int(positions[-1]) + 65)
    return CubicSpline(np.arange(first, last), fine[..., first:last], axis=-1)(positions)
