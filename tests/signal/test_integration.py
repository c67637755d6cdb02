import numpy as np
import pytest

from obspy_broadband.signal.integration import differentiate, integrate

FS = 100.0
TIMES = np.arange(4000) / FS


@pytest.mark.parametrize("frequency", [0.1, 1.0, 10.0, 40.0])
def test_the_derivative_of_a_tone(frequency):
    omega = 2 * np.pi * frequency
    derivative = differentiate(np.sin(omega * TIMES + 0.4), FS)
    inside = slice(300, -300)
    assert np.abs(derivative - omega * np.cos(omega * TIMES + 0.4))[inside].max() < 2e-3 * omega


def test_the_derivative_of_a_static_offset_with_a_drift():
    offset = 0.5 * (1 + np.tanh((TIMES - 20) / 2)) + 0.3 * TIMES
    expected = 0.25 / np.cosh((TIMES - 20) / 2) ** 2 + 0.3
    assert np.abs(differentiate(offset, FS) - expected).max() < 1e-5


def test_integrating_undoes_differentiating():
    x = np.exp(-((TIMES - 20) ** 2)) * np.sin(2 * np.pi * 2 * TIMES)
    assert np.abs(integrate(differentiate(x, FS), FS) - x).max() < 3e-3


def test_integral_of_a_constant_is_a_line_from_zero():
    integral = integrate(np.full((2, 11), 3.0), 10.0)
    assert integral[..., 0] == pytest.approx(0)
    assert integral[..., -1] == pytest.approx(3.0)
