"""Input files: files, patterns, folders, one folder after the other."""

from __future__ import annotations

import glob
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..ensemble.folder import CARD
from ..errors import InputError, InputWarning
from ..io import sem3d

_COMPRESSED = re.compile(r"\.(gz|bz2|zip|xz)$", re.I)
#: Endings that waveforms share with logs, notes and the like.
_ANYTHING = {"", ".txt", ".dat"}


def is_from_folder(path: Path, inputs: Sequence[str]) -> bool:
    """Whether a file was not named, by itself or by a pattern, but lies below a folder that was."""
    named = {Path(name) for name in inputs}
    return path not in named and any(folder in named for folder in path.parents)


def damaged(unrecognised: Sequence[Path], recognised: Iterable[Path]) -> list[Path]:
    """Files of no known format whose suffix is a waveform file's; warns of the others.

    :param unrecognised: files of folders, of no known format.
    :param recognised: the files of known formats.
    """
    endings = {_ending(path) for path in recognised} - _ANYTHING
    others = [path for path in unrecognised if _ending(path) not in endings]
    if others:
        names = ", ".join(str(path) for path in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        warnings.warn(
            f"Left out, since they are of no known waveform format: {names}{more}.",
            InputWarning,
            stacklevel=3,
        )
    return [path for path in unrecognised if _ending(path) in endings]


def _ending(path: Path) -> str:
    """A name's suffix, numbers as one (station.12)."""
    return re.sub(r"\d+", "0", Path(_COMPRESSED.sub("", path.name)).suffix.lower())


def is_result(folder: Path) -> bool:
    """Whether it is the folder of an ensemble or a run, which this package wrote."""
    of_a_run = (folder / "run.json").is_file() and (folder / "provenance").is_dir()
    return (folder / CARD).is_file() or of_a_run


def folders(inputs: Sequence[str], without: Sequence[str] = ()) -> Iterator[list[Path]]:
    """Files of one folder after the other, sorted; hidden ones are left out.

    Of a folder of SEM3D's results, its captors are taken, in the order of their processes, and
    nothing else. Links to folders are not followed. Ensembles and runs of this package that lie
    below a folder are left out, with a warning.

    :param inputs: files, folders, patterns (``**`` crosses folders).
    :param without: files to leave out.
    :raises InputError: for an input that matches nothing.
    """
    unwanted = {os.path.abspath(name) for name in without}
    listed: set[str] = set()
    single: dict[Path, list[Path]] = {}
    for name in dict.fromkeys(inputs):
        path = Path(name)
        if path.is_dir():
            is_empty = True
            for below in _walk(path):
                files = [file for file in below if os.path.abspath(file) not in unwanted]
                folder = os.path.abspath(below[0].parent)
                if files and folder not in listed:
                    yield files
                listed.add(folder)
                is_empty = False
        else:
            matches = [path] if path.exists() else _matching(name)
            is_empty = not matches
            for file in matches:
                if os.path.abspath(file) not in unwanted:
                    single.setdefault(file.parent, []).append(file)
        if is_empty:
            raise InputError(f"{name} is no file, no folder with files and matches none.")
    for parent, files in single.items():
        if os.path.abspath(parent) not in listed:
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
        results = [name for name in below if is_result(Path(folder, name))]
        if results:
            paths = ", ".join(str(Path(folder, name)) for name in results)
            warnings.warn(f"Left out: {paths}, results of obb enrich.", InputWarning, stacklevel=4)
            below[:] = [name for name in below if name not in results]
        files = [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        if files:
            yield files


def _captors(folder: Path, names: Sequence[str]) -> list[Path]:
    """SEM3D's files in the order of its processes: 10000 comes after 9999."""
    numbered = [(sem3d.rank(name), name) for name in names]
    ranks = sorted((number, name) for number, name in numbered if number is not None)
    return [path for _, name in ranks if (path := folder / name).is_file()]
