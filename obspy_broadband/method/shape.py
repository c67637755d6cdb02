"""Networks that generate the shape of a record; its level above the corner is drawn apart.

Networks work on *normalized* signals, all within about ±1:

    low = 0.5 x / max |x|        broadband = low + 0.1 S(y)

with x the low frequencies, y the record and S(y) its shape: the part above the corner, divided by
its smoothed Fourier amplitudes (:meth:`obspy_broadband.level.spectral.SpectralLevel.shape`). The
network's output is a normalized signal again; its part above the corner is given a level drawn by
:class:`obspy_broadband.level.head.LevelHead` and added to x. Under the thesis protocol, which
divides by the peak of the target, signals are neither normalized nor given a level.
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
from ..nn.conditions import Conditions
from ..signal.filters import STOP_RATIO
from .conditions import CONDITIONS, batch_conditions
from .contract import Batch
from .neural import LevelOptions, NeuralMethod

#: Factors of the low frequencies, whose peak is 1, and of shapes, whose peaks are about 6.
_LOW, _HIGH = 0.5, 0.1
#: Share of the window's peak at which motion begins; nothing is generated before. Records have
#: noise ahead of P; simulations are silent there, which is outside the training data.
_SILENT = 1e-2
_PADDING_S = 8.0  # s: against the wrap-around of the Fourier transform


@dataclass(frozen=True)
class ShapeOptions(LevelOptions):
    """Options of all methods that generate shapes.

    :param level: "predicted": the level of the high frequencies is drawn from a distribution fitted
        to records in physical units. "given": the network's output as it is, for the thesis
        protocol, which divides by the target's peak.
    :param level_steps: steps of gradient descent for the networks that predict the level, before
        training starts.
    """

    level: str = "predicted"
    level_steps: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level not in ("predicted", "given"):
            raise InputError(f"level is {self.level!r}; it must be 'predicted' or 'given'.")


class ShapeMethod(NeuralMethod):
    """A network that generates normalized signals.

    A subclass sets ``noise_size``, the number of standard normal values that a realization needs
    beside those of the level, and writes :meth:`translation_context` and :meth:`translate`, the two
    halves of a translation.
    """

    noise_size: int = 0
    ln_scales: Tensor

    def __init__(self, options: Any = None):
        super().__init__(options)
        self.relative = self.options.level == "predicted"
        self.level = (
            LevelHead(self.samples, self.sampling_rate, CONDITIONS) if self.relative else None
        )
        #: Mean and standard deviation of ln(peak of the low frequencies / 1 m/s²) in training.
        self.register_buffer("ln_scales", torch.tensor([math.log(0.02), 2.0]))

    @property
    def noise_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Epsilon of the level, then the network's own noise."""
        return (LEVELS + self.noise_size,)

    @property
    def one_to_many(self) -> bool:  # type: ignore[override]
        """Whether the network has noise, or the level varies."""
        return bool(self.noise_size) or (self.relative and self.options.vary_level)

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """See :attr:`obspy_broadband.Method.epsilon_size`."""
        return LEVELS if self.relative and self.options.vary_level else 0

    @abstractmethod
    def translation_context(self, low: Tensor, conditions: Conditions) -> dict[str, Tensor]:
        """The part of a translation that does not depend on the noise, e.g. the codes of ``low``.

        :param low: (rows, 3, samples), normalized.
        """

    @abstractmethod
    def translate(
        self, conditions: Conditions, noise: Tensor, context: Mapping[str, Tensor]
    ) -> Tensor:
        """A normalized broadband signal, (rows, 3, samples).

        :param noise: (rows, noise_size).
        :param context: what :meth:`translation_context` returned for these rows.
        """

    def signals(self, batch: Batch[Tensor]) -> tuple[Tensor, Tensor, Conditions]:
        """Low frequencies and record, normalized, and the conditions."""
        assert batch.broadband is not None
        conditions = batch_conditions(batch)
        low, recorded = batch.low_frequency, batch.broadband
        if self.level is None:
            return low, recorded, conditions
        low = self.normalize(low)
        return low, low + _HIGH * self.level.spectral.shape(recorded, batch.corner), conditions

    def normalize(self, low: Tensor) -> Tensor:
        """Low frequencies divided by their peak -> normalized."""
        return low if self.level is None else _LOW * low

    def context(
        self, low_frequency: Tensor, conditions: Conditions, strongest: tuple[Tensor, Conditions]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.context`.

        The level, divided by the window's peak, is that of the strongest window of the record: high
        frequencies decay as the low ones do.
        """
        return {
            **self.translation_context(self.normalize(low_frequency), conditions),
            **self.onset_context(low_frequency, conditions),
            **self.level_context(*strongest),
        }

    def sample(
        self,
        low_frequency: Tensor,
        conditions: Conditions,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.sample`."""
        generated = self.translate(conditions, noise[:, LEVELS:], context)
        return self.impose_level(low_frequency, generated, conditions, noise[:, :LEVELS], context)

    def onset_context(self, low_frequency: Tensor, conditions: Conditions) -> dict[str, Tensor]:
        """The taper at the onset of motion, a part of :meth:`context`."""
        if self.level is None:
            return {}
        return {"onset_taper": _onset_taper(low_frequency, conditions.corner, self.sampling_rate)}

    def level_context(self, low_frequency: Tensor, conditions: Conditions) -> dict[str, Tensor]:
        """Median and root of the covariance of the level, a part of :meth:`context`."""
        if self.level is None:
            return {}
        median, root = self.level.distribution(low_frequency, conditions)
        return {"level": median, "level_root": root}

    def impose_level(
        self,
        low_frequency: Tensor,
        generated: Tensor,
        conditions: Conditions,
        epsilon: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """The low frequencies plus the generated signal above the corner at a level that is drawn.

        level = median + root @ epsilon

        :param generated: (rows, 3, samples), normalized.
        :param epsilon: (rows, LEVELS), standard normal.
        :param context: of these rows, by :meth:`onset_context` and :meth:`level_context`.
        """
        if self.level is None:
            return generated
        drawn = epsilon[..., None] * float(self.options.vary_level)
        levels = context["level"] + (context["level_root"] @ drawn)[..., 0]
        taper = context["onset_taper"]
        # Tapered before, so that the network's output ahead of the onset does not count for the
        # level, and after, because imposing a level rings.
        high = self.level.spectral.impose(taper * generated, levels, conditions.corner, flat=True)
        return low_frequency + taper * high

    def prepare_training(
        self, batch: Batch[Tensor], weights: Tensor, events: Sequence[str]
    ) -> None:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.prepare_training`.

        :raises InputError: if no window is in physical units.
        """
        if self.level is None:
            return
        assert batch.broadband is not None
        physical = torch.isfinite(batch.scale).to(weights)
        weights = weights * physical
        if not bool(weights.any()):
            raise InputError(
                "No record of the training set is in physical units: nothing to learn the "
                "level from. Add records in m/s², or set level=given."
            )
        self.level.fit(
            batch.low_frequency,
            batch_conditions(batch),
            batch.broadband,
            weights,
            events,
            self.options.level_steps,
            self.options.level_fit,
        )
        used = weights > 0
        ln_scale = torch.log(batch.scale[used])
        share = weights[used] / weights[used].sum()
        mean = share @ ln_scale
        self.ln_scales[0] = mean
        self.ln_scales[1] = (share @ (ln_scale - mean).square()).sqrt()


def _onset_taper(low: Tensor, corner: Tensor, sampling_rate: float) -> Tensor:
    """0 before a window's low frequencies begin, then rising to 1: (rows, 1, samples).

    :param low: (rows, 3, samples).
    :param corner: (rows,), Hz; the taper rises within half its period.
    """
    # A sharp band limit rings for several periods ahead of P, by more than the motion of a weak P:
    # through a smooth one, motion begins 0.9 periods before it (0.1 to 1.5 in the gallery).
    length = low.shape[-1] + round(sampling_rate * _PADDING_S)
    ratio = torch.fft.rfftfreq(length, 1.0 / sampling_rate, device=low.device) / corner[:, None]
    smooth = torch.cos(0.5 * math.pi * (ratio / STOP_RATIO).clamp(max=1.0)).square()
    spectrum = torch.fft.rfft(low.float(), length) * smooth[:, None]
    peak = torch.fft.irfft(spectrum, length)[..., : low.shape[-1]].abs().amax(dim=1)
    onset = (peak > _SILENT * peak.amax(dim=1, keepdim=True)).int().argmax(dim=1)
    half = 0.5 * sampling_rate / corner
    onset = torch.where(onset > 0, onset, -half)  # a window may begin in the midst of motion
    since = torch.arange(low.shape[-1], device=low.device) - onset[:, None]
    rise = (since / half[:, None]).clamp(0.0, 1.0)
    return (0.5 - 0.5 * torch.cos(math.pi * rise))[:, None]
