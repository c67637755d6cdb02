"""``obb calibrate``: a factor on the spread of the level, fitted by CRPS."""

from __future__ import annotations

from pathlib import Path

import click

from obspy_broadband.method.registry import load


@click.command()
@click.option("-m", "--method", required=True, help="See `obb methods`.")
@click.option("--data", "store", required=True, type=click.Path(path_type=Path), help="A store.")
@click.option("--weights", help="A name, or a file's path [default: the default].")
@click.option("--split", type=click.Choice(["dev", "train"]), default="dev", show_default=True)
@click.option("--corner", default=1.0, show_default=True, help="Hz.")
@click.option("-n", "--realizations", default=20, show_default=True, type=click.IntRange(3))
@click.option("-s", "--seed", default=0, show_default=True, help="Whole number.")
@click.option("--dry-run", is_flag=True, help="Measure; leave the card as it is.")
def calibrate(
    method: str,
    store: Path,
    weights: str | None,
    split: str,
    corner: float,
    realizations: int,
    seed: int,
    dry_run: bool,
) -> None:
    """Find a factor on the spread of the level, and put it into the card of the weights.

    The factor has the least CRPS of ln SA at 0.05-1 s on the records of a split, drawn towards 1 by
    how little so many events know; it is 1 unless its 90 % interval leaves 1 out. From then on
    every draw uses it; --set calibrated=false does without. Use records that the weights were not
    fitted to: dev, or the train split of another store. "left out" scores every event by what the
    others say.

    \b
    obb calibrate --method ann2bb --data store/
    obb enrich traces/ --method ann2bb --set calibrated=false -o as-fitted/
    """
    load(method)  # so that an unknown name is reported before PyTorch is imported
    from obspy_broadband.method.weights import note
    from obspy_broadband.training.calibrate import calibrate as find_factor

    calibration, table, fitted = find_factor(
        method, store, weights, split, corner, realizations, seed, progress=True
    )
    click.echo(table.to_string(float_format="{:.3f}".format))
    summary = (
        "{records} records of {events} events: best factor {best:.2f} "
        "({lowest:.2f}-{highest:.2f}), {shrunk:.2f} for what so many events know; "
        "applied: {level_spread:.2f}"
    )
    click.echo(summary.format(**calibration))
    if not dry_run:
        note(fitted, calibration=calibration)
        click.echo(f"-> {fitted.path.with_suffix('.json')}")
