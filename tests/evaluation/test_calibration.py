import numpy as np
import pytest
from scipy.special import erf

from obspy_broadband.data.event_weights import event_weights
from obspy_broadband.evaluation.calibration import (
    bootstrap,
    coverage,
    crps,
    pit,
    spread_ratio,
)
from obspy_broadband.evaluation.correlation import baker_jayaram, within_ensembles

RNG = np.random.default_rng(0)


def test_crps_is_that_of_the_normal_distribution():
    y = np.array([0.0, 0.7, -2.0])
    draws = RNG.normal(size=(3, 200_000))
    density = np.exp(-0.5 * y**2) / np.sqrt(2 * np.pi)
    expected = y * erf(y / np.sqrt(2)) + 2 * density - 1 / np.sqrt(np.pi)  # Gneiting et al., 2005
    assert crps(draws, y) == pytest.approx(expected, abs=5e-3)


def test_crps_of_one_realization_is_the_absolute_error():
    assert crps(np.array([[2.0], [-1.0]]), np.array([0.5, -1.0])).tolist() == [1.5, 0.0]


def test_crps_does_not_depend_on_how_many_are_drawn():
    y = RNG.normal(size=20_000)
    few, many = (crps(RNG.normal(size=(20_000, n)), y).mean() for n in (3, 30))
    assert few == pytest.approx(many, abs=0.01)


@pytest.mark.parametrize(("width", "share"), [(1.0, 0.9), (0.5, 0.59), (2.0, 0.999)])
def test_coverage_of_right_narrow_and_wide_ensembles(width, share):
    draws, y = width * RNG.normal(size=(20_000, 39)), RNG.normal(size=20_000)
    assert coverage(draws, y, 0.9).mean() == pytest.approx(share, abs=0.03)


def test_ranks_of_the_truth_are_flat():
    draws, y = RNG.normal(size=(50_000, 9)), RNG.normal(size=50_000)
    counts, _ = np.histogram(pit(draws, y), bins=10, range=(-0.05, 1.05))
    assert counts / 50_000 == pytest.approx(np.full(10, 0.1), abs=0.01)


def test_the_spread_ratio_knows_the_size_of_an_ensemble_and_forgives_a_bias():
    y, weights = RNG.normal(size=30_000), np.full(30_000, 1 / 30_000)
    for n in (4, 40):
        draws = RNG.normal(size=(30_000, n))
        assert spread_ratio(draws, y + 3.0, weights) == pytest.approx(1.0, abs=0.02)
        assert spread_ratio(0.5 * draws, y, weights) < 0.7


def test_every_event_counts_alike():
    events = np.array(["a", "a", "a", "b"])
    assert event_weights(events).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    resampled = bootstrap(np.array([1.0, 1.0, 1.0, 3.0]), events, draws=4000)
    assert set(np.round(resampled, 9)) == {1.0, 2.0, 3.0}  # whole events are drawn
    assert resampled.mean() == pytest.approx(2.0, abs=0.05)


def test_the_bootstraps_interval_is_that_of_the_events_mean():
    events = np.repeat(np.arange(60), 5)
    values = RNG.normal(size=60)[events] + 0.1 * RNG.normal(size=300)
    spread = bootstrap(values, events).std()
    assert spread == pytest.approx(1 / np.sqrt(60), rel=0.3)  # not 1 / sqrt(300)


def test_correlation_between_periods_as_published():
    periods = np.array([0.01, 0.1, 0.2, 1.0, 5.0])
    found = baker_jayaram(periods)
    assert np.diag(found) == pytest.approx(1.0, abs=1e-6)
    assert np.allclose(found, found.T)
    # Branches of the model by hand: both above 0.109 s, both below, one on each side.
    by_hand = 1 - np.cos(np.pi / 2 - 0.366 * np.log(1.0 / 0.2))
    assert found[2, 3] == pytest.approx(by_hand)
    rise = 1 - 1 / (1 + np.exp(5.0))
    assert found[0, 1] == pytest.approx(1 - 0.105 * rise * 0.09 / 0.0901)
    assert 0.1 < found[0, 4] < found[0, 3] < found[0, 2] < 0.95
    published = pytest.importorskip("pygmm.baker_jayaram_2008").calc_correls
    for period, row in zip(periods, found):
        assert row == pytest.approx(published(periods, period))


def test_correlation_within_ensembles_leaves_the_records_out():
    covariance = np.array([[1.0, 0.6], [0.6, 1.0]])
    draws = RNG.multivariate_normal([0, 0], covariance, (400, 50))
    draws += 10 * RNG.normal(size=(400, 1, 1))  # what all realizations of a record share
    assert within_ensembles(draws)[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.isnan(within_ensembles(np.zeros((3, 4, 2)))).all()
