"""Earthquakes for the gallery: point sources in layered media, by reflectivity (pyprop8).

Their limits: every source is a point with Brune's pulse, whatever its
magnitude, so there is no directivity, no asperity and no permanent offset along a fault; media are
flat, without scattering, and attenuate by a factor of the distance only, so surface waves in soft
layers ring longer and cleaner than real ones.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from simulate_leteil import LAYERS as LIMESTONE

from obspy_broadband.data.layered import first_arrival, layered_motion

BEFORE, DURATION = 20.0, 80.0  # s: silence before the origin time, whole record
#: Epicentral distance (km) and azimuth (degrees) of the stations.
PLACES = ((10.0, 75.0), (25.0, 160.0), (50.0, 20.0), (100.0, 245.0))
#: Thickness (km; the last infinite), Vp, Vs (km/s), density (g/cm³).
CRUST = [
    *((1.0, 4.5, 2.50, 2.50), (4.0, 5.5, 3.15, 2.65), (35.0, 6.2, 3.60, 2.80)),
    (np.inf, 8.0, 4.5, 3.30),
]
ROCK = [(3.0, 5.6, 3.25, 2.70), (32.0, 6.2, 3.60, 2.80), (np.inf, 8.0, 4.5, 3.30)]
SOFT = [
    *((0.1, 1.6, 0.50, 1.90), (0.5, 2.2, 0.95, 2.10), (2.4, 4.2, 2.40, 2.50)),
    *((27.0, 6.1, 3.50, 2.75), (np.inf, 8.0, 4.5, 3.30)),
]


@dataclass(frozen=True)
class Earthquake:
    """A point source in a layered medium.

    :param name: of its files.
    :param title: of its figures.
    :param layers: thickness (km), Vp, Vs (km/s), density (g/cm³).
    :param mechanism: strike, dip, rake, degrees.
    :param stress_drop_mpa: of Brune's pulse.
    :param quality: quality factor Q of the path.
    :param corner_hz: upper frequency limit of the simulation (not the source's corner frequency).
    :param shown: number of the station that is drawn.
    """

    name: str
    title: str
    layers: list[tuple[float, float, float, float]]
    magnitude: float
    depth_km: float
    mechanism: tuple[float, float, float]
    stress_drop_mpa: float
    vs30_m_s: float
    quality: float
    corner_hz: float = 1.0
    shown: int = 1

    @property
    def stations(self) -> dict[str, tuple[float, float]]:
        """Epicentral distance (km) and azimuth (degrees) by code."""
        return {f"D{round(distance):03d}": (distance, azimuth) for distance, azimuth in PLACES}

    def arrivals(self, code: str) -> tuple[float, float]:
        """First P and S at a station, s from the first sample."""
        distance = self.stations[code][0]
        p, s = (first_arrival(self.layers, self.depth_km, distance, wave) for wave in "PS")
        return BEFORE + p, BEFORE + s

    def simulate(self, folder: Path) -> Stream:
        """Acceleration in m/s², cached in a folder: the finest simulation takes minutes."""
        path = folder / f"{self.name}.npy"
        step = 0.25 / self.corner_hz
        samples, finer = round(DURATION / step), 5
        if path.exists():
            motion = np.load(path)
        else:
            distance, azimuth = np.array(list(self.stations.values())).T
            east = distance * np.sin(np.deg2rad(azimuth))
            north = distance * np.cos(np.deg2rad(azimuth))
            motion = layered_motion(
                self.layers, self.magnitude, self.depth_km, self.mechanism, self.stress_drop_mpa,
                east, north, samples, step, BEFORE, finer, self.corner_hz, self.quality,
            )  # fmt: skip
            folder.mkdir(parents=True, exist_ok=True)
            np.save(path, motion)
        stream = Stream()
        for components, (code, (distance_km, _)) in zip(motion, self.stations.items()):
            for letter, component in zip("ENZ", components):
                header = {
                    "network": "GA",
                    "station": code,
                    "channel": f"BX{letter}",
                    "delta": DURATION / motion.shape[-1],
                    "starttime": UTCDateTime(2024, 1, 1) - BEFORE,
                    "units": "m/s**2",
                    "magnitude": self.magnitude,
                    "distance_km": float(np.hypot(distance_km, self.depth_km)),
                    "depth_km": self.depth_km,
                    "vs30_m_s": self.vs30_m_s,
                }
                stream.append(Trace(component, header=header))
        return stream

    def model(self, code: str) -> tuple[str, Any]:
        """A ground-motion model's name, and the model (pygmm, g) for a station.

        BSSA14 with the epicentral distance in place of that to the fault's projection; for the
        deep earthquake the model of Abrahamson et al. (2016) for those within slabs.
        """
        import pygmm

        logging.getLogger("pygmm").setLevel(logging.ERROR)
        distance = self.stations[code][0]
        if self.depth_km > 20:
            scenario = pygmm.Scenario(
                mag=self.magnitude, dist_hyp=float(np.hypot(distance, self.depth_km)),
                depth_hyp=self.depth_km, v_s30=self.vs30_m_s, event_type="intraslab",
                tectonic_region="forearc",
            )  # fmt: skip
            return "AGA16, slab", pygmm.AbrahamsonGregorAddo2016(scenario)
        rake = self.mechanism[2]
        kind = "RS" if 45 < rake < 135 else "NS" if -135 < rake < -45 else "SS"
        scenario = pygmm.Scenario(
            mag=self.magnitude, dist_jb=distance, v_s30=self.vs30_m_s, mechanism=kind,
            region="global",
        )  # fmt: skip
        return "BSSA14", pygmm.BooreStewartSeyhanAtkinson2014(scenario)


EARTHQUAKES = [
    Earthquake(
        "shallow", "Mw 4.9 at 1.2 km depth in limestone, as Le Teil 2019",
        LIMESTONE, 4.9, 1.2, (50.0, 50.0, 89.0), 2.0, 900.0, 60.0,
    ),
    Earthquake(
        "rock", "Mw 6.0 at 10 km depth in hard rock",
        ROCK, 6.0, 10.0, (30.0, 80.0, 10.0), 8.0, 1500.0, 250.0,
    ),
    Earthquake(
        "rock3", "Mw 6.0 at 10 km depth in hard rock, simulated to 3 Hz",
        ROCK, 6.0, 10.0, (30.0, 80.0, 10.0), 8.0, 1500.0, 250.0, 3.0,
    ),
    Earthquake(
        "soft", "Mw 5.5 at 8 km depth under soft sediments",
        SOFT, 5.5, 8.0, (120.0, 45.0, -80.0), 5.0, 350.0, 80.0,
    ),
    Earthquake(
        "small", "Mw 4.0 at 15 km depth in a usual crust",
        CRUST, 4.0, 15.0, (200.0, 60.0, 160.0), 5.0, 760.0, 150.0,
    ),
    Earthquake(
        "deep", "Mw 6.5 at 30 km depth",
        CRUST, 6.5, 30.0, (330.0, 40.0, 95.0), 12.0, 600.0, 180.0,
    ),
]  # fmt: skip
