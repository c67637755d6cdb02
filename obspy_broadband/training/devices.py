"""What a training runs on: GPUs, CPU processes, machines."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from ..errors import InputError


def fabric_for(
    gpus: int | None = None, devices: int = 1, nodes: int = 1, precision: str = "32-true"
) -> Fabric:
    """A Lightning Fabric of GPUs, or of CPU processes.

    :param gpus: on each machine; 0 for CPUs, None for one GPU if there is one.
    :param devices: processes on each machine, on CPUs.
    :param nodes: machines; each starts the same command, as SLURM's srun or torchrun do.
    :param precision: as :class:`.options.TrainingOptions` has it.
    :raises InputError: for more GPUs than there are.
    """
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    requested = min(1, available) if gpus is None else gpus
    if requested > available:
        raise InputError(
            f"--gpus {requested}, but this machine has {available}; --gpus 0 trains on the CPU, "
            "--devices N in N processes."
        )
    if min(requested, devices - 1, nodes - 1) < 0:
        raise InputError("--gpus must be 0 or more, --devices and --nodes 1 or more.")
    processes = requested or devices
    return Fabric(
        accelerator="cuda" if requested else "cpu",
        devices=processes,
        num_nodes=nodes,
        strategy="ddp" if processes * nodes > 1 else "auto",
        precision=precision,  # type: ignore[arg-type]
    )
