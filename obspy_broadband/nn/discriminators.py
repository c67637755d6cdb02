"""Networks that tell recorded from generated."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .residual import ResidualDense, ResidualDown, normed

_DEPTH = 6  # steps of two between the signal and the features of a branch


class PatchDiscriminator(nn.Module):
    """One logit for every stretch of a signal (thesis, Table 3.4: 16-32-64-1, strides 2, 2, 1, 1).

    :param inputs: channels, those of all signals that are judged together.
    :param width: of the first layer.
    """

    def __init__(self, inputs: int, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(inputs, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, 2 * width, 4, stride=2, padding=1),
            nn.InstanceNorm1d(2 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv1d(2 * width, 4 * width, 4, stride=1, padding=1),
            nn.InstanceNorm1d(4 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv1d(4 * width, 1, 4, stride=1, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """:return: (batch, 1, about samples / 4)."""
        return self.layers(x)


class SignalBranch(nn.Module):
    """Features of a signal, for a judge of several things at once (thesis, section 4.2).

    Residual blocks with spectral norm; in training a little clamped noise is put on the signal, so
    that numerical noise is not what tells recorded from generated.

    :param samples: of a signal.
    :param features: numbers that come out.
    :param noise: standard deviation of the noise, clamped to ±0.5.
    """

    def __init__(self, samples: int, width: int = 16, features: int = 256, noise: float = 0.05):
        super().__init__()
        channels = [3, *(width * 2**level for level in range(_DEPTH))]
        self.down = nn.Sequential(
            *(
                ResidualDown(before, after, spectral=True)
                for before, after in itertools.pairwise(channels)
            )
        )
        self.linear = normed(nn.Linear(channels[-1] * (samples // 2**_DEPTH), features), True)
        self.noise = noise

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, samples) -> (batch, features)."""
        if self.training and self.noise:
            x = x + (self.noise * torch.randn_like(x)).clamp(-0.5, 0.5)
        return F.leaky_relu(self.linear(self.down(x).flatten(1)), 0.2)


class CodeBranch(nn.Sequential):
    """Features of a code: (batch, code) -> (batch, features)."""

    def __init__(self, code: int, features: int = 256):
        super().__init__(
            normed(nn.Linear(code, features), True),
            nn.LeakyReLU(0.2),
            *(ResidualDense(features, spectral=True) for _ in range(3)),
        )


class JointHead(nn.Sequential):
    """One logit of the features of all branches (thesis, Table 4.3)."""

    def __init__(self, features: int):
        super().__init__(
            *(ResidualDense(features, spectral=True) for _ in range(3)),
            normed(nn.Linear(features, 1), True),
        )
