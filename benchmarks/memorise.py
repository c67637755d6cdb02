"""Can a method overfit 32 windows? Goodness of fit in training, after a number of steps.

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
from obspy_broadband.method.latent import CodedMethod, reconstruct_and_translate
from obspy_broadband.method.neural import NeuralMethod
from obspy_broadband.training.devices import fabric_for
from obspy_broadband.training.step import State, generator_state, optimizers, step

WINDOWS, ROWS = 32, 8


class Fixed:
    """The same windows in every epoch."""

    def __init__(self, pairs: Pairs):
        self.parts = [pairs.batch(range(first, first + ROWS)) for first in range(0, WINDOWS, ROWS)]

    def __call__(self, number: int) -> Batch:
        return self.parts[number % len(self.parts)]


@torch.inference_mode()
def scores(method: NeuralMethod, batches: Fixed) -> dict[str, tuple[float, float]]:
    """Mean EG and PG of reconstructions and translations; without codes, of the translation."""
    by_signal: dict[str, list[tuple[float, float]]] = {}
    method.eval()
    for batch in batches.parts:
        if isinstance(method, CodedMethod):
            signals = reconstruct_and_translate(method, batch)
        else:
            outputs = method(batch)
            signals = {
                "broadband": outputs["recorded"],
                "translated_broadband": outputs["generated"],
            }
        for name, generated in signals.items():
            if "_" in name:
                target = signals[name.split("_")[1]].numpy()
                scores = envelope_phase(
                    generated.numpy(), target, SAMPLING_RATE, 0.1, 30.0, multirate=True
                )
                by_signal.setdefault(name, []).append(tuple(float(row.mean()) for row in scores))
    return {
        name: tuple(torch.tensor(pairs).mean(dim=0).tolist()) for name, pairs in by_signal.items()
    }


def main(arguments: argparse.Namespace) -> None:
    """Train and print."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Population(records=80, per_event=2), Path(folder))
        store = Store(folder)
        settings = parse_settings(arguments.set)
        method, training, _ = prepared(
            arguments.method, arguments.preset, ROWS, store, arguments.samples, **settings
        )
        pairs = Pairs(store, store.select("train")[:WINDOWS], method.samples)
        batches = Fixed(pairs)
        training = dataclasses.replace(training, steps=arguments.steps, schedule="cosine")
        state = State(method, dict(generator_state(method)), optimizers(method, training))
        fabric = fabric_for(gpus=0, precision="32-true")
        every = max(1, arguments.steps // 10)
        for number in range(1, arguments.steps + 1):
            losses = step(fabric, state, batches, training)
            if number % every == 0:
                gof = scores(method, batches)
                adversaries = "  ".join(
                    f"{name.removeprefix('discriminator/')} {value:.2f}"
                    for name, value in losses.items()
                    if name.startswith("discriminator/") and not name.endswith("total")
                )
                signals = "  ".join(f"{name} {eg:.2f}/{pg:.2f}" for name, (eg, pg) in gof.items())
                equal = getattr(method.criterion, "equilibrium", float("nan"))
                print(
                    f"{number:6d}  {signals}  | {adversaries} (equilibrium {equal:.2f})", flush=True
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", nargs="?")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.method:
        main(arguments)
    else:
        print("left out: give a method, python benchmarks/memorise.py METHOD")
