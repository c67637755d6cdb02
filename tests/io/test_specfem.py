"""SPECFEM's text files, written here line by line as Fortran writes them."""

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.io import specfem
from obspy_broadband.records.record import read_records
from obspy_broadband.sources.folder import FolderSource

STEP = 0.02
TIMES = np.arange(1500) * STEP - 10.0
UNITS = {"semd": "m", "semv": "m/s", "sema": "m/s**2"}


def pulse(amplitude=1e-2, centre=4.0, width=1.5):
    """A Gaussian displacement, its velocity and its acceleration, of the closed forms."""
    u = (TIMES - centre) / width
    d = amplitude * np.exp(-(u**2) / 2)
    return {"semd": d, "semv": -u / width * d, "sema": (u**2 - 1) / width**2 * d}


def write(path, motion=None, header="", times=TIMES, digits=8):
    """Times in single precision, as SPECFEM writes them."""
    motion = pulse()["semd"] if motion is None else motion
    rows = [f"  {np.float32(t):.9g}      {x:.{digits}E}    " for t, x in zip(times, motion)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + "\n".join(rows) + "\n")
    return path


def write_three(folder, station="CE.K400", letters="ENZ", digits=8):
    for kind, motion in pulse().items():
        for number, letter in enumerate(letters, 1):
            write(folder / f"{station}.BX{letter}.{kind}", motion * number, digits=digits)


def test_a_first_value_with_three_digits_of_exponent(tmp_path):
    """Fortran leaves the E out: 0.1234567-101."""
    path = write(tmp_path / "CE.K400.BXZ.semd")
    first_line, following = path.read_text().split("\n", 1)
    path.write_text(f"  {first_line.split()[0]}   0.1234567-101\n{following}")
    trace = obspy.read(path)[0]
    assert trace.data[0] == 0.1234567e-101
    assert trace.data[1:] == pytest.approx(pulse()["semd"][1:], rel=1e-7)


@pytest.mark.parametrize(
    ("name", "id", "units"),
    [
        ("DB.X20.BXZ.semd", "DB.X20..BXZ", "m"),
        ("DB.X20.FXX.semv", "DB.X20..FXX", "m/s"),
        ("DB.X20.HXY.sema", "DB.X20..HXY", "m/s**2"),
        ("DB.X20.BHR.semv.ascii", "DB.X20..BHR", "m/s"),
        ("IU.ANMO.MXZ.sem.ascii", "IU.ANMO..MXZ", "m"),
        ("IU.ANMO.00.BXZ.semd", "IU.ANMO.00.BXZ", "m"),
        ("SX.S2.299.BXZ.semd", "SX.S2.299..BXZ", "m"),
        ("SF.body-060s-120dp000.CXX.semv", "SF.body-060s-120dp000..CXX", "m/s"),
    ],
)
def test_codes_and_units_follow_from_the_name(tmp_path, name, id, units):
    (trace,) = obspy.read(write(tmp_path / name))
    assert trace.id == id
    assert trace.stats.units == units
    assert trace.stats._format == "SPECFEM"
    assert trace.stats.delta == STEP
    assert trace.stats.starttime == UTCDateTime(0) - 10
    assert trace.data == pytest.approx(pulse()["semd"], rel=1e-7)
    assert "coordinates" not in trace.stats


def test_lines_of_comment_and_fortran_exponents(tmp_path):
    path = write(tmp_path / "DB.Z1.FXZ.semd", header="# double couple\n#\n# r = 1000.0\n")
    path.write_text(path.read_text().replace("E", "D"))
    assert obspy.read(path)[0].data == pytest.approx(pulse()["semd"], rel=1e-7)


def test_an_analytic_solution_with_a_column_for_each_system(tmp_path):
    rows = "".join(f"{t:.3f} \t{x:.9e} \t{-x:.9e} \t0.0\n" for t, x in zip(TIMES, pulse()["semd"]))
    path = tmp_path / "DB.Z1.FXX.semd"
    path.write_text("# homogeneous medium\n#time \t#u_cartesian \t#u_spherical\n\n" + rows)
    assert obspy.read(path)[0].data == pytest.approx(pulse()["semd"])
    path.write_text("#\n" + rows)
    with pytest.raises(InputError, match="4 columns"):
        obspy.read(path, format="SPECFEM")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("DB.X1.CXP.semp", "pressure"),
        ("NT.S000001.SXY.semd", "strain"),
        ("IU.KONO.SNN.semd", "strain"),
    ],
)
def test_pressure_and_strain_are_refused(tmp_path, name, word):
    with pytest.raises(InputError, match=word):
        obspy.read(write(tmp_path / name))


@pytest.mark.parametrize("place", ["OUTPUT_FILES/STATIONS", "DATA/STATIONS"])
def test_stations_gives_the_order_of_the_codes_and_coordinates(tmp_path, place):
    folder = tmp_path / "OUTPUT_FILES"
    for letter in "EZ":
        write(folder / f"K400.CE.BX{letter}.semd")
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("# top\nK400  CE   34.0370  -118.1780  20.0  100.0\n\n")
    for trace in obspy.read(folder / "*.semd"):
        assert trace.id[:-1] == "CE.K400..BX"
        assert dict(trace.stats.coordinates) == {
            "latitude": 34.037,
            "longitude": -118.178,
            "elevation": -80.0,
        }


def test_stations_has_y_and_x_where_the_components_are_x_and_y(tmp_path):
    (tmp_path / "STATIONS").write_text("X1 \t DB \t 80.01 \t 186.94 \t 0 \t 0\n")
    alone = obspy.read(write(tmp_path / "DB.X1.FXZ.semd"))[0]
    assert "coordinates" not in alone.stats  # 80 degrees north, or 80 m?
    write(tmp_path / "DB.X1.FXX.semd")
    for trace in obspy.read(tmp_path / "*.semd"):
        assert dict(trace.stats.coordinates) == {"x": 186.94, "y": 80.01}
    (tmp_path / "STATIONS").write_text("X1 DB 67000.00 22732.14 0.0 0.0\n")
    (tmp_path / "DB.X1.FXX.semd").unlink()
    projected = obspy.read(tmp_path / "DB.X1.FXZ.semd")[0]
    assert dict(projected.stats.coordinates) == {"x": 22732.14, "y": 67000.0}
    globe = write(tmp_path / "IU.ANMO.MXZ.sem.ascii")
    (tmp_path / "STATIONS").write_text("ANMO IU 34.9459 -106.4572 1850.0 100.0\n")
    assert obspy.read(globe)[0].stats.coordinates.elevation == 1750.0


def test_stations_gives_names_that_contain_dots(tmp_path):
    path = write(tmp_path / "SX.S2.21.BXX.semd")
    assert obspy.read(path)[0].id == "SX.S2.21.BXX"
    (tmp_path / "STATIONS").write_text("S2.21 SX 10. 20. 0. 0.\n")
    assert obspy.read(path)[0].id == "SX.S2.21..BXX"
    assert dict(obspy.read(path)[0].stats.coordinates) == {"x": 20.0, "y": 10.0}
    elsewhere = tmp_path / "list.txt"
    elsewhere.write_text("S2 SX 1. 2. 0. 0.\n")
    assert obspy.read(path, stations=elsewhere)[0].id == "SX.S2.21.BXX"
    assert obspy.read(path, stations=elsewhere)[0].stats.coordinates.x == 2.0


@pytest.mark.parametrize("line", ["X1 DB here there", "X1 DB 1.0", "X1"])
def test_a_damaged_list_of_stations_is_refused_by_its_line(tmp_path, line):
    path = write(tmp_path / "DB.X1.FXZ.semd")
    (tmp_path / "STATIONS").write_text(f"X2 DB 1 2 0 0\n{line}\n")
    with pytest.raises(InputError, match="STATIONS, line 2"):
        obspy.read(path)
    with pytest.raises(InputError, match="is no file"):
        obspy.read(path, stations=tmp_path / "nothing")


def test_names_of_old_versions_begin_with_the_station(tmp_path):
    path = write(tmp_path / "X20.DB.MXZ.semv")
    with pytest.warns(UserWarning, match="station_first=True"):
        assert obspy.read(path)[0].id == "X20.DB..MXZ"
    assert obspy.read(path, station_first=True)[0].id == "DB.X20..MXZ"
    assert obspy.read(path, station_first=False)[0].id == "X20.DB..MXZ"


def test_a_quantity_is_chosen_by_a_pattern_of_all_three(tmp_path):
    write_three(tmp_path)
    assert len(obspy.read(tmp_path / "CE.K400.*")) == 9
    for quantity, kind in (
        ("acceleration", "sema"),
        ("velocity", "semv"),
        ("displacement", "semd"),
    ):
        stream = obspy.read(tmp_path / "CE.K400.*", quantity=quantity)
        assert [trace.stats.units for trace in stream] == [UNITS[kind]] * 3
        assert stream[0].data == pytest.approx(pulse()[kind], rel=1e-6, abs=1e-12)
    with pytest.raises(InputError, match="acceleration, velocity, displacement"):
        obspy.read(tmp_path / "CE.K400.BXE.semd", quantity="pressure")


def test_the_three_quantities_are_one_motion(tmp_path):
    write_three(tmp_path, digits=16)  # in single precision, rounding is all one sees
    motion = {}
    for kind in UNITS:
        (record,), _ = read_records(obspy.read(tmp_path / f"*.{kind}"))
        motion[kind] = record.data
    for kind in ("semd", "semv"):
        error = np.abs(motion[kind] - motion["sema"])[:, 5:-5].max()
        assert error < 1e-5 * np.abs(motion["sema"]).max()


def test_a_folder_of_all_three_is_one_record_a_station(tmp_path):
    for station in ("CE.K400", "CE.K851"):
        write_three(tmp_path / "OUTPUT_FILES", station)
    (tmp_path / "OUTPUT_FILES/STATIONS").write_text("K400 CE 34.0 -118.0 0 0\nK851 CE 1 2 0 0\n")
    folder = (str(tmp_path),)
    with pytest.warns(UserWarning, match="acceleration is read"):
        items = list(FolderSource(folder).items())
    assert len(items) == 2
    for quantity, units in ((None, "m/s**2"), ("velocity", "m/s"), ("displacement", "m")):
        source = FolderSource(folder, quantity=quantity)
        if quantity:
            items = list(source.items())
        for item in items:
            stream = source.read(item).stream
            assert [trace.stats.units for trace in stream] == [units] * 3
            assert len({trace.id for trace in stream}) == 3


def test_the_most_complete_quantity_is_read_where_one_is_cut(tmp_path):
    write_three(tmp_path)
    (tmp_path / "CE.K400.BXE.sema").unlink()
    with pytest.warns(UserWarning, match="velocity is read"):
        (item,) = FolderSource((str(tmp_path),)).items()
    assert len(FolderSource((str(tmp_path),)).read(item).stream) == 3


def test_a_station_without_the_quantity_asked_for_is_an_item_with_the_reason(tmp_path):
    write(tmp_path / "CE.K400.BXZ.semd")
    source = FolderSource((str(tmp_path),), quantity="velocity")
    (item,) = source.items()
    with pytest.raises(InputError, match="holds no velocity"):
        source.read(item)


def test_arguments_of_obspy_pass_and_others_are_refused(tmp_path):
    path = write(tmp_path / "DB.X1.BXZ.semd")
    cut = obspy.read(path, starttime=UTCDateTime(0), headonly=False)
    assert cut[0].stats.starttime == UTCDateTime(0)
    with pytest.raises(InputError, match="SPECFEM files are read without unit="):
        obspy.read(path, unit="m")


@pytest.mark.parametrize(
    "content", ["", "1 2 3\n2 3 4\n", "time motion\n1 2\n", "#\n#\n", "\x00\x01", "1 2\n3\n"]
)
def test_other_content_under_specfems_name_is_refused(tmp_path, content):
    path = tmp_path / "DB.X1.BXZ.semd"
    path.write_text(content)
    assert specfem.is_format(str(path)) == content.startswith("1 2\n")
    with pytest.raises(InputError):
        specfem.read(path)
