"""Which data to fit the regression of the level to: five-fold cross-validation.

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

from obspy_broadband.data.event_weights import event_weights
from obspy_broadband.data.pairs import Augmentation, Pairs
from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.level.conditional import condition_rows
from obspy_broadband.level.head import LevelHead
from obspy_broadband.level.regression import GaussianRegression
from obspy_broadband.level.spectral import LEVELS
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions
from obspy_broadband.nn.conditions import Conditions

FOLDS, WAYS, SAMPLES = 5, 3, 4096


class Windows:
    """Inputs and outputs of the regression for windows of all records, ``turns`` of each."""

    def __init__(self, store: Store, turns: int):
        parts = [store.select(split, "mps2", 0.5, after_p_s=30.0) for split in ("train", "dev")]
        records = np.concatenate(parts)
        pairs = Pairs(store, records, SAMPLES, "clean", (0.5, 5.0), Augmentation((-5.0, 15.0)))
        self.turns = turns
        head = LevelHead(SAMPLES, SAMPLING_RATE, CONDITIONS)
        rows = []
        for turn in range(turns):
            for part in np.array_split(np.arange(len(pairs)), -(-len(pairs) // 64)):
                batch = pairs.batch(part.tolist(), seed=turn)
                conditions, low = batch_conditions(batch), batch.low_frequency
                rows.append(
                    (
                        *(head.features(low, conditions), head.spectral.measure(batch.broadband)),
                        *(conditions.vector, *head.spectral.observe(low, batch.corner)),
                    )
                )
        self.x, self.y, vector, self.observed, self.is_observed = map(torch.cat, zip(*rows))
        self.conditions = Conditions.from_vector(vector)
        self.above = head.spectral.nodes.repeat(2) > 1.15 * self.conditions.corner[:, None]
        names = np.tile(records, turns)
        self.events = store.columns["event"][names].astype(str)
        self.sets = np.array([name.split(":")[0] for name in store.columns["record"][names]])
        self.sequences = store.columns["sequence"][names].astype(str)

    def folds(self, way: int) -> np.ndarray:
        """The fold of each window, a sequence never in two."""
        names = sorted(set(self.sequences))
        np.random.default_rng(1 + way).shuffle(names)
        number = {name: place % FOLDS for place, name in enumerate(names)}
        return np.array([number[sequence] for sequence in self.sequences])

    def weights(self, balance: float) -> np.ndarray:
        """See :func:`obspy_broadband.data.event_weights.event_weights`; sum ``turns``."""
        return event_weights(self.events, balance) * self.turns


def predict(
    windows: Windows,
    folds: np.ndarray,
    steps: int,
    chosen: np.ndarray | None = None,
    balance: float = 0.5,
    scenarios: Windows | None = None,
    share: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Median and root of every window's level, fitted to the other folds and to scenarios."""
    sets = [windows] + ([scenarios] if scenarios else [])
    x, y = (torch.cat([getattr(part, name) for part in sets]) for name in ("x", "y"))
    conditions = Conditions.from_vector(torch.cat([part.conditions.vector for part in sets]))
    events = [event for part in sets for event in part.events.tolist()]
    mean, root = torch.empty_like(windows.y), torch.empty(len(windows.y), *2 * [LEVELS])
    for fold in range(FOLDS):
        out = torch.as_tensor(folds == fold)
        counts = windows.weights(balance) * ~out.numpy()
        counts = counts if chosen is None else counts * chosen
        parts = [(1.0 - share) * counts / counts.sum()]
        if scenarios:
            parts.append(share * scenarios.weights(balance) / scenarios.turns)
        weights = torch.as_tensor(np.concatenate(parts)).float()
        regression = GaussianRegression(x.shape[1], LEVELS, CONDITIONS)
        regression.fit(x, y, conditions, weights, events, steps)
        mean[out] = regression.mean(windows.x[out])
        root[out] = regression.root(windows.conditions[out])
    return mean, root


def scores(windows: Windows, mean: Tensor, root: Tensor) -> np.ndarray:
    """CRPS and coverage of the central 90 %, of all events and of each set's: (2, 1 + sets)."""
    sigma = root.square().sum(dim=-1).sqrt()
    epsilon = (windows.y - mean) / sigma
    normal = torch.distributions.Normal(0.0, 1.0)
    density = normal.log_prob(epsilon).exp()
    # CRPS of a normal distribution in closed form (Gneiting et al., 2005).
    crps = sigma * (epsilon * (2 * normal.cdf(epsilon) - 1) + 2 * density - torch.pi**-0.5)
    covered = (epsilon.abs() < 1.645).float()
    by_set = []
    for name in ["all", *sorted(set(windows.sets))]:
        in_set = (windows.sets == name) | (name == "all")
        counts = windows.above * torch.as_tensor(windows.weights(1.0) * in_set)[:, None]
        by_set.append([float((counts * score).sum() / counts.sum()) for score in (crps, covered)])
    return np.array(by_set).T


def main(arguments: argparse.Namespace) -> None:
    """Validate and print."""
    windows = Windows(Store(arguments.store), arguments.turns)
    sets = sorted(set(windows.sets))
    print(f"{len(windows.events) // arguments.turns} records of {len(set(windows.events))} events")
    choices: dict[str, dict] = {
        **{f"{name} alone": {"chosen": windows.sets == name} for name in sets},
        **{f"all, event_balance {power:g}": {"balance": power} for power in (0.0, 1.0, 0.5)},
    }
    usual = "all, event_balance 0.5"
    if arguments.scenarios:
        scenarios = Windows(Store(arguments.scenarios), 1)
        usual = "scenarios count 0.1"
        for share in (0.1, 0.2, 0.5):
            choices[f"scenarios count {share:g}"] = {"scenarios": scenarios, "share": share}
    kept = []
    for name, choice in choices.items():
        predictions = [
            predict(windows, windows.folds(way), arguments.steps, **choice) for way in range(WAYS)
        ]
        kept = predictions if name == usual else kept
        show(name, windows, sets, [condition(windows, *prediction) for prediction in predictions])
    print(f"of {usual}:")
    show("not read", windows, sets, kept)
    for error in (0.1, 0.25, 0.5, 1.0):
        conditioned = [condition(windows, *prediction, error) for prediction in kept]
        show(f"read, error {error:g}", windows, sets, conditioned)


def condition(windows: Windows, mean: Tensor, root: Tensor, *error: float) -> tuple[Tensor, Tensor]:
    """See :func:`obspy_broadband.level.conditional.condition_rows`."""
    return condition_rows(mean, root, windows.observed, windows.is_observed, *error)


def show(
    name: str, windows: Windows, sets: list[str], predictions: list[tuple[Tensor, Tensor]]
) -> None:
    """Print a line: means over the ways to divide, and the CRPS of all events for each."""
    by_way = np.array([scores(windows, *prediction) for prediction in predictions])
    words = [
        f"{of} {crps:.3f}, {100 * share:.0f} %"
        for of, crps, share in zip(["all", *sets], *by_way.mean(axis=0))
    ]
    ways = " ".join(f"{crps:.3f}" for crps in by_way[:, 0, 0])
    print(f"{name:24s} {'   '.join(words)}   ({ways})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--scenarios", type=Path, help="a store of them")
    parser.add_argument("--steps", type=int, default=1500, help="of each small network")
    parser.add_argument("--turns", type=int, default=4, help="windows of each record")
    arguments = parser.parse_args()
    if arguments.store:
        torch.set_num_threads(1)
        main(arguments)
    else:
        print("left out: give a training store, python benchmarks/levels.py STORE")
