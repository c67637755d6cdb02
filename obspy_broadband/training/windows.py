"""Which windows of a store a run uses."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from ..data.pairs import Augmentation, Pairs
from ..data.store import Store
from ..errors import InputError
from ..method import Batch
from .batches import event_weights
from .options import TrainingOptions

#: Windows by which a method gets to know its data before the first step.
_PREPARE = 2048


def pairs_of(
    store: Store, split: str, training: TrainingOptions, samples: int, device: torch.device
) -> Pairs:
    """The windows a method is trained on.

    :raises InputError: if the store has none that fit.
    """
    corner: float | tuple[float, float] = (training.corner_lowest, training.corner_highest)
    if training.protocol == "thesis":
        corner = 1.0
    change = Augmentation(
        onset_s=(training.onset_earliest, training.onset_latest), forget=training.forget
    )
    records = select(store, split, training)
    return Pairs(store, records, samples, training.protocol, corner, change, device)


def select(store: Store, split: str, training: TrainingOptions) -> np.ndarray:
    unit = "mps2" if training.units == "mps2" or split != "train" else None
    chosen = store.select(split, unit, training.lowest_hz, after_p_s=training.after_p_s)
    if not len(chosen):
        raise InputError(
            f"{store.folder} has no records for the {split} split that are usable from "
            f"{training.lowest_hz:g} Hz and last {training.after_p_s:g} s after P."
        )
    return chosen


def many(pairs: Pairs, training: TrainingOptions) -> tuple[Batch, Tensor, list[str]]:
    """Windows of all records, drawn as in training, what each counts, and their events."""
    times = max(1, _PREPARE // len(pairs))
    parts = [
        pairs.batch(range(len(pairs)), seed=training.seed + 10_007 * turn) for turn in range(times)
    ]
    joined = {
        name: torch.cat([getattr(part, name) for part in parts])
        for name in ("low_frequency", "scale", "corner", "starts", "broadband")
    }
    scenarios = tuple(one for part in parts for one in part.scenarios)
    weight = np.tile(event_weights(pairs, training.event_balance), times)
    counts = torch.as_tensor(weight, dtype=torch.float32, device=pairs.device)
    events = pairs.store.columns["event"][pairs.records].tolist() * times
    return dataclasses.replace(parts[0], scenarios=scenarios, **joined), counts, events
