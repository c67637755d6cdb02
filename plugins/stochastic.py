"""Stochastic: what practitioners add today, conditioned on what the simulation knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obspy_broadband import Batch, InputError, Method, Scenario
from obspy_broadband.level.conditional import condition_gaussian
from obspy_broadband.level.residuals import (
    correlation,
    square_root,
    standard_deviation,
    symmetric,
)
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import fast_length
from obspy_broadband.signal.intensity import significant_duration
from obspy_broadband.signal.phases import OMORI_VELOCITY, arrivals
from obspy_broadband.signal.point_source import (
    duration,
    fourier_spectrum,
    p_wave_share,
    site_slope,
    vertical_ratio,
)
from obspy_broadband.signal.spectra import fourier_amplitude, konno_ohmachi_weights

#: Where the simulation's own spectrum is read, as multiples of the corner.
_READ = np.geomspace(0.35, 0.95, 5)
#: Error of reading the logarithm of a smoothed spectrum off one record.
_READING_ERROR = 0.2
#: ln(D5-95 above the corner) of 452 strong-motion records of 74 events, by regression: constant,
#: weights of ln(duration of source and path) and of ln(D5-95 below the corner), standard deviation.
_DURATION = (-0.53, 0.15, 0.97, 0.43)
#: Share of the energy of S that arrives as coda, where the simulation shakes longer than the theory
#: says.
_CODA = 0.2
#: At which the level is drawn.
_FREQUENCIES = 40
#: Standard deviation of ln Vs30 where it is not known, around 500 m/s.
_UNKNOWN_SITE = 0.45


@dataclass(frozen=True)
class Options:
    """Options of the stochastic method.

    :param stress_drop_mpa: of the omega-squared source, MPa.
    :param kappa_s: attenuation near the surface, s.
    :param level: "conditional" ties the high frequencies to the simulation's own spectrum below the
        corner; "scenario" takes them from magnitude and distance alone, which must then be given.
    :param variability: factor on the standard deviation between realizations; 0 for the median.
    """

    stress_drop_mpa: float = 11.0
    kappa_s: float = 0.036
    level: str = "conditional"
    variability: float = 1.0

    def __post_init__(self) -> None:
        for name, highest in (("stress_drop_mpa", 1000.0), ("kappa_s", 0.5), ("variability", 5.0)):
            value = getattr(self, name)
            lowest = 0.01 if name == "stress_drop_mpa" else 0.0
            if not isinstance(value, (int, float)) or not lowest <= value <= highest:
                raise InputError(f"{name} is {value!r}; it must be {lowest:g} to {highest:g}.")
        if self.level not in ("conditional", "scenario"):
            raise InputError(f"level is {self.level!r}; it must be 'conditional' or 'scenario'.")


@dataclass(frozen=True)
class Level:
    """The distribution of one record's high-frequency spectrum.

    :param grid: frequencies, Hz.
    :param means: (sources, frequencies), mean of ln EAS for each possible source.
    :param weights: (sources,), how likely each is.
    :param root: (frequencies, frequencies), square root of the covariance.
    :param sources: (magnitude, distance in km) of each.
    """

    grid: np.ndarray
    means: np.ndarray
    weights: np.ndarray
    root: np.ndarray
    sources: list[tuple[float, float]]


class Stochastic(Method):
    """A finite-duration stochastic point source, drawn around the simulation's own level.

    Spectrum: omega-squared source, geometric spreading, Q, kappa, crustal and site amplification.
    Its residual is Gaussian, with the standard deviation and the correlation between frequencies of
    records; it is conditioned on the simulation's own spectrum below the corner, so that it neither
    jumps there nor forgets the event. Magnitude and distance that are not known are drawn, weighed
    by how well they explain the simulation. Time: noise under envelopes of P and S where the
    simulation has them.
    """

    summary = "Stochastic point source conditioned on the simulation's own spectrum; no training"
    citation = (
        "Boore (2003), Pageoph 160, 635-676; Boore and Thompson (2014), BSSA 104, 2541-2552; "
        "Bayless and Abrahamson (2019), BSSA 109, 1058-1071"
    )
    samples = None
    Options = Options

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """Numbers of the level; see :attr:`obspy_broadband.Method.epsilon_size`."""
        return _FREQUENCIES if self.options.variability else 0

    def realize(self, batch: Batch, seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`.

        :raises InputError: for level="scenario" without magnitude and distance.
        """
        levels = [None] * len(batch) if batch.epsilon is None else batch.epsilon
        rows = zip(batch.low_frequency, batch.scale, batch.corner, batch.scenarios, seeds, levels)
        return np.stack([self._record(*row) for row in rows])

    def _record(
        self,
        low: np.ndarray,
        scale: float,
        corner: float,
        scenario: Scenario,
        seeds: np.ndarray,
        levels: np.ndarray | None,
    ) -> np.ndarray:
        """Realizations of one record: (realizations, 3, samples)."""
        corner = float(corner)
        p, s = arrivals(low, self.sampling_rate, corner, scenario.distance_km)
        shaking = float(significant_duration(np.hypot(low[1], low[2]), self.sampling_rate))
        level = self._level(low * scale, corner, scenario, None if p is None else s - p)
        ratios = self._component_ratios(low, corner, level.grid)
        samples = low.shape[-1]
        length = fast_length(samples + int(4 * self.sampling_rate))
        frequencies = np.fft.rfftfreq(length, 1.0 / self.sampling_rate)
        drawn = np.empty((len(seeds), 3, samples))
        root = level.root if levels is None else symmetric(level.root)
        for number, (row, seed) in enumerate(zip(drawn, seeds)):
            rng = np.random.default_rng(int(seed))
            # As many numbers whatever is known: a seed keeps its noise.
            source = int(np.searchsorted(np.cumsum(level.weights), rng.uniform()))
            source = min(source, len(level.sources) - 1)
            longer = np.exp(self.options.variability * _DURATION[-1] * rng.normal())
            normal = rng.normal(size=len(level.grid))
            spread = (root * (normal if levels is None else levels[number])).sum(axis=1)
            if self.options.variability == 0:
                source = int(level.weights.argmax())
            spectrum = level.means[source] + self.options.variability * spread
            target = _interpolate(frequencies, level.grid, spectrum + ratios)
            windows = self._windows(p, s, level.sources[source], shaking, longer, samples, length)
            row[:] = self._motion(target, windows, rng)[:, :samples]
        return drawn / scale

    def _level(
        self, motion: np.ndarray, corner: float, scenario: Scenario, s_minus_p: float | None
    ) -> Level:
        read = _READ * corner
        grid = np.geomspace(0.5 * corner, 0.5 * self.sampling_rate, _FREQUENCIES)
        everything = np.concatenate([read, grid])
        observed = np.arange(len(everything)) < len(read)
        sources, prior = self._sources(scenario, s_minus_p)
        vs30 = scenario.vs30_m_s or 500.0
        settings = (vs30, self.options.stress_drop_mpa, self.options.kappa_s)
        means = np.log([fourier_spectrum(everything, *source, *settings) for source in sources])
        deviation = standard_deviation(everything)
        covariance = correlation(everything) * deviation[:, None] * deviation
        if scenario.vs30_m_s is None:
            slope = site_slope(everything) * _UNKNOWN_SITE
            covariance = covariance + slope[:, None] * slope
        if self.options.level == "scenario":
            if scenario.magnitude is None or scenario.distance_km is None:
                raise InputError(
                    "level='scenario' needs magnitude and distance; pass both, or "
                    "level='conditional'."
                )
            rest = covariance[np.ix_(~observed, ~observed)]
            return Level(grid, means[:, ~observed], prior, square_root(rest), sources)
        weights, rest, among = condition_gaussian(covariance, observed, _READING_ERROR)
        residual = (
            np.log(_effective_amplitude(motion, self.sampling_rate, read)) - means[:, observed]
        )
        whitened = np.linalg.solve(among, residual.T).T
        likelihood = -0.5 * (residual * whitened).sum(axis=1)
        posterior = prior * np.exp(likelihood - likelihood.max())
        moved = np.stack([(weights * one).sum(axis=1) for one in residual])
        return Level(
            grid,
            means[:, ~observed] + moved,
            posterior / posterior.sum(),
            square_root(rest),
            sources,
        )

    def _sources(
        self, scenario: Scenario, s_minus_p: float | None
    ) -> tuple[list[tuple[float, float]], np.ndarray]:
        """Possible magnitudes and distances, and how likely they are beforehand."""
        if scenario.magnitude is None:
            magnitudes = np.arange(0.0, 8.01, 0.25)
            likely_m = np.exp(-0.5 * ((magnitudes - 5.0) / 1.5) ** 2)
        else:
            magnitudes, likely_m = np.array([scenario.magnitude]), np.ones(1)
        if scenario.distance_km is None:
            median, deviation = (
                (35.0, 0.9) if s_minus_p is None else (OMORI_VELOCITY * s_minus_p, 0.3)
            )
            steps = np.linspace(-2, 2, 7)
            distances = np.clip(median * np.exp(deviation * steps), 1.0, 500.0)
            likely_r = np.exp(-0.5 * steps**2)
        else:
            distances, likely_r = np.array([max(scenario.distance_km, 0.1)]), np.ones(1)
        sources = [(float(m), float(r)) for m in magnitudes for r in distances]
        likely = np.outer(likely_m, likely_r).ravel()
        return sources, likely / likely.sum()

    def _component_ratios(self, low: np.ndarray, corner: float, grid: np.ndarray) -> np.ndarray:
        """ln of each component over the horizontals' mean: (3, frequencies).

        At the corner it is the simulation's own; it decays towards equal horizontals and the usual
        vertical with the correlation between frequencies.
        """
        read = _READ[-3:] * corner
        own = np.log(_amplitudes(low, self.sampling_rate, read)).mean(axis=1)
        mean = np.log(_effective_amplitude(low, self.sampling_rate, read)).mean()
        usual = np.stack([np.log(vertical_ratio(grid)), 0 * grid, 0 * grid])
        usual_here = np.array([np.log(vertical_ratio(read)).mean(), 0.0, 0.0])
        excess = np.clip(own - mean - usual_here, -1.5, 1.5)
        kept = correlation(np.concatenate([read[-1:], grid]))[0, 1:]
        return usual + excess[:, None] * np.where(grid < corner, 1.0, kept)

    def _windows(
        self,
        p: float | None,
        s: float,
        source: tuple[float, float],
        shaking: float,
        longer: float,
        samples: int,
        length: int,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Envelope in time and share of the power in frequency, of S with its coda and of P.

        :param shaking: D5-95 of the simulation, s.
        :param longer: factor on the duration of this realization.
        :param samples: of the record, to which the level belongs: what comes later does not count.
        :param length: of the envelopes, to be drawn with.
        :return: pairs (samples), (3, frequencies).
        """
        times = np.arange(length) / self.sampling_rate
        frequencies = np.fft.rfftfreq(length, 1.0 / self.sampling_rate)
        theory = duration(*source, self.options.stress_drop_mpa)
        constant, of_theory, of_simulation, _ = _DURATION
        lasts = longer * np.exp(constant) * theory**of_theory * (shaking + 0.1) ** of_simulation
        main = saragoni_hart(times - s, theory) ** 2
        if lasts > theory:
            # Three quarters of the coda have come after four fifths of its duration.
            coda = saragoni_hart(times - s, 1.25 * lasts) ** 2
            total = (max(part.sum(), 1e-300) for part in (main, coda))
            main = (1 - _CODA) * main / next(total) + _CODA * coda / next(total)
        share = p_wave_share(frequencies, source[0], self.options.stress_drop_mpa)
        parts, powers = [main], [1.0 - share]
        if p is not None:
            parts.append(saragoni_hart(times - p, min(theory, max(1.0, 0.8 * (s - p)))) ** 2)
            powers.append(share)
        # What comes after the end is lost, and the rest is louder for it.
        kept = [part[:samples].sum() / max(part.sum(), 1e-300) for part in parts]
        powers = [power * fraction for power, fraction in zip(powers, kept)]
        whole = np.maximum(np.sum(powers, axis=0), 1e-300)
        for part in parts:
            part[samples:] = 0.0
        return [(np.sqrt(part), power / whole) for part, power in zip(parts, powers)]

    def _motion(
        self,
        target: np.ndarray,
        windows: list[tuple[np.ndarray, np.ndarray]],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Noise with these envelopes and the target spectrum (Boore, 1983): (3, length)."""
        total = np.zeros(target.shape, dtype=complex)
        for window, share in windows:
            noise = np.fft.rfft(rng.normal(size=(3, len(window))) * window)
            power = (np.abs(noise) ** 2).mean(axis=-1, keepdims=True)
            total += noise / np.sqrt(np.maximum(power, 1e-300)) * target * np.sqrt(share)
        total[:, 0] = 0.0
        return np.fft.irfft(total, len(windows[0][0])) * self.sampling_rate


def _amplitudes(motion: np.ndarray, sampling_rate: float, centers: np.ndarray) -> np.ndarray:
    """Smoothed Fourier amplitude of each component: (3, centers)."""
    frequencies, amplitude = fourier_amplitude(motion, sampling_rate)
    few = frequencies < 2.0 * centers[-1]
    weights = konno_ohmachi_weights(frequencies[few], centers)
    power = np.stack([(amplitude[:, few] ** 2 * w).sum(axis=-1) for w in weights.T], axis=-1)
    return np.sqrt(np.maximum(power, 1e-300))


def _effective_amplitude(motion: np.ndarray, rate: float, centers: np.ndarray) -> np.ndarray:
    """Mean of the horizontals: (centers,)."""
    return np.sqrt((_amplitudes(motion, rate, centers)[1:] ** 2).mean(axis=0))


def _interpolate(frequencies: np.ndarray, grid: np.ndarray, logarithms: np.ndarray) -> np.ndarray:
    """exp of a spectrum on a logarithmic axis, constant outside it: (3, frequencies)."""
    at = np.log(np.clip(frequencies, grid[0], grid[-1]))
    return np.exp([np.interp(at, np.log(grid), one) for one in logarithms])
