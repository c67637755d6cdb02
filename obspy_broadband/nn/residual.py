"""Residual blocks: down, up, of the same length, and dense."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from .convolution import doubled
from .normalization import ConditionalInstanceNorm


def normed(layer: nn.Module, spectral: bool) -> nn.Module:
    """The layer, with spectral norm (largest singular value of its weight 1) or without."""
    return spectral_norm(layer) if spectral else layer


class ResidualDown(nn.Module):
    """Half as many samples.

    :param spectral: spectral norm instead of instance norm, for adversaries.
    """

    def __init__(self, inputs: int, outputs: int, spectral: bool = False):
        super().__init__()
        self.first = normed(nn.Conv1d(inputs, outputs, 3, padding=1), spectral)
        self.second = normed(nn.Conv1d(outputs, outputs, 4, stride=2, padding=1), spectral)
        self.skip = normed(nn.Conv1d(inputs, outputs, 1), spectral)
        self.norms = nn.ModuleList(
            nn.Identity() if spectral else ConditionalInstanceNorm(outputs) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.norms[0](self.first(x)), 0.2)
        y = self.norms[1](self.second(y))
        return F.leaky_relu(y + self.skip(F.avg_pool1d(x, 2)), 0.2)


class ResidualUp(nn.Module):
    """Twice as many samples, by repeating each: no checkerboard.

    :param conditions: length of the vector that steers the norms; 0 for none.
    """

    def __init__(self, inputs: int, outputs: int, conditions: int = 0):
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv1d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv1d(inputs, outputs, 1)
        self.norms = nn.ModuleList(ConditionalInstanceNorm(outputs, conditions) for _ in range(2))

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        x = doubled(x)
        y = F.leaky_relu(self.norms[0](self.first(x), conditions), 0.2)
        y = self.norms[1](self.second(y), conditions)
        return F.leaky_relu(y + self.skip(x), 0.2)


class ResidualSame(nn.Module):
    """Two convolutions beside a skip: as many channels and samples as before.

    Without a norm: mean and variance of a code carry information.
    """

    def __init__(self, channels: int, kernel: int = 5):
        super().__init__()
        self.first = nn.Conv1d(channels, 2 * channels, kernel, padding=kernel // 2)
        self.second = nn.Conv1d(2 * channels, channels, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(x), 0.2))


class ResidualDense(nn.Module):
    """Two linear layers beside a skip: (batch, width) in and out."""

    def __init__(self, width: int, spectral: bool = False):
        super().__init__()
        self.first = normed(nn.Linear(width, width), spectral)
        self.second = normed(nn.Linear(width, width), spectral)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x + self.second(F.leaky_relu(self.first(x), 0.2)), 0.2)
