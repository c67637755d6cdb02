"""Preparing data for training, against a loop over records and against SeisBench's access.

    python benchmarks/data.py [RECORDS]

Synthetic records like STEAD's (6000 x 3, counts) are written in STEAD's own layout and in
SeisBench's (buckets of 256). Timed on one core, in one run: a loop over records of the kind that
published code uses (for each component: read, detrend, taper, divide by the peak, design and apply
a low-pass filter; without quality control and storing), `obb data prepare` (read, clean,
differentiate, check, store), the floor (HDF5 reads alone), and SeisBench's `get_waveforms` record
by record.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy.signal import butter, detrend, sosfilt
from scipy.signal.windows import tukey

from obspy_broadband.data.prepare import Settings, prepare
from obspy_broadband.data.store import Store

SAMPLES, P, BUCKET = 6000, 700, 256


def write(folder: Path, records: int) -> tuple[Path, Path]:
    """The same records in STEAD's and in SeisBench's layout."""
    rng = np.random.default_rng(0)
    times = np.arange(SAMPLES)
    shape = np.where(times > P, np.exp(-np.maximum(0, times - 900) / 800), 0.02)
    motion = [rng.normal(size=(3, SAMPLES)) * shape * 1000 for _ in range(20)]
    common = {
        "source_magnitude": 4.0,
        "source_depth_km": 10.0,
        "trace_start_time": "2015-01-01",
    }
    stead, bench = folder / "stead", folder / "seisbench"
    stead.mkdir()
    bench.mkdir()
    stead_rows, bench_rows = [], []
    with (
        h5py.File(stead / "chunk.hdf5", "w") as first,
        h5py.File(bench / "waveforms.hdf5", "w") as second,
    ):
        second["data_format/component_order"] = "ZNE"
        second["data_format/dimension_order"] = "CW"
        block = []
        for number in range(records):
            record = motion[number % 20] + 3 * rng.normal(size=(3, SAMPLES))
            name = f"r{number:06d}_EV"
            data = first.create_dataset(
                f"earthquake/local/{name}", data=record[::-1].T.astype(np.float32)
            )
            data.attrs["p_arrival_sample"] = float(P)
            block.append(record.astype(np.float32))
            event = f"e{number // 4}"
            stead_rows.append(
                common
                | {"trace_name": name, "trace_category": "earthquake_local", "source_id": event}
                | {"source_distance_km": 40.0, "p_arrival_sample": float(P)}
                | {"network_code": "XX", "receiver_code": f"S{number % 50}"}
            )
            address = f"bucket{number // BUCKET}${number % BUCKET},:3,:{SAMPLES}"
            bench_rows.append(
                common
                | {"trace_name": address, "source_id": event, "path_ep_distance_km": 40.0}
                | {"trace_p_arrival_sample": P, "trace_sampling_rate_hz": 100.0}
                | {"station_network_code": "XX", "station_code": f"S{number % 50}"}
                | {"trace_unit": "counts", "trace_quantity_original": "velocity", "split": "train"}
            )
            if len(block) == BUCKET or number == records - 1:
                second[f"data/bucket{number // BUCKET}"] = np.stack(block)
                block = []
    pd.DataFrame(stead_rows).to_csv(stead / "chunk.csv", index=False)
    pd.DataFrame(bench_rows).to_csv(bench / "metadata.csv", index=False)
    return stead, bench


def loop(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Record by record, component by component."""
    table = pd.read_csv(folder / "chunk.csv")
    window = tukey(4096, 0.05)
    pairs = []
    with h5py.File(folder / "chunk.hdf5") as file:
        group = file["earthquake"]["local"]
        for row in range(len(table)):
            name = table.loc[row, "trace_name"]
            first = int(group[name].attrs["p_arrival_sample"])
            target, source = np.zeros((3, 4096)), np.zeros((3, 4096))
            for component in range(3):
                data = detrend(group[name][first : first + 4096, component]) * window
                target[component] = data / np.abs(data).max()
                source[component] = sosfilt(
                    butter(4, 1.0, fs=100.0, output="sos"), target[component]
                )
            pairs.append((target, source))
    return pairs


def read(folder: Path) -> None:
    """Every record once, into memory, by HDF5's own calls."""
    with h5py.File(folder / "chunk.hdf5") as file:
        group = file["earthquake/local"].id
        motion = np.empty((SAMPLES, 3), np.float32)
        for name in group:
            h5py.h5d.open(group, name).read(h5py.h5s.ALL, h5py.h5s.ALL, motion)


def seisbench_access(folder: Path) -> Callable[[], None]:
    """A loop over SeisBench's records, metadata opened beforehand."""
    os.environ.setdefault("SEISBENCH_CACHE_ROOT", str(folder / "cache"))
    import seisbench.data as sbd

    dataset = sbd.WaveformDataset(folder)

    def access() -> None:
        for row in range(len(dataset)):
            dataset.get_waveforms(row)

    return access


def milliseconds(call: Callable[[], object], records: int, repeat: int = 3) -> float:
    """Milliseconds a record, the best of ``repeat`` calls."""
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent) / records * 1e3


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    settings = Settings(allow_empty_band=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stead, bench = write(folder, records)
        stores = iter(folder / f"store{number}" for number in range(100))

        def ours(source: Path) -> Callable[[], object]:
            return lambda: prepare([str(source)], next(stores), settings)

        floor = milliseconds(lambda: read(stead), records)
        by_loop = milliseconds(lambda: loop(stead), records, 2)
        prepared = milliseconds(ours(stead), records)
        print(f"{records} records of 3 x {SAMPLES}, one core; numpy {np.__version__}")
        print(f"loop over records            {by_loop:7.3f} ms a record    1.0 x")
        print(
            f"obb data prepare             {prepared:7.3f} ms {by_loop / prepared:15.1f} x", end=""
        )
        print(f"   {floor / prepared:.0%} of it is reading")
        print(f"HDF5 reads alone             {floor:7.3f} ms {by_loop / floor:15.1f} x")
        access = milliseconds(seisbench_access(bench), records, 2)
        buckets = milliseconds(ours(bench), records)
        print(f"SeisBench, record by record  {access:7.3f} ms a record    1.0 x")
        print(f"obb data prepare, buckets    {buckets:7.3f} ms {access / buckets:15.1f} x")
        store = Store(max(folder.glob("store*"), key=lambda path: path.stat().st_mtime))
        order = np.random.default_rng(0).permutation(len(store))
        random_access = milliseconds(lambda: [store.motion(int(row)) for row in order], records)
        print(
            f"the store, at random         {random_access:7.3f} ms {access / random_access:15.1f} x"
        )
        minutes = 128_000 * prepared / 6e4
        print(
            f"A projection, not run: at this rate 128,000 records take {minutes:.1f} min on a core."
        )


if __name__ == "__main__":
    main()
