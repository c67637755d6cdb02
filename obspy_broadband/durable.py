"""Atomic, durable writing of files and folders: complete or absent, also after a power failure."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Attempts to move a folder to a name that another process may fill at the same time.
_ATTEMPTS = 5


def write_file(path: Path, content: bytes) -> None:
    """Write a file atomically: at any moment the old or the complete new one exists."""
    with replace_file(path) as part:
        part.write_bytes(content)


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """As :func:`write_file`, for content that is written to the temporary path it gives."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # of a killed process with the same number
    try:
        yield part
        sync(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def move_folder(partial: Path, final: Path) -> None:
    """Move a finished folder to its final name, after its content is on the disk.

    A folder of that name, from an earlier attempt at the same work, is replaced.
    """
    for path in [partial, *partial.rglob("*")]:
        sync(path)
    for attempt in range(_ATTEMPTS):
        try:
            os.replace(partial, final)
            break
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt + 1 == _ATTEMPTS:
                raise
            shutil.rmtree(final, ignore_errors=True)
    sync(final.parent)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksums(folder: Path) -> dict[str, dict[str, str | int]]:
    """Size in bytes and SHA-256 of every file below a folder, by its relative path."""
    return {str(path.relative_to(folder)): checksum(path) for path in files(folder)}


def checksum(path: Path) -> dict[str, str | int]:
    """Size in bytes and SHA-256 of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def files(folder: Path) -> Iterator[Path]:
    """All files below a folder, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def plain_name(key: str) -> str:
    """A file name for any text, unique to it, of letters, digits and ``._-`` alone.

    >>> plain_name("../../etc/passwd")
    'etc_passwd-304138e46d'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._-")[:80]
    digest = hashlib.blake2b(key.encode("utf-8", "backslashreplace"), digest_size=5).hexdigest()
    return f"{plain}-{digest}" if plain else digest
