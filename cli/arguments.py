"""Options of ``obb enrich`` and of archive runs that say what is drawn, and what ``--set`` sets."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import click
from obb_cli.inputs import parse_settings

from obspy_broadband import enrich
from obspy_broadband.errors import InputError
from obspy_broadband.records.scenario import ARGUMENTS

#: Arguments of ``Stream.enrich`` that are numbers; ``--set`` takes them by these names.
NUMBERS = tuple(ARGUMENTS.values())
CORRELATION = "spatial_correlation"

#: Other arguments of ``Stream.enrich``.
_PARAMETERS = set(inspect.signature(enrich).parameters) - {*NUMBERS, CORRELATION, "on_bad"}

METHOD = click.Option(
    ["-m", "--method"], default="stochastic", show_default=True, help="See `obb methods`."
)
WEIGHTS = click.Option(["--weights"], help="Of a trained method: a name, or a file's path.")
NUMBER = click.Option(
    ["-n", "number"], type=int, default=20, show_default=True, help="Realizations of each record."
)
SEED = click.Option(["-s", "--seed"], type=int, help="Whole number; drawn and noted if left out.")
CORNER = click.Option(
    ["-c", "--corner"],
    default="1.0",
    show_default=True,
    metavar="HZ|auto",
    help="Upper frequency limit of the input.",
)
UNITS = click.Option(
    ["-u", "--units"], help="e.g. velocity, cm/s**2, g [default: what the files say]"
)
SET = click.Option(
    ["--set", "settings"],
    multiple=True,
    metavar="NAME=VALUE",
    help="Option of the method, or depth, vs30, rupture_distance, spatial_correlation.",
)
#: The name of spatial_correlation in earlier versions.
COHERENCE = click.Option(["--coherence"], hidden=True)


def enrich_arguments(
    settings: Sequence[str], coherence: str | None, named: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the settings of ``--set`` are: arguments of ``Stream.enrich``, and the method's options.

    :param settings: ``NAME=VALUE``.
    :param coherence: value of the option that is now ``--set spatial_correlation=``.
    :param named: values of options of the command's own, such as ``--magnitude``, by their names in
        ``Stream.enrich``; None for those that were not typed.
    :return: the arguments, those of ``named`` among them, and the options.
    :raises InputError: for a value that is no number, or that was set twice.
    """
    options = parse_settings(settings)
    if coherence is not None:
        click.echo(
            "obb: warning: --coherence is now --set spatial_correlation=; the old name will go.",
            err=True,
        )
        options.setdefault(CORRELATION, None if coherence == "none" else coherence)
    for name in options:
        if name in _PARAMETERS:
            raise InputError(f"--set {name}=: it is no option of the method, see --help.")
    arguments = {name: value for name, value in named.items() if value is not None}
    for name in (*NUMBERS, CORRELATION):
        if name not in options:
            continue
        value = options.pop(name)
        if name in NUMBERS and not isinstance(value, (int, float, type(None))):
            raise InputError(f"--set {name}={value}: write a number.")
        if name in arguments:
            raise InputError(f"--set {name}= and --{name} exclude each other.")
        arguments[name] = value
    return arguments, options


def parse_corner(text: str) -> float | str:
    """A number, or the text, of which the library says whether it can be used."""
    try:
        return float(text)
    except ValueError:
        return text
