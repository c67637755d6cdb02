"""Workers of a Dask cluster: one that is there, or jobs of SLURM."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import InputError
from .source import Item
from .work import Finished, Job, Lost, work

#: s to reach a scheduler.
_TIMEOUT = 30
#: Workers that an item may bring down before the scheduler gives it back.
_ALLOWED_FAILURES = 1


class DaskWorkers:
    """Workers behind a Dask scheduler; as many items are out as there are threads, and a few more.

    Workers may come and go: the scheduler gives their items to others.

    :param client: of ``distributed``.
    :param cluster: closed at the end, if it was started for this run.
    """

    def __init__(self, client: Any, cluster: Any = None):
        self._client, self._cluster = client, cluster

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
                    future = self._client.submit(work, job, number, item, key=key, pure=False)
                    out[future] = number
                if not out:
                    return
                for future in wait(list(out), return_when="FIRST_COMPLETED").done:
                    yield self._outcome(out.pop(future), future)
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


def connect(address: str) -> DaskWorkers:
    """Workers of the scheduler at an address, e.g. ``tcp://head:8786``.

    :raises InputError: if there is none, or Dask is not installed.
    """
    distributed = _distributed()
    try:
        return DaskWorkers(distributed.Client(address, timeout=_TIMEOUT))
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"There is no Dask scheduler at {address}: {error}") from error


def start_slurm(jobs: int, memory: float) -> DaskWorkers:
    """A scheduler of our own, whose workers are jobs of SLURM with one core each.

    Queue, account and time limit are set in Dask's configuration (``jobqueue.slurm``).

    :param memory: of a job, GiB.
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
        return DaskWorkers(distributed.Client(cluster), cluster)
    except (OSError, ValueError, RuntimeError, TimeoutError) as error:
        raise InputError(f"SLURM cannot be used: {error}") from error


_MISSING = "{} is not installed: pip install obspy-broadband[cluster]."


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(_MISSING.format("dask.distributed")) from error
    return distributed
