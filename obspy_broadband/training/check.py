"""What training asks of a method beyond what drawing does; part of ``check_method``."""

from __future__ import annotations

import torch

from ..errors import BroadbandError
from ..method.contract import Batch
from ..method.neural import NeuralMethod
from ..nn.gradients import frozen
from .step import own, side


def training_problems(method: NeuralMethod, batch: Batch) -> list[str]:
    """What a method would do wrong in the loop, in words.

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
    fixed = {name: value.detach() for name, value in outputs.items()}
    sides = {phase: side(method, phase) for phase in ("generator", "discriminator")}
    if sides["discriminator"]:
        with frozen(sides["generator"]):
            method.weighted("discriminator", method.discriminator_losses(batch, fixed)).backward()
        if any(one.grad is not None for one in sides["generator"]):
            problems.append("the discriminator's losses move the generator's side")
        problems += _unreached(method, "discriminator")
    method.zero_grad(set_to_none=True)
    if not sides["generator"]:  # fitted before the first step
        return problems
    with frozen(sides["discriminator"]):
        method.weighted("generator", method.generator_losses(batch, outputs)).backward()
    if any(one.grad is not None for one in sides["discriminator"]):
        problems.append("the generator's losses move the adversaries")
    return problems + _unreached(method, "generator")


def _unreached(method: NeuralMethod, phase: str) -> list[str]:
    mine = {id(one) for one in side(method, phase)}
    idle = [
        name
        for name, one in method.named_parameters()
        if id(one) in mine and one.requires_grad and one.grad is None
    ]
    listed = ", ".join(idle[:5]) + (", ..." if len(idle) > 5 else "")
    return [f"no loss of the {phase} reaches {listed}"] if idle else []


def _state(method: NeuralMethod) -> list[str]:
    again = type(method)(method.options)
    kept = {name: value.clone() for name, value in own(method).items()}
    again.load_state_dict(kept, strict=False)
    differ = [name for name, value in own(again).items() if not torch.equal(value, kept[name])]
    return [f"weights do not come back: {', '.join(differ)}"] if differ else []
