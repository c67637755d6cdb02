"""Files of every kind become items: whole records, of their own keys, the same every time."""

import json
import os
import pickle

import numpy as np
import pytest
from obspy import Stream, UTCDateTime
from sem3d_files import rows_of, write_rank, write_run

import obspy_broadband
from obspy_broadband.errors import InputError, InputWarning
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.metadata import Metadata


def channels_of(source):
    """Stations and components of each item, after its JSON and the source's pickle."""
    remote = pickle.loads(pickle.dumps(source))
    channels = {}
    for item in source.items():
        json.dumps(item.locator)
        stream = remote.read(item).stream
        assert item.key not in channels
        channels[item.key] = sorted(trace.id for trace in stream)
    return channels


def write_each(stream, folder, format, name="{id}.{format}"):
    folder.mkdir(parents=True, exist_ok=True)
    for trace in stream:
        trace.write(str(folder / name.format(id=trace.id, format=format.lower())), format=format)


@pytest.mark.parametrize("format", ["SAC", "MSEED", "GSE2"])
def test_one_file_a_component_comes_together(simulation, tmp_path, format):
    stream = simulation(stations=("AAA", "BBB"))
    for trace in stream:
        trace.data = (trace.data * 1e6).astype(np.int32 if format != "SAC" else np.float32)
    write_each(stream, tmp_path, format)
    channels = channels_of(FolderSource((str(tmp_path),)))
    assert [len(ids) for ids in channels.values()] == [3, 3]
    assert all(len({id[:-1] for id in ids}) == 1 for ids in channels.values())


def test_specfem_by_its_names(tmp_path):
    table = "\n".join(f"{0.01 * k - 1:.4f} {np.sin(k):.5e}" for k in range(1000))
    for station in ("X1", "X2"):
        for code in "XYZ":
            (tmp_path / f"DB.{station}.BX{code}.semv").write_text(table)
            (tmp_path / f"DB.{station}.BX{code}.semd").write_text(table)
    channels = channels_of(FolderSource((str(tmp_path / "*.semv"),)))
    assert [len(ids) for ids in channels.values()] == [3, 3]
    # Velocity and displacement of one station are one motion: velocity is nearer to acceleration.
    with pytest.warns(UserWarning, match="velocity is read"):
        channels = channels_of(FolderSource((str(tmp_path),)))
    assert [len(ids) for ids in channels.values()] == [3, 3]


def test_events_of_one_station_stay_apart(simulation, tmp_path):
    for number in range(3):
        stream = simulation(stations=("AAA",))
        for trace in stream:
            trace.stats.starttime += 5000 * number
        write_each(stream, tmp_path, "SAC", f"{{id}}.{number}.sac")
    channels = channels_of(FolderSource((str(tmp_path),)))
    assert [len(ids) for ids in channels.values()] == [3, 3, 3]


def test_a_file_of_many_stations_is_several_items(simulation, tmp_path):
    stations = [f"S{number:02d}" for number in range(11)]
    simulation(stations=stations, duration=10).write(str(tmp_path / "all.mseed"), format="MSEED")
    channels = channels_of(FolderSource((str(tmp_path / "all.mseed"),)))
    assert [len(ids) for ids in channels.values()] == [24, 9]
    assert len({id for ids in channels.values() for id in ids}) == 33


def test_a_file_of_many_stations_whose_channels_are_words(simulation, tmp_path):
    stream = simulation(stations=[f"S{number:02d}" for number in range(11)], duration=10)
    for trace in stream:
        trace.stats.channel = {"Z": "UD", "N": "NS", "E": "EW"}[trace.stats.channel[-1]]
    stream.write(str(tmp_path / "all.mseed"), format="MSEED")
    channels = channels_of(FolderSource((str(tmp_path / "all.mseed"),)))
    assert [len(ids) for ids in channels.values()] == [24, 9]


def test_a_file_a_component_of_all_stations(simulation, tmp_path):
    stations = [f"S{number:02d}" for number in range(11)]
    stream = simulation(stations=stations, duration=10)
    for code in "ZNE":
        stream.select(component=code).write(str(tmp_path / f"{code}.mseed"), format="MSEED")
    source = FolderSource((str(tmp_path),))
    channels = channels_of(source)
    assert [len(ids) for ids in channels.values()] == [24, 9]
    # A lone component stays one, and only its own station's.
    (tmp_path / "N.mseed").unlink()
    (tmp_path / "E.mseed").unlink()
    assert [len(ids) for ids in channels_of(source).values()] == [8, 3]


def test_a_gap_keeps_a_file_together(simulation, tmp_path):
    for trace in simulation(stations=("AAA",), duration=40):
        end = trace.stats.endtime
        Stream([trace.slice(endtime=end - 25), trace.slice(end - 5)]).write(
            str(tmp_path / f"{trace.id}.mseed"), format="MSEED"
        )
    ((_, ids),) = channels_of(FolderSource((str(tmp_path),))).items()
    assert len(ids) == 6


def test_the_bytes_of_a_file_are_counted_once(simulation, tmp_path):
    stations = [f"S{number:02d}" for number in range(20)]
    path = tmp_path / "all.mseed"
    simulation(stations=stations, duration=10).write(str(path), format="MSEED")
    counted = sum(item.bytes for item in FolderSource((str(path),)).items())
    assert counted == pytest.approx(path.stat().st_size, abs=3)


def test_sem3ds_results_as_one_source(simulation, tmp_path):
    traces = tmp_path / "run" / "traces"
    traces.mkdir(parents=True)
    (tmp_path / "run" / "input.spec").write_text("not for us")
    for rank, names in enumerate((("A_0000", "A_0001"), ("A_0002", "A_0001"))):
        stream = simulation(stations=names, components="XYZ")
        place = (1000.0 * rank, 2000.0, 0.0)
        stations = {name: (rows_of(stream, name, 0.02), place) for name in names}
        write_rank(traces / f"capteurs.{rank:04d}.h5", stations, ("Veloc",))
    source = FolderSource(
        (str(tmp_path / "run"),), quantity="velocity", metadata=Metadata(origin=(44.5, 4.6))
    )
    items = list(source.items())
    assert [item.key.rsplit(":")[-1] for item in items] == ["A_0000", "A_0001", "A_0001", "A_0002"]
    first = source.read(items[0]).stream
    assert {trace.stats.units for trace in first} == {"m/s"}
    assert first[0].stats.coordinates.latitude == pytest.approx(44.5 + np.rad2deg(2000 / 6371e3))
    # A captor at the border of two ranks is in both: it is enriched once.
    with pytest.raises(InputError, match=r"capteurs.0000.h5 already"):
        source.read(items[2])
    named = FolderSource((str(tmp_path / "run"),), format="SEM3D", quantity="velocity")
    assert [item.key for item in named.items()] == [item.key for item in items]
    wrong = FolderSource((str(tmp_path / "run"),), quantity="displacement")
    with pytest.raises(InputError, match="no three components of displacement"):
        wrong.read(items[0])


def test_a_damaged_captor_harms_no_other(simulation, tmp_path):
    stream = simulation(stations=("AAA", "BBB"), components="XYZ")
    stream[0].data[7] = np.nan
    write_run(tmp_path, stream, "Veloc")
    source = FolderSource((str(tmp_path),))
    bad, good = source.items()
    with pytest.raises(InputError, match="NaN"):
        source.read(bad)
    assert len(source.read(good).stream) == 3


def test_asdf(simulation, tmp_path):
    pyasdf = pytest.importorskip("pyasdf")
    from obspy.core.event import Catalog, Event, Magnitude, Origin

    stream = simulation(stations=("AAA", "BBB"))
    event = Event(origins=[Origin(time=UTCDateTime(0), latitude=1, longitude=2, depth=5000)])
    event.magnitudes = [Magnitude(mag=5.5)]
    with pyasdf.ASDFDataSet(str(tmp_path / "a.h5"), mpi=False) as file:
        file.add_quakeml(Catalog([event]))
        file.add_waveforms(stream, tag="simulated", event_id=event)
        inventory = obspy_broadband.io.stations.inventory(_placed(stream))
        file.add_stationxml(inventory)
        with pyasdf.ASDFDataSet(str(tmp_path / "a.h5"), mpi=False, mode="r") as again:
            expected = again.waveforms["XX.AAA"].simulated
    source = FolderSource((str(tmp_path / "a.h5"),))
    items = list(source.items())
    keys = [item.key.split("a.h5:")[1] for item in items]
    assert keys == ["XX.AAA:simulated", "XX.BBB:simulated"]
    loaded = source.read(items[0])
    for trace, other in zip(loaded.stream.sort(), expected.sort()):
        assert trace.id == other.id
        assert trace.stats.starttime == other.stats.starttime
        np.testing.assert_array_equal(trace.data, other.data)
    assert loaded.event.magnitudes[0].mag == 5.5
    assert loaded.stream[0].stats.coordinates.latitude == 44.0


def _placed(stream):
    for trace in stream:
        trace.stats.coordinates = {"latitude": 44.0, "longitude": 4.0, "elevation": 0.0}
    return stream


def test_order_and_keys_are_the_same_every_time(simulation, tmp_path):
    for station in ("CCC", "AAA", "BBB"):
        write_each(simulation(stations=(station,), duration=10), tmp_path / station, "SAC")
    items = list(FolderSource((str(tmp_path),)).items())
    assert items == list(FolderSource((str(tmp_path),)).items())
    assert [item.bytes for item in items] == [3 * (632 + 4 * 501)] * 3


def test_what_is_meant_as_a_waveform_and_is_none_is_an_item_with_a_reason(simulation, tmp_path):
    write_each(simulation(stations=("AAA",), duration=10), tmp_path, "SAC")
    (tmp_path / "notes.txt").write_text("nothing\n")
    (tmp_path / "empty.sac").write_bytes(b"")
    (tmp_path / ".hidden").write_text("not looked at")
    os.mkfifo(tmp_path / "pipe.sac")
    source = FolderSource((str(tmp_path),))
    reasons = []
    with pytest.warns(InputWarning, match=r"no known waveform format: \S*notes.txt\."):
        items = list(source.items())
    for item in items:
        try:
            source.read(item)
        except InputError as error:
            reasons.append(str(error))
    assert len(reasons) == 2
    for message in ("is empty", "is no file"):
        assert any(message in reason for reason in reasons), message


def test_too_large_is_said_before_it_is_read(simulation, tmp_path, monkeypatch):
    simulation(duration=10).write(str(tmp_path / "a.mseed"), format="MSEED")
    with open(tmp_path / "huge.mseed", "wb") as file:
        file.truncate(5 * 1024**3)  # sparse: costs nothing
    source = FolderSource((str(tmp_path),))
    items = list(source.items())
    monkeypatch.setattr("builtins.open", lambda *args, **kwargs: pytest.fail("opened"))
    with pytest.raises(InputError, match=r"5120 MiB; at most 2048 MiB"):
        source.read(items[1])


def test_compressed_files_are_refused(simulation, tmp_path):
    import gzip

    simulation(duration=10).write(str(tmp_path / "a.mseed"), format="MSEED")
    data = gzip.compress((tmp_path / "a.mseed").read_bytes())
    (tmp_path / "b.mseed").write_bytes(data)
    source = FolderSource((str(tmp_path / "b.mseed"),))
    with pytest.raises(InputError, match="compressed"):
        source.read(next(source.items()))


def test_names_are_names_not_patterns(simulation, tmp_path):
    simulation(stations=("AAA",), duration=10).write(str(tmp_path / "a[1].mseed"), format="MSEED")
    simulation(stations=("BBB",), duration=10).write(str(tmp_path / "a1.mseed"), format="MSEED")
    channels = channels_of(FolderSource((str(tmp_path / "a[1].mseed"),)))
    assert list(channels.values()) == [["XX.AAA..HXE", "XX.AAA..HXN", "XX.AAA..HXZ"]]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda stream: stream.pop(), "2 components"),
        (lambda stream: stream.append(stream[0].copy()), None),
        (lambda stream: stream[0].data.__setitem__(5, np.nan), "NaN"),
        (lambda stream: stream.__setitem__(0, _gap(stream[0])), "gap"),
    ],
)
def test_what_read_lets_pass_enriching_refuses(simulation, tmp_path, spoil, message):
    stream = simulation(stations=("AAA",))
    spoil(stream)
    split = Stream()
    for trace in stream:
        split += trace.split() if np.ma.isMaskedArray(trace.data) else Stream([trace])
    for number, trace in enumerate(split):
        trace.write(str(tmp_path / f"{number}.sac"), format="SAC")
    source = FolderSource((str(tmp_path),))
    loaded = [source.read(item) for item in source.items()]
    if message is None:  # the same file twice is the same record
        assert len(obspy_broadband.enrich(loaded[0].stream, n=1, seed=1)) == 1
        return
    refused = []
    for data in loaded:
        try:
            obspy_broadband.enrich(data.stream, n=1, seed=1)
        except InputError as error:
            refused.append(str(error))
    assert any(message in reason for reason in refused)


def _gap(trace):
    end = trace.stats.endtime
    return Stream([trace.slice(endtime=end - 25), trace.slice(end - 20)]).merge()[0]


def test_nothing_there_is_one_message(tmp_path):
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "*.sac"):
        with pytest.raises(InputError, match="matches none"):
            list(FolderSource((str(path),)).items())
    with pytest.raises(InputError, match="Unknown format"):
        list(FolderSource((str(tmp_path),), format="PICKLE").items())


def test_acceleration_and_velocity_of_the_broadband_platform_are_one_motion(tmp_path):
    times = 0.05 * np.arange(400)
    velocity = np.sin(times)[:, None] * np.array([1.0, 2.0, 3.0])
    for name, unit, motion in (
        ("100.s01.acc.bbp", "cm/s/s", np.cos(times)[:, None] * np.array([1.0, 2.0, 3.0])),
        ("100.s01.vel.bbp", "cm/s", velocity),
        ("200.s01.vel.bbp", "cm/s", velocity),
    ):
        header = f"time(sec) N-S({unit}) E-W({unit}) U-D({unit})"
        np.savetxt(tmp_path / name, np.column_stack([times, motion]), header=header)
    source = FolderSource((str(tmp_path),))
    with pytest.warns(UserWarning, match="acceleration and velocity of the same motion"):
        streams = {item.key.rsplit("/", 1)[-1]: source.read(item).stream for item in source.items()}
    assert {name: stream[0].stats.units for name, stream in streams.items()} == {
        "100.s01.acc.bbp": "cm/s/s",
        "200.s01.vel.bbp": "cm/s",
    }
    source = FolderSource((str(tmp_path),), quantity="velocity")
    names = [item.key.rsplit("/", 1)[-1] for item in source.items()]
    assert names == ["100.s01.vel.bbp", "200.s01.vel.bbp"]
