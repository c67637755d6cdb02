"""Simulated records of random scenarios, for training before recorded motion.

A stochastic point source over the whole band: omega-squared source, spreading, Q, kappa, crust and
linear site (see :mod:`obspy_broadband.signal.point_source`), residuals with the spread and
correlation of records, noise under envelopes of P, S and coda that all frequencies share. A network
trained on these alone has learned this model, not recorded motion. With
``low_frequencies="pyprop8"`` the motion below 1 Hz is that of a double couple in a layered
half-space instead, with its phases and surface waves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..errors import InputError
from ..level.residuals import correlation, square_root, standard_deviation
from ..method.contract import Scenario
from ..signal.envelope import saragoni_hart
from ..signal.filters import band_limit, fast_length
from ..signal.hybrid import hybridize
from ..signal.point_source import (
    duration,
    fourier_spectrum,
    p_wave_share,
    vertical_ratio,
)
from ..signal.spectra import effective_amplitude
from .layered import layered_motion
from .prepare import Settings, judge
from .shards import check_settings, finish, write_shard
from .store import SAMPLING_RATE

LOW_FREQUENCIES = ("stochastic", "pyprop8")
_BEFORE, _AFTER = 30.0, 90.0  # s around P that a record keeps
_P_VELOCITY, _S_VELOCITY = 6.06, 3.5  # km/s
_GRID = np.geomspace(0.05, 50.0, 40)  # Hz, of the residuals
#: Share of the energy of S in the coda, and the coda's duration over that of the direct waves.
_CODA, _CODA_DURATION = 0.3, 2.5
#: Standard deviation of ln duration (as that of records, see docs/explanation/methods/stochastic.md).
_DURATION_SPREAD = 0.43
_CORNER = 1.0  # Hz, upper frequency limit of the simulation in a layered medium


@dataclass(frozen=True)
class Population:
    """Distribution of the scenarios.

    :param records: in all, at ``per_event`` stations of each event.
    :param seed: the same seed gives the same bytes.
    :param magnitudes: lowest and highest; a third as many per unit (b-value 0.48).
    :param distances_km: of the epicentre, lowest and highest; log-uniform.
    :param low_frequencies: "stochastic" or "pyprop8" (takes seconds for an event).
    """

    records: int = 1000
    per_event: int = 5
    seed: int = 0
    magnitudes: tuple[float, float] = (3.5, 7.5)
    distances_km: tuple[float, float] = (5.0, 200.0)
    low_frequencies: str = "stochastic"

    def __post_init__(self) -> None:
        if self.low_frequencies not in LOW_FREQUENCIES:
            raise InputError(
                f"low_frequencies is {self.low_frequencies!r}; it must be "
                f"{' or '.join(LOW_FREQUENCIES)}."
            )
        if self.records < 1 or self.per_event < 1:
            raise InputError("records and per_event must be 1 or more.")
        for name, (least, most) in (("magnitudes", (0, 8.5)), ("distances_km", (1, 400))):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise InputError(f"{name} must rise within {least}-{most}; it is {low}, {high}.")


def simulate(
    population: Population, folder: str | Path, workers: int = 1, progress: bool = False
) -> dict[str, Any]:
    """Make a store of simulated records, or continue an interrupted one.

    :param folder: the store; see :class:`obspy_broadband.data.store.Store`.
    :param workers: processes.
    :return: what ``store.json`` holds.
    :raises InputError: for a folder begun with another population.
    """
    folder = Path(folder)
    shards = folder / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    settings = Settings(units="mps2", before_s=_BEFORE, after_s=_AFTER)
    parameters = dataclasses.asdict(population)
    check_settings(folder, parameters)
    events = -(-population.records // population.per_event)
    paths = [shards / f"{number:06d}-simulated.h5" for number in range(events)]
    missing = [number for number, path in enumerate(paths) if not path.is_file()]
    jobs = [(population, number, paths[number], settings) for number in missing]
    with tqdm(total=events, initial=events - len(jobs), unit="event", disable=not progress) as bar:
        for _ in _run(jobs, workers):
            bar.update()
    label = f"simulated:{population.low_frequencies}"
    return finish(folder, paths, settings, [f"{label} {parameters}"])


def _run(jobs: list[tuple[Any, ...]], workers: int) -> Iterator[None]:
    if workers <= 1:
        for job in jobs:
            _event(job)
            yield
        return
    with ProcessPoolExecutor(workers) as pool:
        for _ in pool.map(_event, jobs):
            yield


def _event(job: tuple[Population, int, Path, Settings]) -> None:
    """All records of one event, into a shard."""
    population, number, path, settings = job
    count = min(population.per_event, population.records - number * population.per_event)
    rng = np.random.default_rng([population.seed, number])
    scenarios, epicentral, azimuth = draw_scenarios(population, count, rng)
    motions = [stochastic_record(scenario, rng) for scenario in scenarios]
    if population.low_frequencies == "pyprop8":
        motions = _with_layered(motions, scenarios, epicentral, azimuth, rng)
    name = f"simulated:{population.low_frequencies}"
    rows = []
    for station, scenario in enumerate(scenarios):
        assert scenario.distance_km is not None
        lag = scenario.distance_km * (1 / _S_VELOCITY - 1 / _P_VELOCITY)
        rows.append(
            {
                "record": f"{name}:event{number:06d}-station{station:03d}",
                "source": name,
                "event": f"{name} {population.seed}.{number}",
                "sequence": f"{name} {population.seed}.{number}",
                "station": f"SIM.{number:06d}{station:03d}",
                "split": "",
                "unit": "mps2",
                "start": "",
                "licence": "CC0-1.0",
                "attribution": "simulated by obspy-broadband, no recorded earthquake",
                **{name: getattr(scenario, name) for name in Scenario.ranges},
                "p_sample": _BEFORE * SAMPLING_RATE,
                "s_sample": (_BEFORE + lag) * SAMPLING_RATE,
            }
        )
    table = judge(pd.DataFrame(rows), motions, settings)
    # There is no noise: the whole band is usable.
    write_shard(path, motions, table.assign(usable_lowest_hz=0.1, usable_highest_hz=50.0), {})


def draw_scenarios(
    population: Population, count: int, rng: np.random.Generator
) -> tuple[list[Scenario], np.ndarray, np.ndarray]:
    """Stations around one source: their scenarios, epicentral distances (km) and azimuths."""
    low, high = population.magnitudes
    # Exponential, truncated: a third as many with every unit of magnitude.
    rate = np.log(3.0)
    magnitude = low - np.log(1 - rng.uniform() * (1 - np.exp(-rate * (high - low)))) / rate
    depth = float(np.clip(np.exp(rng.normal(np.log(10.0), 0.6)), 1.0, 40.0))
    nearest, farthest = np.log(population.distances_km)
    epicentral = np.exp(rng.uniform(nearest, farthest, count))
    azimuth = rng.uniform(0, 2 * np.pi, count)
    scenarios = [
        Scenario(
            magnitude=float(magnitude),
            distance_km=float(np.hypot(epicentral_distance, depth)),
            depth_km=depth,
            vs30_m_s=float(np.clip(np.exp(rng.normal(np.log(450.0), 0.45)), 120.0, 1500.0)),
        )
        for epicentral_distance in epicentral
    ]
    return scenarios, epicentral, azimuth


def stochastic_record(scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """One record of the whole band, P 30 s after its beginning: (3, samples), m/s².

    :param scenario: with magnitude, distance, depth and Vs30.
    """
    magnitude, distance = scenario.magnitude, scenario.distance_km
    vs30 = scenario.vs30_m_s
    assert magnitude is not None
    assert distance is not None
    assert vs30 is not None
    samples = int((_BEFORE + _AFTER) * SAMPLING_RATE)
    length = fast_length(samples + 1000)
    frequencies = np.fft.rfftfreq(length, 1.0 / SAMPLING_RATE)
    stress, kappa = 11.0 * np.exp(0.5 * rng.normal()), 0.036 * np.exp(0.3 * rng.normal())
    deviation = standard_deviation(_GRID)
    root = square_root(correlation(_GRID) * deviation[:, None] * deviation)
    # Stress drop and kappa already vary: 0.85 leaves the total spread that of the residuals.
    level = np.log(fourier_spectrum(_GRID, magnitude, distance, vs30, stress, kappa))
    level = level + 0.85 * (root @ rng.normal(size=len(_GRID)))
    ratios = np.stack([np.log(vertical_ratio(_GRID)), 0 * _GRID, 0 * _GRID])
    ratios[0] += 0.25 * rng.normal()
    difference = 0.12 * rng.normal()
    ratios[1], ratios[2] = ratios[1] + difference, ratios[2] - difference
    x = np.log(np.clip(frequencies, _GRID[0], _GRID[-1]))
    target = np.exp([np.interp(x, np.log(_GRID), level + ratio) for ratio in ratios])
    # Below the grid the spectrum of acceleration falls with the square of frequency.
    target *= np.minimum(frequencies / _GRID[0], 1.0) ** 2
    share = p_wave_share(np.maximum(frequencies, 1e-3), magnitude, stress)
    times = np.arange(length) / SAMPLING_RATE - _BEFORE
    lag = distance * (1 / _S_VELOCITY - 1 / _P_VELOCITY)
    s_duration = duration(magnitude, distance, stress) * np.exp(_DURATION_SPREAD * rng.normal())
    total = np.zeros((3, len(frequencies)), dtype=complex)
    p_duration = min(s_duration, max(1.0, 0.8 * lag))
    for start, length_s, energy in (
        (0.0, p_duration, share),
        (lag, s_duration, (1 - _CODA) * (1 - share)),
        (lag, _CODA_DURATION * s_duration, _CODA * (1 - share)),
    ):
        noise = np.fft.rfft(rng.normal(size=(3, length)) * saragoni_hart(times - start, length_s))
        power = (np.abs(noise) ** 2).mean(axis=-1, keepdims=True)
        total += noise / np.sqrt(np.maximum(power, 1e-300)) * target * np.sqrt(energy)
    motion = np.fft.irfft(total, length)[:, :samples] * SAMPLING_RATE
    # Shaping the spectrum with zero phase leaks ahead of P: faded in over 0.3 s before it.
    return motion * np.clip((times[:samples] + 0.3) / 0.3, 0.0, 1.0)


def _with_layered(
    motions: list[np.ndarray],
    scenarios: list[Scenario],
    epicentral: np.ndarray,
    azimuth: np.ndarray,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Below 1 Hz a layered half-space, above it the stochastic record, matched in level at 1 Hz."""
    vs = float(np.exp(rng.normal(np.log(2.2), 0.25)))
    layers = [
        (float(rng.uniform(0.3, 2.0)), 1.8 * vs, vs, 2.4),
        (float(rng.uniform(2.0, 6.0)), 5.4, 3.1, 2.65),
        (float(rng.uniform(18.0, 28.0)), 6.1, 3.55, 2.8),
        (np.inf, 8.0, 4.5, 3.3),
    ]
    first = scenarios[0]
    assert first.magnitude is not None
    assert first.depth_km is not None
    mechanism = (rng.uniform(0, 360), rng.uniform(25, 90), rng.uniform(-180, 180))
    step, finer, before = 0.2, 20, 10.0
    latest = max(scenario.distance_km or 0.0 for scenario in scenarios) / _P_VELOCITY
    steps = int((before + latest + _AFTER) / step)
    east_km, north_km = epicentral * np.sin(azimuth), epicentral * np.cos(azimuth)
    # Nothing may lie on an interface, and pyprop8 wants the source in a layer.
    depth = first.depth_km + 0.013
    simulated = layered_motion(
        layers,
        first.magnitude,
        depth,
        mechanism,
        5.0,
        east_km,
        north_km,
        steps,
        step,
        before,
        finer,
    )[:, [2, 1, 0]]
    joined = []
    for scenario, motion, low in zip(scenarios, motions, simulated):
        assert scenario.distance_km is not None
        p = before + scenario.distance_km / _P_VELOCITY
        shift = round((p - _BEFORE) * SAMPLING_RATE)
        low = np.pad(low, ((0, 0), (max(0, -shift), 0)))[:, max(0, shift) :]
        low = np.pad(low, ((0, 0), (0, max(0, motion.shape[-1] - low.shape[-1]))))
        low = band_limit(low[:, : motion.shape[-1]], SAMPLING_RATE, _CORNER)
        centers = np.geomspace(0.5, 0.95, 5) * _CORNER
        levels = [
            np.log(effective_amplitude(north, east, SAMPLING_RATE, centers, 40.0)).mean()
            for _, north, east in (low, motion)
        ]
        joined.append(
            hybridize(low, motion * np.exp(levels[0] - levels[1]), SAMPLING_RATE, _CORNER)
        )
    return joined
