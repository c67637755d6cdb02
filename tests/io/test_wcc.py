"""Graves and Pitarka's text files of one component."""

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime

import obspy_broadband  # noqa: F401 - adds Stream.enrich
from obspy_broadband.errors import InputError
from obspy_broadband.io import wcc

SAMPLES, STEP = 403, 0.02
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 3)) * 10.0


def write(path, component, data, station="s01", second=-1.5):
    rows = [
        "".join(f"{x:13.5e}" for x in data[first : first + 6]) for first in range(0, len(data), 6)
    ]
    head = [
        f"{station:<10s} {component:>3s} a title",
        f"{len(data)} {STEP:12.5e} 0 0 {second:12.5e} {0.0:12.5e} {0.0:12.5e} {0.0:12.5e}",
    ]
    path.write_text("\n".join(head + rows) + "\n")
    return path


def test_a_station_of_three_files(tmp_path, noise):
    for name, column in zip(("000", "090", "ver"), MOTION.T):
        write(tmp_path / f"s01.{name}", name, column)
    stream = obspy.read(tmp_path / "s01.*", units="cm/s")
    assert [trace.id for trace in stream] == [".s01..BXN", ".s01..BXE", ".s01..BXZ"]
    assert np.column_stack([trace.data for trace in stream]) == pytest.approx(MOTION, rel=1e-4)
    assert {trace.stats.units for trace in stream} == {"cm/s"}
    assert stream[0].stats.starttime == UTCDateTime(0) - 1.5
    assert stream[0].stats.delta == STEP
    assert len(stream.enrich(noise, n=1, seed=1)) == 1


def test_the_unit_is_asked_for(tmp_path, noise):
    path = write(tmp_path / "s01.000", "000", MOTION[:, 0])
    with pytest.raises(InputError, match="not in the file"):
        obspy.read(path).enrich(noise, n=1, seed=1)
    assert len(obspy.read(path).enrich(noise, n=1, seed=1, units="cm/s/s")) == 1


def test_component(tmp_path):
    path = write(tmp_path / "s01.218", "218", MOTION[:, 0])
    trace = obspy.read(path)[0]
    assert trace.stats.channel[-1] == "1"
    assert trace.stats.orientation.azimuth == 218.0
    # Without a component in line 1 the name has it, or it is asked for.
    path.write_text(path.read_text().replace(" 218 a title", " a title", 1))
    assert obspy.read(path, format="WCC")[0].stats.orientation.azimuth == 218.0
    path = path.rename(tmp_path / "s01.txt")
    with pytest.raises(InputError, match="component="):
        obspy.read(path, format="WCC")
    assert obspy.read(path, format="WCC", component="ver")[0].stats.channel[-1] == "Z"


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "s01.000", "000", MOTION[:, 0])
    text = path.read_text()
    path.write_text(text[:-1])
    assert obspy.read(path)[0].stats.npts == SAMPLES
    path.write_text(text[:-2])
    with pytest.raises(InputError, match="cut off"):
        obspy.read(path)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match=f"header says {SAMPLES}"):
        obspy.read(path)
    path.write_text("s01 000\n1 2 3\n")
    with pytest.raises(InputError, match="line 2"):
        obspy.read(path, format="WCC")


def test_tables_of_other_programs_are_not_recognized(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x 000\n" + "1 2 3 4 5 6 7 8\n" * 20)
    assert not wcc.is_format(str(path))
    path.write_text("a table\n3 0.1 0 0 0 0 0 0\n1 2 3 4 5 6\n")
    assert not wcc.is_format(str(path))
