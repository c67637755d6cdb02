"""The upper frequency limit of a simulation, estimated from the end of its own spectrum.

Notation::

    f_j      = f_0 2^(j/24), centres of bands of 2^-0.2 to 2^0.2 times f_j
    L_j      root mean square amplitude of acceleration in band j (the level)
    content  = the last f_j with L_j >= 0.01 max L
    corner   = the last f_j up to it with L_j >= 0.35 max(L_j-24 ... L_j), the octave below
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .filters import fast_length
from .spectra import fourier_amplitude

#: Fraction of the largest level below which a band counts as empty.
_EMPTY = 0.01
#: Fraction of the largest level of the octave below at which the spectrum has fallen off.
_FALLEN = 0.35
_LOWEST, _PER_OCTAVE = 0.05, 24
_WIDTH = 2.0**0.2  #: half-width of a band, as a ratio of frequencies
_TAPER = 0.05  #: fraction of the duration that is tapered, at both ends


@dataclass(frozen=True)
class Limit:
    """The end of a simulation's spectrum.

    :param corner: upper frequency limit of the simulation, Hz: the last frequency with at least
        0.35 of the largest level of the octave below. Not the source's corner frequency.
    :param content: Hz, above which the level is below a hundredth of the largest.
    :param ends: whether the spectrum ends below the Nyquist frequency.
    """

    corner: float
    content: float
    ends: bool


def upper_limit(motion: np.ndarray, sampling_rate: float) -> Limit:
    """Estimate where a spectrum ends.

    A solver's limit, or the filter after it, takes the acceleration spectrum down by orders of
    magnitude within an octave or two, which neither a source nor attenuation does below some Hz.

    :param motion: (components, samples), acceleration in m/s².
    :param sampling_rate: Hz.
    :return: the limit; ``ends`` is false, and both frequencies are the Nyquist frequency, where
        the record is too short, or its rate too low, for a spectrum of an octave or more.
    """
    samples = motion.shape[-1]
    ramp = max(1, int(_TAPER * samples))
    window = np.ones(samples)
    window[:ramp] = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
    window[-ramp:] = window[:ramp][::-1]
    centered = motion - motion.mean(axis=-1, keepdims=True)
    padding = fast_length(samples) - samples  # a prime length costs a hundred times as much
    tapered = np.pad(centered * window, ((0, 0), (0, padding)))
    frequencies, amplitude = fourier_amplitude(tapered, sampling_rate)
    nyquist = 0.5 * sampling_rate
    lowest = max(_LOWEST, 2.0 * frequencies[1])
    highest = 0.95 * nyquist
    if highest < 2.0 * lowest:
        return Limit(nyquist, nyquist, False)
    count = int(_PER_OCTAVE * np.log2(highest / lowest)) + 1
    centers = lowest * 2.0 ** (np.arange(count) / _PER_OCTAVE)
    total = np.concatenate([[0.0], np.cumsum((amplitude**2).mean(axis=0))])
    first = np.searchsorted(frequencies, centers / _WIDTH)
    stop = np.maximum(np.searchsorted(frequencies, centers * _WIDTH), first + 1)
    level = np.sqrt((total[stop] - total[first]) / (stop - first))
    last = int(np.flatnonzero(level >= _EMPTY * level.max())[-1])
    limit = last
    for index in range(last, -1, -1):
        if level[index] >= _FALLEN * level[max(0, index - _PER_OCTAVE) : index + 1].max():
            limit = index
            break
    return Limit(float(centers[limit]), float(centers[last]), last < count - 1)
