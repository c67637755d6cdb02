"""Checks of an ensemble that need no recordings: what a seismologist would look for in a figure.

Passing them does not show that a realization is right. Each detects one artefact: a spectrum that
does not decay, spectral lines, repeated windows, shaking ahead of P, a step of the spectrum at the
corner (the simulation's upper frequency limit), a drift of displacement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..signal.envelope import envelope
from ..signal.filters import fast_length
from ..signal.integration import integrate
from ..signal.phases import arrivals, smooth
from ..signal.spectra import fourier_amplitude, konno_ohmachi_weights
from .judging import low_frequency_kept

if TYPE_CHECKING:
    from ..ensemble.ensemble import EnrichedRecord, Ensemble

#: Limits of the checks, (lowest, highest). Kappa of records is 0.01-0.08 s at most sites, more on
#: long paths; the others are choices: what lies outside is plainly visible in a figure.
LIMITS: Mapping[str, tuple[float, float]] = {
    "kappa_s": (0.01, 0.12),
    "kappa_top_s": (0.005, 0.2),
    "comb": (0.0, 2.5),
    "repetition": (0.0, 0.15),
    "before_p": (0.0, 1e-3),
    "p_delay_s": (-1.0, 2.0),
    "s_delay_s": (-1.5, 2.5),
    "low_frequency": (0.0, 0.01),
    "drift": (0.0, 0.05),
    "step": (-0.7, 0.7),
}


def check_ensemble(
    ensemble: Ensemble,
    phases: Mapping[str, tuple[float | None, float]] | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """The checks of every station: one row a station, a column for each name in :data:`LIMITS`.

    :param phases: by the station's id, arrivals of P and S in s from the first sample; default:
        estimated from the low frequencies, see :func:`obspy_broadband.signal.phases.arrivals`.
    :param progress: show a progress bar.
    """
    corner = float(ensemble.provenance["corner_hz"])
    scenarios = {
        station["id"]: station["scenario"] for station in ensemble.provenance.get("stations", [])
    }
    rows = {}
    for record in tqdm(ensemble.records, unit="station", disable=not progress):
        low = _three_components(record, record.low_frequency)
        motion = _three_components(record, record.realizations)
        if phases is not None and record.id in phases:
            p, s = phases[record.id]
        else:
            distance = scenarios.get(record.id, {}).get("distance_km")
            p, s = arrivals(low, record.sampling_rate, corner, distance)
        rows[record.id] = check_record(low, motion, record.sampling_rate, corner, p, s)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("station")


def check_record(
    low: np.ndarray,
    motion: np.ndarray,
    sampling_rate: float,
    corner: float,
    p: float | None,
    s: float,
) -> dict[str, float]:
    """The checks of one station: medians over its realizations, NaN where undetermined.

    ``kappa_s`` and ``kappa_top_s``: decay of the spectrum above 10 and above 25 Hz, s. ``comb``:
    the largest line at 1/8, 1/4 and 1/2 of the sampling rate, over its surroundings.
    ``repetition``: correlation of a realization with itself at a delay, 0-1. ``before_p``: energy
    above twice the corner until 1 / corner before P, over the energy after that. ``p_delay_s``,
    ``s_delay_s``: of the first energy above twice the corner. ``low_frequency``: deviation of the
    spectrum below 0.8 times the corner from the simulation's, and ``drift``: deviation of the final
    displacement from the simulation's, over the peak of that; both of the worst realization.
    ``step``: of the logarithm of the spectrum at the corner.

    :param low: (3, samples), m/s², components Z, N, E: the simulation.
    :param motion: (realizations, 3, samples).
    :param corner: upper frequency limit of the simulation, Hz.
    :param p: s from the first sample; None if the record begins after it. ``s`` likewise.
    """
    low, motion = np.asarray(low, dtype=float), np.asarray(motion, dtype=float)
    high = above_corner(low, motion, sampling_rate, corner)
    nyquist = 0.5 * sampling_rate
    first = max(10.0, 2.0 * corner)
    checks = {
        "kappa_s": np.median(kappa(motion[:, 1:], sampling_rate, first, 0.8 * nyquist)),
        "kappa_top_s": np.median(
            kappa(motion[:, 1:], sampling_rate, max(25.0, first), 0.9 * nyquist)
        ),
        "comb": comb(motion, sampling_rate),
        "repetition": np.median([repetition(part, sampling_rate) for part in high]),
        "before_p": np.nan,
        "p_delay_s": np.nan,
        "s_delay_s": np.nan,
    }
    if p is not None and s - p > 0.5:
        # A zero-phase band limit smears the onset that a method sees by a period of the corner.
        checks["before_p"] = np.median(early_energy(high, sampling_rate, p - 1.0 / corner))
        delays = np.array([onset_delays(part, sampling_rate, p, s) for part in high])
        checks["p_delay_s"], checks["s_delay_s"] = np.median(delays, axis=0)
    smallest, largest, _ = low_frequency_kept(low, motion, sampling_rate, corner)
    checks["low_frequency"] = max(1.0 - smallest, largest - 1.0)
    checks["drift"] = drift(low, motion, sampling_rate).max()
    checks["step"] = np.median(step(motion[:, 1:], sampling_rate, corner))
    return {name: float(checks[name]) for name in LIMITS}


def failures(checks: Mapping[str, float]) -> list[str]:
    """Names of the checks whose value lies outside of :data:`LIMITS`."""
    failed = []
    for name, (lowest, highest) in LIMITS.items():
        value = checks.get(name, np.nan)
        if np.isfinite(value) and not lowest <= value <= highest:
            failed.append(name)
    return failed


def above_corner(
    low: np.ndarray, motion: np.ndarray, sampling_rate: float, corner: float
) -> np.ndarray:
    """What a realization adds to the simulation, above about twice the corner.

    The gain r^6 / (1 + r^6), r = f / (2 corner), has zero phase and rings for a period only: onsets
    stay where they are.

    :return: as ``motion``.
    """
    samples = motion.shape[-1]
    length = fast_length(samples + int(4 * sampling_rate / corner))
    ratio = (np.fft.rfftfreq(length, 1.0 / sampling_rate) / (2.0 * corner)) ** 6
    spectrum = np.fft.rfft(motion - low, length) * (ratio / (1.0 + ratio))
    return np.fft.irfft(spectrum, length)[..., :samples]


def kappa(x: np.ndarray, sampling_rate: float, lowest: float, highest: float) -> np.ndarray:
    """Decay of the Fourier amplitude, A ~ exp(-pi kappa f) (Anderson and Hough, 1984, BSSA 74).

    :param x: (..., components, samples), acceleration.
    :param lowest: Hz, of the band that a line is fitted in; ``highest`` likewise.
    :return: (...), s; NaN for a band narrower than 5 Hz.
    """
    if highest - lowest < 5.0:
        return np.full(x.shape[:-2], np.nan)
    frequencies, amplitude = fourier_amplitude(x, sampling_rate)
    edges = np.arange(lowest, highest, 1.0)
    power = np.stack(
        [
            (amplitude[..., (frequencies >= edge) & (frequencies < edge + 1.0)] ** 2).mean((-2, -1))
            for edge in edges
        ],
        axis=-1,
    )
    away = edges - edges.mean()
    slope = (0.5 * np.log(np.maximum(power, 1e-300)) * away).sum(axis=-1) / (away**2).sum()
    return -slope / np.pi


def comb(x: np.ndarray, sampling_rate: float) -> float:
    """The largest spectral line at the frequencies where upsampling networks leave one.

    The power of all rows, each over its own level there, is averaged: a line at the same frequency
    in all rows stays, a record's own peaks do not.

    :param x: (..., samples).
    :return: amplitude within 0.5 Hz of 1/8, 1/4 and 1/2 of the sampling rate, over the median
        within 3 Hz.
    """
    frequencies, amplitude = fourier_amplitude(x.reshape(-1, x.shape[-1]), sampling_rate)
    width = max(1, round(0.2 / frequencies[1]))
    power = smooth(amplitude**2, width)
    largest = 0.0
    for line in (sampling_rate / 8, sampling_rate / 4, sampling_rate / 2):
        apart = np.abs(frequencies - line)
        around = np.median(power[:, (apart > 0.5) & (apart <= 3.0)], axis=-1, keepdims=True)
        ratio = power[:, apart <= 0.5] / np.maximum(around, 1e-300)
        largest = max(largest, float(np.sqrt(ratio.mean(axis=0).max())))
    return largest


def repetition(high: np.ndarray, sampling_rate: float, shortest: float = 5.0) -> float:
    """How much of a signal is repeated: the largest autocorrelation of its signs at long delays.

    Signs, where the amplitude is above 1e-4 of the largest, so that a weak repetition under strong
    shaking counts, too.

    :param high: (components, samples), without low frequencies.
    :param shortest: of the delays, s.
    :return: 0-1, of the component that repeats most.
    """
    samples = high.shape[-1]
    size = np.sqrt(smooth(high**2, round(sampling_rate)))
    signs = np.sign(high) * (size > 1e-4 * size.max())
    length = fast_length(2 * samples)
    power = np.abs(np.fft.rfft(signs, length)) ** 2
    # Whitened, so that ringing at one frequency is no repetition.
    weights = smooth(power, max(3, round(0.5 / sampling_rate * length)))
    product = np.fft.irfft(power / np.maximum(weights, 1e-300), length)
    later = product[..., round(shortest * sampling_rate) : samples]
    if not later.shape[-1]:
        return np.nan
    return float((np.abs(later).max(axis=-1) / np.maximum(product[..., 0], 1e-300)).max())


def early_energy(high: np.ndarray, sampling_rate: float, until: float) -> np.ndarray:
    """Energy before an instant over the energy after it: (..., 3, samples) -> (...)."""
    at = int(np.clip(until * sampling_rate, 0, high.shape[-1] - 1))
    energy = (high**2).sum(axis=-2)
    return energy[..., :at].sum(axis=-1) / np.maximum(energy[..., at:].sum(axis=-1), 1e-300)


def onset_delays(high: np.ndarray, sampling_rate: float, p: float, s: float) -> tuple[float, float]:
    """How late the first energy of P and of S comes, s; negative if it comes early.

    First is where the envelope reaches half of its largest value: of all components from 5 s before
    P to half way to S, of the horizontals from there to 10 s after S.

    :param high: (3, samples).
    """
    power = smooth(envelope(high) ** 2, max(1, round(0.2 * sampling_rate)))
    middle = 0.5 * (p + s)
    delays = []
    for part, expected, start, end in (
        (power.sum(axis=0), p, p - 5.0, middle),
        (power[1:].sum(axis=0), s, middle, s + 10.0),
    ):
        left = max(0, round(start * sampling_rate))
        window = part[left : max(left + 1, round(end * sampling_rate))]
        if not window.size or not window.max() > 0:
            delays.append(np.nan)
            continue
        onset = left + int(np.argmax(window >= 0.25 * window.max()))
        delays.append(onset / sampling_rate - expected)
    return delays[0], delays[1]


def drift(low: np.ndarray, motion: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Deviation of the final displacement from the simulation's, over the peak of that.

    :param low: (components, samples), acceleration; ``motion``: (realizations, components,
        samples).
    :return: (realizations,), of the worst component.
    """
    simulated, generated = (
        integrate(integrate(acceleration, sampling_rate), sampling_rate)
        for acceleration in (low, motion)
    )
    peak = np.maximum(np.abs(simulated).max(axis=-1), 1e-300)
    return (np.abs(generated[..., -1] - simulated[..., -1]) / peak).max(axis=-1)


def step(x: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """Step of the logarithm of the Fourier amplitude at the corner, upwards positive.

    A line in ln f plus a step is fitted at 0.4-0.85 and 1.25-2.5 times the corner, so that a slope
    is not taken for a step.

    :param x: (..., components, samples), acceleration.
    :return: (...).
    """
    ratios = np.concatenate([np.geomspace(0.4, 0.85, 8), np.geomspace(1.25, 2.5, 8)])
    ratios = ratios[ratios * corner < 0.5 * sampling_rate]
    frequencies, amplitude = fourier_amplitude(x, sampling_rate)
    near = frequencies < 3.0 * corner
    weights = konno_ohmachi_weights(frequencies[near], ratios * corner)
    power = np.einsum("...cf,fk->...k", amplitude[..., near] ** 2, weights)
    x = np.log(ratios)
    terms = np.stack([np.ones_like(x), x, (ratios > 1.0).astype(float)])
    fit = np.linalg.pinv(terms.T)[2]
    return (0.5 * np.log(np.maximum(power, 1e-300)) * fit).sum(axis=-1)


def describe(table: pd.DataFrame) -> Sequence[str]:
    """A sentence for each station that fails a check."""
    sentences = []
    for station, row in table.iterrows():
        failed = failures(row)
        if failed:
            parts = [
                f"{name} {row[name]:.3g} (allowed {LIMITS[name][0]:g} to {LIMITS[name][1]:g})"
                for name in failed
            ]
            sentences.append(f"{station}: {'; '.join(parts)}.")
    return sentences


def _three_components(record: EnrichedRecord, motion: np.ndarray) -> np.ndarray:
    """Components Z, N, E as float64; the only component stands for all three."""
    order = np.argsort(record.rows) if len(record.rows) == 3 else np.zeros(3, dtype=int)
    return motion[..., order, :].astype(float)
