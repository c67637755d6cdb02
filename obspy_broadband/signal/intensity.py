"""Intensity measures, one function a measure: (..., samples) of acceleration in m/s² -> (...).

Notation, with the acceleration a(t), the velocity v(t) and the length t_r of the record::

    I_A    = pi / (2 g) int_0^t_r a(t)^2 dt                   Arias intensity (Arias, 1970)
    CAV    = int_0^t_r |a(t)| dt                              cumulative absolute velocity
    H(t)   = int_0^t a(t')^2 dt' / int_0^t_r a(t')^2 dt'      Husid function
    D_5-95 = t(H = 0.95) - t(H = 0.05)                        significant duration

Integrals are trapezoidal.
"""

from __future__ import annotations

import numpy as np

from .integration import integrate
from .response import DEFAULT_PERIODS, directional_peaks, response_spectrum, rotd

_STANDARD_GRAVITY = 9.80665


def pga(acceleration: np.ndarray) -> np.ndarray:
    """Peak ground acceleration, m/s².

    :param acceleration: (..., samples), m/s².
    :return: (...).
    """
    return np.abs(acceleration).max(axis=-1)


def pgv(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Peak ground velocity, m/s, of a record that starts at rest."""
    return np.abs(integrate(acceleration, sampling_rate)).max(axis=-1)


def pgd(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Peak ground displacement, m, of a record that starts at rest."""
    return np.abs(_displacement(acceleration, sampling_rate)).max(axis=-1)


def arias_intensity(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Arias intensity pi / (2 g) times the integral of a², m/s (Arias, 1970)."""
    return np.pi / (2 * _STANDARD_GRAVITY) * _integral(np.square(acceleration), sampling_rate)


def cumulative_absolute_velocity(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """CAV, the integral of |a|, m/s (EPRI, 1988); no threshold is applied."""
    return _integral(np.abs(acceleration), sampling_rate)


def cumulative_absolute_displacement(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """CAD, the integral of |v|, m."""
    return _integral(np.abs(integrate(acceleration, sampling_rate)), sampling_rate)


def velocity_intensity(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """The integral of v² over the peak ground velocity, m; 0 for a record without motion."""
    velocity = integrate(acceleration, sampling_rate)
    peak = np.abs(velocity).max(axis=-1)
    total = _integral(np.square(velocity), sampling_rate)
    return np.divide(total, peak, out=np.zeros_like(total), where=peak > 0)


def acceleration_spectrum_intensity(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    """ASI, the integral of SA (5 %) over periods of 0.1-0.5 s, m/s (Von Thun et al., 1988)."""
    periods = np.linspace(0.1, 0.5, 41)
    spectrum = response_spectrum(acceleration, sampling_rate, tuple(periods))
    return np.trapezoid(spectrum, periods, axis=-1)


def significant_duration(
    acceleration: np.ndarray, sampling_rate: float, lower: float = 0.05, upper: float = 0.95
) -> np.ndarray:
    """Significant duration, s: time between two fractions of the Arias intensity.

    Trifunac and Brady (1975).

    :param acceleration: (..., samples), m/s².
    :param lower: fraction H at the beginning; ``upper`` at the end: D5-95 by default, D5-75 with
        0.75.
    :return: (...); 0 for a record without motion.
    """
    return _duration(np.square(acceleration), sampling_rate, lower, upper)


def rotd_peak(
    h1: np.ndarray, h2: np.ndarray, percentiles: tuple[float, ...] = (50.0, 100.0)
) -> np.ndarray:
    """RotDnn of the peak of two horizontal components (Boore, 2010): percentiles of 180 directions.

    :param h1: (..., samples), acceleration, velocity or displacement; ``h2`` likewise.
    :return: (..., percentiles), in the same unit.
    """
    pairs = np.stack(np.broadcast_arrays(h1, h2), axis=-2)
    flat = pairs.reshape(-1, 2, pairs.shape[-1])
    peaks = np.array([np.percentile(directional_peaks(pair), percentiles) for pair in flat])
    return peaks.reshape(*pairs.shape[:-2], len(percentiles))


def measures(
    acceleration: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
) -> dict[str, np.ndarray]:
    """The measures of records with three components, by name.

    Peaks and spectra are RotD50 of the horizontals; Arias intensity and CAV are means of the two
    (arithmetic for Arias, whose sum does not depend on the orientation, geometric for CAV, as in
    Campbell and Bozorgnia, 2010); durations are of the sum of the two.

    :param acceleration: (..., 3, samples), components Z, N, E, m/s².
    :return: arrays (...); the unit is the end of the name.
    """
    vertical, h1, h2 = np.moveaxis(np.asarray(acceleration, dtype=float), -2, 0)
    by_name = _peaks_rotd50(h1, h2, sampling_rate)
    by_name["pga_vertical_m_s2"] = pga(vertical)
    arias = [arias_intensity(h, sampling_rate) for h in (h1, h2)]
    cav = [cumulative_absolute_velocity(h, sampling_rate) for h in (h1, h2)]
    by_name["arias_m_s"] = 0.5 * (arias[0] + arias[1])
    by_name["cav_m_s"] = np.sqrt(cav[0] * cav[1])
    power = h1**2 + h2**2
    by_name["d5_75_s"] = _duration(power, sampling_rate, 0.05, 0.75)
    by_name["d5_95_s"] = _duration(power, sampling_rate, 0.05, 0.95)
    spectra = rotd(h1, h2, sampling_rate, tuple(periods), (50.0,))[..., 0, :]
    return by_name | _by_period(spectra, periods)


def measures_of_component(
    acceleration: np.ndarray,
    sampling_rate: float,
    periods: np.ndarray | tuple[float, ...] = DEFAULT_PERIODS,
) -> dict[str, np.ndarray]:
    """The measures of :func:`measures` that one component has, without any rotation.

    :param acceleration: (..., samples), m/s².
    :return: arrays (...); the unit is the end of the name.
    """
    by_name = {
        "pga_m_s2": pga(acceleration),
        "pgv_m_s": pgv(acceleration, sampling_rate),
        "pgd_m": pgd(acceleration, sampling_rate),
        "arias_m_s": arias_intensity(acceleration, sampling_rate),
        "cav_m_s": cumulative_absolute_velocity(acceleration, sampling_rate),
        "d5_75_s": significant_duration(acceleration, sampling_rate, 0.05, 0.75),
        "d5_95_s": significant_duration(acceleration, sampling_rate),
    }
    return by_name | _by_period(response_spectrum(acceleration, sampling_rate, periods), periods)


def _peaks_rotd50(h1: np.ndarray, h2: np.ndarray, sampling_rate: float) -> dict[str, np.ndarray]:
    """RotD50 of PGA, PGV and PGD of two horizontal components (..., samples)."""
    peaks = {}
    for name in ("pga_m_s2", "pgv_m_s", "pgd_m"):
        peaks[name] = rotd_peak(h1, h2, (50.0,))[..., 0]
        h1, h2 = integrate(h1, sampling_rate), integrate(h2, sampling_rate)
    return peaks


def _by_period(
    spectra: np.ndarray, periods: np.ndarray | tuple[float, ...]
) -> dict[str, np.ndarray]:
    return {f"sa_{period:g}s_m_s2": spectra[..., i] for i, period in enumerate(periods)}


def _displacement(acceleration: np.ndarray, sampling_rate: float) -> np.ndarray:
    return integrate(integrate(acceleration, sampling_rate), sampling_rate)


def _integral(x: np.ndarray, sampling_rate: float) -> np.ndarray:
    return np.trapezoid(x, dx=1.0 / sampling_rate, axis=-1)


def _duration(power: np.ndarray, sampling_rate: float, lower: float, upper: float) -> np.ndarray:
    """Time between two fractions of the integral of a power, interpolated between samples."""
    husid = integrate(power, sampling_rate)
    flat = husid.reshape(-1, husid.shape[-1])
    durations = np.zeros(len(flat))
    for row, curve in enumerate(flat):
        if curve[-1] > 0:
            times = np.interp([lower * curve[-1], upper * curve[-1]], curve, np.arange(len(curve)))
            durations[row] = (times[1] - times[0]) / sampling_rate
    return durations.reshape(husid.shape[:-1])
