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
from .work import IMPORTS, Job, Outcome, WorkerLost, timed_out, work

#: Worker processes that may die in succession before they have begun an item.
_FALSE_STARTS = 5
#: Environment variables that limit the threads of linear algebra in each worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Workers(Protocol):
    """What carries out the items of a run: local processes, or a Dask cluster."""

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Outcome | WorkerLost]:
        """Outcomes of all items, in any order; an item is taken when a worker is free."""

    def close(self) -> None:
        """End the workers."""


class LocalWorkers:
    """Processes of this machine, each with one thread for linear algebra.

    Each has a pool of its own: when one dies, it is clear which item it was working on, and the
    others go on.

    :param count: how many.
    :param memory: bytes that a worker may use; None for no limit.
    :param limit: s that an item may take, then its worker is killed; None for no limit.
    """

    def __init__(self, count: int, memory: int | None = None, limit: float | None = None):
        self._slots = [_Slot(memory, limit) for _ in range(count)]

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Outcome | WorkerLost]:
        """See :class:`Workers`.

        :raises InputError: if workers cannot be started.
        """
        waiting = iter(items)
        idle = list(self._slots)
        busy: dict[Future, tuple[_Slot, int, Item]] = {}
        outcomes: list[Outcome | WorkerLost] = []
        not_begun: list[tuple[int, Item]] = []
        while True:
            while idle:
                numbered_item = not_begun.pop() if not_begun else next(waiting, None)
                if numbered_item is None:
                    break
                slot = idle.pop()
                busy[slot.submit(job, *numbered_item)] = (slot, *numbered_item)
            yield from outcomes  # recorded while the workers do the next items
            if not busy:
                return
            outcomes = []
            remaining = min(slot.remaining() for slot, _, _ in busy.values())
            for future in wait(busy, _timeout(remaining), FIRST_COMPLETED).done:
                slot, number, item = busy.pop(future)
                idle.append(slot)
                outcome = slot.outcome(number, future)
                if outcome is None:
                    not_begun.append((number, item))
                else:
                    outcomes.append(outcome)
            for slot, _, _ in busy.values():
                slot.kill_if_late()

    def close(self) -> None:
        """End the workers, each after its current item."""
        for slot in self._slots:
            slot.settle()
            slot.close()


class _Slot:
    """A place for one worker at a time."""

    def __init__(self, memory: int | None, limit: float | None):
        self._memory = memory
        self._limit = math.inf if limit is None else limit
        self._pool: ProcessPoolExecutor | None = None
        self._started: Future | None = None  #: the worker's process id, once the method is made
        self._item: Future | None = None  #: of the current item
        self._item_start = 0.0  #: on the monotonic clock, s
        self._is_late = False  #: whether the worker was killed for its time limit
        self._false_starts = 0

    def submit(self, job: Job, number: int, item: Item) -> Future:
        """Give an item to the worker."""
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
                self._started = self._pool.submit(_start, job)
            self._started.add_done_callback(self._start_clock)
        self._start_clock()
        try:
            self._item = self._pool.submit(work, job, number, item)
            return self._item
        except BrokenProcessPool:  # it died while it was idle
            self.close()
            return self.submit(job, number, item)

    def _start_clock(self, _: Future | None = None) -> None:
        self._item_start, self._is_late = time.monotonic(), False

    def remaining(self) -> float:
        """Seconds until the item reaches its time limit; infinite once its worker was killed."""
        if self._is_late:
            return math.inf
        if self._started is None or not self._started.done():  # the item's time has not begun
            return self._limit
        return max(self._item_start + self._limit - time.monotonic(), 0.0)

    def kill_if_late(self) -> None:
        """Kill the worker if its item exceeds the time limit: the item's future breaks."""
        if self._started is None or not self._started.done() or self._started.exception():
            return
        if self.remaining() == 0.0:
            self._is_late = True
            with suppress(ProcessLookupError):
                os.kill(self._started.result(), signal.SIGKILL)

    def outcome(self, number: int, future: Future) -> Outcome | WorkerLost | None:
        """What became of an item; None if its worker died before it had begun."""
        try:
            outcome = future.result()
        except BrokenProcessPool:
            has_begun = self._started is not None and not self._started.exception()
            self.close()
            if has_begun and self._is_late:
                return timed_out(number, self._limit)
            if has_begun:
                return WorkerLost(number, "The worker died at it, or was killed")
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise InputError(
                    f"{_FALSE_STARTS} workers died one after the other before they had begun. Is "
                    "--memory too little for the method?"
                ) from None
            return None
        self._false_starts = 0
        return outcome

    def settle(self) -> None:
        """Wait for the current item, at most to its time limit."""
        while self._item is not None and wait([self._item], _timeout(self.remaining())).not_done:
            self.kill_if_late()

    def close(self) -> None:
        """End the worker after its current item."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _timeout(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _become_worker(memory: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides when to stop
    threading.Thread(target=_exit_with_coordinator, daemon=True).start()
    if memory is not None:
        # Not the address space, of which libraries reserve more than they use.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _exit_with_coordinator() -> None:
    """A killed coordinator must not leave workers that write."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _start(job: Job) -> int:
    job.request.ready()
    return os.getpid()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started inside this context have one thread for linear algebra."""
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
