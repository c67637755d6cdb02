"""The training store: a folder that h5py and NumPy alone can read, so that it travels.

::

    STORE/
        store.json          settings, sources, counts, versions
        index.h5            one data set a column, one row a record
        shards/*.h5         ``motion``, float32 (samples, 3), records one after another, Z N E

Motion is acceleration at 100 Hz, in m/s² where ``unit`` is "mps2" and in counts (shape without
level) elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..durable import replace_file, write_file
from ..errors import InputError
from .splits import assert_disjoint

SAMPLING_RATE = 100.0  #: Hz
VERSION = 1


class Store:
    """Records of a store.

    ``store.columns`` maps names to arrays with one entry a record: ``event``, ``sequence``,
    ``split``, ``unit``, ``magnitude``, ``distance_km``, ``depth_km``, ``vs30_m_s``, ``p_sample``,
    ``s_sample``, ``usable_lowest_hz``, ``usable_highest_hz``, ``samples``, ``licence``,
    ``attribution`` and more. Unknown numbers are NaN.

    :param folder: that :func:`obspy_broadband.data.prepare.prepare` made.
    :raises InputError: if it is no store, is not finished, or a sequence stands in two splits.
    """

    def __init__(self, folder: str | Path):
        import h5py

        self.folder = Path(folder)
        if not (self.folder / "index.h5").is_file():
            raise InputError(
                f"{folder} is no finished training store; make one with `obb data prepare`."
            )
        try:
            self.info = json.loads((self.folder / "store.json").read_text(encoding="utf-8"))
            with h5py.File(self.folder / "index.h5", "r") as file:
                self.columns = {name: _column(data) for name, data in file.items()}
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder} is a damaged training store: {error}") from error
        if self.info["format_version"] > VERSION:
            raise InputError(
                f"{folder} was made by a later version of obspy-broadband; update to read it."
            )
        assert_disjoint(self.columns["sequence"].tolist(), self.columns["split"].tolist())
        assert_disjoint(self.columns["event"].tolist(), self.columns["split"].tolist())

    def __len__(self) -> int:
        return len(self.columns["offset"])

    def motion(self, record: int, first: int = 0, last: int | None = None) -> np.ndarray:
        """Acceleration of one record: (3, samples), float32.

        :param first: first sample; ``last``: one after the last sample.
        """
        samples = int(self.columns["samples"][record])
        last = samples if last is None else min(last, samples)
        offset = int(self.columns["offset"][record])
        shard = str(self.columns["shard"][record])
        # A worker process that was forked must not share the file of its parent.
        data = _open(str(self.folder / "shards" / shard), os.getpid())
        return np.ascontiguousarray(data[offset + first : offset + max(first, last)].T)

    def select(
        self,
        split: str | None = None,
        unit: str | None = None,
        lowest_hz: float | None = None,
        highest_hz: float | None = None,
        after_p_s: float | None = None,
    ) -> np.ndarray:
        """Indices of records.

        :param split: "train", "dev" or "test".
        :param unit: "mps2" for records in physical units.
        :param lowest_hz: usable from this frequency or lower; records for which that is unknown are
            left out.
        :param highest_hz: usable to this frequency or higher, likewise.
        :param after_p_s: with P, and at least this long after it.
        """
        columns = self.columns
        selected = np.ones(len(self), dtype=bool)
        if split is not None:
            selected &= columns["split"] == split
        if unit is not None:
            selected &= columns["unit"] == unit
        if lowest_hz is not None:
            selected &= columns["usable_lowest_hz"] <= lowest_hz
        if highest_hz is not None:
            selected &= columns["usable_highest_hz"] >= highest_hz
        if after_p_s is not None:
            selected &= columns["samples"] - columns["p_sample"] >= after_p_s * SAMPLING_RATE
        return np.flatnonzero(selected)


def _column(data: Any) -> np.ndarray:
    values = data[()]
    return data.asstr()[()] if values.dtype.kind == "O" else values


@lru_cache(maxsize=64)
def _open(path: str, process: int) -> Any:
    import h5py

    try:
        return h5py.File(path, "r")["motion"]
    except (OSError, KeyError) as error:
        raise InputError(f"{path} is missing or damaged: {error}") from error


def write_index(folder: Path, columns: Mapping[str, np.ndarray], info: Mapping[str, Any]) -> None:
    """Write store.json and index.h5, which says that the store is finished, each in one step."""
    import h5py

    write_text(folder / "store.json", json.dumps(dict(info), indent=1, ensure_ascii=False))

    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for name, values in columns.items():
                if values.dtype.kind in "UO":
                    file.create_dataset(name, data=values.astype(object), dtype=h5py.string_dtype())
                else:
                    file.create_dataset(name, data=values)

    with replace_file(folder / "index.h5") as part:
        write(part)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step."""
    write_file(path, text.encode())
