"""StationXML, QuakeML and the CSV beside waveforms."""

import pickle

import pytest
from fdsn_server import EVENT, catalog, inventory
from obspy import UTCDateTime

from obspy_broadband.archive.sources.metadata import Metadata
from obspy_broadband.archive.sources.scenarios import read_table
from obspy_broadband.errors import InputError
from obspy_broadband.method import Scenario

TABLE = """station,latitude,longitude,magnitude,distance_km,depth_km,vs30_m_s
XX.AAA,44.5,4.6,4.9,12,1.0,760
BBB,,,5.1,,,
"""


@pytest.fixture
def stream(simulation):
    return simulation(stations=("AAA", "BBB"), duration=10)


def written(folder, text, name="table.csv"):
    (folder / name).write_text(text)
    return str(folder / name)


def test_the_table_gives_scenarios_and_places(stream, tmp_path):
    known = Metadata(scenarios=written(tmp_path, TABLE))
    loaded = pickle.loads(pickle.dumps(known)).complete(stream)
    assert loaded.scenarios == {
        "XX.AAA": Scenario(4.9, 12.0, 1.0, 760.0),
        "XX.BBB": Scenario(magnitude=5.1),
    }
    assert loaded.stream[0].stats.coordinates.latitude == 44.5
    assert "coordinates" not in loaded.stream[3].stats


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("name,magnitude\nA,5\n", "first line must name columns"),
        ("station,magnitud\nA,5\n", "first line must name columns"),
        ("station,magnitude\n", "has no station"),
        ("station,magnitude\nA,strong\n", "line 2: magnitude is 'strong'"),
        ("station,magnitude\nA,55\n", "line 2: magnitude is 55"),
        ("station,magnitude\nA,nan\n", "line 2: magnitude is nan"),
        ("station,magnitude\nA,5\nA,6\n", "line 3: A stands in the table twice"),
        ("station,magnitude\nA,5,6\n", "more cells"),
        ("station,latitude,longitude\nA,44,\n", "together"),
        ("station,latitude,longitude\nA,144,5\n", "no place on Earth"),
        ("station\n\0\xff\n", "table.csv"),
    ],
)
def test_a_wrong_table_is_one_message_with_the_line(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        read_table(written(tmp_path, text))


def test_responses_are_passed_on_and_places_are_noted(stream, tmp_path):
    for responses in (True, False):
        name = str(tmp_path / f"{responses}.xml")
        inventory(stream, responses).write(name, format="STATIONXML")
        loaded = Metadata((name,)).complete(stream.copy())
        # Without responses, the numbers are what they are said to be, not counts.
        assert (loaded.inventory is not None) == responses
        assert loaded.stream[3].stats.coordinates.latitude == pytest.approx(44.7)


def test_the_event_in_whose_time_a_record_lies(stream, tmp_path):
    name = str(tmp_path / "events.xml")
    catalog((EVENT - 9000, EVENT - 5, EVENT + 9000)).write(name, format="QUAKEML")
    assert Metadata(events=name).complete(stream).event.origins[0].time == EVENT - 5
    for trace in stream:
        trace.stats.starttime = UTCDateTime(0)
    assert Metadata(events=name).complete(stream).event is None
    catalog().write(name, format="QUAKEML")  # the only one: a simulation needs no date
    assert Metadata(events=name).complete(stream).event is not None


def test_metadata_is_checked_before_the_work_begins(tmp_path):
    for name in ("inventories", "events", "scenarios"):
        path = written(tmp_path, "rubbish")
        with pytest.raises(InputError):
            Metadata(**{name: (path,) if name == "inventories" else path}).check()
