"""Pix2Pix: a conditional U-Net against a patch discriminator, trained on pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from obspy_broadband import Batch, InputError
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions
from obspy_broadband.method.shape import ShapeMethod, ShapeOptions
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.nn.discriminators import PatchDiscriminator
from obspy_broadband.nn.unet import UNet
from obspy_broadband.training.adversaries import criterion
from obspy_broadband.training.objectives import (
    focal_frequency,
    hyperspherical,
    multi_scale_spectrogram,
)


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of Pix2Pix; the defaults are the published sizes.

    :param width: channels of the U-Net after its first layer.
    :param depth: how often the U-Net halves the signal.
    :param discriminator_width: channels of the discriminator's first layer.
    :param dropout: in the U-Net's upward blocks, in training only.
    :param noise: three channels of noise beside the input; the thesis finds that they are ignored.
    :param conditioned: whether corner, scale and metadata steer the U-Net.
    :param criterion: of the adversary: "bce", "hinge", "least-squares" and others.
    :param adversarial: weight of the adversary.
    :param reconstruction: weight of the focal frequency and the hyper-spherical loss.
    :param spectrogram: weight of the multi-scale spectrogram loss.
    """

    width: int = 64
    depth: int = 8
    discriminator_width: int = 16
    dropout: float = 0.35
    noise: bool = False
    conditioned: bool = True
    criterion: str = "bce"
    adversarial: float = 1.0
    reconstruction: float = 10.0
    spectrogram: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.depth <= 11:
            raise InputError(f"depth is {self.depth}; it must be 2 to 11 for 4096 samples.")
        if not 0.0 <= self.dropout < 1.0:
            raise InputError(f"dropout is {self.dropout}; it must be from 0 to below 1.")


class Pix2Pix(ShapeMethod):
    """Isola et al. (2017) for time series; only the level varies between realizations.

    With x the low frequencies, y the record and y' the output, the generator's loss is (thesis,
    Eq. 3.5; FFL Eq. 2.56, HSL Eq. 2.55)

        adversarial x GAN(x, y') + reconstruction x (FFL(y', y) + HSL(y', y))

    named "adversarial", "frequency" and "angle". Where the level is predicted, y and y' are
    compared as shapes: the part above the corner, at level 0.
    """

    summary = "Conditional U-Net against a patch discriminator, trained on pairs"
    citation = (
        "Isola et al. (2017), CVPR, 1125-1134; Gatti and Clouteau (2020), CMAME 372, 113421 "
        "(protocol and data)"
    )
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": {
            "width": 16,
            "depth": 7,
            "spectrogram": 0.1,
            "training.batch": 16,
            "training.lr_discriminator": 1e-4,
        },
    }
    training_defaults: ClassVar[Mapping[str, Any]] = {
        "lr_generator": 4e-4,
        "lr_discriminator": 1e-5,
        "weight_decay_discriminator": 1e-4,
        "schedule": "multiplicative",
    }

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        conditions = CONDITIONS if o.conditioned else 0
        self.generator = UNet(6 if o.noise else 3, 3, o.width, o.depth, conditions, o.dropout)
        self.discriminators["pair"] = PatchDiscriminator(6, o.discriminator_width)
        self.criterion = criterion(o.criterion)
        losses = {"adversarial": o.adversarial, "frequency": o.reconstruction}
        losses["angle"] = o.reconstruction
        if o.spectrogram:
            losses["spectrogram"] = o.spectrogram
        self.noise_channels = 3 if o.noise else 0
        self.noise_size = self.noise_channels * self.samples
        self.loss_weights = {"generator": losses, "discriminator": {"adversarial": 1.0}}

    def normalize(self, low: Tensor) -> Tensor:
        """Low frequencies divided by their peak, as they are."""
        return low

    def translation_context(self, low: Tensor, conditions: Conditions) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translation_context`."""
        if self.options.noise:
            return {"low": low}
        return {"generated": self._generate(low, conditions)}

    def translate(
        self, conditions: Conditions, noise: Tensor, context: Mapping[str, Tensor]
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translate`."""
        if not self.options.noise:
            return context["generated"]
        noise = noise.unflatten(1, (3, self.samples))
        return self._generate(torch.cat([context["low"], noise], dim=1), conditions)

    def _generate(self, channels: Tensor, conditions: Conditions) -> Tensor:
        steering = conditions.vector if self.options.conditioned else None
        return torch.tanh(self.generator(channels, steering))

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        assert batch.broadband is not None
        conditions = batch_conditions(batch)
        low, recorded = batch.low_frequency, batch.broadband
        noise = torch.randn(len(low), self.noise_size, device=low.device)
        generated = self.translate(conditions, noise, self.translation_context(low, conditions))
        if self.level is not None:
            shape = self.level.spectral.shape
            generated, recorded = shape(generated, batch.corner), shape(recorded, batch.corner)
        return {"generated": generated, "recorded": recorded}

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        pair = outputs["generated"], outputs["recorded"]
        losses = {
            "adversarial": self.criterion.generator(self._logits(batch, outputs["generated"])),
            "frequency": focal_frequency(*pair),
            "angle": hyperspherical(*pair),
        }
        if self.options.spectrogram:
            losses["spectrogram"] = multi_scale_spectrogram(*pair)
        return losses

    def discriminator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        logits = [self._logits(batch, outputs[name]) for name in ("recorded", "generated")]
        return {"adversarial": self.criterion.discriminator(*logits)}

    def _logits(self, batch: Batch[Tensor], signal: Tensor) -> Tensor:
        return self.discriminators["pair"](torch.cat([batch.low_frequency, signal], dim=1))
