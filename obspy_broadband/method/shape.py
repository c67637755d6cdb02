"""What networks that make shapes share: what they see, and how a shape becomes a realization.

A network sees *normalized* signals: the low frequencies over their peak, and the record as the same
low frequencies plus the shape of what lies above the corner, both within about ±1. What it makes of
a record is a normalized signal again; its part above the corner is given a level that is drawn
(:class:`obspy_broadband.level.head.LevelHead`). Under the thesis protocol, which divides by the
target's peak, signals are what they are, and so is the result.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..level.head import LevelHead
from ..level.spectral import LEVELS
from ..signal.filters import STOP_RATIO
from .contract import Batch
from .neural import CONDITIONS, LevelOptions, NeuralMethod, batch_conditions

#: Of the low frequencies, whose peak is 1, and of shapes, whose peaks are about 6.
_LOW, _HIGH = 0.5, 0.1
#: Share of a window's peak that the low frequencies must have reached for anything to be made.
#: Records have noise ahead of P; simulations have nothing, which no network has seen.
_SILENT = 1e-2
_PADDING_S = 8.0  # s: keeps a window's end out of its beginning


@dataclass(frozen=True)
class ShapeOptions(LevelOptions):
    """Options that all methods have that make shapes.

    :param level: "predicted": the network makes a shape, and the level of the high frequencies is
        drawn from a distribution that is learned from records in physical units. "given": the
        network's output as it is, for the thesis protocol, which divides by the target's peak.
    :param level_steps: of descent for the networks that predict the level, before training starts.
    """

    level: str = "predicted"
    level_steps: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level not in ("predicted", "given"):
            raise InputError(f"level is {self.level!r}; it must be 'predicted' or 'given'.")


class ShapeMethod(NeuralMethod):
    """A network that makes normalized signals.

    A subclass sets ``own_noise``, how many standard normal numbers one of its draws needs, and
    writes :meth:`contents` and :meth:`translate`, the two halves of a translation.
    """

    own_noise: int = 0
    ln_scales: Tensor

    def __init__(self, options: Any = None):
        super().__init__(options)
        self.relative = self.options.level == "predicted"
        self.level = (
            LevelHead(self.samples, self.sampling_rate, CONDITIONS) if self.relative else None
        )
        #: Mean and standard deviation of ln of the peak of the low frequencies, m/s², of the
        #: records that were learned from.
        self.register_buffer("ln_scales", torch.tensor([math.log(0.02), 2.0]))

    @property
    def noise_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """What a draw needs: numbers for the level, then the network's own."""
        return (LEVELS + self.own_noise,)

    @property
    def one_to_many(self) -> bool:  # type: ignore[override]
        """Whether anything is drawn."""
        return bool(self.own_noise) or (self.relative and self.options.vary_level)

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """The first numbers of a draw; see :attr:`obspy_broadband.Method.epsilon_size`."""
        return LEVELS if self.relative and self.options.vary_level else 0

    @abstractmethod
    def contents(self, low: Tensor, conditions: Tensor) -> dict[str, Tensor]:
        """What of a translation does not depend on what is drawn, e.g. the codes of ``low``.

        :param low: (rows, 3, samples), normalized.
        """

    @abstractmethod
    def translate(self, conditions: Tensor, noise: Tensor, content: Mapping[str, Tensor]) -> Tensor:
        """A normalized broadband signal.

        :param noise: (rows, own_noise).
        :param content: what :meth:`contents` gave for these rows.
        """

    def signals(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Low frequencies and record, normalized, and the conditions."""
        known = batch_conditions(batch)
        low, recorded = batch.low_frequency, batch.broadband
        if self.level is None:
            return low, recorded, known
        low = self.normalize(low)
        return low, low + _HIGH * self.level.spectral.shape(recorded, batch.corner), known

    def normalize(self, low: Tensor) -> Tensor:
        """Low frequencies over their peak -> as the network sees them."""
        return low if self.level is None else _LOW * low

    def context(
        self, low_frequency: Tensor, conditions: Tensor, strongest: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.context`.

        The level, over the window's peak, is that of the strongest window: high frequencies fade
        as the low ones do.
        """
        return {
            **self.contents(self.normalize(low_frequency), conditions),
            **self.onset_context(low_frequency, conditions),
            **self.level_context(*strongest),
        }

    def sample(
        self,
        low_frequency: Tensor,
        conditions: Tensor,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.sample`."""
        made = self.translate(conditions, noise[:, LEVELS:], context)
        return self.give_level(low_frequency, made, conditions, noise[:, :LEVELS], context)

    def onset_context(self, low_frequency: Tensor, conditions: Tensor) -> dict[str, Tensor]:
        """Where a window has begun, in what :meth:`context` finds."""
        if self.level is None:
            return {}
        return {"begun": _begun(low_frequency, conditions[:, 0].exp(), self.sampling_rate)}

    def level_context(self, low_frequency: Tensor, conditions: Tensor) -> dict[str, Tensor]:
        """The distribution of the level, in what :meth:`context` finds."""
        if self.level is None:
            return {}
        median, root = self.level.distribution(low_frequency, conditions)
        return {"level": median, "level_root": root}

    def give_level(
        self,
        low_frequency: Tensor,
        made: Tensor,
        conditions: Tensor,
        numbers: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """The low frequencies and what was made above them, at a level that is drawn.

        :param made: (rows, 3, samples), normalized.
        :param numbers: (rows, LEVELS), standard normal.
        :param context: of these rows, by :meth:`onset_context` and :meth:`level_context`.
        """
        if self.level is None:
            return made
        drawn = numbers[..., None] * float(self.options.vary_level)
        levels = context["level"] + (context["level_root"] @ drawn)[..., 0]
        corner, begun = conditions[:, 0].exp(), context["begun"]
        # Twice: what was there must not count for the level, and a level given rings.
        high = self.level.spectral.give(begun * made, levels, corner, flat=True)
        return low_frequency + begun * high

    def prepare_training(self, batch: Batch, weights: Tensor, events: Sequence[str]) -> None:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.prepare_training`."""
        if self.level is not None:
            physical = torch.isfinite(batch.scale).to(weights)
            given = (batch.low_frequency, batch_conditions(batch), batch.broadband)
            counts, o = weights * physical, self.options
            if not bool(counts.any()):
                raise InputError(
                    "No record of the training set is in physical units: nothing to learn the "
                    "level from. Add records in m/s², or set level=given."
                )
            self.level.fit(*given, counts, events, o.level_steps, o.level_fit)
            chosen = counts > 0
            ln_scale = torch.log(batch.scale[chosen])
            share = counts[chosen] / counts[chosen].sum()
            mean = share @ ln_scale
            self.ln_scales[0] = mean
            self.ln_scales[1] = (share @ (ln_scale - mean).square()).sqrt()


def _begun(low: Tensor, corner: Tensor, sampling_rate: float) -> Tensor:
    """0 where a window's low frequencies are silent yet, then 1: (rows, 1, samples)."""
    # A sharp band limit rings for several periods ahead of P, by more than the motion of a weak P:
    # through a smooth one, motion begins 0.9 periods before it (0.1 to 1.5 in the gallery).
    length = low.shape[-1] + round(sampling_rate * _PADDING_S)
    ratio = torch.fft.rfftfreq(length, 1.0 / sampling_rate, device=low.device) / corner[:, None]
    smooth = torch.cos(0.5 * math.pi * (ratio / STOP_RATIO).clamp(max=1.0)).square()
    spectrum = torch.fft.rfft(low.float(), length) * smooth[:, None]
    size = torch.fft.irfft(spectrum, length)[..., : low.shape[-1]].abs().amax(dim=1)
    begin = (size > _SILENT * size.amax(dim=1, keepdim=True)).int().argmax(dim=1)
    half = 0.5 * sampling_rate / corner
    begin = torch.where(begin > 0, begin, -half)  # a window may begin in the midst of motion
    since = torch.arange(low.shape[-1], device=low.device) - begin[:, None]
    rise = (since / half[:, None]).clamp(0.0, 1.0)
    return (0.5 - 0.5 * torch.cos(math.pi * rise))[:, None]
