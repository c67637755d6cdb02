"""Archive runs as a user calls them: exit codes, messages, files."""

import re

import numpy as np
import obspy
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband import Ensemble
from obspy_broadband.archive.run_folder import Lock, RunFolder


def obb_of(*words):
    done = CliRunner().invoke(obb, [str(word) for word in words])
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def traces(simulation, tmp_path):
    """Two stations of a simulation as files, a component each."""
    folder = tmp_path / "traces"
    folder.mkdir()
    for number, station in enumerate(("AAA", "BBB")):
        for trace in simulation(stations=(station,), duration=20, seed=number):
            trace.write(str(folder / f"{trace.id}.sac"), format="SAC")
    return folder


def run(traces, *words, to="ensemble"):
    kind = ("--to", to) if to else ()
    common = ("-n", 2, "--seed", 7, "--workers", 1, "-o", traces.parent / "out")
    return obb_of("enrich", traces, *kind, *common, *words)


def test_a_run_its_status_and_its_ensembles(traces):
    out = traces.parent / "out"
    done = run(traces, "--magnitude", 5)
    assert done.exit_code == 0, done.output
    assert "2 items done, 2 records, 0 items skipped" in done.output
    assert len(pd.read_csv(out / "measures.csv")) == 4
    for place in (out / "records").iterdir():
        ensemble = Ensemble.read(place)
        assert ensemble.provenance["stations"][0]["scenario"]["magnitude"] == 5
    direct = obspy.read(str(traces / "XX.AAA*")).enrich(n=2, seed=7, magnitude=5)
    mine = [Ensemble.read(place) for place in (out / "records").iterdir()]
    same = next(one for one in mine if one.stations == direct.stations)
    np.testing.assert_array_equal(same.records[0].realizations, direct.records[0].realizations)

    said = obb_of("status", out)
    assert said.exit_code == 0
    assert "finished: 2 of 2 items done, 0 skipped" in said.output
    lock = Lock(RunFolder(out))
    assert "running: 2 of 2" in obb_of("status", out).output
    lock.release()


def test_skips_give_exit_code_2_and_are_told_by_status(traces):
    (traces / "XX.CCC..HXZ.sac").write_bytes(b"rubbish")
    (traces / "XX.BBB..HXE.sac").unlink()
    done = run(traces)
    assert done.exit_code == 2, done.output
    out = traces.parent / "out"
    table = pd.read_csv(out / "skipped.csv")
    assert any("2 components" in reason for reason in table["reason"])
    assert "skipped 1 x:" in obb_of("status", out).output
    strict = run(traces, "-o", traces.parent / "strict", "--strict")
    assert strict.exit_code == 1
    assert "--strict" in strict.output
    assert "stopped; --resume goes on" in obb_of("status", traces.parent / "strict").output


def test_resume_takes_the_seed_of_the_run_and_leaves_the_same_bytes(traces, output):
    out = traces.parent / "out"
    assert run(traces).exit_code == 0
    before = output(out)
    victim = next((out / "records").iterdir())
    (victim / "ensemble.json").unlink()
    done = obb_of("enrich", traces, "-n", 2, "--workers", 2, "-o", out, "--resume")
    assert done.exit_code == 0, done.output
    assert output(out) == before


def test_a_dry_run_says_what_a_run_costs_and_writes_nothing(traces):
    done = run(traces, "--dry-run")
    assert done.exit_code == 0, done.output
    assert re.search(r"items +2\n", done.output)
    for line in ("input", "output        about", "time          about", "free disk"):
        assert line in done.output
    assert not (traces.parent / "out").exists()


def test_an_sds_archive_to_an_sds_archive(traces, simulation, tmp_path):
    archive = tmp_path / "archive"
    stream = simulation(stations=("AAA",), duration=60)
    for trace in stream:
        s = trace.stats
        folder = archive / "2019" / "XX" / "AAA" / f"{s.channel}.D"
        folder.mkdir(parents=True)
        trace.data = trace.data.astype(np.float32)
        trace.write(str(folder / f"XX.AAA..{s.channel}.D.2019.315"), format="MSEED")
    start = stream[0].stats.starttime
    done = obb_of(
        "enrich", "--sds", archive, "--starttime", start, "--endtime", start + 50, "--to", "sds",
        "-n", 2, "--workers", 1, "-o", tmp_path / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = [path.name for path in (tmp_path / "out" / "records").rglob("*.315")]
    assert sorted(found) == [
        f"XX.AAA.0{number}.HX{code}.D.2019.315" for number in (0, 1) for code in "ENZ"
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "{}/new", "--resume"), "holds no run"),
        (("-o", "{}/traces"), "is no run"),
        (("-o", "{}/new", "--retry-skips"), "--retry-skips is for --resume"),
        (("-o", "{}/new", "--memory", "0.001"), "--memory is 0.001"),
        (("-o", "{}/new", "--item-timeout", "-1"), "--item-timeout is -1"),
        (("-o", "{}/new", "--item-timeout", "nan"), "--item-timeout is nan"),
        (("-o", "{}/new", "--overwrite"), "--overwrite is for one ensemble"),
        (("-o", "{}/new", "--cluster", "tcp://127.0.0.1:1", "--slurm"), "exclude each other"),
        (("-o", "{}/new", "--sds", "{}"), "One source is needed"),
        (("-o", "{}/new", "-n", "0"), "n is 0"),
        (("-o", "{}/new", "-m", "nope"), "Unknown method"),
        (("-o", "/proc/new"), "No such file or directory"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_1(traces, words, message):
    done = run(traces, *(word.format(traces.parent) for word in words))
    assert done.exit_code == 1, done.output
    assert message in done.output.splitlines()[-1]
    assert not (traces.parent / "new" / "run.json").exists()


def test_status_of_what_is_no_run(tmp_path):
    done = obb_of("status", tmp_path)
    assert done.exit_code == 1
    assert "is no archive run" in done.output


def test_nothing_to_enrich_is_said(tmp_path):
    done = obb_of("enrich", "-o", tmp_path / "x")
    assert done.exit_code == 1
    assert "needs INPUTS" in done.output
