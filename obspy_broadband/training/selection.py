"""Which windows of a store a run uses."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..data.event_weights import event_weights
from ..data.pairs import Augmentation, Pairs
from ..data.store import Store
from ..errors import InputError
from ..method.contract import Batch
from .options import TrainingOptions

#: Windows by which a method gets to know its data before the first step, at least and at most:
#: 100 kB each, and as much again for each of those that are made at once.
_PREPARE, _AT_MOST, _AT_ONCE = 2048, 8192, 512


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


def known(pairs: Pairs, training: TrainingOptions) -> tuple[Batch, Tensor, list[str]]:
    """By what a method gets to know its data before the first step: :func:`many` windows of the
    records, and of the scenarios, if there are any. Those count for their share of what is in
    physical units.

    :raises InputError: if the scenarios cannot be used.
    """
    batch, counts, events = many(pairs, training)
    if not training.scenarios:
        return batch, counts, events
    store, share = Store(training.scenarios), training.scenario_share
    others = many(pairs_of(store, "train", training, pairs.samples, pairs.device), training)
    of_records = float(counts[torch.isfinite(batch.scale)].sum()) or 1.0
    counts = torch.cat([(1.0 - share) * counts, share * of_records * others[1]])
    return _joined([batch, others[0]]), counts / counts.sum(), events + others[2]


def many(pairs: Pairs, training: TrainingOptions) -> tuple[Batch, Tensor, list[str]]:
    """Windows of all records, drawn as in training, what each counts (1 together), and their
    events. Of more records than memory holds windows of, some that are chosen at random.
    """
    if len(pairs) > _AT_MOST:
        rng = np.random.default_rng(training.seed)
        pairs = copy.copy(pairs)
        pairs.records = np.sort(rng.choice(pairs.records, _AT_MOST, replace=False))
    times = max(1, _PREPARE // len(pairs))
    some = np.array_split(np.arange(len(pairs)), -(-len(pairs) // _AT_ONCE))
    parts = [
        pairs.batch(these.tolist(), seed=training.seed + 10_007 * turn)
        for turn in range(times)
        for these in some
    ]
    events = pairs.store.columns["event"][pairs.records].tolist()
    counts = np.tile(event_weights(events, training.event_balance), times) / times
    weights = torch.as_tensor(counts, dtype=torch.float32, device=pairs.device)
    return _joined(parts), weights, events * times


def _joined(parts: Sequence[Batch]) -> Batch:
    joined = {
        name: torch.cat([getattr(part, name) for part in parts])
        for name in ("low_frequency", "scale", "corner", "starts", "broadband")
    }
    scenarios = tuple(one for part in parts for one in part.scenarios)
    return dataclasses.replace(parts[0], scenarios=scenarios, **joined)
