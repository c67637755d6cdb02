"""Networks that tell recorded from generated."""

from __future__ import annotations

from torch import Tensor, nn


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
