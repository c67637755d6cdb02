"""HDF5 from strangers: what a file may claim, and what it may point at."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from .table import first_bytes

_MAGIC = b"\x89HDF\r\n\x1a\n"
#: One array of a record: 512 MiB, what a station's time series never reaches.
LARGEST = 512 * 1024**2


def is_hdf5(path: Any) -> bool:
    """Whether an ordinary file begins as HDF5 does. Never raises."""
    return (first_bytes(path, len(_MAGIC)) or b"").startswith(_MAGIC)


def dataset(group: Any, name: str, largest: int = LARGEST) -> Any:
    """A data set that lies in this very file, and whose size is bounded.

    A damaged or hostile file may claim a terabyte, or point at other files of the machine (external
    links, external storage, virtual data sets); none of that is followed.

    :param group: an open ``h5py.File`` or group.
    :param largest: bytes.
    :raises InputError: for anything else.
    """
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{group.file.filename}: {name!r} is missing, or a link to elsewhere.")
    found = group[name]
    if not isinstance(found, h5py.Dataset):
        raise InputError(f"{group.file.filename}: {name!r} is no data set.")
    if found.external or found.is_virtual:
        raise InputError(f"{group.file.filename}: {name!r} keeps its numbers in other files.")
    if found.size is None or found.size * max(found.dtype.itemsize, 1) > largest:
        raise InputError(
            f"{group.file.filename}: {name!r} claims the shape {found.shape}; more than "
            f"{largest >> 20} MiB is no record."
        )
    return found
