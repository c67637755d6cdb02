"""Runs that stop, and how they go on; runs that cannot begin."""

import errno
import shutil
import subprocess
import sys

import faulty
import pytest

from obspy_broadband import InputError
from obspy_broadband.archive import outputs, work
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_folder import Lock, RunFolder, is_running
from obspy_broadband.archive.run_request import RunRequest
from obspy_broadband.archive.work_list import WorkList

REQUEST = RunRequest(n=2, seed=7, magnitude=5.0)
PLAIN = RunRequest(n=1, seed=7, measures="none")  # where measures are not what is tested


def test_a_strict_run_stops_and_can_go_on_when_the_input_is_mended(
    records, tmp_path, inline, output
):
    source = records(2, "001-bad")
    with pytest.raises(InputError, match=r"001-bad.mseed is bad.*--strict"):
        run(source, tmp_path / "out", PLAIN, inline, strict=True)
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    run(source, tmp_path / "whole", PLAIN, inline)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_skips_can_be_tried_again(records, tmp_path, inline, output):
    source = records(3)
    path = tmp_path / "records" / "001.mseed"
    content = path.read_bytes()
    path.write_bytes(b"")
    assert run(source, tmp_path / "out", PLAIN, inline).skipped == 1
    path.write_bytes(content)
    assert run(source, tmp_path / "out", PLAIN, inline, resume=True).skipped == 1
    assert run(source, tmp_path / "out", PLAIN, inline, resume=True, retry_skips=True).skipped == 0
    run(source, tmp_path / "whole", PLAIN, inline)
    # What is noted of the input says how large it was when the run was planned.
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_a_full_disk_stops_the_run_and_nothing_is_lost(
    records, tmp_path, inline, output, monkeypatch
):
    source = records(4)
    run(source, tmp_path / "whole", PLAIN, inline)
    written = []

    def full(ensemble, folder):
        outputs.write_ensemble(ensemble, folder)
        written.append(folder)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(work.KINDS, "ensemble", full)
    with pytest.raises(InputError, match=r"No space left.*obb archive resume"):
        run(source, tmp_path / "out", PLAIN, inline)
    folder = RunFolder(tmp_path / "out")
    assert len(list(folder.records.iterdir())) == 2
    assert list(folder.partial.iterdir()) == []
    monkeypatch.undo()
    assert not is_running(folder)
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_a_disk_that_fills_under_the_work_list_stops_the_run_too(records, tmp_path, inline, output):
    source = records(4)
    run(source, tmp_path / "whole", PLAIN, inline)
    folder = tmp_path / "out"

    class Filling(type(inline)):
        def run(self, job, items):
            for outcome in super().run(job, items):
                if outcome.number == 3:
                    database = limited[0]._db
                    pages = database.execute("PRAGMA page_count").fetchone()[0]
                    database.execute(f"PRAGMA max_page_count = {pages}")
                    filler = "x" * 100_000
                    outcome = work.Outcome(3, f"full {filler}")
                yield outcome

    limited = []
    init = WorkList.__init__

    def remember(self, *arguments, **named):
        init(self, *arguments, **named)
        limited.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkList, "__init__", remember)
        with pytest.raises(InputError, match=r"full.*obb archive resume"):
            run(source, folder, PLAIN, Filling())
    run(source, folder, PLAIN, inline, resume=True)
    assert output(folder) == output(tmp_path / "whole")


def test_a_read_only_output_is_one_message(records, tmp_path, inline, monkeypatch):
    source = records(2)

    def read_only(partial, final):
        raise OSError(errno.EROFS, "Read-only file system", str(final))

    monkeypatch.setattr(work, "move_folder", read_only)
    with pytest.raises(InputError, match=r"cannot be written.*Read-only"):
        run(source, tmp_path / "out", PLAIN, inline)


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: (place / "realization-0001.mseed").write_bytes(b"\0" * 100),
        lambda place: flip(place / "realization-0001.mseed"),
        lambda place: (place / "ensemble.json").unlink(),
        shutil.rmtree,
        lambda place: (place.parents[1] / "provenance" / f"{place.name}.json").write_bytes(b"{"),
        lambda place: (place.parents[1] / ".run" / "measures" / f"{place.name}.csv").unlink(),
    ],
    ids=["truncated", "bit", "missing", "gone", "provenance", "measures"],
)
def test_a_corrupted_last_item_is_made_again(records, tmp_path, inline, output, harm):
    source = records(3)
    run(source, tmp_path / "out", REQUEST, inline)
    whole = output(tmp_path / "out")
    harm(max((tmp_path / "out" / "records").iterdir()))
    run(source, tmp_path / "out", REQUEST, inline, resume=True)
    assert output(tmp_path / "out") == whole


def flip(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_a_clock_that_goes_backwards_changes_nothing(
    records, tmp_path, inline, output, monkeypatch
):
    source = records(3)
    run(source, tmp_path / "whole", PLAIN, inline)
    now = [2e9]

    def backwards(*_):
        now[0] -= 1e6
        return now[0]

    monkeypatch.setattr("time.time", backwards)
    monkeypatch.setattr("time.time_ns", lambda: int(backwards() * 1e9))
    with pytest.raises(ZeroDivisionError):
        run(source, tmp_path / "out", PLAIN, Interrupted(inline, 2))
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_a_work_list_whose_writer_was_killed_can_be_read(records, tmp_path, inline):
    run(records(2), tmp_path / "out", PLAIN, inline)
    path = RunFolder(tmp_path / "out").work_list
    code = (
        "import os, signal, sqlite3\n"
        f"database = sqlite3.connect({str(path)!r})\n"
        "database.execute('PRAGMA cache_size = 2')\n"  # so that pages are written at once
        "database.execute('BEGIN')\n"
        "for number in range(2000):\n"
        "    database.execute('INSERT INTO skips VALUES (1, ?, ?)', (str(number), 'x' * 100))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert path.with_name("work.sqlite-journal").exists()
    work_list = WorkList(path, read_only=True)
    assert (work_list.counts().done, list(work_list.skips())) == (2, [])
    work_list.close()


class Interrupted:
    """Workers that end after so many items."""

    def __init__(self, workers, after):
        self.workers, self.after = workers, after

    def run(self, job, items):
        for number, outcome in enumerate(self.workers.run(job, items)):
            if number == self.after:
                raise ZeroDivisionError
            yield outcome


def test_a_second_coordinator_is_refused_while_the_first_lives(records, tmp_path, inline):
    source = records(2)
    run(source, tmp_path / "out", PLAIN, inline)
    lock = Lock(RunFolder(tmp_path / "out"))
    assert is_running(RunFolder(tmp_path / "out"))
    with pytest.raises(InputError, match=r"is being written by process \d+ on"):
        run(source, tmp_path / "out", PLAIN, inline, resume=True)
    lock.release()
    assert not is_running(RunFolder(tmp_path / "out"))
    run(source, tmp_path / "out", PLAIN, inline, resume=True)


def test_what_cannot_begin_or_go_on_is_refused_and_nothing_is_touched(
    records, tmp_path, inline, output
):
    source = records(2)
    run(source, tmp_path / "out", REQUEST, inline)
    before = output(tmp_path / "out")
    with pytest.raises(InputError, match=r"holds a run already.*obb archive resume"):
        run(source, tmp_path / "out", REQUEST, inline)
    other = RunRequest(n=3, seed=7, magnitude=5.0)
    with pytest.raises(InputError, match="n was 2 and is 3"):
        run(source, tmp_path / "out", other, inline, resume=True)
    option = RunRequest(n=2, seed=7, magnitude=5.0, options={"variability": 0})
    with pytest.raises(InputError, match="variability is 0"):
        run(source, tmp_path / "out", option, inline, resume=True)
    elsewhere = faulty.Records("elsewhere")
    with pytest.raises(InputError, match="folder was"):
        run(elsewhere, tmp_path / "out", REQUEST, inline, resume=True)
    with pytest.raises(InputError, match="holds no run to resume"):
        run(source, tmp_path / "new", REQUEST, inline, resume=True)
    with pytest.raises(InputError, match="is no run"):
        run(source, tmp_path / "records", REQUEST, inline)
    with pytest.raises(InputError, match="no output 'wav'"):
        run(source, tmp_path / "new", RunRequest(to="wav"), inline)
    assert not (tmp_path / "new").exists()
    assert output(tmp_path / "out") == before


def test_a_source_that_is_not_there_leaves_room_for_the_next_try(records, tmp_path, inline):
    with pytest.raises(InputError, match="holds no records"):
        run(faulty.Records("nowhere"), tmp_path / "out", PLAIN, inline)
    assert run(records(1), tmp_path / "out", PLAIN, inline).done == 1


def test_a_run_is_not_resumed_with_another_spread_of_levels(records, tmp_path, inline, monkeypatch):
    source = records(1)
    run(source, tmp_path / "out", PLAIN, inline)
    monkeypatch.setattr(type(PLAIN.ready()), "level_spread", 1.2)
    with pytest.raises(InputError, match=r"level_spread is 1\.2"):
        run(source, tmp_path / "out", PLAIN, inline, resume=True)
