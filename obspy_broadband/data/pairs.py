"""Training windows: low frequencies and the broadband motion that they belong to, made in batches.

Two protocols, by name. Under ``clean``, the input is band-limited with zero phase and exactly
nothing of it is left above 1.25 times the corner; windows begin at random before P; one scale a
record, known from the input. Under ``thesis``, for comparison with published figures only, the
input is the target through a causal Butterworth filter of order 4, from P on, each component
divided by the peak of its target: the answer is still in it, 80 dB down, and its scale is given
away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import InputError
from ..method.contract import Batch, Scenario
from ..signal.filters import STOP_RATIO, fast_length
from .store import SAMPLING_RATE, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

PROTOCOLS = ("clean", "thesis")
_MARGIN = 20.0  # s of the record on both sides of a window that the filter sees
_SCENARIO = {
    "magnitude": "magnitude",
    "distance_km": "distance_km",
    "depth_km": "depth_km",
    "vs30_m_s": "vs30_m_s",
}


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
    :param device: where filters run and tensors end.
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
        chosen = self.records[np.asarray(positions)]
        draws = [np.random.default_rng([seed, int(record)]) for record in chosen]
        if self.protocol == "thesis":
            return self._thesis(chosen)
        margin = int(_MARGIN * SAMPLING_RATE)
        segments = np.zeros((len(chosen), 3, self.samples + 2 * margin), dtype=np.float32)
        for segment, record, rng in zip(segments, chosen, draws):
            self._fill(segment, int(record), margin, rng)
        motion = torch.as_tensor(segments, device=self.device)
        corner = torch.tensor([self._corner(rng) for rng in draws], device=self.device)
        low = band_limit(motion, SAMPLING_RATE, corner)
        window = slice(margin, margin + self.samples)
        scale = low[..., window].abs().amax(dim=(1, 2)).clamp_min(1e-30)
        scaled = motion[..., window] / scale[:, None, None], low[..., window] / scale[:, None, None]
        return Batch(
            low_frequency=scaled[1].contiguous(),
            scale=torch.where(self._physical(chosen), scale, torch.nan),
            corner=corner,
            scenarios=tuple(self._scenario(int(r), rng) for r, rng in zip(chosen, draws)),
            starts=torch.zeros(len(chosen), dtype=torch.long, device=self.device),
            broadband=scaled[0].contiguous(),
        )

    def _fill(
        self, segment: np.ndarray, record: int, margin: int, rng: np.random.Generator
    ) -> None:
        """The record around P, changed as the augmentation says; silence beyond its ends."""
        change = self.augmentation
        onset = rng.uniform(*change.onset_s) if change else 5.0
        p = float(self.store.columns["p_sample"][record])
        first = round(p - onset * SAMPLING_RATE) - margin
        motion = self.store.motion(record, max(0, first), max(0, first) + segment.shape[-1])
        place = max(0, -first)
        motion = motion[:, : segment.shape[-1] - place]
        if change and change.rotate:
            angle = rng.uniform(0, 2 * np.pi)
            north, east = motion[1].copy(), motion[2].copy()
            motion[1] = np.cos(angle) * north + np.sin(angle) * east
            motion[2] = np.cos(angle) * east - np.sin(angle) * north
        if change and change.flip and rng.random() < 0.5:
            motion = -motion
        if change and change.level:
            motion = motion * np.float32(np.exp(rng.normal(0, change.level)))
        segment[:, place : place + motion.shape[-1]] = motion

    def _physical(self, chosen: np.ndarray) -> torch.Tensor:
        """Which of the records know their level."""
        return torch.as_tensor(self.store.columns["unit"][chosen] == "mps2", device=self.device)

    def _corner(self, rng: np.random.Generator) -> float:
        if isinstance(self.corner, tuple):
            return float(np.exp(rng.uniform(*np.log(self.corner))))
        return float(self.corner)

    def _scenario(self, record: int, rng: np.random.Generator) -> Scenario:
        forget = self.augmentation.forget if self.augmentation else 0.0
        known = {}
        for name, column in _SCENARIO.items():
            value = float(self.store.columns[column][record])
            hidden = rng.random() < forget
            lowest, highest = Scenario.ranges[name]
            if np.isfinite(value) and lowest <= value <= highest and not hidden:
                known[name] = value
        return Scenario(**known)

    def _thesis(self, chosen: np.ndarray) -> Batch:
        """App. A.3: from P, Tukey taper, low-pass 30 Hz, causal Butterworth filter at 1 Hz."""
        from scipy.signal import butter, sosfilt
        from scipy.signal.windows import tukey

        target = np.zeros((len(chosen), 3, self.samples))
        for window, record in zip(target, chosen):
            p = round(float(self.store.columns["p_sample"][record]))
            motion = self.store.motion(int(record), p, p + self.samples)
            window[:, : motion.shape[-1]] = motion - motion.mean(axis=-1, keepdims=True)
        target *= tukey(self.samples, 0.05)
        low_pass = butter(4, 30.0, fs=SAMPLING_RATE, output="sos")
        target = sosfilt(low_pass, target)
        source = sosfilt(butter(4, 1.0, fs=SAMPLING_RATE, output="sos"), target)
        peak = np.abs(target).max(axis=-1, keepdims=True)

        def as_tensor(x: np.ndarray) -> torch.Tensor:
            return torch.as_tensor(x, dtype=torch.float32, device=self.device)

        return Batch(
            low_frequency=as_tensor(source / peak),
            scale=as_tensor(peak.max(axis=(1, 2))),
            corner=torch.ones(len(chosen), device=self.device),
            scenarios=tuple(Scenario() for _ in chosen),
            starts=torch.zeros(len(chosen), dtype=torch.long, device=self.device),
            broadband=as_tensor(target / peak),
        )


def band_limit(x: torch.Tensor, sampling_rate: float, corner: torch.Tensor) -> torch.Tensor:
    """:func:`obspy_broadband.signal.filters.band_limit`, on any device, with a corner for each row.

    The ends are not extended: give margins, and cut them off.

    :param x: (batch, ..., samples).
    :param corner: (batch,), Hz.
    """
    samples = x.shape[-1]
    length = fast_length(samples + int(10.0 / float(corner.min()) * sampling_rate))
    frequencies = torch.fft.rfftfreq(length, 1.0 / sampling_rate, device=x.device, dtype=x.dtype)
    ratio = frequencies / corner.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    step = ((ratio - 1.0) / (STOP_RATIO - 1.0)).clamp(0.0, 1.0)
    gain = 0.5 + 0.5 * torch.cos(torch.pi * step)
    # In float32 the cosine of pi is not quite -1; what must be zero is made zero.
    gain = torch.where(step >= 1.0, torch.zeros_like(gain), gain)
    return torch.fft.irfft(torch.fft.rfft(x, length) * gain, length)[..., :samples]
