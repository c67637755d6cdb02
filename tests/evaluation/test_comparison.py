import numpy as np
import pytest
from obspy import Stream

from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.comparison import compare

PERIODS = (0.1, 1.0)


@pytest.fixture
def ensemble(simulation, noise):
    return simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=12, seed=1)


def test_a_realization_compared_with_itself_is_perfect(ensemble):
    comparison = compare(ensemble[3:4], ensemble[3], periods=PERIODS)
    assert np.abs(comparison.residuals.to_numpy()).max() < 1e-6
    assert comparison.goodness.to_numpy() == pytest.approx(10, abs=1e-3)
    assert not comparison.skipped


def test_residuals_are_ln_recorded_over_generated(ensemble):
    recorded = ensemble[0]
    for trace in recorded:
        trace.data = 2.0 * trace.data
    residuals = compare(ensemble[:1], recorded, periods=PERIODS).residuals
    assert residuals["pga_m_s2"].to_numpy() == pytest.approx(np.log(2))
    assert residuals["arias_m_s"].to_numpy() == pytest.approx(np.log(4))
    assert residuals["d5_95_s"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_a_draw_of_the_ensemble_lies_inside_it(ensemble):
    summary = compare(ensemble, ensemble[5], periods=PERIODS).summary()
    assert summary.loc["sa_0.1s_m_s2", "inside_90"] == 1.0
    assert abs(summary.loc["pga_m_s2", "bias"]) < 0.3
    assert summary.loc["pga_m_s2", "within_ensemble"] > 0
    assert summary.loc["EG_below_corner", "score"] > 9


def test_records_are_cut_and_resampled_to_the_ensembles_instants(ensemble):
    recorded = ensemble[0]
    for trace in recorded:
        trace.data = np.concatenate([np.zeros(500), trace.data, np.zeros(700)])
        trace.stats.starttime -= 5.0
    early = compare(ensemble[:1], recorded, periods=PERIODS)
    assert np.abs(early.residuals.to_numpy()).max() < 1e-6
    faster = recorded.copy().resample(200.0)
    resampled = compare(ensemble[:1], faster, periods=(1.0,))
    assert resampled.goodness["EG_below_corner"].min() > 9.5


def test_what_cannot_be_compared_is_said(ensemble):
    recorded = ensemble[0].select(station="AAA")
    comparison = compare(ensemble, recorded, periods=PERIODS)
    assert comparison.skipped[0][0] == "XX.BBB..HX"
    assert set(comparison.residuals.index.get_level_values("station")) == {"XX.AAA..HX"}
    short = Stream(trace.copy() for trace in recorded)
    short.trim(endtime=short[0].stats.starttime + 10)
    with pytest.raises(InputError, match="does not cover"):
        compare(ensemble, short)
