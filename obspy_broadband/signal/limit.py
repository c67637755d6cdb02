"""The frequency up to which a simulation holds motion, as its own spectrum shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .filters import fast_length
from .spectra import fourier_amplitude

#: Amplitude, as a part of the largest below, under which there is next to nothing.
_NOTHING = 0.01
#: Amplitude, as a part of the largest in the octave below, at which a spectrum has fallen off.
_FALLEN = 0.35
_LOWEST, _PER_OCTAVE = 0.05, 24
_WIDTH = 2.0**0.2  #: of the band that a level is the mean of, to either side
_TAPER = 0.05  #: of the duration, at both ends


@dataclass(frozen=True)
class Limit:
    """Where the spectrum of a simulation ends.

    :param corner: Hz, up to which it is whole: the last frequency with a third of the largest
        amplitude of the octave below.
    :param content: Hz, above which there is less than a hundredth of the largest amplitude.
    :param ends: whether it ends at all below the Nyquist frequency.
    """

    corner: float
    content: float
    ends: bool


def upper_limit(motion: np.ndarray, sampling_rate: float) -> Limit:
    """Look for the end of a spectrum.

    A solver's limit, or the filter after it, takes the acceleration spectrum down by orders of
    magnitude within an octave or two, which neither a source nor attenuation does below some Hz.

    :param motion: (components, samples), acceleration in m/s².
    :param sampling_rate: Hz.
    :return: without an end where the record is too short, or its rate too low, for a spectrum of
        an octave or more.
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
    last = int(np.flatnonzero(level >= _NOTHING * level.max())[-1])
    whole = last
    for index in range(last, -1, -1):
        if level[index] >= _FALLEN * level[max(0, index - _PER_OCTAVE) : index + 1].max():
            whole = index
            break
    return Limit(float(centers[whole]), float(centers[last]), last < count - 1)
