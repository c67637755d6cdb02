"""The work list: every item of a run and its state, in an SQLite file that survives a kill."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..sources.source import Item

#: Items per query, since the list may exceed the memory.
_PAGE = 200
_TABLES = """
CREATE TABLE items (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, place TEXT NOT NULL,
    bytes INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'planned', tries INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0, shared INTEGER NOT NULL DEFAULT 0,
    written INTEGER NOT NULL DEFAULT 0, settled INTEGER);
CREATE TABLE skips (number INTEGER NOT NULL, record TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
#: A table that work lists of earlier versions lack.
_WARNINGS = "warnings (number INTEGER NOT NULL, text TEXT NOT NULL)"


@dataclass(frozen=True)
class Counts:
    """Items and records of a run by what became of them.

    :param planned: items that are still to be done; ``done`` and ``skipped`` likewise.
    :param bytes: of the inputs, as far as the source knows them; ``written``: of the outputs.
    :param records: records that were enriched; ``left_out``: records that were not, in items that
        were done.
    :param correlated: number of ``records`` whose levels are spatially correlated, drawn from a
        field of their event.
    :param warned: items of whose input something was assumed or chosen.
    """

    planned: int = 0
    done: int = 0
    skipped: int = 0
    bytes: int = 0
    written: int = 0
    records: int = 0
    correlated: int = 0
    left_out: int = 0
    warned: int = 0

    @property
    def items(self) -> int:
        """All of them."""
        return self.planned + self.done + self.skipped


class WorkList:
    """An SQLite file; one process writes, others may read.

    :param path: made if need be, unless ``read_only``.
    :raises InputError: for a file that is no work list.
    """

    def __init__(self, path: Path, read_only: bool = False):
        self._path = path
        # "rw" to read, too: what a killed process was writing is rolled back first.
        mode = "rw" if read_only else "rwc"
        with self._errors():
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
            self._db.execute("PRAGMA synchronous = FULL")
            if not read_only and not self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                self._db.executescript(f"BEGIN; {_TABLES} COMMIT;")
            has_warnings = "SELECT 1 FROM sqlite_schema WHERE name = 'warnings'"
            if not self._db.execute(has_warnings).fetchone():
                self._db.execute(f"CREATE {'TEMP' if read_only else ''} TABLE {_WARNINGS}")
            for table in () if read_only else ("skips", "warnings"):  # looked up by item
                name = f"{table}_of_item"
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} (number)")
            (settled,) = self._db.execute("SELECT max(settled) FROM items").fetchone()
        self._settled: int = settled or 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def plan(self, items: Iterable[Item]) -> None:
        """List the items: all of them or, after an error, none. A repeated key is listed once."""
        rows = (
            (_text(item.key), json.dumps(dict(item.locator)), int(item.bytes)) for item in items
        )
        with self._errors(), self._db:
            self._db.executemany(
                "INSERT INTO items (key, place, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                rows,
            )
            self._db.execute("INSERT INTO facts VALUES ('planned', '1')")

    def pending(self, suspects: bool = False) -> Iterator[tuple[int, Item]]:
        """Number and item of all that is to be done, in order.

        :param suspects: the items that lost a worker, instead of all others.
        """
        last = 0
        while True:
            page = self._rows(
                "SELECT number, key, place, bytes FROM items WHERE state = 'planned' "
                f"AND tries {'>' if suspects else '='} 0 AND number > ? ORDER BY number LIMIT ?",
                last,
                _PAGE,
            )
            if not page:
                return
            for number, key, description, size in page:
                yield number, Item(key, json.loads(description), size)
            last = page[-1][0]

    def settled(self, after: int) -> Iterator[tuple[int, str, str]]:
        """Number, key and state of settled items after a number, up to the first unsettled one."""
        while True:
            page = self._rows(
                "SELECT number, key, state FROM items WHERE number > ? ORDER BY number LIMIT ?",
                after,
                _PAGE,
            )
            for number, key, state in page:
                if state == "planned":
                    return
                yield number, key, state
                after = number
            if not page:
                return

    def state(self, number: int) -> str:
        """ "planned", "done" or "skipped"."""
        return self._rows("SELECT state FROM items WHERE number = ?", number)[0][0]

    def key(self, number: int) -> str:
        """The key of an item."""
        return self._rows("SELECT key FROM items WHERE number = ?", number)[0][0]

    def done(
        self,
        number: int,
        records: int,
        correlated: int,
        written: int,
        skips: Iterable[tuple[str, str]],
        warnings: Iterable[str] = (),
    ) -> None:
        """Note that an item's output is in place.

        :param correlated: see :class:`Counts`.
        :param skips: records of the item that were left out, as (id, reason).
        :param warnings: what was assumed or chosen of the item's input.
        """
        self._settle(number, "done", records, correlated, written, skips, warnings)

    def skip(self, number: int, reason: str) -> None:
        """Note that an item is left out, even one that was done (motion that SDS cannot hold)."""
        self._settle(number, "skipped", 0, 0, 0, [("", reason)])

    def lost(self, number: int) -> int:
        """Note that an item's worker died; return how often that has happened."""
        with self._errors(), self._db:
            self._db.execute("UPDATE items SET tries = tries + 1 WHERE number = ?", (number,))
        return self._rows("SELECT tries FROM items WHERE number = ?", number)[0][0]

    def undo(self, number: int) -> None:
        """Have an item done again."""
        with self._errors(), self._db:
            self._undo("number = ?", number)

    def undo_skips(self) -> None:
        """Have all skipped items tried again."""
        with self._errors(), self._db:
            self._undo("state = 'skipped'")

    def finished_items(self, last: int | None = None) -> Iterator[tuple[int, str]]:
        """Number and key of items that were done, the last recorded first."""
        limit = -1 if last is None else last
        yield from self._rows(
            "SELECT number, key FROM items WHERE state = 'done' ORDER BY settled DESC LIMIT ?",
            limit,
        )

    def skips(self) -> Iterator[tuple[str, str, str]]:
        """Key, record (none for a whole item) and reason, in the order of the items."""
        with self._errors():
            yield from self._db.execute(
                "SELECT key, record, reason FROM skips JOIN items USING (number) "
                "ORDER BY number, skips.rowid"
            )

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Key and text, in the order of the items."""
        with self._errors():
            yield from self._db.execute(
                "SELECT key, text FROM warnings JOIN items USING (number) "
                "ORDER BY number, warnings.rowid"
            )

    def counts(self) -> Counts:
        """Where the run stands."""
        counts: dict[str, Any] = {}
        # The column "shared" counts the records with spatially correlated levels.
        sums = {
            "bytes": "bytes",
            "written": "written",
            "records": "records",
            "shared": "correlated",
        }
        for state, items, *values in self._rows(
            f"SELECT state, count(*), {', '.join(f'sum({column})' for column in sums)} "
            "FROM items GROUP BY 1"
        ):
            counts[state] = items
            for name, value in zip(sums.values(), values):
                counts[name] = counts.get(name, 0) + value
        left_out = self._rows("SELECT count(*) FROM skips WHERE record != ''")[0][0]
        warned = self._rows("SELECT count(DISTINCT number) FROM warnings")[0][0]
        return Counts(**counts, left_out=left_out, warned=warned)

    def reasons(self, most: int) -> list[tuple[int, str]]:
        """Reasons of skips with their counts, the most frequent ``most`` of them."""
        return self._rows(
            "SELECT count(*), reason FROM skips GROUP BY reason ORDER BY 1 DESC, 2 LIMIT ?", most
        )

    def _settle(
        self,
        number: int,
        state: str,
        records: int,
        correlated: int,
        written: int,
        skips: Iterable[tuple[str, str]],
        warnings: Iterable[str] = (),
    ) -> None:
        with self._errors(), self._db:
            self._undo("number = ?", number)
            self._settled += 1
            self._db.execute(
                "UPDATE items SET state = ?, records = ?, shared = ?, written = ?, settled = ? "
                "WHERE number = ?",
                (state, records, correlated, written, self._settled, number),
            )
            self._db.executemany(
                "INSERT INTO skips VALUES (?, ?, ?)",
                [(number, _text(record), _text(reason)) for record, reason in skips],
            )
            self._db.executemany(
                "INSERT INTO warnings VALUES (?, ?)", [(number, _text(text)) for text in warnings]
            )

    def _undo(self, condition: str, *values: int) -> None:
        numbers = f"SELECT number FROM items WHERE {condition}"
        for table in ("skips", "warnings"):
            self._db.execute(f"DELETE FROM {table} WHERE number IN ({numbers})", values)
        self._db.execute(
            "UPDATE items SET state = 'planned', tries = 0, records = 0, shared = 0, "
            f"written = 0, settled = NULL WHERE {condition}",
            values,
        )

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._errors():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise InputError(
                f"The work list {self._path} cannot be used: {error}. What was recorded is kept; "
                "mend the cause (a full disk?) and go on with obb archive resume."
            ) from error
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"The work list {self._path} is damaged ({error}). Begin a new run."
            ) from error


def _text(text: str) -> str:
    """A text that SQLite and tables can hold: file names need not be valid Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
