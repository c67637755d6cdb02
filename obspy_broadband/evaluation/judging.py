"""Intensity measures and goodness of fit of every row's realizations of every case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from ..ensemble.measures import PERIODS
from ..signal.filters import band_limit
from ..signal.intensity import measures
from ..signal.phases import arrivals
from ..signal.spectra import effective_amplitude, fourier_amplitude, konno_ohmachi_weights
from .cases import Case
from .goodness import by_band, envelope_phase
from .rows import Row

#: Hz: of Fourier spectra, and of the ratios between components.
FREQUENCIES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_RATIOS = (1.0, 5.0, 10.0)
#: Konno-Ohmachi bandwidth of these spectra.
_BANDWIDTH = 40.0
#: Realizations whose goodness of fit is computed.
_GOODNESS = 8
#: Cases whose waveforms are kept for figures.
_SHOWN = 4
#: Measures in seconds, compared as they are; all others as logarithms.
TIMES = ("p_arrival_s", "s_arrival_s")


@dataclass
class Judged:
    """Measures and scores of recorded and generated motion.

    :param cases: in the order of the arrays' first axis.
    :param measures: names of the measures; logarithms, but for :data:`TIMES`.
    :param recorded: (cases, measures).
    :param draws: by row, (cases, realizations, measures).
    :param goodness: by row and score, (cases,): means over realizations and components.
    :param low_frequency: by row, (cases, 3): ratio of output to input below 0.8 corner (the
        smallest and the largest over smoothed frequencies), and the lag in samples.
    :param shown: by row, waveforms of the first cases: (realizations, 3, samples) each.
    """

    cases: list[Case]
    measures: list[str]
    recorded: np.ndarray
    draws: dict[str, np.ndarray]
    goodness: dict[str, dict[str, np.ndarray]]
    low_frequency: dict[str, np.ndarray] = field(default_factory=dict)
    shown: dict[str, list[np.ndarray]] = field(default_factory=dict)

    @property
    def events(self) -> np.ndarray:
        """The event of each case, for resampling and weights; of a single event, the station (then
        nothing is known of how events differ).
        """
        if self.is_one_event:
            return np.array([case.name for case in self.cases])
        return np.array([case.event for case in self.cases])

    @property
    def is_one_event(self) -> bool:
        """Whether all cases belong to one event."""
        return len({case.event for case in self.cases}) == 1

    @property
    def protocol(self) -> str:
        """Of the cases."""
        return self.cases[0].protocol

    def columns(self, names: Sequence[str]) -> list[int]:
        """Indices of measures."""
        return [self.measures.index(name) for name in names]

    def periods(self, lowest: float = 0.0, highest: float = np.inf) -> list[str]:
        """Names of the spectral accelerations between two periods, s."""
        return [
            name
            for name in self.measures
            if name.startswith("sa_") and lowest <= period_of(name) <= highest
        ]


def period_of(name: str) -> float:
    """s, of a measure such as "sa_0.1s_m_s2"."""
    return float(name.split("_")[1].removesuffix("s"))


def judge(
    cases: Sequence[Case],
    rows: Mapping[str, Row],
    realizations: int = 32,
    seed: int = 0,
    periods: Sequence[float] = PERIODS,
    progress: bool = False,
) -> Judged:
    """Draw realizations of all cases by all rows and measure them.

    :param rows: see :func:`.rows.rows_of`.
    :param realizations: of one-to-many rows.
    :param seed: of the realizations; see :func:`obspy_broadband.enrich.realization_seeds`.
    :param periods: of response spectra, s.
    :param progress: show a progress bar.
    """
    recorded: list[dict[str, float]] = []
    draws: dict[str, list[np.ndarray]] = {row: [] for row in rows}
    scores: dict[str, list[dict[str, float]]] = {row: [] for row in rows}
    shown: dict[str, list[np.ndarray]] = {row: [] for row in rows}
    low_frequency: dict[str, list[tuple[float, float, float]]] = {row: [] for row in rows}
    measures: list[str] = []
    for number, case in enumerate(tqdm(cases, unit="record", disable=not progress)):
        clean = case.protocol == "clean"
        if clean:
            values = log_measures(case, case.recorded[None], periods)
            recorded.append({measure: float(value[0]) for measure, value in values.items()})
            measures = list(recorded[0])
        for row, draw in rows.items():
            motion = np.asarray(draw(case, realizations, seed), dtype=float)
            if clean:
                values = log_measures(case, motion, periods)
                draws[row].append(np.stack([values[measure] for measure in measures], axis=-1))
                low_frequency[row].append(
                    low_frequency_kept(case.low_frequency, motion, case.sampling_rate, case.corner)
                )
            scores[row].append(_goodness(case, motion[:_GOODNESS]))
            if number < _SHOWN:
                shown[row].append(motion[:3].astype(np.float32))
    goodness = {
        row: {score: np.array([case[score] for case in by_case]) for score in by_case[0]}
        for row, by_case in scores.items()
    }
    return Judged(
        cases=list(cases),
        measures=measures,
        recorded=np.array([list(values.values()) for values in recorded]),
        draws={row: np.stack(values) for row, values in draws.items() if values},
        goodness=goodness,
        low_frequency={row: np.array(kept) for row, kept in low_frequency.items() if kept},
        shown=shown,
    )


def log_measures(case: Case, motion: np.ndarray, periods: Sequence[float]) -> dict[str, np.ndarray]:
    """Logarithms of intensity measures and, in s, :data:`TIMES`.

    :param motion: (realizations, 3, samples), m/s².
    :return: by name, (realizations,).
    """
    rate = case.sampling_rate
    values = measures(motion, rate, tuple(periods))
    centers = np.array(FREQUENCIES)
    spectra = effective_amplitude(motion[:, 1], motion[:, 2], rate, centers, _BANDWIDTH)
    for column, frequency in enumerate(FREQUENCIES):
        values[f"fas_{frequency:g}hz_m_s"] = spectra[:, column]
    frequencies, amplitude = fourier_amplitude(motion, rate)
    weights = konno_ohmachi_weights(frequencies, np.array(_RATIOS), _BANDWIDTH)
    smooth = np.sqrt(np.einsum("ncf,fk->nck", amplitude**2, weights))
    horizontal = np.sqrt((smooth[:, 1:] ** 2).mean(axis=1))
    for column, frequency in enumerate(_RATIOS):
        values[f"v_over_h_{frequency:g}hz"] = smooth[:, 0, column] / horizontal[:, column]
        values[f"h1_over_h2_{frequency:g}hz"] = smooth[:, 1, column] / smooth[:, 2, column]
    logarithms = {name: np.log(np.maximum(value, 1e-12)) for name, value in values.items()}
    times = np.array([_arrivals(case, realization) for realization in motion])
    return logarithms | {name: times[:, column] for column, name in enumerate(TIMES)}


def _arrivals(case: Case, motion: np.ndarray) -> tuple[float, float]:
    """Arrivals of P and S above twice the corner, s; NaN where they cannot be determined."""
    above = 2.0 * case.corner
    high = motion - band_limit(motion, case.sampling_rate, above)
    if not np.abs(high).max() > 1e-3 * np.abs(motion).max():
        return np.nan, np.nan
    p, s = arrivals(high, case.sampling_rate, above)
    return (np.nan if p is None else p), s


def _goodness(case: Case, motion: np.ndarray) -> dict[str, float]:
    """EG and PG, means over realizations and components."""
    generated, recorded = motion.astype(np.float32), case.recorded.astype(np.float32)
    eg, pg = envelope_phase(generated, recorded, case.sampling_rate, 0.1, 30.0, multirate=True)
    scores = {"EG": float(eg.mean()), "PG": float(pg.mean())}
    if case.protocol == "clean":
        bands = by_band(generated, recorded, case.sampling_rate, case.corner, multirate=True)
        for band, (eg, pg) in bands.items():
            scores[f"EG_{band}_corner"] = float(eg.mean())
            scores[f"PG_{band}_corner"] = float(pg.mean())
    return scores


def low_frequency_kept(
    low: np.ndarray, motion: np.ndarray, sampling_rate: float, corner: float
) -> tuple[float, float, float]:
    """How well realizations keep the low frequencies of the simulation.

    :param low: (components, samples), the simulation.
    :param motion: (realizations, components, samples).
    :param corner: upper frequency limit of the simulation, Hz.
    :return: smallest and largest ratio of smoothed spectra below 0.8 corner, and the largest lag in
        samples.
    """
    frequencies = np.fft.rfftfreq(low.shape[-1], 1 / sampling_rate)
    centers = np.geomspace(0.2, 0.8, 6) * corner
    below = frequencies <= 0.85 * corner
    weights = konno_ohmachi_weights(frequencies[below], centers, 20.0)
    window = np.hanning(low.shape[-1])
    before = np.fft.rfft(low * window)[:, below]
    after = np.fft.rfft(motion * window)[..., below]
    power = [
        np.einsum("...f,fk->...k", np.abs(spectrum) ** 2, weights) for spectrum in (after, before)
    ]
    ratio = np.sqrt(power[0] / np.maximum(power[1], 1e-300))
    cross = np.zeros((len(motion), len(frequencies)), dtype=complex)
    cross[:, below] = (after * np.conj(before)).sum(axis=1)
    shift = np.fft.irfft(cross, low.shape[-1]).argmax(axis=-1)
    shift = np.where(shift > low.shape[-1] // 2, shift - low.shape[-1], shift)
    return float(ratio.min()), float(ratio.max()), float(shift[np.abs(shift).argmax()])
