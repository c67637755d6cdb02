"""Fourier amplitude spectrum and duration of a point source: source, path and site.

Active crust. Source and constants are those of Boore (2003, Pageoph 160) for the western United
States, the crustal amplification is that of Boore (2016, BSSA 106) for 760 m/s, the linear site
term that of Bayless and Abrahamson (2019, BSSA 109). Stress drop, kappa, spreading beyond 40 km
and Q were fitted here to the mean of the four NGA-West2 models (docs/explanation/methods/stochastic.md).
Frequencies in Hz, distances in km, spectra in m/s (acceleration).

Notation, in the terms of Boore (2003), Y = E (source) P (path) G (site)::

    E(f)    = C M0 (2 pi f)^2 / (1 + (f / f_c)^2)            omega-square model
    C       = <R> F V / (4 pi rho beta^3 R_0), R_0 = 1 km    radiation, free surface, partition
    f_c     = 0.4906 beta (stress drop / M0)^(1/3)           Brune (1970)
    P(f)    = Z(R) exp(-pi f R / (Q(f) beta))                geometrical spreading and Q
    G(f)    = Amp(f) (Vs30 / 760)^c8(f) exp(-pi kappa f)     crust, linear soil, kappa
    R       effective distance of the point source that is equivalent to a finite fault

f_c is the corner frequency of the source (:func:`source_corner`); the ``corner`` of the rest of the
package, the upper frequency limit of a simulation, does not occur here.
"""

from __future__ import annotations

import numpy as np

_DENSITY = 2720.0  # kg/m³
_SHEAR_VELOCITY = 3500.0  # m/s
_RADIATION, _FREE_SURFACE, _PARTITION = 0.55, 2.0, 1 / np.sqrt(2)
#: Boore (2016), amplification of a crust with Vs30 = 760 m/s relative to the source region.
_CRUST = np.array(
    [
        *((0.01, 1.00), (0.015, 1.01), (0.021, 1.02), (0.031, 1.02), (0.045, 1.04)),
        *((0.065, 1.06), (0.095, 1.09), (0.138, 1.13), (0.2, 1.18), (0.291, 1.25)),
        *((0.423, 1.32), (0.615, 1.41), (0.894, 1.51), (1.301, 1.64), (1.892, 1.80)),
        *((2.751, 1.99), (4.0, 2.18), (5.817, 2.38), (8.459, 2.56), (12.301, 2.75)),
        *((17.889, 2.95), (26.014, 3.17), (37.83, 3.42), (55.012, 3.68), (80.0, 3.96)),
    ]
)
#: Bayless and Abrahamson (2019), coefficient c8 of ln(Vs30 / 1000) by frequency.
_SITE = np.array(
    [
        *((0.1, -0.743), (0.2, -0.934), (0.3, -1.041), (0.5, -1.139), (0.7, -1.151)),
        *((1.0, -1.118), (1.5, -1.023), (2.0, -0.921), (3.0, -0.742), (5.0, -0.486)),
        *((7.0, -0.301), (10.0, -0.083), (15.0, 0.186), (20.0, 0.378), (24.0, 0.501)),
    ]
)
#: Boore and Thompson (2014, BSSA 104, Table 1): distance in km and duration of the path in s.
_PATH_DURATION = np.array(
    [(0.0, 0.0), (7.0, 2.4), (45.0, 8.4), (125.0, 10.9), (175.0, 17.4), (270.0, 34.2)]
)
_PATH_DURATION_BEYOND = 0.156  # s/km


def seismic_moment(magnitude: float) -> float:
    """Moment in N m (Hanks and Kanamori, 1979)."""
    return 10 ** (1.5 * magnitude + 9.05)


def source_corner(magnitude: float, stress_drop_mpa: float) -> float:
    """Source corner frequency f_c, Hz: 0.4906 beta (stress drop / M0)^(1/3) (Brune, 1970)."""
    return 0.4906 * _SHEAR_VELOCITY * (stress_drop_mpa * 1e6 / seismic_moment(magnitude)) ** (1 / 3)


def effective_distance(magnitude: float, distance_km: float) -> float:
    """Distance R of the point source that is equivalent to a finite fault, km.

    sqrt(R² + h²), log10 h = -0.405 + 0.235 M (Yenier and Atkinson, 2015, BSSA 105).
    """
    return float(np.hypot(distance_km, 10 ** (-0.405 + 0.235 * magnitude)))


def duration(magnitude: float, distance_km: float, stress_drop_mpa: float) -> float:
    """Duration of the shear waves, s: source (1 / f_c) plus path (Boore and Thompson, 2014)."""
    effective_km = effective_distance(magnitude, distance_km)
    path = np.interp(effective_km, *_PATH_DURATION.T)
    path += _PATH_DURATION_BEYOND * max(0.0, effective_km - _PATH_DURATION[-1, 0])
    return float(1.0 / source_corner(magnitude, stress_drop_mpa) + path)


def site_slope(frequencies: np.ndarray) -> np.ndarray:
    """d ln(spectrum) / d ln(Vs30), coefficient c8, linear soil; constant outside 0.1-24 Hz."""
    return np.interp(np.log(frequencies), np.log(_SITE[:, 0]), _SITE[:, 1])


def fourier_spectrum(
    frequencies: np.ndarray,
    magnitude: float,
    distance_km: float,
    vs30_m_s: float = 760.0,
    stress_drop_mpa: float = 11.0,
    kappa_s: float = 0.036,
) -> np.ndarray:
    """Fourier amplitude spectrum of acceleration of one horizontal component (Boore, 2003).

    Y(f) = E(f) P(f) G(f), see the notation above.

    :param frequencies: (frequencies,), Hz, positive.
    :param magnitude: moment magnitude.
    :param distance_km: to the rupture or the hypocentre; see :func:`effective_distance`.
    :param vs30_m_s: linear site response relative to 760 m/s; above 1000 m/s as at 1000 m/s.
    :param stress_drop_mpa: MPa.
    :param kappa_s: near-surface attenuation kappa, s.
    :return: (frequencies,), m/s.
    """
    frequencies = np.asarray(frequencies, dtype=float)
    effective_km = effective_distance(magnitude, distance_km)
    constant = _RADIATION * _FREE_SURFACE * _PARTITION
    constant /= 4 * np.pi * _DENSITY * _SHEAR_VELOCITY**3 * 1000.0
    f_c = source_corner(magnitude, stress_drop_mpa)
    source = constant * seismic_moment(magnitude) * (2 * np.pi * frequencies) ** 2
    source /= 1 + (frequencies / f_c) ** 2
    spreading = 1 / effective_km if effective_km <= 40 else 1 / 40 * (40 / effective_km) ** 0.9
    quality = 180 * frequencies**0.6
    attenuation = np.exp(-np.pi * frequencies * effective_km * 1000 / (quality * _SHEAR_VELOCITY))
    crust = np.exp(np.interp(np.log(frequencies), np.log(_CRUST[:, 0]), np.log(_CRUST[:, 1])))
    site = np.exp(site_slope(frequencies) * np.log(min(vs30_m_s, 1000.0) / 760.0))
    kappa = np.exp(-np.pi * kappa_s * frequencies)
    return source * spreading * attenuation * crust * site * kappa


def vertical_ratio(frequencies: np.ndarray) -> np.ndarray:
    """Vertical over horizontal spectrum on rock (Siddiqqi and Atkinson, 2002, BSSA 92)."""
    return 1 / (10**0.0519 * np.clip(frequencies, 0.5, 20.0) ** 0.117)


def p_wave_share(frequencies: np.ndarray, magnitude: float, stress_drop_mpa: float) -> np.ndarray:
    """Fraction of the energy of each component that is P, Z, N, E: (3, frequencies).

    The amplitude of P over S is (beta/alpha)³ times the ratio of the mean radiation patterns (0.52
    over 0.63), and the corner frequency of P is 1.5 f_c (Boore and Boatwright, 1984, BSSA 74).
    Refraction in the low velocities near the surface makes waves arrive at about 35 degrees from
    the vertical: P mostly on the vertical component, S mostly on the horizontals.
    """
    f_c = source_corner(magnitude, stress_drop_mpa)
    ratio = (1 / np.sqrt(3)) ** 3 * 0.52 / 0.63
    ratio = ratio * (1 + (frequencies / f_c) ** 2) / (1 + (frequencies / (1.5 * f_c)) ** 2)
    incidence = np.deg2rad(35.0)
    vertical = ratio * np.cos(incidence) / (np.sin(incidence) / np.sqrt(2))
    horizontal = ratio * np.sin(incidence) / np.sqrt(2) / (1 / np.sqrt(2))
    squared = np.stack([vertical, horizontal, horizontal]) ** 2
    return squared / (1 + squared)
