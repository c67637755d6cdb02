"""What is asked of every item, and what a table says of its stations."""

import pytest

from obspy_broadband import Scenario
from obspy_broadband.archive.run_request import RunRequest
from obspy_broadband.enrich import read
from obspy_broadband.errors import InputError
from obspy_broadband.records.station_data import StationData


def scenarios(request, stream, **table):
    """Of each station, as a run finds it."""
    data = StationData(stream, scenarios={f"XX.{code}": row for code, row in table.items()})
    records, refusals = read(data, request, request.ready())
    assert not refusals
    return {record.id.split(".")[1]: record.scenario for record in records}


def test_a_table_s_distances_are_hypocentral_or_to_the_rupture(simulation):
    stream = simulation(stations=("A", "B", "C"), duration=10)
    table = {"A": Scenario(distance_km=20.0), "B": Scenario(rupture_distance_km=5.0)}
    found = scenarios(RunRequest(), stream, **table)
    assert (found["A"].hypocentral_distance_km, found["A"].rupture_distance_km) == (20.0, None)
    assert (found["B"].hypocentral_distance_km, found["B"].rupture_distance_km) == (None, 5.0)
    assert found["C"] == Scenario()


def test_arguments_go_before_the_table_and_the_table_before_headers(simulation):
    stream = simulation(stations=("A", "B"), duration=10)
    for trace in stream:
        trace.stats.magnitude, trace.stats.vs30 = 4.0, 300.0
    table = {"A": Scenario(magnitude=5.0, depth_km=8.0)}
    found = scenarios(RunRequest(depth=9.0), stream, **table)
    assert found["A"] == Scenario(magnitude=5.0, depth_km=9.0, vs30_m_s=300.0)
    assert found["B"] == Scenario(magnitude=4.0, depth_km=9.0, vs30_m_s=300.0)


def test_a_run_begun_before_there_was_a_rupture_distance_goes_on():
    assert "rupture_distance" not in RunRequest().as_json()
    assert RunRequest(rupture_distance=7.0).as_json()["rupture_distance"] == 7.0


def test_impossible_distances_are_refused_before_the_work():
    request = RunRequest(distance=10.0, depth=30.0)
    with pytest.raises(InputError, match="10 km, but the depth is 30 km"):
        request.check(request.ready())
    request = RunRequest(rupture_distance=10.0, depth=30.0)
    request.check(request.ready())
