"""``obb methods``: the translation methods, and what one of them is."""

from __future__ import annotations

import dataclasses
import inspect

import click

from obspy_broadband.errors import MethodError
from obspy_broadband.method import registry
from obspy_broadband.method.contract import Method


@click.command()
@click.argument("name", required=False)
def methods(name: str | None) -> None:
    """List the translation methods, or explain one.

    Listed are name, one-to-many (a seed draws one of many realizations) or one-to-one, whether
    weights are there, and a summary. A method whose plugin is broken is listed with its error.

    \b
    obb methods                 what there is
    obb methods stochastic      what it does, its options and what to cite
    """
    if name is None:
        _print_all()
        return
    method = registry.load(name)
    click.echo(f"{name}: {method.summary}")
    window = "whole records" if method.samples is None else f"windows of {method.samples} samples"
    click.echo(f"{_kind(method)}; {window} at {method.sampling_rate:g} Hz")
    click.echo(f"Cite: {method.citation}")
    fields = dataclasses.fields(method.Options)
    if fields:
        click.echo("\nOptions (obb enrich --set NAME=VALUE):")
        for field in fields:
            click.echo(f"  {field.name} = {field.default!r}")
        click.echo("\n" + inspect.cleandoc(method.Options.__doc__ or ""))


def _print_all() -> None:
    from obspy_broadband.method.weights import available

    with_weights = {weights.method for weights in available()}
    registrations = registry.methods()
    width = max(map(len, registrations), default=0) + 2
    for name, registration in registrations.items():
        try:
            method = registry.load(name)
        except MethodError as error:
            click.echo(f"{name:<{width}}cannot be used: {error}")
            continue
        weights = "weights" if name in with_weights else "no weights"
        training = weights if method.trainable else "no training"
        origin = f"{registration.distribution} {registration.version}"
        own = "" if registration.distribution == "obspy-broadband" else f" ({origin})"
        click.echo(f"{name:<{width}}{_kind(method):<13}{training:<13}{method.summary}{own}")


def _kind(method: type[Method]) -> str:
    return "one-to-many" if method.one_to_many else "one-to-one"
