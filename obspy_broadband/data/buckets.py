"""Where records come from: SeisBench data sets (by name or folder) and raw STEAD files.

A source is read bucket by bucket, each once and whole: random access to single records is what
makes a loop over a million of them slow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError, first_line
from ..io.files import LARGEST_RECORD
from ..io.hdf5 import dataset

#: SeisBench's address of a record inside a bucket: "bucket7$20,:3,:18406".
_ADDRESS = re.compile(r"^(?P<bucket>.+)\$(?P<row>\d+)(?:,:(?P<rows>\d+))?(?:,:(?P<samples>\d+))?$")
#: Bytes of a bucket; SeisBench's own have some 100 MB.
LARGEST_BUCKET = 8 * 1024**3
#: Records of raw STEAD that are read at once.
_STEAD_BATCH = 256


@dataclass(frozen=True)
class Bucket:
    """A part of a source that is read at once.

    :param source: label of the data set.
    :param waveforms: the HDF5 file.
    :param key: name of the bucket in the file; empty for raw STEAD, whose records stand alone.
    :param metadata: one row a record.
    :param order: components as they stand in the file, e.g. "ZNE".
    """

    source: str
    waveforms: Path
    key: str
    metadata: pd.DataFrame
    order: str


def open_source(name: str) -> list[Bucket]:
    """The buckets of a data set.

    :param name: a folder in SeisBench's format, a folder with raw STEAD files (``*.csv`` and
        ``*.hdf5`` or ``*.h5``), or the name of a SeisBench data set, which SeisBench then looks for
        in its cache and downloads.
    :raises InputError: if there is no such data set, or it is damaged.
    """
    folder = Path(name)
    if folder.is_dir():
        if list(folder.glob("metadata*.csv")):
            return list(_seisbench(folder, folder.name))
        if list(folder.glob("*.csv")):
            return list(_stead(folder))
        raise InputError(
            f"{folder} has neither metadata*.csv (SeisBench) nor another *.csv (STEAD)."
        )
    return list(_seisbench(_by_name(name), name))


def _by_name(name: str) -> Path:
    import seisbench.data as sbd

    known = sorted(key for key in dir(sbd) if isinstance(getattr(sbd, key), type))
    if name not in known:
        raise InputError(
            f"There is no folder {name!r} and no SeisBench data set of this name; SeisBench has "
            f"{', '.join(known)}."
        )
    try:
        return Path(getattr(sbd, name)().path)
    except Exception as error:  # downloads and caches may fail in any way
        raise InputError(f"SeisBench cannot open {name}: {error}") from error


def _seisbench(folder: Path, label: str) -> Iterator[Bucket]:
    for table in sorted(folder.glob("metadata*.csv")):
        waveforms = folder / table.name.replace("metadata", "waveforms").replace(".csv", ".hdf5")
        if not waveforms.is_file():
            raise InputError(f"{table} has no {waveforms.name} beside it.")
        metadata = _read_csv(table)
        order = _component_order(waveforms)
        parts = metadata["trace_name"].astype(str).str.extract(_ADDRESS)
        if parts["bucket"].isna().any():
            bad = metadata["trace_name"][parts["bucket"].isna()].iloc[0]
            raise InputError(
                f"{table}: {bad!r} is no address of a record in a bucket (bucket$row,:3,:samples)."
            )
        metadata["_row"] = parts["row"].astype(int)
        metadata["_samples"] = pd.to_numeric(parts["samples"])
        for key, rows in metadata.groupby(parts["bucket"], sort=False):
            yield Bucket(label, waveforms, str(key), rows, order)


def _component_order(waveforms: Path) -> str:
    import h5py

    try:
        with h5py.File(waveforms, "r") as file:
            if "data_format/component_order" not in file:
                return "ZNE"
            value = dataset(file, "data_format/component_order", 1024)[()]
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{waveforms} is a damaged HDF5 file: {first_line(error)}") from error
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, low_memory=False)
    except Exception as error:
        raise InputError(f"{path} cannot be read: {first_line(error)}") from error
    if "trace_name" not in table:
        raise InputError(f"{path} has no column trace_name.")
    return table


#: STEAD's own names, in SeisBench's.
_STEAD_COLUMNS = {
    "source_id": "source_id",
    "source_magnitude": "source_magnitude",
    "source_depth_km": "source_depth_km",
    "source_distance_km": "path_ep_distance_km",
    "source_latitude": "source_latitude_deg",
    "source_longitude": "source_longitude_deg",
    "source_origin_time": "source_origin_time",
    "network_code": "station_network_code",
    "receiver_code": "station_code",
    "p_arrival_sample": "trace_p_arrival_sample",
    "s_arrival_sample": "trace_s_arrival_sample",
    "p_status": "trace_p_arrival_status",
    "trace_start_time": "trace_start_time",
}


def _stead(folder: Path) -> Iterator[Bucket]:
    """Raw STEAD: ``<name>.csv`` beside ``<name>.hdf5``; 6000 x 3, E N Z, counts of velocity."""
    for table in sorted(folder.glob("*.csv")):
        waveforms = next(
            (
                table.with_suffix(end)
                for end in (".hdf5", ".h5")
                if table.with_suffix(end).is_file()
            ),
            None,
        )
        if waveforms is None:
            raise InputError(f"{table} has no {table.stem}.hdf5 beside it.")
        raw = _read_csv(table)
        if "trace_category" in raw:
            raw = raw[raw["trace_category"] == "earthquake_local"]
        metadata = raw[["trace_name"]].copy()
        for theirs, ours in _STEAD_COLUMNS.items():
            if theirs in raw:
                metadata[ours] = raw[theirs]
        metadata["trace_sampling_rate_hz"] = 100.0
        metadata["trace_unit"], metadata["trace_quantity_original"] = "counts", "velocity"
        metadata["licence"] = "CC BY 4.0"
        metadata["attribution"] = "STEAD; Mousavi et al. (2019), IEEE Access 7"
        for first in range(0, len(metadata), _STEAD_BATCH):
            yield Bucket("STEAD", waveforms, "", metadata.iloc[first : first + _STEAD_BATCH], "ENZ")


def read_bucket(bucket: Bucket, metadata: pd.DataFrame) -> list[np.ndarray]:
    """Motion of some records of a bucket: (3, samples) each, Z, N, E, float32, as stored.

    :param metadata: the rows that are wanted.
    :raises InputError: if the file is damaged.
    """
    import h5py

    try:
        order = [bucket.order.upper().index(code) for code in "ZNE"]
        with h5py.File(bucket.waveforms, "r") as file:
            root = file.get("data", file)
            if not bucket.key:
                return _stead_records(file, root, metadata["trace_name"].tolist(), order)
            if metadata.empty:
                return []
            stored = dataset(root, bucket.key, LARGEST_BUCKET)
            rows = metadata["_row"].to_numpy()
            first = int(rows.min())
            block = stored[first : int(rows.max()) + 1]  # all of it, if all of it is wanted
            lengths = metadata["_samples"].fillna(block.shape[-1]).astype(int)
            return [
                np.asarray(block[row][order, :samples], dtype=np.float32)
                for row, samples in zip((rows - first).tolist(), lengths.tolist())
            ]
    except InputError:
        raise
    except Exception as error:  # see _component_order
        raise InputError(
            f"{bucket.waveforms}, {bucket.key or 'records'}: damaged or incomplete: "
            f"{first_line(error)}"
        ) from error


def _stead_records(file: Any, root: Any, names: list[str], order: list[int]) -> list[np.ndarray]:
    """Chunks of STEAD hold earthquake/local/<name>, the merged file data/<name>.

    By HDF5's own calls: h5py's convenience costs three times what reading does.
    """
    import h5py

    places = [place.id for place in (file.get("earthquake/local"), root) if place is not None]
    found = []
    for name in names:
        key = name.encode()
        place = next((place for place in places if key in place), None)
        if place is None:
            raise KeyError(name)
        data = h5py.h5d.open(place, key)
        if math.prod(data.shape) * 4 > LARGEST_RECORD:
            raise InputError(f"{file.filename}: {name} claims the shape {data.shape}.")
        motion = np.empty(data.shape, dtype=np.float32)
        data.read(h5py.h5s.ALL, h5py.h5s.ALL, motion)
        found.append(np.ascontiguousarray(motion.T[order]))
    return found
