"""Archive runs against the method alone and the writer alone; workers; memory; cost a station.

    OMP_NUM_THREADS=1 python benchmarks/archive.py
    OMP_NUM_THREADS=1 python benchmarks/archive.py cost
    OMP_NUM_THREADS=1 python benchmarks/archive.py memory 10000

Records of 60 s with three components at 100 Hz, 20 realizations each unless it says otherwise. A
rate is stations times realizations a second, from the first item that is finished to the last; of
two rounds, in which everything is measured in turn, the fastest of each counts. The writer alone
writes the same ensembles, finished before, with all that a run writes. Beside wall time stands the
time that all processes together used of the processors: other programs disturb it less. The
networks' weights are random: the cost does not depend on them. The last lines are of one
realization a station, in one process, without writing.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from enrich import simulation
from obspy import Stream

from obspy_broadband.archive.local import LocalWorkers
from obspy_broadband.archive.request import RunRequest
from obspy_broadband.archive.run import run
from obspy_broadband.archive.work import Job, write_item
from obspy_broadband.records.station_data import StationData
from obspy_broadband.sources.source import Item, Source

STATIONS, ROUNDS = 24, 2
ASKED = RunRequest(n=20, seed=1, magnitude=5.5, distance=30.0)
#: CPU s a station that the SCEC Broadband Platform's high-frequency code takes, about.
BBP = 0.45


@dataclass(frozen=True)
class MadeUp(Source):
    """The same few stations again and again, under other names."""

    stations: int
    kind: ClassVar[str] = "made up"

    def items(self):
        return (Item(f"{number:05d}") for number in range(self.stations))

    def read(self, item: Item) -> StationData:
        return StationData(station(int(item.key)))

    def describe(self) -> dict[str, Any]:
        return {"stations": self.stations}


_SHAPES: list[Stream] = []


def station(number: int) -> Stream:
    """Three components of 60 s."""
    if not _SHAPES:
        stream = simulation(4)
        _SHAPES.extend(stream[first : first + 3] for first in range(0, 12, 3))
    stream = _SHAPES[number % 4].copy()
    for trace in stream:
        trace.stats.station = f"{number:05d}"
    return stream


def workers_of(pid: int) -> list[int]:
    """Processes below a process, its server of workers included."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    mine = [int(child) for task in tasks for child in task.read_text().split()]
    return mine + [below for child in mine for below in workers_of(child)]


def cpu(pid: int) -> float:
    """Seconds that a process has used of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Timed:
    """Workers, with the wall and processor times of the first and last outcome."""

    def __init__(self, workers: LocalWorkers, items: int):
        self.workers, self.items, self.times = workers, items, []

    def run(self, job, items):
        for count, outcome in enumerate(self.workers.run(job, items), 1):
            if count in (1, self.items):
                used = sum(cpu(pid) for pid in (os.getpid(), *workers_of(os.getpid())))
                self.times.append((time.perf_counter(), used))
            yield outcome

    def spent(self) -> tuple[float, float]:
        """Seconds an item: wall, processors."""
        (begin, before), (end, after) = self.times
        return (end - begin) / (self.items - 1), (after - before) / (self.items - 1)


def of_run(asked: RunRequest, count: int, stations: int) -> tuple[float, float]:
    """Seconds an item of a run."""
    workers = LocalWorkers(count)
    timed = Timed(workers, stations)
    with tempfile.TemporaryDirectory() as folder:
        run(MadeUp(stations), Path(folder, "out"), asked, timed)
    spent = timed.spent()
    workers.close()
    return spent


def alone(call, values) -> tuple[float, float]:
    """Seconds a value of a call, the first not counted: wall, processors."""
    call(values[0])
    begin, used = time.perf_counter(), time.process_time()
    for value in values[1:]:
        call(value)
    count = len(values) - 1
    return (time.perf_counter() - begin) / count, (time.process_time() - used) / count


def rates(asked: RunRequest) -> None:
    """Print a table."""
    half = range(STATIONS // 2)
    loaded = [StationData(station(number)) for number in half]
    ensembles = {number: asked.enrich(loaded[number]) for number in half}
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            for place in ("records", "provenance", ".run/measures"):
                Path(folder, place).mkdir(parents=True)
            job = Job(MadeUp(STATIONS), asked, Path(folder).absolute())
            measured = {
                "method alone": alone(asked.enrich, loaded),
                "writer alone": alone(
                    lambda number, job=job: write_item(ensembles[number], job, Item(f"{number}")),
                    list(half),
                ),
                "run, 1 worker": of_run(asked, 1, STATIONS),
                "run, 2 workers": of_run(asked, 2, STATIONS),
            }
        for name, spent in measured.items():
            found.setdefault(name, []).append(spent)
    wall = {name: min(one[0] for one in spent) for name, spent in found.items()}
    used = {name: min(one[1] for one in spent) for name, spent in found.items()}
    for name in found:
        print(
            f"  {name:<16}{asked.n / wall[name]:8.1f} a second{used[name] / asked.n * 1e3:9.2f} ms "
            "of a processor each"
        )
    slower = max(("method alone", "writer alone"), key=used.get)
    for name in ("run, 1 worker", "run, 2 workers"):
        print(
            f"  {name} / {slower}: {wall[slower] / wall[name]:.2f} by wall time, "
            f"{used[slower] / used[name]:.2f} by processor time"
        )
    print(f"  2 workers / 1 worker: {wall['run, 1 worker'] / wall['run, 2 workers']:.2f}")


def network(asked: RunRequest, folder: str, name: str, preset: str | None = None) -> RunRequest:
    """The same of a network as it is trained by default, with weights that were not trained."""
    import torch

    from obspy_broadband.method import weights
    from obspy_broadband.method.registry import load
    from obspy_broadband.training.options import resolve
    from obspy_broadband.training.step import initialize

    torch.set_num_threads(1)
    method = initialize(load(name), *resolve(load(name), preset))
    tensors = {
        key: value
        for key, value in method.state_dict().items()
        if not key.startswith("discriminators.")
    }
    card = {"method": name, "options": asdict(method.options), "data": [], "metrics": {}}
    found = weights.save(folder, f"{name}-{preset}", tensors, card | {"protocol": "clean"})
    path = str(found.path.with_suffix(".json"))
    return replace(asked, method=name, weights=path)


def costs() -> None:
    """Print processor time a station beside what the SCEC platform takes."""
    one = replace(ASKED, n=1)
    with tempfile.TemporaryDirectory() as folder:
        print(f"CPU s a station, n = 1                   of BBP's {BBP}")
        for title, asked in (
            ("stochastic", one),
            ("pix2pix, preset small", network(one, folder, "pix2pix", "small")),
            ("bicyclegan, preset small", network(one, folder, "bicyclegan", "small")),
        ):
            loaded = [StationData(station(number)) for number in range(STATIONS)]
            spent = min(alone(asked.enrich, loaded)[1] for _ in range(ROUNDS))
            print(f"  {title:<26}{spent:6.3f}{spent / BBP:14.2f}", flush=True)


def memory(stations: int) -> None:
    """Print the largest memory of coordinator and worker; one realization, no measures."""
    workers = LocalWorkers(2)
    asked = replace(ASKED, n=1, measures="none", to="hdf5")
    with tempfile.TemporaryDirectory() as folder:
        run(MadeUp(stations), Path(folder, "out"), asked, workers)
        peaks = [peak(pid) for pid in workers_of(os.getpid())]
    workers.close()
    mine = peak(os.getpid())
    print(f"{stations:>6} stations: coordinator {mine:.0f} MiB, worker {max(peaks):.0f} MiB")


def peak(pid: int) -> float:
    """MiB that a process had at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    """Print everything but the memory of 10,000 stations, which takes ten minutes."""
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} when it began")
    bare = replace(ASKED, measures="none")
    four = replace(bare, n=4)
    with tempfile.TemporaryDirectory() as folder:
        for title, asked in (
            ("stochastic, an ensemble folder an item", bare),
            ("stochastic, an HDF5 file an item", replace(bare, to="hdf5")),
            (
                "pix2pix, n = 4, an ensemble folder an item",
                network(four, folder, "pix2pix"),
            ),
            ("stochastic, an HDF5 file and a table of measures", replace(ASKED, to="hdf5")),
        ):
            print(title)
            rates(asked)
            sys.stdout.flush()
    costs()
    for stations in (100, 1000):
        subprocess.run([sys.executable, __file__, "memory", str(stations)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        memory(int(sys.argv[2]))
    elif sys.argv[1:2] == ["cost"]:
        costs()
    else:
        main()
