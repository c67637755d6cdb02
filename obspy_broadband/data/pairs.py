"""Training pairs in batches: windows of low frequencies and of the broadband motion above them.

Two protocols. ``clean``: the low frequencies of the whole record as enriching takes them
(:func:`obspy_broadband.records.windows.low_frequencies`), cut from a random time before P on, and
divided by their own peak over all components. ``thesis``, for comparison with published figures
only: the input is the target through a causal Butterworth filter of order 4, from P on, each
component divided by the peak of its target. That input still holds the target, 80 dB down, and its
scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import InputError
from ..method.contract import Batch, Scenario
from ..records.windows import low_frequencies
from .store import SAMPLING_RATE, Store

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

PROTOCOLS = ("clean", "thesis")
_ONSET = 5.0  # s from the beginning of a window to P, without augmentation


@dataclass(frozen=True)
class Augmentation:
    """Changes that leave a record one that might have been recorded; time is never reversed.

    :param onset_s: P lies at a random time of this range (s) in the window, at any fraction of a
        sample's second.
    :param rotate: horizontals turned by a random angle.
    :param flip: polarity of all components changed together.
    :param level: standard deviation of a factor on the whole record, ln units; 0 for records that
        teach level.
    :param forget: probability with which each part of the scenario is hidden.
    """

    onset_s: tuple[float, float] = (1.0, 12.0)
    rotate: bool = True
    flip: bool = True
    level: float = 0.0
    forget: float = 0.3


class Pairs:
    """Batches of windows from a store.

    :param store: see :class:`obspy_broadband.data.store.Store`.
    :param records: indices, e.g. ``store.select(split="train", after_p_s=40.96)``; every one must
        have P.
    :param samples: of a window.
    :param protocol: "clean" or "thesis".
    :param corner: Hz, or the lowest and highest of a range that is drawn from evenly in the
        logarithm.
    :param augmentation: None for windows that are the same every time: P 5 s after their beginning.
    :param device: of the tensors.
    :raises InputError: for an unknown protocol, or records without P.
    """

    def __init__(
        self,
        store: Store,
        records: np.ndarray,
        samples: int = 4096,
        protocol: str = "clean",
        corner: float | tuple[float, float] = 1.0,
        augmentation: Augmentation | None = None,
        device: str | torch.device = "cpu",
    ):
        if protocol not in PROTOCOLS:
            raise InputError(f"protocol is {protocol!r}; it must be {' or '.join(PROTOCOLS)}.")
        if protocol == "thesis" and corner != 1.0:
            raise InputError("The thesis protocol has a corner of 1 Hz.")
        if not len(records):
            raise InputError("There are no records to make pairs of.")
        if not np.isfinite(store.columns["p_sample"][records]).all():
            raise InputError("Some of the records have no P; select them with after_p_s=.")
        self.store, self.records, self.samples = store, np.asarray(records), samples
        self.protocol, self.corner = protocol, corner
        self.augmentation, self.device = augmentation, torch.device(device)

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, positions: Sequence[int], seed: int = 0) -> Batch:
        """Windows of some of the records, as tensors.

        :param positions: into ``records``.
        :param seed: of what is random; each record's draw depends on it and on the record alone.
        :return: ``broadband`` and ``low_frequency`` (batch, 3, samples), divided by ``scale``,
            which is NaN for records that are not in m/s².
        """
        records = self.records[np.asarray(positions)]
        if self.protocol == "thesis":
            return self._thesis(records)
        rngs = [np.random.default_rng([seed, int(record)]) for record in records]
        low = np.zeros((len(records), 3, self.samples), dtype=np.float32)
        broadband = np.zeros_like(low)
        corners = np.empty(len(records), dtype=np.float32)
        for row, (record, rng) in enumerate(zip(records, rngs)):
            first, motion = self._motion(int(record), rng)
            corner = self._corner(rng)
            filtered = low_frequencies(motion, SAMPLING_RATE, corner, SAMPLING_RATE)
            corners[row] = corner
            _cut(filtered, first, low[row])
            _cut(motion, first, broadband[row])
        scale = np.maximum(np.abs(low).max(axis=(1, 2)), np.float32(1e-30))
        in_m_s2 = self.store.columns["unit"][records] == "mps2"
        return Batch(
            low_frequency=self._tensor(low / scale[:, None, None]),
            scale=self._tensor(np.where(in_m_s2, scale, np.nan)),
            corner=self._tensor(corners),
            scenarios=tuple(self._scenario(int(r), rng) for r, rng in zip(records, rngs)),
            starts=torch.zeros(len(records), dtype=torch.long, device=self.device),
            broadband=self._tensor(broadband / scale[:, None, None]),
        )

    def _motion(self, record: int, rng: np.random.Generator) -> tuple[int, np.ndarray]:
        """The first sample of a window, and the whole record with the changes of augmentation."""
        change = self.augmentation
        onset = rng.uniform(*change.onset_s) if change else _ONSET
        first = round(float(self.store.columns["p_sample"][record]) - onset * SAMPLING_RATE)
        motion = self.store.motion(record)
        if change and change.rotate:
            angle = rng.uniform(0, 2 * np.pi)
            north, east = motion[1].copy(), motion[2].copy()
            motion[1] = np.cos(angle) * north + np.sin(angle) * east
            motion[2] = np.cos(angle) * east - np.sin(angle) * north
        if change and change.flip and rng.random() < 0.5:
            motion = -motion
        if change and change.level:
            motion = motion * np.float32(np.exp(rng.normal(0, change.level)))
        return first, motion

    def _corner(self, rng: np.random.Generator) -> float:
        if isinstance(self.corner, tuple):
            return float(np.exp(rng.uniform(*np.log(self.corner))))
        return float(self.corner)

    def _scenario(self, record: int, rng: np.random.Generator) -> Scenario:
        """What the store knows of earthquake and site, each part hidden at random."""
        forget = self.augmentation.forget if self.augmentation else 0.0
        hidden = {name for name in Scenario.ranges if rng.random() < forget}
        return scenario_of(self.store, record, hidden)

    def _thesis(self, records: np.ndarray) -> Batch:
        """App. A.3: from P, Tukey taper, low-pass 30 Hz, causal Butterworth filter at 1 Hz."""
        from scipy.signal import butter, sosfilt
        from scipy.signal.windows import tukey

        target = np.zeros((len(records), 3, self.samples))
        for window, record in zip(target, records):
            p = round(float(self.store.columns["p_sample"][record]))
            motion = self.store.motion(int(record), p, p + self.samples)
            window[:, : motion.shape[-1]] = motion - motion.mean(axis=-1, keepdims=True)
        target *= tukey(self.samples, 0.05)
        target = sosfilt(butter(4, 30.0, fs=SAMPLING_RATE, output="sos"), target)
        source = sosfilt(butter(4, 1.0, fs=SAMPLING_RATE, output="sos"), target)
        peak = np.abs(target).max(axis=-1, keepdims=True)
        return Batch(
            low_frequency=self._tensor(source / peak),
            scale=self._tensor(peak.max(axis=(1, 2))),
            corner=torch.ones(len(records), device=self.device),
            scenarios=tuple(Scenario() for _ in records),
            starts=torch.zeros(len(records), dtype=torch.long, device=self.device),
            broadband=self._tensor(target / peak),
        )

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)


def scenario_of(store: Store, record: int, hidden: Collection[str] = ()) -> Scenario:
    """What a store knows of a record's earthquake and site, where it is within the allowed range.

    :param hidden: names of :attr:`Scenario.ranges` to leave out.
    """
    allowed = {}
    for name, (lowest, highest) in Scenario.ranges.items():
        value = float(store.columns[name][record])
        if lowest <= value <= highest and name not in hidden:  # NaN is not known
            allowed[name] = value
    return Scenario(**allowed)


def _cut(motion: np.ndarray, first: int, window: np.ndarray) -> None:
    """Fill a window with the motion from a sample on; nothing is put beyond the record's ends.

    :param motion: (3, samples).
    :param first: may lie before the record's beginning.
    """
    before = max(0, -first)
    part = motion[:, max(0, first) : max(0, first + window.shape[-1])]
    window[:, before : before + part.shape[-1]] = part
