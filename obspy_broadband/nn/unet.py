"""The one-dimensional U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .convolution import Down, Up, doubled


class UNet(nn.Module):
    """Halves the signal ``depth`` times and doubles it as often, with skips between equal lengths.

    Channels are ``width`` after the first step and double with each, up to eight times the width
    (thesis, Tables 3.2 and 3.3: width 64, depth 8 for 4096 samples).

    :param inputs: channels in; ``outputs`` channels out.
    :param conditions: length of the vector that steers the norms; 0 for none.
    :param dropout: in the upward blocks.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int = 64,
        depth: int = 8,
        conditions: int = 0,
        dropout: float = 0.0,
    ):
        super().__init__()
        channels = [width * min(2**level, 8) for level in range(depth)]
        self.down = nn.ModuleList(
            Down(before, after, conditions, normalize=level > 0)
            for level, (before, after) in enumerate(zip([inputs, *channels], channels))
        )
        ups = [Up(channels[-1], channels[-2], conditions, dropout)]
        for level in range(depth - 2, 0, -1):
            ups.append(Up(2 * channels[level], channels[level - 1], conditions, dropout))
        self.up = nn.ModuleList(ups)
        self.last = nn.Conv1d(2 * channels[0], outputs, 7, padding=3)

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """:param x: (batch, inputs, samples), a multiple of 2^depth, at least twice that.

        :param conditions: (batch, conditions).
        """
        skips = []
        for block in self.down:
            x = block(x, conditions)
            skips.append(x)
        skips.pop()
        for block in self.up:
            x = torch.cat([block(x, conditions), skips.pop()], dim=1)
        return self.last(doubled(x))
