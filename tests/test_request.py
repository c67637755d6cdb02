"""What is asked for: one description for enrich, archive runs and provenance."""

import inspect

import numpy as np
import pytest

import obspy_broadband
from obspy_broadband import InputError
from obspy_broadband.enrich import enrich
from obspy_broadband.request import Request

SAID = {"n": 1, "seed": 3, "units": "m/s**2", "magnitude": 5.0, "distance": 20.0}


def test_every_argument_of_enrich_but_the_data_s_is_the_request_s():
    arguments = set(inspect.signature(enrich).parameters)
    fields = set(inspect.signature(Request).parameters)
    assert arguments - fields == {"stream", "inventory", "event", "progress"}
    assert fields <= arguments


def test_all_but_stream_and_method_are_given_by_name(simulation):
    with pytest.raises(TypeError):
        simulation().enrich("stochastic", 3)


def test_the_old_name_of_the_spatial_correlation_warns_and_works(simulation):
    stream = simulation(duration=10)
    with pytest.warns(UserWarning, match="now called spatial_correlation="):
        old = obspy_broadband.enrich(stream, coherence=None, **SAID)
    new = obspy_broadband.enrich(stream, spatial_correlation=None, **SAID)
    assert old == new
    assert new.provenance["spatial_correlation"] is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": True}, "n is True"),
        ({"seed": -1}, "seed is -1"),
        ({"corner": 60.0}, "corner is 60.0"),
        ({"on_bad": "stop"}, "on_bad is 'stop'"),
        ({"spatial_correlation": "all"}, "spatial_correlation is 'all'"),
    ],
)
def test_what_no_method_can_do_is_refused(changed, message):
    request = Request(**changed)
    with pytest.raises(InputError, match=message):
        request.check(request.ready())


def test_a_seed_that_is_drawn_is_in_the_provenance(simulation):
    stream = simulation(duration=10)
    drawn = obspy_broadband.enrich(stream, **(SAID | {"seed": None}))
    again = obspy_broadband.enrich(stream, **(SAID | {"seed": drawn.provenance["seed"]}))
    np.testing.assert_array_equal(drawn.records[0].realizations, again.records[0].realizations)
