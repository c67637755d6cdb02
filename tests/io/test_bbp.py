"""SCEC Broadband Platform: simulated, observed and other headers; what is written."""

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime
from streams import codes, values

import obspy_broadband  # noqa: F401 - adds Stream.enrich
from obspy_broadband.archive.outputs import check_stream
from obspy_broadband.errors import InputError
from obspy_broadband.io import bbp

STEP, SAMPLES = 0.02, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 3)) * 10.0
ROWS = "".join(
    f"{t:.6e}\t" + "\t".join(f"{x:.8e}" for x in row) + "\n" for t, row in zip(TIMES, MOTION)
)
NAMES = "#    time(sec)      N-S(cm/s/s)      E-W(cm/s/s)      U-D(cm/s/s)\n"


def write(path, header, rows=ROWS):
    path.write_text(header + rows)
    return path


def test_simulated(tmp_path):
    path = write(tmp_path / "1096499.s01.acc.bbp", "# Sim NGAH, stat=s01\n" + NAMES)
    stream = obspy.read(path)
    assert codes(stream) == "NEZ"
    assert stream[0].stats.station == "s01"
    assert {trace.stats.units for trace in stream} == {"cm/s/s"}
    assert values(stream) == pytest.approx(MOTION)
    assert stream[0].stats.starttime == UTCDateTime(0)


OBSERVED = """\
# Strong motion recording for 1992 Landers EQ
# Date: Fri Jan 29 14:40:18 PST 2010
#
# Station: ce12026
#    longitude: -116.2
#    latitude: 33.7
#    closest distance to fault (km): 30.62
#    Vs30 (m/s): 207
#
# Data fields are TAB-separated
#
# Column 1: Time (s)
# Column 2: North-south acceleration (cm/s/s) (+ is northward)
# Column 3: East-west acceleration (cm/s/s) (+ is eastward)
# Column 4: Up-down acceleration (cm/s/s) (+ is upward)
#
"""


def test_observed(tmp_path):
    stream = obspy.read(write(tmp_path / "ce12026.bbp", OBSERVED))
    assert codes(stream) == "NEZ"
    stats = stream[0].stats
    assert (stats.station, stats.units) == ("ce12026", "cm/s/s")
    assert (stats.vs30_m_s, stats.rupture_distance_km) == (207.0, 30.62)
    assert (stats.coordinates.longitude, stats.coordinates.latitude) == (-116.2, 33.7)
    assert values(stream) == pytest.approx(MOTION)
    # The date in the header is that of the file.
    assert stats.starttime == UTCDateTime(0)


def test_order_and_polarity_are_those_of_the_header(tmp_path):
    header = OBSERVED.replace("North-south", "Up-down").replace("northward", "downward")
    header = header.replace("Column 4: Up-down", "Column 4: North-south")
    header = header.replace("upward", "southward").replace("eastward", "westward")
    stream = obspy.read(write(tmp_path / "a.bbp", header))
    assert codes(stream) == "ZEN"
    assert values(stream) == pytest.approx(-MOTION)


def test_each_column_has_its_own_unit(tmp_path):
    header = "# time(sec) E-W(cm/s) N-S(m/s) U-D(mm/s)\n"
    stream = obspy.read(write(tmp_path / "a.bbp", header))
    assert codes(stream) == "ENZ"
    assert [trace.stats.units for trace in stream] == ["cm/s", "m/s", "mm/s"]


def test_percent_signs_and_a_unit_that_the_line_cuts_off(tmp_path):
    header = (
        " % ----------------\n% synthetic broadband seismogram\n% site:         s07\n"
        "% NPTS, DT:   400 0.02\n%\n% time(s)      NS (cm/s)      EW(cm/s)     UP (cm/\n"
        " % ----------------\n"
    )
    stream = obspy.read(write(tmp_path / "s01.bbp", header))
    assert codes(stream) == "NEZ"
    assert stream[0].stats.station == "s07"
    assert [trace.stats.units for trace in stream] == ["cm/s"] * 3


@pytest.mark.parametrize(
    "header", ["", "# HF Sim NGAH, stat=s01\n", "# nt = 400   dt = 0.02\n# t\tn/s\te/w\tu/d\n"]
)
def test_a_unit_missing_in_the_header_follows_from_the_name_or_is_asked_for(
    tmp_path, header, noise
):
    for ending, unit in (("acc", "cm/s/s"), ("vel", "cm/s"), ("dis", "cm")):
        stream = obspy.read(write(tmp_path / f"s01.{ending}.bbp", header))
        assert (codes(stream), stream[0].stats.units) == ("NEZ", unit)
    path = write(tmp_path / "s01-hf.bbp", header)
    with pytest.raises(InputError, match=r"[Uu]nit"):
        obspy.read(path).enrich(noise, n=1, seed=1)
    assert obspy.read(path, units="cm/s")[0].stats.units == "cm/s"
    assert len(obspy.read(path).enrich(noise, n=1, seed=1, units="cm/s")) == 1
    with pytest.raises(InputError, match="Unknown units"):
        obspy.read(path, format="BBP", units="counts of something")


def test_a_unit_that_contradicts_the_name_is_refused(tmp_path, noise):
    """wcc2bbp writes cm/s unless it is given a unit, above accelerations, too."""
    path = write(tmp_path / "s01.acc.bbp", NAMES.replace("cm/s/s", "cm/s"))
    with pytest.raises(InputError, match="contradictory"):
        obspy.read(path).enrich(noise, n=1, seed=1)
    assert obspy.read(path, units="cm/s/s")[0].stats.units == "cm/s/s"


def test_azimuths_in_the_header(tmp_path):
    header = (
        "#     Station= NoName\n#        time= 00/00/00,00:00:00.00 UTC\n#         lon= 0.00\n"
        "#         lat= 0.00\n#       units= cm/s^2\n# orientation= 128,218,UP\n"
        "# Column 1: Time (s)\n# Column 2: H1 component ground acceleration (+ is 128)\n"
        "# Column 3: H2 component ground acceleration (+ is 218)\n"
        "# Column 4: V component ground acceleration (+ is UP)\n"
    )
    stream = obspy.read(write(tmp_path / "run.sta7.bbp", header))
    assert codes(stream) == "21Z"
    assert [trace.stats.orientation.azimuth for trace in stream] == [128.0, 218.0, 0.0]
    assert stream[2].stats.orientation.dip == -90.0
    assert stream[0].stats.units == "cm/s^2"
    assert "coordinates" not in stream[0].stats
    turned = obspy.read(
        write(tmp_path / "a.bbp", header.replace("128", "0").replace("218,UP", "90,DOWN"))
    )
    assert codes(turned) == "NEZ"
    assert values(turned) == pytest.approx(MOTION * [1, 1, -1])


def test_dates_and_what_is_no_date(tmp_path):
    header = "# Station= s01\n# time= 2019/11/11,10:52:45.250 UTC\n" + NAMES
    stats = obspy.read(write(tmp_path / "s01.bbp", header))[0].stats
    assert stats.starttime == UTCDateTime(2019, 11, 11, 10, 52, 45, 250000)
    bad = write(tmp_path / "s02.bbp", header.replace("2019/11/11", "11/11/19"))
    assert obspy.read(bad)[0].stats.starttime == UTCDateTime(0)


def test_tables_of_other_programs_are_not_recognized(tmp_path):
    tables = {
        "SW4": "# Author: SW4\n# nColumns: 4\n# Column 1: Time (s)\n"
        "# Column 2: East-west velocity (m/s)\n# Column 3: North-south velocity (m/s)\n"
        "# Column 4: Up-down velocity (m/s)\n",
        "anybody": "# time n e z\n",
        "Hercules": "#  Time(s)  X|(m)  Y-(m)  Z.(m)\n",
        "no BBP": "# time(s) a(cm/s) b(cm/s) c(cm/s)\n",
    }
    for header in tables.values():
        assert not bbp.is_format(str(write(tmp_path / "a.txt", header)))
    assert bbp.is_format(str(write(tmp_path / "a.txt", NAMES)))
    with pytest.raises(InputError, match="names the columns"):
        obspy.read(write(tmp_path / "a.bbp", "# time(sec) R(cm/s) T(cm/s) Q(cm/s)\n"))
    with pytest.raises(InputError, match="three are needed"):
        obspy.read(write(tmp_path / "a.bbp", "# time(sec) N-S(cm/s) N-S(cm/s) U-D(cm/s)\n"))
    with pytest.raises(InputError, match="no place"):
        obspy.read(write(tmp_path / "a.bbp", "# lon= x\n# lat= 44.5\n" + NAMES))


@pytest.mark.parametrize(("units", "written"), [("m/s**2", "cm/s/s"), ("m/s", "cm/s"), ("m", "cm")])
def test_written_files_are_read_again(tmp_path, simulation, units, written):
    stream = simulation(duration=20)
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


def test_x_y_z_are_written_as_east_north_up(tmp_path, simulation):
    stream = simulation(components="XYZ", duration=20)
    stream.write(tmp_path / "a.bbp", format="BBP")
    again = obspy.read(tmp_path / "a.bbp")
    for code, axis in zip("NEZ", "YXZ"):
        expected = stream.select(component=axis)[0].data * 100
        assert again.select(component=code)[0].data == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_components_of_unknown_direction_are_not_written(tmp_path, simulation):
    for letters, hint in (("ZRT", "RT->NE"), ("Z12", "->ZNE")):
        with pytest.raises(InputError, match=hint):
            simulation(components=letters, duration=10).write(tmp_path / "a.bbp", format="BBP")
    stream = simulation(components="XYZ", duration=10)
    for trace in stream:
        trace.stats.simulation = {"axes": "grid"}
    with pytest.raises(InputError, match="azimuth="):
        stream.write(tmp_path / "a.bbp", format="BBP")
    for trace, azimuth in zip(stream[:2], (180.0, 270.0)):
        trace.stats.orientation = {"azimuth": azimuth, "dip": 0.0}
    stream.write(tmp_path / "a.bbp", format="BBP")
    again = obspy.read(tmp_path / "a.bbp")
    expected = -stream[0].data * 100
    assert again.select(component="N")[0].data == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("kind", "letters", "hint"),
    [
        ("bbp", "ZRT", "RT->NE"),
        ("at2", "ZRT", "RT->NE"),
        ("at2", "1", "->ZNE"),
        ("bbp", "N", "has one, HXN"),
    ],
)
def test_what_cannot_be_written_is_known_before_the_work(simulation, kind, letters, hint):
    with pytest.raises(InputError, match=hint):
        check_stream(kind, simulation(components=letters, duration=10))


def test_what_enriching_turns_can_be_written(simulation):
    stream = simulation(components="Z12", duration=10)
    with pytest.raises(InputError, match="->ZNE"):
        check_stream("bbp", stream)
    check_stream("bbp", stream, inventory=obspy.Inventory())
    check_stream("ensemble", stream)
    for trace, angles in zip(stream, ((0, -90), (128, 0), (218, 0))):
        trace.stats.orientation = dict(zip(("azimuth", "dip"), angles))
    check_stream("bbp", stream)
    check_stream("bbp", simulation(components="XYZ", duration=10))
