"""What tests of archive runs share: a folder of records, workers, and where a run stands."""

import os
import sys
import threading
from pathlib import Path

import pytest
from tqdm import tqdm

from obspy_broadband.archive.run_folder import RunFolder
from obspy_broadband.archive.work_list import WorkList

HERE = str(Path(__file__).parent)
# Tests and their worker processes import faulty.py by its name.
sys.path.insert(0, HERE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, os.environ.get("PYTHONPATH"))))


@pytest.fixture(autouse=True)
def lock_of_this_process():
    """A forked process that is killed while it holds tqdm's lock must not hold it for ever here."""
    tqdm.set_lock(threading.RLock())


@pytest.fixture
def records(simulation, tmp_path):
    """A function: a source of so many stations, 20 s each, and of files with the given names."""

    def make(count, *names, delay=0.0):
        folder = tmp_path / "records"
        folder.mkdir(exist_ok=True)
        names = [*(f"{number:03d}" for number in range(count)), *names]
        for number, name in enumerate(names):
            stream = simulation(stations=(f"S{number:03d}",), duration=20, seed=number)
            for trace in stream:
                trace.data = trace.data.astype("float32")
            stream.write(str(folder / f"{name}.mseed"), format="MSEED")
        import faulty

        return faulty.Records(str(folder), delay)

    return make


@pytest.fixture
def finished():
    """A function: how many items of a run are recorded."""

    def count(folder):
        if not (RunFolder(folder).card).exists():
            return 0
        work_list = WorkList(RunFolder(folder).work_list, read_only=True)
        try:
            counts = work_list.counts()
            return counts.done + counts.skipped
        finally:
            work_list.close()

    return count


class Inline:
    """Workers that are no processes: for all that does not concern processes."""

    def run(self, job, items):
        from obspy_broadband.archive.work import work

        for number, item in items:
            yield work(job, number, item)

    def close(self):
        pass


@pytest.fixture
def inline():
    return Inline()
