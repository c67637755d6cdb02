"""One training step: discriminator, generator, exponential moving average of the weights."""

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
    """All that changes during training, and nothing that follows from the number of the step."""

    method: NeuralMethod
    average: dict[str, Tensor]  # exponential moving average of the generator's side
    optimizers: dict[str, torch.optim.Optimizer]
    step: int = 0
    best_score: float = math.inf
    best_step: int = -1
    best: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)


class NonFiniteLoss(ArithmeticError):
    """A loss is NaN or infinite in one of the processes."""

    def __init__(self, phase: str, losses: Mapping[str, Tensor], batch: Batch, number: int):
        values = ", ".join(f"{name} {float(value.detach()):g}" for name, value in losses.items())
        super().__init__(f"The {phase}'s loss is no number any more ({values}).")
        self.batch, self.number = batch, number


def step(
    fabric: Fabric, state: State, batches: Batches, training: TrainingOptions
) -> dict[str, float]:
    """One step of the generator, after one or several of the discriminator.

    Random numbers follow from seed, step and process alone. Within a phase the spectral norm of a
    weight is computed once, however many signals pass through it.

    :return: losses and weighted sums by "phase/name".
    :raises NonFiniteLoss: for a loss that is NaN or infinite.
    """
    method = state.method
    method.train()
    factor = training.rate(state.step)
    for phase, optimizer in state.optimizers.items():
        optimizer.param_groups[0]["lr"] = factor * getattr(training, f"lr_{phase}")
    logged: dict[str, float] = {}
    for critic_step in range(training.critic_steps):
        number = state.step * training.critic_steps + critic_step
        batch = batches(number)
        torch.manual_seed((training.seed * 7919 + number) * 4096 + fabric.global_rank)
        with fabric.autocast():
            outputs = method(batch)
        if "discriminator" in state.optimizers:
            detached = {key: value.detach() for key, value in outputs.items()}
            with frozen(side(method, "generator")), fabric.autocast(), cached():
                losses = method.discriminator_losses(batch, detached)
            _descend(fabric, state, "discriminator", losses, training, batch, number)
            logged |= _log_entries("discriminator", losses, method)
    with frozen(side(method, "discriminator")):
        with fabric.autocast(), cached():
            losses = method.generator_losses(batch, outputs)
        _descend(fabric, state, "generator", losses, training, batch, number)
    logged |= _log_entries("generator", losses, method)
    decay = min(training.ema, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for key, value in generator_state(method).items():
            state.average[key].lerp_(value, 1.0 - decay)
    state.step += 1
    return logged


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
        raise NonFiniteLoss(phase, losses, batch, number)
    optimizer, parameters = state.optimizers[phase], side(state.method, phase)
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    if fabric.world_size > 1:
        _average_gradients(fabric, parameters)
    if training.clip:
        torch.nn.utils.clip_grad_norm_(parameters, training.clip)
    optimizer.step()


def _average_gradients(fabric: Fabric, parameters: Sequence[nn.Parameter]) -> None:
    """Replace gradients by their mean over the processes, all in one message.

    Two phases with one forward pass do not fit the hooks of DistributedDataParallel.
    """
    gradients = [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in parameters
    ]
    flat = _all_reduce(fabric, torch.cat([gradient.flatten() for gradient in gradients]), "mean")
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, part in zip(parameters, flat.split(sizes)):
        parameter.grad = part.view_as(parameter).clone()


def reduce_across_processes(
    fabric: Fabric, values: Mapping[str, float], operation: str = "mean"
) -> dict[str, float]:
    """Mean or sum of each value over all processes."""
    if fabric.world_size == 1:
        return dict(values)
    names = sorted({name for gathered in _gather_names(values) for name in gathered})
    local = torch.tensor([values.get(name, 0.0) for name in names], dtype=torch.float64)
    result = _all_reduce(fabric, local.to(fabric.device), operation)
    return dict(zip(names, result.tolist()))


def _all_reduce(fabric: Fabric, value: Tensor, operation: str) -> Tensor:
    if fabric.world_size == 1:
        return value
    result = fabric.all_reduce(value, reduce_op=operation)
    assert isinstance(result, Tensor)
    return result


def _gather_names(values: Mapping[str, float]) -> list[list[str]]:
    """Names of all processes: one that has no records to validate on has no names."""
    names: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(names, list(values))
    return names


def side(method: NeuralMethod, phase: str) -> list[nn.Parameter]:
    """Parameters of the adversaries ("discriminator"), or all the others ("generator")."""
    adversaries = list(method.discriminators.parameters())
    if phase == "discriminator":
        return adversaries
    excluded = {id(parameter) for parameter in adversaries}
    return [parameter for parameter in method.parameters() if id(parameter) not in excluded]


def generator_state(method: NeuralMethod) -> dict[str, Tensor]:
    """Parameters and buffers of all but the adversaries, detached: the content of weights."""
    return {
        name: value.detach()
        for name, value in method.state_dict().items()
        if not name.startswith("discriminators.")
    }


def optimizers(method: NeuralMethod, training: TrainingOptions) -> dict[str, torch.optim.Optimizer]:
    """Adam for each side that has parameters."""
    by_phase: dict[str, torch.optim.Optimizer] = {}
    for phase in ("discriminator", "generator"):
        parameters = side(method, phase)
        if parameters:
            by_phase[phase] = torch.optim.Adam(
                parameters,
                lr=getattr(training, f"lr_{phase}"),
                betas=(training.beta1, training.beta2),
                weight_decay=getattr(training, f"weight_decay_{phase}"),
            )
    return by_phase


def _log_entries(
    phase: str, losses: Mapping[str, Tensor], method: NeuralMethod
) -> dict[str, float]:
    values = {f"{phase}/{name}": float(value.detach()) for name, value in losses.items()}
    weight = method.loss_weights[phase]
    total = sum(weight[name] * float(value.detach()) for name, value in losses.items())
    return {**values, f"{phase}/total": total}


def initialize(
    method_class: type[NeuralMethod], options: Any, training: TrainingOptions
) -> NeuralMethod:
    """A method with random initial weights, from the training's seed."""
    torch.manual_seed(training.seed)
    return method_class(options)
