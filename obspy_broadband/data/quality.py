"""Is a record fit to teach what lies above a corner from what lies below it?"""

from __future__ import annotations

import hashlib
import itertools

import numpy as np

from ..signal.filters import fast_length

#: Hz: bands in which signal and noise are compared.
BANDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
#: Amplitude of signal over noise from which a band is usable.
_USABLE = 2.0
#: s: the shortest noise before P that can be judged, and the longest signal after it.
_NOISE, _SIGNAL = 4.5, 40.96
#: A record high-pass filtered at the corner has less than this share of its 1-2 corner amplitude at
#: a quarter to half of the corner (STEAD: 0.02; strong-motion sets: 0.3-1; small unfiltered events:
#: above 0.06).
_EMPTY = 0.04


def band_snr(motion: np.ndarray, sampling_rate: float, p_sample: float) -> np.ndarray:
    """Ratio of signal to noise in each band of :data:`BANDS`; NaN where it cannot be told.

    Mean-square spectra per second of the signal (40.96 s from P) and of the noise before P, of all
    components together.

    :param motion: (3, samples), acceleration.
    :param p_sample: of P, or NaN.
    :return: (bands,).
    """
    unknown = np.full(len(BANDS) - 1, np.nan)
    if not np.isfinite(p_sample):
        return unknown
    p = int(p_sample)
    noise = motion[:, max(0, p - int(10 * sampling_rate)) : max(0, p - int(0.3 * sampling_rate))]
    signal = motion[:, max(p, 0) : p + int(_SIGNAL * sampling_rate)]
    if noise.shape[-1] < _NOISE * sampling_rate or signal.shape[-1] < 5 * sampling_rate:
        return unknown
    density = []
    for part in (signal, noise):
        window = np.hanning(part.shape[-1])
        part = (part - part.mean(axis=-1, keepdims=True)) * window
        frequencies, power = _power(part, sampling_rate)
        density.append(_band_means(frequencies, power / (window**2).sum()))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(density[0] / density[1])


def _power(motion: np.ndarray, sampling_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and mean power of the components; judging needs no double precision."""
    length = fast_length(motion.shape[-1])
    spectrum = np.fft.rfft(motion.astype(np.float32), length)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0)
    return np.fft.rfftfreq(length, 1 / sampling_rate), power


def _band_means(frequencies: np.ndarray, power: np.ndarray) -> np.ndarray:
    edges = np.searchsorted(frequencies, BANDS)
    means = np.full(len(BANDS) - 1, np.nan)
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        if high > low:
            means[index] = power[low:high].mean()
    return means


def usable_band(snr: np.ndarray) -> tuple[float, float]:
    """Lowest and highest frequency, Hz, between which every band around 1-5 Hz out is usable.

    :param snr: of :func:`band_snr`.
    :return: (NaN, NaN) if it cannot be told or 2-5 Hz is not usable itself.
    """
    good = np.nan_to_num(snr, nan=0.0) > _USABLE
    middle = BANDS.index(2.0)
    if not good[middle]:
        return np.nan, np.nan
    low = high = middle
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(good) - 1 and good[high + 1]:
        high += 1
    return BANDS[low], BANDS[high + 1]


def below_corner_ratio(motion: np.ndarray, sampling_rate: float, corner: float = 1.0) -> float:
    """Amplitude at 0.25-0.5 corner over that at 1-2 corner: next to nothing if filtered out."""
    window = np.hanning(motion.shape[-1])
    frequencies, power = _power(motion * window, sampling_rate)
    parts = [
        power[(frequencies >= low * corner) & (frequencies < high * corner)]
        for low, high in ((0.25, 0.5), (1.0, 2.0))
    ]
    if not all(part.size for part in parts) or parts[1].mean() == 0:
        return np.nan
    return float(np.sqrt(parts[0].mean() / parts[1].mean()))


def is_empty_below_corner(ratios: np.ndarray) -> bool:
    """Whether a data set has lost what lies below the corner: the median ratio says so."""
    known = ratios[np.isfinite(ratios)]
    return bool(known.size and np.median(known) < _EMPTY)


def is_clipped(motion: np.ndarray) -> bool:
    """Whether some component stays at its largest value, or comes back to it often."""
    for component in motion:
        size = np.abs(component)
        at_top = size >= 0.999 * size.max()
        runs = np.convolve(at_top, np.ones(4), mode="valid")
        if size.max() > 0 and ((runs >= 4).any() or at_top.sum() > max(20, 0.002 * len(size))):
            return True
    return False


def fingerprint(motion: np.ndarray) -> str:
    """Equal for records with the same motion up to a factor."""
    peak = np.abs(motion).max()
    rounded = np.round(motion[:, :3000] / (peak or 1.0), 4).astype(np.float32) + 0.0
    return hashlib.blake2b(rounded.tobytes(), digest_size=12).hexdigest()
