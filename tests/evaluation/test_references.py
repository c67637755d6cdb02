import numpy as np
import pytest

from obspy_broadband.errors import InputError
from obspy_broadband.evaluation import level_ridge
from obspy_broadband.evaluation.goodness import envelope_phase
from obspy_broadband.evaluation.references import oracle_envelope
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.hybrid import hybridize

FS = 100.0


def earthquake(seed, level=1.0, samples=4096):
    rng = np.random.default_rng(seed)
    shape = saragoni_hart(np.arange(samples) / FS - 5, 6.0)
    f = np.fft.rfftfreq(samples, 1 / FS)
    noise = np.fft.rfft(rng.normal(size=(3, samples)) * shape)
    return level * np.fft.irfft(noise * f / (0.4 + f) * np.exp(-f / 12), samples)


def test_the_oracle_knows_level_and_shape_but_not_the_phase():
    truth = earthquake(1)
    drawn = oracle_envelope(truth, FS, 1.0, np.arange(8))
    assert drawn.shape == (8, 3, 4096)
    joined = hybridize(band_limit(truth, FS, 1.0), drawn, FS, 1.0)
    energy = (joined**2).sum(axis=-1) / (truth**2).sum(axis=-1)
    assert np.abs(np.log(energy)).max() < 0.3
    eg, pg = envelope_phase(joined, np.broadcast_to(truth, joined.shape).copy(), FS, 2.0, 30.0, 30)
    assert 5.0 < eg.mean() < 8.0
    assert 4.0 < pg.mean() < 7.0
    assert not np.array_equal(drawn[0], drawn[1])
    assert np.array_equal(drawn[3], oracle_envelope(truth, FS, 1.0, np.array([3]))[0])


def test_features_are_logarithms():
    low = band_limit(earthquake(2), FS, 1.0)
    found = level_ridge.features(low, FS, 1.0)
    assert found.shape == (len(level_ridge.FEATURES),)
    louder = level_ridge.features(10 * low, FS, 1.0) - found
    levels = [name.startswith("band") or name == "peak" for name in level_ridge.FEATURES]
    assert louder == pytest.approx(np.where(levels, np.log(10), 0.0), abs=1e-6)
    assert level_ridge.features(np.stack([low, low]), FS, 1.0).shape == (2, 9)


def made_up(events=25, each=4):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(events * each, 9))
    slope = rng.normal(size=(9, 2))
    between = np.repeat(rng.normal(0, 0.3, (events, 2)), each, axis=0)
    y = x @ slope + between + rng.normal(0, 0.1, (events * each, 2))
    return x, y, slope, [f"event{k // each}" for k in range(events * each)]


def test_a_linear_world_is_learnt():
    x, y, slope, events = made_up()
    ridge = level_ridge.fit(x, y, events, penalty=1e-6)
    found = ridge.weights[1:] / ridge.spread[:, None]
    assert found == pytest.approx(slope, abs=0.15)
    assert ridge.deviation == pytest.approx(0.32, abs=0.12)
    assert ridge.predict(x[3]) == pytest.approx(ridge.predict(x)[3])


def test_an_event_is_predicted_without_itself():
    """With one target per event and features that tell events apart, only leaving out is honest."""
    x, y, _, events = made_up()
    residual, deviation = level_ridge.leave_one_event_out(x, y, events)
    inside = level_ridge.fit(x, y, events).deviation
    assert residual.shape == y.shape
    assert (deviation > inside).all()


def test_a_large_event_does_not_dominate():
    x, y, _, events = made_up()
    y = y.copy()
    many = [*events, *["large"] * 300]
    more = np.concatenate([x, np.tile(x[:1], (300, 1))])
    shifted = np.concatenate([y, np.tile(y[:1] + 5.0, (300, 1))])
    ridge = level_ridge.fit(more, shifted, many)
    assert np.abs(ridge.predict(x[1:]) - y[1:]).mean() < 2.0


def test_too_few_records():
    with pytest.raises(InputError, match="twenty"):
        level_ridge.fit(np.zeros((5, 9)), np.zeros((5, 1)), list("abcde"))
