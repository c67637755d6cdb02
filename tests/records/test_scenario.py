"""What is known of earthquake and site: which source counts, and which distance is meant."""

import math
import warnings

import pytest
from obspy import UTCDateTime
from obspy.core import AttribDict
from obspy.core.event import Event, Magnitude, Origin
from obspy.core.inventory import Inventory, Network, Station

from obspy_broadband import Scenario
from obspy_broadband.errors import InputError
from obspy_broadband.records.record import read_records
from obspy_broadband.records.scenario import find_scenario


@pytest.fixture
def record(simulation):
    return read_records(simulation())[0][0]


@pytest.fixture
def event():
    origin = Origin(latitude=44.5, longitude=4.7, depth=3000.0)
    sizes = [Magnitude(mag=5.4, magnitude_type="ML"), Magnitude(mag=4.9, magnitude_type="Mw")]
    return Event(origins=[origin], magnitudes=sizes)


@pytest.fixture
def inventory():
    station = Station("AAA", latitude=44.5, longitude=4.75, elevation=0.0)
    return Inventory([Network("XX", stations=[station])])


def with_sac(record, **header):
    record.headers[0].sac = AttribDict(header)
    return record


def test_nothing_known_is_allowed(record):
    assert find_scenario(record) == Scenario()


def test_arguments(record):
    found = find_scenario(record, magnitude=5, distance={"AAA": 12.0}, vs30={"XX.AAA": 450})
    assert found == Scenario(magnitude=5.0, distance_km=12.0, vs30_m_s=450.0)


def test_headers_count_where_no_argument_is_given(record):
    stats = record.headers[0]
    stats.magnitude, stats.vs30, stats.distance_km, stats.depth_km = 6.1, 800.0, 25.0, 10.0
    found = find_scenario(record, magnitude=5.0)
    assert found == Scenario(5.0, 25.0, 10.0, 800.0)


@pytest.mark.parametrize(
    "header",
    [{"distance": 40_000.0}, {"epicentral_distance_km": 40.0}, {"sac": AttribDict(dist=40.0)}],
)
def test_epicentral_distances_become_hypocentral(record, header):
    record.headers[0].update(header)
    assert find_scenario(record, depth=30.0).distance_km == pytest.approx(50.0)
    with pytest.warns(UserWarning, match="depth of the earthquake is not known"):
        assert find_scenario(record).distance_km == pytest.approx(40.0)


def test_far_away_the_depth_matters_little(record):
    record.headers[0].distance = 80_000.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_scenario(record).distance_km == 80.0


@pytest.mark.parametrize(
    ("header", "depth"),
    [
        ({"evdp": 30.0, "dist": 10.0}, 30.0),  # SAC's definition: km
        ({"evdp": 130.0, "dist": 100.0}, 130.0),
        ({"evdp": 600.0, "dist": 300.0}, 600.0),
        ({"evdp": 500.0, "dist": 5.0}, 0.5),  # nobody records so deep an earthquake from there
        ({"evdp": 500.0, "stla": 45.0, "stlo": 5.0, "evla": 45.045, "evlo": 5.0}, 0.5),
        ({"evdp": 20_000.0}, 20.0),
        ({"evdp": 30.0, "dist": 10.0, "kuser0": "InstSeis"}, 0.03),
        ({"evdp": -12345.0}, None),
    ],
)
@pytest.mark.filterwarnings("ignore:evdp of the SAC headers")
def test_sac_depths_in_km_or_in_metres(record, header, depth):
    found = find_scenario(with_sac(record, **header))
    assert found.depth_km == depth
    if "dist" in header:
        assert found.distance_km == pytest.approx(math.hypot(header["dist"], depth))


def test_a_depth_that_might_be_either_is_said(record):
    with pytest.warns(UserWarning, match="evdp .* is 500, taken as m. .* pass depth=500"):
        find_scenario(with_sac(record, evdp=500.0, dist=5.0))
    with pytest.warns(UserWarning, match="evdp .* is 500, taken as km. .* pass depth=0.5"):
        find_scenario(with_sac(record, evdp=500.0, dist=90.0))
    record.headers[0].location = "SE"  # Instaseis's and Syngine's
    with pytest.warns(UserWarning, match="taken as m"):
        assert find_scenario(record).depth_km == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_scenario(record, depth=500.0).depth_km == 500.0


def test_sac_coordinates_give_the_distance(record, event):
    # A degree of latitude there is 111.1 km.
    where = {"stla": 45.0, "stlo": 5.0, "evla": 46.0, "evlo": 5.0, "evdp": 10.0}
    found = find_scenario(with_sac(record, **where))
    assert found.distance_km == pytest.approx(math.hypot(111.1, 10.0), rel=2e-3)
    # Only the station is in the header: the event gives the rest.
    found = find_scenario(with_sac(record, stla=44.5, stlo=4.75), event=event)
    assert found.distance_km == pytest.approx(math.hypot(3.97, 3.0), rel=0.01)


def test_zeros_that_nobody_set_are_no_epicentre(record):
    found = find_scenario(with_sac(record, stla=37.0, stlo=-118.0, evla=0.0, evlo=0.0, evdp=0.0))
    assert found.distance_km is None


def test_a_sac_distance_that_contradicts_its_coordinates_is_said(record):
    header = {"dist": 20004.3, "stla": 0.0, "stlo": 105.0, "evla": 0.0, "evlo": 100.0, "evdp": 20.0}
    with pytest.warns(UserWarning, match="dist = 20004.3 km, its coordinates 556.6 km"):
        find_scenario(with_sac(record, **header))


def test_knet_headers(record, event):
    record.headers[0].knet = AttribDict(
        evot=UTCDateTime(1996, 8, 10, 18, 12), evla=38.92, evlo=140.63, evdp=7.0, mag=5.9,
        stla=39.6069, stlo=140.3213, stel=34.0,
    )  # fmt: skip
    found = find_scenario(record)
    assert (found.magnitude, found.depth_km) == (5.9, 7.0)
    assert found.distance_km == pytest.approx(math.hypot(80.8, 7.0), rel=5e-3)
    # JMA's magnitude gives way to Mw.
    assert find_scenario(record, event=event).magnitude == 4.9


@pytest.mark.parametrize(("imagtyp", "magnitude"), [(None, 5.2), (55, 5.2), (54, 4.9)])
def test_a_local_magnitude_in_a_sac_header_gives_way_to_mw(record, event, imagtyp, magnitude):
    with_sac(record, mag=5.2, imagtyp=imagtyp)
    assert find_scenario(record).magnitude == 5.2
    assert find_scenario(record, event=event).magnitude == magnitude


def test_a_local_magnitude_of_esm_gives_way_to_mw(record, event):
    record.headers[0].local_magnitude = 5.9
    assert find_scenario(record).magnitude == 5.9
    assert find_scenario(record, event=event).magnitude == 4.9
    record.headers[0].magnitude = 6.1  # the header's Mw
    assert find_scenario(record, event=event).magnitude == 6.1


def test_event_and_inventory_give_hypocentral_distance(record, event, inventory):
    found = find_scenario(record, event=event, inventory=inventory)
    assert found.magnitude == 4.9
    assert found.depth_km == 3.0
    assert found.distance_km == pytest.approx(math.hypot(3.97, 3.0), rel=0.01)


def test_event_and_coordinates_in_the_header(record, event):
    record.headers[0].coordinates = AttribDict(latitude=44.5, longitude=4.7)
    assert find_scenario(record, event=event).distance_km == pytest.approx(3.0)
    # The depth that is given counts for the distance, too.
    assert find_scenario(record, event=event, depth=8.0).distance_km == pytest.approx(8.0)


def test_an_event_without_coordinates_gives_no_distance(record, event):
    assert find_scenario(record, event=event).distance_km is None


def test_methods_use_the_rupture_distance_where_no_hypocentral_one_is_given(record, event):
    found = find_scenario(record, rupture_distance=5.0, depth=12.0)
    assert found == Scenario(None, 5.0, 12.0, None, 5.0)
    assert found.hypocentral_distance_km is None
    both = find_scenario(record, distance=30.0, rupture_distance={"AAA": 5.0})
    assert (both.distance_km, both.rupture_distance_km) == (30.0, 5.0)
    record.headers[0].coordinates = AttribDict(latitude=44.5, longitude=4.7)
    assert find_scenario(record, event=event, rupture_distance=1.0).distance_km == 1.0
    record.headers[0].rupture_distance_km = 2.0
    assert find_scenario(record).distance_km == 2.0


def test_ranges_are_what_methods_read():
    assert set(Scenario.ranges) == {"magnitude", "distance_km", "depth_km", "vs30_m_s"}


def test_a_hypocentre_cannot_be_nearer_than_it_is_deep(record):
    with pytest.raises(InputError, match="is 10 km, but the depth is 30 km") as raised:
        find_scenario(record, distance=10.0, depth=30.0)
    assert "31.62 km" in str(raised.value)
    assert "rupture_distance=" in str(raised.value)
    record.headers[0].distance_km, record.headers[0].depth_km = 10.0, 30.0
    with pytest.raises(InputError, match="is 10 km, but the depth is 30 km"):
        find_scenario(record)
    find_scenario(record, distance=9.9, depth=10.0)  # rounded


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"magnitude": 47.0}, "magnitude is 47"),
        ({"vs30": 5.0}, "between 30 and 6000"),
        ({"rupture_distance": -1.0}, "rupture_distance_km is -1"),
        ({"distance": {"ZZZ": 1.0}}, "distance= has no value for station XX.AAA"),
        ({"rupture_distance": {"ZZZ": 1.0}}, "rupture_distance= has no value"),
        ({"depth": "deep"}, "'deep'"),
    ],
)
def test_what_cannot_be_is_refused(record, arguments, message):
    with pytest.raises(InputError, match=message):
        find_scenario(record, **arguments)
