"""Response spectra against scipy.signal.lfilter and pyrotd, in one run, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/response_spectra.py

A synthetic accelerogram of 4096 samples at 100 Hz, 37 periods of 0.01-10 s, 5 % damping. lfilter
runs the exact recursion of Nigam and Jennings (1969) over the record interpolated to 4 and 8 times
its rate. Errors are relative to the response computed at 32 times the rate. Needs pyrotd, which
needs setuptools < 81.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

import numpy as np
import scipy
from _timing import seconds
from scipy.signal import cont2discrete, lfilter

from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.response import DEFAULT_PERIODS, response_spectrum, rotd

RATE, PERIODS, DAMPING = 100.0, np.array(DEFAULT_PERIODS), 0.05


def earthquake(seed: int) -> np.ndarray:
    """A synthetic accelerogram: (4096,)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=4096) * saragoni_hart(np.arange(4096) / RATE - 4, 6.0)
    f = np.fft.rfftfreq(4096, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(noise) * f / (0.5 + f) * np.exp(-np.pi * 0.035 * f), 4096)


def nigam_jennings(record: np.ndarray, finer: int) -> Callable[[], np.ndarray]:
    """The recursion of Nigam and Jennings for every period, with coefficients computed before."""
    coefficients = []
    for natural in 2 * np.pi / PERIODS:
        system = ([-1.0], [1.0, 2 * DAMPING * natural, natural**2])
        b, a, _ = cont2discrete(system, 1 / (RATE * finer), method="foh")
        coefficients.append((b.ravel(), a, natural**2))

    def spectrum() -> np.ndarray:
        padded = np.pad(record, (0, 600))
        fine = np.fft.irfft(np.fft.rfft(padded), len(padded) * finer) * finer
        return np.array([np.abs(lfilter(b, a, fine)).max() * w2 for b, a, w2 in coefficients])

    return spectrum


def dense(record: np.ndarray) -> np.ndarray:
    """Spectrum at 32 times the rate, padded until every oscillator has come to rest."""
    length, finer = 1 << 15, 32
    spectrum = np.fft.rfft(record, length)
    spectrum[-1] *= 0.5
    omega = 2 * np.pi * np.fft.rfftfreq(length, 1 / RATE)
    peaks = []
    for natural in 2 * np.pi / PERIODS:
        gain = natural**2 / (natural**2 - omega**2 + 2j * DAMPING * natural * omega)
        peaks.append(np.abs(np.fft.irfft(spectrum * gain, length * finer)).max() * finer)
    return np.array(peaks)


def main() -> None:
    """Print times, ratios and errors."""
    print(f"{platform.processor() or platform.machine()}, one thread; ", end="")
    print(f"numpy {np.__version__}, scipy {scipy.__version__}")
    record, other = earthquake(1), earthquake(2)
    reference = dense(record)
    ours = seconds(lambda: response_spectrum(record, RATE), 21)
    error = np.abs(response_spectrum(record, RATE) / reference - 1).max()
    print(f"response_spectrum            {ours * 1e3:8.2f} ms            error {error:.1e}")
    for finer in (4, 8):
        peer = nigam_jennings(record, finer)
        spent, error = seconds(peer, 9), np.abs(peer() / reference - 1).max()
        print(f"lfilter at {finer} times the rate  {spent * 1e3:8.2f} ms", end="")
        print(f" {spent / ours:6.1f} x   error {error:.1e}")
    ours = seconds(lambda: rotd(record, other, RATE), 9)
    print(f"rotd, 180 directions         {ours * 1e3:8.2f} ms")
    import pyrotd

    pyrotd.processes = 1

    for ratio in (5, 40):  # its default, and what its accuracy needs to come near ours

        def peer(ratio: int = ratio) -> object:
            return pyrotd.calc_rotated_spec_accels(
                1 / RATE, record, other, 1 / PERIODS, DAMPING, [50], max_freq_ratio=ratio
            )

        spent = seconds(peer, 3)
        spectrum = np.array([row[2] for row in peer()])
        difference = np.abs(spectrum / rotd(record, other, RATE, PERIODS, (50.0,))[0] - 1)
        print(
            f"pyrotd, max_freq_ratio={ratio:<6}{spent * 1e3:8.2f} ms {spent / ours:6.1f} x", end=""
        )
        print(
            f"   RotD50 differs by {np.median(difference):.1e} (median), "
            f"{difference.max():.1e} (most)"
        )


if __name__ == "__main__":
    main()
