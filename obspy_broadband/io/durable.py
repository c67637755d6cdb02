"""Files that are whole or absent, and stay so when the power goes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How often a folder is moved to a name that another process fills at the same moment.
_ATTEMPTS = 5


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step: at any moment the old one or the whole new one is there."""
    with replace_file(path) as part:
        part.write_bytes(content)


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """As :func:`write_file`, for content that is written bit by bit: to the path that is given."""
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
    """Put a finished folder under its name, its content on the disk before that.

    What had the name before, an earlier try at the same work, is replaced.
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
    """Have a file, or the names in a folder, written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksums(folder: Path) -> dict[str, dict[str, str | int]]:
    """Bytes and SHA-256 of every file below a folder, by its path from there."""
    return {str(path.relative_to(folder)): checksum(path) for path in files(folder)}


def checksum(path: Path) -> dict[str, str | int]:
    """Bytes and SHA-256 of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def files(folder: Path) -> Iterator[Path]:
    """All files below a folder, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def plain_name(key: str) -> str:
    """A file's name for any text: one for each, of letters, digits, ``._-`` alone.

    >>> plain_name("../../etc/passwd")
    'etc_passwd-304138e46d'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._-")[:80]
    digest = hashlib.blake2b(key.encode("utf-8", "backslashreplace"), digest_size=5).hexdigest()
    return f"{plain}-{digest}" if plain else digest
