"""Worker processes of this machine, and what is done to them and to their coordinator."""

import multiprocessing
import os
import random
import shutil
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
from obspy_broadband.archive.run import TRIES, run
from obspy_broadband.archive.run_folder import RunFolder, is_running
from obspy_broadband.archive.run_request import RunRequest

PLAIN = RunRequest(n=1, seed=7, measures="none")
LIMIT = 60.0  #: s, after which a test fails rather than hangs


@pytest.fixture
def workers():
    """A function: so many local workers, let go at the end."""
    made = []

    def make(count, memory=None, limit=None):
        made.append(LocalWorkers(count, memory, limit))
        return made[-1]

    yield make
    for workers in made:
        workers.close()


def test_processes_give_the_same_bytes_whatever_their_number(
    records, tmp_path, inline, workers, output
):
    source = records(5)
    request = RunRequest(n=2, seed=7)
    run(source, tmp_path / "inline", request, inline)
    for count in (1, 2):
        run(source, tmp_path / str(count), request, workers(count))
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


#: s that an item may take: others take a hundredth of it.
SHORT = 6.0


def test_an_item_that_hangs_every_time_ends_as_a_skip(
    records, tmp_path, inline, workers, output, monkeypatch
):
    monkeypatch.setattr("obspy_broadband.archive.run.TRIES", 2)
    source = records(4, "001-hang")
    counts = run(source, tmp_path / "out", PLAIN, workers(2, limit=SHORT))
    assert (counts.done, counts.skipped) == (4, 1)
    skipped = (tmp_path / "out" / "skipped.csv").read_text()
    assert '001-hang.mseed,,"It took longer than 6 s (see --item-timeout), 2 times."' in skipped
    (tmp_path / "records" / "001-hang.mseed").rename(tmp_path / "records" / "001-bad.mseed")
    run(source, tmp_path / "bad", PLAIN, inline)
    kept = [{n: c for n, c in output(tmp_path / k).items() if "/" in n} for k in ("out", "bad")]
    assert kept[0] == kept[1]


def test_the_time_limit_is_of_an_item_not_of_a_run(records, tmp_path, workers):
    counts = run(records(4, delay=2.0), tmp_path / "out", PLAIN, workers(1, limit=SHORT))
    assert (counts.done, counts.skipped) == (4, 0)


def test_a_run_that_stops_does_not_wait_for_an_item_that_hangs(records, tmp_path, workers):
    source = records(0, "000-hang", "001-bad")
    some = workers(2, limit=SHORT)
    with pytest.raises(InputError, match="001-bad"):
        run(source, tmp_path / "out", PLAIN, some, strict=True)
    some.close()


def test_workers_that_cannot_start_are_an_error_and_no_endless_trying(records, tmp_path, workers):
    source = records(2)
    with pytest.raises(InputError, match="died one after the other"):
        run(faulty.Deadly(source.folder), tmp_path / "out", PLAIN, workers(2))


def start(source, folder, kind, *words, delay=0.15):
    command = [sys.executable, str(Path(__file__).parent / "coordinate.py")]
    arguments = [source.folder, str(folder), "2", str(delay), kind, *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command + arguments, env=environment, stderr=subprocess.PIPE)


def children(pid):
    """Of a process, without those that end."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def workers_of(pid):
    """Worker processes of a coordinator: children of the server that it forks them from."""
    return [worker for server in children(pid) for worker in children(server)]


def passes(finished, folder, before):
    """A condition: more items are recorded than before."""
    return lambda: finished(folder) > before


def are_gone(processes):
    return not any(Path(f"/proc/{process}").exists() for process in processes)


def wait_until(condition, process=None):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        if process is not None and process.poll() is not None:
            return
        time.sleep(0.005)


@pytest.mark.parametrize("kind", ["ensemble", "sds"])
def test_a_run_killed_at_ten_random_moments_loses_nothing(records, tmp_path, inline, output, kind):
    source = records(12, "004-bad", delay=0.02)
    request = RunRequest(n=1, seed=7, to=kind)
    run(source, tmp_path / "whole", request, inline)
    out = tmp_path / "out"
    moments = random.Random(kind)
    kills = 0
    while kills < 10:
        resume = RunFolder(out).card.exists()
        process = multiprocessing.get_context("fork").Process(
            target=run, args=(source, out, request, inline, resume)
        )
        process.start()
        process.join(moments.uniform(0.02, 0.3))
        if process.exitcode is not None:
            assert process.exitcode == 0
            shutil.rmtree(out)  # it was faster: begin again
            continue
        process.kill()
        process.join()
        kills += 1
        assert not is_running(RunFolder(out))
    run(source, out, request, inline, resume=RunFolder(out).card.exists())
    assert output(out) == output(tmp_path / "whole")


def test_a_coordinator_killed_among_its_workers_loses_nothing(
    records, tmp_path, inline, output, finished
):
    source = records(12)
    run(source, tmp_path / "whole", RunRequest(n=1, seed=7), inline)
    out = tmp_path / "out"
    words = ()
    for moment in (0.0, 0.1):
        process = start(source, out, "ensemble", *words)
        wait_until(passes(finished, out, finished(out)), process)
        time.sleep(moment)
        orphans = workers_of(process.pid)
        assert orphans
        process.kill()
        process.wait()
        words = ("--resume",)
        assert not is_running(RunFolder(out))
        wait_until(partial(are_gone, orphans))  # workers end with their coordinator
    run(source, out, RunRequest(n=1, seed=7), inline, resume=True)
    assert output(out) == output(tmp_path / "whole")


def test_workers_killed_at_ten_random_moments_lose_nothing(
    records, tmp_path, inline, output, finished
):
    source = records(25)
    run(source, tmp_path / "whole", RunRequest(n=1, seed=7), inline)
    out = tmp_path / "out"
    moments = random.Random(1)
    process = start(source, out, "ensemble", delay=0.3)
    kills = 0
    for _ in range(10):
        wait_until(passes(finished, out, finished(out)))
        wait_until(partial(workers_of, process.pid))
        time.sleep(moments.uniform(0, 0.2))
        for child in moments.sample(workers_of(process.pid), 1):
            os.kill(child, signal.SIGKILL)
            kills += 1
    assert process.wait(LIMIT) == 0, process.stderr.read()
    assert kills == 10
    assert output(out) == output(tmp_path / "whole")


def test_a_second_coordinator_is_refused_and_the_lock_of_a_killed_one_is_free(
    records, tmp_path, inline, output, finished
):
    source = records(6)
    out = tmp_path / "out"
    process = start(source, out, "ensemble")
    wait_until(passes(finished, out, 0), process)
    with pytest.raises(InputError, match=f"is being written by process {process.pid} "):
        run(source, out, RunRequest(n=1, seed=7), inline, resume=True)
    process.kill()
    process.wait()
    run(source, out, RunRequest(n=1, seed=7), inline, resume=True)
    run(source, tmp_path / "whole", RunRequest(n=1, seed=7), inline)
    assert output(out) == output(tmp_path / "whole")
