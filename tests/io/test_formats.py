"""Every reader on a file written here to the letter of its format."""

import numpy as np
import obspy
import pytest
from obspy import Stream

import obspy_broadband  # noqa: F401 - registers nothing, but is what users import
from obspy_broadband.errors import InputError
from obspy_broadband.io.stations import inventory

RNG = np.random.default_rng(0)
STEP, SAMPLES = 0.02, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = RNG.normal(size=(SAMPLES, 9)) * 1e-2


def codes(stream):
    return "".join(trace.stats.channel[-1] for trace in stream)


def values(stream):
    return np.column_stack([trace.data for trace in stream])


def test_units_of_a_file_reach_enrich(tmp_path, noise, simulation):
    """A .semv file in m/s gives the same ensemble as its derivative in m/s²."""
    from obspy_broadband.signal.integration import integrate

    for trace in simulation():
        velocity = integrate(trace.data, 50.0)
        table = np.column_stack([trace.times(), velocity])
        np.savetxt(tmp_path / f"XX.AAA.HX{trace.stats.channel[-1]}.semv", table)
    ensemble = obspy.read(tmp_path / "*.semv").enrich(noise, n=1, seed=1)
    for low, given in zip(ensemble.low_frequency, sorted(simulation(), key=lambda t: t.id)):
        found = low.data[::2][: len(given.data)]
        difference = np.abs(found - given.data[: len(found)])[100:-100]
        assert difference.max() < 0.05 * np.abs(given.data).max()


def test_inventory_of_stations(simulation):
    stream = Stream()
    for station, (x, y) in {"A": (0.0, 0.0), "B": (10_000.0, 0.0), "C": (0.0, -20_000.0)}.items():
        made = simulation(stations=(station,), duration=10)
        for trace in made:
            trace.stats.coordinates = {"x": x, "y": y, "z": 0.0}
        stream += made
    found = inventory(stream, origin=(44.5, 4.7))
    place = {station.code: station for network in found for station in network}
    assert place["A"].latitude == 44.5
    from obspy.geodetics import gps2dist_azimuth

    for code, expected in (("B", 10_000), ("C", 20_000)):
        there = place[code]
        distance = gps2dist_azimuth(44.5, 4.7, there.latitude, there.longitude)[0]
        assert distance == pytest.approx(expected, rel=0.005)
    with pytest.raises(InputError, match="origin="):
        inventory(stream)


def test_files_of_others_are_recognized_as_before():
    """ObsPy's own example files still go to their own readers."""
    from pathlib import Path

    folder = Path(obspy.__file__).parent
    patterns = (
        "io/sac/tests/data/*.sac*",
        "io/mseed/tests/data/*.mseed",
        "io/gse2/tests/data/*",
        "io/ascii/tests/data/*.ascii",
        "io/seisan/tests/data/*",
        "core/tests/data/*.slist",
    )
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))[:6]]
    examples = [path for path in found if path.is_file()]
    if not examples:
        pytest.skip("this ObsPy was installed without its example files")
    ours = {"SEM3D", "SPECFEM", "SW4", "BBP", "SEISSOL", "HERCULES", "COLUMNS", "AT2"}
    ours |= {"SPEED", "AXISEM3D", "OPENSEES"}
    ours |= {"WCC", "EMOD3D", "ESM"}
    for path in examples:
        try:
            stream = obspy.read(path)
        except Exception:  # some examples are broken on purpose
            continue
        assert stream[0].stats._format not in ours
