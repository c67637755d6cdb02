"""Every kind of output holds what enrich gives, under names that stay in the folder."""

import json
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from faulty import Streams
from obspy import UTCDateTime, read
from obspy.clients.filesystem.sds import Client

import obspy_broadband
from obspy_broadband import Ensemble, InputError
from obspy_broadband.archive.outputs import KINDS, check_kind
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_folder import RunFolder
from obspy_broadband.archive.run_request import RunRequest
from obspy_broadband.durable import plain_name


def enriched(stream):
    return obspy_broadband.enrich(stream, n=3, seed=7)


@pytest.fixture
def written(tmp_path, inline):
    """A function: the folder of records of a run over streams."""

    def write(kind, name="out", **streams):
        request = RunRequest(n=3, seed=7, to=kind, measures="none")
        counts = run(Streams(streams), tmp_path / name, request, inline)
        return tmp_path / name / "records", counts

    return write


@pytest.fixture
def stream(simulation):
    return simulation(stations=("AAA", "BBB"), duration=20)


def test_the_default_is_an_ensemble_an_item(written, stream):
    records, _ = written("ensemble", one=stream)
    assert Ensemble.read(records / plain_name("one")) == enriched(stream)


def test_hdf5(written, stream):
    records, _ = written("hdf5", one=stream)
    expected = enriched(stream)
    with h5py.File(records / plain_name("one") / "records.h5") as file:
        assert json.loads(file.attrs["provenance"]) == expected.provenance
        assert len(file) == 2
        for record in expected.records:
            group = next(group for group in file.values() if group.attrs["id"] == record.id)
            np.testing.assert_array_equal(group["realizations"], record.realizations)
            np.testing.assert_array_equal(group["low_frequency"], record.low_frequency)
            assert list(group.attrs["channels"]) == ["HXZ", "HXN", "HXE"]
            assert group.attrs["sampling_rate_hz"] == 100.0
            assert UTCDateTime(group.attrs["starttime"]) == record.start


@pytest.mark.parametrize(
    ("kind", "pattern", "files"), [("bbp", "*.acc.bbp", 2), ("at2", "*.AT2", 6)]
)
def test_files_for_structural_codes(written, stream, kind, pattern, files):
    records, _ = written(kind, one=stream)
    expected = enriched(stream)
    place = records / plain_name("one") / "realization-0002"
    assert len(list(place.glob(pattern))) == files
    found = read(str(place / pattern))
    for trace in expected[2].select(station="BBB"):
        same = [
            other
            for other in found.select(channel=f"*{trace.stats.channel[-1]}")
            if np.corrcoef(other.data, trace.data)[0, 1] > 0.9999
        ]
        assert len(same) == 1
        scale = {"bbp": 100.0, "at2": 1 / 9.80665}[kind]
        np.testing.assert_allclose(same[0].data, scale * trace.data, atol=1e-5 * scale)


def test_asdf(written, stream):
    pyasdf = pytest.importorskip("pyasdf")
    records, counts = written("asdf", one=stream)
    assert counts.done == 1
    expected = enriched(stream)
    with pyasdf.ASDFDataSet(
        str(records / plain_name("one") / "records.h5"), mode="r", mpi=False
    ) as file:
        assert file.waveforms.list() == ["XX.AAA", "XX.BBB"]
        found = file.waveforms["XX.BBB"]["realization_0002"]
        for trace in expected[2].select(station="BBB"):
            same = found.select(channel=trace.stats.channel)[0]
            np.testing.assert_array_equal(same.data, trace.data.astype(np.float32))
            assert same.stats.starttime == trace.stats.starttime


def test_sds_is_read_by_obspys_client_a_realization_by_its_location_code(written, stream):
    for trace in stream:  # over midnight
        trace.stats.starttime = UTCDateTime(2019, 11, 11, 23, 59, 50)
    records, _ = written("sds", one=stream)
    assert len(list(records.rglob("*.3[0-9][0-9]"))) == 2 * 3 * 3 * 2  # stations ... days
    start = UTCDateTime(2019, 11, 11)
    found = Client(str(records)).get_waveforms("XX", "AAA", "*", "HX?", start, start + 2 * 86400)
    found.merge()
    expected = enriched(stream)
    assert len(found) == 9
    for trace in expected[2].select(station="AAA"):
        same = found.select(location="02", channel=trace.stats.channel)[0]
        assert same.stats.starttime == trace.stats.starttime
        np.testing.assert_array_equal(same.data, trace.data.astype(np.float32))


def test_sds_joins_events_of_one_day_and_refuses_what_it_cannot_tell_apart(
    written, simulation, tmp_path
):
    first, second, third = (simulation(stations=("AAA",), duration=20, seed=k) for k in range(3))
    for trace in second:
        trace.stats.starttime += 3600
    records, counts = written("sds", a=second, b=first, c=third)
    assert (counts.done, counts.skipped) == (2, 1)
    skipped = (tmp_path / "out" / "skipped.csv").read_text()
    assert "cannot tell them apart" in skipped
    assert skipped.splitlines()[1].startswith("c,")
    path = next(records.rglob("XX.AAA.00.HXZ.D.*"))
    assert [trace.stats.starttime for trace in read(str(path))] == [
        first[0].stats.starttime,
        second[0].stats.starttime,
    ]
    alone, _ = written("sds", "alone", b=first, a=second)
    assert path.read_bytes() == next(alone.rglob(path.name)).read_bytes()
    assert list(RunFolder(tmp_path / "out").pieces.iterdir()) == []


def test_a_truncated_day_file_is_made_again(records, tmp_path, inline, output):
    source = records(3)
    request = RunRequest(n=1, seed=7, to="sds", measures="none")
    run(source, tmp_path / "out", request, inline)
    whole = output(tmp_path / "out")
    for path in (tmp_path / "out" / "records").rglob("*S001*D.2019*"):
        path.write_bytes(path.read_bytes()[:5000])
    run(source, tmp_path / "out", request, inline, resume=True)
    assert output(tmp_path / "out") == whole


STRANGE = [
    "../../up",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b\\c",
    "x\0y",
    "né\n",
    "$(id)",
    "-rf",
    "A" * 300,
]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_code_and_no_key_leaves_the_folder(tmp_path, inline, simulation, kind):
    if kind == "asdf":
        pytest.importorskip("pyasdf")
    streams = {}
    for number, code in enumerate(STRANGE):
        stream = simulation(stations=(code,), duration=20, seed=number)
        for trace in stream:
            trace.stats.network = code if number % 2 else "XX"
            trace.stats.starttime += 100 * number
        streams[f"{code}|{number}" if code in ("", ".") else code] = stream
    before = set(tmp_path.rglob("*"))
    request = RunRequest(n=1, seed=7, to=kind, measures="none")
    run(Streams(streams), tmp_path / "deep" / "er" / "out", request, inline)
    new = {path for path in tmp_path.rglob("*") if path not in before}
    out = tmp_path / "deep" / "er" / "out"
    assert all(path == out or out in path.parents or path in out.parents for path in new)
    for path in (out / "records").rglob("*"):
        assert not path.is_symlink()
        assert set(path.name) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
        )


def test_names_are_different_for_different_keys_and_short():
    keys = [*STRANGE, "a/b", "a_b", "a:b", "A/B", "surrogate\udc80"]
    names = [plain_name(key) for key in keys]
    assert len({name.lower() for name in names}) == len(keys)
    assert all(len(name) < 100 and name == Path(name).name for name in names)


def test_what_cannot_be_written_is_refused_before_anything_begins():
    with pytest.raises(InputError, match="1296 realizations"):
        check_kind("sds", 1297)
    with pytest.raises(InputError, match="known are ensemble, sds"):
        check_kind("wav", 1)


@pytest.mark.parametrize("kind", ["bbp", "at2"])
def test_a_record_that_a_kind_cannot_hold_is_a_skip_before_the_work(
    written, simulation, tmp_path, monkeypatch, kind
):
    def fail(*_):
        raise AssertionError("it was enriched")

    monkeypatch.setattr(RunRequest, "enrich", fail)
    _, counts = written(kind, radial=simulation(components="ZRT", duration=20))
    assert (counts.done, counts.skipped) == (0, 1)
    assert "RT->NE" in (tmp_path / "out" / "skipped.csv").read_text()


def test_x_y_z_are_written_as_east_north_up(written, simulation):
    records, counts = written("bbp", xyz=simulation(components="XYZ", duration=20))
    assert (counts.done, counts.skipped) == (1, 0)
    found = read(str(records / plain_name("xyz") / "realization-0000" / "*.bbp"))
    assert [trace.stats.channel[-1] for trace in found] == ["N", "E", "Z"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_same_run_gives_the_same_bytes_later(written, output, simulation, tmp_path, kind):
    if kind == "asdf":
        pytest.importorskip("pyasdf")
    stream = simulation(duration=20)
    written(kind, "first", one=stream)
    time.sleep(1.1)  # what HDF5 notes of time, if it does, is in seconds
    written(kind, "second", one=stream)
    assert output(tmp_path / "first") == output(tmp_path / "second")
