"""Data sets in HDF5: SeisBench's (by name or folder) and raw STEAD files, bucket by bucket.

Each bucket is read once and whole: random access to single records is what makes a loop over a
million of them slow.
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
#: Hz, of data sets that do not say.
_SAMPLING_RATE = 100.0
#: Records of raw STEAD that are read at once.
_STEAD_BATCH = 256


@dataclass(frozen=True)
class Bucket:
    """A part of a data set that is read at once.

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


def is_data_set(name: str) -> bool:
    """Whether an input is a data set, by name or folder, and not files of waveforms."""
    folder = Path(name)
    if folder.is_dir():
        return bool(list(folder.glob("metadata*.csv")) or _stead_files(folder))
    return not folder.exists() and name.isidentifier()


def open_data_set(name: str) -> list[Bucket]:
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

    names = sorted(key for key in dir(sbd) if isinstance(getattr(sbd, key), type))
    if name not in names:
        raise InputError(
            f"There is no folder {name!r} and no SeisBench data set of this name; SeisBench has "
            f"{', '.join(names)}."
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


def _stead_files(folder: Path) -> dict[Path, Path]:
    """The HDF5 file of each table that has one of its name beside it."""
    return {
        table: table.with_suffix(suffix)
        for table in sorted(folder.glob("*.csv"))
        for suffix in (".h5", ".hdf5")  # the latter goes before, if both are there
        if table.with_suffix(suffix).is_file()
    }


def _stead(folder: Path) -> Iterator[Bucket]:
    """Raw STEAD: ``<name>.csv`` beside ``<name>.hdf5``; 6000 x 3, E N Z, counts of velocity."""
    files = _stead_files(folder)
    for table in sorted(folder.glob("*.csv")):
        waveforms = files.get(table)
        if waveforms is None:
            raise InputError(f"{table} has no {table.stem}.hdf5 beside it.")
        raw = _read_csv(table)
        if "trace_category" in raw:
            raw = raw[raw["trace_category"] == "earthquake_local"]
        metadata = raw[["trace_name"]].copy()
        for name, seisbench_name in _STEAD_COLUMNS.items():
            if name in raw:
                metadata[seisbench_name] = raw[name]
        metadata["trace_sampling_rate_hz"] = 100.0
        metadata["trace_unit"], metadata["trace_quantity_original"] = "counts", "velocity"
        metadata["licence"] = "CC BY 4.0"
        metadata["attribution"] = "STEAD; Mousavi et al. (2019), IEEE Access 7"
        for first in range(0, len(metadata), _STEAD_BATCH):
            yield Bucket("STEAD", waveforms, "", metadata.iloc[first : first + _STEAD_BATCH], "ENZ")


def columns_of(bucket: Bucket) -> pd.DataFrame:
    """Metadata by SeisBench's names -> columns of a training store; what is missing is NaN or "".

    ``rate`` and ``quantity`` are for cleaning and are not kept.
    """
    raw = bucket.metadata

    def number(name: str) -> pd.Series:
        if name not in raw:
            return pd.Series(np.nan, index=raw.index, dtype=float)
        return pd.to_numeric(raw[name], errors="coerce").astype(float)

    def text(name: str, default: str = "") -> pd.Series:
        if name not in raw:
            return pd.Series(default, index=raw.index, dtype=object)
        return raw[name].astype(object).where(raw[name].notna(), default).astype(str)

    def first_filled(*candidates: pd.Series) -> pd.Series:
        filled = candidates[0]
        for candidate in candidates[1:]:
            filled = filled.where(filled != "", candidate)
        return filled

    depth = number("source_depth_km")
    # Hypocentral, from the epicentral distance and the depth where it is not given.
    distance = number("path_hyp_distance_km")
    distance = distance.fillna(np.hypot(number("path_ep_distance_km"), depth.fillna(0.0)))
    name = first_filled(text("trace_name_original"), text("trace_name"))
    record = bucket.source + ":" + name
    origin_time = text("source_origin_time")
    event = first_filled(text("source_id"), origin_time, record)
    table = pd.DataFrame(
        {
            "record": record,
            "source": text("dataset_source", bucket.source),
            "event": event,
            "sequence": first_filled(text("source_sequence"), event),
            "station": text("station_network_code") + "." + text("station_code"),
            "split": text("split"),
            "origin_time": _seconds(origin_time),
            "origin_latitude": number("source_latitude_deg"),
            "origin_longitude": number("source_longitude_deg"),
            "unit": text("trace_unit", "counts"),
            "quantity": text("trace_quantity_original"),
            "start": text("trace_start_time"),
            "licence": text("licence"),
            "attribution": text("attribution"),
            "magnitude": number("source_magnitude"),
            "distance_km": distance,
            "depth_km": depth,
            "vs30_m_s": number("station_vs30_m_s"),
            "rate": number("trace_sampling_rate_hz").fillna(_SAMPLING_RATE),
            "p_status": text("trace_p_arrival_status"),
            "p_sample": number("trace_p_arrival_sample"),
            "s_sample": number("trace_s_arrival_sample"),
        }
    )
    return table.reset_index(drop=True)


def _seconds(times: pd.Series) -> pd.Series:
    """Texts of UTC times -> s since 1970-01-01; NaN for what is none."""
    parsed = pd.to_datetime(times, format="ISO8601", utc=True, errors="coerce")
    return (parsed - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)


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

    groups = [group.id for group in (file.get("earthquake/local"), root) if group is not None]
    motions = []
    for name in names:
        key = name.encode()
        group = next((group for group in groups if key in group), None)
        if group is None:
            raise KeyError(name)
        data = h5py.h5d.open(group, key)
        if math.prod(data.shape) * 4 > LARGEST_RECORD:
            raise InputError(f"{file.filename}: {name} claims the shape {data.shape}.")
        motion = np.empty(data.shape, dtype=np.float32)
        data.read(h5py.h5s.ALL, h5py.h5s.ALL, motion)
        motions.append(np.ascontiguousarray(motion.T[order]))
    return motions
