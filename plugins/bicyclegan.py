"""BicycleGAN for time series: a conditional VAE-GAN and a conditional latent regressor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from obspy_broadband import Batch, InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import Encoder
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.nn.discriminators import JointHead, PatchDiscriminator, SignalBranch
from obspy_broadband.nn.gradients import frozen
from obspy_broadband.nn.unet import UNet
from obspy_broadband.training.adversaries import criterion
from obspy_broadband.training.objectives import distance, kl_to_normal


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of BicycleGAN; the defaults are the published sizes.

    :param width: channels of the U-Net after its first layer.
    :param depth: how often the U-Net halves the signal.
    :param encoder_width: channels after the encoder's first block.
    :param code: length of the code.
    :param injection: "full": the code steers the norms at every level (AdaIN); "once": it is one
        more channel of the input.
    :param dropout: in the U-Net's upward blocks, in training only.
    :param features: features of the branch of the second discriminator.
    :param conditioned: whether corner, scale and metadata steer the U-Net's norms.
    :param criterion: of the adversaries.
    :param adversarial: weight of both adversaries.
    :param reconstruction: weight of the reconstruction of the record with its own code.
    :param distance: between signals: "ffl+hsl", "ffl", "hsl", "l1" or "l2".
    :param kl: weight of the Kullback-Leibler divergence of codes from N(0, 1).
    :param latent: weight of the recovery of the drawn code (the thesis finds it of no help).
    """

    width: int = 64
    depth: int = 8
    encoder_width: int = 16
    code: int = 128
    injection: str = "full"
    dropout: float = 0.0
    features: int = 256
    conditioned: bool = True
    criterion: str = "bce"
    adversarial: float = 1.0
    reconstruction: float = 10.0
    distance: str = "ffl+hsl"
    kl: float = 0.01
    latent: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.injection not in ("full", "once"):
            raise InputError(f"injection is {self.injection!r}; it must be 'full' or 'once'.")


class BicycleGAN(CodedMethod):
    """A U-Net that takes a code beside the low frequencies (thesis, section 5.1; Zhu et al., 2017).

    With x the low frequencies, y the record, F(y) its code, N(m, v) in distribution, and z ~
    N(0, 1), the losses by name (d is ``distance``):

        pair      GAN on pairs: (x, y) against (x, G(x, F(y)))
        drawn     GAN on y against G(x, z)
        rebuild   d(G(x, F(y)), y)
        kl        KL(N(m, v) || N(0, 1))
        latent    |F(G(x, z)) - z|, Eq. 5.6
    """

    summary = "Conditional U-Net with a code that says which of many possible records it makes"
    citation = "Zhu et al. (2017), Toward multimodal image-to-image translation, NeurIPS 30"
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": {
            **{"width": 16, "depth": 7, "encoder_width": 8, "code": 32, "features": 64},
            "training.batch": 16,
        },
    }
    training_defaults: ClassVar[Mapping[str, Any]] = {
        "lr_generator": 2e-4,
        "lr_discriminator": 1e-4,
    }
    drawn = ("code",)
    kinds = ("broadband",)  # low frequencies are the input and have no decoder

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        full = o.injection == "full"
        conditions = (CONDITIONS if o.conditioned else 0) + (o.code if full else 0)
        inputs = 3 if full else 4
        self.generator = UNet(inputs, 3, o.width, o.depth, conditions, o.dropout)
        # Injected once, the code is one more channel.
        self.channel = None if full else nn.Linear(o.code, self.samples)
        self.encoder = Encoder(self.samples, o.encoder_width, 2 * o.code, conformers=False)
        self.discriminators["pair"] = PatchDiscriminator(6)
        self.discriminators["drawn"] = nn.Sequential(
            SignalBranch(self.samples, o.encoder_width, o.features), JointHead(o.features)
        )
        self.criterion = criterion(o.criterion)
        self.normal = {"code": (o.code,)}
        adversaries = {"pair": o.adversarial, "drawn": o.adversarial}
        self.loss_weights = {
            "generator": {
                **adversaries,
                **{"rebuild": o.reconstruction, "kl": o.kl},
                **({"latent": o.latent} if o.latent else {}),
            },
            "discriminator": dict(adversaries),
        }

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The low frequencies themselves; of a record, the mean of its code."""
        return {"low": signal} if kind == "low" else {"code": self._encode(signal)[0]}

    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`."""
        low, code = codes["low"], codes["code"]
        steering = [conditions.vector] if self.options.conditioned else []
        if self.channel is None:
            steering.append(code)
        else:
            low = torch.cat([low, self.channel(code)[:, None]], dim=1)
        return torch.tanh(self.generator(low, torch.cat(steering, dim=1) if steering else None))

    def _encode(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and ln variance of the code of a normalized record: (rows, code) each."""
        mean, log_variance = self.encoder(signal).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 8.0)

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, conditions = self.signals(batch)
        mean, log_variance = self._encode(recorded)
        code = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        drawn_code = torch.randn_like(mean)
        drawn = self.decode({"low": low, "code": drawn_code}, "broadband", conditions)
        outputs = {
            **{"low": low, "recorded": recorded, "mean": mean, "log_variance": log_variance},
            "rebuilt": self.decode({"low": low, "code": code}, "broadband", conditions),
            "drawn": drawn,
        }
        if self.options.latent:
            # The latent loss trains the generator, not the encoder.
            with frozen(self.encoder.parameters()):
                outputs["code_error"] = (self._encode(drawn)[0] - drawn_code).abs().mean()
        return outputs

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        losses = {
            name: self.criterion.generator(generated)
            for name, (_, generated) in self._logits(outputs).items()
        }
        pair = outputs["rebuilt"], outputs["recorded"]
        losses["rebuild"] = distance(*pair, self.options.distance)
        losses["kl"] = kl_to_normal(outputs["mean"], outputs["log_variance"])
        if self.options.latent:
            losses["latent"] = outputs["code_error"]
        return losses

    def discriminator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        return {
            name: self.criterion.discriminator(recorded, generated)
            for name, (recorded, generated) in self._logits(outputs).items()
        }

    def _logits(self, outputs: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        """For recorded and for generated signals: reconstructions in pairs, draws alone."""
        pair, drawn = self.discriminators["pair"], self.discriminators["drawn"]
        low = outputs["low"]
        recorded, rebuilt = (
            pair(torch.cat([low, outputs[name]], dim=1)) for name in ("recorded", "rebuilt")
        )
        return {
            "pair": (recorded, rebuilt),
            "drawn": (drawn(outputs["recorded"]), drawn(outputs["drawn"])),
        }
