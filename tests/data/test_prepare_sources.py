"""From archives and files to a store: SDS, ASDF and folders of one truth give the same records."""

import io
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from fdsn_server import EVENT, Service, inventory
from obb_cli.main import obb
from obspy import Catalog, Stream, Trace, UTCDateTime, read
from obspy.core.event import (
    Arrival,
    Event,
    Magnitude,
    Origin,
    Pick,
    ResourceIdentifier,
    WaveformStreamID,
)
from obspy.geodetics import gps2dist_azimuth

from obspy_broadband.data.prepare import Settings, prepare
from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.errors import InputError, InputWarning
from obspy_broadband.sources.fdsn import FDSNSource
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.sds import SDSSource
from obspy_broadband.sources.time_windows import TimeSelection

GAIN = 1000.0  # counts per m/s², of fdsn_server.inventory
DEPTH = 8.0
PLACES = {"AAA": (44.6, 4.7), "BBB": (44.7, 4.7)}  # of fdsn_server.inventory
#: Origin time (the second across midnight), latitude, magnitude.
EVENTS = (
    (UTCDateTime(2020, 2, 28, 10, 0, 0), 44.5, 4.5),
    (UTCDateTime(2020, 2, 28, 23, 59, 50), 44.3, 5.1),
    (UTCDateTime(2020, 3, 5, 7, 0, 0), 45.1, 4.8),
)


def hypocentral(station, latitude):
    epicentral = gps2dist_azimuth(latitude, 4.6, *PLACES[station])[0] / 1000.0
    return float(np.hypot(epicentral, DEPTH))


def recording(number, station):
    """150 s around an event in counts: noise, P at 6 km/s and S at 3.5 km/s."""
    time, latitude, _ = EVENTS[number]
    rng = np.random.default_rng([number, sum(map(ord, station))])
    since = np.arange(15000) / SAMPLING_RATE - 50.0  # s after the origin
    stream = Stream()
    for code in "ZNE":
        motion = 0.002 * rng.normal(size=since.size)
        for velocity, strength in ((6.0, 0.2), (3.5, 1.0)):
            late = np.clip(since - hypocentral(station, latitude) / velocity, 0.0, None)
            envelope = np.where(late > 0, (0.2 + late) * np.exp(-late / 4.0), 0.0)
            motion += strength * envelope * rng.normal(size=since.size)
        header = {
            "network": "XX", "station": station, "channel": f"HN{code}",
            "sampling_rate": SAMPLING_RATE, "starttime": time - 50.0,
        }  # fmt: skip
        stream.append(Trace(np.round(GAIN * motion).astype(np.int32), header))
    return stream


def catalog():
    """Manual P of AAA and automatic S of the first event; nothing picked of the others."""
    events = Catalog()
    for number, (time, latitude, magnitude) in enumerate(EVENTS):
        origin = Origin(time=time, latitude=latitude, longitude=4.6, depth=1000.0 * DEPTH)
        event = Event(
            resource_id=ResourceIdentifier(f"smi:local/event{number}"),
            origins=[origin], magnitudes=[Magnitude(mag=magnitude, magnitude_type="Mw")],
        )  # fmt: skip
        if number == 0:
            for velocity, phase, mode in ((6.0, "Pg", "manual"), (3.5, "Sg", "automatic")):
                at = time + hypocentral("AAA", latitude) / velocity
                pick = Pick(
                    time=at, evaluation_mode=mode, waveform_id=WaveformStreamID("XX", "AAA")
                )
                event.picks.append(pick)
                origin.arrivals.append(Arrival(pick_id=pick.resource_id, phase=phase))
        events.append(event)
    return events


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """An SDS archive, an ASDF file, a folder of files, a catalogue and an inventory."""
    root = tmp_path_factory.mktemp("truth")
    recordings = {(n, s): recording(n, s) for n in range(len(EVENTS)) for s in PLACES}
    catalog().write(str(root / "events.xml"), format="QUAKEML")
    stations = inventory(recordings[0, "AAA"] + recordings[0, "BBB"])
    stations.write(str(root / "stations.xml"), format="STATIONXML")
    (root / "folder").mkdir()
    with h5py.File(root / "workspace.h5", "w") as file:
        file.attrs["file_format"], file.attrs["file_format_version"] = b"ASDF", b"1.0.3"
        document = io.BytesIO()
        catalog().write(document, format="QUAKEML")
        file["QuakeML"] = np.frombuffer(document.getvalue(), dtype=np.uint8)
        for (number, station), stream in recordings.items():
            stream.write(str(root / "folder" / f"{number}-{station}.mseed"), format="MSEED")
            group = file.require_group(f"Waveforms/XX.{station}")
            if "StationXML" not in group:
                document = io.BytesIO()
                stations.select(station=station).write(document, format="STATIONXML")
                group["StationXML"] = np.frombuffer(document.getvalue(), dtype=np.uint8)
            for trace in stream:
                s = trace.stats
                span = "__".join(
                    time.strftime("%Y-%m-%dT%H:%M:%S") for time in (s.starttime, s.endtime)
                )
                name = f"{trace.id}__{span}__raw_{number}"
                group[name] = trace.data
                group[name].attrs["starttime"] = s.starttime.ns
                group[name].attrs["sampling_rate"] = s.sampling_rate
                group[name].attrs["event_id"] = f"smi:local/event{number}".encode()
                day = UTCDateTime(s.starttime.date)
                while day < s.endtime:
                    part = trace.slice(day, day + 86400 - s.delta)
                    folder = root / "sds" / f"{day.year}" / "XX" / station / f"{s.channel}.D"
                    folder.mkdir(parents=True, exist_ok=True)
                    path = folder / f"{trace.id}.D.{day.year}.{day.julday:03d}"
                    with open(path, "ab") as file_of_day:
                        part.write(file_of_day, format="MSEED")
                    day += 86400
    return root


def sources(root):
    metadata = Metadata((str(root / "stations.xml"),), str(root / "events.xml"))
    times = TimeSelection(before=30.0, after=90.0)
    return {
        "SDS": SDSSource(str(root / "sds"), times=times, metadata=metadata),
        "ASDF": FolderSource((str(root / "workspace.h5"),)),
        "folder": FolderSource((str(root / "folder"),), metadata=metadata),
    }


@pytest.mark.parametrize("kind", ["SDS", "ASDF", "folder"])
def test_what_is_known_of_records_comes_through(truth, tmp_path, kind):
    settings = Settings(before_s=10.0, after_s=40.0, licence="CC BY 4.0", attribution="XX, 2020")
    info = prepare([sources(truth)[kind]], tmp_path / "store", settings)
    columns = Store(tmp_path / "store").columns
    assert info["left_out"] == {}
    order = np.lexsort((columns["station"], columns["origin_time"]))
    assert list(columns["station"][order]) == ["XX.AAA", "XX.BBB"] * 3
    for row, (number, station) in zip(order, [(n, s) for n in range(3) for s in PLACES]):
        time, latitude, magnitude = EVENTS[number]
        assert columns["origin_time"][row] == time.timestamp
        assert columns["magnitude"][row] == magnitude
        assert columns["depth_km"][row] == DEPTH
        assert columns["distance_km"][row] == pytest.approx(hypocentral(station, latitude), 1e-4)
        picked = (number, station) == (0, "AAA")
        assert columns["p_status"][row] == ("manual" if picked else "estimated")
        assert columns["licence"][row] == "CC BY 4.0"
        assert columns["attribution"][row] == "XX, 2020"
        assert columns["unit"][row] == "mps2"
        # P 10 s after the beginning of what is kept, at its true time.
        first = columns["p_sample"][row] / SAMPLING_RATE
        assert first == pytest.approx(10.0, abs=0.011)
        motion = Store(tmp_path / "store").motion(row)
        envelope = np.abs(motion[0]).reshape(-1, 20).max(axis=-1)
        onset = int(np.argmax(envelope > 5 * np.median(envelope[5:40]))) / 5
        assert onset == pytest.approx(10.0, abs=0.6)
    assert len(set(columns["event"])) == 3
    lag = hypocentral("AAA", EVENTS[0][1]) * (1 / 3.5 - 1 / 6.0)
    s, p = columns["s_sample"][order[0]], columns["p_sample"][order[0]]
    assert (s - p) / SAMPLING_RATE == pytest.approx(lag, abs=0.02)


def test_motion_is_in_m_s2(truth, tmp_path):
    prepare([sources(truth)["folder"]], tmp_path / "store", Settings(before_s=100.0, after_s=0))
    store = Store(tmp_path / "store")
    row = int(np.flatnonzero(store.columns["station"] == "XX.AAA")[0])
    expected = read(str(truth / "folder" / "0-AAA.mseed")).select(channel="*N")[0].data / GAIN
    inside = slice(200, -200)
    difference = store.motion(row)[1] - expected
    assert np.abs(difference[inside]).max() < 0.01 * np.abs(expected).max()


def test_archive_file_and_folder_are_the_same_events_and_one_split(truth, tmp_path):
    prepare(list(sources(truth).values()), tmp_path / "store", Settings(before_s=10, after_s=20))
    columns = Store(tmp_path / "store").columns
    assert len(set(columns["event"])) == 3
    for event in set(columns["event"]):
        assert len(set(columns["split"][columns["event"] == event])) == 1


def test_records_without_an_event_are_one_where_they_overlap(truth, tmp_path):
    metadata = Metadata((str(truth / "stations.xml"),))
    source = FolderSource((str(truth / "folder"),), metadata=metadata)
    prepare([source], tmp_path / "store")
    columns = Store(tmp_path / "store").columns
    assert len(columns["event"]) == 6
    assert len(set(columns["event"])) == 3
    assert np.isnan(columns["magnitude"]).all()
    assert np.isnan(columns["origin_time"]).all()
    # Beside the same records with their events: other names, the same splits.
    both = tmp_path / "both"
    with_event = FolderSource(
        (str(truth / "folder" / "*-AAA.mseed"),), metadata=sources(truth)["folder"].metadata
    )
    without = FolderSource((str(truth / "folder" / "*-BBB.mseed"),), metadata=metadata)
    prepare([with_event, without], both)
    columns = Store(both).columns
    assert len(set(columns["event"])) == 6
    assert len(set(columns["sequence"])) == 3


def test_what_cannot_be_used_is_counted_and_listed(truth, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    stream = read(str(truth / "folder" / "0-AAA.mseed"))
    stream.write(str(folder / "good.mseed"), format="MSEED")
    for name, station in (("two", "CCC"), ("noise", "DDD"), ("response", "EEE")):
        other = stream.copy()
        for trace in other:
            trace.stats.station = station
            trace.data = (trace.data / GAIN).astype(float)
            trace.stats.starttime += 1e6 * len(name)
        if name == "two":
            other = other.select(channel="HNZ")
        if name == "noise":
            for trace in other:
                trace.data = np.random.default_rng(1).normal(size=trace.stats.npts)
        if name == "response":
            for trace in other:
                trace.data = np.round(GAIN * trace.data).astype(np.int32)
        other.write(str(folder / f"{name}.mseed"), format="MSEED")
    (folder / "broken.mseed").write_bytes(b"\0" * 4000)
    metadata = Metadata((str(truth / "stations.xml"),))
    source = FolderSource((str(folder),), metadata=metadata)
    info = prepare([source], tmp_path / "store")
    assert info["left_out"] == {
        "fewer than three components": 1, "no P": 1, "unreadable": 1, "unusable": 1,
    }  # fmt: skip
    assert info["summary"]["all"]["records"] == 1
    listed = (tmp_path / "store" / "left_out.csv").read_text()
    assert "broken.mseed" in listed
    assert "counts" in listed


def test_an_event_of_another_time_is_not_a_records_event(truth, tmp_path):
    catalog()[2:].write(str(tmp_path / "last.xml"), format="QUAKEML")
    metadata = Metadata((str(truth / "stations.xml"),), str(tmp_path / "last.xml"))
    source = FolderSource((str(truth / "folder"),), metadata=metadata)
    info = prepare([source], tmp_path / "store")
    assert info["left_out"] == {"its event is of another time": 4}
    assert set(Store(tmp_path / "store").columns["magnitude"]) == {EVENTS[2][2]}


def test_an_fdsn_service(tmp_path):
    stream = recording(0, "AAA")
    for trace in stream:
        trace.stats.starttime = EVENT - 50.0
    with Service(stream) as service:
        source = FDSNSource(
            service.url, times=TimeSelection(EVENT - 100, EVENT + 100, 30.0, 90.0),
            min_magnitude=4.0, pauses=(),
        )  # fmt: skip
        prepare([source], tmp_path / "store")
    columns = Store(tmp_path / "store").columns
    assert columns["origin_time"].tolist() == [EVENT.timestamp]
    assert columns["magnitude"].tolist() == [4.9]
    assert columns["p_sample"][0] == pytest.approx(3000, abs=1)
    epicentral = gps2dist_azimuth(44.5, 4.6, *PLACES["AAA"])[0] / 1000.0
    assert columns["distance_km"][0] == pytest.approx(np.hypot(epicentral, 1.0), 1e-4)


def test_a_table_of_other_stations_is_warned_of(truth, tmp_path):
    (tmp_path / "table.csv").write_text("station,magnitude\nYY.ZZZ,6.0\n")
    metadata = Metadata((str(truth / "stations.xml"),), scenarios=str(tmp_path / "table.csv"))
    source = FolderSource((str(truth / "folder"),), metadata=metadata)
    with pytest.warns(InputWarning, match=r"has none of the 2 stations"):
        prepare([source], tmp_path / "store")


def test_a_source_that_breaks_costs_an_item_and_no_more(truth, tmp_path, monkeypatch):
    source = sources(truth)["folder"]
    reader = FolderSource.read

    def breaking(self, item):
        if "0-AAA" in item.key:
            raise ZeroDivisionError("by chance")
        return reader(self, item)

    monkeypatch.setattr(FolderSource, "read", breaking)
    info = prepare([source], tmp_path / "store")
    assert info["left_out"] == {"unreadable": 1}
    assert (
        "Unexpected ZeroDivisionError: by chance"
        in (tmp_path / "store" / "left_out.csv").read_text()
    )


def test_processes_and_a_second_run_give_the_same_store(truth, tmp_path, monkeypatch):
    monkeypatch.setattr("obspy_broadband.data.prepare._ITEMS", 2)
    source = sources(truth)["SDS"]
    prepare([source], tmp_path / "a")
    prepare([source], tmp_path / "b", workers=2)
    first = sorted((tmp_path / "b" / "shards").iterdir())[0]
    untouched = {path: path.stat().st_mtime_ns for path in first.parent.iterdir() if path != first}
    first.unlink()
    prepare([source], tmp_path / "b")
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched
    a, b = Store(tmp_path / "a"), Store(tmp_path / "b")
    assert list(a.columns["record"]) == list(b.columns["record"])
    assert all(np.array_equal(a.motion(k), b.motion(k)) for k in range(6))
    with pytest.raises(InputError, match="holds a store of"):
        prepare([sources(truth)["folder"]], tmp_path / "a")


def run(*arguments):
    return CliRunner().invoke(obb, ["data", "prepare", *map(str, arguments)])


def test_the_command(truth, tmp_path):
    files = ("--inventory", truth / "stations.xml", "--events", truth / "events.xml")
    done = run("sds", truth / "sds", *files, "-o", tmp_path / "sds", "--licence", "CC0")
    assert done.exit_code == 0, done.output
    done = run(
        *("files", truth / "folder" / "*AAA*"), *files, "-o", tmp_path / "files", "--after-p", "20"
    )
    assert done.exit_code == 0, done.output
    assert len(Store(tmp_path / "sds")) == 6
    assert set(Store(tmp_path / "sds").columns["licence"]) == {"CC0"}
    assert len(Store(tmp_path / "files")) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere/x.mseed"], "is no source. One of"),
        (["files", "nowhere/x.mseed"], "is no file"),
        (["sds", "nowhere"], "is no folder"),
        (["fdsn", "http://user:word@x", "--starttime", "2020-01-01"], "may not hold a name"),
    ],
)
def test_bad_input_is_one_message(arguments, message, tmp_path):
    done = run(*arguments, "-o", tmp_path / "store")
    assert done.exit_code in (1, 2)
    assert message in done.output
    assert "Traceback" not in done.output
    assert not Path(tmp_path / "store" / "store.json").exists()
