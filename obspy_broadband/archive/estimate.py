"""What a run would cost, from its plan and a first batch."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..sources.source import Item, Source
from .local import LocalWorkers
from .outputs import check_kind
from .request import RunRequest
from .tables import check_measures
from .work import Finished, Job

#: Items of the first batch; one more goes before, untimed.
_BATCH = 4


@dataclass(frozen=True)
class Estimate:
    """Costs of a run.

    :param items: how many, of ``bytes`` as far as known.
    :param tried: how many of the first batch came to an end; ``failures`` are the reasons of those
        that would be skipped.
    :param seconds: of one worker, for all items; None if nothing was timed.
    :param written: bytes of the output; None likewise.
    :param free: bytes on the disk of the output.
    """

    items: int
    bytes: int
    tried: int
    failures: tuple[str, ...]
    seconds: float | None
    written: int | None
    free: int


def estimate(
    source: Source, request: RunRequest, folder: Path, limit: float | None = None
) -> Estimate:
    """Count the items and do the first few, into a folder that is removed.

    :param folder: of the run; only the free space of its disk is looked at.
    :param limit: s that an item may take; None for no limit.
    :raises InputError: as :func:`.run.run` for what cannot begin.
    """
    request.check(request.ready())
    check_kind(request.to, request.n)
    check_measures(request.measures)
    first: list[tuple[int, Item]] = []
    items = size = 0
    for item in source.items():
        items += 1
        size += item.bytes
        if len(first) <= _BATCH:
            first.append((items, item))
    outcomes, seconds = _try(source, request, first, limit)
    done = [one for one in outcomes if one.reason is None]
    timed = max(len(outcomes) - 1, 1)
    return Estimate(
        items=items,
        bytes=size,
        tried=len(outcomes),
        failures=tuple(one.reason for one in outcomes if one.reason is not None),
        seconds=items * seconds / timed if done else None,
        written=items * sum(one.written for one in done) // len(outcomes) if done else None,
        free=shutil.disk_usage(_existing(folder)).free,
    )


def _try(
    source: Source, request: RunRequest, first: list[tuple[int, Item]], limit: float | None
) -> tuple[list[Finished], float]:
    """Outcomes, and the seconds from the first to the last."""
    workers = LocalWorkers(1, limit=limit)
    outcomes: list[Finished] = []
    begin = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for place in ("records", "provenance", ".run/measures", ".run/pieces"):
                Path(folder, place).mkdir(parents=True)
            for outcome in workers.run(Job(source, request, Path(folder)), islice(first, None)):
                if not isinstance(outcome, Finished):
                    outcome = Finished(outcome.number, outcome.reason)
                outcomes.append(outcome)
                if len(outcomes) == 1 < len(first):
                    begin = time.perf_counter()  # what a worker does once is not counted
        return outcomes, time.perf_counter() - begin
    finally:
        workers.close()


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
