"""What a network is conditioned on beside the waveform."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditions:
    """Corner and metadata of rows of windows, as tensors.

    :param corner: (rows,), Hz: the simulation's upper frequency limit (not the corner frequency of
        the source).
    :param vector: (rows, numbers): ln(corner / 1 Hz), then the standardized metadata with a flag
        each, see :func:`obspy_broadband.method.conditions.conditions_of`.
    """

    corner: Tensor
    vector: Tensor

    @classmethod
    def from_vector(cls, vector: Tensor) -> Conditions:
        """The corner is read from the vector, so that both are the same float32 number."""
        return cls(vector[:, 0].exp(), vector)

    @property
    def ln_corner(self) -> Tensor:
        """(rows,), ln(corner / 1 Hz)."""
        return self.vector[:, 0]

    def __len__(self) -> int:
        return len(self.vector)

    def __getitem__(self, rows: Tensor | slice) -> Conditions:
        """The conditions of some of the rows; a row may be repeated."""
        return Conditions(self.corner[rows], self.vector[rows])

    def to(self, device: torch.device | str) -> Conditions:
        """The same on another device."""
        return Conditions(self.corner.to(device), self.vector.to(device))
