import numpy as np
import pytest

from obspy_broadband.signal.spectra import (
    effective_amplitude,
    fourier_amplitude,
    konno_ohmachi_weights,
    smooth_konno_ohmachi,
)

FS = 100.0


def test_parseval():
    x = np.random.default_rng(0).normal(size=4001)
    frequencies, amplitude = fourier_amplitude(x, FS)
    step = frequencies[1]
    energy = (2 * (amplitude**2).sum() - amplitude[0] ** 2) * step
    assert energy == pytest.approx((x**2).sum() / FS)


def test_the_transform_of_a_gaussian_pulse():
    times = np.arange(-2000, 2000) / FS
    frequencies, amplitude = fourier_amplitude(np.exp(-(times**2) / 2), FS)
    expected = np.sqrt(2 * np.pi) * np.exp(-((2 * np.pi * frequencies) ** 2) / 2)
    assert amplitude == pytest.approx(expected, abs=1e-9)


def test_smoothing_keeps_a_flat_spectrum_and_is_symmetric_on_a_logarithmic_axis():
    frequencies = np.linspace(0, 50, 5001)
    centers = np.geomspace(0.1, 40, 30)
    flat = smooth_konno_ohmachi(frequencies, np.full(5001, 2.5), centers)
    assert flat == pytest.approx(2.5)
    weights = konno_ohmachi_weights(np.array([0.0, 5.0, 10.0, 20.0]), np.array([10.0]))
    assert weights[1] == pytest.approx(weights[3])
    assert weights[0] == 0


def test_a_centre_between_coarse_frequencies_takes_the_nearest():
    frequencies = np.array([0.0, 1.0, 2.0, 3.0])
    amplitude = np.array([9.0, 5, 6, 7])
    smoothed = smooth_konno_ohmachi(frequencies, amplitude, np.array([1.02]), 188.5)
    assert smoothed == pytest.approx([5.0], rel=1e-3)


def test_effective_amplitude_does_not_depend_on_the_orientation():
    rng = np.random.default_rng(1)
    h1, h2 = rng.normal(size=(2, 3, 2000))
    centers = np.geomspace(0.5, 40, 20)
    angle = 0.7
    turned = (np.cos(angle) * h1 + np.sin(angle) * h2, np.cos(angle) * h2 - np.sin(angle) * h1)
    expected = effective_amplitude(h1, h2, FS, centers)
    assert expected.shape == (3, 20)
    assert effective_amplitude(*turned, FS, centers) == pytest.approx(expected)
