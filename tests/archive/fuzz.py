"""Mangled files through every reader: ``python tests/archive/fuzz.py --count 10000 --seed 1``.

Anything but an InputError, a crash, a file that takes longer than a minute, or memory above the
limit ends it with the mangled file kept and named. Prints a line of JSON.
"""

import argparse
import collections
import faulthandler
import json
import resource
import sys
import tempfile
import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from obspy import Stream, Trace, UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.records.record import read_records
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.seisbench import SeisBenchSource

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from fdsn_server import catalog, inventory
from mangling import ARGUMENTS, TEXTS, mangle
from sem3d_files import rows_of, write_rank

CSV = ("t.csv", "station,latitude,longitude,magnitude\nXX.AAA,44.5,4.6,4.9\nBBB,,,5\n")
SLOWEST = 60  # s a file


def record(station="AAA", components="ZNE", samples=1000):
    rng = np.random.default_rng(1)
    header = {"network": "XX", "station": station, "sampling_rate": 50.0}
    header["starttime"] = UTCDateTime(2019, 11, 11, 10, 52, 45)
    return Stream(
        [Trace(rng.normal(size=samples), {**header, "channel": f"HX{c}"}) for c in components]
    )


def good_files(folder):
    """An honest file of every format, by the format's name."""
    files = {}
    for name, (file, text) in {**TEXTS, "CSV": CSV}.items():
        (folder / name).mkdir()
        files[name] = folder / name / file
        files[name].write_text(text)
    stream, whole = record(), record()
    for trace in whole:
        trace.data = (trace.data * 1e4).astype(np.int32)
    for name in ("MSEED", "SAC", "GSE2", "STATIONXML", "QUAKEML", "SEM3D", "ASDF", "SEISBENCH"):
        (folder / name).mkdir()
        files[name] = folder / name / f"file.{name.lower()}"
    whole.write(str(files["MSEED"]), format="MSEED", reclen=512)
    stream[:1].write(str(files["SAC"]), format="SAC")
    whole[:1].write(str(files["GSE2"]), format="GSE2")
    inventory(stream).write(str(files["STATIONXML"]), format="STATIONXML")
    catalog().write(str(files["QUAKEML"]), format="QUAKEML")
    axes = record(components="XYZ", samples=200)
    station = axes[0].stats.station
    write_rank(files["SEM3D"], {station: (rows_of(axes, station, 0.02), (1, 2, 0))}, ("Veloc",))
    with h5py.File(files["ASDF"], "w") as file:
        file.attrs["file_format"] = np.bytes_("ASDF")
        group = file.create_group("Waveforms/XX.AAA")
        for trace in stream:
            data = group.create_dataset(f"{trace.id}__2019__2019__simulated", data=trace.data[:200])
            data.attrs["starttime"] = np.int64(trace.stats.starttime.ns)
            data.attrs["sampling_rate"] = 50.0
        group["StationXML"] = np.frombuffer(files["STATIONXML"].read_bytes(), dtype=np.int8)
        file["QuakeML"] = np.frombuffer(files["QUAKEML"].read_bytes(), dtype=np.int8)
    files["SEISBENCH"] = folder / "SEISBENCH" / "waveforms.hdf5"
    with h5py.File(files["SEISBENCH"], "w") as file:
        file["data_format/component_order"] = "ENZ"
        file["data/bucket0"] = np.ones((2, 3, 300), np.float32)
    pd.DataFrame(
        {"trace_name": ["bucket0$0,:3,:300"], "trace_unit": "mps2", "station_code": "A"}
    ).to_csv(folder / "SEISBENCH" / "metadata.csv", index=False)
    files["SEISBENCH-CSV"] = folder / "SEISBENCH" / "metadata.csv"
    return files


def attempt(name, path):
    """Read as a run does; an InputError is the answer, anything else passes through."""
    if name in ("STATIONXML", "QUAKEML", "CSV"):
        key = {"STATIONXML": "inventories", "QUAKEML": "events", "CSV": "scenarios"}[name]
        Metadata(**{key: (str(path),) if key == "inventories" else str(path)}).check()
        return
    if name.startswith("SEISBENCH"):
        source = SeisBenchSource(str(path.parent))
    else:
        asked = {"format": name, **ARGUMENTS[name]} if name in ARGUMENTS else {}
        source = FolderSource((str(path),), **asked)
    for item in source.items():
        read_records(source.read(item).stream)


def run(count, seed, folder, limit):
    files = good_files(folder)
    honest = {name: path.read_bytes() for name, path in files.items()}
    for name, path in files.items():
        attempt(name, path)
    outcome = collections.Counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        name = list(files)[number % len(files)]
        path = files[name]
        path.write_bytes(mangle(honest[name], np.random.default_rng([seed, number])))
        faulthandler.dump_traceback_later(SLOWEST, exit=True)
        try:
            attempt(name, path)
            outcome["read"] += 1
        except InputError as error:
            assert str(error)
            assert str(error).isprintable(), repr(str(error))
            outcome["refused"] += 1
        except BaseException:
            kept = Path(tempfile.gettempdir(), f"fuzz-{seed}-{number}-{path.name}")
            kept.write_bytes(path.read_bytes())
            print(f"{name}, seed {seed}, number {number}: kept as {kept}", file=sys.stderr)
            raise
        path.write_bytes(honest[name])
    faulthandler.cancel_dump_traceback_later()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"formats": len(files), **outcome, "grown_MiB": round(grown)}))
    assert grown < limit, f"memory grew by {grown:.0f} MiB"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2040)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1024, help="MiB that memory may grow by")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as made:
        run(given.count, given.seed, Path(made), given.limit)
