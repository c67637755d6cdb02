"""Quality of records: signal over noise, usable band, clipping, motion below the corner.

``corner`` is the upper frequency limit of the simulations that a method will enrich.
"""

from __future__ import annotations

import hashlib
import itertools
from functools import lru_cache

import numpy as np

from ..signal.filters import fast_length

#: Hz: bands in which signal and noise are compared.
BANDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0)
#: Amplitude of signal over noise from which a band is usable.
_USABLE = 2.0
#: s: the shortest and the longest noise before P that is used, how long before P it ends, and the
#: longest signal after P.
_NOISE, _NOISE_LONGEST, _NOISE_GAP, _SIGNAL = 4.5, 10.0, 0.3, 40.96
#: A record high-pass filtered at the corner has less than this share of its 1-2 corner amplitude at
#: a quarter to half of the corner (STEAD: 0.02; strong-motion sets: 0.3-1; small unfiltered events:
#: above 0.06).
_EMPTY = 0.04


def judge(
    motion: np.ndarray, sampling_rate: float, p_sample: np.ndarray, corner: float
) -> dict[str, np.ndarray]:
    """Quality of records of one length.

    :param motion: (records, 3, samples), acceleration, float32.
    :param p_sample: (records,), of P, or NaN.
    :param corner: Hz: see :func:`is_empty_below_corner`.
    :return: by name, (records,): ``snr`` (records, bands), ``usable_lowest_hz``,
        ``usable_highest_hz``, ``below_corner_ratio``, ``peak``, ``clipped``.
    """
    size = np.abs(motion)
    peaks = size.max(axis=-1)
    signal = _stretch(motion, p_sample, 0.0, _SIGNAL, sampling_rate)
    noise = _stretch(motion, p_sample, -_NOISE_LONGEST, -_NOISE_GAP, sampling_rate)
    power = _power(*signal)
    densities = [_band_means(spectrum, sampling_rate) for spectrum in (power, _power(*noise))]
    long_enough = (signal[1] >= 5 * sampling_rate) & (noise[1] >= _NOISE * sampling_rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = np.sqrt(densities[0] / densities[1])
    snr[~long_enough] = np.nan
    lowest, highest = usable_band(snr)
    return {
        "snr": snr,
        "usable_lowest_hz": lowest,
        "usable_highest_hz": highest,
        "below_corner_ratio": _below_corner_ratio(power, sampling_rate, corner),
        "peak": peaks.max(axis=-1),
        "clipped": _clipped(size, peaks),
    }


def _stretch(
    motion: np.ndarray, p_sample: np.ndarray, first_s: float, last_s: float, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """A stretch around P with zeros behind it, and its number of samples without them.

    Without P: the whole record for the signal, nothing for the noise.
    """
    records, _, samples = motion.shape
    has_p = np.isfinite(p_sample)
    p = np.where(has_p, p_sample, 0.0).astype(int)
    width = round((last_s - first_s) * rate)
    if not has_p.all() and first_s >= 0:
        width = max(width, samples)
    stretches = np.zeros((records, 3, width), dtype=np.float32)
    lengths = np.zeros(records, dtype=int)
    for row in range(records):
        first, last = max(0, p[row] + round(first_s * rate)), p[row] + round(last_s * rate)
        if not has_p[row]:
            first, last = 0, samples if first_s >= 0 else 0
        part = motion[row, :, first : max(last, first)]
        lengths[row] = part.shape[-1]
        stretches[row, :, : lengths[row]] = part
    return stretches, lengths


def _power(motion: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Mean power spectrum of the components of each stretch under a Hann window, over its energy.

    In single precision.
    """
    from scipy.fft import rfft

    for row, length in zip(motion, lengths):
        if length:
            window = _hann(int(length))
            row[:, :length] -= row[:, :length].mean(axis=-1, keepdims=True)
            row[:, :length] *= window
    spectrum = rfft(motion, fast_length(motion.shape[-1]))
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    return power / np.maximum(0.375 * lengths, 1)[:, None]


@lru_cache(maxsize=256)
def _hann(length: int) -> np.ndarray:
    return np.hanning(length).astype(np.float32)


def _band_means(power: np.ndarray, sampling_rate: float) -> np.ndarray:
    """(records, frequencies) -> (records, bands)."""
    step = 0.5 * sampling_rate / (power.shape[-1] - 1)
    edges = np.ceil(np.array(BANDS) / step - 1e-9).astype(int)
    means = np.full((len(power), len(BANDS) - 1), np.nan)
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        if high > low:
            means[:, index] = power[:, low:high].mean(axis=-1)
    return means


def usable_band(snr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest frequency, Hz, of the bands without a gap around 2-5 Hz that are usable.

    :param snr: (records, bands), amplitude of signal over noise in each of :data:`BANDS`.
    :return: NaN where it cannot be told or 2-5 Hz is not usable itself.
    """
    usable = np.nan_to_num(snr, nan=0.0) > _USABLE
    middle = BANDS.index(2.0)
    # The number of usable bands in a row from the middle: the running product outwards.
    down = np.cumprod(usable[:, middle::-1], axis=1).sum(axis=1)
    up = np.cumprod(usable[:, middle:], axis=1).sum(axis=1)
    edges = np.array(BANDS)
    lowest = np.where(down > 0, edges[np.maximum(middle + 1 - down, 0)], np.nan)
    return lowest, np.where(up > 0, edges[middle + up], np.nan)


def _below_corner_ratio(power: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """Amplitude at 0.25-0.5 corner over that at 1-2 corner: next to nothing if filtered out."""
    frequencies = np.linspace(0.0, 0.5 * sampling_rate, power.shape[-1])
    parts = [
        power[:, (frequencies >= low * corner) & (frequencies < high * corner)].mean(axis=-1)
        for low, high in ((0.25, 0.5), (1.0, 2.0))
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(parts[1] > 0, np.sqrt(parts[0] / parts[1]), np.nan)


def is_empty_below_corner(ratios: np.ndarray) -> bool:
    """Whether a data set was high-pass filtered at the corner, by the median ratio."""
    finite = ratios[np.isfinite(ratios)]
    return bool(finite.size and np.median(finite) < _EMPTY)


def _clipped(size: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Whether some component stays at its largest value, or comes back to it often."""
    at_top = size >= 0.999 * peaks[..., None]
    counts = at_top.sum(axis=-1)
    often = counts > max(20, 0.002 * size.shape[-1])
    for record, component in np.argwhere((counts >= 4) & ~often):
        top = at_top[record, component]
        often[record, component] = (top[3:] & top[2:-1] & top[1:-2] & top[:-3]).any()
    return (often & (peaks > 0)).any(axis=-1)


def fingerprint(motion: np.ndarray) -> str:
    """Equal for records with the same motion up to a factor: of every eighth sample of 30 s."""
    samples = motion[:, :3000:8]
    peak = np.abs(samples).max()
    rounded = np.round(samples / (peak or 1.0), 3).astype(np.float32) + np.float32(0.0)
    return hashlib.blake2b(rounded.tobytes(), digest_size=12).hexdigest()
