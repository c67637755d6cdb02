"""What the level of the high frequencies should be learned from: five-fold validation.

    python benchmarks/levels.py STORE [--scenarios SIMULATED]

STORE is a training store with records in m/s² (`obb data prepare`) of one or more sets, which are
told apart by what stands before the colon of a record's name. Its training and dev records are
divided into five, a sequence never in two, and that in three ways. Printed are, for events that the
level was not learned from, the CRPS of ln Fourier amplitude at the nodes above the corner and the
share of them in the central 90 %, every event counting alike: by the sets and the weights of
events, by what simulated scenarios (`obb data simulate`) count, and with and without what the low
frequencies say of the level just below the corner.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from obspy_broadband.data.pairs import Augmentation, Pairs
from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.level.conditional import condition_rows
from obspy_broadband.level.head import LevelHead
from obspy_broadband.level.regression import Predictor
from obspy_broadband.level.spectral import LEVELS
from obspy_broadband.method.neural import CONDITIONS, batch_conditions
from obspy_broadband.training.batches import event_weights

FOLDS, WAYS, SAMPLES = 5, 3, 4096


class Windows:
    """Windows of all records, as the level sees them: ``turns`` of each."""

    def __init__(self, store: Store, turns: int):
        parts = [store.select(one, "mps2", 0.5, after_p_s=30.0) for one in ("train", "dev")]
        records = np.concatenate(parts)
        pairs = Pairs(store, records, SAMPLES, "clean", (0.5, 5.0), Augmentation((-5.0, 15.0)))
        self.pairs, self.turns = pairs, turns
        head = LevelHead(SAMPLES, SAMPLING_RATE, CONDITIONS)
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
        self.sequences = store.columns["sequence"][names].astype(str)

    def folds(self, way: int) -> np.ndarray:
        """Which of five parts each window is in."""
        names = sorted(set(self.sequences))
        np.random.default_rng(1 + way).shuffle(names)
        number = {name: place % FOLDS for place, name in enumerate(names)}
        return np.array([number[one] for one in self.sequences])

    def weights(self, balance: float) -> np.ndarray:
        """What each window counts; see :func:`obspy_broadband.training.batches.event_weights`."""
        return np.tile(event_weights(self.pairs, balance), self.turns)


def predict(
    windows: Windows,
    folds: np.ndarray,
    steps: int,
    chosen: np.ndarray | None = None,
    balance: float = 0.5,
    scenarios: Windows | None = None,
    share: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Median and root of every window's level, learned from the other folds, and from scenarios."""
    sets = [windows] + ([scenarios] if scenarios else [])
    given = [torch.cat([getattr(one, name) for one in sets]) for name in ("x", "y", "known")]
    events = [event for one in sets for event in one.events.tolist()]
    mean, root = torch.empty_like(windows.y), torch.empty(len(windows.y), *2 * [LEVELS])
    for fold in range(FOLDS):
        out = torch.as_tensor(folds == fold)
        counts = windows.weights(balance) * ~out.numpy()
        counts = counts if chosen is None else counts * chosen
        parts = [(1.0 - share) * counts / counts.sum()]
        if scenarios:
            parts.append(share * scenarios.weights(balance) / scenarios.turns)
        weights = torch.as_tensor(np.concatenate(parts)).float()
        predictor = Predictor(given[0].shape[1], LEVELS, CONDITIONS)
        predictor.fit(*given, weights, events, steps)
        mean[out], root[out] = predictor.mean(windows.x[out]), predictor.root(windows.known[out])
    return mean, root


def scores(windows: Windows, mean: Tensor, root: Tensor) -> np.ndarray:
    """CRPS and share in the central 90 %, of all events and of each set's: (2, 1 + sets)."""
    spread = root.square().sum(dim=-1).sqrt()
    apart = (windows.y - mean) / spread
    normal = torch.distributions.Normal(0.0, 1.0)
    density = normal.log_prob(apart).exp()
    crps = spread * (apart * (2 * normal.cdf(apart) - 1) + 2 * density - torch.pi**-0.5)
    inside = (apart.abs() < 1.645).float()
    found = []
    for name in ["all", *sorted(set(windows.sets))]:
        mine = torch.as_tensor(windows.weights(1.0) * ((windows.sets == name) | (name == "all")))
        counts = windows.above * mine[:, None]
        found.append([float((counts * one).sum() / counts.sum()) for one in (crps, inside)])
    return np.array(found).T


def main(asked: argparse.Namespace) -> None:
    """Validate and print."""
    windows = Windows(Store(asked.store), asked.turns)
    sets = sorted(set(windows.sets))
    print(f"{len(windows.events) // asked.turns} records of {len(set(windows.events))} events")
    choices: dict[str, dict] = {
        **{f"{one} alone": {"chosen": windows.sets == one} for one in sets},
        **{f"all, event_balance {one:g}": {"balance": one} for one in (0.0, 1.0, 0.5)},
    }
    usual = "all, event_balance 0.5"
    if asked.scenarios:
        scenarios = Windows(Store(asked.scenarios), 1)
        usual = "scenarios count 0.1"
        for share in (0.1, 0.2, 0.5):
            choices[f"scenarios count {share:g}"] = {"scenarios": scenarios, "share": share}
    kept = []
    for name, choice in choices.items():
        found = [predict(windows, windows.folds(w), asked.steps, **choice) for w in range(WAYS)]
        kept = found if name == usual else kept
        show(name, windows, sets, [condition(windows, *one) for one in found])
    print(f"of {usual}:")
    show("not read", windows, sets, kept)
    for error in (0.1, 0.25, 0.5, 1.0):
        show(
            f"read, error {error:g}",
            windows,
            sets,
            [condition(windows, *one, error) for one in kept],
        )


def condition(windows: Windows, mean: Tensor, root: Tensor, *error: float) -> tuple[Tensor, Tensor]:
    """See :func:`obspy_broadband.level.conditional.condition_rows`."""
    return condition_rows(mean, root, windows.read, windows.is_read, *error)


def show(name: str, windows: Windows, sets: list[str], found: list[tuple[Tensor, Tensor]]) -> None:
    """Print a line: means over the ways to divide, and the CRPS of all events for each."""
    each = np.array([scores(windows, *one) for one in found])
    words = [
        f"{of} {crps:.3f}, {100 * share:.0f} %"
        for of, crps, share in zip(["all", *sets], *each.mean(axis=0))
    ]
    ways = " ".join(f"{one:.3f}" for one in each[:, 0, 0])
    print(f"{name:24s} {'   '.join(words)}   ({ways})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--scenarios", type=Path, help="a store of them")
    parser.add_argument("--steps", type=int, default=1500, help="of each small network")
    parser.add_argument("--turns", type=int, default=4, help="windows of each record")
    given = parser.parse_args()
    if given.store:
        torch.set_num_threads(1)
        main(given)
    else:
        print("left out: give a training store, python benchmarks/levels.py STORE")
