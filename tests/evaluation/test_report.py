"""From cases to a report: what is measured, what is said, and what nothing may see."""

import dataclasses
import importlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Stream

from obspy_broadband import Method, Scenario
from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation import tables
from obspy_broadband.evaluation.cases import Case, cases_of_ensemble, cases_of_records, draw
from obspy_broadband.evaluation.evaluate import evaluate_on_store
from obspy_broadband.evaluation.judging import judge
from obspy_broadband.evaluation.report import write_report
from obspy_broadband.evaluation.rows import reference_rows, rows_of
from obspy_broadband.method.registry import create
from obspy_broadband.records.windows import prepare
from obspy_broadband.request import Request

# The package's attribute of this name is the function.
enrich = importlib.import_module("obspy_broadband.enrich")

PERIODS = (0.1, 0.3, 1.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    simulate(Population(records=75, per_event=3, seed=5, distances_km=(5, 60)), folder)
    return folder


@pytest.fixture(scope="module")
def cases(store):
    opened = Store(store)
    return list(cases_of_records(opened, opened.select("test", "mps2")[:5], 1.0))


class Spy(Method):
    """Keeps what it is handed; answers with noise of its seeds, which differs between windows."""

    summary = citation = "A test"
    samples = 4096

    def realize(self, batch, seeds):
        self.batch = batch
        noise = [
            [np.random.default_rng(seed).normal(size=(3, self.samples)) for seed in row]
            for row in seeds
        ]
        return np.array(noise)


def above_corner(motion):
    """The largest Fourier amplitude above 1.5 Hz, over that below; the corner is 1 Hz."""
    spectrum = np.abs(np.fft.rfft(motion * np.hanning(motion.shape[-1])))
    above = np.fft.rfftfreq(motion.shape[-1], 0.01) > 1.5
    return spectrum[..., above].max() / spectrum[..., ~above].max()


def reachable(value, seen=None):
    """All arrays that can be reached from an object by its attributes and items."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from reachable(part, seen)
    elif hasattr(value, "__dict__"):
        yield from reachable(list(vars(value).values()), seen)


def test_a_method_is_handed_low_frequencies_corner_and_metadata_and_nothing_else(cases):
    spy = Spy()
    draw(spy, cases[0], 2)
    batch = spy.batch
    assert batch.broadband is None
    assert len(batch) == 4  # windows of 40.96 s that cover 95 s
    assert batch.scenarios == (cases[0].scenario,) * 4
    assert above_corner(batch.low_frequency) < 1e-3 < 0.1 < above_corner(cases[0].recorded)
    # One scale, that of the low frequencies.
    assert np.abs(batch.low_frequency).max() == pytest.approx(1.0)
    assert (batch.scale == np.abs(cases[0].low_frequency).max()).all()


def test_nothing_behind_a_case_holds_the_target(cases, monkeypatch):
    """Neither what is drawn from nor the batch: every array there ends at the corner."""
    prepared = []

    def draw_and_keep(items, method, request):
        prepared.extend(items)
        return enrich.draw(items, method, request)

    monkeypatch.setattr("obspy_broadband.evaluation.cases.draw_records", draw_and_keep)
    case, spy = cases[0], Spy()
    draw(spy, case, 2)
    signals = [values for values in reachable([prepared, spy]) if values.shape[-1:] > (1000,)]
    assert len(signals) == 2  # the record and the windows
    for values in signals:
        assert not np.shares_memory(values, case.recorded)
        assert above_corner(values) < 1e-3
    with pytest.raises(AssertionError, match="must not be handed the target"):
        Case("a", "b", dataclasses.replace(case.input, data=case.recorded), case.recorded, 1.0)
    leaking = dataclasses.replace(spy.batch, broadband=np.zeros_like(spy.batch.low_frequency))
    with pytest.raises(AssertionError, match="must not be handed the target"):
        dataclasses.replace(case, thesis_window=leaking)


@pytest.mark.parametrize("method", [Spy(), create("stochastic", {})], ids=["windows", "stochastic"])
def test_a_case_is_drawn_as_its_low_frequencies_are_enriched(store, method):
    """The same bytes: windows, seeds and joining are those of a user who has this simulation."""
    opened = Store(store)
    record = opened.select("test", "mps2")[0]
    case = next(cases_of_records(opened, [record], 0.7))
    p = int(opened.columns["p_sample"][record])
    assert np.array_equal(case.recorded, opened.motion(record, p - 500).astype(float))
    item = prepare(dataclasses.replace(case.input, data=case.recorded), method, 0.7)
    request = Request(n=3, seed=5)
    ((_, parts),) = enrich.draw([item], method, request)
    assert np.array_equal(draw(method, case, 3, seed=5), np.concatenate(parts))
    seeds = enrich.realization_seeds(5, case.name, case.input.start.ns, 3)
    assert np.array_equal(case.seeds(3, 5), seeds)


def test_a_method_of_another_sampling_rate_is_refused(cases):
    slow = Spy()
    slow.sampling_rate = 50.0
    with pytest.raises(InputError, match="50 Hz"):
        draw(slow, cases[0], 1)


@pytest.fixture(scope="module")
def judged(cases):
    def louder(case, realizations, seed):
        return np.exp(-0.5) * case.recorded[None].repeat(realizations, axis=0)

    return judge(cases, {"louder": louder, **reference_rows()}, 4, periods=PERIODS)


def test_a_known_factor_is_found_in_every_amplitude(judged):
    measures = tables.by_measure(judged)
    louder = measures[measures["row"] == "louder"].set_index("measure")
    for name in ("sa_0.1s_m_s2", "pga_m_s2", "pgv_m_s", "cav_m_s", "fas_5hz_m_s"):
        assert louder.loc[name, "bias"] == pytest.approx(0.5)
        assert louder.loc[name, "crps"] == pytest.approx(0.5)
    assert louder.loc["arias_m_s", "bias"] == pytest.approx(1.0)
    for name in ("d5_95_s", "v_over_h_5hz", "h1_over_h2_5hz", "p_arrival_s"):
        assert louder.loc[name, "bias"] == pytest.approx(0.0, abs=1e-9)
    assert louder["spread"].max() < 1e-6


def test_the_reference_rows_are_what_they_are_for(judged):
    summary = tables.summary(judged)
    assert list(summary.index) == [
        "louder",
        "copy",
        "inverse filter",
        "stochastic",
        "oracle envelope",
    ]
    assert summary.loc["oracle envelope", "crps_sa"] < 0.2
    assert summary.loc["copy", "crps_sa"] > 2 * summary.loc["oracle envelope", "crps_sa"]
    assert summary.loc["inverse filter", "PG_above_corner"] < 7  # no leak
    for row in ("copy", "stochastic", "oracle envelope"):
        assert summary.loc[row, "low_frequency_least"] > 0.98
        assert summary.loc[row, "low_frequency_most"] < 1.02
        assert summary.loc[row, "lag_samples"] == 0
    assert summary.loc["louder", "low_frequency_most"] == pytest.approx(np.exp(-0.5), rel=0.05)


def test_better_is_a_statement_with_a_p_value(judged):
    compared = tables.comparisons(judged, "oracle envelope", ["copy", "louder"])
    assert (compared["difference"] < 0).all()
    assert (compared["p_value"] < 0.05).all()
    assert compared["events"].iloc[0] == len(set(judged.events))
    back = tables.comparisons(judged, "copy", ["oracle envelope"])
    assert back["p_value"].iloc[0] > 0.95


def test_under_the_thesis_protocol_the_leak_is_seen(store):
    judged, _ = evaluate_on_store("stochastic", store, protocol="thesis", realizations=2, limit=3)
    summary = tables.summary(judged)
    assert summary.loc["inverse filter", "EG"] > 9.9
    assert summary.loc["inverse filter", "PG"] > 9.9
    assert summary.loc["stochastic", "PG"] < 8
    assert not judged.draws  # levels mean nothing where the target's peak is given away


@pytest.fixture(scope="module")
def on_store(store):
    return evaluate_on_store("stochastic", store, realizations=6, limit=5)


def test_the_report_is_one_page_that_needs_nothing_beside_it(on_store, tmp_path):
    judged, provenance = on_store
    report = write_report(judged, tmp_path, "A test.", provenance)
    page = (tmp_path / "report.html").read_text()
    assert "level ridge" in report.summary.index
    assert page.count("data:image/png;base64,") == 7
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    for row in report.summary.index:
        assert row in page
    assert "clean protocol" in page
    assert any("stochastic is" in one and "p = " in one for one in report.statements)
    whole = json.loads((tmp_path / "report.json").read_text())
    assert whole["protocol"] == "clean"
    assert whole["provenance"]["split"] == "test"
    measures = pd.read_csv(tmp_path / "by_measure.csv")
    assert {"bias", "bias_5", "crps", "coverage_90", "spread_ratio"} <= set(measures)
    assert set(pd.read_csv(tmp_path / "by_scenario.csv")["by"]) <= {"magnitude", "distance_km"}
    assert len(pd.read_csv(tmp_path / "residuals.csv")) == 5 * 5


def test_of_one_record_nothing_is_said_of_spread_or_better(simulation, noise, tmp_path):
    ensemble = simulation(duration=20).enrich(noise, n=4, seed=1)
    cases, drawn, _ = cases_of_ensemble(ensemble, ensemble[0])
    judged = judge(cases, folder_rows(drawn), 4, periods=PERIODS)
    report = write_report(judged, tmp_path)
    assert not report.statements
    assert report.summary["spread pga_m_s2"].isna().all()
    assert report.summary["spread_ratio"].isna().all()


def test_the_level_ridge_beats_a_copy(on_store):
    summary = tables.summary(on_store[0])
    assert summary.loc["level ridge", "crps_sa"] < 0.7 * summary.loc["copy", "crps_sa"]


@pytest.fixture
def ensemble(simulation, noise):
    return simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=12, seed=1)


def folder_rows(drawn):
    return {"generated": lambda case, *_: drawn[case.name], "copy": reference_rows()["copy"]}


def test_an_ensemble_beside_its_own_realization(ensemble):
    cases, drawn, skipped = cases_of_ensemble(ensemble, ensemble[3])
    assert not skipped
    assert np.allclose(cases[0].recorded, drawn[cases[0].name][3], rtol=1e-6, atol=1e-9)
    judged = judge(cases, folder_rows(drawn), 12, periods=PERIODS)
    assert judged.is_one_event
    measures = tables.by_measure(judged).set_index(["row", "measure"])
    assert measures.loc[("generated", "sa_0.1s_m_s2"), "coverage_90"] == 1.0
    assert abs(measures.loc[("generated", "pga_m_s2"), "bias"]) < 0.3


def test_records_are_cut_and_resampled_to_the_ensembles_instants(ensemble):
    recorded = ensemble[0]
    for trace in recorded:
        trace.data = np.concatenate([np.zeros(500), trace.data, np.zeros(700)])
        trace.stats.starttime -= 5.0
    case = cases_of_ensemble(ensemble, recorded)[0][0]
    expected = cases_of_ensemble(ensemble, ensemble[0])[0][0]
    assert np.allclose(case.recorded, expected.recorded, atol=1e-9)
    faster = recorded.copy().resample(200.0)
    resampled = cases_of_ensemble(ensemble, faster)[0][0]
    error = np.abs(resampled.recorded - expected.recorded)[:, 200:-200].max()
    assert error < 0.2 * np.abs(expected.recorded).max()


def test_what_cannot_be_compared_is_said(ensemble, simulation, noise):
    recorded = ensemble[0].select(station="AAA")
    cases, _, skipped = cases_of_ensemble(ensemble, recorded)
    assert [case.name for case in cases] == ["XX.AAA..HX"]
    assert skipped[0][0] == "XX.BBB..HX"
    short = Stream(trace.copy() for trace in recorded)
    short.trim(endtime=short[0].stats.starttime + 10)
    with pytest.raises(InputError, match="does not cover"):
        cases_of_ensemble(ensemble, short)
    one = simulation(components="Z", duration=20).enrich(noise, n=2, seed=1)
    with pytest.raises(InputError, match="three are judged"):
        cases_of_ensemble(one, one[0])


def test_metadata_of_an_ensemble_reach_the_reference_rows(simulation, noise):
    ensemble = simulation(duration=20).enrich(noise, n=2, seed=1, magnitude=5.5, distance=30.0)
    case = cases_of_ensemble(ensemble, ensemble[0])[0][0]
    assert case.scenario == Scenario(magnitude=5.5, distance_km=30.0)


def test_rows_are_named_and_the_judged_one_comes_first():
    assert next(iter(rows_of(Spy(), "spy"))) == "spy"
    assert set(rows_of()) == {"copy", "inverse filter", "stochastic", "oracle envelope"}


def invoke(*arguments):
    return CliRunner().invoke(obb, ["evaluate", *map(str, arguments)])


def test_the_command_judges_a_method(store, tmp_path):
    result = invoke("-m", "stochastic", "--data", store, "--limit", 2, "-n", 4, "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "level ridge" in result.output
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs GENERATED, alone or with --recorded, or --method and --data"),
        (["-m", "stochastic"], "--method needs --data"),
        (["-m", "nothing", "--data", "STORE"], "Unknown method 'nothing'"),
        (["-m", "stochastic", "--data", "/nowhere"], "no finished training store"),
        (["-m", "stochastic", "--data", "STORE", "--corner", "0.05"], "no records in the test"),
    ],
)
def test_mistakes_get_one_message(store, arguments, message):
    result = invoke(*[str(store) if one == "STORE" else one for one in arguments])
    assert result.exit_code == 1
    assert message in result.output
