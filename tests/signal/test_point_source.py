import numpy as np
import pytest

from obspy_broadband.signal import point_source

FREQUENCIES = np.geomspace(0.05, 40, 60)


def test_moment_of_magnitude():
    assert point_source.seismic_moment(6.0) == pytest.approx(1.12e18, rel=0.01)


def test_the_source_spectrum_has_two_asymptotes():
    """Acceleration rises with f² below the source's corner f_c and is flat above."""
    f_c = point_source.source_corner(5.0, 11.0)
    ratio = lambda a, b: np.divide(  # noqa: E731
        *point_source.fourier_spectrum(np.array([a, b]), 5.0, 1.0, kappa_s=0.0)
    )
    assert 0.3 < f_c < 3.0
    low = ratio(f_c / 50, f_c / 25)
    assert low == pytest.approx(0.25, rel=0.1)


def test_kappa_is_the_slope_of_the_logarithm():
    with_kappa = point_source.fourier_spectrum(FREQUENCIES, 5.0, 20.0, kappa_s=0.05)
    without = point_source.fourier_spectrum(FREQUENCIES, 5.0, 20.0, kappa_s=0.0)
    assert np.log(with_kappa / without) == pytest.approx(-np.pi * 0.05 * FREQUENCIES)


def test_spectra_grow_with_magnitude_and_fall_with_distance_and_stiffness():
    spectrum = point_source.fourier_spectrum
    assert (spectrum(FREQUENCIES, 6.0, 20.0) > spectrum(FREQUENCIES, 5.0, 20.0)).all()
    assert (spectrum(FREQUENCIES, 6.0, 20.0) > spectrum(FREQUENCIES, 6.0, 60.0)).all()
    soft = spectrum(FREQUENCIES, 6.0, 20.0, vs30_m_s=250.0)
    low = FREQUENCIES < 5
    assert (soft > spectrum(FREQUENCIES, 6.0, 20.0, vs30_m_s=760.0))[low].all()


def test_duration_is_source_plus_path():
    at_1_km, at_100_km = (point_source.duration(5.0, r, 11.0) for r in (1.0, 100.0))
    assert at_100_km > at_1_km + 5
    assert point_source.duration(7.0, 1.0, 11.0) > at_1_km + 3
    assert point_source.duration(5.0, 400.0, 11.0) > point_source.duration(5.0, 300.0, 11.0)


def test_p_is_strongest_on_the_vertical():
    share = point_source.p_wave_share(FREQUENCIES, 5.0, 11.0)
    assert (share[0] > 3 * share[1]).all()
    assert ((share > 0) & (share < 1)).all()
    assert share[0, -1] > share[0, 0]  # P has the higher corner frequency
