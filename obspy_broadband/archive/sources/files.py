"""Which files a user means: files, patterns, folders; what lies together comes together."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import InputError
from ...io import sem3d


def folders(inputs: Sequence[str], without: Sequence[str] = ()) -> Iterator[list[Path]]:
    """Files of one folder after the other, sorted; hidden ones are left out.

    Of a folder of SEM3D's results, its captors are taken, in the order of their processes, and
    nothing else. Links to folders are not followed.

    :param inputs: files, folders, patterns (``**`` crosses folders).
    :param without: files to leave out.
    :raises InputError: for an input that matches nothing.
    """
    unwanted = {os.path.abspath(name) for name in without}
    seen: set[str] = set()
    alone: dict[Path, list[Path]] = {}
    for given in dict.fromkeys(inputs):
        path = Path(given)
        if path.is_dir():
            found = False
            for below in _walk(path):
                files = [file for file in below if os.path.abspath(file) not in unwanted]
                folder = os.path.abspath(below[0].parent)
                if files and folder not in seen:
                    yield files
                seen.add(folder)
                found = True
        else:
            matches = [path] if path.exists() else _matching(given)
            found = bool(matches)
            for file in matches:
                if os.path.abspath(file) not in unwanted:
                    alone.setdefault(file.parent, []).append(file)
        if not found:
            raise InputError(f"{given} is no file, no folder with files and matches none.")
    for parent, files in alone.items():
        if os.path.abspath(parent) not in seen:
            yield list(dict.fromkeys(files))


def _matching(pattern: str) -> list[Path]:
    try:
        return sorted(Path(name) for name in glob.glob(pattern, recursive=True))
    except (ValueError, OSError) as error:
        raise InputError(f"{pattern!r} is no pattern of names: {error}") from error


def _walk(top: Path) -> Iterator[list[Path]]:
    for folder, below, names in os.walk(top):
        captors = _captors(Path(folder), names)
        if not captors and "traces" in below:
            traces = Path(folder, "traces")
            captors = _captors(traces, os.listdir(traces))
        if captors:
            yield captors
            below.clear()  # a run's other results; above all its copies of captors for restarts
            continue
        below[:] = sorted(name for name in below if not name.startswith("."))
        files = [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        if files:
            yield files


def _captors(folder: Path, names: Sequence[str]) -> list[Path]:
    """SEM3D's files in the order of its processes: 10000 comes after 9999."""
    numbered = [(sem3d.rank(name), name) for name in names]
    ranks = sorted((number, name) for number, name in numbered if number is not None)
    return [path for _, name in ranks if (path := folder / name).is_file()]
