"""What tests share: a made-up simulation, tiny methods, the bytes of a folder, and no network."""

import os
import socket
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path.append(str(Path(__file__).parent))  # files that several folders' tests make

import numpy as np
import pytest
from obspy import Stream, Trace, UTCDateTime

from obspy_broadband import Method
from obspy_broadband.signal.filters import band_limit


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path_factory):
    """A test that would leave this machine fails at once."""
    connect = socket.socket.connect

    def only_here(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise OSError(f"no network in tests: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path_factory.mktemp("seisbench")))


def make_simulation(
    stations=("AAA",),
    components="ZNE",
    duration=40.0,
    sampling_rate=50.0,
    corner=1.0,
    seed=3,
    peak=0.4,
) -> Stream:
    """Low-frequency accelerograms in m/s²: P at 8 s, S at 14 s, surface waves; quiet ends."""
    rng = np.random.default_rng(seed)
    samples = round(duration * sampling_rate) + 1
    times = np.arange(samples) / sampling_rate
    stream = Stream()
    for station in stations:
        for code in components:
            motion = np.zeros(samples)
            strengths = (0.5, 0.7, 0.4) if code in "Z3" else (0.2, 1.0, 0.7)
            for arrival, strength, width in zip((8, 14, 18), strengths, (1.5, 2.5, 5.0)):
                frequencies = rng.uniform(0.15, 1.2, 12) * corner
                waves = np.cos(
                    2 * np.pi * (frequencies[:, None] * times + rng.uniform(0, 1, (12, 1)))
                )
                since = np.clip(times - arrival, 0, None) / width
                motion += strength * waves.sum(0) * since**2 * np.exp(2 - 2 * since)
            motion = band_limit(motion, sampling_rate, corner)
            motion *= peak / np.abs(motion).max()
            header = {
                "network": "XX",
                "station": station,
                "channel": f"HX{code}",
                "sampling_rate": sampling_rate,
                "starttime": UTCDateTime(2019, 11, 11, 10, 52, 45),
                "units": "m/s**2",
            }
            stream.append(Trace(motion, header=header))
    return stream


@pytest.fixture(scope="session")
def simulation():
    """A function: see make_simulation."""
    return make_simulation


@pytest.fixture
def output():
    """A function: the files of a folder and their bytes, without a run's inner folder."""

    def read(folder):
        folder = Path(folder)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".run" not in path.relative_to(folder).parts
        }

    return read


class Noise(Method):
    """White noise at a tenth of the record's peak, over the whole record."""

    summary = "White noise"
    citation = "None"
    samples = None

    def realize(self, batch, seeds):
        shape = batch.low_frequency.shape[1:]
        return np.array(
            [[np.random.default_rng(int(s)).normal(0, 0.1, shape) for s in row] for row in seeds]
        )


class WindowedNoise(Method):
    """White noise, drawn anew in every window of 1024 samples."""

    summary = "White noise in windows"
    citation = "None"
    samples = 1024

    def realize(self, batch, seeds):
        shape = batch.low_frequency.shape[1:]
        drawn = [
            [np.random.default_rng([int(s), int(start)]).normal(0, 0.1, shape) for s in row]
            for row, start in zip(seeds, batch.starts)
        ]
        return np.array(drawn)


class WindowedCopy(Method):
    """Returns its input: coherent from window to window and with the simulation."""

    summary = "The input"
    citation = "None"
    samples = 1024
    one_to_many = False

    def realize(self, batch, seeds):
        return np.repeat(batch.low_frequency[:, None], seeds.shape[1], axis=1)


@pytest.fixture(params=[Noise, WindowedNoise, WindowedCopy], ids=lambda method: method.__name__)
def any_method(request):
    """Each tiny method in turn."""
    return request.param()


@pytest.fixture
def noise():
    return Noise()


@pytest.fixture
def windowed_noise():
    return WindowedNoise()


@pytest.fixture
def windowed_copy():
    return WindowedCopy()
