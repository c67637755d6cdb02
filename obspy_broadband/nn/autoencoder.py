"""Encoder of signals to codes and decoder (thesis, Tables 4.1 and 4.2)."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from .conformer import Conformer
from .normalization import StandardCode
from .residual import ResidualDown, ResidualUp

#: Stride-2 blocks between 4096 samples and the 64 of the bottleneck.
DEPTH = 6


class Encoder(nn.Module):
    """Residual blocks down to samples / 64 with Conformers after the fourth and the last.

    Channels are ``width`` after the first block and double with each (thesis: 16 to 512).

    :param samples: length of a signal.
    :param code: length of the code; None for the feature map itself.
    :param conformers: whether there are Conformers.
    :param standard: whether codes are standardized over a batch.
    """

    def __init__(
        self,
        samples: int,
        width: int = 16,
        code: int | None = 256,
        conformers: bool = True,
        standard: bool = False,
    ):
        super().__init__()
        channels = [3, *(width * 2**level for level in range(DEPTH))]
        self.down = nn.ModuleList(
            ResidualDown(before, after) for before, after in itertools.pairwise(channels)
        )
        self.middle = Conformer(channels[4]) if conformers else nn.Identity()
        self.end = Conformer(channels[-1]) if conformers else nn.Identity()
        self.shape = (channels[-1], samples // 2**DEPTH)
        size = self.shape[0] * self.shape[1]
        self.linear = None if code is None else nn.Linear(size, code)
        self.standard = StandardCode(code) if standard and code is not None else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, samples) -> (batch, code), or (batch, channels, samples / 64)."""
        return self.with_features(x)[0]

    def with_features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The code, and the feature map of every block, from the longest to the shortest."""
        maps = self.features(x)
        x = self.end(maps[-1])
        return (x if self.linear is None else self.standard(self.linear(x.flatten(1)))), maps

    def features(self, x: Tensor) -> list[Tensor]:
        """The feature map of every block, from the longest to the shortest."""
        maps = []
        for level, block in enumerate(self.down):
            x = block(x)
            if level == 3:
                x = self.middle(x)
            maps.append(x)
        return maps


class Decoder(nn.Module):
    """A code to a signal: residual blocks up, with Conformers at samples / 16 and samples / 2.

    :param code: length of the code; None for a feature map.
    :param conditions: length of the vector that steers the norms (AdaIN); 0 for none.
    :param skips: whether the feature maps of an :class:`Encoder` of the same width are concatenated
        (U-Net).
    :param conformers: at samples / 16 and at samples / 2; the second is the costlier.
    """

    def __init__(
        self,
        samples: int,
        width: int = 16,
        code: int | None = 256,
        conditions: int = 0,
        skips: bool = False,
        conformers: tuple[bool, bool] = (True, True),
    ):
        super().__init__()
        channels = [width * 2**level for level in range(DEPTH)][::-1]  # 512 ... 16
        self.shape = (channels[0], samples // 2**DEPTH)
        size = self.shape[0] * self.shape[1]
        self.linear = None if code is None else nn.Linear(code, size)
        self.skips = skips
        # Feature maps of an encoder: 512 channels at samples / 64, 256 at samples / 32, ...
        skipped = [channels[level] if skips else 0 for level in range(DEPTH)]
        after = [*channels[1:], channels[-1]]
        self.up = nn.ModuleList(
            ResidualUp(before + extra, out, conditions)
            for before, extra, out in zip(channels, skipped, after)
        )
        self.middle = Conformer(after[1]) if conformers[0] else nn.Identity()
        self.late = Conformer(after[4]) if conformers[1] else nn.Identity()
        self.last = nn.Conv1d(channels[-1], 3, 7, padding=3)

    def forward(
        self, code: Tensor, conditions: Tensor | None = None, features: list[Tensor] | None = None
    ) -> Tensor:
        """(batch, code) or a feature map -> (batch, 3, samples), within -1 to 1.

        :param conditions: (batch, conditions).
        :param features: of :meth:`Encoder.with_features`, if there are skips.
        """
        x = code if self.linear is None else self.linear(code).view(-1, *self.shape)
        maps = list(features or [])
        for level, block in enumerate(self.up):
            if self.skips:
                x = torch.cat([x, maps.pop()], dim=1)
            x = block(x, conditions)
            if level == 1:
                x = self.middle(x)
            elif level == 4:
                x = self.late(x)
        return torch.tanh(self.last(x))
