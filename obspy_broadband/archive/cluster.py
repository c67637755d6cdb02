"""Workers of a Dask cluster: one that is there, or jobs of SLURM."""

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
from .work import IMPORTS, Finished, Job, Lost, late, work

#: s to reach a scheduler.
_TIMEOUT = 30
#: Workers that an item may bring down before the scheduler gives it back.
_ALLOWED_FAILURES = 1
#: s that a worker whose item takes too long has to say so before it ends.
_FAREWELL = 3.0


class DaskWorkers:
    """Workers behind a Dask scheduler; as many items are out as there are threads, and a few more.

    Workers may come and go: the scheduler gives their items to others.

    :param client: of ``distributed``.
    :param limit: s that an item may take, then its worker is killed; None for no limit.
    :param cluster: closed at the end, if it was started for this run.
    """

    def __init__(self, client: Any, limit: float | None = None, cluster: Any = None):
        self._client, self._limit, self._cluster = client, limit, cluster

    def run(self, job: Job, items: Iterable[tuple[int, Item]]) -> Iterator[Finished | Lost]:
        """See :class:`.local.Workers`.

        :raises InputError: if the scheduler is lost, or its workers cannot do the work.
        """
        from concurrent.futures import CancelledError

        from distributed import wait

        waiting = iter(items)
        run = secrets.token_hex(4)  # keys are the scheduler's, whose other users have some, too
        out: dict[Any, int] = {}
        has_more = True
        try:
            while True:
                while has_more and len(out) < self._places():
                    following = next(waiting, None)
                    if following is None:
                        has_more = False
                        break
                    number, item = following
                    key = f"obb-{run}-{number}"
                    future = self._client.submit(
                        _work, job, number, item, self._limit, key=key, pure=False
                    )
                    out[future] = number
                if not out:
                    return
                done = wait(list(out), return_when="FIRST_COMPLETED").done
                # All are fetched, and given up, before the first is recorded: a worker that is late
                # will soon be gone, and what is still wanted of it would be done again elsewhere.
                outcomes = [self._outcome(out.pop(future), future) for future in done]
                for future in done:
                    future.release()
                yield from outcomes
        except (OSError, RuntimeError, TimeoutError, CancelledError) as error:
            raise InputError(
                f"The scheduler is lost ({type(error).__name__}: {error}). What is finished is "
                "kept; go on with --resume."
            ) from error
        finally:
            for future in out:
                future.release()

    def _places(self) -> int:
        return 1 + sum(self._client.nthreads().values())

    def _outcome(self, number: int, future: Any) -> Finished | Lost:
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            return future.result()
        if future.status == "cancelled":
            raise RuntimeError("it has cancelled the work")
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Lost(number, "The workers died at it, or were killed")
        raise InputError(
            f"The workers cannot do the work ({type(error).__name__}: {error}). Is the same "
            "version of obspy-broadband installed there?"
        )

    def close(self) -> None:
        """Take leave of the scheduler; end the cluster if it was started for this run."""
        self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=5)


_is_ending = threading.Event()  # of a worker: its process will be killed in a moment


def _work(job: Job, number: int, item: Item, limit: float | None) -> Finished | Lost:
    """On a worker: one item; if it takes too long, that is the outcome and the worker ends.

    The scheduler starts another, as after a crash, if it has a nanny or a queue to ask.
    """
    if limit is None:
        return work(job, number, item)
    if _is_ending.is_set():
        threading.Event().wait()  # until the scheduler gives the item to another worker
    with suppress(Exception):  # of which work() makes an outcome
        job.request.ready()  # what a worker does once is not counted
        for name in IMPORTS:
            import_module(name)
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work, job, number, item).result(limit)
    except TimeoutError:
        _is_ending.set()
        threading.Timer(_FAREWELL, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return late(number, limit)
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
    """A scheduler of our own, whose workers are jobs of SLURM with one core each.

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
