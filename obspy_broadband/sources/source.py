"""The contract of a source: where the records of a run come from, piece by piece."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..records.station_data import StationData


@dataclass(frozen=True)
class Item:
    """A piece of work: what is read, enriched and written as one, or skipped as one.

    :param key: of its own in the run and the same in every run over the same source: names of
        files, codes of stations, times. What it may contain is up to the source; outputs make
        names of files of it that cannot leave their folder.
    :param where: what the source needs to read it, JSON types only, no credentials.
    :param bytes: of the input, as far as it is known; 0 if not.
    """

    key: str
    where: Mapping[str, Any] = field(default_factory=dict)
    bytes: int = 0


class Source(ABC):
    """Lists items and reads them; small, and pickled to workers.

    What was opened (clients, files) is opened again by each worker and is no part of the pickle.
    """

    kind: ClassVar[str]  #: one word, for provenance and messages

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """All items, lazily, in an order that is always the same.

        :raises InputError: if the source is not there, or holds nothing.
        """

    @abstractmethod
    def read(self, item: Item) -> StationData:
        """One item, in a worker.

        :raises InputError: with the reason for which the item is skipped, and for nothing else;
            an item never brings down a run.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What was asked for, as JSON; never a user's name or password."""
