import json

import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.level.regression import GaussianRegression
from obspy_broadband.method import weights
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.training import trainer
from obspy_broadband.training.finetune import plan
from obspy_broadband.training.options import resolve

TINY = {
    **{"width": 2, "depth": 3, "discriminator_width": 2, "level_steps": 20},
    **{"training.batch": 4, "training.steps": 2, "training.log_every": 1},
    **{"training.validation_records": 4, "training.validation_draws": 2},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store, weights learned from it, and a region of few events."""
    folder = tmp_path_factory.mktemp("trained")
    simulate(Population(records=60, per_event=2, seed=1), folder / "store")
    simulate(Population(records=60, per_event=2, seed=2), folder / "region")
    options, training = resolve(Pix2Pix, None, None, TINY)
    start = trainer.train("pix2pix", Pix2Pix, options, training, folder / "store", folder / "run")
    return folder, start


def numbers(events, offset, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(len(events), 4, generator=generator)
    y = x[:, :2] + 0.3 * torch.randn(len(events), 2, generator=generator) + offset
    conditions = Conditions.from_vector(torch.zeros(len(events), 3))
    return x, y, conditions, torch.ones(len(events)), events


def test_a_level_is_shifted_by_as_much_as_its_events_know():
    predictor = GaussianRegression(4, 2, 3)
    many = [f"event{number // 4}" for number in range(400)]
    predictor.fit(*numbers(many, 0.0), steps=50)
    assert not predictor.offset.any()
    shifts = {}
    for count in (1, 3, 60):
        events = [f"other{number // 10}" for number in range(10 * count)]
        predictor.fit(*numbers(events, 1.0, seed=count), how="shift")
        shifts[count] = float(predictor.offset.mean())
    assert 0.2 < shifts[1] < shifts[3] < shifts[60]
    assert shifts[60] == pytest.approx(1.0, abs=0.1)
    before = {name: value.clone() for name, value in predictor.state_dict().items()}
    predictor.fit(*numbers(many, 5.0), how="keep")
    assert all(torch.equal(value, before[name]) for name, value in predictor.state_dict().items())
    predictor.fit(*numbers(many, 0.0), steps=50)
    assert not predictor.offset.any()  # what is learned anew forgets the region


def test_an_unknown_way_to_fit_is_refused():
    with pytest.raises(InputError, match="anew, shift, keep"):
        Pix2Pix.configure({"level_fit": "again"})


def test_options_are_those_of_the_weights_and_the_level_follows_the_events(trained):
    folder, start = trained
    planned = plan("pix2pix", Pix2Pix, str(start.path), Store(folder / "region"), 10, {})
    assert planned.options.width == 2
    assert planned.options.level_fit == "shift"
    assert planned.training.lr_generator == pytest.approx(
        0.3 * start.card["training"]["lr_generator"]
    )
    settings = {"level_fit": "keep", "training.lr_generator": 1e-5}
    planned = plan("pix2pix", Pix2Pix, str(start.path), Store(folder / "region"), 10, settings)
    assert planned.options.level_fit == "keep"
    assert planned.training.lr_generator == 1e-5


def test_the_command_compares_before_and_after_and_never_gets_worse_on_dev(trained):
    folder, start = trained
    run = folder / "tuned"
    arguments = [
        "finetune",
        "-m",
        "pix2pix",
        "--from",
        str(start.path),
        "--gpus",
        "0",
        "--steps",
        "2",
    ]
    arguments += ["--data", str(folder / "region"), "--remember", str(folder / "store")]
    arguments += ["-o", str(run)]
    dry = CliRunner().invoke(obb, [*arguments, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "level: shift" in dry.output
    assert not run.exists()
    done = CliRunner().invoke(obb, arguments)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(run / "finetune.csv")
    assert table["weights"].tolist() == ["before", "after", "before", "after"]
    assert set(table["split"]) == {"test"}
    assert table["crps"].notna().all()
    tuned = weights.find("pix2pix", str(run / "weights" / "pix2pix" / "default.json"))
    first = [line for line in (run / "log.jsonl").read_text().splitlines() if '"step": 0' in line]
    assert len(first) == 1  # validated before the first step
    assert tuned.card["metrics"]["score"] <= json.loads(first[0])["dev/crps"]
