"""One step of training: what happens to a method between two batches."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils.parametrize import cached

from ..method.contract import Batch
from ..method.neural import NeuralMethod
from ..nn.gradients import frozen
from .batches import Batches
from .options import TrainingOptions


@dataclass
class State:
    """All that changes while a method learns, and nothing that follows from the step."""

    method: NeuralMethod
    average: dict[str, Tensor]  # of the generator's side, exponential
    optimizers: dict[str, torch.optim.Optimizer]
    step: int = 0
    best_score: float = math.inf
    best_step: int = -1
    best: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)


class NotFinite(ArithmeticError):
    """A loss is no number any more, in one of the processes."""

    def __init__(self, phase: str, losses: Mapping[str, Tensor], batch: Batch, number: int):
        values = ", ".join(f"{name} {float(value.detach()):g}" for name, value in losses.items())
        super().__init__(f"The {phase}'s loss is no number any more ({values}).")
        self.batch, self.number = batch, number


def step(
    fabric: Fabric, state: State, batches: Batches, training: TrainingOptions
) -> dict[str, float]:
    """One step of the generator, after one or several of the discriminator.

    What is random follows from seed, step and process alone. Within a phase each weight's spectral
    norm is computed once, whatever the number of signals that pass through it.

    :return: losses and weighted sums by "phase/name".
    :raises NotFinite: for a loss that is NaN or infinite.
    """
    method, done = state.method, state.step
    method.train()
    factor = training.rate(done)
    for phase, optimizer in state.optimizers.items():
        optimizer.param_groups[0]["lr"] = factor * getattr(training, f"lr_{phase}")
    seen: dict[str, float] = {}
    for turn in range(training.critic_steps):
        number = done * training.critic_steps + turn
        batch = batches(number)
        torch.manual_seed((training.seed * 7919 + number) * 4096 + fabric.global_rank)
        with fabric.autocast():
            outputs = method(batch)
        if "discriminator" in state.optimizers:
            fixed = {key: value.detach() for key, value in outputs.items()}
            with frozen(side(method, "generator")), fabric.autocast(), cached():
                losses = method.discriminator_losses(batch, fixed)
            _descend(fabric, state, "discriminator", losses, training, batch, number)
            seen |= _named("discriminator", losses, method)
    with frozen(side(method, "discriminator")):
        with fabric.autocast(), cached():
            losses = method.generator_losses(batch, outputs)
        _descend(fabric, state, "generator", losses, training, batch, number)
    seen |= _named("generator", losses, method)
    decay = min(training.ema, (1 + done) / (10 + done))
    with torch.no_grad():
        for key, value in own(method).items():
            state.average[key].lerp_(value, 1.0 - decay)
    state.step += 1
    return seen


def _descend(
    fabric: Fabric,
    state: State,
    phase: str,
    losses: Mapping[str, Tensor],
    training: TrainingOptions,
    batch: Batch,
    number: int,
) -> None:
    total = state.method.weighted(phase, losses)
    if _all_reduce(fabric, (~torch.isfinite(total.detach())).float(), "sum"):
        raise NotFinite(phase, losses, batch, number)
    optimizer, parameters = state.optimizers[phase], side(state.method, phase)
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    if fabric.world_size > 1:
        _average_gradients(fabric, parameters)
    if training.clip:
        torch.nn.utils.clip_grad_norm_(parameters, training.clip)
    optimizer.step()


def _average_gradients(fabric: Fabric, parameters: Sequence[nn.Parameter]) -> None:
    """The mean over processes: one message for all.

    Two phases with one forward pass do not fit the hooks of DistributedDataParallel.
    """
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
    flat = _all_reduce(fabric, torch.cat([one.flatten() for one in gradients]), "mean")
    for one, part in zip(parameters, flat.split([one.numel() for one in parameters])):
        one.grad = part.view_as(one).clone()


def reduced(fabric: Fabric, values: Mapping[str, float], how: str = "mean") -> dict[str, float]:
    """Mean or sum of numbers over all processes."""
    if fabric.world_size == 1:
        return dict(values)
    names = sorted({name for part in _gather_names(values) for name in part})
    given = torch.tensor([values.get(name, 0.0) for name in names], dtype=torch.float64)
    total = _all_reduce(fabric, given.to(fabric.device), how)
    return dict(zip(names, total.tolist()))


def _all_reduce(fabric: Fabric, value: Tensor, how: str) -> Tensor:
    if fabric.world_size == 1:
        return value
    found = fabric.all_reduce(value, reduce_op=how)
    assert isinstance(found, Tensor)
    return found


def _gather_names(values: Mapping[str, float]) -> list[list[str]]:
    """A process without records of its own knows no names."""
    found: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(found, list(values))
    return found


def side(method: NeuralMethod, phase: str) -> list[nn.Parameter]:
    """Parameters of the adversaries ("discriminator"), or all the others ("generator")."""
    adversaries = list(method.discriminators.parameters())
    if phase == "discriminator":
        return adversaries
    theirs = {id(one) for one in adversaries}
    return [one for one in method.parameters() if id(one) not in theirs]


def own(method: NeuralMethod) -> dict[str, Tensor]:
    """What is kept of a method: all but its adversaries."""
    state = method.state_dict()
    return {k: v.detach() for k, v in state.items() if not k.startswith("discriminators.")}


def optimizers(method: NeuralMethod, training: TrainingOptions) -> dict[str, torch.optim.Optimizer]:
    """Adam for each side that has parameters."""
    found: dict[str, torch.optim.Optimizer] = {}
    for phase in ("discriminator", "generator"):
        parameters = side(method, phase)
        if parameters:
            found[phase] = torch.optim.Adam(
                parameters,
                lr=getattr(training, f"lr_{phase}"),
                betas=(training.beta1, training.beta2),
                weight_decay=getattr(training, f"weight_decay_{phase}"),
            )
    return found


def _named(phase: str, losses: Mapping[str, Tensor], method: NeuralMethod) -> dict[str, float]:
    each = {f"{phase}/{name}": float(value.detach()) for name, value in losses.items()}
    weight = method.loss_weights[phase]
    total = sum(weight[name] * float(value.detach()) for name, value in losses.items())
    return {**each, f"{phase}/total": total}


def new(method_class: type[NeuralMethod], options: Any, training: TrainingOptions) -> NeuralMethod:
    """A method with the first weights that the run's seed gives."""
    torch.manual_seed(training.seed)
    return method_class(options)
