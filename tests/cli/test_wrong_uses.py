"""What a user does wrong is one message, before anything is computed, and loses nothing."""

import hashlib

import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Stream, Trace
from sem3d_files import write_rank


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    time = 0.02 * np.arange(1, 1501)
    random = np.random.default_rng(3)
    stations = {}
    for number in range(6):
        motion = np.exp(-(((time - 12) / 5) ** 2)) * random.standard_normal((3, 1500))
        stations[f"A_{number:04d}"] = (np.column_stack([time, *motion]), (1e4, 5e3, 0.0))
    (folder / "traces").mkdir()
    names = list(stations)
    for rank in (0, 1):
        own = {name: stations[name] for name in names[rank::2]}
        write_rank(folder / "traces" / f"capteurs.{rank:04d}.h5", own)
    run("enrich", folder / "traces", "-n", 2, "--seed", 1, "-o", folder / "ensemble")
    words = ("--to", "bbp", "--workers", 1, "-o", folder / "run")
    run("archive", "run", "files", folder / "traces", "-n", 1, "--seed", 1, *words)
    return folder


def run(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


def content(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).digest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("enrich", "{w}/ensemble", "-n", 1, "-o", "{w}/new"), "is a result"),
        (("archive", "run", "files", "{w}/ensemble", "-n", 1, "-o", "{w}/new"), "is a result"),
        (("enrich", "{w}/run", "-n", 1, "-o", "{w}/new"), "is a result"),
        (("enrich", "{w}/traces", "-o", "{w}/traces", "--overwrite"), "is no ensemble"),
        (("enrich", "{w}/traces", "-o", "{w}/ensemble/ensemble.json/x"), "is a file, no folder"),
        (("enrich", "{w}/traces", "--read", "format=SEM", "-o", "{w}/new"), "Unknown format 'SEM'"),
        (("enrich", "{w}/traces", "--read", "quantity=speed", "-o", "{w}/new"), "'speed'"),
        (("enrich", "{w}/traces", "--read", "axes=NNZ", "-o", "{w}/new"), "'NNZ'"),
        (("enrich", "{w}/traces", "--units", "counts", "-o", "{w}/new"), "inventory"),
        (("measure", "{w}/ensemble", "--units", "g"), "are of records"),
        (("measure", "{w}/ensemble", "--read", "azimuth=0"), "are of records"),
        (("measure", "{w}/traces", "--units", "parsec"), "Unknown units 'parsec'"),
        (("measure", "{w}/ensemble", "-o", "{w}/run", "--overwrite"), "is a folder"),
        (("measure", "{w}/ensemble", "-o", "{w}/run/run.json/m.csv"), "is a file, no folder"),
        (("evaluate", "{w}/ensemble", "--recorded", "{w}/a", "{w}/b"), "a pattern in quotes"),
        (("scenarios", "files", "{w}/traces", "-o", "{w}/run", "--overwrite"), "is a folder"),
        (("measure", "{w}/traces", "--read", "axis=NEZ"), "axes=NEZ"),
        (("measure", "{w}/traces", "--read", "dt=short"), "write a number, e.g. dt=0.01"),
        (("weights", "add", "{w}/traces"), "is no training"),
    ],
)
def test_a_wrong_use_is_one_message(work, words, told):
    before = content(work)
    done = run(*(str(word).format(w=work) for word in words))
    assert done.exit_code == 1, done.output
    lines = [line for line in done.output.splitlines() if line.startswith("obb: ")]
    assert told in lines[-1]
    assert "skipped" not in done.output
    assert content(work) == before


def test_results_below_the_folder_of_a_simulation_are_left_out(work, tmp_path):
    """An ensemble may be written beside its simulation, and written again."""
    record = np.random.default_rng(4).standard_normal((3, 1500))
    header = {"network": "XX", "station": "AAA", "sampling_rate": 50.0}
    stream = Stream([Trace(row, {**header, "channel": f"HN{c}"}) for row, c in zip(record, "ZNE")])
    stream.write(str(tmp_path / "simulation.mseed"), format="MSEED")
    common = (tmp_path, "-u", "m/s**2", "-n", 1, "--seed", 1, "-o")
    words = ("enrich", *common)
    assert run(*words, tmp_path / "ensemble").exit_code == 0
    again = run(*words, tmp_path / "ensemble", "--overwrite")
    assert again.exit_code == 0, again.output
    assert f"Left out: {tmp_path / 'ensemble'}, results" in again.output
    out = tmp_path.parent / f"{tmp_path.name}-run"
    done = run("archive", "run", "files", *common, out, "--to", "bbp", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "1 items done, 1 records" in done.output


def test_recordings_that_cannot_be_read_are_said(work):
    done = run("evaluate", work / "ensemble", "--recorded", work / "traces", "--read", "format=SAC")
    assert done.exit_code == 1
    assert "None of the recordings could be read" in done.output
    assert done.output.count("cannot be read as SAC") == 2


def test_a_table_may_go_to_a_new_folder(work, tmp_path):
    done = run("measure", work / "ensemble", "--periods", "1", "-o", tmp_path / "new" / "m.csv")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "new" / "m.csv").is_file()


def test_a_folder_that_may_not_be_written_to_is_said_at_once(work, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    done = run("enrich", work / "traces", "-n", 1, "-o", tmp_path / "new" / "ensemble")
    assert done.exit_code == 1
    assert f"no permission to write to {tmp_path}" in done.output
