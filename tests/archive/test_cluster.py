"""A Dask scheduler and its workers as processes of their own, and what is done to them."""

import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from obspy_broadband import InputError
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest

pytest.importorskip("distributed")

from obspy_broadband.archive.cluster import connect

PLAIN = RunRequest(n=1, seed=7, measures="none")
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0",
}


class Cluster:
    """``dask scheduler`` and ``dask worker`` as a user starts them."""

    def __init__(self, folder, count):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes = [
            self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", self.file)
        ]
        end = time.monotonic() + 60
        while not self.file.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        self.workers = [self.add() for _ in range(count)]

    def _start(self, *words):
        command = [sys.executable, "-m", "dask", *map(str, words), "--host", "127.0.0.1"]
        return subprocess.Popen(
            command, env=ENVIRONMENT, cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def add(self):
        worker = self._start(
            "worker", "--scheduler-file", self.file, "--nthreads", "1", "--no-nanny",
            "--no-dashboard", "--death-timeout", "60",
        )  # fmt: skip
        self.processes.append(worker)
        return worker

    @property
    def address(self):
        import json

        return json.loads(self.file.read_text())["address"]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    """A function: a cluster of so many workers, ended at the end."""
    made = []

    def make(count):
        folder = tmp_path / "cluster"
        folder.mkdir()
        made.append(Cluster(folder, count))
        return made[-1]

    yield make
    for one in made:
        one.close()


def wait_for(finished, folder, count):
    end = time.monotonic() + 30
    while finished(folder) < count and time.monotonic() < end:
        time.sleep(0.02)


def test_workers_killed_mid_run_lose_nothing(records, tmp_path, inline, output, cluster, finished):
    source = records(14, "004-bad", delay=0.3)
    run(replace(source, delay=0.0), tmp_path / "whole", PLAIN, inline)
    dask = cluster(2)
    out = tmp_path / "out"
    moments = random.Random(3)
    killed = []

    def kill():
        for threshold in (1, 4, 7):
            wait_for(finished, out, threshold)
            time.sleep(moments.uniform(0, 0.3))
            dask.workers.append(dask.add())
            victim = dask.workers.pop(0)
            victim.send_signal(signal.SIGKILL)
            killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    workers = connect(dask.address)
    try:
        counts = run(source, out, PLAIN, workers)
    finally:
        thread.join()
        workers.close()
    assert (counts.done, counts.skipped) == (14, 1)
    assert len(killed) == 3
    assert output(out) == output(tmp_path / "whole")


@pytest.mark.parametrize(
    ("harm", "tries", "reason"),
    [("poison", 2, "died at it"), ("hang", 1, "It took longer than 15 s")],
)
def test_an_item_that_costs_its_worker_every_time_ends_as_a_skip_on_a_cluster(
    records, tmp_path, cluster, harm, tries, reason, monkeypatch
):
    monkeypatch.setattr("obspy_broadband.archive.run.TRIES", tries)
    source = records(3, f"001-{harm}")
    dask = cluster(1)
    stop = threading.Event()

    def replace_lost():  # as SLURM or a nanny would
        while not stop.is_set():
            if dask.processes[-1].poll() is not None:
                dask.add()
            time.sleep(0.1)

    thread = threading.Thread(target=replace_lost)
    thread.start()
    workers = connect(dask.address, limit=15.0)
    try:
        counts = run(source, tmp_path / "out", PLAIN, workers)
    finally:
        workers.close()
        stop.set()
        thread.join()
    assert (counts.done, counts.skipped) == (3, 1)
    assert reason in (tmp_path / "out" / "skipped.csv").read_text()
    assert len(dask.processes) > 2  # a worker was lost, and another came


def test_a_scheduler_that_is_not_there_is_one_message(monkeypatch):
    monkeypatch.setattr("obspy_broadband.archive.cluster._TIMEOUT", 1)
    with pytest.raises(InputError, match="no Dask scheduler at tcp"):
        connect("tcp://127.0.0.1:9")


def test_a_scheduler_that_dies_stops_the_run_and_it_can_go_on(
    records, tmp_path, inline, output, cluster, finished
):
    source = records(8, delay=0.3)
    run(replace(source, delay=0.0), tmp_path / "whole", PLAIN, inline)
    dask = cluster(1)
    out = tmp_path / "out"
    workers = connect(dask.address)

    def end():
        wait_for(finished, out, 2)
        dask.processes[0].kill()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        with pytest.raises(InputError, match="obb archive resume"):
            run(source, out, PLAIN, workers)
    finally:
        thread.join()
        workers.close()
    run(replace(source, delay=0.0), out, PLAIN, inline, resume=True)
    assert output(out) == output(tmp_path / "whole")


def test_slurm_jobs_are_workers(records, tmp_path, inline, output, monkeypatch):
    """``sbatch`` is a script that starts the job on this machine: the job is jobqueue's own."""
    pytest.importorskip("dask_jobqueue")
    bin = tmp_path / "bin"
    bin.mkdir()
    pids = tmp_path / "pids"
    programs = {
        "sbatch": f'cp "$1" {pids}.sh; bash {pids}.sh >/dev/null 2>&1 &\necho $! >> {pids}\necho "Submitted batch job $!"',
        "scancel": 'pkill -P "$1"; kill "$1" 2>/dev/null; exit 0',
    }
    for name, code in programs.items():
        path = bin / name
        path.write_text(f"#!/bin/bash\n{code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    source = records(4)
    script = Path(__file__).with_name("coordinate_slurm.py")
    asked = [sys.executable, script, tmp_path / "records", tmp_path / "out"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(pids.read_text().split()) >= 1
    run(source, tmp_path / "whole", PLAIN, inline)
    assert output(tmp_path / "out") == output(tmp_path / "whole")
    assert Path(tmp_path / "out" / "report.html").exists()
