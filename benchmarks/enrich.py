"""Time of importing against that of importing ObsPy, and of the stochastic method.

    OMP_NUM_THREADS=1 python benchmarks/enrich.py

Whole processes for the imports (median of 15, in turn); for the method, records of 60 s with three
components.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from obspy import Stream, Trace

import obspy_broadband  # noqa: F401
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit


def processes(commands: dict[str, list[str]], repeat: int = 15) -> dict[str, float]:
    """Median CPU-and-wall seconds of whole processes, run in turn so that drift hits all alike."""
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            spent[name].append(time.perf_counter() - start)
    return {name: float(np.median(times)) for name, times in spent.items()}


def simulation(stations: int) -> Stream:
    """Synthetic low frequencies: 60 s, three components."""
    rng = np.random.default_rng(1)
    shape = saragoni_hart(np.arange(6000) / 100 - 12, 6.0)
    stream = Stream()
    for number in range(stations):
        motion = band_limit(rng.normal(size=(3, 6000)) * shape, 100.0, 1.0)
        for code, data in zip("ZNE", motion):
            header = {"station": f"S{number:03d}", "channel": f"HX{code}", "sampling_rate": 100.0}
            stream.append(Trace(data, header=header))
    return stream


def main() -> None:
    """Print the ratios."""
    print(
        f"{platform.processor() or platform.machine()}, one thread; Python {sys.version.split()[0]}"
    )
    python = [sys.executable, "-c"]
    times = processes(
        {
            "import obspy": [*python, "import obspy"],
            "import obspy_broadband": [*python, "import obspy_broadband"],
            "obb --help": [str(Path(sys.executable).with_name("obb")), "--help"],
        }
    )
    for name, spent in times.items():
        print(f"{name:<24}{spent * 1e3:7.0f} ms {spent / times['import obspy']:6.2f} x")
    stream = simulation(10)
    stream.enrich("stochastic", n=1, seed=1)
    for n in (1, 20):
        start = time.perf_counter()
        stream.enrich("stochastic", n=n, seed=1)
        spent = time.perf_counter() - start
        print(f"stochastic, n = {n:<3}{spent / (10 * n) * 1e3:6.1f} ms a station and realization")


if __name__ == "__main__":
    main()
