"""Every reader on a file written here to the letter of its format."""

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


@pytest.mark.parametrize(("kind", "units"), [("semd", "m"), ("semv", "m/s"), ("sema", "m/s**2")])
def test_specfem(tmp_path, kind, units):
    for code, column in zip("XYZ", MOTION.T):
        np.savetxt(tmp_path / f"DB.X20.BX{code}.{kind}", np.column_stack([TIMES - 1.5, column]))
    stream = obspy.read(tmp_path / f"DB.X20.BX?.{kind}")
    assert stream[0].id == "DB.X20..BXX"
    assert stream[0].stats.units == units
    assert stream[0].stats.starttime == UTCDateTime(0) - 1.5
    assert values(stream) == pytest.approx(MOTION[:, :3])


def test_specfem_of_old_versions_and_fortran_exponents(tmp_path):
    path = tmp_path / "X20.DB.MXZ.semv"
    path.write_text(
        "\n".join(f"{t:.4f} {x:.6e}".replace("e", "D") for t, x in zip(TIMES, MOTION[:, 0]))
    )
    stream = obspy.read(path, station_first=True)
    assert stream[0].id == "DB.X20..MXZ"
    assert stream[0].data == pytest.approx(MOTION[:, 0], rel=1e-5)


def write_sw4(path, names, location="(WGS84 longitude, latitude) (deg): 4.67e+00 4.45e+01"):
    header = [
        "# Author: SW4",
        "# Scenario: test",
        "# Date: UTC  11/11/2019:10:52:45.123",
        "# Bandwith (Hz): 1.234000e+00",
        "# Station: sta01",
        f"# Target location {location}",
        f"# Actual location {location}",
        "# Distance from target to actual location (m): 0.000000e+00",
        "# nColumns: 4",
        "# Column 1: Time (s)",
        *(f"# Column {number}: {name}" for number, name in enumerate(names, 2)),
    ]
    rows = [f"{t:.6e} " + " ".join(f"{x:.8e}" for x in row) for t, row in zip(TIMES, MOTION[:, :3])]
    path.write_text("\n".join(header + rows) + "\n")
    return path


def test_sw4_geographic(tmp_path):
    names = ["East-west velocity (m/s)", "North-sourth velocity (m/s)", "Up-down velocity (m/s)"]
    stream = obspy.read(write_sw4(tmp_path / "sta01.txt", names))
    assert codes(stream) == "ENZ"
    assert stream[0].stats.station == "sta01"
    assert stream[0].stats.units == "m/s"
    assert stream[0].stats.starttime == UTCDateTime(2019, 11, 11, 10, 52, 45, 123000)
    assert stream[0].stats.coordinates.latitude == 44.5
    assert values(stream) == pytest.approx(MOTION[:, :3])


def test_sw4_cartesian_turns_z_up(tmp_path):
    names = ["X displacement (m)", "Y displacement (m)", "Z displacement (m)"]
    path = write_sw4(tmp_path / "s.txt", names, "(x,y,z) : 1.0e+03 2.0e+03 0.0e+00 ")
    stream = obspy.read(path)
    assert codes(stream) == "XYZ"
    assert values(stream) == pytest.approx(MOTION[:, :3] * [1, 1, -1])
    assert stream[0].stats.coordinates.y == 2000.0


def test_sw4_strain_is_refused(tmp_path):
    names = ["X displacement (m)", "Y displacement (m)", "xx strain ()"]
    with pytest.raises(InputError, match="names 2 columns"):
        obspy.read(write_sw4(tmp_path / "s.txt", names), format="SW4")


def test_bbp(tmp_path):
    path = tmp_path / "10000.s01.acc.bbp"
    header = (
        "# Station= s01\n# time= 11/11/19,10:52:45.000 UTC\n# lon= 4.67\n# lat= 44.5\n"
        "#  time(sec)      N-S(cm/s/s)      E-W(cm/s/s)      U-D(cm/s/s)\n"
    )
    rows = "\n".join(
        f"{t:.6e}\t" + "\t".join(f"{x:.8e}" for x in row) for t, row in zip(TIMES, MOTION[:, :3])
    )
    path.write_text(header + rows)
    stream = obspy.read(path)
    assert codes(stream) == "NEZ"
    assert stream[0].stats.station == "s01"
    assert stream[0].stats.units == "cm/s/s"
    assert stream[0].stats.coordinates.longitude == 4.67
    bare = tmp_path / "s02.vel.bbp"
    bare.write_text(rows)
    assert obspy.read(bare)[0].stats.units == "cm/s"


@pytest.mark.parametrize(("units", "written"), [("m/s**2", "cm/s/s"), ("m/s", "cm/s"), ("m", "cm")])
def test_bbp_round_trip(tmp_path, simulation, units, written):
    stream = simulation()
    for trace in stream:
        trace.stats.units = units
    stream.write(tmp_path / "out.bbp", format="BBP")
    again = obspy.read(tmp_path / "out.bbp")
    assert again[0].stats.units == written
    expected = np.column_stack([stream.select(component=code)[0].data for code in "NEZ"])
    assert values(again) == pytest.approx(expected * 100, rel=1e-5, abs=1e-7)
    assert again[0].stats.starttime == stream[0].stats.starttime
    with pytest.raises(InputError, match="N, E and Z"):
        stream[:2].write(tmp_path / "bad.bbp", format="BBP")
    with pytest.raises(InputError, match="one station"):
        simulation(stations=("A", "B")).write(tmp_path / "bad.bbp", format="BBP")


def test_at2_round_trip(tmp_path, simulation):
    stream = simulation()
    stream[:1].write(tmp_path / "out.at2", format="AT2")
    text = (tmp_path / "out.at2").read_text().splitlines()
    assert text[2] == "ACCELERATION TIME SERIES IN UNITS OF G"
    again = obspy.read(tmp_path / "out.at2")
    assert again[0].stats.units == "g"
    assert again[0].data * 9.80665 == pytest.approx(stream[0].data, rel=1e-6, abs=1e-8)
    with pytest.raises(InputError, match="one component"):
        stream.write(tmp_path / "bad.at2", format="AT2")
    stream[0].stats.units = "m/s"
    with pytest.raises(InputError, match="acceleration"):
        stream[:1].write(tmp_path / "bad.at2", format="AT2")


def test_at2_of_peer(tmp_path):
    path = tmp_path / "RSN1_HELENA.AT2"
    data = "".join(
        f"{x:15.7E}" + ("\n" if k % 5 == 4 else "") for k, x in enumerate(MOTION[:403, 0])
    )
    path.write_text(
        "PEER NGA STRONG MOTION DATABASE RECORD\nHelena, 10/31/1935, Carroll College, 180\n"
        f"ACCELERATION TIME SERIES IN UNITS OF G\nNPTS=    400, DT=   .0100 SEC,\n{data}"
    )
    stream = obspy.read(path)
    assert stream[0].stats.npts == 400
    assert stream[0].stats.delta == 0.01


def test_seissol(tmp_path):
    path = tmp_path / "out-receiver-00003-00012.dat"
    names = ["xx", "yy", "zz", "xy", "yz", "xz", "v1", "v2", "v3"]
    header = [
        'TITLE = "Temporal Signal for receiver number 00003"',
        'VARIABLES = "Time",' + ",".join(f'"{name}"' for name in names),
        "# x1       1.000000000000e+03",
        "# x2       2.000000000000e+03",
        "# x3       -1.000000000000e+00",
    ]
    rows = [f"  {t:.15e}  " + "  ".join(f"{x:.15e}" for x in row) for t, row in zip(TIMES, MOTION)]
    path.write_text("\n".join([*header, *rows, rows[-1]]))
    stream = obspy.read(path)
    assert codes(stream) == "XYZ"
    assert stream[0].stats.station == "R0003"
    assert stream[0].stats.units == "m/s"
    assert values(stream) == pytest.approx(MOTION[:, 6:9])
    assert stream[0].stats.coordinates.z == -1.0


def test_hercules(tmp_path):
    path = tmp_path / "station.7"
    units = ("(m)", "(m/s)", "(m/s2)")
    names = [axis + unit for unit in units for axis in ("X|", "Y-", "Z.")]
    rows = [f"{t:10.6f} " + " ".join(f"{x:13.6e}" for x in row) for t, row in zip(TIMES, MOTION)]
    path.write_text("#  Time(s)         " + "         ".join(names) + "\n" + "\n".join(rows))
    stream = obspy.read(path)
    assert codes(stream) == "NEZ"
    assert stream[0].stats.units == "m/s**2"
    assert values(stream) == pytest.approx(MOTION[:, 6:9] * [1, 1, -1], rel=1e-5)
    assert obspy.read(path, quantity="velocity")[0].stats.units == "m/s"


def test_columns(tmp_path):
    path = tmp_path / "sta7.csv"
    np.savetxt(
        path, np.column_stack([TIMES, MOTION[:, :4]]), delimiter=",", header="t,n,e,z,quality"
    )
    with pytest.raises(TypeError, match="Unknown format"):
        obspy.read(path)
    stream = obspy.read(path, format="COLUMNS", components="NEZ-", units="cm/s")
    assert codes(stream) == "NEZ"
    assert stream[0].stats.station == "sta7"
    assert values(stream) == pytest.approx(MOTION[:, :3])
    with pytest.raises(InputError, match="4 columns"):
        obspy.read(path, format="COLUMNS", components="NEZ")


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
    for path in examples:
        try:
            stream = obspy.read(path)
        except Exception:  # some examples are broken on purpose
            continue
        assert stream[0].stats._format not in ours
