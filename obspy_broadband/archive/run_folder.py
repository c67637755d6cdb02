"""The folder of a run, and the lock on it.

::

    OUT/
        run.json              request, source and versions of software
        records/NAME/         the output of an item; or years, for the output SDS
        provenance/NAME.json  all it takes to draw the item again; bytes and SHA-256 of its files
        measures.csv          a row for each record and realization
        skipped.csv           what was left out, and why
        warnings.csv          what was assumed or chosen of an item's input
        report.html           counts, reasons of skips, distributions of the measures
        .run/                 the work list, the lock, and unfinished output
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..durable import sync, write_file
from ..ensemble.provenance import software
from ..errors import InputError
from ..sources.rebuild import source_from
from ..sources.source import Source
from .run_request import RunRequest

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
        self.measures = self.inside / "measures"  #: a file for each item
        self.partial = self.inside / "partial"  #: output that is being written
        self.pieces = self.inside / "pieces"  #: of day files, before they are joined to the archive

    def clear(self) -> None:
        """Make room for a new run.

        :raises InputError: if there is one already.
        """
        if self.card.exists():
            raise InputError(
                f"{self.root} holds a run already; go on with obb archive resume {self.root}, or "
                "choose another name."
            )
        self.work_list.unlink(missing_ok=True)  # of a run that ended before all was planned
        self._make()
        self._tidy()

    def begin(self, source: Source, request: RunRequest) -> None:
        """Write run.json; from now on there is a run to resume."""
        write_file(self.card, json.dumps(_card(source, request), indent=1).encode())

    def source(self) -> Source:
        """The source of the run that is here.

        :raises InputError: as :func:`~obspy_broadband.sources.rebuild.source_from`.
        """
        return source_from(self.read_card()["source"])

    def request(self) -> RunRequest:
        """The request of the run that is here."""
        try:
            return RunRequest(**self.read_card()["request"])
        except TypeError as error:
            raise InputError(f"{self.card} is of another version of obspy-broadband.") from error

    def resume(self, source: Source, request: RunRequest) -> None:
        """See that source and request are those of the run, and remove unfinished output.

        :raises InputError: if there is no run here, or it has another source or request.
        """
        before, now = self.read_card(), json.loads(json.dumps(_card(source, request)))
        differing = [
            f"{path[-1]} was {value!r} and is {_get(now, path)!r}"
            for path, value in _leaves(before)
            if path[-1] not in _MAY_DIFFER and _get(now, path) != value
        ]
        differing += [
            f"{path[-1]} is {value!r}"
            for path, value in _leaves(now)
            if path[-1] not in _MAY_DIFFER and _get(before, path) is _NOTHING
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
        """Remove files that a killed process was writing; this process holds the lock."""
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

    def read_card(self) -> dict[str, Any]:
        """The content of run.json.

        :raises InputError: if there is none, or it is damaged or of a later version.
        """
        try:
            card = json.loads(self.card.read_text(encoding="utf-8"))
            if card["format"] != FORMAT or card["format_version"] > VERSION:
                raise InputError(f"{self.card} is of a later version of obspy-broadband.")
            request = card["request"]
            if "coherence" in request:  # the name in runs of earlier versions
                request["spatial_correlation"] = request.pop("coherence")
            return card
        except FileNotFoundError as error:
            raise InputError(f"{self.root} holds no run: it has no run.json.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{self.card} is damaged; begin a new run.") from error


class Lock:
    """Held by one process on a run's folder; the system releases it when the process ends.

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
        """Release the lock."""
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


def _card(source: Source, request: RunRequest) -> dict[str, Any]:
    """The content of run.json: what decides on the bytes of a run's output."""
    method = request.ready()
    weights = getattr(method, "weights", None)
    spread = method.level_spread
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
#: Limits of reading and whether a user was named; a run may be resumed with others.
_MAY_DIFFER = ("largest", "timeout", "with_user")


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from _leaves(branch, (*path, name))
    else:
        yield path, tree


def _get(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(tree, dict) or name not in tree:
            return _NOTHING
        tree = tree[name]
    return tree
