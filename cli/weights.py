"""``obb weights``: what sets of weights there are, and whether they are what they say."""

from __future__ import annotations

import json

import click


@click.group()
def weights() -> None:
    """Find, describe and verify trained weights.

    \b
    obb weights list
    obb weights add run/
    obb weights show must
    obb weights verify
    """


@weights.command("list")
def list_() -> None:
    """All sets of weights, and where they are."""
    from obspy_broadband.weights import available, folders

    found = list(available())
    for one in found:
        parameters = one.card.get("parameters", "?")
        click.echo(f"{one.method:<24}{one.name:<16}{parameters} parameters  {one.path}")
    if not found:
        click.echo(f"none in {', '.join(str(folder) for folder in folders())}")


@weights.command()
@click.argument("source", type=click.Path(exists=True))
@click.option("--name", default="default", show_default=True, help="Of the set.")
@click.option("--to", "folder", type=click.Path(), help="Folder [default: the user's cache].")
@click.option("--half", is_flag=True, help="Large tensors in 16 bits.")
@click.option("--overwrite", is_flag=True, help="Replace weights of that name.")
def add(source: str, name: str, folder: str | None, half: bool, overwrite: bool) -> None:
    """Copy a run's weights to where `st.enrich(method=...)` finds them.

    SOURCE is a run's folder, or a card.

    \b
    obb weights add run/
    obb weights add run/ --name aegean --half
    """
    from obspy_broadband.weights import add as copy

    made = copy(source, name, folder, half, overwrite)
    click.echo(f"{made.method} {made.name} -> {made.path}")


@weights.command()
@click.argument("method")
@click.argument("name", required=False)
def show(method: str, name: str | None) -> None:
    """The card of a set of weights: options, data, protocol, metrics."""
    from obspy_broadband.weights import find

    click.echo(json.dumps(find(method, name).card, indent=1, ensure_ascii=False))


@weights.command()
@click.argument("method", required=False)
@click.argument("name", required=False)
def verify(method: str | None, name: str | None) -> None:
    """Compare weights with the checksums of their cards; all of them by default."""
    from obspy_broadband.weights import available, find

    for one in [find(method, name)] if method else list(available()):
        one.verify()
        click.echo(f"{one.method} {one.name}: as its card says")
