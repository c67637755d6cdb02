"""The level of the high frequencies, predicted from the low ones with its uncertainty.

The level of a record is its smoothed Fourier amplitude at a few frequencies
(:mod:`.level.spectral`), divided by the scale of its low frequencies. Networks learn the *shape*, a
signal of level 0 everywhere; :class:`LevelHead` draws the level from a normal distribution with the
correlation between frequencies that residuals of records have:

    level = m(x) + L(c) epsilon,    epsilon ~ N(0, I)

m is the mean of :class:`.level.regression.GaussianRegression` at features x of the low frequencies,
L L' its covariance under the conditions c; both are conditioned on the level observed in the low
frequencies just below the corner, the simulation's upper frequency limit
(:func:`.level.conditional.condition_rows`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..nn.conditions import Conditions
from .conditional import condition_rows
from .regression import GaussianRegression
from .spectral import LEVELS, SpectralLevel

_EDGES = (0.10, 0.144, 0.208, 0.30, 0.433, 0.624, 0.90)  # of low-frequency bands, f / corner
_FEATURES = 2 * (len(_EDGES) - 1) + 2  # of features(), beside the conditions


class LevelHead(nn.Module):
    """The distribution of the level, given low frequencies and conditions.

    :param samples: length of a window; ``sampling_rate`` in Hz.
    :param conditions: length of the vector of conditions.
    """

    def __init__(self, samples: int, sampling_rate: float, conditions: int):
        super().__init__()
        self.spectral = SpectralLevel(samples, sampling_rate)
        self.sampling_rate = sampling_rate
        self.predictor = GaussianRegression(_FEATURES + conditions, LEVELS, conditions)

    def features(self, low: Tensor, conditions: Conditions) -> Tensor:
        """ln amplitudes of V and H in six bands below the corner, ln durations, and the conditions.

        :param low: (batch, 3, samples), divided by the scale.
        :return: (batch, features).
        """
        power = torch.fft.rfft(low.float(), norm="ortho")
        power = power.real.square() + power.imag.square()
        power = torch.stack([power[:, 0], power[:, 1:].mean(dim=1)], dim=1)
        ratio = torch.log(self.spectral.frequencies.clamp_min(1e-3)) - conditions.vector[:, :1]
        edges = torch.log(torch.tensor(_EDGES, device=low.device))
        center, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
        # Gaussian bands: a short window has few frequencies, and a band with edges may hold none.
        weight = torch.exp(-0.5 * ((ratio[:, None] - center[:, None]) / half[:, None]) ** 2)
        bands = torch.einsum("bcf,bkf->bck", power, weight) / weight.sum(dim=-1)[:, None]
        energy = low[:, 1:].float().square().sum(dim=1).cumsum(dim=-1)
        share = energy / energy[:, -1:].clamp_min(1e-20)
        at = [(share < part).sum(dim=-1) / self.sampling_rate for part in (0.05, 0.75, 0.95)]
        durations = torch.stack([at[1] - at[0], at[2] - at[0]], dim=1)  # D5-75, D5-95
        parts = [0.5 * torch.log(bands + 1e-12).flatten(1), torch.log(durations + 0.5)]
        return torch.cat([*parts, conditions.vector], dim=1)

    def distribution(self, low: Tensor, conditions: Conditions) -> tuple[Tensor, Tensor]:
        """Median (batch, LEVELS) and lower Cholesky factor of the covariance of the level.

        The residual observed below the corner carries over to what lies above by the correlation
        between frequencies: the spectrum has no step at the corner.
        """
        mean = self.predictor.mean(self.features(low, conditions))
        root = self.predictor.root(conditions)
        observed, is_observed = self.spectral.observe(low, conditions.corner)
        return condition_rows(mean, root, observed, is_observed)

    @torch.no_grad()
    def fit(
        self,
        low: Tensor,
        conditions: Conditions,
        broadband: Tensor,
        weights: Tensor,
        events: Sequence[str],
        steps: int = 2000,
        how: str = "anew",
    ) -> Tensor:
        """See :meth:`.level.regression.GaussianRegression.fit`.

        :param weights: (batch,), weight of each window; 0 for windows without physical units.
        """
        x, y = self.features(low, conditions), self.spectral.measure(broadband)
        return self.predictor.fit(x, y, conditions, weights, events, steps, how)
