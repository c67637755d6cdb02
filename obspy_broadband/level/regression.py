"""Gaussian regression (ridge and MLP ensemble) with event-wise cross-validated covariance.

With x the inputs, y the outputs, c the conditions (c_0 = ln corner) and z the standardized x,
clamped to ±4:

    mean(x)       = offset + mean over members k of (b_k + W_k' z + MLP_k(z))
    covariance(c) = g(c)² sum_j s_j(c_0) C_j
    ln g(c)       = ln_factor_0 + ln_factor_1: ' c, clamped to ±0.7

Member k is fitted without the events of fold k; C_j is the covariance of the errors on the events
left out, weighted towards windows with a corner near node j (s_j interpolates linearly between
nodes in ln corner); g scales it by how much of the metadata is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..nn.conditions import Conditions

_CORNERS = (0.5, 1.0, 2.0, 4.0)  # Hz, nodes of the covariance
_WIDTH = 64  # of the hidden layers
MEMBERS = 5
#: How a regression is fitted to data: entirely; only its offset; not at all.
FITS = ("anew", "shift", "keep")
#: Prior standard deviation between regions of ln of the outputs. A choice, not fitted to anything.
_BETWEEN_REGIONS = 0.4


class GaussianRegression(nn.Module):
    """A multivariate normal distribution of outputs, given inputs and conditions.

    The mean is that of an ensemble, each member a ridge regression in closed form and a small
    network (MLP) fitted to its residuals, both without a part of the events. The covariance is that
    of the errors on the events left out, so that it holds for new events; it is larger for lower
    corners and where less metadata is known. All is fitted before training starts (:meth:`fit`) and
    held fixed: trained along with the network, the covariance would shrink to that of the training
    set.

    :param inputs: number of inputs; ``outputs`` of outputs.
    :param conditions: length of the vector of conditions.
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
        return self._member_means(x).mean(dim=0) + self.offset

    def _standardize(self, x: Tensor) -> Tensor:
        """z, clamped: far outside the training data, the prediction at their edge."""
        return ((x - self.center) / self.spread).clamp(-4.0, 4.0)

    def _member_means(self, x: Tensor) -> Tensor:
        """Predictions of the members without the offset: (MEMBERS, batch, outputs)."""
        z = self._standardize(x)
        linear = self.linear[:, :1] + z @ self.linear[:, 1:]
        hidden = z.expand(MEMBERS, *z.shape)
        for layer in range(2):
            hidden = torch.nn.functional.silu(self._layer(layer, hidden))
        return linear + self._layer(2, hidden)

    def _layer(self, number: int, x: Tensor) -> Tensor:
        return x @ getattr(self, f"weight{number}") + getattr(self, f"bias{number}")

    def root(self, conditions: Conditions) -> Tensor:
        """Lower Cholesky factor of the covariance: (batch, outputs, outputs)."""
        share = _hat_functions(conditions.ln_corner, self.corners)
        covariance = torch.einsum("bk,kij->bij", share, self.covariance)
        return torch.linalg.cholesky(covariance) * self._factor(conditions)[:, None, None]

    def _factor(self, conditions: Conditions) -> Tensor:
        """g(c), the factor on the standard deviation: (batch,)."""
        ln_factor = self.ln_factor[0] + conditions.vector @ self.ln_factor[1:]
        return ln_factor.clamp(-0.7, 0.7).exp()

    @torch.no_grad()
    def fit(
        self,
        x: Tensor,
        y: Tensor,
        conditions: Conditions,
        weights: Tensor,
        events: Sequence[str],
        steps: int = 2000,
        how: str = "anew",
    ) -> Tensor:
        """Fit the members, and the covariance to their errors on the events left out.

        With ``how="shift"`` only :attr:`offset` is fitted: the mean error on the events of these
        data, shrunk towards zero the fewer events there are.

        :param x: (batch, inputs); ``y`` (batch, outputs).
        :param weights: (batch,), weight of each row; rows of weight 0 are not used.
        :param events: (batch,), the event of each row; all rows of an event are in one fold.
        :param steps: of gradient descent for each MLP.
        :param how: one of :data:`FITS`.
        :return: (outputs,), standard deviation of the errors; cross-validated if fitted anew.
        """
        used = weights > 0
        x, y = x[used], y[used]
        conditions, weights = conditions[used], weights[used] / weights[used].sum()
        events = [event for event, is_used in zip(events, used.tolist()) if is_used]
        if how != "anew":
            if how == "shift":
                self._fit_offset(y - self._member_means(x).mean(dim=0), events)
            return (weights @ (y - self.mean(x)).square()).sqrt()
        self.offset.zero_()
        self.center.copy_(weights @ x)
        spread = (weights @ (x - self.center).square()).sqrt()
        self.spread.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        z = self._standardize(x)
        numbers = {event: number for number, event in enumerate(sorted(set(events)))}
        fold = torch.tensor([numbers[event] % MEMBERS for event in events], device=x.device)
        error = torch.empty_like(y)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for member in range(MEMBERS):
                out = fold == member
                # With fewer events than members, some members leave none out.
                within = ~out if bool(out.any()) and bool((~out).any()) else torch.ones_like(out)
                self.linear[member] = _ridge(z[within], y[within], weights[within])
                residual = y - self.linear[member, 0] - z @ self.linear[member, 1:]
                for layer, (weight, bias) in enumerate(
                    _fit_mlp(z[within], residual[within], weights[within], steps)
                ):
                    getattr(self, f"weight{layer}")[member] = weight
                    getattr(self, f"bias{layer}")[member] = bias
                error[out] = (y - self._member_means(x)[member])[out]
        self._fit_covariance(error, conditions, weights)
        return (weights @ error.square()).sqrt()

    def _fit_offset(self, error: Tensor, events: Sequence[str]) -> None:
        """Empirical-Bayes mean of the errors of n events.

        offset = t² / (t² + s² / n) x mean of the events' mean errors, with t the prior standard
        deviation between regions and s² the variance between events.
        """
        names = sorted(set(events))
        number = torch.tensor([names.index(event) for event in events], device=error.device)
        means = torch.stack([error[number == event].mean(dim=0) for event in range(len(names))])
        prior = self.covariance.diagonal(dim1=1, dim2=2).mean(dim=0)
        # The fitted variance counts as three events: that of a few events is itself uncertain.
        variance = (means.var(dim=0, correction=0) * len(names) + 3.0 * prior) / (len(names) + 3.0)
        shrinkage = _BETWEEN_REGIONS**2 / (_BETWEEN_REGIONS**2 + variance / len(names))
        self.offset.copy_(shrinkage * means.mean(dim=0))

    def _fit_covariance(self, error: Tensor, conditions: Conditions, weights: Tensor) -> None:
        """C_j from errors (rows, outputs) near each node of the corner, then the factor g."""
        vector = conditions.vector
        near = torch.exp(-0.5 * ((vector[:, :1] - self.corners) / 0.5) ** 2) + 1e-6
        share = weights[:, None] * near / (weights @ near)
        covariance = torch.einsum("bk,bi,bj->kij", share, error, error)
        self.covariance.copy_(covariance + 1e-4 * torch.eye(self.outputs, device=error.device))
        self.ln_factor.zero_()
        white = torch.linalg.solve_triangular(self.root(conditions), error[..., None], upper=False)
        variance = white[..., 0].square().mean(dim=1)
        # ln of the standard deviation of whitened errors, by ridge regression on the conditions.
        center = weights @ vector
        linear = _ridge(vector - center, 0.5 * torch.log(variance[:, None] + 1e-6), weights, 30.0)
        self.ln_factor[1:] = linear[1:, 0]
        self.ln_factor[0] = -center @ linear[1:, 0]
        self.ln_factor[0] += 0.5 * torch.log(weights @ (variance / self._factor(conditions) ** 2))


def check_fit(how: str) -> None:
    """Check the name of a way to fit.

    :raises InputError: if it is none of :data:`FITS`.
    """
    if how not in FITS:
        raise InputError(f"level_fit is {how!r}; it must be one of {', '.join(FITS)}.")


def _ridge(x: Tensor, y: Tensor, weights: Tensor, penalty: float = 10.0) -> Tensor:
    """Weighted ridge regression: intercept and coefficients, (1 + inputs, outputs).

    B = (X' D X + penalty I_0)^-1 X' D y, with D the weights, of mean 1 (the penalty counts as so
    many rows), and I_0 the identity without the intercept.
    """
    design = torch.cat([torch.ones_like(x[:, :1]), x], dim=1).double()
    row_weights = (weights / weights.sum() * len(x)).double()
    ridge = penalty * torch.eye(design.shape[1], dtype=torch.float64, device=x.device)
    ridge[0, 0] = 0.0
    weighted = design * row_weights[:, None]
    return torch.linalg.solve(design.T @ weighted + ridge, weighted.T @ y.double()).to(x.dtype)


@torch.enable_grad()
def _fit_mlp(x: Tensor, y: Tensor, weights: Tensor, steps: int) -> list[tuple[Tensor, Tensor]]:
    """A network of two hidden layers whose output starts at zero: (weight, bias) of each layer."""
    last = nn.Linear(_WIDTH, y.shape[1])
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    network = nn.Sequential(
        *(nn.Dropout(0.1), nn.Linear(x.shape[1], _WIDTH), nn.SiLU(), nn.Dropout(0.4)),
        *(nn.Linear(_WIDTH, _WIDTH), nn.SiLU(), nn.Dropout(0.4), last),
    ).to(x.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.1)
    probabilities = weights.cpu()
    for _ in range(steps):
        rows = torch.multinomial(probabilities, 64, replacement=True).to(x.device)
        optimizer.zero_grad()
        (network(x[rows]) - y[rows]).square().mean().backward()
        optimizer.step()
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    return [(layer.weight.detach().T, layer.bias.detach()) for layer in layers]


def _hat_functions(x: Tensor, nodes: Tensor) -> Tensor:
    """Coefficients of linear interpolation, constant beyond the ends: (batch, nodes)."""
    x = x.clamp(float(nodes[0]), float(nodes[-1]))
    upper = torch.searchsorted(nodes, x.contiguous()).clamp(1, len(nodes) - 1)
    fraction = (x - nodes[upper - 1]) / (nodes[upper] - nodes[upper - 1])
    coefficients = torch.zeros(len(x), len(nodes), device=x.device)
    coefficients.scatter_(1, upper[:, None], fraction[:, None])
    return coefficients.scatter_(1, upper[:, None] - 1, 1.0 - fraction[:, None])
