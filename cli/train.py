"""``obb train``: a method, a store, a run."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import click
from obb_cli.inputs import parse_settings

from obspy_broadband.errors import InputError, MethodError
from obspy_broadband.method.registry import load


@click.command()
@click.option("-m", "--method", help="See `obb methods` [with --resume: the run's].")
@click.option("--data", "store", type=click.Path(path_type=Path), help="Made by obb data prepare.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run.")
@click.option("--preset", help="Of the method, e.g. small or thesis [default: its own defaults].")
@click.option("--options", "file", type=click.Path(path_type=Path), help="TOML file.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="One option.")
@click.option("--steps", type=click.IntRange(1), help="Steps of the generator.")
@click.option("--epochs", type=click.IntRange(1), help="Instead of --steps.")
@click.option("--protocol", type=click.Choice(["clean", "thesis"]), help="[default: clean]")
@click.option("--gpus", type=click.IntRange(0), help="0: CPU [default: one, if there is one].")
@click.option("--devices", type=click.IntRange(1), default=1, help="Processes on CPUs.")
@click.option("--nodes", type=click.IntRange(1), default=1, help="Machines.")
@click.option("--from", "start_from", help="Weights to start from: a name, or a file's path.")
@click.option("--resume", is_flag=True, help="Go on with the run in -o.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and how long; do nothing.")
def train(
    method: str | None,
    store: Path | None,
    output: Path,
    preset: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    steps: int | None,
    epochs: int | None,
    protocol: str | None,
    gpus: int | None,
    devices: int,
    nodes: int,
    start_from: str | None,
    resume: bool,
    dry_run: bool,
) -> None:
    """Train a method on a store of recorded motion.

    Options of the method are set by name (see `obb methods METHOD`), those of the loop with
    "training." before them. The run's folder holds the resolved options, a log, checkpoints and the
    weights, which `obb enrich --weights RUN/weights/METHOD/default.json` uses.

    \b
    obb train --method pix2pix --data store/ --preset small --steps 4000 -o run/
    obb train --method pix2pix --data store/ --gpus 4 --set training.precision=bf16-mixed -o run/
    obb train -o run/ --resume
    """
    from obspy_broadband.method.neural import NeuralMethod
    from obspy_broadband.training.devices import fabric_for
    from obspy_broadband.training.options import read_toml, resolve
    from obspy_broadband.training.plan import plan
    from obspy_broadband.training.trainer import train

    of_file: dict[str, Any] = read_toml(file) if file else {}
    if resume:
        # The run's options, replaced by those of the file.
        of_file = read_toml(output / "options.toml") | of_file
        run = read_toml(output / "options.toml", table="run")
        method, store = method or str(run["method"]), store or Path(str(run["data"]))
    if method is None or store is None:
        raise InputError("obb train needs --method and --data, or --resume.")
    method_class = load(method)
    if not issubclass(method_class, NeuralMethod):
        raise MethodError(f"{method} is not trained; it is ready to use.")
    overrides = parse_settings(settings)
    if protocol:
        overrides["training.protocol"] = protocol
    if steps and epochs:
        raise InputError("Give --steps or --epochs, not both.")
    if steps:
        overrides["training.steps"] = steps
    options, training = resolve(method_class, preset, of_file, overrides)
    fabric = fabric_for(gpus, devices, nodes, training.precision)
    planned = plan(method_class, options, training, store, fabric, epochs, measure=dry_run)
    training = dataclasses.replace(training, steps=planned.steps)
    if dry_run:
        click.echo(planned.describe(method, options, training))
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning_fabric")
        weights = train(
            method,
            method_class,
            options,
            training,
            store,
            output,
            resume=resume,
            start_from=start_from,
            fabric=fabric,
            progress=True,
        )
    if fabric.is_global_zero:
        metrics = weights.card["metrics"]
        click.echo(
            f"best at step {metrics['step']} ({metrics['score_is']} {metrics['score']:.3f} on dev) "
            f"-> {weights.path}"
        )
