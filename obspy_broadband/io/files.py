"""Whether a file can be read at all."""

from __future__ import annotations

import stat
from pathlib import Path

from ..errors import InputError, NoWaveforms

#: Larger files are refused before they are opened, unless the user allows more.
LARGEST = 2 * 1024**3
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
}


def check_file(path: Path, largest: int = LARGEST) -> int:
    """Size of an ordinary file in bytes.

    :raises InputError: for what is no ordinary file, or larger than ``largest``.
    :raises NoWaveforms: for what is empty or compressed.
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
