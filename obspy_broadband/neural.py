"""The PyTorch half of the contract: what every trained method shares.

A network's author writes ``sample`` (to draw), ``forward`` and two dictionaries of losses (to
train). Seeds, chunks, devices, missing metadata and the check of loss names are written once, here.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from .errors import MethodError
from .method import Batch, Method, Scenario

#: Rows that pass through a network at once when drawing on a GPU. On a CPU it is one: even at a
#: fixed number of rows, matrix products round differently from row to row, and a realization would
#: depend on what is drawn beside it. (On a GPU it does, to rounding.)
ROWS_ON_GPU = 64
#: Centre and spread by which each part of a scenario is standardized; logarithms of all but the
#: magnitude.
_STANDARD = {
    "magnitude": (5.5, 1.2),
    "distance_km": (math.log(40.0), 1.0),
    "depth_km": (math.log(10.0), 0.8),
    "vs30_m_s": (math.log(450.0), 0.5),
}
CONDITIONS = 1 + 2 * len(_STANDARD)  #: numbers that conditions() gives


class NeuralMethod(Method, nn.Module):
    """A method that is a network.

    Adversaries live in ``self.discriminators``; every other parameter belongs to the generator's
    side.

    :param options: an instance of the class's ``Options``.
    """

    trainable: ClassVar[bool] = True
    #: What each loss counts, by phase ("generator", "discriminator") and by the names that the two
    #: methods below use.
    loss_weights: Mapping[str, Mapping[str, float]]
    #: Shape of the standard normal numbers that one draw needs.
    noise_shape: tuple[int, ...]

    def __init__(self, options: Any = None) -> None:
        nn.Module.__init__(self)
        Method.__init__(self, options)
        self.discriminators = nn.ModuleDict()

    @abstractmethod
    def sample(self, low_frequency: Tensor, conditions: Tensor, noise: Tensor) -> Tensor:
        """Draw, with no randomness of its own.

        :param low_frequency: (rows, 3, samples), divided by the scale.
        :param conditions: (rows, CONDITIONS), see :func:`conditions`.
        :param noise: (rows, *noise_shape), standard normal.
        :return: (rows, 3, samples).
        """

    @abstractmethod
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """All that both phases of a training step need, computed once."""

    @abstractmethod
    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, unweighted."""

    def discriminator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, unweighted; none for a method without adversaries."""
        return {}

    def realize(self, batch: Batch, seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`."""
        self.eval()
        device = next(self.parameters()).device
        records, realizations = seeds.shape
        known = conditions(batch.scenarios, batch.corner)
        at_once = ROWS_ON_GPU if device.type == "cuda" else 1
        drawn = np.empty((records * realizations, *batch.low_frequency.shape[1:]), np.float32)
        with torch.inference_mode():
            for first in range(0, len(drawn), at_once):
                rows = np.arange(first, min(first + at_once, len(drawn)))
                record = rows // realizations
                low = torch.as_tensor(np.asarray(batch.low_frequency)[record], dtype=torch.float32)
                noise = torch.stack([self._noise(int(seed)) for seed in seeds.ravel()[rows]])
                made = self.sample(low.to(device), known[record].to(device), noise.to(device))
                drawn[rows] = made.float().cpu().numpy()
        return drawn.reshape(records, realizations, *drawn.shape[1:])

    def _noise(self, seed: int) -> Tensor:
        numbers = np.random.default_rng(seed).standard_normal(self.noise_shape, dtype=np.float32)
        return torch.from_numpy(numbers)

    def weighted(self, phase: str, losses: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of a phase's losses.

        :param phase: "generator" or "discriminator".
        :raises MethodError: if the names of losses and of weights differ.
        """
        weights = self.loss_weights.get(phase, {})
        if set(weights) != set(losses):
            lacking = ", ".join(sorted(set(losses) - set(weights))) or "nothing"
            extra = ", ".join(sorted(set(weights) - set(losses))) or "nothing"
            raise MethodError(
                f"{type(self).__name__}: the {phase}'s losses and weights have other names: "
                f"{lacking} has no weight, {extra} has a weight and no loss."
            )
        return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()


def conditions(scenarios: tuple[Scenario, ...], corner: Any) -> Tensor:
    """What is known beside the waveform, as numbers: (rows, CONDITIONS).

    ln(corner / 1 Hz); then for magnitude, distance, depth and Vs30 the standardized value and
    whether it is known. What is not known is 0 and flagged: a network can tell it from an average.
    """
    rows = np.zeros((len(scenarios), CONDITIONS), dtype=np.float32)
    rows[:, 0] = np.log(np.asarray(torch.as_tensor(corner).cpu(), dtype=float))
    for row, scenario in zip(rows, scenarios):
        for place, (name, (center, spread)) in enumerate(_STANDARD.items()):
            value = getattr(scenario, name)
            if value is None:
                continue
            if name != "magnitude":
                value = math.log(max(value, 0.1))
            row[1 + 2 * place : 3 + 2 * place] = ((value - center) / spread, 1.0)
    return torch.from_numpy(rows)
