"""StationXML, QuakeML and the CSV beside waveforms."""

import pickle

import pytest
from click.testing import CliRunner
from fdsn_server import EVENT, catalog, inventory
from obb_cli.main import obb
from obspy import UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.method.contract import Scenario
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.scenario_table import read_table

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
    metadata = Metadata(scenarios=written(tmp_path, TABLE))
    loaded = pickle.loads(pickle.dumps(metadata)).complete(stream)
    assert loaded.scenarios == {
        "XX.AAA": Scenario(4.9, 12.0, 1.0, 760.0),
        "XX.BBB": Scenario(magnitude=5.1),
    }
    assert loaded.stream[0].stats.coordinates.latitude == 44.5
    assert "coordinates" not in loaded.stream[3].stats


@pytest.mark.parametrize(
    ("text", "message"),
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
        ("station,magnitud\nA,5\n", "'magnitud' is unknown .did you mean 'magnitude'"),
        ("Station,magnitude\nA,5\n", "'Station' is unknown .did you mean 'station'"),
        ("magnitude\n5\n", "there is no column 'station'"),
        ("station,magnitude,magnitude\nA,5,6\n", "'magnitude' comes twice"),
        ("station;latitude;longitude\nA;44,5;4,6\n", "'44,5'; a number with a decimal point"),
        ("station,latitude,longitude\nA,44,5,4,6\n", "decimal point, not a comma"),
        ("station,distance_km,depth_km\nA,10,30\n", "line 2: .* is 10 km, but the depth is 30"),
    ],
)
def test_a_wrong_table_is_one_message_with_the_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_table(written(tmp_path, text))


@pytest.mark.parametrize("responses", [True, False])
def test_stations_are_passed_on_and_places_are_noted(stream, tmp_path, responses):
    name = str(tmp_path / "stations.xml")
    inventory(stream, responses).write(name, format="STATIONXML")
    loaded = Metadata((name,)).complete(stream.select(station="BBB"))
    # Orientations are in it, too, whether or not there are responses.
    assert [station.code for network in loaded.inventory for station in network] == ["BBB"]
    assert loaded.stream[0].stats.coordinates.latitude == pytest.approx(44.7)


def test_places_are_those_of_the_time(simulation, tmp_path):
    stream = simulation(duration=10)
    epochs = []
    for latitude, start, end in ((44.0, 2000, 2010), (45.0, 2010, 2030)):
        epoch = inventory(stream, responses=False)[0][0]
        epoch.latitude, epoch.channels = latitude, []
        epoch.start_date, epoch.end_date = UTCDateTime(start, 1, 1), UTCDateTime(end, 1, 1)
        epochs.append(epoch)
    whole = inventory(stream)
    whole[0].stations = epochs
    whole.write(str(tmp_path / "stations.xml"), format="STATIONXML")
    catalog((UTCDateTime(2005, 1, 1),)).write(str(tmp_path / "event.xml"), format="QUAKEML")
    metadata = Metadata((str(tmp_path / "stations.xml"),), str(tmp_path / "event.xml"))
    assert metadata.complete(stream).stream[0].stats.coordinates.latitude == 45.0
    for trace in stream:
        del trace.stats.coordinates
        trace.stats.starttime = UTCDateTime(0)
    # A simulation without a date: at the origin time.
    assert metadata.complete(stream).stream[0].stats.coordinates.latitude == 44.0


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_and_byte_order_marks_of_spreadsheets(tmp_path, separator, mark):
    path = tmp_path / "table.csv"
    path.write_text(mark + TABLE.replace(",", separator), encoding="utf-8", newline="\r\n")
    table = read_table(str(path))
    assert table["XX.AAA"].scenario == Scenario(4.9, 12.0, 1.0, 760.0)
    assert table["XX.AAA"].place == (44.5, 4.6)


def test_a_rupture_distance_has_its_own_column(tmp_path):
    text = "station,depth_km,rupture_distance_km\nA,12,3\n"
    scenario = read_table(written(tmp_path, text))["A"].scenario
    assert (scenario.rupture_distance_km, scenario.hypocentral_distance_km) == (3.0, None)


def test_a_simulation_without_network_codes_is_found_by_station(stream, tmp_path):
    for trace in stream:
        trace.stats.network = ""
    text = "station,magnitude\nXX.AAA,5\nXX.BBB,6\nYY.BBB,7\n"
    loaded = Metadata(scenarios=written(tmp_path, text)).complete(stream)
    assert loaded.scenarios == {".AAA": Scenario(magnitude=5.0)}


def test_a_table_of_other_stations_is_said(stream, tmp_path):
    metadata = Metadata(scenarios=written(tmp_path, TABLE))
    ids = [trace.id for trace in stream]
    assert metadata.unused_table(ids) is None
    assert Metadata().unused_table(ids) is None
    message = Metadata(scenarios=written(tmp_path, "station\nXX.A.\n")).unused_table(ids)
    assert "none of the 2 stations" in message
    assert "XX.A." in message
    assert "XX.AAA" in message
    dotted = Metadata(scenarios=written(tmp_path, "station\nXX.A.B\n"))
    assert dotted.unused_table(["XX.A.B..BX"]) is None
    assert "XX.A.C" in dotted.unused_table(["XX.A.C..BX"])


def test_a_run_says_that_its_table_has_none_of_the_stations(stream, tmp_path):
    stream.write(str(tmp_path / "records.mseed"), format="MSEED")
    table = written(tmp_path, "station,magnitude\nXX.CCC,5\n")
    arguments = ("-n", "1", "-u", "m/s**2", "--workers", "1", "--measures", "none")
    paths = (str(tmp_path / "records.mseed"), "--scenarios", table, "-o", str(tmp_path / "run"))
    result = CliRunner().invoke(obb, ["archive", "run", "files", *paths, *arguments])
    assert result.exit_code == 0, result.output
    assert "table.csv has none of the 2 stations" in result.output


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
