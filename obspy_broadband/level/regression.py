"""Numbers predicted from numbers, with an uncertainty that holds for events that were not seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import InputError

_CORNERS = (0.5, 1.0, 2.0, 4.0)  # Hz, at which the spread is known
_WIDTH = 64  # of the members' small networks
MEMBERS = 5
#: How a predictor gets to know data: all of it from them; only how far they lie from what it
#: predicted before; not at all.
FITS = ("anew", "shift", "keep")
#: Standard deviation between regions of the ln of what is predicted, before a region's own events
#: are seen. A choice, not fitted to anything.
_BETWEEN_REGIONS = 0.4


class Predictor(nn.Module):
    """A normal distribution of some numbers, given others.

    Its mean is that of a few members, each a ridge regression in closed form and a small network on
    what that leaves, fitted without a part of the events. Its spread is that of the errors on the
    events left out: normal, correlated, wider for lower corners and where less is known. All is
    fitted before training starts (:meth:`fit`) and stays as it is: descended with the rest, the
    spread would shrink to that of the training set.

    :param inputs: numbers that come in, ``outputs`` that go out.
    :param conditions: length of the vector of what is known beside the waveform; the first is ln of
        the corner.
    """

    center: Tensor
    spread: Tensor
    linear: Tensor
    corners: Tensor
    covariance: Tensor
    ln_factor: Tensor
    offset: Tensor

    def __init__(self, inputs: int, outputs: int, conditions: int):
        super().__init__()
        self.outputs = outputs
        self.register_buffer("center", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("linear", torch.zeros(MEMBERS, 1 + inputs, outputs))
        self.register_buffer("corners", torch.log(torch.tensor(_CORNERS)))
        self.register_buffer("covariance", torch.eye(outputs).repeat(len(_CORNERS), 1, 1))
        self.register_buffer("ln_factor", torch.zeros(1 + conditions))
        self.register_buffer("offset", torch.zeros(outputs))
        sizes = (inputs, _WIDTH, _WIDTH, outputs)
        for layer, (before, after) in enumerate(itertools.pairwise(sizes)):
            self.register_buffer(f"weight{layer}", torch.zeros(MEMBERS, before, after))
            self.register_buffer(f"bias{layer}", torch.zeros(MEMBERS, 1, after))

    def mean(self, x: Tensor) -> Tensor:
        """(batch, inputs) -> (batch, outputs)."""
        return self._members(x).mean(dim=0) + self.offset

    def _members(self, x: Tensor) -> Tensor:
        """What each member says: (MEMBERS, batch, outputs)."""
        # Far outside what was seen, the nearest that was seen.
        x = ((x - self.center) / self.spread).clamp(-4.0, 4.0)
        found = self.linear[:, :1] + x @ self.linear[:, 1:]
        hidden = x.expand(MEMBERS, *x.shape)
        for layer in range(2):
            hidden = torch.nn.functional.silu(self._layer(layer, hidden))
        return found + self._layer(2, hidden)

    def _layer(self, number: int, x: Tensor) -> Tensor:
        return x @ getattr(self, f"weight{number}") + getattr(self, f"bias{number}")

    def root(self, conditions: Tensor) -> Tensor:
        """Square root of the covariance: (batch, outputs, outputs), lower triangular."""
        share = _hats(conditions[:, 0], self.corners)
        covariance = torch.einsum("bk,kij->bij", share, self.covariance)
        return torch.linalg.cholesky(covariance) * self._factor(conditions)[:, None, None]

    def _factor(self, conditions: Tensor) -> Tensor:
        found = self.ln_factor[0] + conditions @ self.ln_factor[1:]
        return found.clamp(-0.7, 0.7).exp()

    @torch.no_grad()
    def fit(
        self,
        x: Tensor,
        y: Tensor,
        conditions: Tensor,
        weights: Tensor,
        groups: Sequence[str],
        steps: int = 2000,
        how: str = "anew",
    ) -> Tensor:
        """Fit all members, and the spread to their errors on the groups they did not see.

        With ``how="shift"`` only :attr:`offset` is fitted: the mean error on the events of these
        data, drawn to zero the more the fewer they are.

        :param x: (batch, inputs); ``y`` (batch, outputs).
        :param weights: (batch,), what each row counts; 0 for those that teach nothing.
        :param groups: (batch,), the event of each; an event is never in both parts.
        :param steps: of descent for each small network.
        :param how: one of :data:`FITS`.
        :return: (outputs,), standard deviation of the errors, on what was left out if fitted anew.
        """
        chosen = weights > 0
        x, y = x[chosen], y[chosen]
        conditions, weights = conditions[chosen], weights[chosen] / weights[chosen].sum()
        groups = [group for group, one in zip(groups, chosen.tolist()) if one]
        if how != "anew":
            if how == "shift":
                self._shift(y - self._members(x).mean(dim=0), groups)
            return (weights @ (y - self.mean(x)).square()).sqrt()
        self.offset.zero_()
        self.center.copy_(weights @ x)
        spread = (weights @ (x - self.center).square()).sqrt()
        self.spread.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        scaled = ((x - self.center) / self.spread).clamp(-4.0, 4.0)
        numbers = {name: place for place, name in enumerate(sorted(set(groups)))}
        fold = torch.tensor([numbers[group] % MEMBERS for group in groups], device=x.device)
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

    def _shift(self, error: Tensor, groups: Sequence[str]) -> None:
        """The mean over events of the error, by how well so many events know it."""
        names = sorted(set(groups))
        of = torch.tensor([names.index(group) for group in groups], device=error.device)
        means = torch.stack([error[of == number].mean(dim=0) for number in range(len(names))])
        own = self.covariance.diagonal(dim1=1, dim2=2).mean(dim=0)
        # Of few events not even the spread is known: what was known of others counts as three.
        spread = (means.var(dim=0, correction=0) * len(names) + 3.0 * own) / (len(names) + 3.0)
        trust = _BETWEEN_REGIONS**2 / (_BETWEEN_REGIONS**2 + spread / len(names))
        self.offset.copy_(trust * means.mean(dim=0))

    def _fit_spread(self, error: Tensor, conditions: Tensor, weights: Tensor) -> None:
        near = torch.exp(-0.5 * ((conditions[:, :1] - self.corners) / 0.5) ** 2) + 1e-6
        share = weights[:, None] * near / (weights @ near)
        covariance = torch.einsum("bk,bi,bj->kij", share, error, error)
        self.covariance.copy_(covariance + 1e-4 * torch.eye(self.outputs, device=error.device))
        self.ln_factor.zero_()
        white = torch.linalg.solve_triangular(self.root(conditions), error[..., None], upper=False)
        size = white[..., 0].square().mean(dim=1)
        # How far off a window is depends on what is known of it: a regression of the logarithm.
        center = weights @ conditions
        linear = _ridge(conditions - center, 0.5 * torch.log(size[:, None] + 1e-6), weights, 30.0)
        self.ln_factor[1:] = linear[1:, 0]
        self.ln_factor[0] = -center @ linear[1:, 0]
        self.ln_factor[0] += 0.5 * torch.log(weights @ (size / self._factor(conditions) ** 2))


def check_fit(how: str) -> None:
    """Refuse what is none of :data:`FITS`.

    :raises InputError: naming them.
    """
    if how not in FITS:
        raise InputError(f"level_fit is {how!r}; it must be one of {', '.join(FITS)}.")


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
