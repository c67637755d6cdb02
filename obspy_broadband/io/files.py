"""Files as they are before their format is known: sizes, compression, caching of small ones."""

from __future__ import annotations

import stat
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

from ..errors import InputError, NoWaveforms

#: Bytes of a file, or of an array with all stations of one. Larger files are refused before they
#: are opened, unless the user allows more.
LARGEST = 2 * 1024**3
#: Bytes of one station's time series, as a text file or an array.
LARGEST_RECORD = 512 * 1024**2
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
}
_Content = TypeVar("_Content")


def check_file(path: Path, largest: int = LARGEST) -> int:
    """Size in bytes of an ordinary file that can be read.

    :param largest: bytes.
    :raises InputError: for anything but an ordinary file, or one larger than ``largest``.
    :raises NoWaveforms: for an empty or compressed file.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is no file.")
        if status.st_size == 0:
            raise NoWaveforms(f"{path} is empty.")
        if status.st_size > largest:
            raise InputError(
                f"{path} has {status.st_size / 2**20:.0f} MiB; at most {largest / 2**20:.0f} MiB "
                "are read. Split it, or allow more (--largest)."
            )
        with open(path, "rb") as file:
            start = file.read(6)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            raise NoWaveforms(
                f"{path} is compressed ({name}). Unpack it first: what it grows to is not known."
            )
    return status.st_size


def cached_until_changed(read: Callable[[Path], _Content]) -> Callable[[Path], _Content]:
    """Cache what was read from a file until the file's size or time of change differs.

    For lists of stations, which are needed anew for every file that lies beside them.

    :param read: reads the file; its result is shared and must not be modified.
    """

    @lru_cache(maxsize=8)
    def read_state(path: Path, modified_ns: int, size: int) -> _Content:
        return read(path)

    @wraps(read)
    def read_cached(path: Path) -> _Content:
        status = path.stat()
        return read_state(path, status.st_mtime_ns, status.st_size)

    return read_cached
