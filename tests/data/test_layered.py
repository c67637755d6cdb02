"""Travel times against closed forms, and how far up a layered simulation goes."""

import numpy as np
import pytest

from obspy_broadband.data.layered import first_arrival, layered_motion

CRUST = [(30.0, 6.0, 3.5, 2.7), (np.inf, 8.0, 4.5, 3.3)]


@pytest.mark.parametrize(("wave", "velocity"), [("P", 6.0), ("S", 3.5)])
def test_near_the_source_the_direct_wave_is_first(wave, velocity):
    expected = np.hypot(10.0, 40.0) / velocity
    assert first_arrival(CRUST, 10.0, 40.0, wave) == pytest.approx(expected)
    assert first_arrival(CRUST, 10.0, 0.0, wave) == pytest.approx(10.0 / velocity)


def test_far_away_the_wave_along_the_moho_is_first():
    expected = 300.0 / 8.0 + 50.0 * np.sqrt(1 / 6.0**2 - 1 / 8.0**2)
    assert first_arrival(CRUST, 10.0, 300.0) == pytest.approx(expected)


def test_two_layers_over_the_source_bend_the_ray():
    """Snell's law: the times of neighbouring distances differ by the slowness."""
    layers = [(2.0, 3.0, 1.7, 2.3), (28.0, 6.0, 3.5, 2.7), CRUST[1]]
    times = [first_arrival(layers, 10.0, distance) for distance in (19.99, 20.0, 20.01)]
    slowness = (times[2] - times[0]) / 0.02
    angles = [np.arcsin(slowness * velocity) for velocity in (3.0, 6.0)]
    assert 2.0 * np.tan(angles[0]) + 8.0 * np.tan(angles[1]) == pytest.approx(20.0, rel=1e-3)


def test_a_finer_simulation_goes_further_up_and_p_is_where_it_belongs():
    pytest.importorskip("pyprop8")
    step, samples, finer = 0.1, 120, 4
    made = layered_motion(
        CRUST, 4.5, 10.0, (30, 70, 20), 10.0, np.array([12.0]), np.array([5.0]),
        samples, step, 3.0, finer, resolved_hz=2.0, quality=300.0,
    )[0]  # fmt: skip
    frequencies = np.fft.rfftfreq(made.shape[-1], step / finer)
    spectrum = np.abs(np.fft.rfft(made * np.hanning(made.shape[-1])))[0]
    assert spectrum[(frequencies > 1.8) & (frequencies < 2.2)].mean() > 0.1 * spectrum.max()
    assert spectrum[frequencies > 4.2].max() < 0.02 * spectrum.max()
    p = 3.0 + first_arrival(CRUST, 10.0, 13.0)
    times = np.arange(made.shape[-1]) * step / finer
    size = np.abs(made[2])
    # The band limit has zero phase and rings for a period.
    assert size[times < p - 0.6].max() < 0.05 * size[times < p + 1.5].max()
    assert size[(times > p - 0.2) & (times < p + 0.6)].max() > 0.5 * size[times < p + 1.5].max()
