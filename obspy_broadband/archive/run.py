"""A run over an archive: plan, distribute, record and join; resume after any interruption."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from ..durable import plain_name
from ..errors import InputError, InputWarning
from ..sources.metadata import Metadata
from ..sources.source import Source
from .local import Workers
from .report import write_report
from .run_folder import Lock, RunFolder
from .run_request import RunRequest
from .sds_output import join_pieces
from .tables import (
    MEASURES,
    PARQUET,
    SKIPPED,
    WARNINGS,
    MeasuresTable,
    write_parquet,
    write_skipped,
    write_warnings,
)
from .verify import is_whole
from .work import Job, Outcome, WorkerLost
from .work_list import Counts, WorkList

#: How often an item may kill its worker before it is skipped.
TRIES = 3
#: Items whose checksums are verified when a run is resumed: those that were recorded last.
_CHECKED = 64
#: Items after which a warning says that the table of stations has none of theirs.
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
    :param resume: go on; items that are recorded as done are not done again.
    :param retry_skips: with ``resume``, try again what was skipped.
    :param strict: stop at the first item or record that cannot be used; it is not recorded.
    :param progress: show a progress bar.
    :return: what was done and skipped.
    :raises InputError: if the run cannot begin or go on; what is finished stays so.
    """
    request.check(request.ready())
    run_folder = RunFolder(Path(folder))
    if resume and not run_folder.card.exists():
        raise InputError(_NO_RUN.format(folder))
    lock = Lock(run_folder)
    try:
        if resume:
            run_folder.resume(source, request)
            work_list = WorkList(run_folder.work_list)
        else:
            run_folder.clear()
            work_list = WorkList(run_folder.work_list)
            work_list.plan(source.items())
            run_folder.begin(source, request)
        try:
            job = Job(source, request, run_folder.root.absolute())
            return _Run(run_folder, work_list, request, _metadata(source)).carry_out(
                job, workers, resume, retry_skips, strict, progress
            )
        finally:
            work_list.close()
    finally:
        lock.release()


def resume(
    folder: str | Path,
    workers: Workers,
    retry_skips: bool = False,
    strict: bool = False,
    progress: bool = False,
) -> Counts:
    """Go on with a run; its run.json says of which source and with which request.

    Arguments as in :func:`run`.

    :raises InputError: as :func:`run`; if the source cannot be made again (see
        :func:`~obspy_broadband.sources.rebuild.source_from`), or its files of metadata are gone.
    """
    run_folder = RunFolder(Path(folder))
    if not run_folder.card.exists():
        raise InputError(_NO_RUN.format(folder))
    source = run_folder.source()
    _metadata(source).check()  # without its files, items would be skipped one by one
    return run(source, folder, run_folder.request(), workers, True, retry_skips, strict, progress)


def report(folder: str | Path) -> Counts:
    """Write tables and report of a run anew, from what is recorded; nothing is enriched.

    :raises InputError: if there is no run, its items are not all listed, or a process is at work
        on it.
    """
    run_folder = RunFolder(Path(folder))
    if not run_folder.card.exists():
        raise InputError(f"{folder} holds no run whose items are listed: nothing to report.")
    lock = Lock(run_folder)
    try:
        work_list = WorkList(run_folder.work_list)
        try:
            return _Run(run_folder, work_list, run_folder.request(), Metadata()).write_tables()
        finally:
            work_list.close()
    finally:
        lock.release()


_NO_RUN = "{} holds no run to resume; begin one with obb archive run."


def _metadata(source: Source) -> Metadata:
    return getattr(source, "metadata", Metadata())


class _Run:
    def __init__(
        self, folder: RunFolder, work_list: WorkList, request: RunRequest, metadata: Metadata
    ):
        self.folder, self.work_list, self.request = folder, work_list, request
        self.metadata = metadata
        self.table: MeasuresTable | None = None
        self.joined = 0  #: number of the last item whose output is in the archive and the table

    def carry_out(
        self,
        job: Job,
        workers: Workers,
        resume: bool,
        retry_skips: bool,
        strict: bool,
        progress: bool,
    ) -> Counts:
        if resume:
            self._undo_damaged()
            if retry_skips:
                self.work_list.undo_skips()
        self._open_table()
        counts = self.work_list.counts()
        with tqdm(
            total=counts.items, initial=counts.done + counts.skipped, unit="item",
            disable=not progress,
        ) as bar:  # fmt: skip
            for count, outcome in enumerate(self._outcomes(job, workers), 1):
                if isinstance(outcome, WorkerLost):
                    if self.work_list.lost(outcome.number) < TRIES:
                        continue
                    outcome = Outcome(outcome.number, f"{outcome.reason}, {TRIES} times.")
                self._record(outcome, strict)
                self._join()
                bar.update()
                if count == _EARLY:
                    self._warn_of_unused_table()
        return self._finish()

    def write_tables(self) -> Counts:
        """Tables and report of the items that are recorded."""
        self._open_table()
        return self._finish()

    def _open_table(self) -> None:
        if self.request.measures != "none":
            self.table = MeasuresTable(self.folder.root / MEASURES, self.folder.measures)

    def _outcomes(self, job: Job, workers: Workers) -> Iterator[Outcome | WorkerLost]:
        """Outcomes of all items; at the end those that lost a worker, one by one: then it is clear
        which of them kills workers."""
        yield from workers.run(job, self.work_list.pending())
        for suspect in self.work_list.pending(suspects=True):
            outcome: Outcome | WorkerLost = WorkerLost(suspect[0], "")
            for _ in range(TRIES):
                if isinstance(outcome, Outcome) or not self._is_planned(suspect[0]):
                    break
                for outcome in workers.run(job, [suspect]):
                    yield outcome

    def _is_planned(self, number: int) -> bool:
        return self.work_list.state(number) == "planned"

    def _record(self, outcome: Outcome, strict: bool) -> None:
        if outcome.failure:
            raise InputError(
                f"{outcome.failure} What is finished is kept; go on with obb archive resume."
            )
        if strict and (outcome.reason or outcome.skips):
            record, reason = ("", outcome.reason) if outcome.reason else outcome.skips[0]
            name = " ".join(filter(None, (self.work_list.key(outcome.number), record)))
            raise InputError(f"{name}: {reason} (--strict)")
        if outcome.reason is not None:
            self.work_list.skip(outcome.number, outcome.reason)
        else:
            self.work_list.done(
                outcome.number,
                outcome.records,
                outcome.correlated,
                outcome.written,
                outcome.skips,
                outcome.warnings,
            )

    def _join(self) -> None:
        """Append finished items to archive and table, in the order of the work list."""
        for number, key, state in self.work_list.settled(self.joined):
            name = plain_name(key)
            if state == "done" and self.request.to == "sds":
                pieces = self.folder.pieces / name
                try:
                    if pieces.exists():
                        join_pieces(pieces, self.folder.records)
                except InputError as error:
                    self.work_list.skip(number, str(error))
                    shutil.rmtree(pieces)
                    state = "skipped"
            if state == "done" and self.table:
                self.table.add(name)
            elif state == "skipped":
                # Of an attempt that ended before it was recorded, or refused by the SDS archive.
                (self.folder.provenance / f"{name}.json").unlink(missing_ok=True)
                shutil.rmtree(self.folder.records / name, ignore_errors=True)
            self.joined = number

    def _finish(self) -> Counts:
        self._join()
        if self.table:
            self.table.close()
        root = self.folder.root
        if self.request.measures == "parquet":
            write_parquet(root / MEASURES, root / PARQUET)
        write_skipped(self.work_list.skips(), root / SKIPPED)
        write_warnings(self.work_list.warnings(), root / WARNINGS)
        shutil.rmtree(self.folder.partial, ignore_errors=True)
        write_report(self.folder, self.work_list, root / REPORT)
        self._warn_of_unused_table()
        return self.work_list.counts()

    def _warn_of_unused_table(self) -> None:
        unused = self.metadata.unused_table(self._stations())
        if unused is not None:
            warnings.warn(unused, InputWarning, stacklevel=4)

    def _stations(self) -> Iterator[str]:
        """Ids of the records that were enriched."""
        for path in sorted(self.folder.provenance.glob("*.json")):
            with suppress(OSError, ValueError, KeyError):  # damaged; resuming draws it again
                for station in json.loads(path.read_bytes())["provenance"]["stations"]:
                    yield station["id"]

    def _undo_damaged(self) -> None:
        """Have items done again whose output is not there as it was written: at a power cut a disk
        may lose what it reported as written."""
        # Twice, since a day file that is removed holds motion of other items, too.
        for _ in range(2 if self.request.to == "sds" else 1):
            for position, (number, key) in enumerate(self.work_list.finished_items()):
                if not is_whole(self.folder, plain_name(key), thoroughly=position < _CHECKED):
                    self.work_list.undo(number)
