"""EG and PG against obspy.signal.tf_misfit, in one run, on one thread.

    python benchmarks/goodness.py

A record of 3 x 4096 samples at 100 Hz, 100 frequencies of 0.1-30 Hz.
"""

from __future__ import annotations

import platform

import numpy as np
import obspy
import torch
from _timing import seconds
from obspy.signal import tf_misfit

from obspy_broadband.evaluation.goodness import envelope_phase
from obspy_broadband.signal.envelope import saragoni_hart

torch.set_num_threads(1)
BAND = {"fmin": 0.1, "fmax": 30.0, "nf": 100}


def earthquake(seed: int) -> np.ndarray:
    """A synthetic accelerogram: (3, 4096)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(3, 4096)) * saragoni_hart(np.arange(4096) / 100 - 4, 6.0)
    f = np.fft.rfftfreq(4096, 0.01)
    return np.fft.irfft(np.fft.rfft(noise) * f / (0.5 + f) * np.exp(-np.pi * 0.035 * f), 4096)


def obspy_scores(generated: np.ndarray, recorded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ObsPy's two scores."""
    arguments = {"dt": 0.01, "norm": "local", **BAND}
    return tuple(f(generated, recorded, **arguments) for f in (tf_misfit.eg, tf_misfit.pg))


def main() -> None:
    """Print the ratios and the differences."""
    print(f"{platform.processor() or platform.machine()}, one thread; ", end="")
    print(f"obspy {obspy.__version__}, torch {torch.__version__}, numpy {np.__version__}")
    generated, recorded = earthquake(1), earthquake(2)
    single = generated.astype(np.float32), recorded.astype(np.float32)
    reference = obspy_scores(generated, recorded)
    base = seconds(lambda: obspy_scores(generated, recorded), 3)
    print(f"obspy eg + pg                 {base * 1e3:8.0f} ms")
    for name, pair, options in (
        ("envelope_phase, float64", (generated, recorded), {}),
        ("envelope_phase, float32", single, {}),
        ("multirate, float32", single, {"multirate": True}),
    ):
        spent = seconds(lambda p=pair, o=options: envelope_phase(*p, 100.0, **BAND, **o), 9)
        scores = envelope_phase(*pair, 100.0, **BAND, **options)
        em = max(abs(np.log(scores[0] / reference[0])))
        pm = max(abs(scores[1] - reference[1])) / 10
        print(f"{name:<30}{spent * 1e3:8.1f} ms {base / spent:6.0f} x   ", end="")
        print(f"difference: EM {em:.1e}, PM {pm:.1e}")


if __name__ == "__main__":
    main()
