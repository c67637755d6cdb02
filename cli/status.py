"""``obb status``: where an archive run stands."""

from __future__ import annotations

from pathlib import Path

import click

from obspy_broadband.archive.run_folder import RunFolder, is_running
from obspy_broadband.archive.work_list import WorkList
from obspy_broadband.errors import InputError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
def status(run: Path) -> None:
    """Say where an archive run stands, while it goes or after it.

    RUN is the output folder of an archive run of obb enrich.

    \b
    obb status out/
    """
    places = RunFolder(run)
    if not places.work_list.is_file():
        raise InputError(f"{run} is no archive run: it has no work list.")
    running = is_running(places)
    if not places.card.is_file():
        click.echo("being planned" if running else "ended before all items were listed")
        return
    work_list = WorkList(places.work_list, read_only=True)
    try:
        counts, reasons = work_list.counts(), work_list.reasons(10)
    finally:
        work_list.close()
    if running:
        state = "running"
    elif counts.planned:
        state = "stopped; --resume goes on"
    else:
        state = "finished" if (run / "report.html").is_file() else "stopped; --resume goes on"
    click.echo(f"{state}: {counts.done} of {counts.items} items done, {counts.skipped} skipped")
    click.echo(f"{counts.records} records, {counts.written / 2**20:.1f} MiB")
    if counts.left_out:
        click.echo(f"{counts.left_out} records left out of items that are done")
    if counts.warned:
        click.echo(f"{counts.warned} items with warnings: {run / 'warnings.csv'}")
    for times, reason in reasons:
        click.echo(f"skipped {times} x: {reason}")
