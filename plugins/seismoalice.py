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
from obspy_broadband.method.latent import CodedMethod, Codes
from obspy_broadband.method.neural import CONDITIONS
from obspy_broadband.method.shape import ShapeOptions
from obspy_broadband.nn.autoencoder import Decoder, Encoder
from obspy_broadband.nn.discriminators import CodeBranch, JointHead, SignalBranch
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
    :param features: numbers that each branch of a discriminator hands on.
    :param conditioned: whether corner, scale and metadata steer the broadband decoder's norms.
    :param criterion: of the adversaries: "bce", "hinge", "least-squares" and others.
    :param adversarial: weight of the three adversaries.
    :param reconstruction: weight of what is rebuilt and translated.
    :param distance: between signals: "ffl+hsl", "ffl", "hsl", "l1" or "l2".
    :param phase: weight of the phase alignment; above 0 a picker's weights are needed.
    :param picker: "eqtransformer" or "phasenet".
    :param picker_weights: a name that SeisBench knows, or a path.
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

    :param specific: length of the part that low frequencies do not have; ``code`` is the common
        part's.
    :param decoder: "conformer": the specific part is joined to the common one; "adain": it steers
        the norms; "unet": it steers the norms, and the encoder's features are joined on the way up.
    :param pull: weight of the distance between the common codes of a record and of its low
        frequencies.
    :param cycle: weight of the record translated with its own specific code (the explicit
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
    """One encoder for both kinds of signal, two decoders (thesis, section 4.5).

    One-to-one: a record's code holds all of it, and that of its low frequencies is pushed to be the
    same by translating both ways.
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
        known = CONDITIONS if o.conditioned else 0
        self.normal = {"code": (o.code,)}
        self.encoder = Encoder(self.samples, o.width, o.code, standard=True)
        sizes = {"code": o.code, "conformers": (True, o.late_conformer)}
        self.to_broadband = Decoder(self.samples, o.width, conditions=known, **sizes)
        self.to_low = Decoder(self.samples, o.width, **sizes)
        for kind in ("low", "broadband"):
            self.discriminators[kind] = SignalBranch(self.samples, o.width, o.features)
            self.discriminators[f"{kind}_code"] = CodeBranch(o.code, o.features)
            self.discriminators[f"{kind}_head"] = JointHead(2 * o.features)
        self.discriminators["pair_head"] = JointHead(2 * o.features)
        self.criterion = criterion(o.criterion)
        self.alignment = Alignment(o.picker, o.picker_weights) if o.phase else None
        adversaries = {f"joint_{name}": o.adversarial for name in ("broadband", "low", "pair")}
        rebuilt = ("rebuild_broadband", "rebuild_low", "translate_broadband", "translate_low")
        self.loss_weights = {
            "generator": adversaries
            | dict.fromkeys(rebuilt, o.reconstruction)
            | ({"phase": o.phase} if o.phase else {}),
            "discriminator": dict(adversaries),
        }

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The code of a normalized signal, (rows, code): one encoder for both kinds."""
        return {"code": self.encoder(signal)}

    def _encode_both(self, low: Tensor, recorded: Tensor) -> tuple[Codes, Codes]:
        """Codes of low frequencies and of records: standardized together, or they would be alike
        in the mean whatever they are.
        """
        codes = self.encode(torch.cat([low, recorded]), "broadband")
        pairs = {name: code.chunk(2) for name, code in codes.items()}
        of_low, of_recorded = ({k: pair[one] for k, pair in pairs.items()} for one in (0, 1))
        return of_low, of_recorded

    def decode(self, codes: Codes, kind: str, conditions: Tensor) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`."""
        if kind == "low":
            return self.to_low(codes["code"])
        return self.to_broadband(codes["code"], conditions if self.options.conditioned else None)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, known = self.signals(batch)
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
            outputs[way] = self.decode(codes, way.split("_")[1], known)
        return outputs

    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        # Both the encoder and the decoder want to be taken for the other: labels change places.
        losses = {
            f"joint_{name}": self.criterion.discriminator(generated, recorded)
            for name, (recorded, generated) in self._judge(outputs).items()
        }
        for name, made, wanted in (
            ("rebuild_broadband", "rebuilt_broadband", "recorded"),
            ("rebuild_low", "rebuilt_low", "low"),
            ("translate_broadband", "translated_broadband", "recorded"),
            ("translate_low", "translated_low", "low"),
        ):
            losses[name] = distance(outputs[made], outputs[wanted], self.options.distance)
        if self.alignment is not None:
            pair = outputs["translated_broadband"], outputs["recorded"]
            losses["phase"] = self.alignment(*pair)
        return losses

    def discriminator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.discriminator_losses`."""
        return {
            f"joint_{name}": self.criterion.discriminator(recorded, generated)
            for name, (recorded, generated) in self._judge(outputs).items()
        }

    def _judge(self, outputs: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        """Logits of the three adversaries, for what is recorded and for what is generated.

        The pair's adversary looks at (low frequencies, their translation) against (translation,
        record), through the branches of the other two.
        """
        seen = {
            name: self.discriminators[kind](outputs[name])
            for kind, names in (
                ("low", ("low", "drawn_low", "translated_low")),
                ("broadband", ("recorded", "drawn_broadband", "translated_broadband")),
            )
            for name in names
        }
        judged = {}
        for kind, signal, code in (
            ("low", "low", self._code_of_low(outputs)),
            ("broadband", "recorded", outputs["of_recorded"]),
        ):
            drawn = self._drawn_for(kind, outputs)
            branch, head = (self.discriminators[f"{kind}_{part}"] for part in ("code", "head"))
            judged[kind] = (
                head(torch.cat([seen[signal], branch(code)], dim=1)),
                head(torch.cat([seen[f"drawn_{kind}"], branch(drawn)], dim=1)),
            )
        head = self.discriminators["pair_head"]
        judged["pair"] = (
            head(torch.cat([seen["low"], seen["translated_broadband"]], dim=1)),
            head(torch.cat([seen["translated_low"], seen["recorded"]], dim=1)),
        )
        return judged

    def _code_of_low(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["of_low"]

    def _drawn_for(self, kind: str, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["drawn"]


class FactorizedSeismoALICE(SharedSeismoALICE):
    """The code has a common part, and one that low frequencies do not have (thesis, section 4.6).

    One-to-many: low frequencies give the common part, the specific one is drawn.
    """

    summary = "Adversarially learned inference, codes with a common and a specific part"
    citation = _CITATION
    Options = FactorizedOptions
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "thesis": {},
        # With the other decoders all that a record is must pass through the code, which hundreds
        # of steps did not teach.
        "small": _SMALL | {"code": 128, "specific": 64, "decoder": "unet"},
    }
    drawn = ("specific",)
    common = "common"

    def __init__(self, options: Any = None):
        super().__init__(options)
        o = self.options
        whole = o.code + o.specific
        self.normal = {"common": (o.code,), "specific": (o.specific,)}
        steered = o.decoder != "conformer"
        known = (CONDITIONS if o.conditioned else 0) + (o.specific if steered else 0)
        self.encoder = Encoder(self.samples, o.width, whole, standard=True)
        self.to_broadband = Decoder(
            self.samples,
            o.width,
            code=o.code if steered else whole,
            conditions=known,
            skips=o.decoder == "unet",
            conformers=(True, o.late_conformer),
        )
        self.discriminators["broadband_code"] = CodeBranch(whole, o.features)
        weights = dict(self.loss_weights["generator"])
        del weights["translate_broadband"]  # that draws what the record's own code knows
        weights |= {"pull": o.pull} | ({"cycle": o.cycle} if o.cycle else {})
        self.loss_weights = {**self.loss_weights, "generator": weights}

    def encode(self, signal: Tensor, kind: str) -> Codes:
        """Common and specific part; for the decoder with skips, the encoder's features as well."""
        code, features = self.encoder.with_features(signal)
        common, specific = code.split([self.options.code, self.options.specific], dim=1)
        codes = {"common": common, "specific": specific}
        if self.options.decoder == "unet":
            codes |= {f"features{place}": one for place, one in enumerate(features)}
        return codes

    def decode(self, codes: Codes, kind: str, conditions: Tensor) -> Tensor:
        """See :meth:`obspy_broadband.method.latent.CodedMethod.decode`.

        The decoder with skips cannot do without an encoder's features; where codes have none,
        they are those of silence.
        """
        common = codes["common"]
        if kind == "low":
            return self.to_low(common)
        specific, known = codes["specific"], [conditions] if self.options.conditioned else []
        if self.options.decoder == "conformer":
            return self.to_broadband(torch.cat([common, specific], dim=1), *known)
        features = [value for name, value in codes.items() if name.startswith("features")]
        if self.options.decoder == "unet" and not features:
            silence = common.new_zeros(len(common), 3, self.samples)
            features = self.encoder.features(silence)
        return self.to_broadband(common, torch.cat([*known, specific], dim=1), features)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.forward`."""
        low, recorded, known = self.signals(batch)
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
            outputs[way] = self.decode(codes, way.split("_")[1], known)
        return outputs

    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.generator_losses`."""
        losses = super().generator_losses(batch, outputs)
        del losses["translate_broadband"]
        size = self.options.code
        apart = outputs["of_low"][:, :size] - outputs["of_recorded"][:, :size]
        losses["pull"] = apart.square().mean()
        if self.options.cycle:
            pair = outputs["cycled_broadband"], outputs["recorded"]
            losses["cycle"] = distance(*pair, self.options.distance)
        return losses

    def _code_of_low(self, outputs: dict[str, Tensor]) -> Tensor:
        return outputs["of_low"][:, : self.options.code]

    def _drawn_for(self, kind: str, outputs: dict[str, Tensor]) -> Tensor:
        drawn = outputs["drawn"]
        return drawn if kind == "broadband" else drawn[:, : self.options.code]
