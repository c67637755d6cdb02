"""What is asked of every item, and what a table says of its stations."""

import pytest
from obspy import Stream, Trace

from obspy_broadband import Scenario
from obspy_broadband.archive.request import Request
from obspy_broadband.errors import InputError
from obspy_broadband.sources.source import Loaded


def known(request, **scenarios):
    stream = Stream(
        Trace(header={"network": "XX", "station": code, "channel": "HNZ"}) for code in "AB"
    )
    told = {f"XX.{code}": scenario for code, scenario in scenarios.items()}
    return request._known(Loaded(stream, scenarios=told))


def test_hypocentral_and_rupture_distances_are_told_apart():
    table = {"A": Scenario(distance_km=20.0), "B": Scenario(rupture_distance_km=5.0)}
    found = known(Request(), **table)
    assert found["distance"] == {"XX.A": 20.0, "XX.B": None}
    assert found["rupture_distance"] == {"XX.A": None, "XX.B": 5.0}
    found = known(Request(rupture_distance=7.0), **table)
    assert found["rupture_distance"] == 7.0


def test_a_run_begun_before_there_was_a_rupture_distance_goes_on():
    assert "rupture_distance" not in Request().as_json()
    assert Request(rupture_distance=7.0).as_json()["rupture_distance"] == 7.0


def test_impossible_distances_are_refused_before_the_work():
    with pytest.raises(InputError, match="10 km, but the depth is 30 km"):
        Request(distance=10.0, depth=30.0).check()
    Request(rupture_distance=10.0, depth=30.0).check()
