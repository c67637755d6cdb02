"""PEER's AT2 files: components by azimuth and word, units by line 3, a station of three files."""

import numpy as np
import obspy
import pytest
from obspy import Stream

import obspy_broadband  # noqa: F401 - adds Stream.enrich
from obspy_broadband.errors import InputError
from obspy_broadband.io import at2, axes
from obspy_broadband.sources.folder import FolderSource

SAMPLES = 400
MOTION = np.random.default_rng(0).normal(size=SAMPLES) * 1e-2
EL_CENTRO = "Imperial Valley-02, 5/19/1940, El Centro Array #9"
IN_G = "ACCELERATION TIME SERIES IN UNITS OF G"


def write(path, second=f"{EL_CENTRO}, 180", third=IN_G, fourth=None, data=MOTION):
    size = fourth or f"NPTS= {len(data):6d}, DT=   .0100 SEC,"
    rows = [
        "".join(f"{x:15.7E}" for x in data[first : first + 5]) for first in range(0, len(data), 5)
    ]
    head = ["PEER NGA STRONG MOTION DATABASE RECORD", second, third, size]
    path.write_text("\n".join(head + rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "letter", "azimuth", "dip", "sign"),
    [
        ("180", "1", 180, 0, 1),
        ("270", "2", 270, 0, 1),
        ("000", "1", 0, 0, 1),
        ("360", "1", 0, 0, 1),
        ("90", "2", 90, 0, 1),
        ("164 (CDMG STATION 279)", "1", 164, 0, 1),
        ("46", "2", 46, 0, 1),
        ("N00E", "1", 0, 0, 1),
        ("N65W", "2", 295, 0, 1),
        ("S16E", "1", 164, 0, 1),
        ("S 74 W", "2", 254, 0, 1),
        ("N", "N", 0, 0, 1),
        ("EW", "E", 90, 0, 1),
        ("W", "E", 90, 0, -1),
        ("HNE", "E", 90, 0, 1),
        ("UP", "Z", 0, -90, 1),
        ("VER", "Z", 0, -90, 1),
        ("VRT", "Z", 0, -90, 1),
        ("V", "Z", 0, -90, 1),
        ("DWN", "Z", 0, -90, -1),
        ("DN", "Z", 0, -90, -1),
        ("down", "Z", 0, -90, -1),
    ],
)
def test_component(tmp_path, name, letter, azimuth, dip, sign):
    trace = obspy.read(write(tmp_path / "a.AT2", f"{EL_CENTRO}, {name}"))[0]
    assert trace.id == f".ElCentroArray9..HX{letter}"
    assert (trace.stats.orientation.azimuth, trace.stats.orientation.dip) == (azimuth, dip)
    assert trace.data == pytest.approx(sign * MOTION, rel=1e-6)


@pytest.mark.parametrize(("name", "letter"), [("L", "1"), ("T", "2"), ("H1", "1"), ("H2", "2")])
def test_horizontals_of_unknown_azimuth(tmp_path, name, letter):
    trace = obspy.read(write(tmp_path / "a.AT2", f"{EL_CENTRO}, {name}"))[0]
    assert trace.stats.channel[-1] == letter
    assert "orientation" not in trace.stats


def test_horizontals_at_a_right_angle_have_different_letters():
    for azimuth in range(361):
        for alone in (True, False):
            letters = {
                axes.component(f"{angle % 360:03d}", alone).letter
                for angle in (azimuth, azimuth + 90)
            }
            assert len(letters) == 2


def test_a_missing_component_is_asked_for(tmp_path):
    path = write(tmp_path / "a.AT2", "Example event, a motion without a name")
    with pytest.raises(InputError, match="component="):
        obspy.read(path)
    assert obspy.read(path, component="DWN")[0].data == pytest.approx(-MOTION, rel=1e-6)
    assert obspy.read(path, component=180)[0].stats.orientation.azimuth == 180.0
    with pytest.raises(InputError, match="component= must be an azimuth"):
        obspy.read(path, component="sideways")
    with pytest.raises(InputError, match=r"without unit=.*Did you mean units="):
        obspy.read(path, format="AT2", unit="g")


@pytest.mark.parametrize(
    ("third", "units"),
    [
        (IN_G, "G"),
        ("ACCELERATION TIME HISTORY IN UNITS OF G. FILTER POINTS: HP=0.1 Hz LP=35.0 Hz", "G"),
        ("Acceleration in g", "G"),
        ("ACCELERATION TIME SERIES IN UNITS OF CM/S**2", "CM/S**2"),
        ("ACCELERATION TIME SERIES IN UNITS OF CM/S/S", "CM/S/S"),
        ("ACCELERATION TIME SERIES IN UNITS OF CM/SEC/SEC", "CM/S/S"),
        ("ACCELERATION TIME SERIES IN UNITS OF GAL", "GAL"),
        ("ACCELERATION TIME SERIES IN UNITS OF M/S^2", "M/S^2"),
        ("VELOCITY TIME SERIES IN UNITS OF CM/S", "CM/S"),
        ("VELOCITY TIME SERIES IN UNITS OF CM/SEC", "CM/S"),
        ("DISPLACEMENT TIME SERIES IN UNITS OF CM", "CM"),
    ],
)
def test_the_unit_is_that_of_the_third_line(tmp_path, third, units):
    assert obspy.read(write(tmp_path / "a.AT2", third=third))[0].stats.units == units


@pytest.mark.parametrize(
    "third", ["ACCELERATION TIME SERIES", "ACCELERATION TIME SERIES IN UNITS OF CM/S"]
)
def test_a_missing_or_contradictory_unit_is_asked_for(tmp_path, third, noise):
    path = write(tmp_path / "a.AT2", third=third, data=np.tile(MOTION, 3))
    with pytest.raises(InputError, match=r"[Uu]nit"):
        obspy.read(path).enrich(noise, n=1, seed=1)
    assert len(obspy.read(path, units="cm/s/s").enrich(noise, n=1, seed=1)) == 1


@pytest.mark.parametrize(
    ("second", "station"),
    [
        ("Helena, Montana-01, 10/31/1935, Carroll College, 180", "CarrollCollege"),
        ("SAN FERNANDO 02/09/71 14:00, PACOIMA DAM, 164 (CDMG STATION 279)", "PACOIMADAM"),
        ("Chi-Chi, Taiwan, 9/20/1999, CHY002, N", "CHY002"),
        ("El Centro, 180", "ELC"),
    ],
)
def test_station(tmp_path, second, station):
    name = "ELC180.AT2" if station == "ELC" else "a.AT2"
    assert obspy.read(write(tmp_path / name, second))[0].stats.station == station


def test_surface_and_borehole_sensors_of_kiknet_are_two_stations(tmp_path):
    for name in ("NS1", "EW2"):
        write(tmp_path / f"{name}.AT2", f"Iwate, 6/13/2008, AKTH04, {name}")
    assert [trace.id for trace in obspy.read(tmp_path / "*.AT2")] == [
        ".AKTH04.02.HXE",
        ".AKTH04.01.HXN",
    ]


@pytest.mark.parametrize(
    "fourth", ["  400   .0100   NPTS, DT", "NPTS=  400  DT= 0.0100 SEC", "NPTS=400, DT=1.0E-02 SEC"]
)
def test_older_and_other_fourth_lines(tmp_path, fourth):
    stats = obspy.read(write(tmp_path / "a.AT2", fourth=fourth))[0].stats
    assert (stats.npts, stats.delta) == (400, 0.01)


@pytest.mark.parametrize("end", ["\r\n", "\r\r\n"])
def test_ends_of_lines(tmp_path, end):
    path = write(tmp_path / "a.AT2")
    path.write_bytes(path.read_text().replace("\n", end).encode())
    assert obspy.read(path)[0].data == pytest.approx(MOTION, rel=1e-6)


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "a.AT2")
    text = path.read_text()
    path.write_text(text.rstrip("\n")[:-1])  # the last digit of the last number
    with pytest.raises(InputError, match="cut off"):
        obspy.read(path)
    path.write_text(text.rstrip("\n")[:-16])
    with pytest.raises(InputError, match="399 samples"):
        obspy.read(path)
    path.write_text(text.rstrip("\n"))
    assert obspy.read(path)[0].stats.npts == 400
    path.write_text(text.replace(f"{MOTION[7]:15.7E}", "  .12345x7E-02 "))
    with pytest.raises(InputError, match="line 6"):
        obspy.read(path)


def station_of_three(folder, names, data):
    for name, values in zip(names, data):
        write(folder / f"RSN6_ELC{name}.AT2", f"{EL_CENTRO}, {name}", data=values / 9.80665)
    return obspy.read(folder / "RSN6_ELC*.AT2")


@pytest.mark.parametrize("names", [("180", "270", "UP"), ("000", "270", "DWN"), ("90", "360", "V")])
def test_three_files_are_one_station(tmp_path, simulation, names):
    motion = {trace.stats.channel[-1]: trace.data for trace in simulation(duration=20)}
    stream = station_of_three(tmp_path, names, [motion[code] for code in "NEZ"])
    assert len({trace.id[:-1] for trace in stream}) == 1
    assert sorted(trace.stats.channel[-1] for trace in stream) == ["1", "2", "Z"]
    items = list(FolderSource((str(tmp_path),)).items())
    assert [len(item.locator["files"]) for item in items] == [3]


def test_written_files_are_read_again(tmp_path, simulation):
    stream = simulation(sampling_rate=128.0)
    for trace in stream:
        trace.stats.delta = 0.0078125
        Stream([trace]).write(str(tmp_path / f"{trace.id}.AT2"), format="AT2")
    text = (tmp_path / f"{stream[0].id}.AT2").read_text().splitlines()
    assert text[1] == "XX, 11/11/2019, AAA, UP"
    assert text[2] == IN_G
    assert "DT= 0.0078125 SEC" in text[3]
    again = obspy.read(tmp_path / "*.AT2")
    for trace in stream:
        read = again.select(component=trace.stats.channel[-1])[0]
        assert read.stats.delta == trace.stats.delta
        assert read.stats.station == "AAA"
        assert read.data * 9.80665 == pytest.approx(trace.data, rel=1e-6, abs=1e-8)


def test_x_is_written_as_east_and_others_are_refused(tmp_path, simulation):
    stream = simulation(components="XYZ", duration=10)
    path = tmp_path / "a.AT2"
    for trace, name in zip(stream, ("E", "N", "UP")):
        at2.write(Stream([trace]), path)
        assert path.read_text().splitlines()[1].endswith(f" {name}")
    stream[0].stats.simulation = {"axes": "grid"}
    with pytest.raises(InputError, match="azimuth="):
        at2.write(stream[:1], path)
    for code, hint in (("R", "RT->NE"), ("1", "->ZNE")):
        with pytest.raises(InputError, match=hint):
            at2.write(simulation(components=code, duration=10), path)
    for channel, written in (("UD", "UP"), ("EW", "E")):  # of K-NET
        stream[2].stats.channel = channel
        at2.write(stream[2:], path)
        assert path.read_text().splitlines()[1].endswith(f" {written}")
    stream[2].stats.channel = "HXQ"
    with pytest.raises(InputError, match="none of them"):
        at2.write(stream[2:], path)
    with pytest.raises(InputError, match="one component"):
        at2.write(stream, path)
    stream[1].stats.units = "m/s"
    with pytest.raises(InputError, match="acceleration"):
        at2.write(stream[1:2], path)


def test_a_component_that_points_west_is_written_as_east(tmp_path, simulation):
    trace = simulation(components="2", duration=10)[0]
    trace.stats.orientation = {"azimuth": 270.0, "dip": 0.0}
    at2.write(Stream([trace]), tmp_path / "a.AT2")
    again = obspy.read(tmp_path / "a.AT2")[0]
    assert again.stats.channel[-1] == "E"
    assert again.data * 9.80665 == pytest.approx(-trace.data, rel=1e-6, abs=1e-8)
    trace.stats.orientation = {"azimuth": 250.0, "dip": 0.0}
    with pytest.raises(InputError, match="azimuth 250"):
        at2.write(Stream([trace]), tmp_path / "a.AT2")
