"""``obb generate``: records without a simulation."""

from __future__ import annotations

from pathlib import Path

import click
from obb_cli.inputs import parse_settings, refuse_existing


@click.command()
@click.option("-m", "--method", default="stochastic", show_default=True, help="See `obb methods`.")
@click.option("-n", "number", default=20, show_default=True, help="Records.")
@click.option("-s", "--seed", type=int, help="Whole number; drawn and noted if left out.")
@click.option("-c", "--corner", default=1.0, show_default=True, help="Hz, of the low frequencies.")
@click.option("--magnitude", type=float, help="Moment magnitude [default: drawn, or unknown].")
@click.option("--distance", type=float, help="Hypocentral or rupture distance, km, likewise.")
@click.option("--depth", type=float, help="Of the hypocentre, km, likewise.")
@click.option("--vs30", type=float, help="m/s, likewise.")
@click.option("--weights", help="Of a trained method: a name, or a file's path.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Method's option.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace an ensemble that is there already.")
def generate(
    method: str,
    number: int,
    seed: int | None,
    corner: float,
    magnitude: float | None,
    distance: float | None,
    depth: float | None,
    vs30: float | None,
    weights: str | None,
    settings: tuple[str, ...],
    output: Path,
    overwrite: bool,
) -> None:
    """Generate records without a simulation.

    A method that decodes records from codes (the SeismoALICEs) draws them from N(0, 1); every
    other method is given the low frequencies of simulated scenarios, whose magnitude, distance,
    depth and Vs30 are drawn unless they are set. The result is an ensemble folder: `obb plot` and
    `obb measure` take it.

    \b
    obb generate --method must -n 100 -o generated/
    obb generate --method stochastic --magnitude 6 --distance 20 -n 50 -o m6/
    """
    from obspy_broadband.generate import generate as make

    refuse_existing(output, overwrite)
    ensemble = make(
        method, number, seed, corner, magnitude, distance, depth, vs30, weights,
        progress=True, **parse_settings(settings),
    )  # fmt: skip
    ensemble.write(output, overwrite=overwrite)
    click.echo(f"{number} records by {method}, from {ensemble.provenance['generated_from']}")
    click.echo(f"-> {output}")
