"""The training loop of all methods: steps, log, validation, checkpoints, weights and card."""

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
from .checkpoints import TrainingFolder
from .devices import fabric_for
from .options import TrainingOptions, to_toml
from .selection import preparation_windows, record_windows, select_records, training_pairs
from .step import (
    NonFiniteLoss,
    State,
    generator_state,
    initialize,
    optimizers,
    reduce_across_processes,
    step,
)
from .validation import SCORE, Validation, score_of

#: Of :class:`.step.State`, what a checkpoint holds as it is.
_RESTORED = ("step", "best_score", "best_step", "best", "metrics")


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
    """Train a method; the same call with ``resume`` continues an interrupted training.

    On CPUs an interrupted and resumed training ends with the same bytes as an uninterrupted one.

    :param name: the method's registered name.
    :param method_class: its class.
    :param options: of the method; ``training`` of the loop.
    :param store_folder: made by ``obb data prepare``.
    :param run_folder: see :mod:`.checkpoints`.
    :param start_from: weights to start from; see :func:`obspy_broadband.method.weights.find`.
    :param fabric: devices, processes and precision; default: one CPU process.
    :return: the best weights of the run.
    :raises InputError: for data or a folder that cannot be used.
    :raises TrainingError: if a loss is NaN or infinite; the batch is saved.
    """
    fabric = fabric or fabric_for(gpus=0, precision=training.precision)
    fabric.launch()
    rank, world = fabric.global_rank, fabric.world_size
    folder = TrainingFolder(run_folder, writes=rank == 0)
    store = Store(store_folder)
    method = initialize(method_class, options, training).to(fabric.device)
    pairs = training_pairs(store, "train", training, method.samples, fabric.device)
    batches = Batches(pairs, training.batch, training.seed, training.event_balance, rank, world)
    validation = Validation(
        store, select_records(store, "dev", training), training, method.samples, rank, world
    )
    state = State(method, {}, optimizers(method, training))
    if resume:
        _restore(state, folder.restore(fabric.device))
    else:
        folder.assert_new()
        fabric.barrier()  # no process writes before all have checked
        run = {"method": name, "data": str(store_folder)}
        folder.start(to_toml(run, options, training))
        if start_from is not None:
            load_weights(method, weights.find(name, start_from))
        method.prepare_training(*preparation_windows(pairs, training))
        state.average = {key: value.clone() for key, value in generator_state(method).items()}
        if start_from is not None:
            # The first weights are kept unless later ones score better.
            _validate(fabric, state, validation, folder)
        folder.save(_checkpoint(state))
    fabric.barrier()
    try:
        _loop(fabric, state, batches, validation, folder, training, progress)
    finally:
        batches.close()
    if rank == 0:
        card = _card(name, options, training, store, state, world, fabric.device)
        if training.protocol == "clean":
            card["ranges"] = ranges(record_windows(pairs, training)[0], SAMPLING_RATE)
        weights.save(folder.folder / "weights", "default", state.best, card)
    fabric.barrier()
    return weights.find(name, str(folder.folder / "weights" / name / "default.json"))


def _loop(
    fabric: Fabric,
    state: State,
    batches: Batches,
    validation: Validation,
    folder: TrainingFolder,
    training: TrainingOptions,
    progress: bool,
) -> None:
    rank, started = fabric.global_rank, time.monotonic()
    if not state.optimizers and state.step < training.steps:
        # Nothing is trained by gradient descent: prepare_training has fitted everything.
        state.step = training.steps
        _validate(fabric, state, validation, folder)
        folder.save(_checkpoint(state))
    quiet = not progress or rank != 0
    with tqdm(total=training.steps, initial=state.step, unit="step", disable=quiet) as bar:
        while state.step < training.steps and not _patience_exhausted(state, training):
            try:
                losses = step(fabric, state, batches, training)
            except NonFiniteLoss as error:
                path = folder.save_batch(
                    error.batch, state.step, rank, batches.record_names(error.number)
                )
                raise TrainingError(
                    f"Step {state.step}: {error} The batch is in {path}. Try a lower learning "
                    "rate, training.clip=1 or precision 32-true; --resume goes on from the last "
                    "checkpoint."
                ) from error
            bar.update()
            last = state.step == training.steps
            if state.step % training.log_every == 0 or last:
                losses = reduce_across_processes(fabric, losses)
                rates = {
                    f"lr/{name}": optimizer.param_groups[0]["lr"]
                    for name, optimizer in state.optimizers.items()
                }
                elapsed = {"seconds": round(time.monotonic() - started, 3)}
                folder.log({"step": state.step, **losses, **rates, **elapsed})
                bar.set_postfix_str(f"loss {losses['generator/total']:.3g}", refresh=False)
            if state.step % training.validate_every == 0 or last:
                _validate(fabric, state, validation, folder)
                bar.set_description(
                    ", ".join(f"{key} {value:.2f}" for key, value in state.metrics.items())
                )
            last = last or _patience_exhausted(state, training)
            if state.step % training.checkpoint_every == 0 or last:
                folder.save(_checkpoint(state))


def _validate(fabric: Fabric, state: State, validation: Validation, folder: TrainingFolder) -> None:
    averaged = copy.deepcopy(state.method)
    averaged.load_state_dict(state.average, strict=False)
    sums, realizations = validation(averaged)
    state.metrics = reduce_across_processes(fabric, sums, "sum")
    metrics = {f"dev/{name}": value for name, value in state.metrics.items()}
    folder.log({"step": state.step, **metrics})
    if realizations is not None and folder.writes:
        path = folder.folder / "validation" / f"step-{state.step:07d}.png"
        scores = ", ".join(f"{name} {value:.3f}" for name, value in state.metrics.items())
        validation.draw_figure(path, realizations, f"step {state.step}: {scores}")
    score = score_of(state.metrics)
    if score < state.best_score or state.method.keep == "last":
        state.best_score, state.best_step = score, state.step
        state.best = {key: value.detach().cpu().clone() for key, value in state.average.items()}


def _patience_exhausted(state: State, training: TrainingOptions) -> bool:
    since_best = state.step - state.best_step
    return bool(
        training.patience
        and state.best_step >= 0
        and since_best >= training.patience * training.validate_every
    )


def _checkpoint(state: State) -> dict[str, Any]:
    return {
        "method": state.method.state_dict(),
        "average": state.average,
        "optimizers": {
            name: optimizer.state_dict() for name, optimizer in state.optimizers.items()
        },
        **{name: getattr(state, name) for name in _RESTORED},
    }


def _restore(state: State, saved: Mapping[str, Any]) -> None:
    try:
        state.method.load_state_dict(saved["method"])
        for name, optimizer in state.optimizers.items():
            optimizer.load_state_dict(saved["optimizers"][name])
    except (RuntimeError, KeyError, ValueError) as error:
        raise InputError(
            "The checkpoint belongs to a run with other options; resume with those of its "
            "options.toml."
        ) from error
    state.average = saved["average"]
    for name in _RESTORED:
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
    device_name = "CPU" if device.type == "cpu" else torch.cuda.get_device_name(device)
    records = np.concatenate([select_records(store, split, training) for split in ("train", "dev")])
    columns = store.columns
    sources = set(columns["source"][records].tolist())
    if training.scenarios:
        sources |= set(Store(training.scenarios).columns["source"].tolist())
    return {
        "method": name,
        "options": dataclasses.asdict(options),
        "data": {
            "records": len(records),
            "events": len(set(columns["event"][records].tolist())),
            "sources": sorted(sources),
            "licences": sorted(set(columns["licence"][records].tolist())),
            "attributions": sorted(set(columns["attribution"][records].tolist())),
        },
        "protocol": training.protocol,
        "metrics": {
            "split": "dev",
            "step": state.best_step,
            "score": state.best_score,
            "score_is": SCORE[training.protocol],
        },
        # The name alone: the path of a folder means nothing on another machine.
        "training": {**dataclasses.asdict(training), "scenarios": Path(training.scenarios).name},
        "hardware": f"{processes} x {device_name}",
    }
