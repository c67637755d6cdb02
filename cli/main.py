"""The group ``obb``; it turns the library's errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

#: Name of a command (and of its file), and what ``obb --help`` says of it without importing it.
COMMANDS = {
    "archive": "Enrich archives item by item: run, resume, status, report.",
    "calibrate": "Measure and correct the spread of the level that a trained method draws.",
    "data": "Prepare recorded ground motion for training.",
    "enrich": "Turn low-frequency simulations into an ensemble of broadband records.",
    "evaluate": "Judge generated records against recorded ones.",
    "finetune": "Continue training from weights, on a region or a site.",
    "generate": "Generate records without a simulation.",
    "latent": "Look at a method's codes: their distribution, and what they mean.",
    "measure": "Tabulate intensity measures of records.",
    "methods": "List the translation methods, or explain one.",
    "train": "Train a method on recorded ground motion.",
    "weights": "Find, describe and verify trained weights.",
    "scenarios": "Write a table of stations to fill in magnitudes, distances and sites.",
    "plot": "Draw an ensemble: waveforms, Fourier and response spectra.",
}

#: Options of earlier versions that are now ``--read NAME=VALUE``, and ``--set NAME=VALUE``.
_READ = ("format", "quantity", "components", "dt", "azimuth", "axes", "variables", "tag")
_SET = ("magnitude", "distance", "depth", "vs30", "rupture-distance", "spatial-correlation")
#: Options of earlier versions of ``obb enrich`` that other commands have.
_ARCHIVE = {
    **dict.fromkeys(("to", "measures", "workers", "memory", "item-timeout"), "run"),
    **dict.fromkeys(("cluster", "slurm", "events", "scenarios", "origin", "largest"), "run"),
    **dict.fromkeys(("resume", "retry-skips"), "resume RUN"),
    **dict.fromkeys(("network", "station", "location", "channel"), "run sds"),
    **dict.fromkeys(("starttime", "endtime", "before", "after"), "run sds"),
    **dict.fromkeys(("min-magnitude", "within", "timeout"), "run fdsn"),
    **{source: f"run {source}" for source in ("sds", "fdsn", "seisbench")},
}


def _new_form(option: str, command: click.Command) -> str | None:
    """Which option or command says what an option of an earlier version said."""
    name = option.lstrip("-")
    parameters = {parameter.name for parameter in command.params}
    if name in _READ and "reading" in parameters:
        return f"--read {name}=VALUE"
    if name in _SET and command.name in ("enrich", "files", "sds", "fdsn", "seisbench"):
        return f"--set {name.replace('-', '_')}=VALUE"
    if command.name == "enrich" and name == "strict":
        return "--set on_bad=raise"
    if command.name in ("enrich", "files", "scenarios") and name in _ARCHIVE:
        return f"obb archive {_ARCHIVE[name]}"
    return None


class Commands(click.Group):
    """Imports a command when it is called, so that ``obb --help`` costs nothing."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(import_module(f"obb_cli.{name}"), name)

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args[0] == "status":
            context.fail("No such command 'status': it is now obb archive status.")
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except click.NoSuchOption as error:
            within = error.ctx
            form = _new_form(error.option_name, within.command) if within else None
            if form is None:
                raise
            message = f"No such option: {error.option_name}. It is now {form}."
            raise click.UsageError(message, within) from error

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(context)])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; a mistake of the user ends with one message and exit code 1.

        :raises SystemExit: always in standalone mode, as click does.
        """
        warnings.showwarning = _show_warning
        try:
            return super().main(*args, **kwargs)
        except Exception as error:
            # Imported here, since it imports ObsPy, which `obb --help` does not need.
            from obspy_broadband.errors import BroadbandError

            if isinstance(error, (BroadbandError, OSError)):
                click.echo(f"obb: {error}", err=True)
            elif os.environ.get("OBB_DEBUG"):
                raise
            else:
                what = f"{type(error).__name__}: {error}"
                click.echo(f"obb: unexpected {what} (OBB_DEBUG=1 shows where)", err=True)
            sys.exit(1)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"obb: warning: {message}", err=True)


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(package_name="obspy-broadband", prog_name="obb")
def obb() -> None:
    """Ensembles of broadband ground-motion records from low-frequency earthquake simulations.

    \b
    obb enrich traces/capteurs.*.h5 --method stochastic -n 20 -o ensemble/
    obb plot ensemble/ -o figures/
    obb measure ensemble/ -o measures.csv
    """
