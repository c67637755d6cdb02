"""What a method gets to know before the first step."""

import numpy as np
import pytest
import torch
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.training import selection as windows
from obspy_broadband.training.options import resolve
from obspy_broadband.training.trainer import train


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two stores of different earthquakes."""
    made = [tmp_path_factory.mktemp(name) for name in ("records", "scenarios")]
    for seed, folder in enumerate(made):
        simulate(Population(records=24 + 12 * seed, per_event=2, seed=seed), folder)
    return made


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(windows, "_PREPARE", 30)
    monkeypatch.setattr(windows, "_AT_MOST", 40)
    monkeypatch.setattr(windows, "_AT_ONCE", 7)


def asked(folder, samples=512, **settings):
    training = resolve(Pix2Pix, None, None, settings)[1]
    return windows.pairs_of(
        Store(folder), "train", training, samples, torch.device("cpu")
    ), training


def test_windows_are_those_of_training_however_many_are_made_at_once(folders, few, monkeypatch):
    pairs, training = asked(folders[0])
    batch, counts, events = windows.many(pairs, training)
    assert len(batch) == len(counts) == len(events) == (30 // len(pairs)) * len(pairs)
    assert float(counts.sum()) == pytest.approx(1.0)
    monkeypatch.setattr(windows, "_AT_ONCE", 1000)
    again = windows.many(pairs, training)[0]
    assert torch.allclose(again.broadband, batch.broadband, rtol=1e-3, atol=1e-3)


def test_of_too_many_records_some_are_chosen(folders, few, monkeypatch):
    monkeypatch.setattr(windows, "_AT_MOST", 9)
    pairs, training = asked(folders[0], **{"training.onset_latest": -5.0, "training.forget": 0.0})
    batch, _, events = windows.many(pairs, training)
    assert len(batch) == 27  # each three times
    peaks = batch.scale.numpy()
    assert len(set(events)) > 3
    assert len(np.unique(peaks)) == 27  # other corners and angles every time
    assert len(pairs) > 9  # those that are trained on stay


def test_scenarios_count_for_their_share(folders, few):
    settings = {"training.scenarios": str(folders[1]), "training.scenario_share": 0.25}
    pairs, training = asked(folders[0], **settings)
    alone = windows.many(pairs, training)
    batch, counts, events = windows.known(pairs, training)
    assert torch.equal(batch.broadband[: len(alone[0])], alone[0].broadband)
    assert len(batch) == len(counts) == len(events) > len(alone[0])
    assert float(counts[len(alone[0]) :].sum()) == pytest.approx(0.25)
    # Records in counts teach no level: the share is that of the others.
    pairs.store.columns["unit"][pairs.records[::2]] = "counts"
    batch, counts, _ = windows.known(pairs, training)
    physical = counts * torch.isfinite(batch.scale)
    assert float(physical[len(alone[0]) :].sum() / physical.sum()) == pytest.approx(0.25)


def test_a_level_is_learned_from_scenarios_too_and_the_card_says_so(folders, tmp_path):
    tiny = {"width": 2, "depth": 3, "discriminator_width": 2, "level_steps": 5}
    tiny |= {"training.steps": 1, "training.batch": 2, "training.validation_records": 1}
    found = []
    for number, more in enumerate(({}, {"training.scenarios": str(folders[1])})):
        options, training = resolve(Pix2Pix, None, None, tiny | more)
        run = tmp_path / str(number)
        found.append(train("pix2pix", Pix2Pix, options, training, folders[0], run))
    linear = [one.load()["level.predictor.linear"].float() for one in found]
    assert not torch.allclose(*linear)
    card = found[1].card
    assert card["data"]["sources"] == ["simulated:stochastic"]
    assert card["training"]["scenarios"] == folders[1].name


def test_a_folder_that_is_no_store_is_refused(folders, tmp_path):
    pairs, training = asked(folders[0], **{"training.scenarios": str(tmp_path / "none")})
    with pytest.raises(InputError, match="none"):
        windows.known(pairs, training)
    with pytest.raises(InputError, match="scenario_share"):
        asked(folders[0], **{"training.scenario_share": 1.0})
