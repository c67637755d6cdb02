"""Where a station stood at the time of a record."""

import warnings

import pytest
from obspy import Trace, UTCDateTime
from obspy.core import AttribDict
from obspy.core.event import Event, Origin
from obspy.core.inventory import Channel, Inventory, Network, Station

from obspy_broadband.errors import InputError
from obspy_broadband.io.xml import as_inventory
from obspy_broadband.records.places import coordinates, station_place
from obspy_broadband.records.record import read_records

OLD, MOVED, CLOSED = UTCDateTime(2000, 1, 1), UTCDateTime(2010, 6, 1), UTCDateTime(2020, 1, 1)


def station(latitude, start=None, end=None, channels=(), code="AAA"):
    return Station(
        code, latitude, 5.0, 100.0, start_date=start, end_date=end, channels=list(channels)
    )


def channel(code, location, latitude, start=None, end=None):
    return Channel(code, location, latitude, 5.0, 0.0, 0.0, start_date=start, end_date=end)


def inventory(*stations, network="XX"):
    return Inventory([Network(network, stations=list(stations))], source="test")


def stats(time=None, id="XX.AAA..HNZ"):
    start = time or UTCDateTime(2015, 1, 1)
    trace = Trace(header={"starttime": start, "npts": 1000, "delta": 0.02})
    trace.id = id
    return trace.stats


TWO_EPOCHS = inventory(station(44.0, OLD, MOVED), station(45.0, MOVED, CLOSED))


@pytest.mark.parametrize(("year", "latitude"), [(2005, 44.0), (2015, 45.0)])
def test_the_epoch_that_was_open(year, latitude):
    assert station_place([TWO_EPOCHS], stats(UTCDateTime(year, 1, 1))) == (latitude, 5.0, 100.0)


@pytest.mark.parametrize("year", [1995, 2021])
def test_a_closed_epoch_is_not_used_and_that_is_said(year):
    with pytest.warns(UserWarning, match=f"XX.AAA from .* but not on {year}-01-01"):
        assert station_place([TWO_EPOCHS], stats(UTCDateTime(year, 1, 1))) is None


def test_a_simulation_without_a_date_is_looked_up_at_the_origin_time():
    undated = stats(UTCDateTime(-3.0))
    assert station_place([TWO_EPOCHS], undated, UTCDateTime(2005, 1, 1))[0] == 44.0
    assert station_place([TWO_EPOCHS], undated)[0] == 45.0  # the last
    closed = inventory(station(44.0, OLD, MOVED))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert station_place([closed], undated)[0] == 44.0


def test_a_channel_of_the_location_goes_before_the_station():
    borehole = [channel("HNZ", "10", 44.2), channel("HHZ", "00", 44.1), channel("HNZ", "00", 44.3)]
    known = inventory(station(44.0, channels=borehole))
    assert station_place([known], stats(id="XX.AAA.10.HNZ"))[0] == 44.2
    assert station_place([known], stats(id="XX.AAA.00.HNZ"))[0] == 44.3
    assert station_place([known], stats(id="XX.AAA.00.BXZ"))[0] in (44.1, 44.3)  # enriched
    assert station_place([known], stats(id="XX.AAA.20.HNZ"))[0] == 44.0
    moved = [channel("HNZ", "", 44.2, OLD, MOVED), channel("HNZ", "", 44.4, MOVED)]
    assert station_place([inventory(station(44.0, channels=moved))], stats())[0] == 44.4


def test_without_a_network_code_the_station_is_found_where_one_network_has_it():
    one, other = inventory(station(44.0)), inventory(station(46.0), network="YY")
    assert station_place([one], stats(id=".AAA..HNZ"))[0] == 44.0
    with pytest.warns(UserWarning, match="no network code, and the inventory knows it in XX, YY"):
        assert station_place([one, other], stats(id=".AAA..HNZ")) is None
    assert station_place([one, other], stats(id="YY.AAA..HNZ"))[0] == 46.0
    assert station_place([inventory(station(44.0), network="")], stats())[0] == 44.0
    assert station_place([other], stats()) is None


def test_headers_of_sac_and_knet(simulation):
    record = read_records(simulation())[0][0]
    for name in ("sac", "knet"):
        record.headers[0][name] = AttribDict(stla=39.6, stlo=140.3)
        assert coordinates(record, TWO_EPOCHS) == (39.6, 140.3)
        record.headers[0].pop(name)
    record.headers[0].sac = AttribDict(stla=-12345.0, stlo=-12345.0)
    assert coordinates(record, TWO_EPOCHS) == (45.0, 5.0)
    record.headers[0].sac = AttribDict(stla=144.0, stlo=5.0)
    with pytest.raises(InputError, match="degrees from -90"):
        coordinates(record, None)


def test_the_events_time_is_that_of_a_simulation_without_a_date(simulation):
    stream = simulation()
    for trace in stream:
        trace.stats.starttime = UTCDateTime(0)
    record = read_records(stream)[0][0]
    event = Event(origins=[Origin(time=UTCDateTime(2005, 1, 1))])
    assert coordinates(record, TWO_EPOCHS, event) == (44.0, 5.0)


def test_an_inventory_may_be_the_path_of_its_file(tmp_path):
    path = tmp_path / "stations.xml"
    TWO_EPOCHS.write(path, format="STATIONXML")
    assert [net.code for net in as_inventory(path)] == [net.code for net in TWO_EPOCHS]
    assert as_inventory(str(path)).get_contents() == TWO_EPOCHS.get_contents()
    TWO_EPOCHS.write(tmp_path / "stations.txt", format="STATIONTXT", level="station")
    assert [net.code for net in as_inventory(tmp_path / "stations.txt")] == ["XX"]
    assert as_inventory(None) is None
    with pytest.raises(InputError, match=r"nothing\.xml"):
        as_inventory(tmp_path / "nothing.xml")
    with pytest.raises(InputError, match=r"StationXML, .*not list"):
        as_inventory([TWO_EPOCHS])
