"""From weights to weights of a region or a site: what they were before, what they are after."""

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
from .selection import select
from .trainer import train
from .validation import Validation

#: Events in physical units from which the level is learned anew; of fewer, only how far they lie
#: from what the weights say.
ENOUGH_EVENTS = 40
#: Of the first training's learning rates.
_RATE = 0.3
#: Of the loop's options, what follows from the run and not from the weights.
_NOT_KEPT = (
    *("steps", "validate_every", "checkpoint_every", "patience", "warmup", "schedule"),
    "scenarios",
)


@dataclass(frozen=True)
class Plan:
    """What a fine-tuning run is.

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
) -> Plan:
    """Options of the weights, lower learning rates, and how the level is learned.

    :param start: name or path of weights; None for the default ones.
    :param settings: what the user sets; wins over all.
    :raises InputError: for weights that cannot be found, or settings that are refused.
    """
    found = weights.find(method, start)
    chosen: dict[str, Any] = {**found.card["options"]}
    chosen |= {
        f"training.{name}": value
        for name, value in found.card["training"].items()
        if name not in _NOT_KEPT
    }
    for name in ("lr_generator", "lr_discriminator"):
        chosen[f"training.{name}"] = _RATE * float(chosen[f"training.{name}"])
    every = max(1, steps // 5)
    chosen |= {"training.steps": steps, "training.validate_every": every}
    chosen |= {"training.checkpoint_every": max(1, every // 2), "training.patience": 0}
    if "level_fit" in {field.name for field in dataclasses.fields(method_class.Options)}:
        chosen["level_fit"] = "anew" if _events(store) >= ENOUGH_EVENTS else "shift"
    options, training = resolve(method_class, None, chosen, settings)
    records = len(select(store, "train", training))
    if records < training.batch:
        training = dataclasses.replace(training, batch=max(1, records))
    return Plan(found, method_class, options, training)


def finetune(
    method: str,
    planned: Plan,
    store_folder: str | Path,
    run_folder: str | Path,
    remember: Sequence[str | Path] = (),
    resume: bool = False,
    fabric: Fabric | None = None,
    progress: bool = False,
) -> tuple[weights.Weights, pd.DataFrame]:
    """Train on, and compare.

    :param remember: stores of what the weights knew before, to see what was forgotten.
    :return: the new weights, and a table: one line for each store and each of "before" and "after",
        on the test split (dev where there is none), columns those of
        :class:`.validation.Validation`. It is written to ``finetune.csv`` in the run.
    """
    start = str(planned.start.path)
    made = train(
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
        split, validation = _judge_of(store, planned)
        for when, one in (("before", planned.start), ("after", made)):
            ready = planned.method_class(planned.method_class.configure(one.card["options"]))
            load_weights(ready, one)
            scores, _ = validation(ready)
            records = len(validation.cases)
            about = {"store": str(folder), "split": split, "records": records, "weights": when}
            rows.append({**about, **scores})
    table = pd.DataFrame(rows)
    table.to_csv(Path(run_folder) / "finetune.csv", index=False)
    return made, table


def _judge_of(store: Store, planned: Plan) -> tuple[str, Validation]:
    for split in ("test", "dev"):
        try:
            records = select(store, split, planned.training)
        except InputError:
            continue
        samples = planned.method_class.samples
        return split, Validation(store, records, planned.training, samples)
    raise InputError(f"{store.folder} has neither test nor dev records to compare on.")


def _events(store: Store) -> int:
    chosen = store.select("train", "mps2", 0.5, after_p_s=30.0)
    return len(set(store.columns["event"][chosen].tolist()))
