"""Every reader on a file written here to the letter of its format."""

import h5py
import numpy as np
import obspy
import pytest
from obspy import Stream, UTCDateTime

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


def write_sem3d(path, stations=("A_0000", "UNIQUE NAME"), quantities=("Displ", "Veloc", "Accel")):
    names = [f"{name:<10}{axis:2d}" for name in quantities for axis in (1, 2, 3)]
    with h5py.File(path, "w") as file:
        file["Variables"] = np.array(names, dtype="S12")
        for number, station in enumerate(stations):
            first = (TIMES + STEP)[:, None]
            file[station] = np.hstack([first, MOTION[:, : len(names)] * (number + 1)])
            file[f"{station}_pos"] = np.array([1000.0 * number, 250.0, -3.0])
    return path


def test_sem3d(tmp_path):
    stream = obspy.read(write_sem3d(tmp_path / "capteurs.0000.h5"))
    assert len(stream) == 6
    station = stream.select(station="UNIQUE NAME")
    assert codes(station) == "XYZ"
    assert np.array_equal(values(station), MOTION[:, 6:9] * 2)
    stats = station[0].stats
    assert stats.units == "m/s**2"
    assert stats.starttime == UTCDateTime(0) + STEP
    assert stats.delta == STEP
    assert (stats.coordinates.x, stats.coordinates.y, stats.coordinates.z) == (1000.0, 250.0, -3.0)


@pytest.mark.parametrize(
    ("quantity", "first", "units"), [("velocity", 3, "m/s"), ("displacement", 0, "m")]
)
def test_sem3d_by_quantity(tmp_path, quantity, first, units):
    path = write_sem3d(tmp_path / "capteurs.0000.h5")
    stream = obspy.read(path, quantity=quantity)
    assert np.array_equal(values(stream[:3]), MOTION[:, first : first + 3])
    assert stream[0].stats.units == units
    with pytest.raises(InputError, match="acceleration, velocity, displacement"):
        obspy.read(path, format="SEM3D", quantity="stress")
    only = write_sem3d(tmp_path / "capteurs.0001.h5", quantities=("Veloc",))
    assert obspy.read(only)[0].stats.units == "m/s"
    with pytest.raises(InputError, match="no three components of displacement"):
        obspy.read(only, format="SEM3D", quantity="displacement")


def test_sem3d_of_several_processes_is_enriched_in_one_call(tmp_path, noise):
    write_sem3d(tmp_path / "capteurs.0000.h5", ("A_0000", "A_0001"))
    write_sem3d(tmp_path / "capteurs.0003.h5", ("A_0002",))
    stream = obspy.read(tmp_path / "capteurs.*.h5")
    assert {trace.stats.station for trace in stream} == {"A_0000", "A_0001", "A_0002"}
    assert len(stream.enrich(noise, n=1, seed=1).stations) == 3


def test_sem3d_text(tmp_path):
    path = tmp_path / "A_0000.txt"
    np.savetxt(path, np.hstack([(TIMES + STEP)[:, None], MOTION]))
    stream = obspy.read(path, format="SEM3D", quantity="velocity")
    assert values(stream) == pytest.approx(MOTION[:, 3:6])
    with pytest.raises(InputError, match="variables="):
        obspy.read(path, format="SEM3D", variables=("velocity",))


def test_sem3d_round_trip(tmp_path):
    stream = obspy.read(write_sem3d(tmp_path / "capteurs.0000.h5"))
    stream.write(tmp_path / "again.h5", format="SEM3D")
    again = obspy.read(tmp_path / "again.h5")
    assert [trace.id for trace in again] == [trace.id for trace in stream]
    assert np.array_equal(values(again), values(stream))
    assert again[0].stats.starttime == stream[0].stats.starttime
    assert again[0].stats.coordinates == stream[0].stats.coordinates
    with pytest.raises(InputError, match="X, Y, Z"):
        stream[:2].write(tmp_path / "bad.h5", format="SEM3D")


def test_hdf5_of_others_is_left_alone(tmp_path):
    path = write_sem3d(tmp_path / "theirs.h5")
    with h5py.File(path, "a") as file:
        file.attrs["file_format"] = "ASDF"
    from obspy_broadband.io.sem3d import is_format

    assert not is_format(str(path))


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
