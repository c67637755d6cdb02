"""Normalization over time, steered or not."""

from __future__ import annotations

from torch import Tensor, nn


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
