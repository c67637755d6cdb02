"""What tests of archive runs share: a folder of records, and the bytes of a run."""

import os
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
# Tests and their worker processes import faulty.py by its name.
sys.path.insert(0, HERE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, os.environ.get("PYTHONPATH"))))


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
def output():
    """A function: the files of a run and their bytes, without its inner folder."""

    def read(folder):
        folder = Path(folder)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".run" not in path.relative_to(folder).parts
        }

    return read


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
