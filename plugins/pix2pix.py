"""Pix2Pix: a conditional U-Net against a discriminator of patches, trained on pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from obspy_broadband import Batch, InputError
from obspy_broadband.method.neural import CONDITIONS, batch_conditions
from obspy_broadband.method.shape import ShapeMethod, ShapeOptions
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
    :param dropout: in the U-Net's way up, in training only.
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
    """One record in, one record out; what varies between realizations is the level alone.

    Isola et al. (2017) for time series. The generator's loss is that of the adversary plus
    ``reconstruction`` times (FFL + HSL) (thesis, Eq. 3.5). Where the level is predicted, target and
    output are compared as shapes: the part above the corner, flattened to level 1.
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
        known = CONDITIONS if o.conditioned else 0
        self.generator = UNet(6 if o.noise else 3, 3, o.width, o.depth, known, o.dropout)
        self.discriminators["pair"] = PatchDiscriminator(6, o.discriminator_width)
        self.criterion = criterion(o.criterion)
        losses = {"adversarial": o.adversarial, "frequency": o.reconstruction}
        losses["angle"] = o.reconstruction
        if o.spectrogram:
            losses["spectrogram"] = o.spectrogram
        self.noise_channels = 3 if o.noise else 0
        self.own_noise = self.noise_channels * self.samples
        self.loss_weights = {"generator": losses, "discriminator": {"adversarial": 1.0}}

    def normalize(self, low: Tensor) -> Tensor:
        """Low frequencies over their peak, as they are."""
        return low

    def contents(self, low: Tensor, conditions: Tensor) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.contents`."""
        return {"low": low} if self.options.noise else {"made": self._make(low, conditions)}

    def translate(self, conditions: Tensor, noise: Tensor, content: Mapping[str, Tensor]) -> Tensor:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translate`."""
        if not self.options.noise:
            return content["made"]
        noise = noise.unflatten(1, (3, self.samples))
        return self._make(torch.cat([content["low"], noise], dim=1), conditions)

    def _make(self, given: Tensor, conditions: Tensor) -> Tensor:
        known = conditions if self.options.conditioned else None
        return torch.tanh(self.generator(given, known))

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        known = batch_conditions(batch)
        low, target = batch.low_frequency, batch.broadband
        noise = torch.randn(len(low), self.own_noise, device=low.device)
        made = self.translate(known, noise, self.contents(low, known))
        if self.level is not None:
            made, target = (
                self.level.spectral.shape(signal, batch.corner) for signal in (made, target)
            )
        return {"generated": made, "recorded": target}

    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        pair = outputs["generated"], outputs["recorded"]
        losses = {
            "adversarial": self.criterion.generator(self._judge(batch, outputs["generated"])),
            "frequency": focal_frequency(*pair),
            "angle": hyperspherical(*pair),
        }
        if self.options.spectrogram:
            losses["spectrogram"] = multi_scale_spectrogram(*pair)
        return losses

    def discriminator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        judged = [self._judge(batch, outputs[name]) for name in ("recorded", "generated")]
        return {"adversarial": self.criterion.discriminator(*judged)}

    def _judge(self, batch: Batch, signal: Tensor) -> Tensor:
        return self.discriminators["pair"](torch.cat([batch.low_frequency, signal], dim=1))
