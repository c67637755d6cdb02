"""What a run would cost: time and output, extrapolated from a first batch of items."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..sources.source import Item, Source
from .local import LocalWorkers
from .run_request import RunRequest
from .work import Job, Outcome

#: Timed items of the first batch; one more goes before them, untimed.
_BATCH = 4


@dataclass(frozen=True)
class Estimate:
    """Costs of a run.

    :param items: number of items.
    :param bytes: of the input, as far as the source knows them.
    :param tried: number of items of the first batch.
    :param failures: reasons of those of the first batch that would be skipped.
    :param seconds: that one worker would take for all items; None if nothing was timed.
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

    :param folder: of the run; only the free space of its disk is read.
    :param limit: s that an item may take; None for no limit.
    :raises InputError: as :func:`.run.run` for what cannot begin.
    """
    request.check(request.ready())
    first: list[tuple[int, Item]] = []
    items = size = 0
    for item in source.items():
        items += 1
        size += item.bytes
        if len(first) <= _BATCH:
            first.append((items, item))
    outcomes, seconds = _try(source, request, first, limit)
    done = [outcome for outcome in outcomes if outcome.reason is None]
    timed = max(len(outcomes) - 1, 1)
    return Estimate(
        items=items,
        bytes=size,
        tried=len(outcomes),
        failures=tuple(outcome.reason for outcome in outcomes if outcome.reason is not None),
        seconds=items * seconds / timed if done else None,
        written=items * sum(outcome.written for outcome in done) // len(outcomes) if done else None,
        free=shutil.disk_usage(_existing(folder)).free,
    )


def _try(
    source: Source, request: RunRequest, first: list[tuple[int, Item]], limit: float | None
) -> tuple[list[Outcome], float]:
    """Outcomes of the first items, and the seconds from the first outcome to the last."""
    workers = LocalWorkers(1, limit=limit)
    outcomes: list[Outcome] = []
    begin = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("records", "provenance", ".run/measures", ".run/pieces"):
                Path(folder, name).mkdir(parents=True)
            for outcome in workers.run(Job(source, request, Path(folder)), islice(first, None)):
                if not isinstance(outcome, Outcome):
                    outcome = Outcome(outcome.number, outcome.reason)
                outcomes.append(outcome)
                if len(outcomes) == 1 < len(first):
                    begin = time.perf_counter()  # without the start of the worker
        return outcomes, time.perf_counter() - begin
    finally:
        workers.close()


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
