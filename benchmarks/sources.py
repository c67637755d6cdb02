"""Listing and reading a folder against obspy.read of the same files: python benchmarks/sources.py

Records of 60 s at 50 Hz, one SAC file a component. Prints the seconds of CPU a station, the ratio,
and by how much memory grew, at 100 and at 10,000 stations.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import obspy

from obspy_broadband.sources.folder import FolderSource


def make(folder: Path, stations: int) -> None:
    """A thousand stations a folder; the station's name is the bytes 440-448 of a SAC file."""
    rng = np.random.default_rng(1)
    files = {}
    for code in "ZNE":
        data = rng.normal(size=3000).astype(np.float32)
        trace = obspy.Trace(data, {"station": "X", "channel": f"HX{code}", "sampling_rate": 50.0})
        trace.write(str(folder / "one.sac"), format="SAC")
        files[code] = (folder / "one.sac").read_bytes()
    (folder / "one.sac").unlink()
    for number in range(stations):
        subfolder = folder / f"{number // 1000:03d}"
        subfolder.mkdir(exist_ok=True)
        name = f"S{number:05d}"
        for code, data in files.items():
            renamed = data[:440] + name.encode().ljust(8) + data[448:]
            (subfolder / f"{name}.{code}.sac").write_bytes(renamed)


def peak() -> float:
    """Peak memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: str) -> None:
    """Print seconds to list, to read, and of obspy.read, and MiB that listing and reading took."""
    source = FolderSource((folder,))
    source.read(next(source.items()))  # imports
    before = peak()
    start = time.process_time()
    count = sum(1 for _ in source.items())
    listed = time.process_time()
    for item in source.items():
        source.read(item)
    read = time.process_time() - listed - (listed - start)
    grown = peak() - before
    begin = time.process_time()
    for path in sorted(Path(folder).rglob("*.sac")):
        obspy.read(str(path), format="SAC")
    by_obspy = time.process_time() - begin
    print(count, listed - start, read, by_obspy, grown)


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    for stations in (100, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), stations)
            words = [sys.executable, __file__, folder]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
        count, listed, read, by_obspy, grown = map(float, done.stdout.split())
        print(
            f"{stations:6d} stations: list {1e3 * listed / count:.2f} ms, read "
            f"{1e3 * read / count:.2f} ms, obspy.read {1e3 * by_obspy / count:.2f} ms a station "
            f"(read / obspy.read {read / by_obspy:.2f}); memory grew by {grown:.0f} MiB"
        )


if __name__ == "__main__":
    main()
