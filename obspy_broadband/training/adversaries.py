"""Adversarial criteria: losses of discriminator and generator from the discriminator's logits.

Each criterion has ``discriminator(recorded, generated)`` and ``generator(generated)``: from logits
of any shape to a scalar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError


@dataclass(frozen=True)
class Criterion:
    """A pair of losses.

    :param discriminator: of logits for recorded and for generated signals.
    :param generator: of logits for generated signals.
    :param equilibrium: the discriminator's loss where it cannot separate the two (logits 0).
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    equilibrium: float


def _bce() -> Criterion:
    return Criterion(
        lambda r, g: F.softplus(-r).mean() + F.softplus(g).mean(),
        lambda g: F.softplus(-g).mean(),
        1.3862943611198906,  # 2 ln 2
    )


def _hinge() -> Criterion:
    return Criterion(
        lambda r, g: F.relu(1 - r).mean() + F.relu(1 + g).mean(), lambda g: -g.mean(), 2.0
    )


def _least_squares() -> Criterion:
    return Criterion(
        lambda r, g: 0.5 * ((r - 1).square().mean() + g.square().mean()),
        lambda g: 0.5 * (g - 1).square().mean(),
        0.5,
    )


def _wasserstein() -> Criterion:
    return Criterion(lambda r, g: g.mean() - r.mean(), lambda g: -g.mean(), 0.0)


#: Output activation and conjugate of each f-divergence (Nowozin et al., 2016; thesis, Table 2.7).
_F_DIVERGENCES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "kl": (lambda v: v, lambda t: torch.exp(t - 1)),
    "reverse-kl": (lambda v: -torch.exp(-v), lambda t: -1 - torch.log(-t)),
    "pearson": (lambda v: v, lambda t: 0.25 * t.square() + t),
    "hellinger": (lambda v: 1 - torch.exp(-v), lambda t: t / (1 - t)),
    "jensen-shannon": (
        lambda v: 0.6931471805599453 - F.softplus(-v),
        lambda t: -torch.log(2 - torch.exp(t)),
    ),
    "gan": (lambda v: -F.softplus(-v), lambda t: -torch.log(1 - torch.exp(t))),
}


def _f_divergence(name: str) -> Criterion:
    activation, conjugate = _F_DIVERGENCES[name]

    def discriminator(recorded: Tensor, generated: Tensor) -> Tensor:
        return conjugate(activation(generated)).mean() - activation(recorded).mean()

    # The generator maximizes the activation. Unlike the divergence itself, it has a gradient where
    # the discriminator recognizes all generated signals (Nowozin et al., Sec. 3.2).
    zero = torch.zeros(1, dtype=torch.float64)
    return Criterion(
        discriminator, lambda g: -activation(g).mean(), float(discriminator(zero, zero))
    )


_CRITERIA = {
    "bce": _bce,
    "hinge": _hinge,
    "least-squares": _least_squares,
    "wasserstein": _wasserstein,
}


def criterion(name: str) -> Criterion:
    """A criterion by name.

    :param name: "bce", "hinge", "least-squares", "wasserstein" (with :func:`gradient_penalty`), or
        an f-divergence: "kl", "reverse-kl", "pearson", "hellinger", "jensen-shannon", "gan".
    :raises InputError: for another name.
    """
    if name in _CRITERIA:
        return _CRITERIA[name]()
    if name in _F_DIVERGENCES:
        return _f_divergence(name)
    names = ", ".join([*_CRITERIA, *_F_DIVERGENCES])
    raise InputError(f"Unknown adversarial criterion {name!r}; it must be one of {names}.")


def gradient_penalty(
    discriminator: Callable[[Tensor], Tensor], recorded: Tensor, generated: Tensor, mix: Tensor
) -> Tensor:
    """Mean of (|gradient| - 1)² between recorded and generated (Gulrajani et al., 2017).

    :param discriminator: from signals to logits.
    :param mix: (batch,), share of the recorded signal, uniform in 0-1.
    """
    share = mix.reshape(-1, *[1] * (recorded.ndim - 1))
    between = (share * recorded + (1 - share) * generated).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()
