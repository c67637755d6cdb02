"""``obb archive``: enrich archives item by item; resume, look at and report such runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from obb_cli.arguments import (
    COHERENCE,
    CORNER,
    METHOD,
    NUMBER,
    SEED,
    UNITS,
    WEIGHTS,
    enrich_arguments,
    parse_corner,
)
from obb_cli.sources import KINDS, SourceGroup, add_sources
from obb_cli.workers import WORKER_OPTIONS, cores, start_workers, time_limit

from obspy_broadband.archive.outputs import KINDS as OUTPUTS
from obspy_broadband.archive.run_folder import RunFolder, is_running
from obspy_broadband.archive.run_request import RunRequest
from obspy_broadband.archive.tables import KINDS as TABLES
from obspy_broadband.archive.work_list import Counts, WorkList
from obspy_broadband.errors import InputError
from obspy_broadband.request import draw_seed
from obspy_broadband.sources.source import Source

RUN = click.Argument(["run"], type=click.Path(path_type=Path))
STRICT = click.Option(
    ["--strict"], is_flag=True, help="Stop at the first record that cannot be used."
)


@click.group()
def archive() -> None:
    """Enrich archives item by item, into a folder with tables and a report.

    A run may be interrupted at any moment, killed or by a power cut, and goes on with
    `obb archive resume`. Items and records that cannot be used are skipped with the reason (exit
    code 2).

    \b
    obb archive run files traces/ --workers 8 -o run/
    obb archive status run/
    obb archive resume run/
    """


@archive.group("run", cls=SourceGroup)
def run_() -> None:
    """Begin a run over the items of a source.

    \b
    obb archive run files traces/ --workers 8 -o run/
    obb archive run sds archive/ --events catalog.xml --to sds -o run/
    obb archive run fdsn INGV --events catalog.xml --within 100 -o run/
    obb archive run seisbench InstanceGM -n 5 -o run/
    """


def _begin(
    source: Source,
    output: Path,
    method: str,
    weights: str | None,
    number: int,
    seed: int | None,
    corner: str,
    settings: tuple[str, ...],
    coherence: str | None,
    to: str,
    measures: str,
    strict: bool,
    dry_run: bool,
    units: str | None = None,
    **workers: Any,
) -> None:
    from obspy_broadband.archive.run import run

    arguments, options = enrich_arguments(settings, coherence, {})
    if weights and (os.sep in weights or weights.endswith((".json", ".safetensors"))):
        weights = os.path.abspath(weights)  # right wherever the run is resumed
    request = RunRequest(
        method=method,
        weights=weights,
        n=number,
        seed=draw_seed(seed),
        corner=parse_corner(corner),
        units=units,
        options=options,
        to=to,
        measures=measures,
        **arguments,
    )
    if dry_run:
        count = workers["workers"] or cores()
        _print_costs(source, request, output, count, time_limit(workers["item_timeout"]))
        return
    with start_workers(**workers) as started:
        counts = run(source, output, request, started, strict=strict, progress=True)
    _print_counts(counts, output)


_REQUEST = (METHOD, WEIGHTS, NUMBER, SEED, CORNER)
_OUTPUT = (
    click.Option(
        ["-o", "--output"], required=True, type=click.Path(path_type=Path), help="The run's folder."
    ),
    click.Option(
        ["--to"],
        type=click.Choice(list(OUTPUTS)),
        default="ensemble",
        metavar="KIND",
        help=f"{', '.join(OUTPUTS)} [default: ensemble]",
    ),
    click.Option(
        ["--measures"],
        type=click.Choice(TABLES),
        default="csv",
        show_default=True,
        help="Table of intensity measures.",
    ),
)
_DRY_RUN = click.Option(["--dry-run"], is_flag=True, help="Say what the run would cost.")
_RUN_SET = click.Option(
    ["--set", "settings"],
    multiple=True,
    metavar="NAME=VALUE",
    help="Option of the method, or argument of enrich, e.g. magnitude=6.",
)
_REST = (_RUN_SET, COHERENCE, *_OUTPUT, *WORKER_OPTIONS, STRICT, _DRY_RUN)
_HELP = {
    "files": """Each station is an item.

\b
obb archive run files traces/ --workers 8 -o run/
obb archive run files runs/ --read format=SEM3D --read axes=NEZ --to hdf5 -o run/""",
    "sds": """A station in a window of time, or around each event, is an item.

\b
obb archive run sds archive/ --events catalog.xml --to sds -o run/""",
    "fdsn": """A station in a window of time, or around each event, is an item.

\b
obb archive run fdsn INGV --events catalog.xml --within 100 --channel 'HN?' -o run/""",
    "seisbench": """A record is an item.

\b
obb archive run seisbench InstanceGM -n 5 -o run/""",
}
add_sources(
    run_,
    _begin,
    {name: (*_REQUEST, *([UNITS] if name in ("files", "sds") else []), *_REST) for name in KINDS},
    {name: f"Enrich {kind.summary}. {_HELP[name]}" for name, kind in KINDS.items()},
)


@archive.command(
    params=[
        RUN,
        click.Option(["--retry-skips"], is_flag=True, help="Try again what was skipped."),
        *WORKER_OPTIONS,
        STRICT,
    ]
)
def resume(run: Path, retry_skips: bool, strict: bool, **workers: Any) -> None:
    """Go on with a run: what is finished is not done again.

    RUN is the folder of the run, whose run.json knows source and request. A user's name and
    password for an FDSN service are never stored: set OBB_FDSN_USER and OBB_FDSN_PASSWORD again.

    \b
    obb archive resume run/
    obb archive resume run/ --workers 8 --retry-skips
    """
    from obspy_broadband.archive.run import resume as go_on

    with start_workers(**workers) as started:
        counts = go_on(run, started, retry_skips, strict, progress=True)
    _print_counts(counts, run)


@archive.command(params=[RUN])
def status(run: Path) -> None:
    """Say where a run stands, while it goes on or after it.

    \b
    obb archive status run/
    """
    folder = RunFolder(run)
    if not folder.work_list.is_file():
        raise InputError(f"{run} is no archive run: it has no work list.")
    running = is_running(folder)
    if not folder.card.is_file():
        click.echo("being planned" if running else "ended before all items were listed")
        return
    work_list = WorkList(folder.work_list, read_only=True)
    try:
        counts, reasons = work_list.counts(), work_list.reasons(10)
    finally:
        work_list.close()
    if running:
        state = "running"
    elif counts.planned or not (run / "report.html").is_file():
        state = f"stopped; obb archive resume {run} goes on"
    else:
        state = "finished"
    click.echo(f"{state}: {counts.done} of {counts.items} items done, {counts.skipped} skipped")
    click.echo(f"{counts.records} records, {counts.written / 2**20:.1f} MiB")
    if counts.left_out:
        click.echo(f"{counts.left_out} records left out of items that are done")
    if counts.warned:
        click.echo(f"{counts.warned} items with warnings: {run / 'warnings.csv'}")
    for count, reason in reasons:
        click.echo(f"skipped {count} x: {reason}")


@archive.command(params=[RUN])
def report(run: Path) -> None:
    """Write tables and report of a run anew, from what is recorded; nothing is enriched.

    \b
    obb archive report run/
    """
    from obspy_broadband.archive.run import report as write

    counts = write(run)
    click.echo(f"{counts.done} of {counts.items} items done -> {run / 'report.html'}")


def _print_counts(counts: Counts, folder: Path) -> None:
    click.echo(
        f"{counts.done} items done, {counts.records} records, {counts.skipped} items skipped, "
        f"{counts.left_out} records left out -> {folder / 'report.html'}"
    )
    if counts.warned:
        click.echo(f"{counts.warned} items with warnings: {folder / 'warnings.csv'}", err=True)
    if counts.skipped or counts.left_out:
        sys.exit(2)


def _print_costs(
    source: Source, request: RunRequest, output: Path, workers: int, limit: float | None
) -> None:
    from obspy_broadband.archive.estimate import estimate

    costs = estimate(source, request, output, limit)
    click.echo(f"items         {costs.items}")
    click.echo(f"input         {_size(costs.bytes)}")
    click.echo(f"realizations  {request.n} of each record by {request.method}")
    if costs.seconds is not None and costs.written is not None:
        seconds = costs.seconds / workers
        duration = (
            f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{max(seconds / 60, 0.1):.2g} min"
        )
        click.echo(f"output        about {_size(costs.written)} as {request.to}")
        click.echo(f"time          about {duration} with {workers} workers")
    click.echo(f"free disk     {_size(costs.free)}")
    click.echo(f"first batch   {costs.tried} items, {len(costs.failures)} of them skipped")
    for reason in dict.fromkeys(costs.failures):
        click.echo(f"skipped: {reason}", err=True)
    if costs.written is not None and costs.written > costs.free:
        click.echo("obb: warning: the disk is too small for the output.", err=True)


def _size(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}"
