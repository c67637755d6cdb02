"""Networks: a training step and draws, against matrix products and against pix2pix.

    python benchmarks/networks.py [METHOD ...] [--preset small] [--rows 8]

For each method: records a second in a training step (both phases, data ready in memory), with one
thread and with two; what share of the floor that is, the floor being the rate of matrix products
of 1024 x 1024 in the same run; and the time over that of pix2pix. Floating-point operations are
counted by PyTorch (convolutions, matrix products, attention; forward and backward), so that norms,
transforms and activations count as time lost. Then milliseconds a draw, for 1 x 20 realizations of
a record and for 20 x 1, which repeat for each draw what a record's draws share. With --choices,
pix2pix and must also in bfloat16 and compiled.
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from _timing import seconds
from torch.utils.flop_counter import FlopCounterMode

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.method.contract import Batch
from obspy_broadband.method.neural import NeuralMethod
from obspy_broadband.method.registry import load
from obspy_broadband.training.devices import fabric_for
from obspy_broadband.training.options import TrainingOptions, resolve
from obspy_broadband.training.selection import training_pairs
from obspy_broadband.training.step import State, generator_state, initialize, optimizers, step

METHODS = (
    *("pix2pix", "bicyclegan", "seismoalice-2020", "seismoalice-shared"),
    *("seismoalice-factorized", "must"),
)


def floor() -> float:
    """Floating-point operations a second of a matrix product."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return 2 * 1024**3 / seconds(lambda: a @ b, 9)


class Ready:
    """One batch, handed out at every step: the loader is not what is measured."""

    def __init__(self, batch: Batch):
        self.batch = batch

    def __call__(self, number: int) -> Batch:
        return self.batch


def prepared(
    name: str, preset: str, rows: int, store: Store, samples: int = 4096, **settings: object
) -> tuple:
    """A method, its options for the loop, and a batch."""
    method_class = type(name, (load(name),), {"samples": samples})
    no_picker = {"phase": 0.0} if name.startswith("seismoalice-") and "2020" not in name else {}
    options, training = resolve(method_class, preset, None, {**no_picker, **settings})
    training = dataclasses.replace(training, batch=rows)
    method = initialize(method_class, options, training)
    pairs = training_pairs(store, "train", training, method.samples, torch.device("cpu"))
    return method, training, pairs.batch(range(rows), seed=1)


def stepping(
    method: NeuralMethod, training: TrainingOptions, batch: Batch, precision: str = "32-true"
) -> Callable[[], object]:
    """A step of training, to be called."""
    state = State(method, dict(generator_state(method)), optimizers(method, training))
    fabric = fabric_for(gpus=0, precision=precision)
    return lambda: step(fabric, state, Ready(batch), training)  # type: ignore[arg-type]


def drawing(method: NeuralMethod, batch: Batch, records: int, each: int) -> Callable[[], object]:
    """Realizations of one record, each its own, to be called."""
    repeated = Batch(
        low_frequency=np.repeat(batch.low_frequency[:1].numpy(), records, axis=0),
        scale=np.repeat(np.ones(1), records),
        corner=np.repeat(batch.corner[:1].numpy(), records),
        scenarios=batch.scenarios[:1] * records,
        starts=np.zeros(records, dtype=int),
    )
    seeds = np.arange(records * each, dtype=np.uint64).reshape(records, each)
    return lambda: method.realize(repeated, seeds)


def main(names: list[str], preset: str, rows: int, choices: bool) -> None:
    """Print the tables."""
    print(
        f"{platform.machine()}; torch {torch.__version__}; preset {preset}, {rows} windows a step"
    )
    with tempfile.TemporaryDirectory() as folder:
        simulate(Population(records=max(40, 2 * rows), per_event=2), Path(folder))
        store = Store(folder)
        floors = {}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            floors[threads] = floor()
            print(f"matrix products, {threads} thread(s): {floors[threads] / 1e9:.0f} GFLOP/s")
        print(
            "                          windows/s   share of floor   two    of pix2pix   "
            "ms/draw 1x20   20x1"
        )
        reference = None
        for name in names:
            method, training, batch = prepared(name, preset, rows, store)
            call = stepping(method, training, batch)
            torch.set_num_threads(1)
            with FlopCounterMode(display=False) as counter:
                call()
            one_thread = seconds(call, 3)
            torch.set_num_threads(2)
            two_threads = seconds(call, 3)
            torch.set_num_threads(1)
            reference = reference or one_thread
            one_record, many_records = (
                seconds(drawing(method, batch, *shape), 3) / 20 for shape in ((1, 20), (20, 1))
            )
            share = counter.get_total_flops() / one_thread / floors[1]
            numbers = (
                f"{rows / one_thread:9.2f}{share:15.0%}{one_thread / two_threads:9.2f} x"
                f"{one_thread / reference:9.1f} x",
                f"{1e3 * one_record:14.1f}{1e3 * many_records:9.1f}",
            )
            print(f"{name:<26}{''.join(numbers)}", flush=True)
        if choices:
            print_choices(preset, rows, store)


def print_choices(preset: str, rows: int, store: Store) -> None:
    """bfloat16 in training, and compiled draws."""
    for name in ("pix2pix", "must"):
        method, training, batch = prepared(name, preset, rows, store)
        full = seconds(stepping(method, training, batch), 3)
        half = seconds(stepping(method, training, batch, "bf16-mixed"), 3)
        plain = seconds(drawing(method, batch, 1, 20), 3) / 20
        try:
            method.translate = torch.compile(method.translate)  # type: ignore[method-assign]
            compiled_time = seconds(drawing(method, batch, 1, 20), 3) / 20
            compiled = f"{plain / compiled_time:.2f} x as fast"
        except Exception as error:  # no compiler on this machine, most likely
            compiled = f"not measured ({type(error).__name__})"
        print(f"{name}: bfloat16 {full / half:.2f} x as fast a step; compiled draws {compiled}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=list(METHODS))
    parser.add_argument("--preset", default="small")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--choices", action="store_true")
    arguments = parser.parse_args()
    main(arguments.methods, arguments.preset, arguments.rows, arguments.choices)
