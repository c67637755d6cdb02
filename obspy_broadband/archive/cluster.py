"""Workers of a Dask cluster: one that is running already, or jobs of SLURM."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..errors import InputError
from ..sources.source import Item
from .work import IMPORTS, Job, Outcome, WorkerLost, timed_out, work

#: s to reach a scheduler.
_TIMEOUT = 30
#: Workers that an item may kill before the scheduler gives it back.
_ALLOWED_FAILURES = 1
#: s between a worker's report that its item exceeded the time limit and the end of the worker.
_FAREWELL = 3.0


class DaskWorkers:
    """Workers of a Dask scheduler; one item more than there are threads is submitted at a time.

    Workers may come and go: the scheduler gives their items to others.

    :param client: of ``distributed``.
    :param limit: s that an item may take, then its worker is killed; None for no limit.
    :param cluster: closed at the end, if it was started for this run.
    """

    def __init__(self, client: Any, limit: float | None = None, cluster: Any = None):
        self._client, self._limit, self._cluster = client, limit, cluster

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Outcome | WorkerLost]:
        """See :class:`.local.Workers`.

        :raises InputError: if the scheduler is lost, or its workers cannot do the work.
        """
        from concurrent.futures import CancelledError

        from distributed import wait

        waiting = iter(items)
        run = secrets.token_hex(4)  # keys have to differ from those of the scheduler's other users
        submitted: dict[Any, int] = {}  #: numbers of items by their futures
        has_more = True
        try:
            while True:
                while has_more and len(submitted) < self._slots():
                    numbered_item = next(waiting, None)
                    if numbered_item is None:
                        has_more = False
                        break
                    number, item = numbered_item
                    key = f"obb-{run}-{number}"
                    future = self._client.submit(
                        _work, job, number, item, self._limit, key=key, pure=False
                    )
                    submitted[future] = number
                if not submitted:
                    return
                done = wait(list(submitted), return_when="FIRST_COMPLETED").done
                # All results are fetched and released before the first is recorded: a worker past
                # its time limit ends soon, and results still held there would be computed again.
                outcomes = [self._outcome(submitted.pop(future), future) for future in done]
                for future in done:
                    future.release()
                yield from outcomes
        except (OSError, RuntimeError, TimeoutError, CancelledError) as error:
            raise InputError(
                f"The scheduler is lost ({type(error).__name__}: {error}). What is finished is "
                "kept; go on with obb archive resume."
            ) from error
        finally:
            for future in submitted:
                future.release()

    def _slots(self) -> int:
        return 1 + sum(self._client.nthreads().values())

    def _outcome(self, number: int, future: Any) -> Outcome | WorkerLost:
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            return future.result()
        if future.status == "cancelled":
            raise RuntimeError("it has cancelled the work")
        error = future.exception()
        if isinstance(error, KilledWorker):
            return WorkerLost(number, "The workers died at it, or were killed")
        raise InputError(
            f"The workers cannot do the work ({type(error).__name__}: {error}). Is the same "
            "version of obspy-broadband installed there?"
        )

    def close(self) -> None:
        """Disconnect from the scheduler; end the cluster if it was started for this run."""
        self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=5)


_is_ending = threading.Event()  # in a worker: its process is about to be killed


def _work(job: Job, number: int, item: Item, limit: float | None) -> Outcome | WorkerLost:
    """On a worker: one item; past the time limit, that is the outcome and the worker ends.

    The scheduler starts another worker, as after a crash, if a nanny or a queue can do so.
    """
    if limit is None:
        return work(job, number, item)
    if _is_ending.is_set():
        threading.Event().wait()  # until the scheduler gives the item to another worker
    with suppress(Exception):  # which work() turns into an outcome
        job.request.ready()  # the time to make the method is not the item's
        for name in IMPORTS:
            import_module(name)
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work, job, number, item).result(limit)
    except TimeoutError:
        _is_ending.set()
        threading.Timer(_FAREWELL, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return timed_out(number, limit)
    finally:
        pool.shutdown(wait=False)


def connect(address: str, limit: float | None = None) -> DaskWorkers:
    """Workers of the scheduler at an address, e.g. ``tcp://head:8786``.

    :param limit: see :class:`DaskWorkers`.
    :raises InputError: if there is none, or Dask is not installed.
    """
    distributed = _distributed()
    try:
        return DaskWorkers(distributed.Client(address, timeout=_TIMEOUT), limit)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"There is no Dask scheduler at {address}: {error}") from error


def start_slurm(jobs: int, memory: float, limit: float | None = None) -> DaskWorkers:
    """A scheduler in this process, whose workers are jobs of SLURM with one core each.

    Queue, account and time limit are set in Dask's configuration (``jobqueue.slurm``).

    :param memory: of a job, GiB.
    :param limit: see :class:`DaskWorkers`.
    :raises InputError: if dask-jobqueue is not installed, or SLURM is not there.
    """
    distributed = _distributed()
    import dask

    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise InputError(_MISSING.format("dask-jobqueue")) from error
    dask.config.set({"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES})
    try:
        cluster = SLURMCluster(cores=1, processes=1, memory=f"{memory:g}GiB")
        cluster.scale(jobs=jobs)
        return DaskWorkers(distributed.Client(cluster), limit, cluster)
    except (OSError, ValueError, RuntimeError, TimeoutError) as error:
        raise InputError(f"SLURM cannot be used: {error}") from error


_MISSING = "{} is not installed: pip install obspy-broadband[cluster]."


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(_MISSING.format("dask.distributed")) from error
    return distributed
