"""Spatially correlated residuals of the stations of one event (Loth and Baker, 2013).

Within-event residuals of ln SA at two stations h apart have the correlation (EESD 42, 397-417, with
the coefficients of the erratum, 2020, EESD 49, 315-316)

    rho(h) = b1 exp(-3 h / 20 km) + b2 exp(-3 h / 70 km) + b3 [h = 0]

A field with this correlation is a sum of plane waves with normal amplitudes, evaluated at each
station's position x (N waves for each range L_i = 20 and 70 km / 3):

    epsilon(x) = sum_i sqrt(b_i / N) sum_n (a_n cos(k_n x) + c_n sin(k_n x)) + sqrt(b3) e(x)

with a, c, e ~ N(0, 1). The spectral density of exp(-h / L) is a Cauchy distribution of the wave
vectors k, drawn as N(0, I) / |N(0, 1)| / L. A station's values depend neither on which other
stations there are nor on their order.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

#: Period in s, and b1, b2, b3 at it (the diagonals of the tables).
_COEFFICIENTS = np.array(
    [
        (0.01, 0.29, 0.47, 0.24),
        (0.1, 0.30, 0.42, 0.28),
        (0.2, 0.27, 0.45, 0.28),
        (0.5, 0.31, 0.42, 0.26),
        (1.0, 0.33, 0.48, 0.20),
        (2.0, 0.33, 0.55, 0.12),
        (5.0, 0.37, 0.51, 0.12),
        (7.5, 0.28, 0.62, 0.10),
        (10.0, 0.23, 0.68, 0.09),
    ]
)
_RANGES = np.array([20.0, 70.0])  # km
#: A method mixes independent epsilon into levels at all its frequencies, so that one correlation
#: must serve them all: the mean at 0.1-1 s.
_B = _COEFFICIENTS[(_COEFFICIENTS[:, 0] >= 0.1) & (_COEFFICIENTS[:, 0] <= 1.0), 1:].mean(axis=0)
_B = _B / _B.sum()
_WAVES = 256  # for each range
_EARTH_RADIUS = 6371.0  # km
#: Realizations whose waves are kept in memory, 0.16 MiB each for 40 values.
_KEPT = 128


def correlation(distance_km: np.ndarray) -> np.ndarray:
    """rho(h) of one value at two stations.

    :param distance_km: any shape; 0 is the same position.
    """
    distance_km = np.asarray(distance_km, dtype=float)
    waves = np.exp(-3.0 * distance_km[..., None] / _RANGES) @ _B[:2]
    return waves + _B[2] * (distance_km == 0)


def place(latitude: float, longitude: float) -> np.ndarray:
    """Position on a spherical Earth: (3,), km. Distances are along the chord."""
    north, east = np.deg2rad(latitude), np.deg2rad(longitude)
    return _EARTH_RADIUS * np.array(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )


def field(seed: str, position: np.ndarray, size: int) -> np.ndarray:
    """Epsilon of one realization at one position: (size,), standard normal, independent.

    :param seed: of the realization; the same at all stations of an event.
    :param position: (3,), km.
    """
    vectors, amplitudes = _waves(seed, size)
    phase = (vectors * position).sum(axis=1)
    waves = np.concatenate([np.cos(phase), np.sin(phase)]).astype(np.float32)
    return (amplitudes * waves).sum(axis=1) + np.sqrt(_B[2]) * _nugget(seed, position, size)


@lru_cache(maxsize=_KEPT)
def _waves(seed: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The waves of one realization, the same at all positions.

    :return: wave vectors, (waves, 3), 1/km; amplitudes of their cosines and then of their sines,
        (size, 2 waves).
    """
    rng = np.random.default_rng(_hash(seed))
    lengths = np.repeat(_RANGES / 3.0, _WAVES)[:, None]
    vectors = rng.normal(size=(2 * _WAVES, 3)) / np.abs(rng.normal(size=lengths.shape)) / lengths
    deviations = np.tile(np.repeat(np.sqrt(_B[:2] / _WAVES), _WAVES), 2).astype(np.float32)
    amplitudes = rng.standard_normal((size, 4 * _WAVES), dtype=np.float32)
    return vectors, amplitudes * deviations


def _nugget(seed: str, position: np.ndarray, size: int) -> np.ndarray:
    """e(x), independent at any two positions, which are told apart to the metre."""
    metres = ",".join(str(round(1000.0 * value)) for value in position)
    return np.random.default_rng(_hash(f"{seed}|{metres}")).normal(size=size)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
