"""Normalization over time, steered or not, and of codes over a batch."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn

_MOMENTUM = 0.1
_TINY = 1e-5


class ConditionalInstanceNorm(nn.Module):
    """Instance norm whose scale and shift follow from a vector (AdaIN: Huang and Belongie, 2017).

    A vector added before an instance norm would be taken out by it: it has to come after.

    :param channels: of the signal.
    :param conditions: length of the vector; 0 for a plain instance norm with learned scale and
        shift.
    """

    def __init__(self, channels: int, conditions: int = 0):
        super().__init__()
        self.norm = nn.InstanceNorm1d(channels, affine=not conditions)
        self.steer = nn.Linear(conditions, 2 * channels) if conditions else None
        if self.steer is not None:
            # In the beginning nearly a plain norm: what is known has to prove its worth. Not quite,
            # or what makes the vector would get no gradient.
            nn.init.normal_(self.steer.weight, std=0.02)
            nn.init.zeros_(self.steer.bias)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """:param known: (batch, conditions)."""
        x = self.norm(x)
        if self.steer is None:
            return x
        scale, shift = self.steer(known)[..., None].chunk(2, dim=1)
        return x * (1.0 + scale) + shift


class StandardCode(nn.Module):
    """Codes of mean 0 and standard deviation 1: batch norm without a scale or shift of its own.

    A code that is free to drift does, until it is the same for every signal, and a decoder of such
    codes learns nothing. While training, mean and spread are those of the batch, on all processes;
    afterwards those that were met in training: a realization does not know its neighbours.

    :param code: length of a code.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, code: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(code))
        self.register_buffer("variance", torch.ones(code))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, code) -> (batch, code)."""
        if not self.training:
            return (x - self.mean) / (self.variance + _TINY).sqrt()
        x = x.float()
        mean = _of_all_processes(x.mean(dim=0))
        variance = _of_all_processes((x - mean).square().mean(dim=0))
        with torch.no_grad():
            self.mean.lerp_(mean, _MOMENTUM)
            self.variance.lerp_(variance, _MOMENTUM)
        return (x - mean) / (variance + _TINY).sqrt()


def _of_all_processes(mean: Tensor) -> Tensor:
    """The mean over processes, with a gradient."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return mean
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(mean) / distributed.get_world_size()
