"""Simulations without a date beside dated recordings; which record of a station is compared."""

import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Stream, UTCDateTime
from obspy.core.event import Event, Origin

from obspy_broadband import Ensemble
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.cases import cases_of_ensemble
from obspy_broadband.evaluation.evaluate import evaluate_ensemble

ORIGIN = UTCDateTime(2019, 11, 11, 10, 52, 45)


@pytest.fixture
def event():
    return Event(origins=[Origin(time=ORIGIN, latitude=44.5, longitude=4.7, depth=1000.0)])


def undated(stream, start=0.0, network="XX"):
    for trace in stream:
        trace.stats.starttime = UTCDateTime(0) + start
        trace.stats.network = network
    return stream


def recording(ensemble, shift=0.0):
    """Realization 0, as if it had been recorded: dated, longer, of a network."""
    stream = ensemble[0]
    for trace in stream:
        trace.stats.starttime = ORIGIN + (trace.stats.starttime - UTCDateTime(0)) - 5.0 + shift
        trace.stats.network = "XX"
        trace.data = np.concatenate([np.zeros(500), trace.data, np.zeros(500)])
    return stream


@pytest.mark.parametrize("start", [0.0, -3.0, 2.5])
def test_time_zero_is_the_origin_time(simulation, noise, start):
    ensemble = undated(simulation(duration=20), start).enrich(noise, n=2, seed=1)
    (case,), drawn, skipped = cases_of_ensemble(ensemble, recording(ensemble), origin_time=ORIGIN)
    assert not skipped
    assert np.allclose(case.recorded, drawn[case.name][0], atol=1e-9)


def test_without_an_origin_time_the_message_says_what_to_pass(simulation, noise):
    ensemble = undated(simulation(stations=("AAA", "BBB"), duration=20)).enrich(noise, n=2, seed=1)
    with pytest.raises(InputError, match="--origin-time 2019") as raised:
        evaluate_ensemble(ensemble, recording(ensemble))
    assert "event=" in str(raised.value)


def test_the_event_is_remembered_and_changes_nothing_else(simulation, noise, event, tmp_path):
    stream = undated(simulation(duration=20))
    plain = stream.enrich(noise, n=2, seed=1)
    ensemble = stream.enrich(noise, n=2, seed=1, event=event)
    assert ensemble.records[0].start == UTCDateTime(0)
    assert np.array_equal(ensemble.records[0].realizations, plain.records[0].realizations)
    assert ensemble.provenance["origin_time"] == str(ORIGIN)
    again = Ensemble.read(ensemble.write(tmp_path / "ensemble"))
    (case,), drawn, _ = cases_of_ensemble(again, recording(ensemble))
    assert np.allclose(case.recorded, drawn[case.name][0], atol=1e-6)
    assert "origin_time" not in simulation(duration=20).enrich(noise, event=event).provenance


def test_evaluating_takes_a_text_an_event_or_its_file(simulation, noise, event, tmp_path):
    ensemble = undated(simulation(duration=20)).enrich(noise, n=2, seed=1)
    event.write(str(tmp_path / "event.xml"), format="QUAKEML")
    for said in ({"origin_time": str(ORIGIN)}, {"event": event}, {"event": tmp_path / "event.xml"}):
        _, about, skipped = evaluate_ensemble(ensemble, recording(ensemble), **said)
        assert not skipped
        assert about["origin_time"] == str(ORIGIN)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"origin_time": "yesterday"}, "'yesterday'"),
        ({"origin_time": ORIGIN, "event": Event()}, "give one of them"),
        ({"event": Event()}, "no origin time"),
    ],
)
def test_what_gives_no_origin_time_is_refused(simulation, noise, said, told):
    ensemble = undated(simulation(duration=20)).enrich(noise, n=2, seed=1)
    with pytest.raises(InputError, match=told):
        evaluate_ensemble(ensemble, recording(ensemble), **said)


def test_an_ensemble_that_has_a_date_keeps_it(simulation, noise, event):
    ensemble = simulation(duration=20).enrich(noise, n=2, seed=1)
    with pytest.raises(InputError, match="simulations without a date"):
        evaluate_ensemble(ensemble, ensemble[0], origin_time=ORIGIN)
    _, about, _ = evaluate_ensemble(ensemble, ensemble[0], event=event)
    assert "origin_time" not in about


def test_two_without_a_date_are_compared_as_they_are(simulation, noise):
    ensemble = undated(simulation(duration=20)).enrich(noise, n=2, seed=1)
    (case,), drawn, _ = cases_of_ensemble(ensemble, ensemble[1])
    assert np.allclose(case.recorded, drawn[case.name][1], atol=1e-9)


def test_a_simulation_without_network_codes_is_matched_by_station(simulation, noise):
    ensemble = undated(simulation(duration=20), network="").enrich(noise, n=2, seed=1)
    recorded = recording(ensemble)
    with pytest.warns(UserWarning, match=r"station code alone.*\.AAA\.\.HX and XX\.AAA\.\.HX"):
        cases, _, skipped = cases_of_ensemble(ensemble, recorded, origin_time=ORIGIN)
    assert len(cases) == 1
    assert not skipped
    for trace in recorded.copy():
        trace.stats.network = "YY"
        recorded.append(trace)
    with pytest.raises(InputError, match="networks XX, YY"):
        cases_of_ensemble(ensemble, recorded, origin_time=ORIGIN)


def test_of_two_records_of_a_station_the_one_that_covers_its_time(simulation, noise):
    ensemble = undated(simulation(duration=20)).enrich(noise, n=2, seed=1)
    recorded, short = recording(ensemble), recording(ensemble)
    for trace in short:
        trace.stats.location = "00"
    short.trim(endtime=short[0].stats.starttime + 10)
    (case,), _, _ = cases_of_ensemble(ensemble, Stream(short + recorded), origin_time=ORIGIN)
    assert case.recorded.any()


@pytest.mark.parametrize("part", [0.5, -0.3])
@pytest.mark.parametrize("rate", [100.0, 200.0])
def test_records_that_begin_between_two_samples_are_shifted(simulation, noise, part, rate):
    """A sine is known between its samples."""
    ensemble = simulation(duration=20).enrich(noise, n=2, seed=1)
    start = ensemble.records[0].start
    recorded = ensemble[0]
    for trace in recorded:
        trace.stats.sampling_rate = rate
        trace.stats.starttime = start - 4.0 + part / 100.0
        times = trace.stats.starttime - start + np.arange(round(30 * rate)) / rate
        trace.data = np.sin(2 * np.pi * 7.0 * times)
    case = cases_of_ensemble(ensemble, recorded)[0][0]
    expected = np.sin(2 * np.pi * 7.0 * np.arange(case.recorded.shape[-1]) / 100.0)
    assert np.abs(case.recorded - expected).max() < 2e-3


def test_the_command(simulation, noise, tmp_path, event):
    ensemble = undated(simulation(duration=20), network="").enrich(noise, n=2, seed=1)
    ensemble.write(tmp_path / "ensemble")
    recorded = recording(ensemble)
    for trace in recorded:
        del trace.stats.broadband
    recorded.write(str(tmp_path / "recorded.mseed"), format="MSEED")
    event.write(str(tmp_path / "event.xml"), format="QUAKEML")

    def judge(*options):
        paths = (tmp_path / "ensemble", "--recorded", tmp_path / "recorded.mseed")
        return CliRunner().invoke(obb, ["evaluate", *map(str, (*paths, *options))])

    assert "--origin-time 2019-11-11T10:52:45" in judge().output
    for said in (("--origin-time", "2019-11-11T10:52:45"), ("--event", tmp_path / "event.xml")):
        result = judge("-u", "m/s**2", *said)
        assert result.exit_code == 0, result.output
        assert "station code alone" in result.output
    alone = CliRunner().invoke(
        obb, ["evaluate", str(tmp_path / "ensemble"), "--origin-time", "2019-11-11"]
    )
    assert "with --recorded" in alone.output


def test_radial_and_transverse_are_not_held_against_north_and_east(simulation, noise):
    stream = undated(simulation(duration=20))
    ensemble = stream.enrich(noise, n=2, seed=1)
    recorded = recording(ensemble)
    for trace in recorded:
        trace.stats.channel = trace.stats.channel.replace("N", "R").replace("E", "T")
    with pytest.raises(InputError, match=r"radial and transverse.*rotate") as raised:
        evaluate_ensemble(ensemble, recorded, origin_time=ORIGIN)
    assert str(raised.value).count("No station can be compared") == 1


def test_components_of_unknown_azimuth_are_said(simulation, noise):
    stream = simulation(duration=40)
    ensemble = stream.enrich(noise, n=2, seed=1)
    recorded = stream.copy()
    for trace, code in zip(recorded, "Z12"):
        trace.stats.channel = "HN" + code
    with pytest.warns(UserWarning, match="unknown azimuth .* XX.AAA..HN"):
        evaluate_ensemble(ensemble, recorded)
