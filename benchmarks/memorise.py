"""Can a method learn 32 windows by heart? What it rebuilds of them after a number of steps.

    python benchmarks/memorise.py METHOD [--steps 2000] [--preset small] [--set NAME=VALUE ...]
                                  [--samples 4096]

32 windows of simulated scenarios, fixed onset, corner 1 Hz, in batches of 8; shorter windows, of a
multiple of 64 samples, take less time. Printed are EG and PG
(0.1-30 Hz, normalized signals, weights as they are) of what is rebuilt and translated, every tenth
of the steps, and the adversaries' losses over those at equilibrium. A method that cannot do this
cannot do more; one that can has shown nothing about records it has not seen.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import torch
from networks import prepared
from obb_cli.inputs import parse_settings

from obspy_broadband.data.pairs import Pairs
from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.evaluation.goodness import envelope_phase
from obspy_broadband.method.contract import Batch
from obspy_broadband.method.latent import CodedMethod, passages
from obspy_broadband.method.neural import NeuralMethod
from obspy_broadband.training.devices import fabric_for
from obspy_broadband.training.step import State, generator_state, optimizers, step

WINDOWS, ROWS = 32, 8


class Fixed:
    """The same windows again and again."""

    def __init__(self, pairs: Pairs):
        self.parts = [pairs.batch(range(first, first + ROWS)) for first in range(0, WINDOWS, ROWS)]

    def __call__(self, number: int) -> Batch:
        return self.parts[number % len(self.parts)]


@torch.inference_mode()
def scores(method: NeuralMethod, batches: Fixed) -> dict[str, tuple[float, float]]:
    """Mean EG and PG of every way; of a method without codes, of its translation."""
    found: dict[str, list[tuple[float, float]]] = {}
    method.eval()
    for batch in batches.parts:
        if isinstance(method, CodedMethod):
            made = passages(method, batch)
        else:
            outputs = method(batch)
            made = {"broadband": outputs["recorded"], "translated_broadband": outputs["generated"]}
        for way, signal in made.items():
            if "_" in way:
                wanted = made[way.split("_")[1]].numpy()
                pair = envelope_phase(
                    signal.numpy(), wanted, SAMPLING_RATE, 0.1, 30.0, multirate=True
                )
                found.setdefault(way, []).append(tuple(float(one.mean()) for one in pair))
    return {way: tuple(torch.tensor(one).mean(dim=0).tolist()) for way, one in found.items()}


def main(asked: argparse.Namespace) -> None:
    """Train and print."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Population(records=80, per_event=2), Path(folder))
        store = Store(folder)
        settings = parse_settings(asked.set)
        method, training, _ = prepared(
            asked.method, asked.preset, ROWS, store, asked.samples, **settings
        )
        pairs = Pairs(store, store.select("train")[:WINDOWS], method.samples)
        batches = Fixed(pairs)
        training = dataclasses.replace(training, steps=asked.steps, schedule="cosine")
        state = State(method, dict(generator_state(method)), optimizers(method, training))
        fabric = fabric_for(gpus=0, precision="32-true")
        every = max(1, asked.steps // 10)
        for number in range(1, asked.steps + 1):
            losses = step(fabric, state, batches, training)
            if number % every == 0:
                found = scores(method, batches)
                judged = "  ".join(
                    f"{name.removeprefix('discriminator/')} {value:.2f}"
                    for name, value in losses.items()
                    if name.startswith("discriminator/") and not name.endswith("total")
                )
                ways = "  ".join(f"{way} {eg:.2f}/{pg:.2f}" for way, (eg, pg) in found.items())
                equal = getattr(method.criterion, "equilibrium", float("nan"))
                print(f"{number:6d}  {ways}  | {judged} (equilibrium {equal:.2f})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", nargs="?")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    if given.method:
        main(given)
    else:
        print("left out: give a method, python benchmarks/memorise.py METHOD")
