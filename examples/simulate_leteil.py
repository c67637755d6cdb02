"""Simulate an earthquake like Le Teil 2019 to 1 Hz and write what SEM3D would have written.

    python examples/simulate_leteil.py OUT [--check]

Mw 4.9, reverse faulting at 1.2 km depth (Ritz et al., 2020; Cornou et al., 2021), in a layered
half-space, by reflectivity (the package pyprop8). OUT/traces/capteurs.0000.h5 and .0001.h5 hold
acceleration at six stations; OUT/event.xml and OUT/stations.xml have the coordinates. Takes some
seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict
from obspy.core.event import Catalog, Event, Magnitude, Origin

import obspy_broadband  # noqa: F401 - for the SEM3D format
from obspy_broadband.data.layered import layered_motion
from obspy_broadband.io.stations import inventory

ORIGIN = UTCDateTime("2019-11-11T10:52:45")
LATITUDE, LONGITUDE, DEPTH_KM = 44.521, 4.669, 1.2
MAGNITUDE, STRIKE, DIP, RAKE = 4.9, 50.0, 50.0, 89.0
STRESS_DROP_MPA = 2.0  # a slow, shallow rupture
#: Thickness (km), Vp, Vs (km/s), density (g/cm³): limestone over crust and mantle.
LAYERS = [
    (1.0, 4.3, 2.40, 2.50),
    (3.0, 5.4, 3.10, 2.65),
    (26.0, 6.1, 3.55, 2.80),
    (np.inf, 8.0, 4.5, 3.30),
]
#: Epicentral distance (km), azimuth (degrees) and Vs30 (m/s): near, and around.
STATIONS = {
    "A_0000": (5.0, 75.0, 1000.0),
    "A_0001": (11.0, 160.0, 760.0),
    "A_0002": (17.0, 320.0, 900.0),
    "A_0003": (28.0, 20.0, 600.0),
    "A_0004": (42.0, 240.0, 760.0),
    "A_0005": (60.0, 115.0, 500.0),
}
BEFORE = 10.0  # s of silence before the origin time
STEP, DURATION = 0.2, 90.0
FINER = 4  # SEM3D's sampling is far finer than the waves need


def simulate(stations: dict[str, tuple[float, float, float]] = STATIONS) -> Stream:
    """Acceleration in m/s², components X (east), Y (north), Z (up), as read from SEM3D's files."""
    distance, azimuth, _ = np.array(list(stations.values())).T
    x, y = distance * np.sin(np.deg2rad(azimuth)), distance * np.cos(np.deg2rad(azimuth))
    motion = layered_motion(
        LAYERS, MAGNITUDE, DEPTH_KM, (STRIKE, DIP, RAKE), STRESS_DROP_MPA, x, y,
        round(DURATION / STEP), STEP, BEFORE, FINER,
    )  # fmt: skip
    stream = Stream()
    for number, (name, (distance_km, _, vs30_m_s)) in enumerate(stations.items()):
        for code, component in zip("XYZ", motion[number]):
            header = {
                "station": name,
                "channel": f"BX{code}",
                "delta": STEP / FINER,
                "starttime": ORIGIN - BEFORE,
                "units": "m/s**2",
                "distance_km": float(np.hypot(distance_km, DEPTH_KM)),
                "vs30_m_s": vs30_m_s,
                "coordinates": AttribDict(x=x[number] * 1000, y=y[number] * 1000, z=0.0),
            }
            stream.append(Trace(component, header=header))
    return stream


def event() -> Event:
    """Origin and magnitude."""
    origin = Origin(time=ORIGIN, latitude=LATITUDE, longitude=LONGITUDE, depth=DEPTH_KM * 1000.0)
    return Event(origins=[origin], magnitudes=[Magnitude(mag=MAGNITUDE, magnitude_type="Mw")])


def write(stream: Stream, folder: Path) -> None:
    """SEM3D's result folder (two processes), QuakeML and StationXML."""
    traces = folder / "traces"
    traces.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(trace.stats.station for trace in stream))
    for process, part in enumerate((names[::2], names[1::2])):
        traces_of_process = Stream(trace.copy() for trace in stream if trace.stats.station in part)
        for trace in traces_of_process:
            trace.stats.starttime = UTCDateTime(
                STEP / FINER
            )  # SEM3D's first sample, without a date
        if traces_of_process:
            traces_of_process.write(str(traces / f"capteurs.{process:04d}.h5"), format="SEM3D")
    Catalog([event()]).write(str(folder / "event.xml"), format="QUAKEML")
    inventory(stream, (LATITUDE, LONGITUDE)).write(
        str(folder / "stations.xml"), format="STATIONXML"
    )


def check(stream: Stream) -> None:
    """Print the simulated level against a ground-motion model's (BSSA14)."""
    import pygmm

    from obspy_broadband.signal.response import rotd

    print("station   distance   SA(1 s)   SA(2 s) m/s²    ratio to BSSA14")
    for name in STATIONS:
        x, y = (stream.select(station=name, component=code)[0] for code in "XY")
        simulated = rotd(x.data, y.data, x.stats.sampling_rate, (1.0, 2.0), (50.0,))[0]
        scenario = pygmm.Scenario(
            mag=MAGNITUDE, dist_jb=STATIONS[name][0], v_s30=STATIONS[name][2], mechanism="RS",
            region="global",
        )  # fmt: skip
        model = pygmm.BooreStewartSeyhanAtkinson2014(scenario).interp_spec_accels([1.0, 2.0]) * 9.81
        print(
            f"{name}{x.stats.distance_km:10.1f} km{simulated[0]:10.4f}{simulated[1]:10.4f}", end=""
        )
        print(f"{simulated[0] / model[0]:14.2f}{simulated[1] / model[1]:6.2f}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--check", action="store_true", help="compare with a ground-motion model")
    arguments = parser.parse_args()
    stream = simulate()
    write(stream, arguments.out)
    print(f"{len(STATIONS)} stations -> {arguments.out}/traces/capteurs.*.h5")
    if arguments.check:
        check(stream)


if __name__ == "__main__":
    main()
