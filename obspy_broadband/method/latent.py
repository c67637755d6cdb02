"""Methods that translate through codes, which can be inspected, drawn and changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MethodError
from ..level.spectral import LEVELS
from ..nn.conditions import Conditions
from ..signal.filters import band_limit
from .conditions import conditions_of
from .contract import Batch, Scenario
from .shape import ShapeMethod

#: Codes by name, each (rows, ...).
Codes = dict[str, Tensor]


class CodedMethod(ShapeMethod):
    """A network of encoders and decoders.

    A subclass sets the names below, and writes :meth:`encode` and :meth:`decode`. ``kind`` is the
    kind of signal, "broadband" or "low", throughout.
    """

    #: Shape, without rows, of each code that training holds near N(0, 1).
    normal: Mapping[str, tuple[int, ...]]
    #: Those of them that a translation draws from N(0, 1); the others are encoded from the low
    #: frequencies.
    drawn: tuple[str, ...] = ()
    #: The code that a record and its low frequencies should share, if there is one.
    common: str | None = None
    #: Kinds of signal that :meth:`decode` can generate.
    kinds: tuple[str, ...] = ("broadband", "low")

    @abstractmethod
    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The codes of a normalized signal, (rows, 3, samples)."""

    @abstractmethod
    def decode(self, codes: Codes, kind: str, conditions: Conditions) -> Tensor:
        """The normalized signal, (rows, 3, samples); codes that are not needed are ignored."""

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        """Standard normal values of the codes that a translation draws."""
        return sum(_size(self.normal[name]) for name in self.drawn)

    @property
    def unconditional(self) -> bool:
        """Whether codes drawn from N(0, 1) alone decode to a record, without low frequencies."""
        return set(self.normal) > set(self.drawn)

    def codes_from_noise(self, noise: Tensor, names: Sequence[str]) -> Codes:
        """Standard normal values, (rows, size), as the codes of these names."""
        shapes = [self.normal[name] for name in names]
        parts = noise.split([_size(shape) for shape in shapes], dim=1)
        return {name: part.unflatten(1, shape) for name, part, shape in zip(names, parts, shapes)}

    def translation_context(self, low: Tensor, conditions: Conditions) -> Codes:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translation_context`.

        The codes of the low frequencies; of a method that draws none, the decoded signal.
        """
        encoded = self.encode(low, "low")
        codes = {name: code for name, code in encoded.items() if name not in self.drawn}
        if self.drawn:
            return codes
        return {"generated": self.decode(codes, "broadband", conditions)}

    def translate(
        self, conditions: Conditions, noise: Tensor, context: Mapping[str, Tensor]
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translate`."""
        if not self.drawn:
            return context["generated"]
        codes = {**context, **self.codes_from_noise(noise, self.drawn)}
        return self.decode(codes, "broadband", conditions)

    @torch.inference_mode()
    def generate(self, seed: int, corner: float, scenario: Scenario) -> np.ndarray:
        """A record of drawn codes, drawn scale and drawn level: (3, samples), m/s².

        :param corner: Hz, above which the level is drawn; below it the codes have decided.
        """
        assert self.level is not None
        self.eval()
        names = tuple(self.normal)
        size = sum(_size(self.normal[name]) for name in names)
        rng = np.random.default_rng(seed)
        # Of the level, of ln(scale), of the codes.
        noise = torch.from_numpy(rng.standard_normal((1, LEVELS + 1 + size), dtype=np.float32))
        noise = noise.to(self.ln_scales.device)
        epsilon, code_noise = noise[:, :LEVELS], noise[:, LEVELS + 1 :]
        ln_scale = self.ln_scales[0] + self.ln_scales[1] * noise[:, LEVELS]
        scale = ln_scale.double().exp().cpu().numpy()
        conditions = conditions_of((scenario,), np.array([corner]), scale).to(noise.device)
        codes = self.codes_from_noise(code_noise, names)
        generated = self.decode(codes, "broadband", conditions).float()
        below = band_limit(generated[0].double().cpu().numpy(), self.sampling_rate, corner)
        low = torch.from_numpy(below / max(np.abs(below).max(), 1e-12))[None].to(generated)
        context = {**self.onset_context(low, conditions), **self.level_context(low, conditions)}
        record = self.impose_level(low, generated, conditions, epsilon, context)
        return record[0].cpu().numpy() * scale


@torch.inference_mode()
def reconstruct_and_translate(
    method: CodedMethod, batch: Batch[Tensor], seed: int = 0
) -> dict[str, Tensor]:
    """Reconstructions and translations of both kinds: normalized signals, (batch, 3, samples).

    "low" and "broadband" are the normalized signals themselves; "rebuilt_broadband" and
    "rebuilt_low" are decoded from their own codes, "translated_broadband" and "translated_low" from
    those of the other kind, with codes drawn from N(0, 1) where the method draws. A kind that the
    method cannot decode is left out.

    :param batch: tensors, with ``broadband``.
    :param seed: of the codes that are drawn.
    """
    method.eval()
    low, recorded, conditions = method.signals(batch)
    of_low, of_recorded = method.encode(low, "low"), method.encode(recorded, "broadband")
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(batch), method.noise_size, generator=generator).to(low.device)
    drawn = method.codes_from_noise(noise, method.drawn)
    codes_by_signal = {
        ("rebuilt", "broadband"): {**of_low, **of_recorded},
        ("rebuilt", "low"): of_low,
        ("translated", "broadband"): {**of_low, **drawn},
        ("translated", "low"): {**of_recorded, **drawn},
    }
    decoded = {
        f"{way}_{kind}": method.decode(codes, kind, conditions)
        for (way, kind), codes in codes_by_signal.items()
        if kind in method.kinds
    }
    return {"low": low, "broadband": recorded, **decoded}


def require_codes(method: Any, name: str) -> CodedMethod:
    """The method itself, if it has codes.

    :param name: for the message.
    :raises MethodError: if it has none.
    """
    if not isinstance(method, CodedMethod):
        raise MethodError(f"{name} has no codes to look at: it goes from signal to signal.")
    return method


def _size(shape: Sequence[int]) -> int:
    return int(torch.Size(shape).numel())
