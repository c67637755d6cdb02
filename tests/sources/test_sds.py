"""SDS archives: windows of time, across midnight, around events."""

import json
import pickle

import numpy as np
import pytest
from fdsn_server import catalog
from obspy import UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.sources.channel_selection import ChannelSelection
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.sds import SDSSource
from obspy_broadband.sources.time_windows import TimeSelection

MIDNIGHT = UTCDateTime(2020, 3, 1)


@pytest.fixture
def archive(simulation, tmp_path):
    """Two stations, 120 s around midnight of a leap year's 1 March."""
    stream = simulation(stations=("AAA", "BBB"), duration=120)
    for trace in stream:
        trace.stats.starttime = MIDNIGHT - 60
        for day in (MIDNIGHT - 86400, MIDNIGHT):
            part = trace.slice(day, day + 86400 - trace.stats.delta)
            s = part.stats
            year, julday = day.year, day.julday
            folder = tmp_path / f"{year}" / s.network / s.station / f"{s.channel}.D"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{part.id}.D.{year}.{julday:03d}"
            part.write(str(folder / name), format="MSEED")
    return tmp_path, stream


def test_a_window_across_midnight_is_whole(archive):
    root, stream = archive
    source = SDSSource(str(root), times=TimeSelection(MIDNIGHT - 30, MIDNIGHT + 30))
    items = list(source.items())
    assert [item.key for item in items] == ["XX.AAA@20200229T235930", "XX.BBB@20200229T235930"]
    json.dumps([item.locator for item in items])
    loaded = pickle.loads(pickle.dumps(source)).read(items[0])
    assert len(loaded.stream) == 3
    for trace in loaded.stream:
        expected = stream.select(id=trace.id)[0].slice(MIDNIGHT - 30, MIDNIGHT + 30)
        np.testing.assert_array_equal(trace.data, expected.data)
    assert all(item.bytes > 0 for item in items)


def test_a_window_close_to_midnight_needs_no_sample_of_the_other_day(archive):
    source = SDSSource(str(archive[0]), times=TimeSelection(MIDNIGHT + 20, MIDNIGHT + 50))
    item = next(source.items())
    assert len(item.locator["files"]) == 6
    stream = source.read(item).stream
    assert [trace.stats.starttime for trace in stream] == [MIDNIGHT + 20] * 3


def test_codes(archive):
    times = TimeSelection(MIDNIGHT, MIDNIGHT + 30)
    for codes, count in ((ChannelSelection(station="B*"), 1), (ChannelSelection(channel="HX?"), 2)):
        assert len(list(SDSSource(str(archive[0]), codes, times).items())) == count
    with pytest.raises(InputError, match="has no file"):
        list(SDSSource(str(archive[0]), ChannelSelection(network="YY"), times).items())


def test_windows_around_events(archive, tmp_path):
    catalog((MIDNIGHT, MIDNIGHT - 20)).write(str(tmp_path / "events.xml"), format="QUAKEML")
    source = SDSSource(
        str(archive[0]),
        times=TimeSelection(before=5.0, after=30.0),
        metadata=Metadata(events=str(tmp_path / "events.xml")),
    )
    items = list(source.items())
    assert len(items) == 4
    loaded = source.read(items[2])
    assert loaded.event.origins[0].time == MIDNIGHT
    assert loaded.stream[0].stats.starttime == MIDNIGHT - 5


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (TimeSelection(), "--starttime and --endtime"),
        (TimeSelection(MIDNIGHT, MIDNIGHT), "not before"),
        (TimeSelection(MIDNIGHT, MIDNIGHT + 86400), "86400 s long"),
        (TimeSelection(MIDNIGHT, MIDNIGHT + 1), "1 s long"),
    ],
)
def test_times_that_make_no_window(archive, times, message):
    with pytest.raises(InputError, match=message):
        list(SDSSource(str(archive[0]), times=times).items())


def test_damage_is_a_reason(archive):
    source = SDSSource(str(archive[0]), times=TimeSelection(MIDNIGHT, MIDNIGHT + 30))
    item = next(source.items())
    for data in (b"", b"rubbish" * 1000):
        for name in item.locator["files"]:
            with open(name, "wb") as file:
                file.write(data)
        with pytest.raises(InputError):
            source.read(item)
    with pytest.raises(InputError, match="no SDS archive"):
        list(SDSSource(str(archive[0] / "nothing")).items())
