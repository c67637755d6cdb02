"""Archive runs of ``obb enrich``: their options, and what is done with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from obspy_broadband.archive.outputs import KINDS
from obspy_broadband.archive.request import RunRequest
from obspy_broadband.archive.tables import KINDS as TABLES
from obspy_broadband.errors import InputError
from obspy_broadband.sources.source import Source

#: s that an item may take; one station takes seconds, a service that is slow minutes.
_PATIENCE = 1800.0
_OPTIONS = (
    click.option("--to", type=click.Choice(list(KINDS)), help="Archive: kind of output."),
    click.option("--resume", is_flag=True, help="Archive: go on with the run in the folder."),
    click.option("--retry-skips", is_flag=True, help="Archive: with --resume, try skips again."),
    click.option("--workers", type=click.IntRange(1), help="Archive: processes [default: cores]."),
    click.option("--memory", type=float, help="Archive: GiB a worker may use."),
    click.option(
        "--item-timeout",
        default=_PATIENCE,
        show_default=True,
        help="Archive: s an item may take; 0: no limit.",
    ),
    click.option("--measures", type=click.Choice(TABLES), help="Archive: table [default: csv]."),
    click.option("--cluster", metavar="ADDRESS", help="Archive: a Dask scheduler, tcp://..."),
    click.option("--slurm", is_flag=True, help="Archive: --workers jobs of SLURM."),
)
#: Options of sources that files of one ensemble do not have.
_SOURCES = (
    *("sds", "fdsn", "seisbench", "scenarios", "events", "origin", "largest"),
    *("network", "station", "location", "channel", "starttime", "endtime"),
    *("before", "after", "min_magnitude", "within", "timeout"),
)
_MINE = (
    *("to", "resume", "retry_skips", "workers", "memory", "item_timeout", "measures"),
    *("cluster", "slurm"),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the options of archive runs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def is_archive(context: click.Context) -> bool:
    """Whether any option was given that archive runs alone have."""
    return any(
        context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for name in (*_MINE, *_SOURCES)
        if name in context.params
    )


def take_run_options(given: dict[str, Any]) -> dict[str, Any]:
    """The options of archive runs, taken out of all that were given."""
    return {name: given.pop(name) for name in _MINE}


def enrich_archive(
    source: Source,
    output: Path,
    asked: dict[str, Any],
    seed: int | None,
    strict: bool,
    dry_run: bool,
    options: dict[str, Any],
) -> None:
    """Run, or say what a run would cost.

    :param asked: of the :class:`RunRequest`, without seed, kind and measures.
    :param options: those of :func:`run_options`.
    :raises InputError: for options that cannot go together, and as :func:`run`.
    """
    from obspy_broadband.archive.run import run
    from obspy_broadband.archive.run_folder import RunFolder
    from obspy_broadband.request import draw_seed

    if options["retry_skips"] and not options["resume"]:
        raise InputError("--retry-skips is for --resume: add it.")
    if seed is None and options["resume"] and not dry_run:
        seed = RunFolder(output).seed()
    request = RunRequest(
        **asked,
        seed=draw_seed(seed),
        to=options["to"] or "ensemble",
        measures=options["measures"] or "csv",
    )
    if dry_run:
        _say_costs(source, request, output, options["workers"] or _cores(), _limit(options))
        return
    with _workers(options) as workers:
        counts = run(
            source, output, request, workers,
            options["resume"], options["retry_skips"], strict, progress=True,
        )  # fmt: skip
    click.echo(
        f"{counts.done} items done, {counts.records} records, {counts.skipped} items skipped, "
        f"{counts.left_out} records left out -> {output / 'report.html'}"
    )
    if counts.warned:
        click.echo(f"{counts.warned} items with warnings: {output / 'warnings.csv'}", err=True)
    if counts.skipped or counts.left_out:
        sys.exit(2)


@contextmanager
def _workers(options: dict[str, Any]) -> Any:
    if options["cluster"] or options["slurm"]:
        if options["cluster"] and options["slurm"]:
            raise InputError("--cluster and --slurm exclude each other.")
        if options["memory"] is not None and not options["slurm"]:
            raise InputError("--memory is for local workers and --slurm; Dask's have their own.")
        from obspy_broadband.archive.cluster import connect, start_slurm

        if options["cluster"]:
            workers: Any = connect(options["cluster"], _limit(options))
        else:
            count, memory = options["workers"] or 1, options["memory"] or 4.0
            workers = start_slurm(count, memory, _limit(options))
    else:
        from obspy_broadband.archive.local import LocalWorkers

        count = options["workers"] or _cores()
        workers = LocalWorkers(count, _bytes(options["memory"], count), _limit(options))
    try:
        yield workers
    finally:
        workers.close()


def _limit(options: dict[str, Any]) -> float | None:
    given = options["item_timeout"]
    if not 0 <= given <= 1e6:
        raise InputError(f"--item-timeout is {given:g}; give seconds, at most 1e6, or 0 for none.")
    return given or None


def _bytes(gib: float | None, workers: int) -> int:
    """What a worker may use: by default its share of the machine's memory."""
    if gib is None:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // workers
    if not 0.25 <= gib <= 1e6:
        raise InputError(f"--memory is {gib:g}; give the GiB of one worker, 0.25 or more.")
    return int(gib * 1024**3)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _say_costs(
    source: Source, request: RunRequest, output: Path, workers: int, limit: float | None
) -> None:
    from obspy_broadband.archive.estimate import estimate

    found = estimate(source, request, output, limit)
    click.echo(f"items         {found.items}")
    click.echo(f"input         {_size(found.bytes)}")
    click.echo(f"realizations  {request.n} of each record by {request.method}")
    if found.seconds is not None and found.written is not None:
        seconds = found.seconds / workers
        lasts = (
            f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{max(seconds / 60, 0.1):.2g} min"
        )
        click.echo(f"output        about {_size(found.written)} as {request.to}")
        click.echo(f"time          about {lasts} with {workers} workers")
    click.echo(f"free disk     {_size(found.free)}")
    click.echo(f"first batch   {found.tried} items, {len(found.failures)} of them skipped")
    for reason in dict.fromkeys(found.failures):
        click.echo(f"skipped: {reason}", err=True)
    if found.written is not None and found.written > found.free:
        click.echo("obb: warning: the disk is too small for the output.", err=True)


def _size(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}"
