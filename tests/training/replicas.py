"""Run by test_trainer.py: two processes train, each writes a hash of what it ends with.

Codes of a batch that they share are standardized as one process would.
"""

import hashlib
import sys
from pathlib import Path

import torch
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.store import Store
from obspy_broadband.nn.normalization import StandardCode
from obspy_broadband.training.batches import Batches
from obspy_broadband.training.devices import fabric_for
from obspy_broadband.training.options import resolve
from obspy_broadband.training.selection import record_windows, training_pairs
from obspy_broadband.training.step import State, generator_state, initialize, optimizers, step

if __name__ == "__main__":
    store, output = map(Path, sys.argv[1:])
    sizes = {
        "width": 2,
        "depth": 3,
        "discriminator_width": 2,
        "training.batch": 4,
        "level_steps": 20,
    }
    options, training = resolve(Pix2Pix, None, None, sizes)
    fabric = fabric_for(gpus=0, devices=2)
    fabric.launch()
    method = initialize(Pix2Pix, options, training)
    pairs = training_pairs(Store(store), "train", training, method.samples, fabric.device)
    method.prepare_training(*record_windows(pairs, training))
    average = {key: value.clone() for key, value in generator_state(method).items()}
    state = State(method, average, optimizers(method, training))
    batches = Batches(pairs, training.batch, 0, 0.5, fabric.global_rank, fabric.world_size)
    for _ in range(5):
        step(fabric, state, batches, training)
    batches.close()
    torch.manual_seed(0)
    whole, weights = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 4)
    local = whole[fabric.global_rank :: 2].float().requires_grad_()
    layer = StandardCode(4)
    (layer(local) * weights[fabric.global_rank :: 2]).sum().backward()
    single = whole.clone().requires_grad_()
    standard = (single - single.mean(dim=0)) / (single.var(dim=0, correction=0) + 1e-5).sqrt()
    (standard * weights).sum().backward()
    difference = local.grad - single.grad[fabric.global_rank :: 2]
    assert difference.abs().max() < 1e-4, "a gradient that one process would not have"
    assert torch.allclose(layer.mean.double(), 0.1 * whole.mean(dim=0), atol=1e-5)
    digest = hashlib.sha256()
    for part in (state.method.state_dict(), state.average):
        for name, value in part.items():
            digest.update(name.encode() + value.detach().numpy().tobytes())
    (output / f"{fabric.global_rank}.txt").write_text(digest.hexdigest())
