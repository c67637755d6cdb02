"""Workers that are processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol

from ..errors import InputError
from .source import Item
from .work import Finished, Job, Lost, work

#: Worker processes that die one after the other before they have begun: something is wrong.
_STARTS = 5
#: Libraries of linear algebra that would take all cores for each worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_PRELOAD = ["obspy_broadband.archive.work", "obspy_broadband.measures"]


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
    """

    def __init__(self, count: int, memory: int | None = None):
        self._slots = [_Slot(memory) for _ in range(count)]

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
            for future in wait(busy, None, FIRST_COMPLETED).done:
                slot, number, item = busy.pop(future)
                idle.append(slot)
                outcome = slot.outcome(number, future)
                if outcome is None:
                    again.append((number, item))
                else:
                    finished.append(outcome)

    def close(self) -> None:
        """Let the workers go, after what they are at."""
        for slot in self._slots:
            slot.close()


class _Slot:
    """A place for one worker at a time."""

    def __init__(self, memory: int | None):
        self._memory = memory
        self._pool: ProcessPoolExecutor | None = None
        self._begun: Future | None = None
        self._false_starts = 0

    def submit(self, job: Job, number: int, item: Item) -> Future:
        if self._pool is None:
            # Forked from a server that has imported everything: a new worker costs milliseconds.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([*_PRELOAD, type(job.request.ready()).__module__])
            self._pool = ProcessPoolExecutor(
                1,
                context,
                initializer=_become_worker,
                initargs=(self._memory,),
            )
            with _one_thread():
                self._begun = self._pool.submit(_begin, job)
        try:
            return self._pool.submit(work, job, number, item)
        except BrokenProcessPool:  # it died while it was idle
            self.close()
            return self.submit(job, number, item)

    def outcome(self, number: int, future: Future) -> Finished | Lost | None:
        """What became of an item; None if its worker died before it had begun."""
        try:
            found = future.result()
        except BrokenProcessPool:
            has_begun = self._begun is not None and not self._begun.exception()
            self.close()
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

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


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


def _begin(job: Job) -> None:
    job.request.ready()


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
