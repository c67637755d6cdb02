"""Workers that are processes of this machine."""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Protocol

from ..errors import InputError
from ..sources.source import Item
from .work import IMPORTS, Finished, Job, Lost, late, work

#: Worker processes that die one after the other before they have begun: something is wrong.
_STARTS = 5
#: Libraries of linear algebra that would take all cores for each worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Workers(Protocol):
    """Whoever does the items of a run."""

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Finished | Lost]:
        """All items, in any order; they are taken when a worker is free, not before."""

    def close(self) -> None:
        """Let the workers go."""


class LocalWorkers:
    """Processes of this machine, each with one thread for linear algebra.

    Each has a pool of its own: when one dies, it is known which item it was at, and the others go
    on.

    :param count: how many.
    :param memory: bytes that a worker may use; None for no limit.
    :param limit: s that an item may take, then its worker is killed; None for no limit.
    """

    def __init__(self, count: int, memory: int | None = None, limit: float | None = None):
        self._slots = [_Slot(memory, limit) for _ in range(count)]

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Finished | Lost]:
        """See :class:`Workers`.

        :raises InputError: if workers cannot be started.
        """
        waiting = iter(items)
        idle = list(self._slots)
        busy: dict[Future, tuple[_Slot, int, Item]] = {}
        finished: list[Finished | Lost] = []
        again: list[tuple[int, Item]] = []
        while True:
            while idle:
                following = again.pop() if again else next(waiting, None)
                if following is None:
                    break
                slot = idle.pop()
                busy[slot.submit(job, *following)] = (slot, *following)
            yield from finished  # while the workers are at the next
            if not busy:
                return
            finished = []
            patience = min(slot.patience() for slot, _, _ in busy.values())
            for future in wait(busy, _timeout(patience), FIRST_COMPLETED).done:
                slot, number, item = busy.pop(future)
                idle.append(slot)
                outcome = slot.outcome(number, future)
                if outcome is None:
                    again.append((number, item))
                else:
                    finished.append(outcome)
            for slot, _, _ in busy.values():
                slot.end_if_late()

    def close(self) -> None:
        """Let the workers go, after what they are at."""
        for slot in self._slots:
            slot.settle()
            slot.close()


class _Slot:
    """A place for one worker at a time."""

    def __init__(self, memory: int | None, limit: float | None):
        self._memory = memory
        self._limit = math.inf if limit is None else limit
        self._pool: ProcessPoolExecutor | None = None
        self._begun: Future | None = None  #: the number of the process
        self._at: Future | None = None  #: the item that it is at
        self._since = 0.0  #: when it began with it
        self._is_late = False
        self._false_starts = 0

    def submit(self, job: Job, number: int, item: Item) -> Future:
        """Have the worker begin with an item."""
        if self._pool is None:
            # Forked from a server that has imported everything: a new worker costs milliseconds.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([*IMPORTS, type(job.request.ready()).__module__])
            self._pool = ProcessPoolExecutor(
                1,
                context,
                initializer=_become_worker,
                initargs=(self._memory,),
            )
            with _one_thread():
                self._begun = self._pool.submit(_begin, job)
            self._begun.add_done_callback(self._start_clock)
        self._start_clock()
        try:
            self._at = self._pool.submit(work, job, number, item)
            return self._at
        except BrokenProcessPool:  # it died while it was idle
            self.close()
            return self.submit(job, number, item)

    def _start_clock(self, _: Future | None = None) -> None:
        self._since, self._is_late = time.monotonic(), False

    def patience(self) -> float:
        """Seconds until one should look whether the item is late."""
        if self._is_late:
            return math.inf
        if self._begun is None or not self._begun.done():  # the item's time has not begun
            return self._limit
        return max(self._since + self._limit - time.monotonic(), 0.0)

    def end_if_late(self) -> None:
        """Kill the worker if its item takes too long: the item's future breaks."""
        if self._begun is None or not self._begun.done() or self._begun.exception():
            return
        if self.patience() == 0.0:
            self._is_late = True
            with suppress(ProcessLookupError):
                os.kill(self._begun.result(), signal.SIGKILL)

    def outcome(self, number: int, future: Future) -> Finished | Lost | None:
        """What became of an item; None if its worker died before it had begun."""
        try:
            found = future.result()
        except BrokenProcessPool:
            has_begun = self._begun is not None and not self._begun.exception()
            self.close()
            if has_begun and self._is_late:
                return late(number, self._limit)
            if has_begun:
                return Lost(number, "The worker died at it, or was killed")
            self._false_starts += 1
            if self._false_starts >= _STARTS:
                raise InputError(
                    f"{_STARTS} workers died one after the other before they had begun. Is "
                    "--memory too little for the method?"
                ) from None
            return None
        self._false_starts = 0
        return found

    def settle(self) -> None:
        """Wait for the item, as long as it may take."""
        while self._at is not None and wait([self._at], _timeout(self.patience())).not_done:
            self.end_if_late()

    def close(self) -> None:
        """End the worker, after its item."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _timeout(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _become_worker(memory: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides when to stop
    threading.Thread(target=_end_with_the_coordinator, daemon=True).start()
    if memory is not None:
        # Not the address space, of which libraries reserve more than they use.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _end_with_the_coordinator() -> None:
    """A killed coordinator must not leave workers that write."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _begin(job: Job) -> int:
    job.request.ready()
    return os.getpid()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started in here have one thread for linear algebra."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
