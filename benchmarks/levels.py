"""What the level of the high frequencies should be learned from: five-fold validation.

    python benchmarks/levels.py STORE [--steps 500] [--turns 4]

STORE is a training store with records in m/s² (`obb data prepare`) of one or more sets, which are
told apart by what stands before the colon of a record's name. Its training and dev records are
divided into five, a sequence never in two. Printed are, for events that the level was not learned
from, the CRPS of ln Fourier amplitude at the nodes above the corner and the share of them in the
central 90 %, every event counting alike: by the sets and the weights of events, and with and
without what the low frequencies say of the level just below the corner.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from obspy_broadband.data.pairs import Augmentation, Pairs
from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.neural import CONDITIONS, batch_conditions
from obspy_broadband.nn import level
from obspy_broadband.nn.predictor import Predictor
from obspy_broadband.training.batches import event_weights

FOLDS, SAMPLES = 5, 4096


class Windows:
    """Windows of all records, as the level sees them: ``turns`` of each."""

    def __init__(self, store: Store, turns: int):
        parts = [store.select(one, "mps2", 0.5, after_p_s=30.0) for one in ("train", "dev")]
        records = np.concatenate(parts)
        pairs = Pairs(store, records, SAMPLES, "clean", (0.5, 5.0), Augmentation((-5.0, 15.0)))
        self.pairs, self.turns = pairs, turns
        head = level.LevelHead(SAMPLES, SAMPLING_RATE, CONDITIONS)
        found = []
        for turn in range(turns):
            for some in np.array_split(np.arange(len(pairs)), -(-len(pairs) // 64)):
                batch = pairs.batch(some.tolist(), seed=turn)
                known, low = batch_conditions(batch), batch.low_frequency
                found.append(
                    (
                        *(head.features(low, known), head.spectral.measure(batch.broadband)),
                        *(known, *head.spectral.below(low, batch.corner)),
                    )
                )
        self.x, self.y, self.known, self.read, self.is_read = map(torch.cat, zip(*found))
        corner = self.known[:, :1].exp()
        self.above = head.spectral.nodes.repeat(2) > 1.15 * corner
        names = np.tile(records, turns)
        self.events = store.columns["event"][names].astype(str)
        self.sets = np.array([one.split(":")[0] for one in store.columns["record"][names]])
        sequences = sorted(set(store.columns["sequence"][names].astype(str)))
        np.random.default_rng(1).shuffle(sequences)
        number = {name: place % FOLDS for place, name in enumerate(sequences)}
        self.fold = np.array([number[one] for one in store.columns["sequence"][names].astype(str)])

    def weights(self, balance: float) -> np.ndarray:
        """What each window counts; see :func:`obspy_broadband.training.batches.event_weights`."""
        return np.tile(event_weights(self.pairs, balance), self.turns)


def predict(
    windows: Windows, chosen: np.ndarray, balance: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Median and root of every window's level, learned from the other folds."""
    mean, root = torch.empty_like(windows.y), torch.empty(len(windows.y), *2 * [level.LEVELS])
    for fold in range(FOLDS):
        out = torch.as_tensor(windows.fold == fold)
        counts = torch.as_tensor(windows.weights(balance) * (chosen & ~out.numpy())).float()
        predictor = Predictor(windows.x.shape[1], level.LEVELS, CONDITIONS)
        events = windows.events.tolist()
        predictor.fit(windows.x, windows.y, windows.known, counts / counts.sum(), events, steps)
        mean[out], root[out] = predictor.mean(windows.x[out]), predictor.root(windows.known[out])
    return mean, root


def scores(windows: Windows, mean: Tensor, root: Tensor) -> str:
    """CRPS and share in the central 90 %, of all events and of each set's."""
    spread = root.square().sum(dim=-1).sqrt()
    apart = (windows.y - mean) / spread
    normal = torch.distributions.Normal(0.0, 1.0)
    density = normal.log_prob(apart).exp()
    crps = spread * (apart * (2 * normal.cdf(apart) - 1) + 2 * density - torch.pi**-0.5)
    inside = (apart.abs() < 1.645).float()
    told = []
    for name in ["all", *sorted(set(windows.sets))]:
        mine = torch.as_tensor(windows.weights(1.0) * ((windows.sets == name) | (name == "all")))
        counts = windows.above * mine[:, None]
        crps_here, share = (float((counts * one).sum() / counts.sum()) for one in (crps, inside))
        told.append(f"{name} {crps_here:.3f}, {100 * share:.0f} %")
    return "   ".join(told)


def main(asked: argparse.Namespace) -> None:
    """Validate and print."""
    windows = Windows(Store(asked.store), asked.turns)
    everything = np.ones(len(windows.events), dtype=bool)
    print(f"{len(windows.events) // asked.turns} records of {len(set(windows.events))} events")
    choices = [(f"{one} alone", windows.sets == one, 0.5) for one in sorted(set(windows.sets))]
    choices += [(f"all, event_balance {one:g}", everything, one) for one in (0.0, 1.0, 0.5)]
    for name, chosen, balance in choices:
        mean, root = predict(windows, chosen, balance, asked.steps)
        given = level.told(mean, root, windows.read, windows.is_read)
        print(f"{name:24s} {scores(windows, *given)}", flush=True)
    print(f"{'not read':24s} {scores(windows, mean, root)}", flush=True)
    for error in (0.1, 0.25, 0.5, 1.0):
        given = level.told(mean, root, windows.read, windows.is_read, error)
        print(f"read with error {error:<8g} {scores(windows, *given)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--turns", type=int, default=4, help="windows of each record")
    given = parser.parse_args()
    if given.store:
        torch.set_num_threads(1)
        main(given)
    else:
        print("left out: give a training store, python benchmarks/levels.py STORE")
