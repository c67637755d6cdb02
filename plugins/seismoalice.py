"""SeismoALICE: adversarially learned inference between signals and codes, in both directions.

Two methods that share their networks: one code for both kinds of signal (shared), or a common and a
specific part of it (factorized).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from obspy_broadband import Batch, InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import Decoder, Encoder
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.nn.discriminators import CodeBranch, JointAdversary
from obspy_broadband.training.adversaries import criterion
from obspy_broadband.training.arrivals import Alignment
from obspy_broadband.training.objectives import distance

_CITATION = (
    "Gatti and Clouteau (2020), CMAME 372, 113421; Dumoulin et al. (2017), ICLR (ALI); "
    "Gulati et al. (2020), Interspeech (Conformer)"
)
_SMALL = {
    "width": 4,
    "features": 64,
    "late_conformer": False,
    "phase": 0.0,
    "training.batch": 8,
    "training.lr_generator": 1e-3,  # thousands of steps, not hundreds of thousands
}
_TRAINING = {"lr_generator": 4e-4, "lr_discriminator": 1e-4}


@dataclass(frozen=True)
class Options(ShapeOptions):
    """Options of SeismoALICE with shared codes; the defaults are the published sizes.

    :param width: channels after the encoder's first block.
    :param code: length of the code.
    :param late_conformer: whether the decoder has its second Conformer, at half the samples.
    :param features: features of each branch of a discriminator.
    :param conditioned: whether corner, scale and metadata steer the broadband decoder's norms.
    :param criterion: of the adversaries: "bce", "hinge", "least-squares" and others.
    :param adversarial: weight of the three adversaries.
    :param reconstruction: weight of reconstructions and translations.
    :param distance: between signals: "ffl+hsl", "ffl", "hsl", "l1" or "l2".
    :param phase: weight of the phase alignment; above 0 it needs the weights of a picker.
    :param picker: "eqtransformer" or "phasenet".
    :param picker_weights: a name of SeisBench's, or a path.
    """

    width: int = 16
    code: int = 256
    late_conformer: bool = True
    features: int = 256
    conditioned: bool = True
    criterion: str = "bce"
    adversarial: float = 1.0
    reconstruction: float = 10.0
    distance: str = "ffl+hsl"
    phase: float = 0.1
    picker: str = "eqtransformer"
    picker_weights: str = "original"


@dataclass(frozen=True)
class FactorizedOptions(Options):
    """Options of SeismoALICE with factorized codes.

    :param specific: length of the specific part, which low frequencies do not have; ``code`` is
        that of the common part.
    :param decoder: "conformer": specific and common part are concatenated; "adain": the specific
        part steers the norms; "unet": likewise, with skips from the encoder.
    :param pull: weight of the distance between the common codes of a record and of its low
        frequencies.
    :param cycle: weight of the translation with the record's own specific code (the explicit
        broadband reconstruction, which the thesis finds may be left out).
    """

    code: int = 128
    specific: int = 128
    decoder: str = "conformer"
    pull: float = 1.0
    cycle: float = 10.0
    phase: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoder not in ("conformer", "adain", "unet"):
            raise InputError(
                f"decoder is {self.decoder!r}; it must be 'conformer', 'adain' or 'unet'."
            )


class SharedSeismoALICE(CodedMethod):
    """One encoder F for both kinds of signal, two decoders G_x and G_y (thesis, section 4.5).

    One-to-one: a record's code holds all of it, and that of its low frequencies is pushed to be the
    same by translating both ways. With x the low frequencies and y the record, the losses by name
    (d is ``distance``):

        joint_low, joint_broadband    ALI of (signal, code), Eq. 4.18
        joint_pair                    of pairs (x, G_y(F(x))) against (G_x(F(y)), y)
        rebuild_low                   d(G_x(F(x)), x)
        rebuild_broadband             d(G_y(F(y)), y)
        translate_low                 d(G_x(F(y)), x)
        translate_broadband           d(G_y(F(x)), y)
        phase                         arrivals of P and S, Eq. 4.32
    """

    summary = "Adversarially learned inference, one code for low-frequency and broadband signals"
    citation = _CITATION
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        "small": _SMALL | {"code": 128},
    }
    training_defaults: ClassVar[Mapping[str, Any]] = _TRAINING
    common = "code"

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        conditions = CONDITIONS if o.conditioned else 0
        self.normal = {"code": (o.code,)}
        self.encoder = Encoder(self.samples, o.width, o.code, standard=True)
        sizes = {"code": o.code, "conformers": (True, o.late_conformer)}
        self.to_broadband = Decoder(self.samples, o.width, conditions=conditions, **sizes)
        self.to_low = Decoder(self.samples, o.width, **sizes)
        self.discriminators = JointAdversary(
            self.samples, o.width, o.features, {"low": o.code, "broadband": o.code}
        )
        self.criterion = criterion(o.criterion)
        self.alignment = Alignment(o.picker, o.picker_weights) if o.phase else None
        adversaries = {f"joint_{name}": o.adversarial for name in ("broadband", "low", "pair")}
        distances = ("rebuild_broadband", "rebuild_low", "translate_broadband", "translate_low")
        self.loss_weights = {
            "generator": adversaries
            | dict.fromkeys(distances, o.reconstruction)
            | ({"phase": o.phase} if o.phase else {}),
            "discriminator": dict(adversaries),
        }

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The code of a normalized signal, (rows, code): one encoder for both kinds."""
        return {"code": self.encoder(signal)}

    def _encode_both(self, low: Tensor, recorded: Tensor) -> tuple[Codes, Codes]:
        """Codes of low frequencies and of records, standardized together: apart, their means would
        agree whatever the codes are.
        """
        codes = self.encode(torch.cat([low, recorded]), "broadband")
        halves = {name: code.chunk(2) for name, code in codes.items()}
        of_low, of_recorded = ({name: half[k] for name, half in halves.items()} for k in (0, 1))
        return of_low, of_recorded

    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`."""
        if kind == "low":
            return self.to_low(codes["code"])
        steering = conditions.vector if self.options.conditioned else None
        return self.to_broadband(codes["code"], steering)

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, conditions = self.signals(batch)
        of_low, of_recorded = self._encode_both(low, recorded)
        drawn = {"code": torch.randn_like(of_low["code"])}
        outputs = {"low": low, "recorded": recorded}
        outputs |= {"of_low": of_low["code"], "of_recorded": of_recorded["code"]}
        outputs |= {"drawn": drawn["code"]}
        for way, codes in (
            ("drawn_broadband", drawn),
            ("drawn_low", drawn),
            ("rebuilt_broadband", of_recorded),
            ("rebuilt_low", of_low),
            ("translated_broadband", of_low),
            ("translated_low", of_recorded),
        ):
            outputs[way] = self.decode(codes, way.split("_")[1], conditions)
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
            ("translate_broadband", "translated_broadband", "recorded"),
            ("translate_low", "translated_low", "low"),
        ):
            losses[name] = distance(outputs[generated], outputs[target], self.options.distance)
        if self.alignment is not None:
            pair = outputs["translated_broadband"], outputs["recorded"]
            losses["phase"] = self.alignment(*pair)
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
        """Of (signal, code), encoded from a signal or decoded from a drawn code, and of pairs."""
        encoded = {
            "low": (outputs["low"], self._code_of_low(outputs)),
            "broadband": (outputs["recorded"], outputs["of_recorded"]),
        }
        decoded = {
            kind: (outputs[f"drawn_{kind}"], self._drawn_code(kind, outputs))
            for kind in ("low", "broadband")
        }
        translated = {kind: outputs[f"translated_{kind}"] for kind in ("low", "broadband")}
        return self.discriminators(encoded, decoded, translated)

    def _code_of_low(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["of_low"]

    def _drawn_code(self, kind: str, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["drawn"]


class FactorizedSeismoALICE(SharedSeismoALICE):
    """The code has a common part, and one that low frequencies do not have (thesis, section 4.6).

    One-to-many: the common part c is encoded from the low frequencies, the specific part s ~ N(0,
    1) is drawn. Losses as for :class:`SharedSeismoALICE`, with G_x(c) and G_y(c, s), but

        pull     |c(x) - c(y)|²                 in place of translate_broadband
        cycle    d(G_y(c(x), s(y)), y)
    """

    summary = "Adversarially learned inference, codes with a common and a specific part"
    citation = _CITATION
    Options = FactorizedOptions
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        # With the other decoders the code must hold all of a record, which hundreds of steps did
        # not train.
        "small": _SMALL | {"code": 128, "specific": 64, "decoder": "unet"},
    }
    drawn = ("specific",)
    common = "common"

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        size = o.code + o.specific
        self.normal = {"common": (o.code,), "specific": (o.specific,)}
        steered = o.decoder != "conformer"
        conditions = (CONDITIONS if o.conditioned else 0) + (o.specific if steered else 0)
        self.encoder = Encoder(self.samples, o.width, size, standard=True)
        self.to_broadband = Decoder(
            self.samples,
            o.width,
            code=o.code if steered else size,
            conditions=conditions,
            skips=o.decoder == "unet",
            conformers=(True, o.late_conformer),
        )
        self.discriminators["broadband_code"] = CodeBranch(size, o.features)
        weights = dict(self.loss_weights["generator"])
        del weights["translate_broadband"]  # its specific code is drawn, not that of the record
        weights |= {"pull": o.pull} | ({"cycle": o.cycle} if o.cycle else {})
        self.loss_weights = {**self.loss_weights, "generator": weights}

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """Common and specific part; for the decoder with skips, the encoder's features as well."""
        code, features = self.encoder.with_features(signal)
        common, specific = code.split([self.options.code, self.options.specific], dim=1)
        codes = {"common": common, "specific": specific}
        if self.options.decoder == "unet":
            codes |= {f"features{level}": value for level, value in enumerate(features)}
        return codes

    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`.

        The decoder with skips needs an encoder's features; where codes have none, they are those of
        silence.
        """
        common = codes["common"]
        if kind == "low":
            return self.to_low(common)
        specific = codes["specific"]
        steering = [conditions.vector] if self.options.conditioned else []
        if self.options.decoder == "conformer":
            return self.to_broadband(torch.cat([common, specific], dim=1), *steering)
        features = [value for name, value in codes.items() if name.startswith("features")]
        if self.options.decoder == "unet" and not features:
            silence = common.new_zeros(len(common), 3, self.samples)
            features = self.encoder.features(silence)
        return self.to_broadband(common, torch.cat([*steering, specific], dim=1), features)

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, conditions = self.signals(batch)
        of_low, of_recorded = self._encode_both(low, recorded)
        drawn = {name: torch.randn_like(of_low[name]) for name in ("common", "specific")}
        outputs = {"low": low, "recorded": recorded}
        outputs |= {
            name: torch.cat([codes["common"], codes["specific"]], dim=1)
            for name, codes in (("of_low", of_low), ("of_recorded", of_recorded), ("drawn", drawn))
        }
        ways = {
            "drawn_broadband": drawn,
            "drawn_low": drawn,
            "rebuilt_broadband": of_recorded,
            "rebuilt_low": of_low,
            "translated_broadband": {**of_low, "specific": drawn["specific"]},
            "translated_low": of_recorded,
        }
        if self.options.cycle:
            ways["cycled_broadband"] = {**of_low, "specific": of_recorded["specific"]}
        for way, codes in ways.items():
            outputs[way] = self.decode(codes, way.split("_")[1], conditions)
        return outputs

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        losses = super().generator_losses(batch, outputs)
        del losses["translate_broadband"]
        size = self.options.code
        difference = outputs["of_low"][:, :size] - outputs["of_recorded"][:, :size]
        losses["pull"] = difference.square().mean()
        if self.options.cycle:
            pair = outputs["cycled_broadband"], outputs["recorded"]
            losses["cycle"] = distance(*pair, self.options.distance)
        return losses

    def _code_of_low(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["of_low"][:, : self.options.code]

    def _drawn_code(self, kind: str, outputs: dict[str, Tensor]) -> Tensor:
        drawn = outputs["drawn"]
        return drawn if kind == "broadband" else drawn[:, : self.options.code]
