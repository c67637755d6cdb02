"""Windows that a method is prepared with before the first step."""

import numpy as np
import pytest
import torch
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.training import selection
from obspy_broadband.training.options import resolve
from obspy_broadband.training.trainer import train


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two stores of different earthquakes."""
    folders = [tmp_path_factory.mktemp(name) for name in ("records", "scenarios")]
    for seed, folder in enumerate(folders):
        simulate(Population(records=24 + 12 * seed, per_event=2, seed=seed), folder)
    return folders


@pytest.fixture
def few_windows(monkeypatch):
    monkeypatch.setattr(selection, "_MIN_WINDOWS", 30)
    monkeypatch.setattr(selection, "_MAX_WINDOWS", 40)
    monkeypatch.setattr(selection, "_CHUNK", 7)


def training_set(folder, samples=512, **settings):
    training = resolve(Pix2Pix, None, None, settings)[1]
    return selection.training_pairs(
        Store(folder), "train", training, samples, torch.device("cpu")
    ), training


def test_windows_are_those_of_training_however_many_are_made_at_once(
    folders, few_windows, monkeypatch
):
    pairs, training = training_set(folders[0])
    batch, weights, events = selection.record_windows(pairs, training)
    assert len(batch) == len(weights) == len(events) == (30 // len(pairs)) * len(pairs)
    assert float(weights.sum()) == pytest.approx(1.0)
    monkeypatch.setattr(selection, "_CHUNK", 1000)
    again = selection.record_windows(pairs, training)[0]
    assert torch.allclose(again.broadband, batch.broadband, rtol=1e-3, atol=1e-3)


def test_of_too_many_records_some_are_chosen(folders, few_windows, monkeypatch):
    monkeypatch.setattr(selection, "_MAX_WINDOWS", 9)
    pairs, training = training_set(
        folders[0], **{"training.onset_latest": -5.0, "training.forget": 0.0}
    )
    batch, _, events = selection.record_windows(pairs, training)
    assert len(batch) == 27  # each three times
    peaks = batch.scale.numpy()
    assert len(set(events)) > 3
    assert len(np.unique(peaks)) == 27  # other corners and angles every time
    assert len(pairs) > 9  # those that are trained on stay


def test_scenarios_count_for_their_share(folders, few_windows):
    settings = {"training.scenarios": str(folders[1]), "training.scenario_share": 0.25}
    pairs, training = training_set(folders[0], **settings)
    alone = selection.record_windows(pairs, training)
    batch, weights, events = selection.preparation_windows(pairs, training)
    assert torch.equal(batch.broadband[: len(alone[0])], alone[0].broadband)
    assert len(batch) == len(weights) == len(events) > len(alone[0])
    assert float(weights[len(alone[0]) :].sum()) == pytest.approx(0.25)
    # Records in counts teach no level: the share is that of the others.
    pairs.store.columns["unit"][pairs.records[::2]] = "counts"
    batch, weights, _ = selection.preparation_windows(pairs, training)
    physical = weights * torch.isfinite(batch.scale)
    assert float(physical[len(alone[0]) :].sum() / physical.sum()) == pytest.approx(0.25)


def test_a_level_is_learned_from_scenarios_too_and_the_card_says_so(folders, tmp_path):
    tiny = {"width": 2, "depth": 3, "discriminator_width": 2, "level_steps": 5}
    tiny |= {"training.steps": 1, "training.batch": 2, "training.validation_records": 1}
    trained = []
    for number, more in enumerate(({}, {"training.scenarios": str(folders[1])})):
        options, training = resolve(Pix2Pix, None, None, tiny | more)
        run = tmp_path / str(number)
        trained.append(train("pix2pix", Pix2Pix, options, training, folders[0], run))
    linear = [weights.load()["level.predictor.linear"].float() for weights in trained]
    assert not torch.allclose(*linear)
    card = trained[1].card
    assert card["data"]["sources"] == ["simulated:stochastic"]
    assert card["training"]["scenarios"] == folders[1].name


def test_a_folder_that_is_no_store_is_refused(folders, tmp_path):
    pairs, training = training_set(folders[0], **{"training.scenarios": str(tmp_path / "none")})
    with pytest.raises(InputError, match="none"):
        selection.preparation_windows(pairs, training)
    with pytest.raises(InputError, match="scenario_share"):
        training_set(folders[0], **{"training.scenario_share": 1.0})
