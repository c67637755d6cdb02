"""Convolutions that halve and double the length of a signal."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .normalization import ConditionalInstanceNorm


class Down(nn.Module):
    """Convolution with stride 2, norm, LeakyReLU(0.2): half as many samples.

    :param inputs: channels in; ``outputs`` channels out.
    :param conditions: length of the vector that steers the norm; 0 for none.
    :param normalize: whether there is a norm.
    """

    def __init__(self, inputs: int, outputs: int, conditions: int = 0, normalize: bool = True):
        super().__init__()
        self.convolution = nn.Conv1d(inputs, outputs, 4, stride=2, padding=1)
        self.norm = ConditionalInstanceNorm(outputs, conditions) if normalize else None
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        x = self.convolution(x)
        return self.activation(x if self.norm is None else self.norm(x, conditions))


class Up(nn.Module):
    """Every sample twice, convolution, norm, dropout, ReLU: twice as many samples.

    A transposed convolution has weights of its own for odd and for even samples, and hums at the
    Nyquist frequency of every level where its input is silent.

    :param dropout: probability of dropout in training.
    """

    def __init__(self, inputs: int, outputs: int, conditions: int = 0, dropout: float = 0.0):
        super().__init__()
        self.convolution = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.norm = ConditionalInstanceNorm(outputs, conditions)
        self.dropout = nn.Dropout(dropout)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        x = self.convolution(doubled(x))
        return self.activation(self.dropout(self.norm(x, conditions)))


def doubled(x: Tensor) -> Tensor:
    """Every sample twice. Linear interpolation would remove what is near the Nyquist frequency."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
