"""SW4: text and SAC-HDF5, in east, north, up or along the grid."""

import h5py
import numpy as np
import obspy
import pytest
from mangling import attempt_mangled
from obspy import UTCDateTime
from streams import codes, values

from obspy_broadband.errors import InputError
from obspy_broadband.io import bbp, sw4
from obspy_broadband.io.stations import inventory
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.grouping import STATIONS

STEP, SAMPLES = 0.02, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 3)) * 1e-2
PLACE = "(WGS84 longitude, latitude) (deg): 4.67e+00 4.45e+01"
GRID = ("X displacement (m)", "Y displacement (m)", "Z displacement (m)")


def write_text(path, names, location=PLACE, station="sta01", date="11/11/2019:10:52:45.123"):
    header = [
        "# Author: SW4",
        "# Scenario: test",
        f"# Date: UTC  {date}",
        "# Bandwith (Hz): 1.234000e+00",
        f"# Station: {station}",
        f"# Target location {location}",
        f"# Actual location {location}",
        "# Distance from target to actual location (m): 0.000000e+00",
        f"# nColumns: {len(names) + 1}",
        "# Column 1: Time (s)",
        *(f"# Column {number}: {name}" for number, name in enumerate(names, 2)),
    ]
    columns = np.tile(MOTION, 3)[:, : len(names)]
    rows = [f"{t:.6e}" + "".join(f" {x:24.17e}" for x in row) for t, row in zip(TIMES, columns)]
    path.write_text("\n".join(header + rows) + "\n")
    return path


def angles(stream):
    return [(t.stats.orientation.azimuth, t.stats.orientation.dip) for t in stream]


@pytest.mark.parametrize(
    ("names", "units"),
    [
        # As SW4 spells them.
        (("East-west displacement (m)", "North-sourth displacement (m)",
          "Up-down displacement (m)"), "m"),
        (("East-west velocity (m/s)", "Nort-south velocity (m/s)", "Up-down velocity (m/s)"),
         "m/s"),
        (("East-west acceleration (m/s^2)", "North-south acceleration (m/s^2)",
          "Up-down acceleration (m/s^2)"), "m/s^2"),
    ],
)  # fmt: skip
def test_east_north_up(tmp_path, names, units):
    path = write_text(tmp_path / "sta01.txt", names)
    stream = obspy.read(path)
    assert codes(stream) == "ENZ"
    stats = stream[0].stats
    assert (stats._format, stats.station, stats.units) == ("SW4", "sta01", units)
    assert stats.starttime == UTCDateTime(2019, 11, 11, 10, 52, 45, 123000)
    assert (stats.coordinates.longitude, stats.coordinates.latitude) == (4.67, 44.5)
    assert values(stream) == pytest.approx(MOTION)
    assert "axes" not in stats.simulation
    assert not bbp.is_format(str(path))


def test_z_down_is_turned_up(tmp_path):
    stream = obspy.read(write_text(tmp_path / "s.txt", GRID))
    assert codes(stream) == "XYZ"
    assert values(stream) == pytest.approx(MOTION * [1, 1, -1])
    assert {trace.stats.simulation.axes for trace in stream} == {"grid"}
    assert all("orientation" not in trace.stats for trace in stream)


def test_with_the_azimuth_of_the_grid(tmp_path):
    path = write_text(tmp_path / "s.txt", GRID)
    stream = obspy.read(path, azimuth=300.0)
    assert angles(stream) == [(300.0, 0.0), (30.0, 0.0), (0.0, -90.0)]
    assert values(stream) == pytest.approx(MOTION * [1, 1, -1])
    assert "axes" not in stream[0].stats.simulation
    for wrong in ({"azimuth": 1000.0}, {"azimuth": "north"}, {"azimut": 30.0}):
        with pytest.raises(InputError, match="azimuth"):
            obspy.read(path, format="SW4", **wrong)


def test_each_column_has_its_own_unit(tmp_path):
    names = ("X velocity (m/s)", "Y displacement (m)", "Z acceleration (m/s^2)")
    stream = obspy.read(write_text(tmp_path / "s.txt", names))
    assert [trace.stats.units for trace in stream] == ["m/s", "m", "m/s^2"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (("xx strain component ()", "yy strain component ()", "zz strain component ()"), "xx str"),
        (("divergence of displacement ()",), "divergence"),
        (("curl of displacement, component 1 ()", *GRID[:2]), "curl"),
        ((" dux/dx component ()",), "dux/dx"),
        (("X velocity (m)", *GRID[1:]), "no unit of velocity"),
        ((*GRID, *GRID), "several columns"),
    ],
)
def test_columns_other_than_motion_are_refused_by_name(tmp_path, names, match):
    with pytest.raises(InputError, match=match):
        obspy.read(write_text(tmp_path / "s.txt", names), format="SW4")


@pytest.mark.parametrize(
    ("date", "microsecond"),
    [("45.123", 123000), ("45.123456", 123456), ("45.000", 0), ("45.001234", 1234)],
)
def test_fractions_of_a_second(tmp_path, date, microsecond):
    path = write_text(tmp_path / "s.txt", GRID, date=f"11/11/2019:10:52:{date}")
    start = obspy.read(path)[0].stats.starttime
    assert start == UTCDateTime(2019, 11, 11, 10, 52, 45, microsecond)


@pytest.mark.parametrize(
    ("name", "id"), [("NC.C028", "NC.C028..BXX"), ("a.b.c", ".a_b_c..BXX"), ("run/s1", ".s1..BXX")]
)
def test_names_of_stations(tmp_path, name, id):
    assert obspy.read(write_text(tmp_path / "s.txt", GRID, station=name))[0].id == id


def test_places_on_the_grid(tmp_path):
    path = write_text(tmp_path / "s.txt", GRID, "(x,y,z) : 1.0e+03 2.0e+03 5.0e+01 ")
    assert dict(obspy.read(path)[0].stats.coordinates) == {"x": 1000.0, "y": 2000.0, "z": -50.0}
    with pytest.raises(InputError, match="azimuth="):
        inventory(obspy.read(path), origin=(44.5, 4.67))
    # x to the north, y to the east
    site = inventory(obspy.read(path, azimuth=0.0), origin=(44.5, 4.67))[0][0]
    assert site.latitude == pytest.approx(44.5 + 1000.0 / 111_195.0, abs=1e-5)
    place = obspy.read(path, azimuth=0.0)[0].stats.coordinates
    assert (place.x, place.y) == pytest.approx((2000.0, 1000.0))
    # x to the south-east, y to the south-west
    place = obspy.read(path, azimuth=135.0)[0].stats.coordinates
    assert (place.x, place.y) == pytest.approx(np.array([-1000.0, -3000.0]) / np.sqrt(2))


def write_hdf5(
    path, names, azimuth=30.0, unit="m", stations=("S1", "NC.S2"), swapped=True, room=0, count=None
):
    """As src/sachdf5.C does: two attributes, everything else in data sets."""
    inclinations = dict(zip(names, (90.0, 90.0, 180.0 if names[2][-1] in "Zz" else 0.0)))
    azimuths = dict(zip(names, (azimuth, azimuth + 90.0, 0.0)))
    with h5py.File(path, "w") as file:
        file.attrs["DATETIME"] = np.bytes_(b"2019-11-11T10:52:45.250000\0")
        file.attrs["UNIT"] = np.bytes_(unit.encode() + b"\0")
        file["DELTA"] = np.array([STEP], dtype="f4")
        file["DOWNSAMPLE"] = np.array([2], dtype="i4")
        file["ORIGINTIME"] = np.array([0.0], dtype="f4")
        for number, station in enumerate(stations):
            group = file.create_group(station)
            group["NPTS"] = np.array([SAMPLES if count is None else count], dtype="i4")
            turned = np.deg2rad(azimuth)
            x = 10_000.0 * number
            group["STX,STY,STZ"] = np.array([x, 0.0, 100.0])
            group["STLA,STLO,STDP"] = np.array([
                44.5 + x * np.cos(turned) / 111_195.0,
                4.67 + x * np.sin(turned) / 111_195.0 / np.cos(np.deg2rad(44.5)), 100.0,
            ])  # fmt: skip
            group["ISNSEW"] = np.array([0], dtype="i4")
            for name, column in zip(names, MOTION.T):
                data = np.concatenate([column * (number + 1), np.full(room, 7.0)])
                group[name] = data.astype("f4")
                first, second = ("CMPINC", "CMPAZ") if swapped else ("CMPAZ", "CMPINC")
                group[name + first] = np.array([azimuths[name]], dtype="f4")
                group[name + second] = np.array([inclinations[name]], dtype="f4")
    return path


@pytest.mark.parametrize("swapped", [True, False])
@pytest.mark.parametrize(("names", "unit"), [("X Y Z", "m"), ("Vx Vy Vz", "m/s")])
def test_hdf5_along_the_grid(tmp_path, names, unit, swapped):
    path = write_hdf5(tmp_path / "run.hdf5", names.split(), unit=unit, swapped=swapped)
    stream = obspy.read(path)
    assert [trace.id for trace in stream.select(network="NC")] == [
        "NC.S2..BXX",
        "NC.S2..BXY",
        "NC.S2..BXZ",
    ]
    stats = stream[0].stats
    assert (stats._format, stats.units, stats.delta) == ("SW4", unit, STEP)
    assert stats.starttime == UTCDateTime(2019, 11, 11, 10, 52, 45, 250000)
    assert stats.coordinates.elevation == -100.0
    assert values(stream.select(station="S2")) == pytest.approx(MOTION * [2, 2, -2], rel=1e-6)
    assert angles(stream.select(station="S1")) == [(30.0, 0.0), (120.0, 0.0), (0.0, -90.0)]
    assert angles(obspy.read(path, azimuth=45.0, stations=["S1"]))[0] == (45.0, 0.0)


@pytest.mark.parametrize(("names", "unit"), [("EW NS UP", "m"), ("Vew Vns Vup", "m/s")])
def test_hdf5_in_east_north_up(tmp_path, names, unit):
    stream = obspy.read(write_hdf5(tmp_path / "run.h5", names.split(), unit=unit))
    stream = stream.select(station="S1")
    assert codes(stream) == "ENZ"
    assert stream[0].stats.units == unit
    assert values(stream) == pytest.approx(MOTION, rel=1e-6)
    assert "orientation" not in stream[0].stats
    assert "axes" not in stream[0].stats.simulation


def test_many_stations_of_an_hdf5_file_are_several_items_whatever_its_name_ends_in(tmp_path):
    names = [f"S{number}" for number in range(STATIONS + 1)]
    for name in ("a.h5", "b.hdf5"):
        path = write_hdf5(tmp_path / name, ("X", "Y", "Z"), stations=names)
        source = FolderSource((str(path),))
        read = [{t.stats.station for t in source.read(item).stream} for item in source.items()]
        assert read == [set(names[:STATIONS]), {names[-1]}]


@pytest.mark.parametrize("names", ["X Y Z", "EW NS UP"])
def test_hdf5_of_observations_has_its_unit_in_unit_alone(tmp_path, names):
    # as src/TimeSeries.C reads observations: plain names, and UNIT
    path = write_hdf5(tmp_path / "observed.hdf5", names.split(), unit="m/s")
    assert {trace.stats.units for trace in obspy.read(path)} == {"m/s"}
    write_hdf5(path, names.split(), unit="volts")
    with pytest.raises(InputError, match="UNIT is 'volts'"):
        obspy.read(path)


def test_hdf5_of_displacement_beside_velocity(tmp_path):
    # UNIT is the first station's
    path = write_hdf5(tmp_path / "a.h5", ("Vx", "Vy", "Vz"), unit="m/s")
    other = write_hdf5(tmp_path / "b.h5", ("X", "Y", "Z"))
    with h5py.File(path, "a") as file, h5py.File(other) as source:
        source.copy("S1", file, "S3")
    units = {trace.stats.station: trace.stats.units for trace in obspy.read(path)}
    assert units == {"S1": "m/s", "S2": "m/s", "S3": "m"}


def test_hdf5_with_an_azimuth_of_zero(tmp_path):
    """SW4 writes 0 where it is 0, and for stations that its first process does not own."""
    xyz = ("X", "Y", "Z")
    stream = obspy.read(write_hdf5(tmp_path / "a.h5", xyz, azimuth=0.0))
    assert angles(stream)[:2] == [(0.0, 0.0), (90.0, 0.0)]
    alone = obspy.read(tmp_path / "a.h5", stations=["S1"])
    assert angles(alone) == angles(obspy.read(tmp_path / "a.h5").select(station="S1"))
    path = write_hdf5(tmp_path / "b.h5", xyz, azimuth=30.0)
    with h5py.File(path, "a") as file:
        for station in ("S1", "NC.S2"):
            file[f"{station}/XCMPINC"][...] = 0.0
    assert {trace.stats.simulation.axes for trace in obspy.read(path)} == {"grid"}
    with h5py.File(path, "a") as file:
        file["S1/XCMPINC"][...] = 30.0
    assert {angle for angle, _ in angles(obspy.read(path))} == {30.0, 120.0, 0.0}
    single = write_hdf5(tmp_path / "c.h5", xyz, azimuth=0.0, stations=("S1",))
    assert obspy.read(single)[0].stats.simulation.axes == "grid"


def test_hdf5_of_a_run_that_did_not_end(tmp_path):
    xyz = ("X", "Y", "Z")
    path = write_hdf5(tmp_path / "a.h5", xyz, room=50)
    assert obspy.read(path)[0].stats.npts == SAMPLES  # what was never written is left out
    for count in (0, -12345, 100_000):
        with pytest.raises(InputError, match="did not come to its end"):
            obspy.read(write_hdf5(tmp_path / "b.h5", xyz, count=count))


def test_hdf5_of_strain_or_without_stations(tmp_path):
    path = tmp_path / "a.h5"
    write_hdf5(path, ("Uxx", "Uyy", "Uzz"))
    with pytest.raises(InputError, match="Uxx"):
        obspy.read(path, format="SW4")
    with pytest.raises(InputError, match="no station NOPE"):
        obspy.read(write_hdf5(path, ("X", "Y", "Z")), stations=["NOPE"])
    with h5py.File(path, "w") as file:
        file.attrs["DATETIME"] = "2019-11-11T10:52:45.0"
        file["DOWNSAMPLE"] = [1]  # stations to compute, which SW4 reads
    assert not sw4.is_format(str(path))


def test_mangled_hdf5(tmp_path):
    path = write_hdf5(tmp_path / "a.h5", ("X", "Y", "Z"))
    attempt_mangled(sw4, path, 100, 2)
