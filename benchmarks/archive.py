"""Archive runs against the method alone and the writer alone; workers; memory; cost a station.

    OMP_NUM_THREADS=1 python benchmarks/archive.py
    OMP_NUM_THREADS=1 python benchmarks/archive.py cost
    OMP_NUM_THREADS=1 python benchmarks/archive.py memory 10000

Records of 60 s with three components at 100 Hz, 20 realizations each unless it says otherwise. A
rate is stations times realizations a second, from the first item that is finished to the last; of
two rounds, in which everything is measured in turn, the faster result of each is printed. The
writer alone writes the same ensembles, computed before, with all that a run writes. Beside wall
time the processor time of all processes is printed: other programs disturb it less. The networks'
weights are random: the cost does not depend on them. The last lines are of one realization a
station, in one process, without writing.
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
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest
from obspy_broadband.archive.work import Job, write_item
from obspy_broadband.records.station_data import StationData
from obspy_broadband.sources.source import Item, Source

STATIONS, ROUNDS = 24, 2
REQUEST = RunRequest(n=20, seed=1, magnitude=5.5, distance=30.0)
#: CPU s a station that the SCEC Broadband Platform's high-frequency code takes, about.
BBP = 0.45


@dataclass(frozen=True)
class SyntheticSource(Source):
    """Four synthetic stations in rotation, under different names."""

    stations: int
    kind: ClassVar[str] = "synthetic"

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
    """Descendants of a process, its fork server included."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return children + [below for child in children for below in workers_of(child)]


def cpu(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class TimedWorkers:
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
        """Wall and processor seconds an item."""
        (begin, before), (end, after) = self.times
        return (end - begin) / (self.items - 1), (after - before) / (self.items - 1)


def time_run(request: RunRequest, count: int, stations: int) -> tuple[float, float]:
    """Wall and processor seconds an item of a run with ``count`` workers."""
    workers = LocalWorkers(count)
    timed = TimedWorkers(workers, stations)
    with tempfile.TemporaryDirectory() as folder:
        run(SyntheticSource(stations), Path(folder, "out"), request, timed)
    spent = timed.spent()
    workers.close()
    return spent


def time_calls(call, values) -> tuple[float, float]:
    """Wall and processor seconds a call, the first not counted."""
    call(values[0])
    begin, used = time.perf_counter(), time.process_time()
    for value in values[1:]:
        call(value)
    count = len(values) - 1
    return (time.perf_counter() - begin) / count, (time.process_time() - used) / count


def rates(request: RunRequest) -> None:
    """Print the rates of method, writer and runs."""
    half = range(STATIONS // 2)
    loaded = [StationData(station(number)) for number in half]
    ensembles = {number: request.enrich(loaded[number]) for number in half}
    rounds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            for subfolder in ("records", "provenance", ".run/measures"):
                Path(folder, subfolder).mkdir(parents=True)
            job = Job(SyntheticSource(STATIONS), request, Path(folder).absolute())
            measured = {
                "method alone": time_calls(request.enrich, loaded),
                "writer alone": time_calls(
                    lambda number, job=job: write_item(ensembles[number], job, Item(f"{number}")),
                    list(half),
                ),
                "run, 1 worker": time_run(request, 1, STATIONS),
                "run, 2 workers": time_run(request, 2, STATIONS),
            }
        for name, spent in measured.items():
            rounds.setdefault(name, []).append(spent)
    wall = {name: min(wall for wall, _ in times) for name, times in rounds.items()}
    used = {name: min(used for _, used in times) for name, times in rounds.items()}
    for name in rounds:
        print(
            f"  {name:<16}{request.n / wall[name]:8.1f} a second"
            f"{used[name] / request.n * 1e3:9.2f} ms of a processor each"
        )
    slower = max(("method alone", "writer alone"), key=used.get)
    for name in ("run, 1 worker", "run, 2 workers"):
        print(
            f"  {name} / {slower}: {wall[slower] / wall[name]:.2f} by wall time, "
            f"{used[slower] / used[name]:.2f} by processor time"
        )
    print(f"  2 workers / 1 worker: {wall['run, 1 worker'] / wall['run, 2 workers']:.2f}")


def network(request: RunRequest, folder: str, name: str, preset: str | None = None) -> RunRequest:
    """A request for a network with the options of its training, and random weights."""
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
    saved = weights.save(folder, f"{name}-{preset}", tensors, card | {"protocol": "clean"})
    path = str(saved.path.with_suffix(".json"))
    return replace(request, method=name, weights=path)


def costs() -> None:
    """Print processor time a station beside what the SCEC platform takes."""
    single = replace(REQUEST, n=1)
    with tempfile.TemporaryDirectory() as folder:
        print(f"CPU s a station, n = 1                   of BBP's {BBP}")
        for title, request in (
            ("stochastic", single),
            ("pix2pix, preset small", network(single, folder, "pix2pix", "small")),
            ("bicyclegan, preset small", network(single, folder, "bicyclegan", "small")),
        ):
            loaded = [StationData(station(number)) for number in range(STATIONS)]
            spent = min(time_calls(request.enrich, loaded)[1] for _ in range(ROUNDS))
            print(f"  {title:<26}{spent:6.3f}{spent / BBP:14.2f}", flush=True)


def memory(stations: int) -> None:
    """Print the largest memory of coordinator and worker; one realization, no measures."""
    workers = LocalWorkers(2)
    request = replace(REQUEST, n=1, measures="none", to="hdf5")
    with tempfile.TemporaryDirectory() as folder:
        run(SyntheticSource(stations), Path(folder, "out"), request, workers)
        peaks = [peak(pid) for pid in workers_of(os.getpid())]
    workers.close()
    coordinator = peak(os.getpid())
    print(f"{stations:>6} stations: coordinator {coordinator:.0f} MiB, worker {max(peaks):.0f} MiB")


def peak(pid: int) -> float:
    """Peak memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    """Print everything but the memory of 10,000 stations, which takes ten minutes."""
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} when it began")
    bare = replace(REQUEST, measures="none")
    four = replace(bare, n=4)
    with tempfile.TemporaryDirectory() as folder:
        for title, request in (
            ("stochastic, an ensemble folder an item", bare),
            ("stochastic, an HDF5 file an item", replace(bare, to="hdf5")),
            (
                "pix2pix, n = 4, an ensemble folder an item",
                network(four, folder, "pix2pix"),
            ),
            ("stochastic, an HDF5 file and a table of measures", replace(REQUEST, to="hdf5")),
        ):
            print(title)
            rates(request)
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
