"""``obb weights``: what sets of weights there are, and whether they are what they say."""

from __future__ import annotations

import json

import click


@click.group()
def weights() -> None:
    """Find, describe and verify trained weights.

    \b
    obb weights list
    obb weights add training/
    obb weights show must
    obb weights verify
    obb weights remove pix2pix
    """


@weights.command("list")
def list_() -> None:
    """All sets of weights: those that are used by their names, and those that others hide.

    Folders of $OBB_WEIGHTS go before the user's (`obb weights add`), and that before the package's.
    """
    from obspy_broadband.method.weights import everything, folders

    sets = list(everything())
    for weights, used in sets:
        size = weights.path.stat().st_size / 2**20 if weights.path.is_file() else float("nan")
        parameters = f"{weights.card.get('parameters', '?')} parameters"
        click.echo(
            f"{'used' if used else 'hidden':<8}{weights.method:<24}{weights.name:<16}"
            f"{parameters:<22}{size:7.1f} MiB  {weights.path}"
        )
    if not sets:
        click.echo(f"none in {', '.join(str(folder) for folder in folders())}")


@weights.command()
@click.argument("source", type=click.Path(exists=True))
@click.option("--name", default="default", show_default=True, help="Of the set.")
@click.option("--to", "folder", type=click.Path(), help="Folder [default: the user's].")
@click.option("--half", is_flag=True, help="Large tensors in 16 bits.")
@click.option("--overwrite", is_flag=True, help="Replace weights of that name.")
def add(source: str, name: str, folder: str | None, half: bool, overwrite: bool) -> None:
    """Copy a run's weights to where `st.enrich(method=...)` finds them.

    SOURCE is a run's folder, or a card. Weights that are added go before those of the same name
    that come with the package.

    \b
    obb weights add training/
    obb weights add training/ --name aegean --half
    """
    from obspy_broadband.method.weights import add as copy
    from obspy_broadband.method.weights import everything

    added = copy(source, name, folder, half, overwrite)
    click.echo(f"{added.method} {added.name} -> {added.path}")
    same = [
        (weights.path, used)
        for weights, used in everything()
        if (weights.method, weights.name) == (added.method, added.name)
    ]
    used = next((path for path, is_used in same if is_used), None)
    if used is None or used.resolve() != added.path.resolve():
        before = f"{used} goes before it" if used else "its folder is not searched"
        click.echo(
            f"obb: warning: it is not used by its name: {before}; see obb weights list.", err=True
        )
        return
    argument = "" if added.name == "default" else f", weights={added.name!r}"
    click.echo(f"From now on method={added.method!r}{argument} uses it.")
    for path, is_used in same:
        if not is_used:
            click.echo(f"Hidden by it: {path}")


@weights.command()
@click.argument("method")
@click.argument("name", required=False)
def remove(method: str, name: str | None) -> None:
    """Remove weights that `obb weights add` added; those of the package stay.

    \b
    obb weights remove pix2pix
    obb weights remove must aegean
    """
    from obspy_broadband.method.weights import remove as take_away

    path, left = take_away(method, name)
    click.echo(f"removed {path}")
    if left is None:
        click.echo(f"{method} {path.stem}: there are no such weights now.")
    else:
        click.echo(f"From now on {method} {left.name} is {left.path}")


@weights.command()
@click.argument("method")
@click.argument("name", required=False)
def show(method: str, name: str | None) -> None:
    """The card of a set of weights: options, data, protocol, metrics."""
    from obspy_broadband.method.weights import find

    click.echo(json.dumps(find(method, name).card, indent=1, ensure_ascii=False))


@weights.command()
@click.argument("method", required=False)
@click.argument("name", required=False)
def verify(method: str | None, name: str | None) -> None:
    """Compare weights with the checksums of their cards; all of them by default."""
    from obspy_broadband.method.weights import everything, find

    sets = [find(method, name)] if method else [weights for weights, _ in everything()]
    for weights in sets:
        weights.verify()
        click.echo(f"{weights.method} {weights.name}: as its card says")
