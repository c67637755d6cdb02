"""Instance norm, conditional or not, and standardization of codes over a batch."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn

_MOMENTUM = 0.1
_TINY = 1e-5


class ConditionalInstanceNorm(nn.Module):
    """Instance norm whose scale and shift follow from a vector (AdaIN: Huang and Belongie, 2017).

    The vector acts after the norm, which would remove a constant added before it.

    :param channels: of the signal.
    :param conditions: length of the vector; 0 for a plain instance norm with learned scale and
        shift.
    """

    def __init__(self, channels: int, conditions: int = 0):
        super().__init__()
        self.norm = nn.InstanceNorm1d(channels, affine=not conditions)
        self.steer = nn.Linear(conditions, 2 * channels) if conditions else None
        if self.steer is not None:
            # Starts as nearly a plain norm; not quite, or the vector would get no gradient.
            nn.init.normal_(self.steer.weight, std=0.02)
            nn.init.zeros_(self.steer.bias)

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """:param conditions: (batch, conditions)."""
        x = self.norm(x)
        if self.steer is None:
            return x
        scale, shift = self.steer(conditions)[..., None].chunk(2, dim=1)
        return x * (1.0 + scale) + shift


class StandardCode(nn.Module):
    """Codes of mean 0 and standard deviation 1: batch norm without learned scale and shift.

    Without it codes collapse to the same values for every signal. In training, mean and variance
    are those of the batch over all processes; afterwards their running averages, so that a
    realization does not depend on its neighbours.

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
