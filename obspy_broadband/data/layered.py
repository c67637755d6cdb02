"""Low frequencies from wave propagation: a point source in a layered half-space (pyprop8).

pyprop8 (Valentine and Sambridge, 2021, GJI) sums reflectivities over wavenumbers; its layers have
no attenuation, so a path average is applied here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..signal.integration import differentiate
from ..signal.point_source import seismic_moment, source_corner

#: A sum over wavenumbers repeats the source at a distance, which waves at this speed (km/s) must
#: not cross within the record: the fastest have 8 km/s, and pyprop8 computes half as much again.
_FASTEST = 14.0
#: Wavenumbers (1/km) that are needed at least for every Hz that is resolved.
_FARTHEST = 9.0
#: km/s, of the strongest waves on their path.
_PATH_VELOCITY = 2.5


def layered_motion(
    layers: Sequence[tuple[float, float, float, float]],
    magnitude: float,
    depth_km: float,
    mechanism: tuple[float, float, float],
    stress_drop_mpa: float,
    east_km: np.ndarray,
    north_km: np.ndarray,
    samples: int,
    step_s: float,
    before_s: float = 10.0,
    finer: int = 4,
    resolved_hz: float = 1.0,
    quality: float = 60.0,
) -> np.ndarray:
    """Acceleration of a Brune source to about 1.5 resolved_hz: (stations, 3, samples * finer).

    :param layers: thickness (km; the last infinite), Vp, Vs (km/s), density (g/cm³).
    :param mechanism: strike, dip and rake, degrees.
    :param east_km: of the stations, from the epicentre; ``north_km`` likewise.
    :param step_s: of the simulation; the result has ``finer`` samples a step.
    :param before_s: silence before the origin time.
    :param resolved_hz: to which the source's spectrum is whole; nothing is left at twice that, so
        that ``step_s`` must be at most a quarter of its period.
    :param quality: factor of the path's attenuation, the same at all frequencies.
    :return: components east, north, up; m/s².
    :raises InputError: if pyprop8 is not installed.
    """
    try:
        import pyprop8
        from pyprop8.utils import make_moment_tensor, rtf2xyz
    except ImportError as error:
        raise InputError(
            "Simulating in a layered medium needs pyprop8: pip install 'obspy-broadband[demo]'."
        ) from error
    corner = 2 * np.pi * source_corner(magnitude, stress_drop_mpa)

    def source_time_function(omega: complex) -> complex:
        # Brune's pulse, as far as the grid resolves it.
        faded = np.exp(-((omega / (2 * np.pi * 1.45 * resolved_hz)) ** 8))
        return faded / (1 + 1j * omega / corner) ** 2

    # As far as the slowest surface waves need at the highest frequency that is left.
    slowest = 0.92 * min(layer[2] for layer in layers)
    farthest = resolved_hz * max(_FARTHEST, 2 * np.pi * 1.8 / slowest)
    count = round(farthest * _FASTEST * samples * step_s / (2 * np.pi))
    wavenumbers = {"kmin": 0.0, "kmax": farthest, "nk": count}

    # With km, km/s and g/cm³ a moment of 1e18 N m displaces by km.
    moment = rtf2xyz(make_moment_tensor(*mechanism, seismic_moment(magnitude) * 1e-18))
    _, displacement = pyprop8.compute_seismograms(
        pyprop8.LayeredStructureModel(list(layers)),
        pyprop8.PointSource(0.0, 0.0, depth_km, moment, np.zeros((3, 1)), before_s),
        pyprop8.ListOfReceivers(np.asarray(east_km), np.asarray(north_km)),
        samples,
        step_s,
        source_time_function=source_time_function,
        show_progress=False,
        squeeze_outputs=False,
        stencil=pyprop8.kIntegrationStencil,
        stencil_kwargs=wavenumbers,
    )
    motion = displacement.reshape(len(east_km), 3, samples) * 1000.0  # m
    for _ in range(2):
        motion = differentiate(motion, 1 / step_s)
    distance = np.hypot(east_km, north_km)[:, None, None]
    frequencies = np.fft.rfftfreq(samples, step_s)
    lost = np.exp(-np.pi * frequencies * distance / (quality * _PATH_VELOCITY))
    return np.fft.irfft(np.fft.rfft(motion) * lost, samples * finer) * finer


def first_arrival(
    layers: Sequence[tuple[float, float, float, float]],
    depth_km: float,
    distance_km: float,
    wave: str = "P",
) -> float:
    """Travel time of the first P or S from a source in flat layers to the surface, s.

    The earlier of the direct wave and the waves that run along the interfaces below the source.

    :param layers: as in :func:`layered_motion`.
    :param distance_km: epicentral.
    :param wave: "P" or "S".
    """
    velocities = np.array([layer[1 if wave == "P" else 2] for layer in layers])
    bottoms = np.cumsum([layer[0] for layer in layers])
    tops = bottoms - [layer[0] if np.isfinite(layer[0]) else 0.0 for layer in layers]
    tops[-1] = bottoms[-2] if len(layers) > 1 else 0.0
    above = np.clip(np.minimum(bottoms, depth_km) - tops, 0.0, None)  # km of each, over the source
    through = above > 0
    up, speed = above[through], velocities[through]

    def reach(slowness: float) -> float:
        return float((up * slowness * speed / np.sqrt(1 - (slowness * speed) ** 2)).sum())

    low, high = 0.0, (1 - 1e-12) / speed.max()
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reach(middle) < distance_km else (low, middle)
    slowness = 0.5 * (low + high)
    times = [slowness * distance_km + float((up * np.sqrt(1 / speed**2 - slowness**2)).sum())]
    for number in np.flatnonzero(tops >= depth_km):
        slowness = 1.0 / velocities[number]
        passed = np.arange(number)
        if (velocities[passed] >= velocities[number]).any():
            continue
        thickness = bottoms[passed] - tops[passed]
        legs = thickness + (thickness - above[passed])  # up all the way, down from the source
        vertical = np.sqrt(1 / velocities[passed] ** 2 - slowness**2)
        least = float((legs * slowness / vertical).sum())
        if least <= distance_km:
            times.append(slowness * distance_km + float((legs * vertical).sum()))
    return min(times)
