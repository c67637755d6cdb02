"""Training batches by number: each follows from seed and number alone, so training can resume."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from ..data.event_weights import event_weights
from ..data.pairs import Pairs
from ..errors import InputError
from ..method.contract import Batch

#: Between the seeds of two trainings, more than either has batches.
_SEED_STRIDE = 1_000_003


class Batches:
    """The batches of a training, by number; the next one is made in a thread of its own.

    An epoch has as many windows as there are records, in random order; how often each record comes
    is, on average, in proportion to its weight (systematic resampling).

    :param pairs: windows to choose from.
    :param batch: windows in a batch, all processes together.
    :param seed: of order and augmentation.
    :param event_balance: see :class:`.options.TrainingOptions`.
    :param rank: of this process among ``world``; each takes every world-th window of a batch.
    :raises InputError: if a batch does not divide among the processes, or is larger than the set.
    """

    def __init__(
        self,
        pairs: Pairs,
        batch: int,
        seed: int,
        event_balance: float = 0.0,
        rank: int = 0,
        world: int = 1,
    ):
        if batch % world:
            raise InputError(
                f"A batch of {batch} does not divide among {world} processes; choose a multiple."
            )
        if batch > len(pairs):
            raise InputError(
                f"A batch of {batch} is larger than the training set of {len(pairs)} records; "
                "choose fewer with --set training.batch=N."
            )
        self.pairs, self.size, self.seed = pairs, batch, seed
        self.rank, self.world = rank, world
        self.weights = event_weights(pairs.store.columns["event"][pairs.records], event_balance)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Batch]] | None = None

    @property
    def per_epoch(self) -> int:
        """Batches in an epoch."""
        return len(self.pairs) // self.size

    def positions(self, number: int) -> np.ndarray:
        """Positions in the pairs of batch ``number``, of all processes together."""
        epoch, place = divmod(number, self.per_epoch)
        rng = np.random.default_rng([self.seed, epoch, 1])
        expected = len(self.pairs) * self.weights
        # Systematic: a record expected 1.3 times comes once or twice, never three times.
        cumulative = np.floor(np.cumsum(expected) + rng.uniform()).astype(int)
        repetitions = np.diff(cumulative, prepend=0)
        order = rng.permutation(np.repeat(np.arange(len(repetitions)), repetitions))
        order = np.resize(order, len(self.pairs))
        return order[place * self.size : (place + 1) * self.size]

    def __call__(self, number: int) -> Batch:
        """This process's share of batch ``number``."""
        if self._next is not None and self._next[0] == number:
            batch = self._next[1].result()
        else:
            batch = self._load(number)
        self._next = (number + 1, self._worker.submit(self._load, number + 1))
        return batch

    def record_names(self, number: int) -> list[str]:
        """Names of the records in this process's share of a batch."""
        records = self.pairs.records[self._positions_here(number)]
        return [str(name) for name in self.pairs.store.columns["record"][records]]

    def close(self) -> None:
        """End the thread."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _positions_here(self, number: int) -> np.ndarray:
        return self.positions(number)[self.rank :: self.world]

    def _load(self, number: int) -> Batch:
        positions = self._positions_here(number).tolist()
        return self.pairs.batch(positions, seed=self.seed * _SEED_STRIDE + number + 1)
