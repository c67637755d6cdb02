"""Fine-tune weights to a region or a site, and compare them before and after."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from lightning_fabric import Fabric

from ..data.store import Store
from ..errors import InputError
from ..method import weights
from ..method.neural import NeuralMethod, load_weights
from .options import TrainingOptions, resolve
from .selection import select_records
from .trainer import train
from .validation import Validation

#: Events in physical units from which the level is fitted anew; with fewer, its mean is shifted.
MIN_EVENTS_FOR_LEVEL = 40
#: Factor on the learning rates of the first training.
_RATE = 0.3
#: Options of the loop that are not taken from the weights.
_NOT_INHERITED = (
    *("steps", "validate_every", "checkpoint_every", "patience", "warmup", "schedule"),
    "scenarios",
)


@dataclass(frozen=True)
class FinetuningPlan:
    """Weights and options of a fine-tuning.

    :param start: the weights that it starts from.
    :param method_class: with ``options`` and ``training``.
    """

    start: weights.Weights
    method_class: type[NeuralMethod]
    options: Any
    training: TrainingOptions


def plan(
    method: str,
    method_class: type[NeuralMethod],
    start: str | None,
    store: Store,
    steps: int,
    settings: Mapping[str, Any],
) -> FinetuningPlan:
    """Options of the weights, with lower learning rates, and how the level is fitted.

    :param start: name or path of weights; None for the default ones.
    :param steps: of the generator.
    :param settings: single options; they override all others.
    :raises InputError: for weights that cannot be found, or settings that are refused.
    """
    start_weights = weights.find(method, start)
    inherited: dict[str, Any] = {**start_weights.card["options"]}
    inherited |= {
        f"training.{name}": value
        for name, value in start_weights.card["training"].items()
        if name not in _NOT_INHERITED
    }
    for name in ("lr_generator", "lr_discriminator"):
        inherited[f"training.{name}"] = _RATE * float(inherited[f"training.{name}"])
    every = max(1, steps // 5)
    inherited |= {"training.steps": steps, "training.validate_every": every}
    inherited |= {"training.checkpoint_every": max(1, every // 2), "training.patience": 0}
    if "level_fit" in {field.name for field in dataclasses.fields(method_class.Options)}:
        enough = _count_events(store) >= MIN_EVENTS_FOR_LEVEL
        inherited["level_fit"] = "anew" if enough else "shift"
    options, training = resolve(method_class, None, inherited, settings)
    records = len(select_records(store, "train", training))
    if records < training.batch:
        training = dataclasses.replace(training, batch=max(1, records))
    return FinetuningPlan(start_weights, method_class, options, training)


def finetune(
    method: str,
    planned: FinetuningPlan,
    store_folder: str | Path,
    run_folder: str | Path,
    remember: Sequence[str | Path] = (),
    resume: bool = False,
    fabric: Fabric | None = None,
    progress: bool = False,
) -> tuple[weights.Weights, pd.DataFrame]:
    """Continue training from the weights of a plan, and score them before and after.

    :param planned: see :func:`plan`.
    :param remember: stores like those of the first training, to see what was forgotten.
    :return: the new weights, and a table: one line for each store and each of "before" and "after",
        on the test split (dev where there is none), columns those of
        :class:`.validation.Validation`. It is written to ``finetune.csv`` in the run.
    """
    start = str(planned.start.path)
    tuned = train(
        method,
        planned.method_class,
        planned.options,
        planned.training,
        store_folder,
        run_folder,
        resume=resume,
        start_from=start,
        fabric=fabric,
        progress=progress,
    )
    rows = []
    for folder in (store_folder, *remember):
        store = Store(folder)
        split, validation = _validation(store, planned)
        for label, candidate in (("before", planned.start), ("after", tuned)):
            options = planned.method_class.configure(candidate.card["options"])
            trained = planned.method_class(options)
            load_weights(trained, candidate)
            scores, _ = validation(trained)
            records = len(validation.cases)
            row = {"store": str(folder), "split": split, "records": records, "weights": label}
            rows.append({**row, **scores})
    table = pd.DataFrame(rows)
    table.to_csv(Path(run_folder) / "finetune.csv", index=False)
    return tuned, table


def _validation(store: Store, planned: FinetuningPlan) -> tuple[str, Validation]:
    for split in ("test", "dev"):
        try:
            records = select_records(store, split, planned.training)
        except InputError:
            continue
        samples = planned.method_class.samples
        return split, Validation(store, records, planned.training, samples)
    raise InputError(f"{store.folder} has neither test nor dev records to compare on.")


def _count_events(store: Store) -> int:
    records = store.select("train", "mps2", 0.5, after_p_s=30.0)
    return len(set(store.columns["event"][records].tolist()))
