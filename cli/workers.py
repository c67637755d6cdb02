"""Options of the workers of an archive run, and the workers that they mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from obspy_broadband.archive.local import Workers
from obspy_broadband.errors import InputError

WORKER_OPTIONS = (
    click.Option(["--workers"], type=click.IntRange(1), help="Processes [default: cores]."),
    click.Option(["--memory"], type=float, help="GiB that a worker may use."),
    click.Option(["--cluster"], metavar="ADDRESS", help="A Dask scheduler's, tcp://..."),
    click.Option(["--slurm"], is_flag=True, help="--workers jobs of SLURM."),
    click.Option(
        ["--item-timeout"],
        # One station takes seconds, a slow service minutes.
        default=1800.0,
        show_default=True,
        help="Seconds that an item may take; 0: no limit.",
    ),
)


@contextmanager
def start_workers(
    workers: int | None,
    memory: float | None,
    cluster: str | None,
    slurm: bool,
    item_timeout: float,
) -> Iterator[Workers]:
    """The workers that the values of :data:`WORKER_OPTIONS` mean; closed at the end.

    :raises InputError: for values that cannot be used, alone or together.
    """
    limit = time_limit(item_timeout)
    if cluster and slurm:
        raise InputError("--cluster and --slurm exclude each other.")
    if cluster and memory is not None:
        raise InputError("--memory is for local workers and --slurm; Dask's have their own.")
    started: Workers
    if cluster:
        from obspy_broadband.archive.cluster import connect

        started = connect(cluster, limit)
    elif slurm:
        from obspy_broadband.archive.cluster import start_slurm

        started = start_slurm(workers or 1, memory or 4.0, limit)
    else:
        from obspy_broadband.archive.local import LocalWorkers

        count = workers or cores()
        started = LocalWorkers(count, _bytes(memory, count), limit)
    try:
        yield started
    finally:
        started.close()


def time_limit(item_timeout: float) -> float | None:
    """Seconds that an item may take; None for no limit.

    :raises InputError: for a negative or useless number.
    """
    if not 0 <= item_timeout <= 1e6:
        raise InputError(
            f"--item-timeout is {item_timeout:g}; give seconds, at most 1e6, or 0 for none."
        )
    return item_timeout or None


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _bytes(gib: float | None, workers: int) -> int:
    """Bytes that a worker may use: by default its share of the machine's memory."""
    if gib is None:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // workers
    if not 0.25 <= gib <= 1e6:
        raise InputError(f"--memory is {gib:g}; give the GiB of one worker, 0.25 or more.")
    return int(gib * 1024**3)
