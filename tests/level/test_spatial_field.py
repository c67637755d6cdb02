"""A field that every station evaluates by itself, with the correlation that was published."""

import numpy as np
import pytest

from obspy_broadband.level.spatial_field import _KEPT, correlation, field, place

NUMBERS = 48

LINE = np.array([0.0, 1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 300.0])  # km


@pytest.fixture(scope="module")
def drawn():
    """(realizations, places, NUMBERS) along a line."""
    places = [np.array([x, 7.0, 0.0]) for x in LINE]
    return np.array(
        [[field(f"7|{k}", position, NUMBERS) for position in places] for k in range(150)]
    )


def test_mean_variance_and_shape_are_those_of_a_standard_normal(drawn):
    # 150 · 48 draws a place; neighbouring places and numbers of one realization share little.
    assert abs(drawn.mean()) < 0.02
    np.testing.assert_allclose(drawn.var(axis=(0, 2)), 1.0, atol=0.06)
    kurtosis = (drawn**4).mean() / drawn.var() ** 2 - 3.0
    assert abs(kurtosis) < 0.15


def test_numbers_of_a_place_are_independent(drawn):
    products = np.einsum("rpi,rpj->ij", drawn, drawn) / (drawn.shape[0] * drawn.shape[1])
    off = products[~np.eye(NUMBERS, dtype=bool)]
    assert np.abs(off).max() < 0.2
    assert abs(off.mean()) < 0.01


def test_correlation_falls_with_distance_as_published(drawn):
    measured = (drawn[:, :1] * drawn).mean(axis=(0, 2))
    np.testing.assert_allclose(measured, correlation(LINE), atol=0.04)


def test_the_published_values():
    # Loth and Baker (2013) with the erratum: at 0.2 s and 10 km, 0.27 exp(-1.5) + 0.45 exp(-3/7).
    published = 0.27 * np.exp(-1.5) + 0.45 * np.exp(-3 / 7)
    assert correlation(10.0) == pytest.approx(published, abs=0.03)
    assert correlation(0.0) == pytest.approx(1.0)
    assert correlation(1e-9) < 0.8  # the nugget is of one place alone


def test_directions_are_alike():
    near = [np.zeros(3), *(15.0 * np.eye(3))]
    many = np.array([[field(f"d{k}", position, NUMBERS) for position in near] for k in range(100)])
    along = (many[:, :1] * many).mean(axis=(0, 2))[1:]
    np.testing.assert_allclose(along, correlation(15.0), atol=0.05)


def test_a_place_has_its_numbers_alone_and_in_company():
    alone = field("7|0", place(44.5, 4.6), NUMBERS)
    for other in ((44.6, 4.6), (10.0, 100.0)):
        field("7|0", place(*other), NUMBERS)
    for other in range(_KEPT + 1):  # its waves are drawn again
        field(f"7|{other + 1}", place(44.5, 4.6), 1)
    np.testing.assert_array_equal(field("7|0", place(44.5, 4.6), NUMBERS), alone)
    assert not np.array_equal(field("7|1", place(44.5, 4.6), NUMBERS), alone)
    assert not np.array_equal(field("8|0", place(44.5, 4.6), NUMBERS), alone)


def test_distances_on_the_earth():
    from obspy.geodetics import gps2dist_azimuth

    for other in ((44.6, 4.6), (44.5, 5.6), (46.0, 6.0)):
        chord = np.linalg.norm(place(44.5, 4.6) - place(*other))
        assert chord == pytest.approx(gps2dist_azimuth(44.5, 4.6, *other)[0] / 1000, rel=0.005)
