"""How large the high frequencies are: predicted from the low ones, with its uncertainty.

The level of a record is its smoothed Fourier amplitude at a few frequencies, of the vertical and of
the mean horizontal, over the scale of its low frequencies. A network need not learn it: it learns
the *shape*, a signal whose level is 1 everywhere, and :class:`LevelHead` gives it a level that is
drawn from a normal distribution with the correlation between frequencies that records have.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..signal.filters import STOP_RATIO

_LOWEST, _HIGHEST, _NODES = 0.5, 40.0, 12  # Hz
_TAPER = 2.0  # s, at both ends: a record that is cut off has no step
_EDGES = (0.10, 0.144, 0.208, 0.30, 0.433, 0.624, 0.90)  # of the low-frequency bands, by the corner
_CORNERS = (0.5, 1.0, 2.0, 4.0)  # Hz, at which the spread is known
_WIDTH = 64  # of the members' small networks
MEMBERS = 5
_SHAPES = 2 * (len(_EDGES) - 1) + 2  # numbers that features() gives beside the conditions
LEVELS = 2 * _NODES  #: numbers of a level: vertical, then horizontal, by rising frequency


class SpectralLevel(nn.Module):
    """Measures, removes and gives the level of signals of one length.

    :param samples: of a signal; ``sampling_rate`` in Hz.
    """

    frequencies: Tensor
    kernel: Tensor
    hat: Tensor
    taper: Tensor

    def __init__(self, samples: int, sampling_rate: float):
        super().__init__()
        frequencies = torch.fft.rfftfreq(samples, 1.0 / sampling_rate, dtype=torch.float64)
        nodes = torch.logspace(
            math.log10(_LOWEST), math.log10(_HIGHEST), _NODES, dtype=torch.float64
        )
        where = torch.log(frequencies.clamp_min(frequencies[1] / 2))
        apart = math.log(_HIGHEST / _LOWEST) / (_NODES - 1)
        kernel = torch.exp(-0.5 * ((where - nodes.log()[:, None]) / (0.5 * apart)) ** 2)
        kernel[:, 0] = 0.0
        place = ((where - math.log(_LOWEST)) / apart).clamp(0, _NODES - 1)
        hat = (1.0 - (place - torch.arange(_NODES)[:, None]).abs()).clamp_min(0.0)
        ends = torch.arange(samples, dtype=torch.float64)
        ends = torch.minimum(ends + 0.5, samples - 0.5 - ends) / (_TAPER * sampling_rate)
        for name, value in (
            ("frequencies", frequencies),
            ("kernel", (kernel / kernel.sum(dim=1, keepdim=True)).T),
            ("hat", hat),
            ("taper", 0.5 - 0.5 * torch.cos(math.pi * ends.clamp(0, 1))),
        ):
            # Follows from the lengths alone: no part of the weights.
            self.register_buffer(name, value.float().contiguous(), persistent=False)
        self.samples = samples

    def measure(self, signal: Tensor) -> Tensor:
        """ln of the smoothed Fourier amplitudes: (batch, 3, samples) -> (batch, LEVELS)."""
        return self._levels(torch.fft.rfft(signal.float() * self.taper, norm="ortho"))

    def shape(self, signal: Tensor, corner: Tensor) -> Tensor:
        """The part above the corner, of level 1: (batch, 3, samples).

        :param corner: (batch,), Hz.
        """
        spectrum = torch.fft.rfft(signal.float() * self.taper, norm="ortho")
        flat = spectrum / self._gain(self._levels(spectrum)) * self._above(corner)
        return torch.fft.irfft(flat, self.samples, norm="ortho")

    def give(self, shape: Tensor, levels: Tensor, corner: Tensor) -> Tensor:
        """The part above the corner, of a given level.

        :param levels: (batch, LEVELS).
        """
        spectrum = torch.fft.rfft(shape.float(), norm="ortho")
        gain = self._gain(levels - self._levels(spectrum))
        return torch.fft.irfft(spectrum * gain * self._above(corner), self.samples, norm="ortho")

    def _levels(self, spectrum: Tensor) -> Tensor:
        power = spectrum.real.square() + spectrum.imag.square()
        vertical, horizontal = power[:, 0], power[:, 1:].mean(dim=1)
        # Spectra span ten decades: no half precision here, whatever the training's is.
        with torch.autocast(spectrum.device.type, enabled=False):
            smooth = torch.stack([vertical, horizontal], dim=1) @ self.kernel
        return (0.5 * torch.log(smooth + 1e-20)).flatten(1)

    def _gain(self, levels: Tensor) -> Tensor:
        """(batch, LEVELS) -> (batch, 3, frequencies)."""
        with torch.autocast(levels.device.type, enabled=False):
            curves = (levels.unflatten(1, (2, _NODES)) @ self.hat).clamp(-40.0, 40.0).exp()
        return torch.stack([curves[:, 0], curves[:, 1], curves[:, 1]], dim=1)

    def _above(self, corner: Tensor) -> Tensor:
        """What a band limit at the corner takes away: (batch, 1, frequencies)."""
        ratio = self.frequencies / corner[:, None]
        step = ((ratio - 1.0) / (STOP_RATIO - 1.0)).clamp(0.0, 1.0)
        return (0.5 - 0.5 * torch.cos(math.pi * step))[:, None]


class LevelHead(nn.Module):
    """The distribution of the level, given the low frequencies and what else is known.

    Its mean is that of a few members, each a ridge regression in closed form and a small network on
    what that leaves, fitted without a part of the events. Its spread is that of the errors on the
    events left out: normal, correlated between frequencies, wider for lower corners and where less
    is known. All is fitted before training starts (:meth:`fit`) and stays as it is: descended with
    the rest, the spread shrinks to that of the training set.

    :param samples: of a window; ``sampling_rate`` in Hz.
    :param conditions: length of the vector of what is known beside the waveform.
    """

    center: Tensor
    spread: Tensor
    linear: Tensor
    corners: Tensor
    covariance: Tensor
    ln_factor: Tensor

    def __init__(self, samples: int, sampling_rate: float, conditions: int):
        super().__init__()
        self.spectral = SpectralLevel(samples, sampling_rate)
        self.sampling_rate = sampling_rate
        inputs = _SHAPES + conditions
        self.register_buffer("center", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("linear", torch.zeros(MEMBERS, 1 + inputs, LEVELS))
        self.register_buffer("corners", torch.log(torch.tensor(_CORNERS)))
        self.register_buffer("covariance", torch.eye(LEVELS).repeat(len(_CORNERS), 1, 1))
        self.register_buffer("ln_factor", torch.zeros(1 + conditions))
        sizes = (inputs, _WIDTH, _WIDTH, LEVELS)
        for layer, (before, after) in enumerate(itertools.pairwise(sizes)):
            self.register_buffer(f"weight{layer}", torch.zeros(MEMBERS, before, after))
            self.register_buffer(f"bias{layer}", torch.zeros(MEMBERS, 1, after))

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

    def mean(self, features: Tensor) -> Tensor:
        """(batch, features) -> (batch, LEVELS)."""
        return self._members(features).mean(dim=0)

    def _members(self, features: Tensor) -> Tensor:
        """What each member says: (MEMBERS, batch, LEVELS)."""
        # Far outside what was seen, the nearest that was seen.
        x = ((features - self.center) / self.spread).clamp(-4.0, 4.0)
        found = self.linear[:, :1] + x @ self.linear[:, 1:]
        hidden = x.expand(MEMBERS, *x.shape)
        for layer in range(2):
            hidden = torch.nn.functional.silu(self._layer(layer, hidden))
        return found + self._layer(2, hidden)

    def _layer(self, number: int, x: Tensor) -> Tensor:
        return x @ getattr(self, f"weight{number}") + getattr(self, f"bias{number}")

    def root(self, conditions: Tensor) -> Tensor:
        """Square root of the covariance: (batch, LEVELS, LEVELS), lower triangular."""
        share = _hats(conditions[:, 0], self.corners)
        covariance = torch.einsum("bk,kij->bij", share, self.covariance)
        return torch.linalg.cholesky(covariance) * self._factor(conditions)[:, None, None]

    def _factor(self, conditions: Tensor) -> Tensor:
        found = self.ln_factor[0] + conditions @ self.ln_factor[1:]
        return found.clamp(-0.7, 0.7).exp()

    def draw(self, low: Tensor, conditions: Tensor, noise: Tensor) -> Tensor:
        """Levels drawn: (batch, LEVELS).

        :param noise: (batch, LEVELS), standard normal; zeros give the median.
        """
        spread = (self.root(conditions) @ noise[..., None])[..., 0]
        return self.mean(self.features(low, conditions)) + spread

    @torch.no_grad()
    def fit(
        self,
        low: Tensor,
        conditions: Tensor,
        broadband: Tensor,
        weights: Tensor,
        groups: Sequence[str],
        steps: int = 2000,
    ) -> Tensor:
        """Fit all members, and the spread to their errors on the groups they did not see.

        :param weights: (batch,), what each window counts; 0 for windows without physical units.
        :param groups: (batch,), the event of each; an event is never in both parts.
        :param steps: of descent for each small network.
        :return: (LEVELS,), standard deviation of the errors on what was left out.
        """
        chosen = weights > 0
        x, y = self.features(low, conditions)[chosen], self.spectral.measure(broadband)[chosen]
        conditions, weights = conditions[chosen], weights[chosen] / weights[chosen].sum()
        self.center.copy_(weights @ x)
        spread = (weights @ (x - self.center).square()).sqrt()
        self.spread.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        scaled = ((x - self.center) / self.spread).clamp(-4.0, 4.0)
        numbers = {name: place for place, name in enumerate(sorted(set(groups)))}
        fold = torch.tensor([numbers[group] % MEMBERS for group in groups], device=x.device)[chosen]
        error = torch.empty_like(y)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for member in range(MEMBERS):
                out = fold == member
                # With fewer events than members, some leave nothing out.
                seen = ~out if bool(out.any()) and bool((~out).any()) else torch.ones_like(out)
                self.linear[member] = _ridge(scaled[seen], y[seen], weights[seen])
                left = y - self.linear[member, 0] - scaled @ self.linear[member, 1:]
                for layer, (weight, bias) in enumerate(
                    _small_network(scaled[seen], left[seen], weights[seen], steps)
                ):
                    getattr(self, f"weight{layer}")[member] = weight
                    getattr(self, f"bias{layer}")[member] = bias
                error[out] = (y - self._members(x)[member])[out]
        self._fit_spread(error, conditions, weights)
        return (weights @ error.square()).sqrt()

    def _fit_spread(self, error: Tensor, conditions: Tensor, weights: Tensor) -> None:
        near = torch.exp(-0.5 * ((conditions[:, :1] - self.corners) / 0.5) ** 2) + 1e-6
        share = weights[:, None] * near / (weights @ near)
        covariance = torch.einsum("bk,bi,bj->kij", share, error, error)
        self.covariance.copy_(covariance + 1e-4 * torch.eye(LEVELS, device=error.device))
        self.ln_factor.zero_()
        white = torch.linalg.solve_triangular(self.root(conditions), error[..., None], upper=False)
        size = white[..., 0].square().mean(dim=1)
        # How far off a window is depends on what is known of it: a regression of the logarithm.
        center = weights @ conditions
        linear = _ridge(conditions - center, 0.5 * torch.log(size[:, None] + 1e-6), weights, 30.0)
        self.ln_factor[1:] = linear[1:, 0]
        self.ln_factor[0] = -center @ linear[1:, 0]
        self.ln_factor[0] += 0.5 * torch.log(weights @ (size / self._factor(conditions) ** 2))


def _ridge(x: Tensor, y: Tensor, weights: Tensor, penalty: float = 10.0) -> Tensor:
    """Weights (1 + inputs, outputs) of a regression; the penalty is in windows."""
    design = torch.cat([torch.ones_like(x[:, :1]), x], dim=1).double()
    counts = (weights / weights.sum() * len(x)).double()
    ridge = penalty * torch.eye(design.shape[1], dtype=torch.float64, device=x.device)
    ridge[0, 0] = 0.0
    weighted = design * counts[:, None]
    return torch.linalg.solve(design.T @ weighted + ridge, weighted.T @ y.double()).to(x.dtype)


@torch.enable_grad()
def _small_network(
    x: Tensor, y: Tensor, weights: Tensor, steps: int
) -> list[tuple[Tensor, Tensor]]:
    """A network of two hidden layers that starts at zero: weights and biases, layer by layer."""
    last = nn.Linear(_WIDTH, y.shape[1])
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    network = nn.Sequential(
        *(nn.Dropout(0.1), nn.Linear(x.shape[1], _WIDTH), nn.SiLU(), nn.Dropout(0.4)),
        *(nn.Linear(_WIDTH, _WIDTH), nn.SiLU(), nn.Dropout(0.4), last),
    ).to(x.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.1)
    chances = weights.cpu()
    for _ in range(steps):
        rows = torch.multinomial(chances, 64, replacement=True).to(x.device)
        optimizer.zero_grad()
        (network(x[rows]) - y[rows]).square().mean().backward()
        optimizer.step()
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    return [(layer.weight.detach().T, layer.bias.detach()) for layer in layers]


def _hats(x: Tensor, nodes: Tensor) -> Tensor:
    """Shares of linear interpolation between nodes, constant outside: (batch, nodes)."""
    x = x.clamp(float(nodes[0]), float(nodes[-1]))
    above = torch.searchsorted(nodes, x.contiguous()).clamp(1, len(nodes) - 1)
    part = (x - nodes[above - 1]) / (nodes[above] - nodes[above - 1])
    share = torch.zeros(len(x), len(nodes), device=x.device)
    share.scatter_(1, above[:, None], part[:, None])
    return share.scatter_(1, above[:, None] - 1, 1.0 - part[:, None])
