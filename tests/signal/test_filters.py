import numpy as np
import pytest

from obspy_broadband.signal.filters import (
    STOP_RATIO,
    band_limit,
    extend,
    fast_length,
    low_pass,
    raised_cosine,
)

FS = 100.0


def tone(frequency, duration=60.0, sampling_rate=FS, phase=0.3):
    times = np.arange(round(duration * sampling_rate)) / sampling_rate
    return np.sin(2 * np.pi * frequency * times + phase)


def test_a_tone_below_the_corner_passes_unchanged_and_one_above_the_stop_vanishes():
    inside = slice(1000, -1000)  # cutting a tone is no tone: the ends are left out
    low, high = tone(0.9), tone(1.3)
    assert np.abs(band_limit(low, FS, 1.0) - low)[inside].max() < 1e-3
    assert np.abs(band_limit(high, FS, 1.0))[inside].max() < 1e-3


def test_gain_is_one_to_the_corner_and_exactly_zero_above_the_stop():
    frequencies = np.linspace(0, 10, 1001)
    gain = low_pass(frequencies, 2.0)
    assert (gain[frequencies <= 2.0] == 1.0).all()
    assert (gain[frequencies >= STOP_RATIO * 2.0] == 0.0).all()
    assert (np.diff(gain) <= 0).all()


def test_zero_phase_has_no_lag():
    rng = np.random.default_rng(0)
    x = rng.normal(size=6000) * np.hanning(6000)
    y = band_limit(x, FS, 2.0)
    correlation = np.fft.irfft(np.fft.rfft(y, 12000) * np.conj(np.fft.rfft(x, 12000)))
    assert np.argmax(correlation) == 0


def test_an_offset_and_a_slope_survive_without_ringing_at_the_ends():
    line = 3.0 + 0.01 * np.arange(4000)
    assert np.abs(band_limit(line, FS, 1.0) - line).max() < 0.02 * np.ptp(line)


@pytest.mark.parametrize("rate_in", [7.3, 20.0, 50.0, 128.0, 200.0, 1000 / 3])
@pytest.mark.parametrize("corner", [1.0, 2.5])
def test_resampling_keeps_waveform_and_instants(rate_in, corner):
    frequency = 0.6 * corner
    x = tone(frequency, 50.0, rate_in)
    y = band_limit(x, rate_in, corner, FS)
    expected = tone(frequency, 50.0 + 1, FS)[: len(y)]
    assert len(y) == int(np.floor((len(x) - 1) / rate_in * FS + 1e-6)) + 1
    inside = slice(1000, -1000)
    assert np.abs(y - expected)[inside].max() < 2e-3


def test_the_end_does_not_leak_into_the_beginning():
    """A pulse at the end must not appear at the beginning, as it would in a circular filter."""
    x = np.zeros(4000)
    x[-200:] = np.hanning(400)[:200]
    y = band_limit(x, FS, 1.0)
    assert np.abs(y[:1000]).max() < 1e-3


def test_rows_are_filtered_independently():
    x = np.random.default_rng(1).normal(size=(7, 3, 2345))
    together = band_limit(x, FS, 1.5, 80.0)
    for row, alone in zip(together, x):
        assert np.array_equal(row, band_limit(alone, FS, 1.5, 80.0))


def test_extend_continues_value_and_slope():
    x = np.sin(np.linspace(0.5, 9, 300))
    extended = extend(x, 64, 512)
    assert extended.shape == (512,)
    assert np.array_equal(extended[64:364], x)
    slopes = np.diff(extended[60:68])
    assert np.ptp(slopes) < 0.02 * np.abs(slopes).max() + 1e-3
    assert extended[0] == pytest.approx(0.0, abs=2e-3)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 97, 1025, 4097, 60001])
def test_fast_length_is_even_smooth_and_near(n):
    length = fast_length(n)
    assert length >= n
    assert length % 2 == 0
    assert length <= 1.2 * n + 2
    for prime in (2, 3, 5):
        while length % prime == 0:
            length //= prime
    assert length == 1


def test_raised_cosine_is_a_step():
    assert raised_cosine(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])) == pytest.approx([0, 0, 0.5, 1, 1])
