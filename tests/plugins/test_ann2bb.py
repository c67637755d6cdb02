import dataclasses

import numpy as np
import pytest
import torch
from obb_plugins.ann2bb import ANN2BB, SHORT, Options

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.sanity import above_corner, repetition
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.response import response_spectrum
from obspy_broadband.testing import check_method, low_frequency_batch
from obspy_broadband.training import selection, trainer
from obspy_broadband.training.options import resolve

SEEDS = np.arange(4, dtype=np.uint64)[None]


def test_it_keeps_the_contract():
    check_method(ANN2BB, steps=5)


@pytest.fixture(scope="module")
def method():
    """Told a spectrum instead of having learned one."""
    method = ANN2BB(Options(steps=1))
    # ln SA over the scale: two at short periods for the vertical, three for the horizontals.
    method.predictor.linear[:, 0] = torch.tensor([2.0] * len(SHORT) + [3.0] * len(SHORT)).log()
    method.predictor.covariance.mul_(0.09)
    return method


def short_spectra(method, drawn):
    periods = tuple(period for period in SHORT if 0.05 < period < 0.6)
    return np.log([response_spectrum(motion, 100.0, periods) for motion in drawn])


def test_the_trace_has_the_spectrum_that_was_predicted(method):
    median = ANN2BB(Options(steps=1, vary_level=False, iterations=12))
    median.predictor.load_state_dict(method.predictor.state_dict())
    batch = low_frequency_batch(median, rows=1)
    spectra = short_spectra(median, median.realize(batch, SEEDS)[0])
    assert np.abs(spectra[:, 0] - np.log(2.0)).mean() < 0.06
    assert np.abs(spectra[:, 1:].mean(axis=1) - np.log(3.0)).mean() < 0.06


def test_spectra_vary_as_much_as_the_errors_did(method):
    batch = low_frequency_batch(method, rows=1)
    seeds = np.arange(40, dtype=np.uint64)[None]
    spectra = short_spectra(method, method.realize(batch, seeds)[0])
    assert spectra[:, 0].std(axis=0).mean() == pytest.approx(0.3, rel=0.25)


def test_there_is_nothing_before_p(method):
    batch = low_frequency_batch(method, rows=1)
    quiet = batch.low_frequency.copy()
    quiet[..., :1000] *= 1e-4
    quiet = dataclasses.replace(batch, low_frequency=quiet)
    drawn = method.realize(quiet, SEEDS)[0] - quiet.low_frequency
    assert np.abs(drawn[..., :700]).max() < 0.05 * np.abs(drawn).max()


def test_windows_of_a_record_do_not_repeat_each_other(method, simulation):
    long, rng = simulation(duration=120), np.random.default_rng(2)
    for trace in long:  # as strong everywhere
        trace.data = 0.1 * band_limit(rng.normal(size=trace.stats.npts), 50.0, 1.0)
    record = long.enrich(method, n=1, seed=1).records[0]
    high = above_corner(record.low_frequency, record.realizations[0], 100.0, 1.0)
    assert repetition(high, 100.0) < 0.1


def test_obb_train_fits_it_from_a_store_like_any_other(tmp_path, simulation, monkeypatch):
    monkeypatch.setattr(selection, "_MIN_WINDOWS", 128)
    simulate(Population(records=60, per_event=2, seed=1, distances_km=(5, 60)), tmp_path / "store")
    settings = {"steps": 200, "training.validation_records": 3, "training.validation_draws": 2}
    options, training = resolve(ANN2BB, "small", None, settings)
    run = tmp_path / "run"
    weights = trainer.train("ann2bb", ANN2BB, options, training, tmp_path / "store", run)
    assert weights.card["metrics"]["score"] < 1.5
    again = trainer.train("ann2bb", ANN2BB, options, training, tmp_path / "store", run, resume=True)
    assert again.card["sha256"] == weights.card["sha256"]
    ensemble = simulation(duration=50).enrich("ann2bb", n=2, seed=1, weights=str(weights.path))
    assert np.isfinite(ensemble[1][0].data).all()


def test_options_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="1 to 50"):
        Options(iterations=0)


def test_the_fourier_spectrum_falls_beyond_the_shortest_period(method):
    """With a kappa, whatever the ordinates: they are nearly the peak acceleration there."""
    batch = low_frequency_batch(method, rows=1)
    seeds = np.arange(8, dtype=np.uint64)[None]
    drawn = method.realize(batch, seeds)[0] - batch.low_frequency
    frequencies = np.fft.rfftfreq(drawn.shape[-1], 0.01)
    power = (np.abs(np.fft.rfft(drawn)) ** 2).mean(axis=(0, 1))
    levels = [
        0.5 * np.log(power[(frequencies > low) & (frequencies < low + 4)].mean())
        for low in (15, 25, 35)
    ]
    falls = -np.diff(levels) / (np.pi * 10)
    assert (falls > 0.008).all()
    assert (falls < 0.09).all()
    assert falls[0] == pytest.approx(falls[1], abs=0.01)


def test_an_ordinate_that_the_simulation_has_alone_makes_no_hole_above_the_corner():
    """Near the corner SA is told at half of what the low frequencies have: energy from 1.2 Hz on
    follows from what shorter periods say.
    """
    method = ANN2BB(Options(steps=1, vary_level=False))
    batch = low_frequency_batch(method, rows=1)
    alone = np.log(response_spectrum(batch.low_frequency[0].astype(float), 100.0, SHORT))
    near = np.array(SHORT) > 0.5
    target = np.where(near, alone.mean(axis=0) - 0.7, alone.mean(axis=0)[near].min() - 0.3)
    method.predictor.linear[:, 0] = torch.tensor(np.tile(target, 2), dtype=torch.float32)
    drawn = method.realize(batch, SEEDS)[0] - batch.low_frequency
    frequencies = np.fft.rfftfreq(drawn.shape[-1], 0.01)
    power = (np.abs(np.fft.rfft(drawn)) ** 2).mean(axis=(0, 1))
    near, beyond = (
        0.5 * np.log(power[(frequencies > low) & (frequencies < high)].mean())
        for low, high in ((1.25, 1.7), (2.2, 3.0))
    )
    assert near > beyond - 0.7
