"""HDF5 files from untrusted sources: detection, opening, and arrays of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError, first_line
from .files import LARGEST_RECORD
from .table import first_bytes

_MAGIC = b"\x89HDF\r\n\x1a\n"
#: Bytes of an array that is no time series: names, a position, a number.
LARGEST_METADATA = 1024**2


def is_hdf5(path: Any) -> bool:
    """Whether an ordinary file begins as HDF5 does. Never raises."""
    return (first_bytes(path, len(_MAGIC)) or b"").startswith(_MAGIC)


def matches(path: Any, test: Callable[[Any], bool]) -> bool:
    """Whether a file is HDF5 and its open ``h5py.File`` passes a test. Never raises."""
    if not is_hdf5(path):
        return False
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return test(file)
    except Exception:  # h5py raises anything for a damaged file, and detection must go on
        return False


@contextmanager
def open_file(path: Any, failure: str) -> Iterator[Any]:
    """An ``h5py.File`` for reading, whose errors become one InputError.

    :param failure: predicate of the message, e.g. "is a damaged SEM3D file".
    :raises InputError: for whatever h5py raises, inside the ``with`` block, too.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{path} {failure}: {first_line(error)}") from error


def dataset(group: Any, name: str, largest: int = LARGEST_RECORD) -> Any:
    """A data set that is stored in the file itself, of bounded size.

    A damaged or hostile file may claim a terabyte, or point at other files of the machine (external
    links, external storage, virtual data sets); none of these is followed.

    :param group: an open ``h5py.File`` or group.
    :param largest: bytes.
    :raises InputError: for anything else.
    """
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{group.file.filename}: {name!r} is missing, or a link to elsewhere.")
    data = group[name]
    if not isinstance(data, h5py.Dataset):
        raise InputError(f"{group.file.filename}: {name!r} is no data set.")
    if data.external or data.is_virtual:
        raise InputError(f"{group.file.filename}: {name!r} keeps its numbers in other files.")
    if data.size is None or data.size * max(data.dtype.itemsize, 1) > largest:
        raise InputError(
            f"{group.file.filename}: {name!r} claims the shape {data.shape}; more than "
            f"{largest >> 20} MiB is no record."
        )
    return data
