"""The loop: what is trained, logged, kept, resumed and refused."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError, MethodError, TrainingError
from obspy_broadband.nn.gradients import frozen
from obspy_broadband.training import trainer
from obspy_broadband.training.batches import Batches
from obspy_broadband.training.devices import fabric_for
from obspy_broadband.training.options import resolve
from obspy_broadband.training.selection import record_windows, training_pairs
from obspy_broadband.training.step import State, generator_state, optimizers, side, step
from obspy_broadband.training.validation import Validation

TINY = {
    **{"width": 2, "depth": 3, "discriminator_width": 2, "spectrogram": 0.1, "level_steps": 20},
    **{"training.batch": 4, "training.steps": 6, "training.validate_every": 3},
    **{"training.checkpoint_every": 2, "training.log_every": 1},
    **{"training.validation_records": 3, "training.validation_draws": 2},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    simulate(Population(records=60, per_event=2, seed=1, distances_km=(5, 60)), folder)
    return folder


def train(store, run, resume=False, method=Pix2Pix, **settings):
    options, training = resolve(method, None, None, TINY | settings)
    return trainer.train("pix2pix", method, options, training, store, run, resume=resume)


def lines(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def timeless(run):
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines(run)]


@pytest.fixture(scope="module")
def finished(store, tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    return train(store, run), run


def test_a_run_leaves_all_that_belongs_to_it(finished):
    weights, run = finished
    steps = [line for line in lines(run) if "generator/total" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4, 5, 6]
    expected = {"adversarial", "frequency", "angle", "spectrogram", "total"}
    assert {key.split("/")[1] for key in steps[0] if key.startswith("generator")} == expected
    validations = [line for line in lines(run) if "dev/crps" in line]
    assert [line["step"] for line in validations] == [3, 6]
    assert sorted(path.name for path in (run / "validation").glob("*.png")) == [
        "step-0000003.png",
        "step-0000006.png",
    ]
    card = weights.card
    assert card["data"]["sources"] == ["simulated:stochastic"]
    assert card["metrics"]["score"] == min(line["dev/crps"] for line in validations)
    assert card["training"]["steps"] == 6
    assert card["hardware"] == "1 x CPU"


def test_its_weights_enrich_a_stream(finished, simulation, tmp_path):
    weights, _ = finished
    ensemble = simulation(duration=60).enrich(
        "pix2pix", n=2, seed=1, weights=str(weights.path), magnitude=5.0
    )
    assert np.isfinite(ensemble[1][0].data).all()
    assert not np.array_equal(ensemble[0][0].data, ensemble[1][0].data)
    assert ensemble.provenance["weights"]["sha256"] == weights.card["sha256"]


def test_weights_that_do_not_fit_are_refused(finished, simulation):
    weights, _ = finished
    with pytest.raises(InputError, match="do not fit a network with width=4"):
        simulation().enrich("pix2pix", weights=str(weights.path), width=4)
    with pytest.raises(InputError, match="No weights 'other' for pix2pix"):
        simulation().enrich("pix2pix", weights="other")


def test_an_interrupted_run_ends_with_the_same_bytes(finished, store, tmp_path, monkeypatch):
    weights, run = finished
    monkeypatch.setattr(Validation, "draw_figure", lambda *_: None)
    whole = trainer.step
    for stops_at in (1, 3, 4):

        def broken(fabric, state, batches, training, at=stops_at):
            if state.step == at:
                raise KeyboardInterrupt
            return whole(fabric, state, batches, training)

        again = tmp_path / str(stops_at)
        monkeypatch.setattr(trainer, "step", broken)
        with pytest.raises(KeyboardInterrupt):
            train(store, again)
        monkeypatch.setattr(trainer, "step", whole)
        resumed = train(store, again, resume=True)
        assert resumed.path.read_bytes() == weights.path.read_bytes()
        assert timeless(again) == timeless(run)


def command(store, run, *more):
    settings = [f"--set={name}={value}" for name, value in TINY.items()]
    call = [sys.executable, str(Path(__file__).with_name("command.py")), "train", "-o", str(run)]
    return [*call, "-m", "pix2pix", "--data", str(store), "--gpus", "0", *settings, *more]


def test_a_killed_run_goes_on_to_the_same_bytes(store, tmp_path):
    """kill -9, twice, against a run that was left alone."""
    run = tmp_path / "killed"
    for wanted in (2, 5):
        more = ["--resume"] if run.exists() else []
        process = subprocess.Popen(
            command(store, run, "--steps", "8", *more),
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        log = run / "log.jsonl"
        while not (log.exists() and log.read_text().count("generator/total") >= wanted):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    resumed, whole = (
        train(store, folder, resume=resume, **{"training.steps": 8})
        for folder, resume in ((run, True), (tmp_path / "whole", False))
    )
    assert resumed.path.read_bytes() == whole.path.read_bytes()
    tensors = [
        weights.path.with_suffix(".safetensors").read_bytes() for weights in (resumed, whole)
    ]
    assert tensors[0] == tensors[1]
    assert timeless(run) == timeless(tmp_path / "whole")
    assert not list(run.glob(".*.part"))


@pytest.fixture(scope="module")
def shared(store, tmp_path_factory):
    """A training by two processes, nothing random in it but the data."""
    run = tmp_path_factory.mktemp("shared") / "run"
    done = subprocess.run(
        command(store, run, "--devices", "2", "--set=vary_level=false", "--set=dropout=0.0"),
        env=os.environ | {"OMP_NUM_THREADS": "1", "OBB_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return run


def test_two_processes_train_as_one_does(store, shared, tmp_path):
    """One batch between them, losses and scores of both together."""
    train(store, tmp_path, vary_level=False, dropout=0.0)
    single, double = timeless(tmp_path), timeless(shared)
    assert [line["step"] for line in single] == [line["step"] for line in double]
    for line, line_of_both in zip(single, double):
        for name, value in line.items():
            assert line_of_both[name] == pytest.approx(value, rel=2e-2, abs=2e-3), name
    states = [
        torch.load(run / "checkpoint.pt", weights_only=True)["method"] for run in (tmp_path, shared)
    ]
    for name, value in states[0].items():
        if not name.endswith(
            "convolution.bias"
        ):  # in front of a norm: does nothing, learns nothing
            difference = (states[1][name] - value).abs().float().quantile(0.9)
            assert difference < 2.4e-4, (
                name
            )  # of the 2.4e-3 that six steps of 4e-4 can move a weight


def test_replicas_stay_equal(shared):
    """Each of two processes writes a hash of its weights, see command.py."""
    first, second = ((shared / f"hash-{rank}.txt").read_text() for rank in (0, 1))
    assert first == second


def prepared(store, method_class=Pix2Pix, **settings):
    options, training = resolve(method_class, None, None, TINY | settings)
    torch.manual_seed(0)
    method = method_class(options)
    pairs = training_pairs(Store(store), "train", training, method.samples, torch.device("cpu"))
    method.prepare_training(*record_windows(pairs, training))
    average = {key: value.clone() for key, value in generator_state(method).items()}
    state = State(method, average, optimizers(method, training))
    return state, Batches(pairs, training.batch, 0), training


def test_each_phase_moves_its_own_side_alone(store):
    state, batches, _ = prepared(store)
    before = {name: value.clone() for name, value in state.method.state_dict().items()}
    only = {"training.lr_generator": 0.0}
    training_of = {
        "discriminator": resolve(Pix2Pix, None, None, TINY | only)[1],
        "generator": resolve(Pix2Pix, None, None, TINY | {"training.lr_discriminator": 0.0})[1],
    }
    for phase, chosen in training_of.items():
        step(fabric_for(0), state, batches, chosen)
        after = state.method.state_dict()
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        assert moved
        assert all(
            name.startswith("discriminators.") == (phase == "discriminator") for name in moved
        )
        before = {name: value.clone() for name, value in after.items()}


def test_frozen_parameters_thaw_again(store):
    state, _, _ = prepared(store)
    parameters = side(state.method, "generator")
    with frozen(parameters):
        assert not any(parameter.requires_grad for parameter in parameters)
    assert all(parameter.requires_grad for parameter in parameters)


def test_several_critic_steps_see_several_batches(store):
    state, batches, training = prepared(store, **{"training.critic_steps": 3})
    numbers = []

    def spy(number, make=batches.__call__):
        numbers.append(number)
        return make(number)

    for _ in range(2):
        step(fabric_for(0), state, spy, training)
    assert numbers == [0, 1, 2, 3, 4, 5]


class Exploding(Pix2Pix):
    """NaN from the third step on."""

    steps = 0

    def generator_losses(self, batch, outputs):
        type(self).steps += 1
        losses = super().generator_losses(batch, outputs)
        return losses | {"angle": losses["angle"] * (float("nan") if self.steps > 2 else 1.0)}


def test_nan_stops_the_run_and_keeps_the_batch(store, tmp_path):
    with pytest.raises(TrainingError, match=r"no number any more \(.*angle nan"):
        train(store, tmp_path, method=Exploding)
    (path,) = tmp_path.glob("not-finite-step-2-*.safetensors")
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        assert file.get_tensor("broadband").shape == (4, 3, 4096)
        assert file.metadata()["records"].count("simulated") == 4
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert saved["step"] == 2
    assert all(torch.isfinite(value).all() for value in saved["method"].values())


class Misspelt(Pix2Pix):
    """A loss that nobody weighs."""

    def generator_losses(self, batch, outputs):
        losses = super().generator_losses(batch, outputs)
        return {name.replace("angle", "angel"): value for name, value in losses.items()}


def test_losses_without_weights_are_refused_before_the_first_step(store, tmp_path):
    with pytest.raises(MethodError, match="angel has no weight, angle has a weight and no loss"):
        train(store, tmp_path, method=Misspelt)


def test_patience_ends_a_run_that_gets_no_better(store, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "score_of", lambda metrics: 1.0)
    monkeypatch.setattr(Validation, "draw_figure", lambda *_: None)
    settings = {"training.steps": 40, "training.validate_every": 1, "training.patience": 3}
    train(store, tmp_path, **settings)
    assert lines(tmp_path)[-1]["step"] == 4  # the first is the best, three more are waited for
    train(store, tmp_path, resume=True, **settings)
    assert lines(tmp_path)[-1]["step"] == 4


def test_the_average_follows_slowly(store):
    state, batches, training = prepared(store, **{"training.ema": 0.5})
    before = {name: value.clone() for name, value in state.average.items()}
    step(fabric_for(0), state, batches, training)
    name = "generator.last.weight"
    new = dict(state.method.named_parameters())[name].detach()
    assert torch.allclose(state.average[name], before[name] + 0.9 * (new - before[name]), atol=1e-6)


def test_the_thesis_protocol_trains_and_validates_on_itself(store, tmp_path):
    weights = train(store, tmp_path, **{"training.protocol": "thesis", "training.steps": 3})
    assert weights.card["options"]["level"] == "given"
    assert {"dev/EG", "dev/PG"} <= set(lines(tmp_path)[-1])
    assert weights.card["metrics"]["score_is"] == "-(EG + PG)"


def test_bf16_trains(store, tmp_path):
    train(store, tmp_path, **{"training.precision": "bf16-mixed", "training.steps": 3})
    assert np.isfinite(lines(tmp_path)[-2]["generator/total"])


def invoke(*arguments):
    return CliRunner().invoke(obb, ["train", *map(str, arguments)], standalone_mode=True)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(store, tmp_path):
    run = tmp_path / "run"
    result = invoke("-m", "pix2pix", "--data", store, "--preset", "small", "--epochs", 7,
                    "--set", "training.batch=2", "--set", "level_steps=5", "-o", run, "--dry-run")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "simulated" not in result.output
    assert "0.58 M" in result.output
    assert "min in all" in result.output
    assert not run.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "stochastic"], "is not trained"),
        (["-m", "pix2pix", "--preset", "big"], "thesis, small"),
        (["-m", "pix2pix", "--gpus", 4], "--gpus 0 trains on the CPU"),
        (["-m", "pix2pix", "--steps", 1, "--epochs", 1], "not both"),
        (["-m", "pix2pix", "--set", "training.batch=1000"], "larger than the training set"),
        (["-m", "pix2pix", "--set", "training.after_p_s=500"], "no records for the train split"),
        (["--resume"], "options.toml"),
        ([], "needs --method"),
    ],
)
def test_mistakes_get_one_message(store, tmp_path, arguments, message):
    result = invoke(*arguments, "--data", store, "-o", tmp_path / "run")
    assert result.exit_code == 1
    assert message in result.output
    assert result.output.count("\n") == 1


def test_a_run_is_not_overwritten(finished, store):
    _, run = finished
    before = hashlib.sha256((run / "checkpoint.pt").read_bytes()).hexdigest()
    result = invoke("-m", "pix2pix", "--data", store, "-o", run)
    assert "--resume, or choose another name" in result.output
    assert hashlib.sha256((run / "checkpoint.pt").read_bytes()).hexdigest() == before


def test_training_may_start_from_weights(finished, store, tmp_path):
    weights, _ = finished
    options, training = resolve(Pix2Pix, None, None, TINY | {"training.lr_generator": 0.0})
    again = trainer.train("pix2pix", Pix2Pix, options, training, store, tmp_path,
                          start_from=str(weights.path))  # fmt: skip
    old, new = weights.load(), again.load()
    assert all(torch.allclose(old[name], new[name], atol=1e-6) for name in old)
