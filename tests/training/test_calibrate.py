import dataclasses
import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb
from obb_plugins.ann2bb import ANN2BB
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.calibration import crps
from obspy_broadband.method import weights
from obspy_broadband.method.registry import create
from obspy_broadband.testing import low_frequency_batch
from obspy_broadband.training import calibrate
from obspy_broadband.training.calibrate import _FACTORS, _NODES, _interpolate, fit_factor
from obspy_broadband.training.options import resolve
from obspy_broadband.training.selection import record_windows, training_pairs

TINY = {"width": 2, "depth": 3, "discriminator_width": 2}
SEEDS = np.arange(3, dtype=np.uint64)[None]


def losses(truth, events, per_event=4, seed=0):
    """CRPS at every factor of ensembles whose spread should be multiplied with ``truth``."""
    rng = np.random.default_rng(seed)
    records = events * per_event
    recorded = truth * rng.normal(size=(records, 1))
    noise = rng.normal(size=(records, 1, 40))
    at_nodes = np.stack([factor * noise for factor in _NODES])
    scores = [
        crps(_interpolate(at_nodes, np.full(records, factor)), recorded).mean(axis=-1)
        for factor in _FACTORS
    ]
    return np.stack(scores, axis=-1), np.repeat(np.arange(events), per_event)


@pytest.mark.parametrize("truth", [0.7, 1.0, 1.5])
def test_many_events_tell_the_factor(truth):
    fit = fit_factor(*losses(truth, 300))
    assert fit["best"] == pytest.approx(truth, rel=0.12)
    assert fit["shrunk"] == pytest.approx(fit["best"], rel=0.05)
    assert fit["lowest"] <= fit["best"] <= fit["highest"]


def test_few_events_tell_less_of_it():
    few, many = (fit_factor(*losses(1.6, count, 1, seed=3)) for count in (6, 300))
    assert abs(np.log(few["shrunk"])) < 0.7 * abs(np.log(few["best"]))
    assert few["highest"] / few["lowest"] > many["highest"] / many["lowest"]


def test_every_record_is_taken_at_its_own_factor():
    at_nodes = np.stack([np.full((3, 2, 5), factor**2) for factor in _NODES])
    interpolated = _interpolate(at_nodes, np.array([0.5, 1.0, 1.5]))
    assert interpolated[:, 0, 0] == pytest.approx([0.25, 1.0, 2.5])
    assert 1.0 in _FACTORS


@pytest.mark.parametrize(("kind", "options"), [(Pix2Pix, TINY), (ANN2BB, {"steps": 1})])
def test_a_wider_level_is_the_same_numbers_times_the_factor(kind, options):
    method = kind(kind.configure(options))
    batch = low_frequency_batch(method, rows=1)
    numbers = np.random.default_rng(1).normal(size=(1, 3, method.epsilon_size)).astype("f4")
    as_fitted = method.realize(batch, SEEDS)
    expected = method.realize(dataclasses.replace(batch, epsilon=1.5 * numbers), SEEDS)
    method.level_spread = 1.5
    np.testing.assert_array_equal(
        method.realize(dataclasses.replace(batch, epsilon=numbers), SEEDS), expected
    )
    assert not np.array_equal(method.realize(batch, SEEDS), as_fitted)
    rising = np.repeat(np.array([-1.0, 0.0, 1.0], "f4")[None, :, None], numbers.shape[-1], axis=2)
    same = np.zeros((1, 3), dtype=np.uint64)
    generated = method.realize(dataclasses.replace(batch, epsilon=rising), same)[0]
    energy = np.square(generated - batch.low_frequency).sum(axis=(1, 2))
    assert energy[0] < energy[1] < energy[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store, and weights whose levels are a quarter as wide as their errors."""
    folder = tmp_path_factory.mktemp("trained")
    simulate(Population(records=24, per_event=2, seed=1), folder / "store")
    options, training = resolve(Pix2Pix, None, None, {**TINY, "level_steps": 20})
    torch.manual_seed(0)
    method = Pix2Pix(options)
    pairs = training_pairs(Store(folder / "store"), "train", training, 4096, torch.device("cpu"))
    method.prepare_training(*record_windows(pairs, training))
    method.level.predictor.covariance.mul_(1 / 16)
    card = {"method": "pix2pix", "options": dataclasses.asdict(options), "protocol": "clean"}
    tensors = {k: v for k, v in method.state_dict().items() if not k.startswith("discriminators")}
    saved = weights.save(folder / "weights", "narrow", tensors, {**card, "data": {}, "metrics": {}})
    return folder, saved.path


def run(*arguments):
    return CliRunner().invoke(obb, ["calibrate", *map(str, arguments)])


def test_a_spread_that_is_too_narrow_is_found_noted_and_used(trained, simulation, monkeypatch):
    monkeypatch.setattr(calibrate, "_PERIODS", (0.05, 0.1, 0.3, 1.0))
    folder, path = trained
    arguments = ["-m", "pix2pix", "--data", folder / "store", "--weights", path, "-n", 4]
    arguments += ["--split", "train"]
    stream = simulation(duration=45)
    named = {"method": "pix2pix", "n": 2, "seed": 1, "weights": str(path)}
    before = stream.enrich(**named)
    dry = run(*arguments, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "calibration" not in weights.find("pix2pix", str(path)).card
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    card = weights.find("pix2pix", str(path)).card
    entry = card["calibration"]
    assert 1.2 < entry["level_spread"] <= entry["best"] <= 2.0
    scores = entry["scores"]
    assert scores["after"]["coverage_90"] > scores["before"]["coverage_90"] + 0.05
    assert scores["left out"]["crps"] < scores["before"]["crps"]
    assert json.dumps(entry, allow_nan=False)

    after = stream.enrich(**named)
    assert after.provenance["weights"]["level_spread"] == entry["level_spread"]
    assert not np.array_equal(after[0][0].data, before[0][0].data)
    without = stream.enrich(**named, calibrated=False)
    np.testing.assert_array_equal(without[0][0].data, before[0][0].data)
    assert without.provenance["options"]["calibrated"] is False
    assert "level_spread" not in without.provenance["weights"]
    # A second calibration measures what was fitted, not what was calibrated.
    again = run(*arguments)
    assert again.exit_code == 0, again.output
    assert weights.find("pix2pix", str(path)).card["calibration"] == entry
    copied = weights.add(path, "copied", folder / "copies")
    assert create("pix2pix", {}, copied.path).level_spread == entry["level_spread"]


@pytest.mark.parametrize("entry", [{}, "wide", {"level_spread": "wide"}, {"level_spread": 1e9}])
def test_a_card_that_says_no_factor_is_refused(trained, tmp_path, entry):
    copied = weights.note(weights.add(trained[1], "bad", tmp_path), calibration=entry)
    with pytest.raises(InputError, match="must be a number from 0"):
        create("pix2pix", {}, copied.path)
    assert create("pix2pix", {"calibrated": False}, copied.path).level_spread == 1.0


def test_what_cannot_be_calibrated_is_one_message(trained):
    folder, path = trained
    store = folder / "store"
    done = run("-m", "stochastic", "--data", store)
    assert done.exit_code == 1
    assert "draws no level that was learned" in done.output
    done = run("-m", "nothing", "--data", store)
    assert done.exit_code == 1
    assert "Unknown method" in done.output
    simulate(Population(records=6, per_event=6, seed=3), folder / "small")
    done = run("-m", "pix2pix", "--data", folder / "small", "--weights", path, "--split", "train")
    assert done.exit_code == 1
    assert "of 1 events; the spread of levels can be told from 5 or more" in done.output
