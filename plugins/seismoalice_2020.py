"""SeismoALICE as first published: two auto-encoders, then a bridge between their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from obspy_broadband import Batch, InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import DEPTH, Decoder, Encoder
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.nn.discriminators import CodeBranch, JointHead, SignalBranch
from obspy_broadband.nn.residual import ResidualSame
from obspy_broadband.training.adversaries import criterion

STAGES = ("low", "broadband", "hybrid")


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of the first SeismoALICE.

    :param stage: of training: "low" and "broadband", the auto-encoders of low frequencies and of
        records; "hybrid", the bridge between their codes. Each stage starts from the weights of the
        one before (``--from``).
    :param width: channels after an encoder's first block.
    :param code: channels of a code, a feature map of samples / 64.
    :param bridge: residual blocks between one code and the other.
    :param features: features of each branch of a discriminator.
    :param conditioned: whether corner, scale and metadata steer the broadband decoder's norms.
    :param criterion: of the adversaries of the first two stages.
    :param hybrid_criterion: of the adversaries of the third stage.
    :param adversarial: weight of each adversary.
    :param reconstruction: weight of each l1 distance between signals, or codes.
    """

    stage: str = "hybrid"
    width: int = 16
    code: int = 32
    bridge: int = 4
    features: int = 256
    conditioned: bool = True
    criterion: str = "bce"
    hybrid_criterion: str = "wasserstein"
    adversarial: float = 1.0
    reconstruction: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stage not in STAGES:
            raise InputError(f"stage is {self.stage!r}; it must be one of {', '.join(STAGES)}.")


class OriginalSeismoALICE(CodedMethod):
    """Problems P_x, P_y and P_z of Gatti and Clouteau (2020), one after another.

    One-to-one: the code of low frequencies is bridged to that of a record, which is decoded. With
    F and G the encoder and decoder of one kind of signal y, and z ~ N(0, 1), the losses of the
    first two stages by name (Eq. 4.4) are

        joint           ALI of (y, F(y)) against (G(z), z)
        signal, code    GAN on y against G(z), and on z against F(y)
        rebuild         |G(F(y)) - y|
        rebuild_code    |F(G(z)) - z|

    and with B_x, B_y the bridges to either kind of code, those of the third (Eq. 4.6)

        signal_*, code_*    GAN on signals and codes that went over a bridge
        cycle_broadband     |G_y(B_y(B_x(F_y(y)))) - y|
        translate_low       |G_x(B_x(F_y(y))) - x|
    """

    summary = "The three-stage original: two auto-encoders and a bridge between their codes"
    citation = "Gatti and Clouteau (2020), CMAME 372, 113421"
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": {
            **{"width": 8, "code": 16, "features": 64, "training.batch": 8},
            "training.lr_generator": 1e-3,  # thousands of steps, not hundreds of thousands
            # Wasserstein critics are not bounded: within a hundred steps they outweigh the
            # distances a hundredfold.
            "hybrid_criterion": "bce",
        },
    }
    training_defaults: ClassVar[Mapping[str, Any]] = {
        "lr_generator": 2e-4,
        "lr_discriminator": 1e-4,
    }

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        conditions = CONDITIONS if o.conditioned else 0
        shape = (o.code, self.samples // 2**DEPTH)
        self.normal = {"code": shape, "code_low": shape}
        self.encoders = nn.ModuleDict({kind: _encoder(self.samples, o) for kind in self.kinds})
        self.widen = nn.ModuleDict(
            {kind: nn.Conv1d(o.code, o.width * 2 ** (DEPTH - 1), 1) for kind in self.kinds}
        )
        self.decoders = nn.ModuleDict(
            {
                kind: Decoder(self.samples, o.width, None, size, conformers=(False, False))
                for kind, size in (("low", 0), ("broadband", conditions))
            }
        )
        # By target: "broadband" from the code of low frequencies to that of a record.
        self.bridges = nn.ModuleDict({kind: _bridge(o) for kind in self.kinds})
        trained = {"low": "low", "broadband": "broadband"}
        for kind in self.kinds:
            for part in (self.encoders, self.widen, self.decoders):
                part[kind].requires_grad_(trained.get(o.stage) == kind)
            self.bridges[kind].requires_grad_(o.stage == "hybrid")
        self._add_adversaries(shape)
        # The score is of translations, which the first two stages do not train.
        self.keep = "best" if o.stage == "hybrid" else "last"

    def _add_adversaries(self, shape: tuple[int, int]) -> None:
        o, size = self.options, shape[0] * shape[1]
        kinds = self.kinds if o.stage == "hybrid" else (o.stage,)
        for kind in kinds:
            self.discriminators[kind] = SignalBranch(self.samples, o.width, o.features)
            self.discriminators[f"{kind}_head"] = JointHead(o.features)
            self.discriminators[f"{kind}_code"] = CodeBranch(size, o.features)
            self.discriminators[f"{kind}_code_head"] = JointHead(o.features)
        if o.stage == "hybrid":
            self.criterion = criterion(o.hybrid_criterion)
            adversaries = [f"{part}_{kind}" for part in ("signal", "code") for kind in kinds]
            distances = ["cycle_broadband", "translate_low"]
        else:
            self.criterion = criterion(o.criterion)
            self.discriminators["joint"] = JointHead(2 * o.features)
            adversaries, distances = ["joint", "signal", "code"], ["rebuild", "rebuild_code"]
        adversarial = dict.fromkeys(adversaries, o.adversarial)
        self.loss_weights = {
            "generator": {**adversarial, **dict.fromkeys(distances, o.reconstruction)},
            "discriminator": adversarial,
        }

    def realize(self, batch: Batch[np.ndarray], seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`.

        :raises InputError: with the weights of a stage that does not translate yet.
        """
        stage = self.options.stage
        if self.weights is not None and self.weights.card["options"]["stage"] == stage != "hybrid":
            raise InputError(
                f"The weights {self.weights.path} are those of stage {stage!r}, which translates "
                "nothing yet: train the next with --from, up to stage 'hybrid'."
            )
        return super().realize(batch, seeds)

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The code of one kind of signal, (rows, code, samples / 64)."""
        return {"code_low" if kind == "low" else "code": self.encoders[kind](signal)}

    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """From the kind's own code, or by the bridge from that of the other kind."""
        own, other = ("code_low", "code") if kind == "low" else ("code", "code_low")
        code = codes[own] if own in codes else self.bridges[kind](codes[other])
        conditioned = kind == "broadband" and self.options.conditioned
        steering = conditions.vector if conditioned else None
        return self.decoders[kind](self.widen[kind](code), steering)

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, conditions = self.signals(batch)
        if self.options.stage == "hybrid":
            return self._translate_both(low, recorded, conditions)
        kind = self.options.stage
        signal = low if kind == "low" else recorded
        codes = self.encode(signal, kind)
        ((name, code),) = codes.items()
        drawn = torch.randn_like(code)
        generated = self.decode({name: drawn}, kind, conditions)
        return {
            **{"signal": signal, "code": code, "drawn": drawn, "generated": generated},
            "rebuilt": self.decode(codes, kind, conditions),
            "rebuilt_code": self.encode(generated, kind)[name],
        }

    def _translate_both(
        self, low: Tensor, recorded: Tensor, conditions: Conditions
    ) -> dict[str, Tensor]:
        """Signals and codes of the third stage; generated codes and signals went over a bridge."""
        code_low, code = self.encoders["low"](low), self.encoders["broadband"](recorded)
        bridged, bridged_low = self.bridges["broadband"](code_low), self.bridges["low"](code)
        cycled = self.bridges["broadband"](bridged_low)
        return {
            **{"signal_low": low, "signal_broadband": recorded},
            **{"code_low": torch.randn_like(code), "code_broadband": torch.randn_like(code)},
            **{"generated_code_low": bridged_low, "generated_code_broadband": bridged},
            "generated_signal_low": self.decode({"code_low": bridged_low}, "low", conditions),
            "generated_signal_broadband": self.decode({"code": bridged}, "broadband", conditions),
            "cycled": self.decode({"code": cycled}, "broadband", conditions),
        }

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        losses = {
            # Encoder and decoder try to be taken for each other: the labels are swapped.
            name: self.criterion.discriminator(generated, recorded)
            if name == "joint"
            else self.criterion.generator(generated)
            for name, (recorded, generated) in self._logits(outputs).items()
        }
        if self.options.stage == "hybrid":  # Eq. 4.6
            losses["cycle_broadband"] = _l1(outputs["cycled"], outputs["signal_broadband"])
            losses["translate_low"] = _l1(outputs["generated_signal_low"], outputs["signal_low"])
        else:  # Eq. 4.4
            losses["rebuild"] = _l1(outputs["rebuilt"], outputs["signal"])
            losses["rebuild_code"] = _l1(outputs["rebuilt_code"], outputs["drawn"])
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
        """For recorded signals (of codes: drawn from N(0, 1)) and for generated ones."""
        stage, adversaries = self.options.stage, self.discriminators
        if stage == "hybrid":
            return {
                f"{part}_{kind}": (
                    self._logit(part, kind, outputs[f"{part}_{kind}"]),
                    self._logit(part, kind, outputs[f"generated_{part}_{kind}"]),
                )
                for part in ("signal", "code")
                for kind in self.kinds
            }
        branch, code_branch = adversaries[stage], adversaries[f"{stage}_code"]
        recorded, generated = branch(outputs["signal"]), branch(outputs["generated"])
        code = code_branch(outputs["code"].flatten(1))
        drawn = code_branch(outputs["drawn"].flatten(1))
        head, code_head = adversaries[f"{stage}_head"], adversaries[f"{stage}_code_head"]
        joint = adversaries["joint"]
        return {
            "joint": (
                joint(torch.cat([recorded, code], 1)),
                joint(torch.cat([generated, drawn], 1)),
            ),
            "signal": (head(recorded), head(generated)),
            "code": (code_head(drawn), code_head(code)),
        }

    def _logit(self, part: str, kind: str, value: Tensor) -> Tensor:
        """Of a "signal" or a "code" alone."""
        name = kind if part == "signal" else f"{kind}_code"
        features = self.discriminators[name](value if part == "signal" else value.flatten(1))
        return self.discriminators[f"{name}_head"](features)


def _encoder(samples: int, options: Options) -> nn.Sequential:
    """Residual blocks down to samples / 64, then to the channels of the code."""
    body = Encoder(samples, options.width, code=None, conformers=False)
    return nn.Sequential(body, nn.Conv1d(body.shape[0], options.code, 1))


def _bridge(options: Options) -> nn.Sequential:
    return nn.Sequential(*(ResidualSame(options.code) for _ in range(options.bridge)))


def _l1(generated: Tensor, target: Tensor) -> Tensor:
    return (generated - target).abs().mean()
