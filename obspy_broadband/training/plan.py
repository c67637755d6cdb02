"""What a training would do, without doing it (``obb train --dry-run``)."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from ..data.store import Store
from ..method.neural import NeuralMethod
from .batches import Batches
from .options import TrainingOptions
from .selection import preparation_windows, select_records, training_pairs
from .step import State, generator_state, initialize, optimizers, side, step


@dataclass(frozen=True)
class Plan:
    """Size, data and duration of a training."""

    steps: int
    records: int
    events: int
    dev_records: int
    per_epoch: int
    parameters: dict[str, int]
    processes: int
    device: str
    seconds_per_step: float | None
    scenarios: int = 0

    def describe(self, name: str, options: Any, training: TrainingOptions) -> str:
        """The plan as text, a line for each part."""
        count = {phase: f"{number / 1e6:.2f} M" for phase, number in self.parameters.items()}
        lines = [
            f"{name} on {self.processes} x {self.device}, precision {training.precision}",
            f"parameters: generator's side {count['generator']}, adversaries "
            f"{count['discriminator']}",
            f"data: {self.records} records of {self.events} events to train on, "
            f"{self.dev_records} to validate on, {training.protocol} protocol",
            f"steps: {self.steps} of {training.batch} windows "
            f"({self.steps * training.critic_steps / self.per_epoch:.1f} epochs)"
            if any(self.parameters.values())
            else "steps: none; all is fitted before the first",
        ]
        if self.scenarios:
            lines.append(
                f"level: learned from {self.scenarios} simulated scenarios, too, which count "
                f"{100 * training.scenario_share:.0f} %"
            )
        if self.seconds_per_step:
            total = self.steps * self.seconds_per_step
            lines.append(
                f"time: {self.seconds_per_step:.2f} s a step in one process, about "
                f"{total / 60:.0f} min in all, validation apart (an estimate from two steps)"
            )
        settings = {**dataclasses.asdict(options)}
        lines.append("options: " + ", ".join(f"{key}={value}" for key, value in settings.items()))
        return "\n".join(lines)


def plan(
    method_class: type[NeuralMethod],
    options: Any,
    training: TrainingOptions,
    store_folder: str | Path,
    fabric: Fabric,
    epochs: int | None = None,
    measure: bool = False,
) -> Plan:
    """Check everything that a training needs; nothing is written.

    :param epochs: instead of the steps of ``training``.
    :param measure: time two steps.
    :raises InputError: for data or options that cannot be used.
    """
    store = Store(store_folder)
    method = initialize(method_class, options, training).to(fabric.device)
    pairs = training_pairs(store, "train", training, method.samples, fabric.device)
    dev = select_records(store, "dev", training)
    scenarios = Store(training.scenarios) if training.scenarios else None
    batches = Batches(pairs, training.batch, training.seed, training.event_balance)
    steps = training.steps
    if epochs:
        steps = max(1, epochs * batches.per_epoch // training.critic_steps)
    seconds = None
    if measure and any(side(method, phase) for phase in ("generator", "discriminator")):
        method.prepare_training(*preparation_windows(pairs, training))
        average = {key: value.clone() for key, value in generator_state(method).items()}
        state = State(method, average, optimizers(method, training))
        for _ in range(3):  # the last is timed: the first ones include the start of threads
            started = time.monotonic()
            step(fabric, state, batches, training)
            seconds = time.monotonic() - started
    batches.close()
    parameters = {
        phase: sum(parameter.numel() for parameter in side(method, phase))
        for phase in ("generator", "discriminator")
    }
    return Plan(
        steps=steps,
        records=len(pairs),
        events=len(set(store.columns["event"][pairs.records].tolist())),
        dev_records=len(dev),
        per_epoch=batches.per_epoch,
        parameters=parameters,
        processes=fabric.world_size,
        device=str(fabric.device.type),
        seconds_per_step=seconds,
        scenarios=len(select_records(scenarios, "train", training)) if scenarios else 0,
    )
