import numpy as np
import pytest

from obspy_broadband.level.conditional import condition_gaussian
from obspy_broadband.level.residuals import (
    correlation,
    square_root,
    standard_deviation,
)

FREQUENCIES = np.geomspace(0.1, 24, 30)


def test_correlation_is_that_published():
    pygmm = pytest.importorskip("pygmm")
    expected = pygmm.BaylessAbrahamson2018.corr(FREQUENCIES)
    assert np.abs(correlation(FREQUENCIES) - expected).max() < 0.02
    assert correlation(FREQUENCIES) == pytest.approx(correlation(FREQUENCIES).T)


def test_standard_deviation_is_that_published():
    pygmm = pytest.importorskip("pygmm")
    table = pygmm.BaylessAbrahamson2018.COEFF
    expected = np.interp(FREQUENCIES, table["freq_hz"], table["sigma"])
    assert standard_deviation(FREQUENCIES) == pytest.approx(expected, abs=0.03)


def test_neighbours_are_alike_and_far_apart_are_not():
    matrix = correlation(np.array([1.0, 1.1, 10.0]))
    assert matrix[0, 1] > 0.75
    assert matrix[0, 2] < 0.3
    assert (np.diag(matrix) == 1).all()


def test_conditioning_is_that_of_two_variables():
    """Textbook: mean rho s2/s1 x, variance s2² (1 - rho²)."""
    covariance = np.array([[4.0, 1.8], [1.8, 9.0]])
    weights, rest, _ = condition_gaussian(covariance, np.array([True, False]), noise=0.0)
    assert weights == pytest.approx(np.array([[0.45]]))
    assert rest == pytest.approx(np.array([[9.0 - 0.81]]))


def test_what_is_observed_exactly_leaves_nothing_open():
    covariance = correlation(FREQUENCIES)
    doubled = np.block([[covariance, covariance], [covariance, covariance]])
    observed = np.arange(60) < 30
    _, rest, _ = condition_gaussian(doubled + 1e-9 * np.eye(60), observed, noise=0.0)
    assert np.abs(rest).max() < 1e-4


def test_square_root_makes_draws_of_the_covariance():
    covariance = correlation(FREQUENCIES)
    root = square_root(covariance)
    assert root @ root.T == pytest.approx(covariance, abs=0.02)
