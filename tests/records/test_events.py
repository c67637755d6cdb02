"""Which event, when it was, and how large: Mw before what a catalogue prefers."""

import math

import pytest
from obspy import UTCDateTime
from obspy.core.event import (
    Catalog,
    Event,
    FocalMechanism,
    Magnitude,
    MomentTensor,
    Origin,
)

from obspy_broadband.errors import InputError
from obspy_broadband.io.xml import as_event
from obspy_broadband.records.events import is_undated, magnitude_of, origin_time

#: The layout of the Global CMT project's files, which SPECFEM reads; made-up numbers.
CMTSOLUTION = """ PDEW2019 11 11 10 52 45.00  44.5200   4.6700   1.0 4.9 5.1 SOUTHERN FRANCE
event name:     TEST
time shift:      1.2500
half duration:   0.5000
latitude:       44.5300
longitude:       4.6800
depth:           2.5000
Mrr:       2.500000e+23
Mtt:      -1.500000e+23
Mpp:      -1.000000e+23
Mrt:       0.500000e+23
Mrp:       0.000000e+23
Mtp:       0.700000e+23
"""
#: N m: sqrt(sum of squares / 2), off-diagonals twice; the file is in dyne cm.
MOMENT = 1e16 * math.sqrt((2.5**2 + 1.5**2 + 1.0**2 + 2 * (0.5**2 + 0.7**2)) / 2)


def sized(*sizes, preferred=None, moment=None):
    event = Event(magnitudes=[Magnitude(mag=mag, magnitude_type=kind) for kind, mag in sizes])
    if preferred is not None:
        event.preferred_magnitude_id = event.magnitudes[preferred].resource_id
    if moment is not None:
        event.focal_mechanisms = [FocalMechanism(moment_tensor=MomentTensor(scalar_moment=moment))]
    return event


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (sized(("ML", 5.4), ("Mw", 4.9), preferred=0), (4.9, True)),
        (sized(("mb", 5.4), ("Mwc", 5.0), ("Mww", 4.9)), (4.9, True)),
        (sized(("Mwr", 5.0), ("Mww", 4.9), preferred=0), (5.0, True)),
        # From body waves, estimates: after the moment tensor's, before all others.
        (sized(("ML", 5.4), ("Mw(mB)", 5.2), moment=1e17), (5.2667, True)),
        (sized(("ML", 5.4), ("Mwp", 5.2), preferred=0), (5.2, True)),
        (sized(("ML", 5.4), ("mb", 5.0), preferred=1), (5.0, False)),
        (sized((None, 5.4), ("mb", 5.0)), (5.4, False)),
        (sized(("ML", None), ("mb", 5.0), preferred=0), (5.0, False)),
        (sized(), None),
    ],
)
def test_a_moment_magnitude_goes_before_others(event, expected):
    assert magnitude_of(event) == (None if expected is None else pytest.approx(expected, abs=1e-3))


def test_an_event_a_catalogue_of_one_or_a_path(tmp_path):
    event = Event(origins=[Origin(time=UTCDateTime(2019, 11, 11))])
    Catalog([event]).write(str(tmp_path / "event.xml"), format="QUAKEML")
    assert as_event(None) is None
    assert as_event(event) is event
    assert as_event(Catalog([event])) is event
    for path in (tmp_path / "event.xml", str(tmp_path / "event.xml")):
        assert origin_time(as_event(path)) == UTCDateTime(2019, 11, 11)


def test_a_cmtsolution_gives_moment_magnitude_and_centroid_time(tmp_path):
    (tmp_path / "CMTSOLUTION").write_text(CMTSOLUTION)
    event = as_event(tmp_path / "CMTSOLUTION")
    assert origin_time(event) == UTCDateTime(2019, 11, 11, 10, 52, 46, 250000)
    magnitude, is_moment = magnitude_of(event)
    assert is_moment
    assert magnitude == pytest.approx(2 / 3 * (math.log10(MOMENT) - 9.1), abs=0.01)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Catalog(), "no event"),
        (Catalog([Event(), Event(), Event()]), "holds 3 events"),
        (5.0, "not float"),
        ("/nowhere/event.xml", "/nowhere/event.xml"),
    ],
)
def test_none_or_several_events_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        as_event(given)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rubbish\n", "cannot be read as events"),
        ("<quakeml", "is no XML"),
        ('<!DOCTYPE q [<!ENTITY a "b">]><q>&a;</q>', "DOCTYPE"),
        ("", "is empty"),
    ],
)
def test_a_file_without_events_is_one_message_with_its_name(tmp_path, content, told):
    (tmp_path / "events.xml").write_text(content)
    with pytest.raises(InputError, match=r"events\.xml") as raised:
        as_event(tmp_path / "events.xml")
    assert told in str(raised.value)
    assert ".tmp" not in str(raised.value)  # ObsPy's copy


def test_times_around_1970_are_those_of_simulations_without_a_date():
    assert is_undated(UTCDateTime(0))
    assert is_undated(UTCDateTime(-12.5))
    assert not is_undated(UTCDateTime(1971, 2, 9))


@pytest.mark.parametrize(
    ("place", "expected"),
    [(("33.6", "-118.4"), (33.6, -118.4)), (("67000.0", "3653250."), (None, None))],
    ids=["degrees", "metres"],
)
def test_a_cmtsolution_of_specfem3d_cartesian(tmp_path, place, expected):
    """latorUTM and longorUTM, and a first line in m, as its examples have them."""
    text = CMTSOLUTION.replace("44.5200   4.6700   1.0", "67000 67000 -25000")
    text = text.replace("latitude:       44.5300", f"latorUTM:       {place[0]}")
    text = text.replace("longitude:       4.6800", f"longorUTM:      {place[1]}")
    (tmp_path / "CMTSOLUTION").write_text(text)
    event = as_event(tmp_path / "CMTSOLUTION")
    (origin,) = event.origins
    assert (origin.latitude, origin.longitude) == expected
    assert origin.depth == 2500.0
    assert origin_time(event) == UTCDateTime(2019, 11, 11, 10, 52, 46, 250000)
    magnitude, is_moment = magnitude_of(event)
    assert is_moment
    assert magnitude == pytest.approx(2 / 3 * (math.log10(MOMENT) - 9.1), abs=0.011)
