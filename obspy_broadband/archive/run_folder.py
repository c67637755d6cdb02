"""The folder of a run, and the lock on it.

::

    OUT/
        run.json              what was asked for, of which source, with which versions
        records/NAME/         the output of an item; or SDS's years, if that was asked for
        provenance/NAME.json  all it takes to draw the item again; bytes and SHA-256 of its files
        measures.csv          a row a record and realization
        skipped.csv           what was left out, and why
        warnings.csv          what was assumed or chosen of an item's input
        report.html           the run on a page
        .run/                 the work list, the lock, and what is not finished
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

from ..ensemble.provenance import software
from ..errors import InputError
from ..io.durable import sync, write_file
from ..sources.source import Source
from .request import RunRequest

FORMAT, VERSION = "obspy_broadband.run", 2


class RunFolder:
    """Names of files in a run's folder.

    :param root: the folder itself.
    """

    def __init__(self, root: Path):
        self.root = root
        self.card = root / "run.json"
        self.records = root / "records"
        self.provenance = root / "provenance"
        self.inside = root / ".run"
        self.work_list = self.inside / "work.sqlite"
        self.lock = self.inside / "lock"
        self.measures = self.inside / "measures"  #: a file an item
        self.partial = self.inside / "partial"  #: what is being written
        self.pieces = self.inside / "pieces"  #: of an SDS archive, before they are joined to it

    def clear(self) -> None:
        """Make room for a new run.

        :raises InputError: if there is one already.
        """
        if self.card.exists():
            raise InputError(
                f"{self.root} holds a run already; go on with --resume, or choose another name."
            )
        self.work_list.unlink(missing_ok=True)  # of a run that ended before all was planned
        self._make()
        self._tidy()

    def begin(self, source: Source, request: RunRequest) -> None:
        """Note what is asked for; from now on there is a run to resume."""
        write_file(self.card, json.dumps(_asked(source, request), indent=1).encode())

    def seed(self) -> int:
        """The seed of the run that is here."""
        return int(self._card()["request"]["seed"])

    def resume(self, source: Source, request: RunRequest) -> None:
        """See that the same is asked for again, and clear away what was not finished.

        :raises InputError: if there is no run here, or something else is asked for.
        """
        before, now = self._card(), json.loads(json.dumps(_asked(source, request)))
        differing = [
            f"{name} was {was!r} and is {_get(now, path)!r}"
            for name, path, was in _leaves(before)
            if _get(now, path) != was
        ]
        differing += [
            f"{name} is {value!r}"
            for name, path, value in _leaves(now)
            if _get(before, path) is _NOTHING
        ]
        if differing:
            raise InputError(
                f"{self.root} cannot be resumed: {'; '.join(differing[:5])}. Give the options that "
                "the run was begun with, or choose another folder."
            )
        shutil.rmtree(self.partial, ignore_errors=True)
        self._make()
        self._tidy()

    def _tidy(self) -> None:
        """Files that a killed process was writing; the lock is ours, so nobody writes them now."""
        for folder in (self.root, self.provenance, self.measures):
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)

    def _make(self) -> None:
        for folder in (
            *(self.inside, self.records, self.provenance),
            *(self.measures, self.partial, self.pieces),
        ):
            folder.mkdir(parents=True, exist_ok=True)
            sync(folder.parent)

    def _card(self) -> dict[str, Any]:
        try:
            card = json.loads(self.card.read_text(encoding="utf-8"))
            if card["format"] != FORMAT or card["format_version"] > VERSION:
                raise InputError(f"{self.card} is of a later version of obspy-broadband.")
            return card
        except FileNotFoundError as error:
            raise InputError(f"{self.root} holds no run: it has no run.json.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.card} is damaged; begin a new run.") from error


class Lock:
    """Held by one process on a run's folder; the system lets go of it when the process ends.

    :raises InputError: if another process holds it, or something else than a run is there.
    """

    def __init__(self, folder: RunFolder):
        root = folder.root
        if not folder.inside.is_dir() and root.exists():
            occupied = not root.is_dir() or any(root.iterdir())
            if occupied:
                raise InputError(f"{root} exists, is not empty and is no run; choose another name.")
        folder.inside.mkdir(parents=True, exist_ok=True)
        self._file = open(folder.lock, "a+", encoding="utf-8")  # noqa: SIM115
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise InputError(f"{folder.root} is being written by {holder}.") from error
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let another process have it."""
        self._file.close()


def is_running(folder: RunFolder) -> bool:
    """Whether a process is at work on a run."""
    if not folder.lock.exists():
        return False
    with open(folder.lock, encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _asked(source: Source, request: RunRequest) -> dict[str, Any]:
    """What decides on the bytes of a run's output."""
    ready = request.ready()
    weights = getattr(ready, "weights", None)
    spread = ready.level_spread
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "source": {"kind": source.kind, **source.describe()},
        "request": request.as_json(),
        "weights_sha256": weights.card["sha256"] if weights else None,
        **({} if spread == 1.0 else {"level_spread": spread}),
        "software": software(),
    }


_NOTHING = "nothing"


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from _leaves(branch, (*path, name))
    else:
        yield " ".join(path[-1:]), path, tree


def _get(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(tree, dict) or name not in tree:
            return _NOTHING
        tree = tree[name]
    return tree
