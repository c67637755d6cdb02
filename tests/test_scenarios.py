import pytest
from obspy.core import AttribDict
from obspy.core.event import Catalog, Event, Magnitude, Origin
from obspy.core.inventory import Inventory, Network, Station

from obspy_broadband import Scenario
from obspy_broadband.errors import InputError
from obspy_broadband.record import read_records
from obspy_broadband.scenarios import find_scenario


@pytest.fixture
def record(simulation):
    return read_records(simulation())[0][0]


@pytest.fixture
def event():
    origin = Origin(latitude=44.5, longitude=4.7, depth=3000.0)
    return Event(origins=[origin], magnitudes=[Magnitude(mag=4.9)])


@pytest.fixture
def inventory():
    station = Station("AAA", latitude=44.5, longitude=4.75, elevation=0.0)
    return Inventory([Network("XX", stations=[station])])


def test_nothing_known_is_allowed(record):
    assert find_scenario(record) == Scenario()


def test_arguments(record):
    found = find_scenario(record, magnitude=5, distance={"AAA": 12.0}, vs30={"XX.AAA": 450})
    assert found == Scenario(magnitude=5.0, distance_km=12.0, vs30_m_s=450.0)


def test_headers_count_where_no_argument_is_given(record):
    stats = record.headers[0]
    stats.magnitude, stats.vs30, stats.distance = 6.1, 800.0, 25_000.0  # ObsPy's distance is in m
    found = find_scenario(record, magnitude=5.0)
    assert found == Scenario(magnitude=5.0, distance_km=25.0, vs30_m_s=800.0)


def test_sac_headers(record):
    record.headers[0].sac = AttribDict(mag=4.0, dist=33.0, evdp=-12345.0)
    assert find_scenario(record) == Scenario(magnitude=4.0, distance_km=33.0)


def test_event_and_inventory_give_hypocentral_distance(record, event, inventory):
    found = find_scenario(record, event=event, inventory=inventory)
    assert found.magnitude == 4.9
    assert found.depth_km == 3.0
    assert found.distance_km == pytest.approx((3.97**2 + 3.0**2) ** 0.5, rel=0.01)


def test_event_and_coordinates_in_the_header(record, event):
    record.headers[0].coordinates = AttribDict(latitude=44.5, longitude=4.7)
    assert find_scenario(record, event=event).distance_km == pytest.approx(3.0)


def test_an_event_without_coordinates_gives_no_distance(record, event):
    assert find_scenario(record, event=event).distance_km is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"magnitude": 47.0}, "magnitude is 47"),
        ({"vs30": 5.0}, "between 30 and 6000"),
        ({"distance": {"ZZZ": 1.0}}, "no value for station XX.AAA"),
        ({"depth": "deep"}, "'deep'"),
        ({"event": Catalog()}, "catalog"),
    ],
)
def test_what_cannot_be_is_refused(record, arguments, message):
    with pytest.raises(InputError, match=message):
        find_scenario(record, **arguments)
