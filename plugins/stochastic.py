"""Stochastic point source, conditioned on the simulation's own spectrum below the corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obspy_broadband import Batch, InputError, Method, Scenario
from obspy_broadband.level.conditional import condition_gaussian
from obspy_broadband.level.residuals import (
    correlation,
    square_root,
    standard_deviation,
    symmetric_root,
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

#: Frequencies at which the simulation's spectrum is observed, as multiples of the corner, its upper
#: frequency limit.
_OBSERVED = np.geomspace(0.35, 0.95, 5)
#: Standard deviation of ln of the smoothed spectrum observed in one record.
_READING_ERROR = 0.2
#: ln(D5-95 above the corner) of 452 strong-motion records of 74 events, by regression: constant,
#: weights of ln(duration of source and path) and of ln(D5-95 below the corner), standard deviation.
_DURATION = (-0.53, 0.15, 0.97, 0.43)
#: Share of the energy of S that arrives as coda, where the simulation lasts longer than the theory
#: predicts.
_CODA = 0.2
#: Number of frequencies at which the level is drawn.
_FREQUENCIES = 40
#: Standard deviation of ln(Vs30 / 500 m/s) where Vs30 is not known.
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
    """The distribution of one record's high-frequency spectrum, a mixture over possible sources.

    :param grid: frequencies, Hz.
    :param means: (sources, frequencies), mean of ln EAS for each possible source.
    :param weights: (sources,), posterior probability of each.
    :param root: (frequencies, frequencies), square root of the covariance.
    :param sources: (magnitude, distance in km) of each.
    """

    grid: np.ndarray
    means: np.ndarray
    weights: np.ndarray
    root: np.ndarray
    sources: list[tuple[float, float]]


class Stochastic(Method):
    """A finite-duration stochastic point source, conditioned on the simulation's own level.

    Spectrum (Boore, 2003): omega-squared source, geometric spreading, Q, kappa, crustal and site
    amplification. With theta = (magnitude, distance), o the frequencies observed below the corner
    (the simulation's upper frequency limit) and u those above,

        ln EAS(f) = ln EAS_theory(f; theta) + r(f),    r ~ N(0, S)
        r_u | r_o ~ N(W r_o, S_uu|o)
        P(theta | r_o) ~ prior(theta) exp(-r_o' S_oo^-1 r_o / 2)

    with S of Bayless and Abrahamson (2019), W and the conditional covariances of
    :func:`obspy_broadband.level.conditional.condition_gaussian`. Magnitude and distance that are
    not known are drawn from P. Time: noise (Boore, 1983) under the envelopes of P and S at the
    arrivals in the simulation, and a coda.
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

    def realize(self, batch: Batch[np.ndarray], seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`.

        :raises InputError: for level="scenario" without magnitude and distance.
        """
        epsilon = [None] * len(batch) if batch.epsilon is None else batch.epsilon
        rows = zip(batch.low_frequency, batch.scale, batch.corner, batch.scenarios, seeds, epsilon)
        return np.stack([self._record(*row) for row in rows])

    def _record(
        self,
        low: np.ndarray,
        scale: float,
        corner: float,
        scenario: Scenario,
        seeds: np.ndarray,
        epsilon: np.ndarray | None,
    ) -> np.ndarray:
        """Realizations of one record: (realizations, 3, samples)."""
        corner = float(corner)
        p, s = arrivals(low, self.sampling_rate, corner, scenario.distance_km)
        d595 = float(significant_duration(np.hypot(low[1], low[2]), self.sampling_rate))
        level = self._level(low * scale, corner, scenario, None if p is None else s - p)
        ln_ratios = self._component_ratios(low, corner, level.grid)
        samples = low.shape[-1]
        length = fast_length(samples + int(4 * self.sampling_rate))
        frequencies = np.fft.rfftfreq(length, 1.0 / self.sampling_rate)
        drawn = np.empty((len(seeds), 3, samples))
        root = level.root if epsilon is None else symmetric_root(level.root)
        for realization, (motion, seed) in enumerate(zip(drawn, seeds)):
            rng = np.random.default_rng(int(seed))
            # The same number of draws whatever metadata is known: a seed keeps its noise.
            source = int(np.searchsorted(np.cumsum(level.weights), rng.uniform()))
            source = min(source, len(level.sources) - 1)
            duration_factor = np.exp(self.options.variability * _DURATION[-1] * rng.normal())
            own_epsilon = rng.normal(size=len(level.grid))
            row_epsilon = own_epsilon if epsilon is None else epsilon[realization]
            residual = (root * row_epsilon).sum(axis=1)
            if self.options.variability == 0:
                source = int(level.weights.argmax())
            spectrum = level.means[source] + self.options.variability * residual
            target = _interpolate(frequencies, level.grid, spectrum + ln_ratios)
            windows = self._windows(
                p, s, level.sources[source], d595, duration_factor, samples, length
            )
            motion[:] = self._motion(target, windows, rng)[:, :samples]
        return drawn / scale

    def _level(
        self, motion: np.ndarray, corner: float, scenario: Scenario, s_minus_p: float | None
    ) -> Level:
        """The distribution of the spectrum above the corner.

        :param motion: (3, samples), m/s², the low frequencies.
        :param corner: Hz.
        :param s_minus_p: s; None where P is not in the record.
        """
        read = _OBSERVED * corner
        grid = np.geomspace(0.5 * corner, 0.5 * self.sampling_rate, _FREQUENCIES)
        frequencies = np.concatenate([read, grid])
        observed = np.arange(len(frequencies)) < len(read)
        sources, prior = self._sources(scenario, s_minus_p)
        vs30 = scenario.vs30_m_s or 500.0
        settings = (vs30, self.options.stress_drop_mpa, self.options.kappa_s)
        means = np.log([fourier_spectrum(frequencies, *source, *settings) for source in sources])
        deviation = standard_deviation(frequencies)
        covariance = correlation(frequencies) * deviation[:, None] * deviation
        if scenario.vs30_m_s is None:
            slope = site_slope(frequencies) * _UNKNOWN_SITE
            covariance = covariance + slope[:, None] * slope
        if self.options.level == "scenario":
            if scenario.magnitude is None or scenario.distance_km is None:
                raise InputError(
                    "level='scenario' needs magnitude and distance; pass both, or "
                    "level='conditional'."
                )
            unconditional = covariance[np.ix_(~observed, ~observed)]
            return Level(grid, means[:, ~observed], prior, square_root(unconditional), sources)
        weights, conditional, s_oo = condition_gaussian(covariance, observed, _READING_ERROR)
        residual = (
            np.log(_effective_amplitude(motion, self.sampling_rate, read)) - means[:, observed]
        )
        whitened = np.linalg.solve(s_oo, residual.T).T
        ln_likelihood = -0.5 * (residual * whitened).sum(axis=1)
        posterior = prior * np.exp(ln_likelihood - ln_likelihood.max())
        shift = np.stack([(weights * row).sum(axis=1) for row in residual])
        return Level(
            grid,
            means[:, ~observed] + shift,
            posterior / posterior.sum(),
            square_root(conditional),
            sources,
        )

    def _sources(
        self, scenario: Scenario, s_minus_p: float | None
    ) -> tuple[list[tuple[float, float]], np.ndarray]:
        """Possible (magnitude, distance in km), and their prior probabilities."""
        if scenario.magnitude is None:
            magnitudes = np.arange(0.0, 8.01, 0.25)
            prior_m = np.exp(-0.5 * ((magnitudes - 5.0) / 1.5) ** 2)
        else:
            magnitudes, prior_m = np.array([scenario.magnitude]), np.ones(1)
        if scenario.distance_km is None:
            median, deviation = (
                (35.0, 0.9) if s_minus_p is None else (OMORI_VELOCITY * s_minus_p, 0.3)
            )
            steps = np.linspace(-2, 2, 7)
            distances = np.clip(median * np.exp(deviation * steps), 1.0, 500.0)
            prior_r = np.exp(-0.5 * steps**2)
        else:
            distances, prior_r = np.array([max(scenario.distance_km, 0.1)]), np.ones(1)
        sources = [(float(m), float(r)) for m in magnitudes for r in distances]
        prior = np.outer(prior_m, prior_r).ravel()
        return sources, prior / prior.sum()

    def _component_ratios(self, low: np.ndarray, corner: float, grid: np.ndarray) -> np.ndarray:
        """ln of each component over the mean horizontal: (3, frequencies).

        That of the simulation at the corner; above, its excess over equal horizontals and the
        average vertical ratio decays with the correlation between frequencies.
        """
        read = _OBSERVED[-3:] * corner
        own = np.log(_amplitudes(low, self.sampling_rate, read)).mean(axis=1)
        mean = np.log(_effective_amplitude(low, self.sampling_rate, read)).mean()
        average = np.stack([np.log(vertical_ratio(grid)), 0 * grid, 0 * grid])
        average_below = np.array([np.log(vertical_ratio(read)).mean(), 0.0, 0.0])
        excess = np.clip(own - mean - average_below, -1.5, 1.5)
        rho = correlation(np.concatenate([read[-1:], grid]))[0, 1:]
        return average + excess[:, None] * np.where(grid < corner, 1.0, rho)

    def _windows(
        self,
        p: float | None,
        s: float,
        source: tuple[float, float],
        d595: float,
        duration_factor: float,
        samples: int,
        length: int,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Envelope in time and share of the power in frequency, of S with its coda and of P.

        :param p: arrival of P, s; None if before the record.
        :param s: arrival of S, s.
        :param source: magnitude, and distance in km.
        :param d595: D5-95 of the simulation, s.
        :param duration_factor: factor on the duration of this realization.
        :param samples: of the record. The level is that of the record: what comes later is cut off
            and not counted.
        :param length: of the envelopes.
        :return: pairs (length,), (3, frequencies).
        """
        times = np.arange(length) / self.sampling_rate
        frequencies = np.fft.rfftfreq(length, 1.0 / self.sampling_rate)
        theory = duration(*source, self.options.stress_drop_mpa)
        constant, of_theory, of_simulation, _ = _DURATION
        factor = duration_factor * np.exp(constant)
        total_duration = factor * theory**of_theory * (d595 + 0.1) ** of_simulation
        main = saragoni_hart(times - s, theory) ** 2
        if total_duration > theory:
            # Three quarters of the coda have come after four fifths of its duration.
            coda = saragoni_hart(times - s, 1.25 * total_duration) ** 2
            energies = [max(part.sum(), 1e-300) for part in (main, coda)]
            main = (1 - _CODA) * main / energies[0] + _CODA * coda / energies[1]
        share = p_wave_share(frequencies, source[0], self.options.stress_drop_mpa)
        parts, powers = [main], [1.0 - share]
        if p is not None:
            parts.append(saragoni_hart(times - p, min(theory, max(1.0, 0.8 * (s - p)))) ** 2)
            powers.append(share)
        # What comes after the end is cut off, and the rest scaled up to the level of the record.
        fractions = [part[:samples].sum() / max(part.sum(), 1e-300) for part in parts]
        powers = [power * fraction for power, fraction in zip(powers, fractions)]
        total = np.maximum(np.sum(powers, axis=0), 1e-300)
        for part in parts:
            part[samples:] = 0.0
        return [(np.sqrt(part), power / total) for part, power in zip(parts, powers)]

    def _motion(
        self,
        target: np.ndarray,
        windows: list[tuple[np.ndarray, np.ndarray]],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """White noise under these envelopes, scaled to the target spectrum (Boore, 1983).

        :param target: (3, frequencies), Fourier amplitudes, m/s.
        :return: (3, length), m/s².
        """
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
    used = frequencies < 2.0 * centers[-1]
    weights = konno_ohmachi_weights(frequencies[used], centers)
    power = np.stack([(amplitude[:, used] ** 2 * w).sum(axis=-1) for w in weights.T], axis=-1)
    return np.sqrt(np.maximum(power, 1e-300))


def _effective_amplitude(motion: np.ndarray, rate: float, centers: np.ndarray) -> np.ndarray:
    """Effective amplitude spectrum, the quadratic mean of the horizontals: (centers,)."""
    return np.sqrt((_amplitudes(motion, rate, centers)[1:] ** 2).mean(axis=0))


def _interpolate(frequencies: np.ndarray, grid: np.ndarray, logarithms: np.ndarray) -> np.ndarray:
    """Amplitudes from ln amplitudes by interpolation in ln f, constant outside the grid."""
    ln_frequency = np.log(np.clip(frequencies, grid[0], grid[-1]))
    return np.exp([np.interp(ln_frequency, np.log(grid), row) for row in logarithms])
