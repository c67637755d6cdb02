"""Recorded motion made fit for a store: what is refused, and what is done to the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..signal.filters import band_limit, fast_length, raised_cosine
from .store import SAMPLING_RATE

_BLOCK = 16  # records that are worked on at once: as many as stay in the cache
_TAPER = 0.5  # s, at both ends: a record must not begin with a step


def unusable(motion: np.ndarray) -> str | None:
    """Why motion (3, samples) cannot be used, or None."""
    if motion.shape[-1] < 500:
        return "shorter than 500 samples"
    lowest, highest = motion.min(axis=-1), motion.max(axis=-1)
    if not np.isfinite(lowest).all() or not np.isfinite(highest).all():  # NaN is passed on
        return "NaN or infinite samples"
    if (lowest == highest).any():
        return "a constant component"
    return None


def clean(
    motions: Sequence[np.ndarray], table: pd.DataFrame, before_s: float, after_s: float
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Acceleration, cut around P, detrended, tapered, at 100 Hz.

    :param motions: (3, samples) each, float32.
    :param table: with ``rate``, Hz, ``unit``, ``quantity``, ``p_sample`` and ``s_sample``, which
        move along, as ``begin`` does where it is there.
    :param before_s: kept before P; records without P are kept whole.
    :param after_s: kept after P; 0 keeps everything.
    """
    rates = table["rate"].to_numpy()
    p = table["p_sample"].to_numpy()
    arrivals = table[["p_sample", "s_sample"]].to_numpy(dtype=float, copy=True)
    cut_s = np.zeros(len(table))
    velocity = (table["unit"] == "counts") & (table["quantity"] == "velocity")
    cuts: list[np.ndarray] = []
    groups: dict[tuple[int, float, bool], list[int]] = {}
    for row, motion in enumerate(motions):
        rate, first, last = rates[row], 0, motion.shape[-1]
        if np.isfinite(p[row]):
            first = max(0, int(p[row] - before_s * rate))
            if after_s:
                last = min(last, int(p[row] + after_s * rate))
        cuts.append(motion[:, first : max(last, first + 500)])
        arrivals[row] = (arrivals[row] - first) * SAMPLING_RATE / rate
        cut_s[row] = first / rate
        key = (cuts[-1].shape[-1], float(rate), bool(velocity.iloc[row]))
        groups.setdefault(key, []).append(row)
    cleaned: list[np.ndarray] = [np.empty(0)] * len(motions)
    for (_, rate, is_velocity), group in groups.items():
        for first in range(0, len(group), _BLOCK):
            rows = group[first : first + _BLOCK]
            block = np.stack([cuts[row] for row in rows])
            for row, motion in zip(rows, _clean_block(block, rate, is_velocity)):
                cleaned[row] = motion
    table = table.assign(p_sample=arrivals[:, 0], s_sample=arrivals[:, 1])
    if "begin" in table:
        table["begin"] += cut_s
    return cleaned, table


def _clean_block(motion: np.ndarray, rate: float, is_velocity: bool) -> np.ndarray:
    """Records of one length: (records, 3, samples), float32, which are changed."""
    samples = motion.shape[-1]
    at = np.arange(samples, dtype=np.float32) - np.float32(0.5 * (samples - 1))
    motion -= motion.mean(axis=-1, keepdims=True)
    slope = motion @ (at / np.float32(at.astype(float) @ at))
    motion -= slope[..., None] * at
    edge = max(2, int(_TAPER * rate))
    rise = raised_cosine(np.arange(edge) / edge).astype(np.float32)
    motion[..., :edge] *= rise
    motion[..., -edge:] *= rise[::-1]
    if is_velocity:
        motion = _derivative(motion, rate)
    if rate != SAMPLING_RATE:
        limit = 0.39 * min(rate, SAMPLING_RATE)
        return band_limit(motion, rate, limit, SAMPLING_RATE).astype(np.float32)
    return motion


def _derivative(motion: np.ndarray, rate: float) -> np.ndarray:
    """Of motion that begins and ends with zero, so that silence can be put behind it."""
    from scipy.fft import irfft, rfft

    samples = motion.shape[-1]
    length = fast_length(samples + int(rate))
    spectrum = rfft(motion, length)
    spectrum *= (2j * np.pi * np.fft.rfftfreq(length, 1.0 / rate)).astype(np.complex64)
    spectrum[..., -1] = 0.0
    return irfft(spectrum, length, overwrite_x=True)[..., :samples]
