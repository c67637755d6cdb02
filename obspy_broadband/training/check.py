"""What training asks of a method beyond what drawing does; part of ``check_method``."""

from __future__ import annotations

import torch

from ..errors import BroadbandError
from ..method.contract import Batch
from ..method.neural import NeuralMethod
from ..nn.gradients import frozen
from .step import generator_state, side


def training_problems(method: NeuralMethod, batch: Batch) -> list[str]:
    """Breaches of what the training loop relies on, in words.

    :param batch: windows with ``broadband``, as arrays or tensors.
    """
    batch = Batch(
        scenarios=batch.scenarios,
        **{
            name: torch.as_tensor(getattr(batch, name), dtype=torch.float32)
            for name in ("low_frequency", "scale", "corner", "starts", "broadband")
        },
    )
    events = [str(row) for row in range(len(batch))]
    method.prepare_training(batch, torch.ones(len(batch)), events)
    method.train()
    try:
        return [*_phases(method, batch), *_state(method)]
    except BroadbandError as error:  # names of losses and weights
        return [str(error)]
    finally:
        method.zero_grad(set_to_none=True)
        method.eval()


def _phases(method: NeuralMethod, batch: Batch) -> list[str]:
    problems = []
    outputs = method(batch)
    detached = {name: value.detach() for name, value in outputs.items()}
    sides = {phase: side(method, phase) for phase in ("generator", "discriminator")}
    if sides["discriminator"]:
        with frozen(sides["generator"]):
            method.weighted(
                "discriminator", method.discriminator_losses(batch, detached)
            ).backward()
        if any(parameter.grad is not None for parameter in sides["generator"]):
            problems.append("the discriminator's losses move the generator's side")
        problems += _unreached(method, "discriminator")
    method.zero_grad(set_to_none=True)
    if not sides["generator"]:  # fitted before the first step
        return problems
    with frozen(sides["discriminator"]):
        method.weighted("generator", method.generator_losses(batch, outputs)).backward()
    if any(parameter.grad is not None for parameter in sides["discriminator"]):
        problems.append("the generator's losses move the adversaries")
    return problems + _unreached(method, "generator")


def _unreached(method: NeuralMethod, phase: str) -> list[str]:
    """Parameters of a phase's side that its losses give no gradient."""
    parameters = {id(parameter) for parameter in side(method, phase)}
    names = [
        name
        for name, parameter in method.named_parameters()
        if id(parameter) in parameters and parameter.requires_grad and parameter.grad is None
    ]
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return [f"no loss of the {phase} reaches {listed}"] if names else []


def _state(method: NeuralMethod) -> list[str]:
    """Whether a new instance that loads the weights has them."""
    copy = type(method)(method.options)
    weights = {name: value.clone() for name, value in generator_state(method).items()}
    copy.load_state_dict(weights, strict=False)
    differ = [
        name
        for name, value in generator_state(copy).items()
        if not torch.equal(value, weights[name])
    ]
    return [f"weights do not come back: {', '.join(differ)}"] if differ else []
