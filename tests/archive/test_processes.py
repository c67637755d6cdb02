"""Worker processes of this machine, and what is done to them and to their coordinator."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import faulty
import pytest

from obspy_broadband import InputError
from obspy_broadband.archive.local import LocalWorkers
from obspy_broadband.archive.request import Request
from obspy_broadband.archive.run import TRIES, run
from obspy_broadband.archive.run_folder import RunFolder, is_running
from obspy_broadband.archive.work_list import WorkList

PLAIN = Request(n=1, seed=7, measures=False)
LIMIT = 60.0  #: s, after which a test fails rather than hangs


@pytest.fixture
def workers():
    """A function: so many local workers, let go at the end."""
    made = []

    def make(count, memory=None):
        made.append(LocalWorkers(count, memory))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_processes_give_the_same_bytes_whatever_their_number(
    records, tmp_path, inline, workers, output
):
    source = records(5)
    asked = Request(n=2, seed=7)
    run(source, tmp_path / "inline", asked, inline)
    for count in (1, 2):
        run(source, tmp_path / str(count), asked, workers(count))
        assert output(tmp_path / str(count)) == output(tmp_path / "inline")


def test_an_item_that_kills_its_worker_every_time_ends_as_a_skip(
    records, tmp_path, inline, workers, output
):
    source = records(4, "001-poison")
    counts = run(source, tmp_path / "out", PLAIN, workers(2))
    assert (counts.done, counts.skipped) == (4, 1)
    skipped = (tmp_path / "out" / "skipped.csv").read_text()
    assert f'001-poison.mseed,,"The worker died at it, or was killed, {TRIES} times."' in skipped


def test_an_item_beyond_the_memory_limit_is_a_skip_and_no_crash(records, tmp_path, workers):
    source = records(2, "001-huge")
    counts = run(source, tmp_path / "out", PLAIN, workers(1, memory=2 << 30))
    assert (counts.done, counts.skipped) == (2, 1)
    assert "more memory than a worker may use" in (tmp_path / "out" / "skipped.csv").read_text()


def test_workers_that_cannot_start_are_an_error_and_no_endless_trying(records, tmp_path, workers):
    source = records(2)
    with pytest.raises(InputError, match="died one after the other"):
        run(faulty.Deadly(source.folder), tmp_path / "out", PLAIN, workers(2))
    with pytest.raises(InputError, match="cannot make the method"):
        run(source, tmp_path / "small", PLAIN, workers(1, memory=16 << 20))


def start(source, folder, kind, *words, delay=0.15):
    command = [sys.executable, str(Path(__file__).parent / "coordinate.py")]
    arguments = [source.folder, str(folder), "2", str(delay), kind, *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command + arguments, env=environment, stderr=subprocess.PIPE)


def children(pid):
    """Worker processes of a coordinator."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in command:
                found.append(int(child))
    return found


def finished(folder):
    """How many items are recorded."""
    path = RunFolder(folder).work_list
    if not (RunFolder(folder).card).exists():
        return 0
    work_list = WorkList(path, read_only=True)
    try:
        counts = work_list.counts()
        return counts.done + counts.skipped
    finally:
        work_list.close()


def has_passed(folder, before):
    return finished(folder) > before


def are_gone(processes):
    return not any(Path(f"/proc/{process}").exists() for process in processes)


def wait_until(condition, process=None):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        if process is not None and process.poll() is not None:
            return
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ensemble", "sds"])
def test_a_coordinator_killed_at_ten_random_moments_loses_nothing(
    records, tmp_path, inline, output, kind
):
    source = records(30, "004-bad")
    run(
        source,
        tmp_path / "whole",
        Request(n=1, seed=7, to=kind, measures=kind == "ensemble"),
        inline,
    )
    out = tmp_path / "out"
    moments = random.Random(kind)
    kills, words = 0, ()
    while kills < (5 if kind == "sds" else 10):
        process = start(source, out, kind, *words)
        before = finished(out)
        wait_until(partial(has_passed, out, before), process)
        time.sleep(moments.uniform(0, 0.15))
        orphans = children(process.pid) if process.poll() is None else []
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
        words = ("--resume",)
        assert not is_running(RunFolder(out))
        # Its workers end with it.
        wait_until(partial(are_gone, orphans))
    assert kills >= 5
    process = start(source, out, kind, "--resume", delay=0)
    assert process.wait(LIMIT) == 0, process.stderr.read()
    assert output(out) == output(tmp_path / "whole")


@pytest.mark.slow
def test_workers_killed_at_ten_random_moments_lose_nothing(records, tmp_path, inline, output):
    source = records(40)
    run(source, tmp_path / "whole", Request(n=1, seed=7), inline)
    out = tmp_path / "out"
    moments = random.Random(1)
    process = start(source, out, "ensemble")
    kills = 0
    for _ in range(10):
        before = finished(out)
        wait_until(partial(has_passed, out, before))
        wait_until(partial(children, process.pid))
        time.sleep(moments.uniform(0, 0.15))
        for child in moments.sample(children(process.pid), 1):
            os.kill(child, signal.SIGKILL)
            kills += 1
    assert process.wait(LIMIT) == 0, process.stderr.read()
    assert kills == 10
    assert output(out) == output(tmp_path / "whole")


def test_a_second_coordinator_is_refused_and_the_lock_of_a_killed_one_is_free(
    records, tmp_path, inline, output
):
    source = records(6)
    out = tmp_path / "out"
    process = start(source, out, "ensemble")
    wait_until(lambda: finished(out) > 0, process)
    with pytest.raises(InputError, match=f"is being written by process {process.pid} "):
        run(source, out, Request(n=1, seed=7), inline, resume=True)
    process.kill()
    process.wait()
    run(source, out, Request(n=1, seed=7), inline, resume=True)
    run(source, tmp_path / "whole", Request(n=1, seed=7), inline)
    assert output(out) == output(tmp_path / "whole")
