"""Tables of numbers by format="COLUMNS", whose columns are named by the caller."""

import numpy as np
import obspy
import pytest
from streams import values

from obspy_broadband.errors import InputError
from obspy_broadband.records.trace_units import to_acceleration

STEP, SAMPLES = 0.02, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 4))


def write(path, columns=3, header="", delimiter=" ", times=True):
    table = np.column_stack([TIMES, MOTION[:, :columns]] if times else [MOTION[:, :columns]])
    np.savetxt(path, table, delimiter=delimiter, fmt="%.9e", header=header, comments="")
    return path


def read(path, **options):
    return obspy.read(path, format="COLUMNS", **options)


def test_components_in_the_order_of_the_columns(tmp_path):
    path = write(tmp_path / "sta7.csv", 4, "t,n,e,z,quality", ",")
    stream = read(path, components="ne-z", units="cm/s", network="XX")
    assert [trace.id for trace in stream] == [f"XX.sta7..BX{letter}" for letter in "NEZ"]
    assert values(stream) == pytest.approx(MOTION[:, [0, 1, 3]])
    assert {trace.stats.units for trace in stream} == {"cm/s"}
    with pytest.raises(TypeError, match="Unknown format"):
        obspy.read(path)


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@pytest.mark.parametrize("header", ["", "# time Z N E (m/s2)"])
def test_columns_without_names_are_refused(tmp_path, columns, header):
    path = write(tmp_path / "a.txt", columns, header)
    with pytest.raises(InputError, match=r"components='Z.*--read components=Z") as caught:
        read(path)
    assert f"{columns} column" in str(caught.value)
    assert ("time Z N E" in str(caught.value)) == bool(header)


@pytest.mark.parametrize(
    ("components", "match"),
    [
        ("ZN", "has 3 columns after the time, but components='ZN' names 2"),
        ("ZNEX", "names 4"),
        ("ZZN", "once"),
        ("ABC", "Z N E, Z R T"),
        ("---", "once"),
    ],
)
def test_impossible_components_are_refused(tmp_path, components, match):
    with pytest.raises(InputError, match=match):
        read(write(tmp_path / "a.txt"), components=components)


@pytest.mark.parametrize(
    ("header", "units"),
    [
        ("", None),
        ("# Z(cm/s2) N(cm/s2) E(cm/s2)", "cm/s2"),
        ("# above sea level (m)", None),
        ("# made by me on 2020-01-01", None),
        ("# site at 100 (m)", None),
        ("# time Z N E", None),
        ("# time (s) Z (cm/s) N (cm/s) E (cm/s)", "cm/s"),
        ("# station 7\n# t[s] Z[g] N[g] E[g]", "g"),
    ],
)
def test_units_are_noted_only_where_the_header_has_them(tmp_path, header, units):
    path = write(tmp_path / "a.txt", header=header)
    for trace in read(path, components="ZNE"):
        assert trace.stats.get("units") == units
    for trace in read(path, components="ZNE", units="gal"):
        assert trace.stats.units == "gal"


def test_columns_without_times(tmp_path):
    path = write(tmp_path / "a.txt", times=False)
    stream = read(path, components=["X", "Y", "Z"], dt=0.005)
    assert values(stream) == pytest.approx(MOTION[:, :3])
    assert stream[0].stats.delta == 0.005
    for dt in (0, -1.0, float("nan"), float("inf"), "fast"):
        with pytest.raises(InputError, match="dt is"):
            read(path, components="XYZ", dt=dt)


def test_unknown_arguments_and_units_are_refused(tmp_path):
    path = write(tmp_path / "a.txt")
    with pytest.raises(InputError, match="Did you mean units="):
        read(path, components="ZNE", unit="g")
    with pytest.raises(InputError, match="Did you mean components="):
        read(path, component="ZNE")
    with pytest.raises(InputError, match="Unknown units"):
        read(path, components="ZNE", units="furlong")


def test_units_of_each_column(tmp_path):
    path = write(tmp_path / "a.txt", header="# time (s) Z (cm/s) N (cm) E (cm/s2)")
    units = {trace.stats.channel[-1]: trace.stats.units for trace in read(path, components="-NE")}
    assert units == {"N": "cm", "E": "cm/s2"}


def test_units_that_cannot_be_assigned_to_columns_are_asked_for(tmp_path):
    path = write(tmp_path / "a.txt", header="# time (s) velocity (cm/s), not acceleration (g)")
    with pytest.raises(InputError, match=r"several in the header: cm/s, g.* Pass units="):
        to_acceleration(read(path, components="ZNE")[0])
