import numpy as np
import pytest

from obspy_broadband.signal.filters import raised_cosine
from obspy_broadband.signal.response import (
    DEFAULT_PERIODS,
    directional_peaks,
    response_spectrum,
    rotd,
)


def earthquake(seed, sampling_rate=100.0, duration=40.96, highest=25.0):
    rng = np.random.default_rng(seed)
    samples = round(duration * sampling_rate)
    times = np.arange(samples) / sampling_rate
    since = np.clip(times - 4, 0, None) / 4
    noise = rng.normal(size=samples) * since**2 * np.exp(2 - 2 * since)
    f = np.fft.rfftfreq(samples, 1 / sampling_rate)
    shape = f**2 / (0.25 + f**2) * np.exp(-np.pi * 0.035 * f) / (1 + (f / highest) ** 8)
    return np.fft.irfft(np.fft.rfft(noise) * shape, samples)


def dense_reference(record, sampling_rate, period, damping=0.05, finer=32):
    """The oscillator's response at 32 times the rate, after silence long enough for it to end."""
    length = 1 << int(np.ceil(np.log2(len(record) + 300 * sampling_rate)))
    spectrum = np.fft.rfft(record, length)
    spectrum[-1] *= 0.5
    omega = 2 * np.pi * np.fft.rfftfreq(length, 1 / sampling_rate)
    natural = 2 * np.pi / period
    gain = natural**2 / (natural**2 - omega**2 + 2j * damping * natural * omega)
    return np.fft.irfft(spectrum * gain, length * finer) * finer


@pytest.mark.parametrize(
    ("rate", "highest"), [(50.0, 20.0), (100.0, 25.0), (100.0, 45.0), (200.0, 40.0)]
)
def test_within_a_thousandth_of_a_dense_reference(rate, highest):
    record = earthquake(1, rate, highest=highest)
    periods = DEFAULT_PERIODS[::2]
    expected = [np.abs(dense_reference(record, rate, period)).max() for period in periods]
    assert response_spectrum(record, rate, periods) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("damping", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("frequency", [2.0, 8.0])
def test_the_steady_state_of_a_tone_against_the_closed_form(damping, frequency):
    times = np.arange(8000) / 100.0
    record = np.sin(2 * np.pi * frequency * times)
    record *= raised_cosine(times / 30) * raised_cosine((80 - times) / 30)
    periods = np.array([0.5, 0.9, 1.3, 2.0]) / frequency
    ratio = frequency * periods
    expected = 1 / np.sqrt((1 - ratio**2) ** 2 + (2 * damping * ratio) ** 2)
    assert response_spectrum(record, 100.0, periods, damping) == pytest.approx(expected, rel=3e-3)


def test_agreement_with_eqsig():
    eqsig = pytest.importorskip("eqsig")
    record = earthquake(2)
    finer = np.fft.irfft(np.fft.rfft(record), len(record) * 16) * 16
    periods = np.array([0.05, 0.1, 0.3, 1.0, 3.0])
    signal = eqsig.AccSignal(finer, 1 / 1600)
    signal.generate_response_spectrum(response_times=periods)
    assert response_spectrum(record, 100.0, periods) == pytest.approx(signal.s_a, rel=2e-3)


def test_a_peak_after_the_end_of_the_record_counts():
    """A short pulse excites a long oscillator, whose peak comes after the record."""
    pulse = np.hanning(20)
    impulse = pulse.sum() / 100.0
    period = 10.0
    natural = 2 * np.pi / period
    expected = natural * impulse * np.exp(-0.05 * np.pi / 2)
    assert response_spectrum(pulse, 100.0, (period,))[0] == pytest.approx(expected, rel=0.02)


def test_the_end_does_not_leak_into_the_beginning():
    """Shaking at the very end of a record does not excite the oscillator at its start."""
    record = np.zeros(3000)
    record[-300:] = earthquake(3)[400:700]
    expected = np.abs(dense_reference(record, 100.0, 10.0)).max()
    assert response_spectrum(record, 100.0, (10.0,))[0] == pytest.approx(expected, rel=2e-3)


def test_the_stiffest_oscillator_follows_the_ground():
    record = earthquake(4, highest=15.0)
    assert response_spectrum(record, 100.0, (0.01,))[0] == pytest.approx(
        np.abs(record).max(), rel=0.02
    )


def test_spectra_scale_and_silence_has_none():
    record = earthquake(5)
    assert response_spectrum(3 * record, 100.0) == pytest.approx(
        3 * response_spectrum(record, 100.0)
    )
    assert (response_spectrum(np.zeros(500), 100.0) == 0).all()


def test_records_are_computed_independently():
    records = np.stack([earthquake(seed, duration=10) for seed in range(6)]).reshape(3, 2, -1)
    together = response_spectrum(records, 100.0, (0.1, 1.0))
    assert together.shape == (3, 2, 2)
    for i in range(3):
        for j in range(2):
            assert np.array_equal(
                together[i, j], response_spectrum(records[i, j], 100.0, (0.1, 1.0))
            )


def test_rotd_against_all_directions_one_by_one():
    h1, h2 = earthquake(6), earthquake(7)
    periods = (0.05, 0.2, 1.0, 5.0)
    spectra = rotd(h1, h2, 100.0, periods, (50.0, 100.0))
    for column, period in zip(spectra.T, periods):
        first, second = (dense_reference(h, 100.0, period) for h in (h1, h2))
        peaks = [
            np.abs(np.cos(angle) * first + np.sin(angle) * second).max()
            for angle in np.deg2rad(np.arange(180))
        ]
        assert column == pytest.approx(np.percentile(peaks, [50, 100]), rel=1e-3)


def test_rotd_of_polarized_motion():
    """Along one direction only: RotD100 is its spectrum, RotD50 that at 45 degrees."""
    record = earthquake(8)
    expected = response_spectrum(record, 100.0, (0.3, 1.0))
    rotd50, rotd100 = rotd(0.6 * record, 0.8 * record, 100.0, (0.3, 1.0))
    assert rotd100 == pytest.approx(expected, rel=1e-3)
    assert rotd50 == pytest.approx(expected * np.cos(np.pi / 4), rel=0.02)


def test_directional_peaks_of_a_circle_are_its_radius():
    angle = np.linspace(0, 2 * np.pi, 2000)
    assert directional_peaks(2.0 * np.array([np.cos(angle), np.sin(angle)])) == pytest.approx(
        2.0, rel=2e-4
    )
    assert (directional_peaks(np.zeros((2, 100))) == 0).all()
