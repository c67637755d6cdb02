"""Gaussian residuals of ln Fourier amplitude between records of the same scenario.

Standard deviation and correlation between frequencies of the effective amplitude spectrum (EAS),
between-event, site and path residuals together: Bayless and Abrahamson (2018, PEER 2018/03 and its
supplement; 2019, BSSA 109, 1058-1071).
"""

from __future__ import annotations

import numpy as np

#: Hz; "A" to "D" of the correlation and the total standard deviation "sigma" at each.
_FREQUENCIES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 24.0)
_COEFFICIENTS = {
    "A": (
        *(1.048, 1.107, 1.142, 1.184, 1.210, 1.237, 1.272, 1.305),
        *(1.367, 1.480, 1.580, 1.688, 1.813, 1.904, 1.962),
    ),
    "B": (
        *(-0.546, -0.588, -0.615, -0.651, -0.683, -0.721, -0.763, -0.793),
        *(-0.836, -0.899, -0.954, -1.014, -1.083, -1.134, -1.167),
    ),
    "C": (
        *(1.688, 1.596, 1.548, 1.490, 1.472, 1.456, 1.423, 1.383),
        *(1.307, 1.194, 1.128, 1.059, 0.983, 0.931, 0.900),
    ),
    "D": (
        *(-10.48, -24.99, -33.27, -43.44, -48.42, -51.89, -53.21, -52.59),
        *(-50.23, -46.33, -44.23, -42.08, -39.74, -38.16, -37.20),
    ),
    "sigma": (
        *(0.733, 0.808, 0.830, 0.852, 0.834, 0.800, 0.763, 0.720),
        *(0.704, 0.726, 0.764, 0.830, 0.936, 0.968, 1.017),
    ),
}


def _coefficient(name: str, frequencies: np.ndarray) -> np.ndarray:
    return np.interp(np.log(frequencies), np.log(_FREQUENCIES), _COEFFICIENTS[name])


def standard_deviation(frequencies: np.ndarray) -> np.ndarray:
    """Total standard deviation of ln EAS, held constant outside 0.1-24 Hz."""
    return _coefficient("sigma", np.asarray(frequencies))


def correlation(frequencies: np.ndarray) -> np.ndarray:
    """Correlation between frequencies f1 and f2: tanh(A exp(B d) + C exp(D d)), d = |ln(f1/f2)|.

    :param frequencies: (frequencies,), Hz.
    :return: (frequencies, frequencies); A to D are those of the lower frequency.
    """
    frequencies = np.asarray(frequencies, dtype=float)
    distance = np.abs(np.log(frequencies[:, None] / frequencies))
    lower = np.minimum(frequencies[:, None], frequencies)
    a, b, c, d = (_coefficient(name, lower) for name in "ABCD")
    matrix = np.tanh(a * np.exp(b * distance) + c * np.exp(d * distance))
    np.fill_diagonal(matrix, 1.0)
    return matrix


def square_root(covariance: np.ndarray) -> np.ndarray:
    """R with R R' = covariance, so that R @ epsilon has it, by eigenvectors and eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.clip(values, 0.0, None))


def symmetric_root(root: np.ndarray) -> np.ndarray:
    """The symmetric square root of a covariance, from its :func:`square_root`.

    Its column j belongs to frequency j, and it varies smoothly with the covariance, whereas the
    order and the signs of eigenvectors are arbitrary: stations with similar covariances and the
    same epsilon get similar residuals.
    """
    norm = np.linalg.norm(root, axis=0)
    return root @ np.divide(root, norm, out=np.zeros_like(root), where=norm > 0).T
