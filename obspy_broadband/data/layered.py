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

#: A discrete sum over wavenumbers repeats the source at a distance that waves of this speed (km/s)
#: must not cross within the record: the fastest have 8 km/s, and pyprop8 computes half as much
#: again.
_FASTEST = 14.0
#: Least maximum wavenumber (1/km) for every Hz that is resolved.
_LEAST_KMAX = 9.0
#: km/s, of the strongest waves, for the path average of attenuation.
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
    :param resolved_hz: upper frequency limit of the source's full spectrum; nothing is left at
        twice that, so that ``step_s`` must be at most a quarter of its period.
    :param quality: Q of the path's attenuation, the same at all frequencies.
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
    source_corner_omega = 2 * np.pi * source_corner(magnitude, stress_drop_mpa)

    def source_time_function(omega: complex) -> complex:
        # Brune's pulse, low-passed to what the grid resolves.
        low_pass = np.exp(-((omega / (2 * np.pi * 1.45 * resolved_hz)) ** 8))
        return low_pass / (1 + 1j * omega / source_corner_omega) ** 2

    # The slowest surface waves set the largest wavenumber at the highest frequency that is left.
    slowest = 0.92 * min(layer[2] for layer in layers)
    kmax = resolved_hz * max(_LEAST_KMAX, 2 * np.pi * 1.8 / slowest)
    count = round(kmax * _FASTEST * samples * step_s / (2 * np.pi))
    wavenumbers = {"kmin": 0.0, "kmax": kmax, "nk": count}

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
    attenuation = np.exp(-np.pi * frequencies * distance / (quality * _PATH_VELOCITY))
    return np.fft.irfft(np.fft.rfft(motion) * attenuation, samples * finer) * finer


def first_arrival(
    layers: Sequence[tuple[float, float, float, float]],
    depth_km: float,
    distance_km: float,
    wave: str = "P",
) -> float:
    """Travel time of the first P or S from a source in flat layers to the surface, s.

    The earliest of the direct wave and the head waves along the interfaces below the source.

    :param layers: as in :func:`layered_motion`.
    :param distance_km: epicentral.
    :param wave: "P" or "S".
    """
    velocities = np.array([layer[1 if wave == "P" else 2] for layer in layers])
    bottoms = np.cumsum([layer[0] for layer in layers])
    tops = bottoms - [layer[0] if np.isfinite(layer[0]) else 0.0 for layer in layers]
    tops[-1] = bottoms[-2] if len(layers) > 1 else 0.0
    above = np.clip(np.minimum(bottoms, depth_km) - tops, 0.0, None)  # km of each, above the source
    crossed = above > 0
    thickness, velocity = above[crossed], velocities[crossed]

    def distance_of(slowness: float) -> float:
        ratio = slowness * velocity
        return float((thickness * ratio / np.sqrt(1 - ratio**2)).sum())

    # The direct ray: its slowness by bisection.
    low, high = 0.0, (1 - 1e-12) / velocity.max()
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if distance_of(middle) < distance_km else (low, middle)
    slowness = 0.5 * (low + high)
    vertical = np.sqrt(1 / velocity**2 - slowness**2)
    times = [slowness * distance_km + float((thickness * vertical).sum())]
    # Head waves.
    for refractor in np.flatnonzero(tops >= depth_km):
        slowness = 1.0 / velocities[refractor]
        layers_above = np.arange(refractor)
        if (velocities[layers_above] >= velocities[refractor]).any():
            continue
        full = bottoms[layers_above] - tops[layers_above]
        legs = full + (full - above[layers_above])  # up all the way, down from the source
        vertical = np.sqrt(1 / velocities[layers_above] ** 2 - slowness**2)
        critical_distance = float((legs * slowness / vertical).sum())
        if critical_distance <= distance_km:
            times.append(slowness * distance_km + float((legs * vertical).sum()))
    return min(times)
