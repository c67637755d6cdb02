"""Residuals of stations of one event, correlated by their distance (Loth and Baker, 2013).

Within-event residuals of ln SA have the correlation b1 exp(-3 h / 20 km) + b2 exp(-3 h / 70 km),
and b3 more at h = 0 (EESD 42, 397-417, with the coefficients of the erratum, 2020, EESD 49,
315-316). A field with this correlation is a sum of waves with normal amplitudes: the spectral
density of exp(-h / L) is a Cauchy distribution of wave vectors. A station evaluates the sum at its
own place; its numbers do not depend on which other stations there are, nor on their order.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

#: Period in s, and the shares b1, b2, b3 of the variance of ln SA (the diagonals of the tables).
_SHARES = np.array(
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
#: What is drawn are independent numbers that a method mixes into levels at all its frequencies, so
#: one correlation must serve them all: the mean at 0.1-1 s.
_MEAN = _SHARES[(_SHARES[:, 0] >= 0.1) & (_SHARES[:, 0] <= 1.0), 1:].mean(axis=0)
_MEAN = _MEAN / _MEAN.sum()
#: Waves that are added up for each range.
_WAVES = 256
_EARTH_RADIUS = 6371.0  # km
#: Realizations whose waves are kept, at 40 numbers 0.16 MiB each.
_KEPT = 128


def correlation(distance_km: np.ndarray) -> np.ndarray:
    """Of a number at two places.

    :param distance_km: any shape; 0 is one place.
    """
    distance_km = np.asarray(distance_km, dtype=float)
    waves = np.exp(-3.0 * distance_km[..., None] / _RANGES) @ _MEAN[:2]
    return waves + _MEAN[2] * (distance_km == 0)


def place(latitude: float, longitude: float) -> np.ndarray:
    """A point on the Earth, (3,), km. Distances are along the chord."""
    north, east = np.deg2rad(latitude), np.deg2rad(longitude)
    return _EARTH_RADIUS * np.array(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )


def field(seed: str, where: np.ndarray, numbers: int) -> np.ndarray:
    """Numbers of one realization at one place: (numbers,), standard normal, independent.

    :param seed: of the realization; the same at all stations of an event.
    :param where: (3,), km.
    """
    vectors, amplitudes = _waves(seed, numbers)
    travelled = (vectors * where).sum(axis=1)
    here = np.concatenate([np.cos(travelled), np.sin(travelled)]).astype(np.float32)
    return (amplitudes * here).sum(axis=1) + np.sqrt(_MEAN[2]) * _own(seed, where, numbers)


@lru_cache(maxsize=_KEPT)
def _waves(seed: str, numbers: int) -> tuple[np.ndarray, np.ndarray]:
    """The waves of one realization, the same at all places; kept, since places add little to them.

    :return: wave vectors, (waves, 3), 1/km; amplitudes of their cosines and then of their sines,
        (numbers, 2 waves).
    """
    rng = np.random.default_rng(_hash(seed))
    sizes = np.repeat(_RANGES / 3.0, _WAVES)[:, None]
    vectors = rng.normal(size=(2 * _WAVES, 3)) / np.abs(rng.normal(size=sizes.shape)) / sizes
    deviations = np.tile(np.repeat(np.sqrt(_MEAN[:2] / _WAVES), _WAVES), 2).astype(np.float32)
    amplitudes = rng.standard_normal((numbers, 4 * _WAVES), dtype=np.float32)
    return vectors, amplitudes * deviations


def _own(seed: str, where: np.ndarray, numbers: int) -> np.ndarray:
    """What a place shares with no other, to the metre."""
    metres = ",".join(str(round(1000.0 * value)) for value in where)
    return np.random.default_rng(_hash(f"{seed}|{metres}")).normal(size=numbers)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
