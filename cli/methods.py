"""``obb methods``: what there is, and what one of them is."""

from __future__ import annotations

import dataclasses
import inspect

import click

from obspy_broadband.method import registry


@click.command()
@click.argument("name", required=False)
def methods(name: str | None) -> None:
    """List the translation methods, or explain one.

    \b
    obb methods                 names and where they come from; nothing is imported
    obb methods stochastic      what it does, its options and what to cite
    """
    if name is None:
        for found in registry.methods().values():
            click.echo(f"{found.name:<24}{found.distribution} {found.version}  ({found.target})")
        return
    method = registry.load(name)
    click.echo(f"{name}: {method.summary}")
    window = "whole records" if method.samples is None else f"windows of {method.samples} samples"
    kind = "one-to-many" if method.one_to_many else "one-to-one"
    click.echo(f"{kind}; {window} at {method.sampling_rate:g} Hz")
    click.echo(f"Cite: {method.citation}")
    fields = dataclasses.fields(method.Options)
    if fields:
        click.echo("\nOptions (obb enrich --set NAME=VALUE):")
        for field in fields:
            click.echo(f"  {field.name} = {field.default!r}")
        click.echo("\n" + inspect.cleandoc(method.Options.__doc__ or ""))
