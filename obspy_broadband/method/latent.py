"""Methods whose translation goes through codes that can be looked at, drawn and changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MethodError
from ..level.spectral import LEVELS
from ..signal.filters import band_limit
from .contract import Batch, Scenario
from .neural import conditions
from .shape import ShapeMethod

#: A code of each name, (rows, ...).
Codes = dict[str, Tensor]


class CodedMethod(ShapeMethod):
    """A network of encoders and decoders.

    A subclass sets the names below, and writes :meth:`encode` and :meth:`decode`. ``kind`` is
    "broadband" or "low" throughout.
    """

    #: Shape of each code, without rows, that training pushes towards N(0, 1).
    normal: Mapping[str, tuple[int, ...]]
    #: Those of them that a translation draws; the others come from the low frequencies.
    drawn: tuple[str, ...] = ()
    #: The code that a record and its low frequencies should have in common, if there is one.
    common: str | None = None
    #: What :meth:`decode` can make.
    kinds: tuple[str, ...] = ("broadband", "low")

    @abstractmethod
    def encode(self, signal: Tensor, kind: str) -> Codes:
        """The codes of a normalized signal, (rows, 3, samples)."""

    @abstractmethod
    def decode(self, codes: Codes, kind: str, conditions: Tensor) -> Tensor:
        """The normalized signal of codes; those it does not need are left alone."""

    @property
    def own_noise(self) -> int:  # type: ignore[override]
        """Numbers that are drawn."""
        return sum(_size(self.normal[name]) for name in self.drawn)

    @property
    def from_nothing(self) -> bool:
        """Whether a record follows from codes drawn from N(0, 1) alone."""
        return set(self.normal) > set(self.drawn)

    def draw_codes(self, numbers: Tensor, names: Sequence[str]) -> Codes:
        """Standard normal numbers, (rows, ...), as codes of these names."""
        shapes = [self.normal[name] for name in names]
        parts = numbers.split([_size(shape) for shape in shapes], dim=1)
        return {name: part.unflatten(1, shape) for name, part, shape in zip(names, parts, shapes)}

    def contents(self, low: Tensor, conditions: Tensor) -> Codes:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.contents`."""
        codes = {k: v for k, v in self.encode(low, "low").items() if k not in self.drawn}
        if self.drawn:
            return codes
        return {"made": self.decode(codes, "broadband", conditions)}

    def translate(self, conditions: Tensor, noise: Tensor, content: Mapping[str, Tensor]) -> Tensor:
        """See :meth:`obspy_broadband.method.shape.ShapeMethod.translate`."""
        if not self.drawn:
            return content["made"]
        codes = {**content, **self.draw_codes(noise, self.drawn)}
        return self.decode(codes, "broadband", conditions)

    @torch.inference_mode()
    def invent(self, seed: int, corner: float, scenario: Scenario) -> np.ndarray:
        """A record of drawn codes, drawn size and drawn level: (3, samples), m/s².

        :param corner: Hz, above which the level is drawn; below it is what the codes say.
        """
        assert self.level is not None
        self.eval()
        names = tuple(self.normal)
        sizes = sum(_size(self.normal[name]) for name in names)
        rng = np.random.default_rng(seed)
        numbers = torch.from_numpy(rng.standard_normal((1, sizes + LEVELS + 1), dtype=np.float32))
        numbers = numbers.to(self.ln_scales.device)
        of_level, of_codes = numbers[:, :LEVELS], numbers[:, LEVELS + 1 :]
        ln_scale = self.ln_scales[0] + self.ln_scales[1] * numbers[:, LEVELS]
        scale = ln_scale.double().exp().cpu().numpy()
        known = conditions((scenario,), np.array([corner]), scale).to(numbers.device)
        made = self.decode(self.draw_codes(of_codes, names), "broadband", known).float()
        below = band_limit(made[0].double().cpu().numpy(), self.sampling_rate, corner)
        low = torch.from_numpy(below / max(np.abs(below).max(), 1e-12))[None].to(made)
        context = {**self.onset_context(low, known), **self.level_context(low, known)}
        return (self.give_level(low, made, known, of_level, context)[0].cpu().numpy()) * scale


@torch.inference_mode()
def passages(method: CodedMethod, batch: Batch, seed: int = 0) -> dict[str, Tensor]:
    """All ways between low frequencies and records: normalized signals, (batch, 3, samples).

    "low" and "broadband", as the network sees them; "rebuilt_broadband" and "rebuilt_low", each
    from its own codes; "translated_broadband", with drawn codes where the method draws;
    "translated_low", likewise. What a method cannot make is left out.

    :param batch: tensors, with ``broadband``.
    :param seed: of the codes that are drawn.
    """
    method.eval()
    low, recorded, known = method.signals(batch)
    of_low, of_recorded = method.encode(low, "low"), method.encode(recorded, "broadband")
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(len(batch), method.own_noise, generator=generator).to(low.device)
    new = method.draw_codes(numbers, method.drawn)
    ways = {
        ("rebuilt", "broadband"): {**of_low, **of_recorded},
        ("rebuilt", "low"): of_low,
        ("translated", "broadband"): {**of_low, **new},
        ("translated", "low"): {**of_recorded, **new},
    }
    made = {
        f"{way}_{kind}": method.decode(codes, kind, known)
        for (way, kind), codes in ways.items()
        if kind in method.kinds
    }
    return {"low": low, "broadband": recorded, **made}


def coded(method: Any, name: str) -> CodedMethod:
    """The method, if it has codes.

    :param name: for the message.
    :raises MethodError: if it has none.
    """
    if not isinstance(method, CodedMethod):
        raise MethodError(f"{name} has no codes to look at: it goes from signal to signal.")
    return method


def _size(shape: Sequence[int]) -> int:
    return int(torch.Size(shape).numel())
