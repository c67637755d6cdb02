import numpy as np
import pytest
import torch
from obspy.signal import tf_misfit

from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.goodness import by_band, envelope_phase, time_frequency_misfit

BAND = {"fmin": 0.5, "fmax": 30.0, "nf": 24}


def earthquake(seed, samples=1024, sampling_rate=100.0):
    rng = np.random.default_rng(seed)
    times = np.arange(samples) / sampling_rate
    since = np.clip(times - 2, 0, None) / 2
    noise = rng.normal(size=samples) * since**2 * np.exp(2 - 2 * since)
    f = np.fft.rfftfreq(samples, 1 / sampling_rate)
    return np.fft.irfft(np.fft.rfft(noise) * f / (0.5 + f) * np.exp(-f / 12), samples)


def pairs():
    record = earthquake(1)
    return {
        "independent": (earthquake(2), record),
        "shifted": (np.roll(record, 3), record),
        "noisy": (record + 0.3 * earthquake(3), record),
        "louder": (2.5 * record, record),
    }


@pytest.mark.parametrize("name", pairs())
def test_equal_to_obspy(name):
    generated, recorded = pairs()[name]
    arguments = {"dt": 0.01, **BAND}
    expected = [f(generated, recorded, **arguments) for f in (tf_misfit.eg, tf_misfit.pg)]
    assert envelope_phase(generated, recorded, 100.0, **BAND) == pytest.approx(expected, abs=1e-9)
    single = [a.astype(np.float32) for a in (generated, recorded)]
    found = envelope_phase(*single, 100.0, **BAND)
    assert found[0].dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-5)  # 1e-6 of the scale of 10


@pytest.mark.parametrize(("samples", "rate", "fmax"), [(777, 50.0, 25.0), (1500, 128.0, 30.0)])
def test_equal_to_obspy_at_other_lengths_and_rates_with_several_components(samples, rate, fmax):
    generated, recorded = (
        np.stack([earthquake(seed + k, samples, rate) for k in range(3)]) for seed in (10, 20)
    )
    arguments = {"fmin": 0.3, "fmax": fmax, "nf": 15}
    found = envelope_phase(generated, recorded, rate, **arguments)
    local = {"dt": 1 / rate, "norm": "local", **arguments}
    assert found[0] == pytest.approx(tf_misfit.eg(generated, recorded, **local), abs=1e-9)
    assert found[1] == pytest.approx(tf_misfit.pg(generated, recorded, **local), abs=1e-9)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_time_frequency_maps_equal_to_obspy(kind):
    generated, recorded = pairs()["noisy"]
    found = time_frequency_misfit(generated.astype(kind), recorded.astype(kind), 100.0, **BAND)
    for ours, theirs in zip(found, (tf_misfit.tfem, tf_misfit.tfpm)):
        expected = theirs(generated, recorded, dt=0.01, **BAND)
        assert ours.shape == expected.shape
        # In float32 a phase of +-pi may fall on either side where the amplitude is next to nothing.
        assert np.abs(ours - expected).max() < (1e-10 if kind is np.float64 else 1e-6)


def test_a_signal_fits_itself():
    record = earthquake(4)
    assert envelope_phase(record, record, 100.0, **BAND) == pytest.approx((10, 10))


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 3.0])
def test_a_wrong_level_is_an_envelope_misfit_only(factor):
    record = earthquake(5)
    eg, pg = envelope_phase(factor * record, record, 100.0, **BAND)
    assert eg == pytest.approx(10 * np.exp(-abs(factor - 1)))
    assert pg == pytest.approx(10)


def test_a_wrong_sign_is_a_phase_misfit_only():
    record = earthquake(6)
    eg, pg = envelope_phase(-record, record, 100.0, **BAND)
    assert eg == pytest.approx(10)
    assert pg == pytest.approx(0, abs=1e-6)


def test_a_delay_is_a_phase_misfit_in_proportion():
    """A tone delayed by a tenth of its period has a phase misfit of 0.2."""
    times = np.arange(2000) / 100.0
    recorded, generated = (np.sin(2 * np.pi * 5 * (times - d)) for d in (0.0, 0.02))
    _, pg = envelope_phase(generated, recorded, 100.0, fmin=4.0, fmax=6.0, nf=9)
    assert pg == pytest.approx(8.0, abs=0.05)


def test_silence():
    record, silence = earthquake(7), np.zeros(1024)
    assert envelope_phase(silence, record, 100.0, **BAND) == pytest.approx((10 / np.e, 10))
    assert envelope_phase(record, silence, 100.0, **BAND) == pytest.approx((0, 0))
    assert envelope_phase(silence, silence, 100.0, **BAND) == pytest.approx((10, 10))


def test_multirate_is_near():
    for generated, recorded in pairs().values():
        exact, fast = (
            envelope_phase(generated, recorded, 100.0, 0.1, 30.0, 40, multirate=m)
            for m in (False, True)
        )
        em = [np.log(10 / score[0]) for score in (exact, fast)]
        assert em[0] == pytest.approx(em[1], abs=2e-3)
        assert exact[1] / 10 == pytest.approx(fast[1] / 10, abs=2e-3)


def test_rows_do_not_know_of_each_other():
    generated = np.stack([earthquake(s) for s in range(6)]).reshape(2, 3, -1)
    recorded = np.stack([earthquake(s + 50) for s in range(6)]).reshape(2, 3, -1)
    together = envelope_phase(generated, recorded, 100.0, **BAND)
    assert together[0].shape == (2, 3)
    alone = envelope_phase(generated[1, 2], recorded[1, 2], 100.0, **BAND)
    assert (together[0][1, 2], together[1][1, 2]) == (alone[0], alone[1])


def test_one_record_beside_several_realizations():
    generated = np.stack([earthquake(s) for s in range(12)]).reshape(4, 3, -1)
    recorded = np.stack([earthquake(s + 50) for s in range(3)])
    shared = envelope_phase(generated, recorded, 100.0, **BAND)
    repeated = envelope_phase(generated, np.stack([recorded] * 4), 100.0, **BAND)
    for ours, theirs in zip(shared, repeated):
        np.testing.assert_array_equal(ours, theirs)


def test_tensors_in_tensors_out():
    x, y = (torch.as_tensor(earthquake(s)) for s in (1, 2))
    eg, pg = envelope_phase(x, y, 100.0, **BAND)
    assert isinstance(eg, torch.Tensor)
    assert pg.shape == ()


def test_bands_are_reported_apart():
    record = earthquake(8)
    frequencies = np.fft.rfftfreq(1024, 0.01)
    spectrum = np.fft.rfft(record)
    spectrum[frequencies > 3] *= 3
    bands = by_band(np.fft.irfft(spectrum), record, 100.0, corner=2.0, lowest=0.5, nf=20)
    assert bands["below"][0] > 9.5
    assert bands["above"][0] < 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fmax": 60.0}, "fmax 60 Hz"),
        ({"fmin": 0.0}, "0 < fmin"),
        ({"nf": 1}, "two frequencies"),
        ({"generated": np.zeros(9)}, "shape"),
        ({"generated": np.full(1024, np.nan)}, "NaN"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    arguments = {
        "generated": earthquake(1),
        "recorded": earthquake(2),
        "sampling_rate": 100.0,
        **BAND,
    } | change
    with pytest.raises(InputError, match=message):
        envelope_phase(**arguments)
    with pytest.raises(InputError, match="norm"):
        time_frequency_misfit(earthquake(1), earthquake(2), 100.0, **BAND, norm="x")
