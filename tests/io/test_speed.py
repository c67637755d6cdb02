"""SPEED's monitors, written here as WRITE_OUTPUT.f90 and rewrite_monitor_format.m print them."""

import numpy as np
import obspy
import pytest
from streams import values

from obspy_broadband.errors import InputError
from obspy_broadband.io import speed
from obspy_broadband.sources.folder import FolderSource

STEP, SAMPLES = 0.02, 300
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 9)) * 1e-2
KINDS = {"a": ("acceleration", "m/s**2"), "v": ("velocity", "m/s"), "d": ("displacement", "m")}


def write_monitor(path, first=0):
    rows = [
        f"{t:10.8e}   {x:10.8e}   {y:10.8e}  {z:10.8e} \n"
        for t, (x, y, z) in zip(TIMES, MOTION[:, first : first + 3])
    ]
    path.write_text("".join(rows))
    return path


def write_process(path, monitors=(3, 12, 5), wrap=None, motion=MOTION):
    """All monitors of a process; ``wrap`` numbers a line, as some compilers do."""
    lines = []
    for t, row in zip(TIMES, motion[:, : 3 * len(monitors)]):
        words = [f"{x:24.16E}" for x in (t, *row)]
        size = wrap or len(words)
        lines += ["".join(words[k : k + size]) for k in range(0, len(words), size)]
    path.write_text("\n".join(lines) + "\n")
    path.with_suffix(".INFO").write_text(
        f"           {len(monitors)}  " + "  ".join(map(str, monitors)) + "\n"
    )
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_one_monitor(tmp_path, kind):
    stream = obspy.read(write_monitor(tmp_path / f"monitor00012.{kind}"))
    assert [trace.id for trace in stream] == [f".M0012..BX{letter}" for letter in "XYZ"]
    assert values(stream) == pytest.approx(MOTION[:, :3], rel=1e-7)
    assert {trace.stats.units for trace in stream} == {KINDS[kind][1]}
    assert stream[0].stats._format == "SPEED"
    assert stream[0].stats.delta == STEP


@pytest.mark.parametrize("wrap", [None, 3])
def test_the_monitors_of_a_process(tmp_path, wrap):
    stream = obspy.read(write_process(tmp_path / "MONITOR00003.V", wrap=wrap))
    assert len(stream) == 9
    for number, station in enumerate(("M0003", "M0012", "M0005")):
        traces = stream.select(station=station)
        assert values(traces) == pytest.approx(MOTION[:, 3 * number : 3 * number + 3], rel=1e-12)
        assert {trace.stats.units for trace in traces} == {"m/s"}


def test_positions_lie_beside_or_above(tmp_path):
    (tmp_path / "MONITORS").mkdir()
    lines = [f"{k:20d} {7:20d} {8:20d} {1e3 * k:20.12E} {2e3:20.12E} {-5:20.12E}" for k in (1, 2)]
    (tmp_path / "MLST.position").write_text(f"{2:20d}\n" + "\n".join(lines) + "\n")
    (trace, *_) = obspy.read(write_monitor(tmp_path / "MONITORS/monitor00002.d"))
    assert dict(trace.stats.coordinates) == {"x": 2000.0, "y": 2000.0, "z": -5.0}


def test_a_process_needs_the_numbers_of_its_monitors(tmp_path):
    path = write_process(tmp_path / "MONITOR00003.V")
    path.with_suffix(".INFO").unlink()
    with pytest.raises(InputError, match=r"needs MONITOR00003\.INFO"):
        obspy.read(path)
    path.with_suffix(".INFO").write_text("2 1")
    with pytest.raises(InputError, match=r"needs MONITOR00003\.INFO"):
        obspy.read(path)
    path.with_suffix(".INFO").write_text("2 1 2")
    with pytest.raises(InputError, match="7 a time step are expected for 2 monitors"):
        obspy.read(path)


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = write_process(tmp_path / "MONITOR00000.A")
    for lost in (30, 3):
        path.write_text(path.read_text()[:-lost])
        with pytest.raises(InputError, match="cut off"):
            obspy.read(path)


def test_a_restarted_run_appends(tmp_path):
    path = write_monitor(tmp_path / "monitor00001.a")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:200] + lines[150:]))
    assert values(obspy.read(path)) == pytest.approx(MOTION[:, :3], rel=1e-7)


def test_a_folder_of_all_three_is_one_record_a_monitor(tmp_path):
    for number, kind in enumerate(KINDS):
        for monitor in (1, 2):
            write_monitor(tmp_path / f"monitor0000{monitor}.{kind}", 3 * number)
    (tmp_path / "MLST.position").write_text("0\n")
    with pytest.warns(UserWarning, match="acceleration is read"):
        items = list(FolderSource((str(tmp_path),)).items())
    assert len(items) == 2
    for quantity, units in (*KINDS.values(), (None, "m/s**2")):
        source = FolderSource((str(tmp_path),), quantity=quantity)
        streams = [source.read(item).stream for item in (source.items() if quantity else items)]
        assert [len(stream) for stream in streams] == [3, 3]
        assert {trace.stats.units for stream in streams for trace in stream} == {units}
        if quantity:
            assert len(obspy.read(tmp_path / "monitor*.?", quantity=quantity)) == 6


def test_the_many_monitors_of_a_process_are_several_items(tmp_path):
    monitors, motion = tuple(range(1, 12)), np.tile(MOTION, 4)
    for kind in "DV":
        write_process(tmp_path / f"MONITOR00000.{kind}", monitors, motion=motion)
    source = FolderSource((str(tmp_path),), quantity="velocity")
    streams = [source.read(item).stream for item in source.items()]
    assert [len(stream) for stream in streams] == [24, 9]
    assert {trace.stats.units for stream in streams for trace in stream} == {"m/s"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("monitor00001.d", "0.0 1.0 2.0\n0.1 1.0 2.0\n"),  # of SPEED2D
        ("monitor00001.d", "t x y z\n0 1 2 3\n"),
        ("monitor1.d", "0 1 2 3\n1 1 2 3\n"),
        ("monitor00001.s", "0 1 2 3\n1 1 2 3\n"),
        ("Monitor00001.D", "0 1 2 3\n1 1 2 3\n"),
        ("monitor00001.v", ""),
    ],
)
def test_other_files_are_left_alone(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    assert not speed.is_format(str(path))
    with pytest.raises(InputError):
        speed.read(path)


def test_arguments(tmp_path):
    path = write_monitor(tmp_path / "monitor00001.d")
    with pytest.raises(InputError, match="SPEED files are read without units="):
        obspy.read(path, units="cm")
    with pytest.raises(InputError, match="acceleration, velocity, displacement"):
        obspy.read(path, quantity="stress")
