import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.hybrid import crossover, hybridize

FS = 100.0


def earthquake(seed, samples=6000, components=3, decay=1.0):
    """Noise under an envelope, with a spectrum that falls off on both sides: quiet ends."""
    rng = np.random.default_rng(seed)
    times = np.arange(samples) / FS
    since = np.clip(times - 8, 0, None) / 6
    noise = rng.normal(size=(components, samples)) * since**2 * np.exp(2 - 2 * since)
    frequencies = np.fft.rfftfreq(samples, 1 / FS)
    shape = frequencies**decay / (0.3**decay + frequencies**decay) * np.exp(-frequencies / 20)
    return np.fft.irfft(np.fft.rfft(noise) * shape, samples)


def oscillator_peak(acceleration, period, damping=0.05):
    samples = acceleration.shape[-1] * 2
    omega = 2 * np.pi * np.fft.rfftfreq(samples, 1 / FS)
    natural = 2 * np.pi / period
    gain = natural**2 / (natural**2 - omega**2 + 2j * damping * natural * omega)
    motion = np.fft.irfft(np.fft.rfft(acceleration, samples) * gain, samples)
    return np.abs(motion).max(axis=-1)


def smoothed_spectrum(x):
    return np.sqrt(uniform_filter1d(np.abs(np.fft.rfft(x)) ** 2, 5, axis=-1))


@pytest.mark.parametrize("coherence", [0.0, 0.3, 1.0])
def test_crossover_keeps_the_power(coherence):
    fraction = np.linspace(-0.5, 1.5, 41)
    first, second = crossover(fraction, coherence)
    assert first**2 + second**2 + 2 * coherence * first * second == pytest.approx(1.0)
    assert (first[0], second[0]) == (1.0, 0.0)
    assert (first[-1], second[-1]) == (0.0, 1.0)


def test_crossover_of_equal_signals_is_amplitude_complementary():
    first, second = crossover(np.linspace(0, 1, 11), 1.0)
    assert first + second == pytest.approx(1.0)


@pytest.mark.parametrize("corner", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("level", [1.0, 5.0])
def test_the_simulation_is_kept_below_the_corner(corner, level):
    """Ratio within 1 % below 0.8 corner and no lag, even under a realization 5 times larger."""
    simulation = band_limit(earthquake(1), FS, corner)
    realization = level * earthquake(2)
    joined = hybridize(simulation, realization, FS, corner)
    frequencies = np.fft.rfftfreq(joined.shape[-1], 1 / FS)
    band = (frequencies > 0.1) & (frequencies < 0.8 * corner)
    difference = np.abs(np.fft.rfft(joined - simulation))[:, band]
    assert (difference < 0.01 * smoothed_spectrum(simulation)[:, band]).all()
    low_in, low_out = (band_limit(x, FS, 0.64 * corner) for x in (simulation, joined))
    for a, b in zip(low_in, low_out):
        assert abs(np.argmax(np.correlate(b, a, mode="full")) - (len(a) - 1)) <= 1


def test_a_tone_above_the_corner_is_replaced():
    times = np.arange(6000) / FS
    simulation = np.sin(2 * np.pi * 0.5 * times) + np.sin(2 * np.pi * 3.0 * times)
    realization = 2.0 * np.sin(2 * np.pi * 5.0 * times)
    joined = hybridize(simulation, realization, FS, 1.0)
    amplitude = np.abs(np.fft.rfft(joined)) / 3000
    frequencies = np.fft.rfftfreq(6000, 1 / FS)
    amplitudes = [amplitude[np.argmin(np.abs(frequencies - f))] for f in (0.5, 3.0, 5.0)]
    assert amplitudes == pytest.approx([1.0, 0.0, 2.0], abs=0.06)


@pytest.mark.parametrize("coherent", [True, False], ids=["coherent", "incoherent"])
def test_no_bias_of_the_response_at_the_corner_period(coherent):
    """Within 0.05 ln on average, for a realization that is the truth, or has its level only."""
    differences = []
    for seed in range(60):
        truth = earthquake(seed)
        realization = truth if coherent else earthquake(seed + 1000)
        joined = hybridize(band_limit(truth, FS, 1.0), realization, FS, 1.0)
        differences.append(np.log(oscillator_peak(joined, 1.0) / oscillator_peak(truth, 1.0)))
    assert abs(np.mean(differences)) < 0.05


def test_a_perfect_realization_is_returned():
    truth = earthquake(5)
    joined = hybridize(band_limit(truth, FS, 1.0), truth, FS, 1.0)
    assert np.abs(joined - truth).max() < 0.02 * np.abs(truth).max()


def test_high_frequencies_bring_no_drift_even_from_a_record_that_starts_in_the_shaking():
    realization = np.random.default_rng(4).normal(size=(3, 6000))
    added = hybridize(np.zeros((3, 6000)), realization, FS, 1.0)
    velocity = np.cumsum(added, axis=-1) / FS
    displacement = np.cumsum(velocity, axis=-1) / FS
    scale_velocity = np.abs(realization).std() / (2 * np.pi * 1.0)
    assert np.abs(velocity[:, -1]).max() < 0.01 * scale_velocity
    assert np.abs(displacement[:, -1]).max() < 0.02 * scale_velocity
    assert np.abs(displacement).max() < scale_velocity  # a period of the corner, not a ramp


def test_the_drift_of_the_simulation_stays_its_own():
    """A static offset of the ground, as near a fault, is neither removed nor added to."""
    times = np.arange(6000) / FS
    offset = 0.5 * (1 + np.tanh((times - 20) / 1.5))
    simulation = np.gradient(np.gradient(offset, times), times)
    joined = hybridize(simulation, earthquake(6, components=1)[0], FS, 1.0)
    displacement = np.cumsum(np.cumsum(joined)) / FS**2
    assert displacement[-1] == pytest.approx(1.0, abs=0.02)


def test_each_realization_is_joined_by_itself():
    simulation = band_limit(earthquake(1), FS, 1.0)
    realizations = np.stack([earthquake(seed) for seed in range(2, 7)])
    together = hybridize(simulation, realizations, FS, 1.0)
    for realization, joined in zip(realizations, together):
        assert np.array_equal(joined, hybridize(simulation, realization, FS, 1.0))
