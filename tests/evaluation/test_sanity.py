"""Each check passes what is sound and finds the one defect that it is for."""

import numpy as np
import pytest

from obspy_broadband.evaluation import sanity
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit

RATE, CORNER, P, S, SAMPLES, KAPPA = 100.0, 1.0, 15.0, 22.0, 8000, 0.04
TIMES = np.arange(SAMPLES) / RATE
FREQUENCIES = np.fft.rfftfreq(SAMPLES, 1 / RATE)


def colour(noise, kappa=KAPPA):
    """Acceleration of a source of low corner: flat, with a kappa, nothing at 0 Hz."""
    gain = np.exp(-np.pi * kappa * FREQUENCIES) / (1 + (0.3 / np.maximum(FREQUENCIES, 1e-3)) ** 4)
    return np.fft.irfft(np.fft.rfft(noise) * gain, SAMPLES)


def under(rng, arrival, lasts, size):
    return size * rng.normal(size=(3, SAMPLES)) * saragoni_hart(TIMES - arrival, lasts)


@pytest.fixture(scope="module")
def sound():
    """Low frequencies and five realizations, m/s², which share them."""
    realizations = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        whole = colour(under(rng, P, 4.0, 0.3) + under(rng, S, 10.0, 1.0))
        if not seed:
            low = band_limit(whole, RATE, CORNER)
        realizations.append(whole - band_limit(whole, RATE, CORNER) + low)
    return low, np.array(realizations)


def checks(low, made):
    return sanity.check_record(low, made, RATE, CORNER, P, S)


def test_what_is_sound_passes(sound):
    found = checks(*sound)
    assert set(found) == set(sanity.LIMITS)
    assert sanity.failures(found) == []
    assert found["kappa_s"] == pytest.approx(KAPPA, abs=0.004)
    assert found["kappa_top_s"] == pytest.approx(KAPPA, abs=0.008)
    assert abs(found["p_delay_s"]) < 1.5
    assert abs(found["s_delay_s"]) < 1.5


def test_a_plateau_has_no_kappa(sound):
    low, made = sound
    rng = np.random.default_rng(9)
    white = [under(rng, P, 4.0, 0.3) + under(rng, S, 10.0, 1.0) for _ in made]
    flat = np.array([colour(one, kappa=0.0) for one in white])
    found = checks(low, low + flat - band_limit(flat, RATE, CORNER))
    assert sanity.failures(found) == ["kappa_s", "kappa_top_s"]
    # One that begins at 25 Hz.
    beyond = np.minimum(FREQUENCIES, 25.0) - FREQUENCIES
    raised = np.fft.irfft(np.fft.rfft(made) * np.exp(-np.pi * KAPPA * beyond), SAMPLES)
    assert "kappa_top_s" in sanity.failures(checks(low, raised))


@pytest.mark.parametrize("line", [12.5, 25.0, 50.0])
def test_a_line_of_the_comb_is_found(sound, line):
    low, made = sound
    level = np.abs(np.fft.rfft(made))[..., np.abs(FREQUENCIES - line) < 2].mean()
    hum = 10 * level / (0.5 * SAMPLES) * np.cos(2 * np.pi * line * TIMES)
    assert "comb" in sanity.failures(checks(low, made + hum))
    # A peak that a record has elsewhere is its own affair.
    other = np.cos(2 * np.pi * 18.0 * TIMES)
    assert "comb" not in sanity.failures(checks(low, made + 0.5 * other * level / SAMPLES))


def test_windows_that_repeat_are_found_however_weak(sound):
    low, made = sound
    rng = np.random.default_rng(4)
    piece = 2e-3 * rng.normal(size=(3, 2048))
    repeated = np.tile(piece, 4)[:, :SAMPLES]
    found = checks(low, made + repeated)
    assert "repetition" in sanity.failures(found)
    whole = made + 2e-3 * rng.normal(size=(3, SAMPLES))
    assert "repetition" not in sanity.failures(checks(low, whole))


def test_shaking_before_p_is_found(sound):
    low, made = sound
    rng = np.random.default_rng(5)
    early = colour(under(rng, P - 10.0, 3.0, 0.1))
    found = checks(low, made + early - band_limit(early, RATE, CORNER))
    assert "before_p" in sanity.failures(found)
    assert checks(*sound)["before_p"] < 1e-5


def test_energy_that_comes_late_or_early_is_found(sound):
    low, made = sound
    high = made - low
    late = low + np.roll(high, 350, axis=-1)
    usual, found = checks(low, made), checks(low, late)
    assert found["s_delay_s"] == pytest.approx(usual["s_delay_s"] + 3.5, abs=0.3)
    assert {"p_delay_s", "s_delay_s"} & set(sanity.failures(found))
    early = low + np.roll(high, -300, axis=-1)
    assert checks(low, early)["p_delay_s"] == pytest.approx(usual["p_delay_s"] - 3.0, abs=0.3)


def test_a_drift_is_found_and_the_simulations_own_is_not(sound):
    low, made = sound
    ramp = 1e-3 * np.ones(SAMPLES)
    assert "drift" in sanity.failures(checks(low, made + ramp))
    assert "drift" not in sanity.failures(checks(low + ramp, made + ramp))


def test_low_frequencies_that_changed_are_found(sound):
    low, made = sound
    assert "low_frequency" in sanity.failures(checks(low, made + 0.1 * low))


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_step_at_the_corner_is_found_and_a_slope_is_none(sound, factor):
    low, made = sound
    stepped = low + factor * (made - low)
    usual = checks(low, made)["step"]
    assert checks(low, stepped)["step"] == pytest.approx(usual + np.log(factor), abs=0.1)
    assert "step" in sanity.failures(checks(low, stepped))
    sloped = np.fft.irfft(np.fft.rfft(made) * np.maximum(FREQUENCIES, 0.1) ** 1.5, SAMPLES)
    assert abs(float(np.median(sanity.step(sloped[:, 1:], RATE, CORNER))) - usual) < 0.1


def test_what_cannot_be_told_is_no_failure(sound):
    low, made = sound
    found = sanity.check_record(low, made, RATE, CORNER, None, S)
    assert np.isnan(found["before_p"])
    assert sanity.failures(found) == []


def test_an_ensemble_is_checked_station_by_station(simulation, noise):
    ensemble = simulation(stations=("AAA", "BBB"), duration=40).enrich(noise, n=2, seed=1)
    table = sanity.check_ensemble(ensemble)
    assert list(table.index) == ensemble.stations
    # White noise over the whole record.
    for _, row in table.iterrows():
        assert {"kappa_s", "before_p"} <= set(sanity.failures(row))
    assert "XX.AAA..HX: " in sanity.describe(table)[0]
    vertical = simulation(components="Z", duration=40).enrich(noise, n=1, seed=1)
    assert "before_p" in sanity.failures(sanity.check_ensemble(vertical).iloc[0])


def test_arrivals_can_be_given(simulation, noise):
    ensemble = simulation(duration=40).enrich(noise, n=1, seed=1)
    late = sanity.check_ensemble(ensemble, {"XX.AAA..HX": (30.0, 35.0)})
    early = sanity.check_ensemble(ensemble, {"XX.AAA..HX": (4.0, 14.0)})
    assert late["before_p"].iloc[0] > 3 * early["before_p"].iloc[0]
