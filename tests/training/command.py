"""Run by test_trainer.py: ``obb`` with few windows to prepare a method with.

Where two processes train, each writes a hash of what it ends with into the training's folder, and
checks that the statistics of a batch of codes are those of both.
"""

import hashlib
import sys
from pathlib import Path

import torch
from conftest import FEW_WINDOWS
from obb_cli.main import obb

from obspy_broadband.nn.normalization import StandardCode
from obspy_broadband.training import selection, trainer

step = trainer.step
last = {}


def remember(fabric, state, batches, training):
    last["state"] = state
    return step(fabric, state, batches, training)


def write_hash(path):
    digest = hashlib.sha256()
    for part in (last["state"].method.state_dict(), last["state"].average):
        for name, value in part.items():
            digest.update(name.encode() + value.detach().numpy().tobytes())
    path.write_text(digest.hexdigest())


def check_shared_statistics(rank):
    """Codes of a batch that two processes share are standardized as one process would."""
    torch.manual_seed(0)
    whole, weights = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 4)
    local = whole[rank::2].float().requires_grad_()
    layer = StandardCode(4)
    (layer(local) * weights[rank::2]).sum().backward()
    single = whole.clone().requires_grad_()
    standard = (single - single.mean(dim=0)) / (single.var(dim=0, correction=0) + 1e-5).sqrt()
    (standard * weights).sum().backward()
    difference = local.grad - single.grad[rank::2]
    assert difference.abs().max() < 1e-4, "a gradient that one process would not have"
    assert torch.allclose(layer.mean.double(), 0.1 * whole.mean(dim=0), atol=1e-5)


if __name__ == "__main__":
    selection._MIN_WINDOWS = FEW_WINDOWS
    trainer.step = remember
    obb(standalone_mode=False)
    if torch.distributed.is_initialized():
        rank = torch.distributed.get_rank()
        check_shared_statistics(rank)
        write_hash(Path(sys.argv[sys.argv.index("-o") + 1]) / f"hash-{rank}.txt")
