"""Checks of an ensemble that need no recordings: what a seismologist would look for in a figure.

None of them says that a realization is right. Each finds one thing that no earthquake does: a
spectrum that does not fall, lines in it, windows that repeat, shaking ahead of P, a step at the
corner, a displacement that runs away.
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

#: What passes, (lowest, highest), by the name of the check. Kappa of records is 0.01-0.08 s at most
#: sites, more where the path is long; the rest are choices: what is outside is seen in a figure at
#: a glance.
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
    known = {one["id"]: one["scenario"] for one in ensemble.provenance.get("stations", [])}
    rows = {}
    for record in tqdm(ensemble.records, unit="station", disable=not progress):
        low, made = _three(record, record.low_frequency), _three(record, record.realizations)
        if phases is not None and record.id in phases:
            p, s = phases[record.id]
        else:
            distance = known.get(record.id, {}).get("distance_km")
            p, s = arrivals(low, record.sampling_rate, corner, distance)
        rows[record.id] = check_record(low, made, record.sampling_rate, corner, p, s)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("station")


def check_record(
    low: np.ndarray,
    made: np.ndarray,
    sampling_rate: float,
    corner: float,
    p: float | None,
    s: float,
) -> dict[str, float]:
    """The checks of one station: medians over its realizations, NaN for what cannot be told.

    ``kappa_s`` and ``kappa_top_s``: decay of the spectrum above 10 and above 25 Hz, s. ``comb``:
    the largest line at 1/8, 1/4 and 1/2 of the sampling rate, over its surroundings.
    ``repetition``: how much of a realization comes again later, 0-1. ``before_p``: energy above
    twice the corner until a period of it before P over that behind. ``p_delay_s``, ``s_delay_s``:
    of the first energy there. ``low_frequency``: how far the spectrum below 0.8 times the corner is
    from the simulation's, and ``drift``: how far the displacement ends from the simulation's, over
    the peak of that; both of the worst realization. ``step``: of the logarithm of the spectrum at
    the corner.

    :param low: (3, samples), m/s², components Z, N, E: the simulation.
    :param made: (realizations, 3, samples).
    :param corner: Hz.
    :param p: s from the first sample; None if the record begins after it. ``s`` likewise.
    """
    low, made = np.asarray(low, dtype=float), np.asarray(made, dtype=float)
    high = above_corner(low, made, sampling_rate, corner)
    nyquist = 0.5 * sampling_rate
    first = max(10.0, 2.0 * corner)
    found = {
        "kappa_s": np.median(kappa(made[:, 1:], sampling_rate, first, 0.8 * nyquist)),
        "kappa_top_s": np.median(
            kappa(made[:, 1:], sampling_rate, max(25.0, first), 0.9 * nyquist)
        ),
        "comb": comb(made, sampling_rate),
        "repetition": np.median([repetition(one, sampling_rate) for one in high]),
        "before_p": np.nan,
        "p_delay_s": np.nan,
        "s_delay_s": np.nan,
    }
    if p is not None and s - p > 0.5:
        # A zero-phase band limit smears the onset that a method sees: a period cannot be told.
        found["before_p"] = np.median(early_energy(high, sampling_rate, p - 1.0 / corner))
        delays = np.array([onset_delays(one, sampling_rate, p, s) for one in high])
        found["p_delay_s"], found["s_delay_s"] = np.median(delays, axis=0)
    smallest, largest, _ = low_frequency_kept(low, made, sampling_rate, corner)
    found["low_frequency"] = max(1.0 - smallest, largest - 1.0)
    found["drift"] = drift(low, made, sampling_rate).max()
    found["step"] = np.median(step(made[:, 1:], sampling_rate, corner))
    return {name: float(found[name]) for name in LIMITS}


def failures(checks: Mapping[str, float]) -> list[str]:
    """Names of the checks whose value lies outside of :data:`LIMITS`."""
    found = []
    for name, (lowest, highest) in LIMITS.items():
        value = checks.get(name, np.nan)
        if np.isfinite(value) and not lowest <= value <= highest:
            found.append(name)
    return found


def above_corner(
    low: np.ndarray, made: np.ndarray, sampling_rate: float, corner: float
) -> np.ndarray:
    """What a realization adds to the simulation, above about twice the corner.

    The gain r^6 / (1 + r^6), r = f / (2 corner), has zero phase and rings for a period only: onsets
    stay where they are.

    :return: as ``made``.
    """
    samples = made.shape[-1]
    length = fast_length(samples + int(4 * sampling_rate / corner))
    ratio = (np.fft.rfftfreq(length, 1.0 / sampling_rate) / (2.0 * corner)) ** 6
    spectrum = np.fft.rfft(made - low, length) * (ratio / (1.0 + ratio))
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
    """The largest spectral line where networks that double a signal's rate leave one.

    The power of all rows, each over its own level there, is averaged: a line that is always at the
    same place stays, a record's own peaks do not.

    :param x: (..., samples).
    :return: amplitude within 0.5 Hz of 1/8, 1/4 and 1/2 of the sampling rate, over the median
        within 3 Hz.
    """
    frequencies, amplitude = fourier_amplitude(x.reshape(-1, x.shape[-1]), sampling_rate)
    width = max(1, round(0.2 / frequencies[1]))
    power = smooth(amplitude**2, width)
    largest = 0.0
    for place in (sampling_rate / 8, sampling_rate / 4, sampling_rate / 2):
        apart = np.abs(frequencies - place)
        around = np.median(power[:, (apart > 0.5) & (apart <= 3.0)], axis=-1, keepdims=True)
        ratio = power[:, apart <= 0.5] / np.maximum(around, 1e-300)
        largest = max(largest, float(np.sqrt(ratio.mean(axis=0).max())))
    return largest


def repetition(high: np.ndarray, sampling_rate: float, shortest: float = 5.0) -> float:
    """How much of a signal comes again: the largest correlation of its signs with later ones.

    Signs alone count, where there is anything to speak of: a weak repetition under strong shaking
    is one as well.

    :param high: (components, samples), without low frequencies.
    :param shortest: s, of the delays that are looked at.
    :return: 0-1, of the component that repeats most.
    """
    samples = high.shape[-1]
    size = np.sqrt(smooth(high**2, round(sampling_rate)))
    signs = np.sign(high) * (size > 1e-4 * size.max())
    length = fast_length(2 * samples)
    power = np.abs(np.fft.rfft(signs, length)) ** 2
    # Whitened: what rings at one frequency is no repetition.
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
    found = []
    for motion, expected, start, end in (
        (power.sum(axis=0), p, p - 5.0, middle),
        (power[1:].sum(axis=0), s, middle, s + 10.0),
    ):
        left = max(0, round(start * sampling_rate))
        part = motion[left : max(left + 1, round(end * sampling_rate))]
        if not part.size or not part.max() > 0:
            found.append(np.nan)
            continue
        found.append((left + int(np.argmax(part >= 0.25 * part.max()))) / sampling_rate - expected)
    return found[0], found[1]


def drift(low: np.ndarray, made: np.ndarray, sampling_rate: float) -> np.ndarray:
    """How far displacement ends from the simulation's, over the peak of that.

    :param low: (components, samples), acceleration; ``made``: (realizations, components, samples).
    :return: (realizations,), of the worst component.
    """
    simulated, moved = (
        integrate(integrate(motion, sampling_rate), sampling_rate) for motion in (low, made)
    )
    peak = np.maximum(np.abs(simulated).max(axis=-1), 1e-300)
    return (np.abs(moved[..., -1] - simulated[..., -1]) / peak).max(axis=-1)


def step(x: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """Step of the logarithm of the Fourier amplitude at the corner, upwards positive.

    A line in ln f with a step is fitted at 0.4-0.85 and 1.25-2.5 times the corner: a slope across
    the corner is none.

    :param x: (..., components, samples), acceleration.
    :return: (...).
    """
    ratios = np.concatenate([np.geomspace(0.4, 0.85, 8), np.geomspace(1.25, 2.5, 8)])
    ratios = ratios[ratios * corner < 0.5 * sampling_rate]
    frequencies, amplitude = fourier_amplitude(x, sampling_rate)
    few = frequencies < 3.0 * corner
    weights = konno_ohmachi_weights(frequencies[few], ratios * corner)
    power = np.einsum("...cf,fk->...k", amplitude[..., few] ** 2, weights)
    places = np.log(ratios)
    terms = np.stack([np.ones_like(places), places, (ratios > 1.0).astype(float)])
    fit = np.linalg.pinv(terms.T)[2]
    return (0.5 * np.log(np.maximum(power, 1e-300)) * fit).sum(axis=-1)


def describe(table: pd.DataFrame) -> Sequence[str]:
    """A sentence for each station that fails a check."""
    said = []
    for station, row in table.iterrows():
        bad = failures(row)
        if bad:
            parts = [
                f"{name} {row[name]:.3g} (allowed {LIMITS[name][0]:g} to {LIMITS[name][1]:g})"
                for name in bad
            ]
            said.append(f"{station}: {'; '.join(parts)}.")
    return said


def _three(record: EnrichedRecord, motion: np.ndarray) -> np.ndarray:
    """Components Z, N, E as float64; the only component stands for all three."""
    order = np.argsort(record.rows) if len(record.rows) == 3 else np.zeros(3, dtype=int)
    return motion[..., order, :].astype(float)
