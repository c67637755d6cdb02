"""A run over an archive: plan, hand out, record, join, and go on after whatever happened."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from ..errors import InputError, InputWarning
from ..io.durable import plain_name
from ..sources.source import Source
from .local import Workers
from .outputs import check_kind
from .report import write_report
from .request import RunRequest
from .run_folder import Lock, RunFolder
from .sds_output import join_pieces
from .tables import (
    MEASURES,
    PARQUET,
    SKIPPED,
    WARNINGS,
    MeasuresTable,
    check_measures,
    write_parquet,
    write_skipped,
    write_warnings,
)
from .verify import is_whole
from .work import Finished, Job, Lost
from .work_list import Counts, WorkList

#: How often an item may bring down its worker before it is skipped.
TRIES = 3
#: Items whose files are read again when a run is resumed: those that were written last.
_CHECKED = 64
#: Items after which a table that has none of their stations is first warned of.
_EARLY = 20
REPORT = "report.html"


def run(
    source: Source,
    folder: str | Path,
    request: RunRequest,
    workers: Workers,
    resume: bool = False,
    retry_skips: bool = False,
    strict: bool = False,
    progress: bool = False,
) -> Counts:
    """Enrich all items of a source into a folder (see :mod:`.run_folder`).

    The bytes of the output depend on source and request alone: not on the workers, on their number,
    or on how often the run was interrupted and resumed.

    :param folder: new, or with ``resume`` one that holds a run of the same source and request.
    :param workers: e.g. :class:`.local.LocalWorkers`.
    :param resume: go on; what is recorded as finished is not done again.
    :param retry_skips: with ``resume``, try again what was skipped.
    :param strict: stop at the first item or record that cannot be used; it is not recorded.
    :param progress: show a progress bar.
    :return: what was done and skipped.
    :raises InputError: if the run cannot begin or go on; what is finished stays so.
    """
    request.check(request.ready())
    check_kind(request.to, request.n)
    check_measures(request.measures)
    places = RunFolder(Path(folder))
    if resume and not places.card.exists():
        raise InputError(f"{folder} holds no run to resume; leave out --resume to begin one.")
    lock = Lock(places)
    try:
        if resume:
            places.resume(source, request)
            work_list = WorkList(places.work_list)
        else:
            places.clear()
            work_list = WorkList(places.work_list)
            work_list.plan(source.items())
            places.begin(source, request)
        try:
            return _Run(places, work_list, Job(source, request, places.root.absolute())).carry_out(
                workers, resume, retry_skips, strict, progress
            )
        finally:
            work_list.close()
    finally:
        lock.release()


class _Run:
    def __init__(self, places: RunFolder, work_list: WorkList, job: Job):
        self.places, self.work_list, self.job = places, work_list, job
        self.table: MeasuresTable | None = None
        self.joined = 0  #: number of the last item whose output is joined to archive and table

    def carry_out(
        self, workers: Workers, resume: bool, retry_skips: bool, strict: bool, progress: bool
    ) -> Counts:
        if resume:
            self._undo_damaged()
            if retry_skips:
                self.work_list.undo_skips()
        if self.job.request.measures != "none":
            self.table = MeasuresTable(self.places.root / MEASURES, self.places.measures)
        counts = self.work_list.counts()
        with tqdm(
            total=counts.items, initial=counts.done + counts.skipped, unit="item",
            disable=not progress,
        ) as bar:  # fmt: skip
            for count, outcome in enumerate(self._outcomes(workers), 1):
                if isinstance(outcome, Lost):
                    if self.work_list.lost(outcome.number) < TRIES:
                        continue
                    outcome = Finished(outcome.number, f"{outcome.reason}, {TRIES} times.")
                self._record(outcome, strict)
                self._join()
                bar.update()
                if count == _EARLY:
                    self._say_unused_table()
        self._join()
        return self._finish()

    def _outcomes(self, workers: Workers) -> Iterator[Finished | Lost]:
        """All items; at the end, one by one, those that lost a worker: then it is known whose fault
        that is."""
        yield from workers.run(self.job, self.work_list.pending())
        for suspect in self.work_list.pending(suspects=True):
            outcome: Finished | Lost = Lost(suspect[0], "")
            for _ in range(TRIES):
                if isinstance(outcome, Finished) or not self._is_planned(suspect[0]):
                    break
                for outcome in workers.run(self.job, [suspect]):
                    yield outcome

    def _is_planned(self, number: int) -> bool:
        return self.work_list.state(number) == "planned"

    def _record(self, outcome: Finished, strict: bool) -> None:
        if outcome.failure:
            raise InputError(f"{outcome.failure} What is finished is kept; go on with --resume.")
        if strict and (outcome.reason or outcome.skips):
            record, reason = ("", outcome.reason) if outcome.reason else outcome.skips[0]
            where = " ".join(filter(None, (self.work_list.key(outcome.number), record)))
            raise InputError(f"{where}: {reason} (--strict)")
        if outcome.reason is not None:
            self.work_list.skip(outcome.number, outcome.reason)
        else:
            self.work_list.done(
                outcome.number,
                outcome.records,
                outcome.shared,
                outcome.written,
                outcome.skips,
                outcome.warnings,
            )

    def _join(self) -> None:
        """Archive and table grow in the order of the items, whatever order they were done in."""
        for number, key, state in self.work_list.settled(self.joined):
            name = plain_name(key)
            if state == "done" and self.job.request.to == "sds":
                pieces = self.places.pieces / name
                try:
                    if pieces.exists():
                        join_pieces(pieces, self.places.records)
                except InputError as error:
                    self.work_list.skip(number, str(error))
                    shutil.rmtree(pieces)
                    state = "skipped"
            if state == "done" and self.table:
                self.table.add(name)
            elif state == "skipped":
                # Of a try that ended between writing and recording, or whose output is in the way.
                (self.places.provenance / f"{name}.json").unlink(missing_ok=True)
                shutil.rmtree(self.places.records / name, ignore_errors=True)
            self.joined = number

    def _finish(self) -> Counts:
        if self.table:
            self.table.close()
        root = self.places.root
        if self.job.request.measures == "parquet":
            write_parquet(root / MEASURES, root / PARQUET)
        write_skipped(self.work_list.skips(), root / SKIPPED)
        write_warnings(self.work_list.warnings(), root / WARNINGS)
        shutil.rmtree(self.places.partial, ignore_errors=True)
        write_report(self.places, self.work_list, root / REPORT)
        self._say_unused_table()
        return self.work_list.counts()

    def _say_unused_table(self) -> None:
        metadata = getattr(self.job.source, "metadata", None)
        unused = metadata.unused_table(self._stations()) if metadata else None
        if unused is not None:
            warnings.warn(unused, InputWarning, stacklevel=4)

    def _stations(self) -> Iterator[str]:
        """Ids of the stations that were enriched."""
        for path in sorted(self.places.provenance.glob("*.json")):
            with suppress(OSError, ValueError, KeyError):  # damaged; --resume draws it again
                for station in json.loads(path.read_bytes())["provenance"]["stations"]:
                    yield station["id"]

    def _undo_damaged(self) -> None:
        """Have done again what is recorded as done, but is not there as it was written: a disk may
        lose at a power cut what it had promised to keep."""
        # Twice: a day file that is removed takes motion of other items along.
        for _ in range(2 if self.job.request.to == "sds" else 1):
            for position, (number, key) in enumerate(self.work_list.finished_items()):
                if not is_whole(self.places, plain_name(key), thoroughly=position < _CHECKED):
                    self.work_list.undo(number)
