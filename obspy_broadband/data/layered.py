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

#: Wavenumbers (1/km) as far as the slowest waves need at 2 Hz, close enough for 90 s.
_WAVENUMBERS = {"kmin": 0.0, "kmax": 9.0, "nk": 2400}
#: The strongest waves' path: quality factor and velocity, km/s.
_QUALITY, _PATH_VELOCITY = 60.0, 2.5


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
) -> np.ndarray:
    """Acceleration of a Brune source, nothing above about 1.5 Hz: (stations, 3, samples * finer).

    :param layers: thickness (km; the last infinite), Vp, Vs (km/s), density (g/cm³).
    :param mechanism: strike, dip and rake, degrees.
    :param east_km: of the stations, from the epicentre; ``north_km`` likewise.
    :param step_s: of the simulation; the result has ``finer`` samples a step.
    :param before_s: silence before the origin time.
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
        # Brune's pulse, of which the grid resolves 1 Hz: nothing is left of it at 2 Hz.
        return np.exp(-((omega / (2 * np.pi * 1.45)) ** 8)) / (1 + 1j * omega / corner) ** 2

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
        stencil_kwargs=_WAVENUMBERS,
    )
    motion = displacement.reshape(len(east_km), 3, samples) * 1000.0  # m
    for _ in range(2):
        motion = differentiate(motion, 1 / step_s)
    distance = np.hypot(east_km, north_km)[:, None, None]
    frequencies = np.fft.rfftfreq(samples, step_s)
    lost = np.exp(-np.pi * frequencies * distance / (_QUALITY * _PATH_VELOCITY))
    return np.fft.irfft(np.fft.rfft(motion) * lost, samples * finer) * finer
