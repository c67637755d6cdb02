"""MUST: multimodal unsupervised signal translation, with content and style apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from obspy_broadband import Batch
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import Decoder, Encoder
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.nn.discriminators import JointAdversary
from obspy_broadband.nn.residual import ResidualDense
from obspy_broadband.training.adversaries import criterion
from obspy_broadband.training.objectives import distance


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of MUST; the defaults are the published sizes.

    :param width: channels after the encoders' first block.
    :param style: length of the style.
    :param late_conformer: whether the decoders have their second Conformer, at half the samples.
    :param features: features of each branch of a discriminator.
    :param conditioned: whether corner, scale and metadata steer the broadband decoder's norms.
    :param criterion: of the adversaries.
    :param adversarial: weight of the three adversaries.
    :param reconstruction: weight of the reconstruction of both kinds of signal.
    :param content: weight of the distance between the contents of a record and of its low
        frequencies.
    :param hybrid: weight of the translation with the style of its target.
    :param style_weight: weight of the recovery of the drawn style from the translation (MUNIT's
        constraint, which the thesis does without).
    :param distance: between signals: "ffl+hsl", "ffl", "hsl", "l1" or "l2".
    """

    width: int = 16
    style: int = 128
    late_conformer: bool = True
    features: int = 256
    conditioned: bool = True
    criterion: str = "bce"
    adversarial: float = 1.0
    reconstruction: float = 10.0
    content: float = 1.0
    hybrid: float = 10.0
    style_weight: float = 0.0
    distance: str = "ffl+hsl"


class MUST(CodedMethod):
    """Content is a feature map that both kinds of signal share, style a vector from N(0, 1).

    Thesis, section 5.2; after MUNIT (Huang et al., 2018). Two decoders take the content and,
    through AdaIN, the style; three adversaries judge (signal, content, style) of either kind, and
    pairs. With x the low frequencies, y the record, (c, s) their content and style, and s' ~
    N(0, 1), the losses by name (Eq. 5.8-5.21; d is ``distance``):

        joint_*              ALI of (signal, c, s), and of pairs (x, y hat) against (x hat, y)
        rebuild_low          d(G_x(c_x, s_x), x)
        rebuild_broadband    d(G_y(c_y, s_y), y)
        content              d(c_x, c_y)
        hybrid_low           d(G_x(c_y, s_x), x)
        hybrid_broadband     d(G_y(c(G_x(c_x, s_x)), s_y), y)
        style                |s(G_y(c_x, s')) - s'| + |s(G_x(c_y, s'')) - s''|
    """

    summary = "Content and style apart: the simulation's content, a style that is drawn"
    citation = "Huang et al. (2018), Multimodal unsupervised image-to-image translation, ECCV"
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": {
            **{"width": 4, "style": 32, "features": 64, "late_conformer": False},
            # Thousands of steps, not hundreds of thousands.
            **{"training.lr_generator": 1e-3, "training.lr_discriminator": 1e-4},
            "training.batch": 8,
        },
    }
    training_defaults: ClassVar[Mapping[str, Any]] = {
        "lr_generator": 1e-4,
        "lr_discriminator": 1e-5,
    }
    drawn = ("style",)
    common = "content"

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        self.content = Encoder(self.samples, o.width, code=None)
        self.style = Encoder(self.samples, o.width, o.style, conformers=False)
        conditions = CONDITIONS if o.conditioned else 0
        self.steer_broadband = _steering(o.style + conditions, o.features)
        self.steer_low = _steering(o.style, o.features)
        sizes = {"code": None, "conditions": o.features, "conformers": (True, o.late_conformer)}
        self.to_broadband = Decoder(self.samples, o.width, **sizes)
        self.to_low = Decoder(self.samples, o.width, **sizes)
        code = self.content.shape[0] + o.style
        self.discriminators = JointAdversary(
            self.samples, o.width, o.features, {"low": code, "broadband": code}
        )
        self.criterion = criterion(o.criterion)
        self.normal = {"style": (o.style,)}
        adversaries = {f"joint_{name}": o.adversarial for name in ("broadband", "low", "pair")}
        self.loss_weights = {
            "generator": {
                **adversaries,
                **{"rebuild_broadband": o.reconstruction, "rebuild_low": o.reconstruction},
                **{"hybrid_broadband": o.hybrid, "hybrid_low": o.hybrid, "content": o.content},
                **({"style": o.style_weight} if o.style_weight else {}),
            },
            "discriminator": dict(adversaries),
        }

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """Content (rows, channels, samples / 64) and style (rows, style); one encoder for both."""
        return {"content": self.content(signal), "style": self.style(signal)}

    def translation_context(self, low: Tensor, conditions: Conditions) -> Codes:
        """The content alone: a translation does not need the style of its low frequencies."""
        return {"content": self.content(low)}

    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`."""
        content, style = codes["content"], codes["style"]
        if kind == "low":
            return self.to_low(content, self.steer_low(style))
        steering = [style, conditions.vector] if self.options.conditioned else [style]
        return self.to_broadband(content, self.steer_broadband(torch.cat(steering, dim=1)))

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, conditions = self.signals(batch)
        content_low, style_low = self.encode(low, "low").values()
        content, style = self.encode(recorded, "broadband").values()
        drawn, drawn_low = torch.randn_like(style), torch.randn_like(style)

        def decode(content: Tensor, style: Tensor, kind: str) -> Tensor:
            return self.decode({"content": content, "style": style}, kind, conditions)

        rebuilt_low = decode(content_low, style_low, "low")
        outputs = {
            **{"low": low, "recorded": recorded, "content": content, "style": style},
            **{"content_low": content_low, "style_low": style_low},
            **{"drawn": drawn, "drawn_low": drawn_low},
            "rebuilt_broadband": decode(content, style, "broadband"),
            "rebuilt_low": rebuilt_low,
            "translated_broadband": decode(content_low, drawn, "broadband"),
            "translated_low": decode(content, drawn_low, "low"),
            # Eq. 5.15-5.18: with the style of the target; from reconstructed low frequencies.
            "hybrid_low": decode(content, style_low, "low"),
            "hybrid_broadband": decode(self.content(rebuilt_low), style, "broadband"),
        }
        if self.options.style_weight:
            recovered = (
                self.style(outputs["translated_broadband"]),
                self.style(outputs["translated_low"]),
            )
            outputs["style_error"] = torch.stack(
                [
                    (code - target).abs().mean()
                    for code, target in zip(recovered, (drawn, drawn_low))
                ]
            ).sum()
        return outputs

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        # Encoders and decoders try to be taken for each other: the labels are swapped.
        losses = {
            f"joint_{name}": self.criterion.discriminator(generated, recorded)
            for name, (recorded, generated) in self._logits(outputs).items()
        }
        for name, generated, target in (
            ("rebuild_broadband", "rebuilt_broadband", "recorded"),
            ("rebuild_low", "rebuilt_low", "low"),
            ("hybrid_broadband", "hybrid_broadband", "recorded"),
            ("hybrid_low", "hybrid_low", "low"),
        ):
            losses[name] = distance(outputs[generated], outputs[target], self.options.distance)
        contents = outputs["content_low"], outputs["content"]
        losses["content"] = distance(*contents, self.options.distance)
        if self.options.style_weight:
            losses["style"] = outputs["style_error"]
        return losses

    def discriminator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        return {
            f"joint_{name}": self.criterion.discriminator(recorded, generated)
            for name, (recorded, generated) in self._logits(outputs).items()
        }

    def _logits(self, outputs: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        """Of (signal, content, style), encoded from a signal or decoded from a drawn style."""
        encoded, decoded = {}, {}
        for kind, signal, own, other in (
            ("low", "low", "_low", ""),
            ("broadband", "recorded", "", "_low"),
        ):
            code = _joined(outputs[f"content{own}"], outputs[f"style{own}"])
            drawn_code = _joined(outputs[f"content{other}"], outputs[f"drawn{own}"])
            encoded[kind] = outputs[signal], code
            decoded[kind] = outputs[f"translated_{kind}"], drawn_code
        return self.discriminators(encoded, decoded)


def _steering(inputs: int, features: int) -> nn.Sequential:
    """From style and conditions to the vector that steers a decoder's norms."""
    return nn.Sequential(
        nn.Linear(inputs, features), ResidualDense(features), ResidualDense(features)
    )


def _joined(content: Tensor, style: Tensor) -> Tensor:
    """The code that is judged: the content's mean over time, and the style."""
    return torch.cat([content.mean(dim=-1), style], dim=1)
