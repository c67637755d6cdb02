"""How large the high frequencies are: predicted from the low ones, with its uncertainty.

The level of a record is its smoothed Fourier amplitude at a few frequencies, of the vertical and of
the mean horizontal, over the scale of its low frequencies. A network need not learn it: it learns
the *shape*, a signal whose level is 1 everywhere, and :class:`LevelHead` gives it a level that is
drawn from a normal distribution with the correlation between frequencies that records have.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .conditional import condition_rows
from .regression import Predictor
from .spectral import LEVELS, SpectralLevel

_EDGES = (0.10, 0.144, 0.208, 0.30, 0.433, 0.624, 0.90)  # of the low-frequency bands, by the corner
_SHAPES = 2 * (len(_EDGES) - 1) + 2  # numbers that features() gives beside the conditions


class LevelHead(nn.Module):
    """The distribution of the level, given the low frequencies and what else is known.

    :param samples: of a window; ``sampling_rate`` in Hz.
    :param conditions: length of the vector of what is known beside the waveform.
    """

    def __init__(self, samples: int, sampling_rate: float, conditions: int):
        super().__init__()
        self.spectral = SpectralLevel(samples, sampling_rate)
        self.sampling_rate = sampling_rate
        self.predictor = Predictor(_SHAPES + conditions, LEVELS, conditions)

    def features(self, low: Tensor, conditions: Tensor) -> Tensor:
        """Amplitudes of six bands below the corner, of V and H, two durations, and the conditions.

        :param low: (batch, 3, samples), over the scale; the first condition is ln of the corner.
        """
        power = torch.fft.rfft(low.float(), norm="ortho")
        power = power.real.square() + power.imag.square()
        power = torch.stack([power[:, 0], power[:, 1:].mean(dim=1)], dim=1)
        ratio = torch.log(self.spectral.frequencies.clamp_min(1e-3)) - conditions[:, :1]
        edges = torch.log(torch.tensor(_EDGES, device=low.device))
        center, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
        # Soft bands: a short window has few frequencies, and a hard band may hold none.
        weight = torch.exp(-0.5 * ((ratio[:, None] - center[:, None]) / half[:, None]) ** 2)
        bands = torch.einsum("bcf,bkf->bck", power, weight) / weight.sum(dim=-1)[:, None]
        rise = low[:, 1:].float().square().sum(dim=1).cumsum(dim=-1)
        share = rise / rise[:, -1:].clamp_min(1e-20)
        at = [(share < part).sum(dim=-1) / self.sampling_rate for part in (0.05, 0.75, 0.95)]
        lasts = torch.log(torch.stack([at[1] - at[0], at[2] - at[0]], dim=1) + 0.5)
        return torch.cat([0.5 * torch.log(bands + 1e-12).flatten(1), lasts, conditions], dim=1)

    def distribution(self, low: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Of the levels: median (batch, LEVELS), and the root of the covariance, lower triangular.

        A draw is median + root @ numbers from N(0, 1). Where the low frequencies reach, they say
        how far off the prediction is, and the correlation between frequencies takes that on to what
        lies above: no step at the corner.
        """
        mean = self.predictor.mean(self.features(low, conditions))
        root = self.predictor.root(conditions)
        read, known = self.spectral.below(low, conditions[:, 0].exp())
        return condition_rows(mean, root, read, known)

    @torch.no_grad()
    def fit(
        self,
        low: Tensor,
        conditions: Tensor,
        broadband: Tensor,
        weights: Tensor,
        groups: Sequence[str],
        steps: int = 2000,
        how: str = "anew",
    ) -> Tensor:
        """See :meth:`.predictor.Predictor.fit`.

        :param weights: (batch,), what each window counts; 0 for windows without physical units.
        """
        x, y = self.features(low, conditions), self.spectral.measure(broadband)
        return self.predictor.fit(x, y, conditions, weights, groups, steps, how)
