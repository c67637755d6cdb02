"""The loop that trains every method."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from ..data.store import SAMPLING_RATE, Store
from ..errors import InputError, TrainingError
from ..method import weights
from ..method.neural import NeuralMethod, load_weights
from ..method.training_range import ranges
from .batches import Batches
from .devices import fabric_for
from .options import TrainingOptions, to_toml
from .run_folder import RunFolder
from .selection import known, many, pairs_of, select
from .step import NotFinite, State, new, optimizers, own, reduced, step
from .validation import SCORE, Validation, score_of


def train(
    name: str,
    method_class: type[NeuralMethod],
    options: Any,
    training: TrainingOptions,
    store_folder: str | Path,
    run_folder: str | Path,
    resume: bool = False,
    start_from: str | None = None,
    fabric: Fabric | None = None,
    progress: bool = False,
) -> weights.Weights:
    """Train a method; the same call with ``resume`` goes on where it was interrupted.

    On CPUs an interrupted and resumed run ends with the same bytes as one that was not.

    :param name: the method's registered name.
    :param options: of the method; ``training`` of the loop.
    :param store_folder: made by ``obb data prepare``.
    :param run_folder: see :mod:`.run_folder`.
    :param start_from: weights to start from; see :func:`obspy_broadband.method.weights.find`.
    :param fabric: devices, processes and precision; default: one CPU process.
    :return: the best weights of the run.
    :raises InputError: for data or a folder that cannot be used.
    :raises TrainingError: if a loss is no number any more; the batch is saved.
    """
    fabric = fabric or fabric_for(gpus=0, precision=training.precision)
    fabric.launch()
    rank, world = fabric.global_rank, fabric.world_size
    folder = RunFolder(run_folder, writes=rank == 0)
    store = Store(store_folder)
    method = new(method_class, options, training).to(fabric.device)
    pairs = pairs_of(store, "train", training, method.samples, fabric.device)
    batches = Batches(pairs, training.batch, training.seed, training.event_balance, rank, world)
    validation = Validation(
        store, select(store, "dev", training), training, method.samples, rank, world
    )
    state = State(method, {}, optimizers(method, training))
    if resume:
        _restore(state, folder.restore(fabric.device))
    else:
        folder.assert_new()
        fabric.barrier()  # none may write before all have looked
        run = {"method": name, "data": str(store_folder)}
        folder.start(to_toml(run, options, training))
        if start_from is not None:
            load_weights(method, weights.find(name, start_from))
        method.prepare_training(*known(pairs, training))
        state.average = {key: value.clone() for key, value in own(method).items()}
        if start_from is not None:
            # What does not get better stays as it was.
            _validate(fabric, state, validation, folder)
        folder.save(_to_save(state))
    fabric.barrier()
    try:
        _loop(fabric, state, batches, validation, folder, training, progress)
    finally:
        batches.close()
    if rank == 0:
        card = _card(name, options, training, store, state, world, fabric.device)
        if training.protocol == "clean":
            card["ranges"] = ranges(many(pairs, training)[0], SAMPLING_RATE)
        weights.save(folder.folder / "weights", "default", state.best, card)
    fabric.barrier()
    return weights.find(name, str(folder.folder / "weights" / name / "default.json"))


def _loop(
    fabric: Fabric,
    state: State,
    batches: Batches,
    validation: Validation,
    folder: RunFolder,
    training: TrainingOptions,
    progress: bool,
) -> None:
    rank, started = fabric.global_rank, time.monotonic()
    if not state.optimizers and state.step < training.steps:
        # All of it was fitted before the first step.
        state.step = training.steps
        _validate(fabric, state, validation, folder)
        folder.save(_to_save(state))
    shown = progress and rank == 0
    with tqdm(total=training.steps, initial=state.step, unit="step", disable=not shown) as bar:
        while state.step < training.steps and not _out_of_patience(state, training):
            try:
                losses = step(fabric, state, batches, training)
            except NotFinite as error:
                kept = folder.keep_batch(error.batch, state.step, rank, batches.names(error.number))
                raise TrainingError(
                    f"Step {state.step}: {error} The batch is in {kept}. Try a lower learning "
                    "rate, training.clip=1 or precision 32-true; --resume goes on from the last "
                    "checkpoint."
                ) from error
            bar.update()
            last = state.step == training.steps
            if state.step % training.log_every == 0 or last:
                losses = reduced(fabric, losses)
                spent = {"seconds": round(time.monotonic() - started, 3)}
                rates = {
                    f"lr/{name}": one.param_groups[0]["lr"]
                    for name, one in state.optimizers.items()
                }
                folder.log({"step": state.step, **losses, **rates, **spent})
                bar.set_postfix_str(f"loss {losses['generator/total']:.3g}", refresh=False)
            if state.step % training.validate_every == 0 or last:
                _validate(fabric, state, validation, folder)
                bar.set_description(
                    ", ".join(f"{key} {value:.2f}" for key, value in state.metrics.items())
                )
            last = last or _out_of_patience(state, training)
            if state.step % training.checkpoint_every == 0 or last:
                folder.save(_to_save(state))


def _validate(fabric: Fabric, state: State, validation: Validation, folder: RunFolder) -> None:
    judged = copy.deepcopy(state.method)
    judged.load_state_dict(state.average, strict=False)
    sums, drawn = validation(judged)
    state.metrics = reduced(fabric, sums, "sum")
    folder.log({"step": state.step, **{f"dev/{k}": v for k, v in state.metrics.items()}})
    if drawn is not None and folder.writes:
        path = folder.folder / "validation" / f"step-{state.step:07d}.png"
        text = ", ".join(f"{key} {value:.3f}" for key, value in state.metrics.items())
        validation.draw_figure(path, drawn, f"step {state.step}: {text}")
    score = score_of(state.metrics)
    if score < state.best_score or state.method.keep == "last":
        state.best_score, state.best_step = score, state.step
        state.best = {key: value.detach().cpu().clone() for key, value in state.average.items()}


def _out_of_patience(state: State, training: TrainingOptions) -> bool:
    waited = state.step - state.best_step
    return bool(
        training.patience
        and state.best_step >= 0
        and waited >= training.patience * training.validate_every
    )


def _to_save(state: State) -> dict[str, Any]:
    return {
        "method": state.method.state_dict(),
        "average": state.average,
        "optimizers": {name: one.state_dict() for name, one in state.optimizers.items()},
        **{name: getattr(state, name) for name in ("step", "best_score", "best_step")},
        **{"best": state.best, "metrics": state.metrics},
    }


def _restore(state: State, saved: Mapping[str, Any]) -> None:
    try:
        state.method.load_state_dict(saved["method"])
        for name, one in state.optimizers.items():
            one.load_state_dict(saved["optimizers"][name])
    except (RuntimeError, KeyError, ValueError) as error:
        raise InputError(
            "The checkpoint belongs to a run with other options; resume with those of its "
            "options.toml."
        ) from error
    state.average = saved["average"]
    for name in ("step", "best_score", "best_step", "best", "metrics"):
        setattr(state, name, saved[name])


def _card(
    name: str,
    options: Any,
    training: TrainingOptions,
    store: Store,
    state: State,
    processes: int,
    device: torch.device,
) -> dict[str, Any]:
    where = "CPU" if device.type == "cpu" else torch.cuda.get_device_name(device)
    used = np.concatenate([select(store, split, training) for split in ("train", "dev")])
    columns = store.columns
    sources = set(columns["source"][used].tolist())
    if training.scenarios:
        sources |= set(Store(training.scenarios).columns["source"].tolist())
    return {
        "method": name,
        "options": dataclasses.asdict(options),
        "data": {
            "records": len(used),
            "events": len(set(columns["event"][used].tolist())),
            "sources": sorted(sources),
            "licences": sorted(set(columns["licence"][used].tolist())),
            "attributions": sorted(set(columns["attribution"][used].tolist())),
        },
        "protocol": training.protocol,
        "metrics": {
            "split": "dev",
            "step": state.best_step,
            "score": state.best_score,
            "score_is": SCORE[training.protocol],
        },
        # A folder of this machine is nobody else's.
        "training": {**dataclasses.asdict(training), "scenarios": Path(training.scenarios).name},
        "hardware": f"{processes} x {where}",
    }
