"""On what a run trains: GPUs, CPU processes, machines."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from ..errors import InputError


def fabric_for(
    gpus: int | None = None, devices: int = 1, nodes: int = 1, precision: str = "32-true"
) -> Fabric:
    """A Lightning Fabric for what is asked.

    :param gpus: on each machine; 0 for CPUs, None for one GPU if there is one.
    :param devices: processes on each machine, on CPUs.
    :param nodes: machines; each starts the same command, as SLURM's srun or torchrun do.
    :param precision: as :class:`.options.TrainingOptions` has it.
    :raises InputError: for more GPUs than there are.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    wanted = min(1, there) if gpus is None else gpus
    if wanted > there:
        raise InputError(
            f"--gpus {wanted}, but this machine has {there}; --gpus 0 trains on the CPU, "
            "--devices N in N processes."
        )
    if min(wanted, devices - 1, nodes - 1) < 0:
        raise InputError("--gpus must be 0 or more, --devices and --nodes 1 or more.")
    processes = wanted or devices
    return Fabric(
        accelerator="cuda" if wanted else "cpu",
        devices=processes,
        num_nodes=nodes,
        strategy="ddp" if processes * nodes > 1 else "auto",
        precision=precision,  # type: ignore[arg-type]
    )
