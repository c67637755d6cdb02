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
    "calibrate": "Measure and mend the spread of the level that a trained method draws.",
    "data": "Prepare recorded ground motion for training.",
    "enrich": "Turn low-frequency simulations into ensembles of broadband records.",
    "evaluate": "Judge generated records against recorded ones.",
    "finetune": "Go on training from weights, on a region or a site.",
    "generate": "Make records that no simulation stands behind.",
    "latent": "Look at a method's codes: their distribution, and what they mean.",
    "measure": "Tabulate intensity measures of records.",
    "methods": "List the translation methods, or explain one.",
    "status": "Say where an archive run stands.",
    "train": "Train a method on recorded ground motion.",
    "weights": "Find, describe and verify trained weights.",
    "scenarios": "Write a table of stations to fill in magnitudes, distances and sites.",
    "plot": "Draw an ensemble: waveforms, Fourier and response spectra.",
}


class Commands(click.Group):
    """Imports a command when it is called, so that ``obb --help`` costs nothing."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(import_module(f"obb_cli.{name}"), name)

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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="obspy-broadband", prog_name="obb")
def obb() -> None:
    """Ensembles of broadband ground-motion records from low-frequency earthquake simulations.

    \b
    obb enrich traces/capteurs.*.h5 --method stochastic -n 20 -o ensemble/
    obb plot ensemble/ -o figures/
    obb measure ensemble/ -o measures.csv
    """
