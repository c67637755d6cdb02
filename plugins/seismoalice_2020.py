"""SeismoALICE as it was first published: two auto-encoders, then a bridge between their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from obspy_broadband import Batch, InputError
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.neural import CONDITIONS
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import DEPTH, Decoder, Encoder
from obspy_broadband.nn.discriminators import CodeBranch, JointHead, SignalBranch
from obspy_broadband.nn.residual import ResidualSame
from obspy_broadband.training.adversaries import criterion

STAGES = ("low", "broadband", "hybrid")


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of the first SeismoALICE.

    :param stage: what a run trains: "low" and "broadband" the auto-encoders of low frequencies and
        of records, "hybrid" the bridge between their codes. Each run starts from the weights of the
        one before (``--from``).
    :param width: channels after an encoder's first block.
    :param code: channels of a code, a feature map of samples / 64.
    :param bridge: residual blocks that lead from one code to the other.
    :param features: numbers that each branch of a discriminator hands on.
    :param conditioned: whether corner, scale and metadata steer the broadband decoder's norms.
    :param criterion: of the adversaries of the first two stages.
    :param hybrid_criterion: of those of the third.
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

    One-to-one: the code of low frequencies is led to that of a record, which is decoded.
    """

    summary = "The three-stage original: two auto-encoders and a bridge between their codes"
    citation = "Gatti and Clouteau (2020), CMAME 372, 113421"
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": {
            **{"width": 8, "code": 16, "features": 64, "training.batch": 8},
            "training.lr_generator": 1e-3,  # thousands of steps, not hundreds of thousands
            # Critics are not bounded: within a hundred steps they count a hundred times as much as
            # what the bridge has to keep.
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
        known = CONDITIONS if o.conditioned else 0
        shape = (o.code, self.samples // 2**DEPTH)
        self.normal = {"code": shape, "code_low": shape}
        self.encoders = nn.ModuleDict({kind: _encoder(self.samples, o) for kind in self.kinds})
        self.widen = nn.ModuleDict(
            {kind: nn.Conv1d(o.code, o.width * 2 ** (DEPTH - 1), 1) for kind in self.kinds}
        )
        self.decoders = nn.ModuleDict(
            {
                kind: Decoder(self.samples, o.width, None, steer, conformers=(False, False))
                for kind, steer in (("low", 0), ("broadband", known))
            }
        )
        # "broadband": from the code of low frequencies to that of a record.
        self.bridges = nn.ModuleDict({kind: _bridge(o) for kind in self.kinds})
        trained = {"low": "low", "broadband": "broadband"}
        for kind in self.kinds:
            for part in (self.encoders, self.widen, self.decoders):
                part[kind].requires_grad_(trained.get(o.stage) == kind)
            self.bridges[kind].requires_grad_(o.stage == "hybrid")
        self._add_adversaries(shape)
        # The score judges the translation, which the first two stages do not make yet.
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
            adversaries = [f"{what}_{kind}" for what in ("signal", "code") for kind in kinds]
            distances = ["cycle_broadband", "translate_low"]
        else:
            self.criterion = criterion(o.criterion)
            self.discriminators["joint"] = JointHead(2 * o.features)
            adversaries, distances = ["joint", "signal", "code"], ["rebuild", "rebuild_code"]
        judged = dict.fromkeys(adversaries, o.adversarial)
        self.loss_weights = {
            "generator": {**judged, **dict.fromkeys(distances, o.reconstruction)},
            "discriminator": judged,
        }

    def realize(self, batch: Batch, seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`.

        :raises InputError: with the weights of a stage that makes no translation yet.
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

    def decode(self, codes: Codes, kind: str, conditions: Tensor) -> Tensor:
        """From the kind's own code, or over the bridge from the other's."""
        own, other = ("code_low", "code") if kind == "low" else ("code", "code_low")
        code = codes[own] if own in codes else self.bridges[kind](codes[other])
        steer = conditions if kind == "broadband" and self.options.conditioned else None
        return self.decoders[kind](self.widen[kind](code), steer)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, known = self.signals(batch)
        if self.options.stage == "hybrid":
            return self._cross(low, recorded, known)
        kind = self.options.stage
        signal = low if kind == "low" else recorded
        codes = self.encode(signal, kind)
        ((name, code),) = codes.items()
        drawn = torch.randn_like(code)
        made = self.decode({name: drawn}, kind, known)
        return {
            **{"signal": signal, "code": code, "drawn": drawn, "made": made},
            "rebuilt": self.decode(codes, kind, known),
            "found": self.encode(made, kind)[name],
        }

    def _cross(self, low: Tensor, recorded: Tensor, known: Tensor) -> dict[str, Tensor]:
        code_low, code = self.encoders["low"](low), self.encoders["broadband"](recorded)
        led, led_low = self.bridges["broadband"](code_low), self.bridges["low"](code)
        back = self.bridges["broadband"](led_low)
        return {
            **{"signal_low": low, "signal_broadband": recorded},
            **{"code_low": torch.randn_like(code), "code_broadband": torch.randn_like(code)},
            **{"made_code_low": led_low, "made_code_broadband": led},
            "made_signal_low": self.decode({"code_low": led_low}, "low", known),
            "made_signal_broadband": self.decode({"code": led}, "broadband", known),
            "cycled": self.decode({"code": back}, "broadband", known),
        }

    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        losses = {
            # Encoder and decoder want to be taken for each other: labels change places.
            name: self.criterion.discriminator(generated, recorded)
            if name == "joint"
            else self.criterion.generator(generated)
            for name, (recorded, generated) in self._judge(outputs).items()
        }
        if self.options.stage == "hybrid":  # Eq. 4.6
            losses["cycle_broadband"] = _l1(outputs["cycled"], outputs["signal_broadband"])
            losses["translate_low"] = _l1(outputs["made_signal_low"], outputs["signal_low"])
        else:  # Eq. 4.4
            losses["rebuild"] = _l1(outputs["rebuilt"], outputs["signal"])
            losses["rebuild_code"] = _l1(outputs["found"], outputs["drawn"])
        return losses

    def discriminator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        return {
            name: self.criterion.discriminator(recorded, generated)
            for name, (recorded, generated) in self._judge(outputs).items()
        }

    def _judge(self, outputs: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        """Logits for what is recorded (of codes: drawn) and for what is generated."""
        stage, judges = self.options.stage, self.discriminators
        if stage == "hybrid":
            return {
                f"{what}_{kind}": (
                    self._alone(what, kind, outputs[f"{what}_{kind}"]),
                    self._alone(what, kind, outputs[f"made_{what}_{kind}"]),
                )
                for what in ("signal", "code")
                for kind in self.kinds
            }
        of, of_made = (judges[stage](outputs[name]) for name in ("signal", "made"))
        code, drawn = (judges[f"{stage}_code"](outputs[n].flatten(1)) for n in ("code", "drawn"))
        head, code_head = judges[f"{stage}_head"], judges[f"{stage}_code_head"]
        joint = judges["joint"]
        return {
            "joint": (joint(torch.cat([of, code], 1)), joint(torch.cat([of_made, drawn], 1))),
            "signal": (head(of), head(of_made)),
            "code": (code_head(drawn), code_head(code)),
        }

    def _alone(self, what: str, kind: str, value: Tensor) -> Tensor:
        name = kind if what == "signal" else f"{kind}_code"
        seen = self.discriminators[name](value if what == "signal" else value.flatten(1))
        return self.discriminators[f"{name}_head"](seen)


def _encoder(samples: int, options: Options) -> nn.Sequential:
    """Down to samples / 64, then to the code's channels."""
    body = Encoder(samples, options.width, code=None, conformers=False)
    return nn.Sequential(body, nn.Conv1d(body.shape[0], options.code, 1))


def _bridge(options: Options) -> nn.Sequential:
    return nn.Sequential(*(ResidualSame(options.code) for _ in range(options.bridge)))


def _l1(made: Tensor, wanted: Tensor) -> Tensor:
    return (made - wanted).abs().mean()
