"""``obb finetune``: from weights to weights of a region or a site."""

from __future__ import annotations

from pathlib import Path

import click
from obb_cli.inputs import parse_settings

from obspy_broadband.errors import MethodError
from obspy_broadband.method.registry import load


@click.command()
@click.option("-m", "--method", required=True, help="See `obb methods`.")
@click.option("--from", "start", help="Weights: a name, or a file's path [default: the default].")
@click.option("--data", "store", required=True, type=click.Path(path_type=Path), help="A store.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run.")
@click.option("--steps", default=500, show_default=True, type=click.IntRange(1))
@click.option(
    "--remember", multiple=True, type=click.Path(exists=True), help="Store, known before."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="One option.")
@click.option("--gpus", type=click.IntRange(0), help="0: CPU [default: one, if there is one].")
@click.option("--resume", is_flag=True, help="Go on with the run in -o.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")
def finetune(
    method: str,
    start: str | None,
    store: Path,
    output: Path,
    steps: int,
    remember: tuple[str, ...],
    settings: tuple[str, ...],
    gpus: int | None,
    resume: bool,
    dry_run: bool,
) -> None:
    """Go on training from weights, on records of a region or a site.

    Options are those of the weights, learning rates a third of theirs. With records of 40 events or
    more the level of the high frequencies is learned anew, with fewer it is shifted, by as much as
    so few events know. Weights are replaced only by better ones (CRPS of ln SA on dev). Printed are
    the scores before and after on the test split, and with --remember on what was known before.

    \b
    obb finetune --method must --data aegean/ -o run/
    obb finetune --method must --from aegean --data site/ --remember aegean/ -o site-run/
    """
    from obspy_broadband.data.store import Store
    from obspy_broadband.method.neural import NeuralMethod
    from obspy_broadband.training.devices import fabric_for
    from obspy_broadband.training.finetune import finetune as tune
    from obspy_broadband.training.finetune import plan

    method_class = load(method)
    if not issubclass(method_class, NeuralMethod):
        raise MethodError(f"{method} is not trained; there is nothing to tune.")
    planned = plan(method, method_class, start, Store(store), steps, parse_settings(settings))
    level = getattr(planned.options, "level_fit", "none")
    click.echo(f"from {planned.start.path}, {planned.training.steps} steps, level: {level}")
    if dry_run:
        return
    fabric = fabric_for(gpus, precision=planned.training.precision)
    weights, table = tune(
        method, planned, store, output, remember, resume=resume, fabric=fabric, progress=True
    )
    click.echo(table.to_string(index=False, float_format="{:.3f}".format))
    click.echo(f"-> {weights.path}")
