"""The contract of a source: where records come from, item by item."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..records.station_data import StationData


@dataclass(frozen=True)
class Item:
    """What is read, enriched and written together, or skipped together.

    :param key: unique in the source and the same whenever it is listed: names of files, codes of
        stations, times. It may hold any characters; outputs make safe file names of it.
    :param locator: what the source needs to read it, JSON types only, no credentials.
    :param bytes: of the input, as far as it is known; 0 if not.
    """

    key: str
    locator: Mapping[str, Any] = field(default_factory=dict)
    bytes: int = 0


class Source(ABC):
    """Lists items and reads them, for archive runs and for training stores.

    It is small and pickled to workers; clients and files are opened by each worker for itself.
    """

    kind: ClassVar[str]  #: one word, for provenance and messages

    @property
    def label(self) -> str:
        """What a user calls it, for tables and messages."""
        return self.kind

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
        """The source's settings, as JSON; never a user's name or password."""
