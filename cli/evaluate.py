"""``obb evaluate``: a method on a store, an ensemble against recordings, or an ensemble alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from obb_cli.inputs import (
    INVENTORY,
    READ,
    parse_settings,
    read_stream,
    refuse_existing,
    report_skips,
)

from obspy_broadband.errors import InputError
from obspy_broadband.io.xml import all_stations

if TYPE_CHECKING:
    from obspy_broadband import Ensemble

#: Stations whose checks are printed one by one.
_SHOWN = 12


@click.command(params=[READ, INVENTORY], context_settings={"allow_extra_args": True})
@click.argument(
    "generated",
    required=False,
    type=click.Path(path_type=Path),
)
@click.option(
    "--recorded",
    multiple=True,
    help="File, folder or pattern in quotes, beside GENERATED.",
)
@click.option("-u", "--units", help="Of the records [default: the file's, else m/s**2]")
@click.option("--origin-time", help="UTC of t = 0, of a simulation without a date.")
@click.option(
    "--event",
    "event_file",
    type=click.Path(exists=True, dir_okay=False),
    help="Whose origin time is t = 0: QuakeML, CMTSOLUTION, ... of one event.",
)
@click.option("--detrend", is_flag=True, help="Take mean and trend out of the recordings first.")
@click.option("-m", "--method", help="A method, on --data.")
@click.option("--data", "store", type=click.Path(path_type=Path), help="Made by obb data prepare.")
@click.option("--split", type=click.Choice(["train", "dev", "test"]), default="test")
@click.option("--protocol", type=click.Choice(["clean", "thesis"]), default="clean")
@click.option("--corner", default=1.0, show_default=True, help="Hz (clean protocol).")
@click.option("--weights", help="Of a trained method: a name, or a file's path.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Method's option.")
@click.option("-n", "--realizations", default=32, show_default=True, help="Of each record.")
@click.option("-s", "--seed", default=0, show_default=True, help="Whole number.")
@click.option("--limit", type=click.IntRange(1), help="Judge so many records only.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for the report.")
@click.option("--overwrite", is_flag=True, help="Replace a report that is there already.")
@click.pass_context
def evaluate(
    context: click.Context,
    generated: Path | None,
    recorded: tuple[str, ...],
    units: str | None,
    origin_time: str | None,
    event_file: str | None,
    detrend: bool,
    method: str | None,
    store: Path | None,
    split: str,
    protocol: str,
    corner: float,
    weights: str | None,
    settings: tuple[str, ...],
    realizations: int,
    seed: int,
    limit: int | None,
    output: Path | None,
    overwrite: bool,
    inventories: tuple[str, ...],
    reading: dict[str, Any],
) -> None:
    """Judge a method, or generated records, against recorded ones.

    With --method and --data, the method is handed the low frequencies of every record of a split,
    and nothing else. With GENERATED, the folder of an ensemble or of a run (all its ensembles
    together), records are matched by network and station code and must cover its time. A
    simulation without a date begins at --origin-time, or at the origin time of the event that it
    was enriched with or that --event gives. Copy, inverse filter, stochastic and oracle envelope
    stand beside it in every table. The report is report.html, with the tables as CSV and JSON.
    GENERATED alone is looked at for what no earthquake does, e.g. shaking before P; -o leaves
    checks.csv.

    \b
    obb evaluate --method pix2pix --data store/ -o report/
    obb evaluate -m pix2pix --weights training/weights/pix2pix/default.json --data store/ -o out/
    obb evaluate ensemble/ --recorded recordings/ --origin-time 2019-11-11T10:52:45 -o report/
    obb evaluate run/ --recorded recordings/ --detrend -o run-report/
    obb evaluate ensemble/
    """
    if context.args:
        raise InputError(
            f"What is {' '.join(context.args[:3])}? There is one GENERATED, and --recorded takes "
            "one name: a folder, or a pattern in quotes, e.g. --recorded 'recordings/*.mseed'."
        )
    if (generated is None) == (method is None):
        raise InputError(
            "obb evaluate needs GENERATED, alone or with --recorded, or --method and --data."
        )
    if not (generated and recorded) and (origin_time or event_file):
        raise InputError("--origin-time and --event are for GENERATED with --recorded.")
    if (units or detrend or inventories or (method and recorded)) and not (generated and recorded):
        raise InputError(
            "--recorded is for GENERATED; --units, --inventory and --detrend are of --recorded."
        )
    refuse_existing(output, overwrite)
    skips: list[tuple[Any, str]] = []
    if generated is not None:
        if not recorded:
            _check(generated, output)
            return
        arguments = {"units": units, "detrend": detrend}
        arguments |= {"inventory": all_stations(inventories)}
        arguments |= {"origin_time": origin_time, "event": event_file}
        judged, skips, description, provenance = _ensemble(generated, recorded, reading, arguments)
    else:
        if store is None:
            raise InputError("--method needs --data: a store made by obb data prepare.")
        from obspy_broadband.evaluation.evaluate import evaluate_on_store

        judged, provenance = evaluate_on_store(
            str(method), store, split, protocol, corner, weights, parse_settings(settings),
            realizations, seed, limit, progress=True,
        )  # fmt: skip
        description = (
            f"Split {split} of {store}; the method saw low frequencies, corner and metadata."
        )
    from obspy_broadband.evaluation import tables
    from obspy_broadband.evaluation.report import SHOWN, write_report

    report_skips(skips)
    if output:
        report = write_report(judged, output, description, provenance)
        summary, statements = report.summary, report.statements
    else:
        summary, statements = tables.summary(judged), []
    shown = summary[[name for name in SHOWN if name in summary]].rename(columns=SHOWN)
    click.echo(shown.T.to_string(float_format="{:.2f}".format, na_rep=""))
    for statement in statements:
        click.echo(statement)
    if output:
        click.echo(f"-> {output / 'report.html'}")
    if skips:
        sys.exit(2)


def _check(generated: Path, output: Path | None) -> None:
    import pandas as pd

    from obspy_broadband.ensemble.folder import ensemble_folders
    from obspy_broadband.evaluation.sanity import check_ensemble, describe

    folders = ensemble_folders(generated)
    skips: list[tuple[Any, str]] = []
    tables = []
    for folder, ensemble in _read(folders, skips):
        table = check_ensemble(ensemble, progress=len(folders) == 1)
        if len(folders) > 1:
            table.insert(0, "ensemble", folder.name)
        tables.append(table)
    report_skips(skips)
    if not tables:
        raise InputError(f"None of the ensembles of {generated} could be read.")
    whole = pd.concat(tables)
    if len(whole) <= _SHOWN:
        click.echo(whole.T.to_string(float_format="{:.3g}".format, na_rep=""))
    else:
        medians = whole.median(numeric_only=True).to_string(float_format="{:.3g}".format)
        click.echo(f"Medians of {len(whole)} stations:\n{medians}")
    for sentence in describe(whole):
        click.echo(sentence)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        whole.to_csv(output / "checks.csv")
        click.echo(f"-> {output / 'checks.csv'}")
    if skips:
        sys.exit(2)


def _read(folders: list[Path], skips: list[tuple[Any, str]]) -> Iterator[tuple[Path, Ensemble]]:
    """Ensembles one by one; of several, those that cannot be read are noted."""
    from tqdm import tqdm

    from obspy_broadband import Ensemble

    for folder in tqdm(folders, unit="ensemble", disable=len(folders) == 1):
        try:
            yield folder, Ensemble.read(folder)
        except InputError as error:
            if len(folders) == 1:
                raise
            skips.append((folder, str(error)))


def _ensemble(
    generated: Path,
    recorded: tuple[str, ...],
    reading: dict[str, Any],
    arguments: dict[str, Any],
) -> Any:
    from obspy_broadband.ensemble.folder import ensemble_folders
    from obspy_broadband.evaluation.evaluate import evaluate_ensembles

    folders = ensemble_folders(generated)
    stream, skips = read_stream(recorded, **reading)
    if not stream:
        report_skips(skips)
        raise InputError("None of the recordings could be read.")
    ensembles = (ensemble for _, ensemble in _read(folders, skips))
    judged, provenance, skipped = evaluate_ensembles(ensembles, stream, progress=True, **arguments)
    what = "The ensemble" if len(folders) == 1 else f"{len(folders)} ensembles of the run"
    description = f"{what} {generated} by {provenance['method']}."
    return judged, [*skips, *skipped], description, provenance
