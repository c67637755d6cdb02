import numpy as np
import pytest

from obspy_broadband.signal.envelope import envelope, saragoni_hart
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.phases import arrivals, smooth

FS, CORNER = 100.0, 1.0


def earthquake(p, s, seed, seconds=60.0, noise=0.0):
    rng = np.random.default_rng(seed)
    times = np.arange(int(seconds * FS)) / FS
    shapes = np.outer((0.4, 0.15, 0.15), saragoni_hart(times - p, 3.0))
    shapes += np.outer((0.3, 1.0, 0.8), saragoni_hart(times - s, 5.0))
    return band_limit((shapes + noise) * rng.normal(size=(3, len(times))), FS, CORNER)


@pytest.mark.parametrize("between", [4.0, 10.0])
def test_p_and_s_are_found_within_about_a_period(between):
    pairs = [arrivals(earthquake(12.0, 12.0 + between, seed), FS, CORNER) for seed in range(12)]
    p = np.array([np.nan if p is None else p for p, _ in pairs])
    s = np.array([s for _, s in pairs])
    assert abs(np.nanmedian(p) - 12.0) < 1.5
    assert abs(np.median(s) - (12.0 + between)) < 2.0


def test_a_known_distance_places_p():
    pairs = [
        arrivals(earthquake(12.0, 18.0, seed, noise=0.05), FS, CORNER, 49.0) for seed in range(8)
    ]
    gaps = np.array([s - p for p, s in pairs if p is not None])
    assert abs(np.median(gaps) - 6.0) < 1.5


def test_silence_ahead_of_a_record_changes_nothing():
    for seed in range(4):
        motion = earthquake(8.0, 12.0, seed)
        p, s = arrivals(motion, FS, CORNER)
        late_p, late_s = arrivals(np.pad(motion, ((0, 0), (3000, 0))), FS, CORNER)
        assert late_s - 30.0 == pytest.approx(s, abs=0.3)
        assert late_p - 30.0 == pytest.approx(p, abs=0.3)


def test_a_strong_p_is_not_taken_for_s_where_the_distance_is_known():
    """As near a nodal plane of S: P is then not put ahead of the first motion."""
    times, pairs = np.arange(6000) / FS, []
    for seed in range(8):
        shape = 0.8 * saragoni_hart(times - 20.0, 3.0) + saragoni_hart(times - 26.0, 5.0)
        noise = np.random.default_rng(seed).normal(size=(3, len(times)))
        pairs.append(arrivals(band_limit(shape * noise, FS, CORNER), FS, CORNER, 49.0))
    p, s = np.array(pairs, dtype=float).T
    assert abs(np.median(s) - 26.0) < 1.5
    assert abs(np.median(p) - 20.0) < 1.5
    assert np.mean(p > 18.0) > 0.7


def test_a_record_that_begins_in_the_shaking():
    cut = earthquake(12.0, 18.0, 1)[:, 1900:]
    p, s = arrivals(cut, FS, CORNER)
    assert p is None
    assert s < 3.0


def test_the_level_does_not_matter():
    motion = earthquake(12.0, 18.0, 2)
    assert arrivals(motion, FS, CORNER) == arrivals(1e-6 * motion, FS, CORNER)


def test_envelope_of_a_modulated_tone():
    times = np.arange(4000) / FS
    shape = np.exp(-(((times - 20) / 5) ** 2))
    modulus = envelope(shape * np.sin(2 * np.pi * 5 * times))
    assert np.abs(modulus - shape)[200:-200].max() < 0.01


def test_the_envelope_of_saragoni_and_hart():
    """1 at a fifth of its length, 0.05 at the end, 0 before the arrival."""
    times = np.linspace(-5, 40, 4501)
    shape = saragoni_hart(times, duration=10.0)
    assert shape.max() == pytest.approx(1.0)
    assert times[shape.argmax()] == pytest.approx(4.0, abs=0.02)
    assert np.interp(20.0, times, shape) == pytest.approx(0.05, rel=0.01)
    assert (shape[times <= 0] == 0).all()


def test_moving_average():
    x = np.arange(10.0)
    assert smooth(x, 3)[1:-1] == pytest.approx(x[1:-1])
    assert smooth(np.ones((2, 7)), 4) == pytest.approx(1.0)
