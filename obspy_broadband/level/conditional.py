"""Conditioning of Gaussians: the level above the corner, given the one observed below it.

The corner is the simulation's upper frequency limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

#: Standard deviation of a level observed in the low frequencies, ln units.
READING_ERROR = 0.25
#: Innovations are clipped at so many prior standard deviations.
MAX_INNOVATION = 3.0


def condition_gaussian(
    covariance: np.ndarray, observed: np.ndarray, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Conditional distribution of a Gaussian vector of which some components are observed.

    With S the covariance, o the observed and u the other components::

        W   = S_uo (S_oo + noise² I)^-1        mean_u|o = mean_u + W (observed - mean_o)
        S_u|o = S_uu - W S_ou

    :param covariance: (n, n).
    :param observed: (n,) of bool.
    :param noise: standard deviation of the observation errors.
    :return: W (u, o), S_u|o (u, u), and S_oo + noise² I (o, o).
    """
    s_oo = covariance[np.ix_(observed, observed)] + noise**2 * np.eye(observed.sum())
    s_uo = covariance[np.ix_(~observed, observed)]
    weights = np.linalg.solve(s_oo, s_uo.T).T
    conditional = covariance[np.ix_(~observed, ~observed)] - weights @ s_uo.T
    return weights, conditional, s_oo


def condition_rows(
    mean: Tensor, root: Tensor, observed: Tensor, is_observed: Tensor, error: float = READING_ERROR
) -> tuple[Tensor, Tensor]:
    """:func:`condition_gaussian` for rows that observe different components, in PyTorch.

    A component that is not observed is taken as observed with a variance of 1e8, which leaves it
    free: one batched solve serves all rows. With S = root root' and R the diagonal matrix of these
    variances::

        gain = S (S + R)^-1      mean + gain clip(observed - mean)      S - gain S

    Innovations (observed - mean) are clipped at :data:`MAX_INNOVATION` standard deviations.

    :param mean: (rows, n), prior means; ``root`` (rows, n, n), lower Cholesky factors of the prior
        covariances.
    :param observed: (rows, n), values, used where ``is_observed``.
    :param error: standard deviation of the observation errors.
    :return: conditional means (rows, n) and the lower Cholesky factors of the conditional
        covariances (rows, n, n).
    """
    import torch

    covariance = (root @ root.mT).double()
    deviation = covariance.diagonal(dim1=1, dim2=2).sqrt()
    variance = torch.where(is_observed, error**2, 1e8).double()
    gain = torch.linalg.solve(covariance + torch.diag_embed(variance), covariance).mT
    bound = MAX_INNOVATION * deviation
    innovation = torch.where(is_observed, observed - mean, 0.0).clamp(-bound, bound)
    conditional = covariance - gain @ covariance
    conditional_mean = mean + (gain @ innovation[..., None])[..., 0].to(mean)
    return conditional_mean, torch.linalg.cholesky(0.5 * (conditional + conditional.mT)).to(root)
