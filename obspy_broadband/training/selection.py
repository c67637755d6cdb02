"""Records of a store that a training uses; windows that a method is prepared with."""

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

#: Windows given to ``prepare_training``, at least and at most (100 kB each), and how many of them
#: are made at once (100 kB more each, while they are made).
_MIN_WINDOWS, _MAX_WINDOWS, _CHUNK = 2048, 8192, 512


def training_pairs(
    store: Store, split: str, training: TrainingOptions, samples: int, device: torch.device
) -> Pairs:
    """Pairs of low-frequency and broadband windows of the records that fit the options.

    :param samples: of a window.
    :raises InputError: if no record fits.
    """
    corner: float | tuple[float, float] = (training.corner_lowest, training.corner_highest)
    if training.protocol == "thesis":
        corner = 1.0
    augmentation = Augmentation(
        onset_s=(training.onset_earliest, training.onset_latest), forget=training.forget
    )
    records = select_records(store, split, training)
    return Pairs(store, records, samples, training.protocol, corner, augmentation, device)


def select_records(store: Store, split: str, training: TrainingOptions) -> np.ndarray:
    """Indices of a split's records that fit the options; in m/s² alone outside the train split.

    :raises InputError: if there are none.
    """
    unit = "mps2" if training.units == "mps2" or split != "train" else None
    records = store.select(split, unit, training.lowest_hz, after_p_s=training.after_p_s)
    if not len(records):
        raise InputError(
            f"{store.folder} has no records for the {split} split that are usable from "
            f"{training.lowest_hz:g} Hz and last {training.after_p_s:g} s after P."
        )
    return records


def preparation_windows(pairs: Pairs, training: TrainingOptions) -> tuple[Batch, Tensor, list[str]]:
    """Windows for ``prepare_training``: of the records, and of ``training.scenarios`` if set.

    Scenarios have ``training.scenario_share`` of the weight of all windows in physical units.

    :return: windows, their weights (sum 1), the event of each.
    :raises InputError: if the scenarios cannot be used.
    """
    batch, weights, events = record_windows(pairs, training)
    if not training.scenarios:
        return batch, weights, events
    store, share = Store(training.scenarios), training.scenario_share
    scenario_pairs = training_pairs(store, "train", training, pairs.samples, pairs.device)
    scenarios, scenario_weights, scenario_events = record_windows(scenario_pairs, training)
    physical = float(weights[torch.isfinite(batch.scale)].sum()) or 1.0
    weights = torch.cat([(1.0 - share) * weights, share * physical * scenario_weights])
    return _concatenate([batch, scenarios]), weights / weights.sum(), events + scenario_events


def record_windows(pairs: Pairs, training: TrainingOptions) -> tuple[Batch, Tensor, list[str]]:
    """Windows of all records, augmented as in training; several of each where records are few.

    Of more records than memory holds windows of, a random selection.

    :return: windows, their weights (sum 1, see :func:`.batches.event_weights`), the event of each.
    """
    if len(pairs) > _MAX_WINDOWS:
        rng = np.random.default_rng(training.seed)
        pairs = copy.copy(pairs)
        pairs.records = np.sort(rng.choice(pairs.records, _MAX_WINDOWS, replace=False))
    repetitions = max(1, _MIN_WINDOWS // len(pairs))
    chunks = np.array_split(np.arange(len(pairs)), -(-len(pairs) // _CHUNK))
    parts = [
        pairs.batch(positions.tolist(), seed=training.seed + 10_007 * repetition)
        for repetition in range(repetitions)
        for positions in chunks
    ]
    events = pairs.store.columns["event"][pairs.records].tolist()
    balanced = np.tile(event_weights(events, training.event_balance), repetitions) / repetitions
    weights = torch.as_tensor(balanced, dtype=torch.float32, device=pairs.device)
    return _concatenate(parts), weights, events * repetitions


def _concatenate(parts: Sequence[Batch]) -> Batch:
    tensors = {
        name: torch.cat([getattr(part, name) for part in parts])
        for name in ("low_frequency", "scale", "corner", "starts", "broadband")
    }
    scenarios = tuple(scenario for part in parts for scenario in part.scenarios)
    return dataclasses.replace(parts[0], scenarios=scenarios, **tensors)
