"""The Conformer: self-attention and convolution in one block (Gulati et al., 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Conformer(nn.Module):
    """Half a feed-forward layer, self-attention with rotary positions, a convolution, the other
    half; (batch, channels, samples) in and out.

    Norms are over channels, not over the batch: a realization must not depend on its neighbours.

    :param channels: an even number.
    :param heads: of the attention, at most; halved until they divide the channels into pairs.
    :param kernel: length of the depthwise convolution.
    :param expansion: of the feed-forward layers.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 4,
        kernel: int = 15,
        expansion: int = 4,
        dropout: float = 0.0,
    ):
        super().__init__()
        while heads > 1 and channels % (2 * heads):  # rotary positions turn pairs of numbers
            heads //= 2
        self.heads = heads
        self.first = _FeedForward(channels, expansion, dropout)
        self.norm = nn.LayerNorm(channels)
        self.to_qkv = nn.Linear(channels, 3 * channels)
        self.from_heads = nn.Linear(channels, channels)
        self.convolution = _Convolution(channels, kernel, dropout)
        self.second = _FeedForward(channels, expansion, dropout)
        self.last = nn.LayerNorm(channels)
        # Residual branches start at zero: a new block is a norm alone.
        for layer in (self.first[-2], self.from_heads, self.convolution.out, self.second[-2]):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """:param x: (batch, channels, samples)."""
        x = x.transpose(1, 2)
        x = x + 0.5 * self.first(x)
        x = x + self._attend(self.norm(x))
        x = x + self.convolution(x)
        x = x + 0.5 * self.second(x)
        return self.last(x).transpose(1, 2)

    def _attend(self, x: Tensor) -> Tensor:
        rows, samples, channels = x.shape
        parts = self.to_qkv(x).view(rows, samples, 3, self.heads, channels // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rotate(query), rotate(key), value)
        return self.from_heads(mixed.transpose(1, 2).reshape(rows, samples, channels))


def rotate(x: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021): products of two depend on their distance alone.

    :param x: (..., samples, size), an even size.
    """
    samples, size = x.shape[-2:]
    speeds = 10_000.0 ** (-torch.arange(0, size, 2, device=x.device, dtype=torch.float32) / size)
    angles = torch.arange(samples, device=x.device, dtype=torch.float32)[:, None] * speeds
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


class _FeedForward(nn.Sequential):
    def __init__(self, channels: int, expansion: int, dropout: float):
        super().__init__(
            nn.LayerNorm(channels),
            nn.Linear(channels, expansion * channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(expansion * channels, channels),
            nn.Dropout(dropout),
        )


class _Convolution(nn.Module):
    def __init__(self, channels: int, kernel: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.into = nn.Conv1d(channels, 2 * channels, 1)
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.middle = nn.LayerNorm(channels)
        self.out = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = F.glu(self.into(self.norm(x).transpose(1, 2)), dim=1)
        x = F.silu(self.middle(self.depthwise(x).transpose(1, 2)))
        return self.dropout(self.out(x.transpose(1, 2)).transpose(1, 2))
