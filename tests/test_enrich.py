import importlib
import json

import numpy as np
import pytest
from obspy import Stream
from scipy.ndimage import uniform_filter1d

import obspy_broadband
from obspy_broadband import Method
from obspy_broadband.enrich import realization_seeds
from obspy_broadband.errors import InputError, MethodError
from obspy_broadband.signal.filters import band_limit


def arrays(stream):
    return np.array([trace.data for trace in stream])


def test_importing_the_package_gives_streams_their_methods():
    assert Stream.enrich is obspy_broadband.enrich
    assert Stream.broadband is obspy_broadband.broadband


def test_the_line_itself(simulation, any_method):
    stream = simulation(stations=("AAA", "BBB"))
    before = stream.copy()
    ensemble = stream.enrich(any_method, n=3, seed=7)
    assert len(ensemble) == 3
    assert stream == before
    for realization in ensemble:
        assert [trace.id for trace in realization] == [trace.id for trace in stream]
        for generated, given in zip(realization, stream):
            assert generated.stats.sampling_rate == 100.0
            assert generated.stats.starttime == given.stats.starttime
            assert abs(generated.stats.endtime - given.stats.endtime) < 0.01
            assert generated.stats.units == "m/s**2"


@pytest.mark.parametrize("corner", [0.5, 1.0, 2.5])
def test_no_method_can_damage_the_low_frequencies(simulation, any_method, corner):
    """Within 1 % below 0.8 corner and at most one sample of lag."""
    stream = simulation(corner=corner, duration=60)
    ensemble = stream.enrich(any_method, n=2, seed=1, corner=corner)
    given = arrays(ensemble.low_frequency)
    frequencies = np.fft.rfftfreq(given.shape[-1], 0.01)
    band = (frequencies > 0.15 * corner) & (frequencies < 0.8 * corner)
    spectrum = np.abs(np.fft.rfft(given))
    smooth = np.sqrt(uniform_filter1d(spectrum**2, 5, axis=-1))[:, band]
    for realization in ensemble:
        generated = arrays(realization)
        difference = np.abs(np.fft.rfft(generated - given))[:, band]
        assert (difference < 0.01 * smooth).all()
        below = band_limit(np.stack([given, generated]), 100.0, 0.64 * corner)
        for a, b in zip(*below):
            assert abs(np.argmax(np.correlate(b, a, mode="full")) - (len(a) - 1)) <= 1


def test_a_realization_is_the_same_bytes_whatever_is_computed_beside_it(simulation, any_method):
    stream = simulation(stations=("AAA", "BBB", "CCC"), duration=30)
    all_of_them = stream.enrich(any_method, n=20, seed=7)
    fewer = stream.enrich(any_method, n=4, seed=7)
    assert np.array_equal(arrays(all_of_them[3]), arrays(fewer[3]))
    alone = stream.select(station="BBB").enrich(any_method, n=4, seed=7)
    assert np.array_equal(arrays(all_of_them[3].select(station="BBB")), arrays(alone[3]))
    backwards = Stream(stream.traces[::-1]).enrich(any_method, n=4, seed=7)
    for trace in backwards[2]:
        assert np.array_equal(trace.data, all_of_them[2].select(id=trace.id)[0].data)


def test_small_batches_give_the_same_bytes(simulation, any_method, monkeypatch):
    stream = simulation(stations=("AAA", "BBB", "CCC"), duration=30)
    expected = stream.enrich(any_method, n=5, seed=7)
    monkeypatch.setattr(importlib.import_module("obspy_broadband.enrich"), "CHUNK", 1)
    assert stream.enrich(any_method, n=5, seed=7) == expected


def test_seeds(simulation, noise):
    stream = simulation()
    assert stream.enrich(noise, n=2, seed=7) == stream.enrich(noise, n=2, seed=7)
    assert stream.enrich(noise, n=2, seed=8) != stream.enrich(noise, n=2, seed=7)
    drawn = stream.enrich(noise, n=2)
    assert stream.enrich(noise, n=2, seed=drawn.provenance["seed"]) == drawn


def test_realization_seeds_tell_stations_events_and_realizations_apart():
    cases = [(7, "XX.A..HX", 0), (7, "XX.B..HX", 0), (7, "XX.A..HX", 10**9), (8, "XX.A..HX", 0)]
    seeds = np.concatenate([realization_seeds(*case, 50) for case in cases])
    assert len(set(seeds.tolist())) == 200
    assert np.array_equal(realization_seeds(*cases[0], 9)[:4], realization_seeds(*cases[0], 4))


@pytest.mark.parametrize("components", ["Z", "E", "ZRT", "21Z", "XYZ"])
def test_components_come_back_as_they_came(simulation, noise, components):
    stream = simulation(components=components)
    generated = stream.broadband(noise, seed=1)
    assert [trace.id for trace in generated] == [trace.id for trace in stream]
    for a, b in zip(generated, stream):
        low = band_limit(a.data, 100.0, 0.6)
        expected = band_limit(b.data, 50.0, 0.6, 100.0)
        assert np.abs(low - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("rate", "duration"), [(12.5, 5.0), (20.0, 33.3), (128.0, 60.0), (250.0, 20.0), (50.0, 600.0)]
)
def test_any_rate_and_length(simulation, windowed_noise, rate, duration):
    stream = simulation(sampling_rate=rate, duration=duration)
    if duration < 14:
        for trace in stream:
            trace.data = np.random.default_rng(0).normal(size=trace.stats.npts)
    generated = stream.broadband(windowed_noise, seed=1)
    assert generated[0].stats.sampling_rate == 100.0
    assert abs(generated[0].stats.endtime - stream[0].stats.endtime) <= 0.01 + 1e-9


def test_a_record_may_start_in_the_middle_of_the_shaking(simulation, noise):
    stream = simulation(duration=60).trim(simulation()[0].stats.starttime + 16.234)
    ensemble = stream.enrich(noise, n=2, seed=3)
    for generated, given in zip(ensemble[0], ensemble.low_frequency):
        velocity = np.cumsum(generated.data - given.data) / 100
        assert abs(velocity[-1]) < 0.05 * np.abs(velocity).max()


def test_the_same_motion_in_other_units_is_the_same_ensemble(simulation, noise):
    stream = simulation()
    other = stream.copy()
    for trace in other:
        trace.data = trace.data * 100.0
    expected = stream.enrich(noise, n=2, seed=3)
    found = other.enrich(noise, n=2, seed=3, units="cm/s**2")
    for a, b in zip(expected, found):
        assert np.allclose(arrays(a), arrays(b), rtol=1e-5, atol=1e-9)


def test_the_output_scales_with_the_input(simulation, noise):
    stream = simulation()
    larger = stream.copy()
    for trace in larger:
        trace.data = 8.0 * trace.data
    a, b = stream.broadband(noise, seed=3), larger.broadband(noise, seed=3)
    assert np.allclose(8.0 * arrays(a), arrays(b), rtol=1e-5, atol=1e-9)


def test_scenarios_reach_the_method_and_the_provenance(simulation):
    seen = []

    class Listener(Method):
        summary = citation = "None"
        samples = None

        def realize(self, batch, seeds):
            seen.extend(batch.scenarios)
            return np.repeat(batch.low_frequency[:, None], seeds.shape[1], axis=1)

    stream = simulation(stations=("AAA", "BBB"))
    ensemble = stream.enrich(Listener(), seed=1, magnitude=5.5, distance={"AAA": 10, "BBB": None})
    assert [(s.magnitude, s.distance_km) for s in seen] == [(5.5, 10.0), (5.5, None)]
    assert ensemble.provenance["stations"][0]["scenario"]["distance_km"] == 10.0


def test_everything_needed_to_draw_again_is_in_the_provenance(simulation, noise):
    provenance = simulation().enrich(noise, n=2, seed=7).provenance
    assert json.loads(json.dumps(provenance)) == provenance
    for key in ("method", "method_distribution", "options", "seed", "corner_hz", "software"):
        assert key in provenance
    assert provenance["stations"][0]["input_units"] == "m/s**2"
    assert len(provenance["stations"][0]["input_sha256"]) == 64


def test_every_stage_leaves_a_line(simulation, noise):
    lines = simulation().broadband(noise, seed=7)[0].stats.processing
    assert [line.split(": ")[1].split("(")[0] for line in lines] == [
        "read",
        "prepare",
        "realize",
        "hybridize",
    ]
    assert "seed=7" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": 2.5}, "whole number"),
        ({"seed": -1}, "seed is -1"),
        ({"corner": 30.0}, "nothing above 25 Hz"),
        ({"corner": 0.0}, "from 0.05 to 40 Hz"),
        ({"corner": "high"}, "'high'"),
        ({"units": "furlongs"}, "furlongs"),
        ({"magnitude": 11}, "magnitude is 11"),
        ({"on_bad": "ignore"}, "'raise' or 'skip'"),
    ],
)
def test_a_mistake_is_one_clear_message(simulation, noise, arguments, message):
    with pytest.raises(InputError, match=message):
        simulation().enrich(noise, **arguments)


def test_unknown_methods_and_options_name_the_known_ones(simulation):
    with pytest.raises(MethodError, match="Did you mean 'stochastic'"):
        simulation().enrich("stochastik")
    with pytest.raises(InputError, match="options"):
        simulation().enrich("stochastic", no_such_option=1)


def test_bad_stations_are_an_error_or_skipped_with_a_reason(simulation, noise):
    stream = simulation(stations=("AAA", "BBB", "CCC"))
    stream[3].data[5] = np.nan
    with pytest.raises(InputError, match=r"XX\.BBB\..*NaN"):
        stream.enrich(noise, seed=1)
    with pytest.warns(UserWarning, match="Skipped 1 station"):
        ensemble = stream.enrich(noise, seed=1, on_bad="skip")
    assert ensemble.stations == ["XX.AAA..HX", "XX.CCC..HX"]
    assert ensemble.provenance["skipped"][0]["id"] == "XX.BBB..HX"
    with pytest.raises(InputError):
        stream.select(station="BBB").enrich(noise, on_bad="skip")


@pytest.mark.parametrize("what", ["shape", "nan"])
def test_a_method_that_breaks_its_promise_is_named(simulation, what):
    class Liar(Method):
        summary = citation = "None"
        samples = None

        def realize(self, batch, seeds):
            drawn = np.repeat(batch.low_frequency[:, None], seeds.shape[1], axis=1)
            return drawn[..., :-1] if what == "shape" else drawn * np.nan

    with pytest.raises(MethodError, match=r"Liar\.realize"):
        simulation().enrich(Liar())


def test_broadband_is_the_first_realization(simulation, noise):
    stream = simulation()
    assert np.array_equal(
        arrays(stream.broadband(noise, seed=2)), arrays(stream.enrich(noise, n=3, seed=2)[0])
    )
    with pytest.raises(InputError, match="enrich"):
        stream.broadband(noise, n=3)


@pytest.mark.parametrize(("wrong", "right"), [("unit", "units"), ("corners", "corner")])
def test_a_misspelt_argument_is_told_from_an_option(simulation, wrong, right):
    with pytest.raises(InputError, match=rf"Unknown option '{wrong}'.*{right}="):
        simulation().enrich(n=1, **{wrong: "g"})
