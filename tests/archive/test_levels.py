"""Levels that stations of an event share, over the items of a run."""

import json

import numpy as np
import pytest
from faulty import Streams
from obspy import UTCDateTime
from obspy.core import AttribDict
from obspy.core.event import Event, Origin

from obspy_broadband import Ensemble, InputError
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest

PLAIN = RunRequest(n=2, seed=7, measures="none")
EVENT = Event(origins=[Origin(time=UTCDateTime(2019, 11, 11, 10, 52, 45))])
CODES = ("AAA", "BBB", "CCC")


@pytest.fixture
def stream(simulation):
    """Two stations at known places, and one at none."""
    made = simulation(stations=CODES, duration=20)
    for trace in made:
        trace.data = trace.data.astype(np.float32)
        if trace.stats.station != "CCC":
            trace.stats.coordinates = AttribDict(latitude=44.5, longitude=4.6, elevation=0.0)
    return made


def alone(stream):
    return {code: stream.select(station=code) for code in CODES}


def drawn(folder):
    """Realizations of every record, and what its levels were drawn from."""
    found = {}
    for place in (folder / "records").iterdir():
        ensemble = Ensemble.read(place)
        for record, said in zip(ensemble.records, ensemble.provenance["stations"]):
            found[record.id] = record.realizations, said["spatial_correlation"]
    return found


def test_a_station_is_the_same_bytes_among_others_in_an_item_and_alone(stream, tmp_path, inline):
    run(Streams({"all": stream}, EVENT), tmp_path / "one", PLAIN, inline)
    run(Streams(alone(stream), EVENT), tmp_path / "three", PLAIN, inline)
    one, three = drawn(tmp_path / "one"), drawn(tmp_path / "three")
    assert set(one) == set(three) == {f"XX.{code}..HX" for code in CODES}
    for id, (realizations, field) in one.items():
        np.testing.assert_array_equal(realizations, three[id][0])
        assert field == three[id][1]
    assert one["XX.AAA..HX"][1] == one["XX.BBB..HX"][1]
    assert one["XX.CCC..HX"][1] is None


def test_the_report_counts_the_stations_drawn_each_way(stream, tmp_path, inline):
    counts = run(Streams(alone(stream), EVENT), tmp_path / "out", PLAIN, inline)
    assert (counts.records, counts.correlated) == (3, 2)
    said = "The levels of 2 records were drawn from a field that the stations of their event share"
    assert f"{said}, those of 1 by themselves." in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(("event", "spatial_correlation"), [(None, "auto"), (EVENT, None)])
def test_without_an_event_or_if_asked_for_stations_are_drawn_by_themselves(
    stream, tmp_path, inline, event, spatial_correlation
):
    request = RunRequest(n=2, seed=7, measures="none", spatial_correlation=spatial_correlation)
    counts = run(Streams(alone(stream), event), tmp_path / "out", request, inline)
    assert (counts.records, counts.correlated) == (3, 0)
    card = json.loads((tmp_path / "out" / "run.json").read_text())
    assert card["request"]["spatial_correlation"] == spatial_correlation


def test_a_model_that_cannot_be_had_is_refused(stream, tmp_path, inline):
    request = RunRequest(n=2, seed=7, measures="none", spatial_correlation="loth-baker-2013")
    counts = run(Streams(alone(stream)), tmp_path / "out", request, inline)
    assert (counts.done, counts.skipped, counts.correlated) == (2, 1, 2)
    assert "has no coordinates" in (tmp_path / "out" / "skipped.csv").read_text()
    nowhere = RunRequest(spatial_correlation="everywhere")
    with pytest.raises(InputError, match="'auto', 'loth-baker-2013' or None"):
        run(Streams(alone(stream)), tmp_path / "new", nowhere, inline)
    assert not (tmp_path / "new").exists()
