"""Archive runs as a user calls them: exit codes, messages, files."""

import json
import re
from pathlib import Path

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


def run(traces, *words, folder=None):
    kind = ("--to", "ensemble")
    common = ("-n", 2, "--seed", 7, "--workers", 1, "-o", folder or traces.parent / "out")
    return obb_of("archive", "run", "files", traces, *kind, *common, *words)


def test_a_run_its_status_and_its_ensembles(traces):
    out = traces.parent / "out"
    done = run(traces, "--set", "magnitude=5")
    assert done.exit_code == 0, done.output
    assert "2 items done, 2 records, 0 items skipped" in done.output
    assert len(pd.read_csv(out / "measures.csv")) == 4
    for folder in (out / "records").iterdir():
        ensemble = Ensemble.read(folder)
        assert ensemble.provenance["stations"][0]["scenario"]["magnitude"] == 5
    direct = obspy.read(str(traces / "XX.AAA*")).enrich(n=2, seed=7, magnitude=5)
    ensembles = [Ensemble.read(folder) for folder in (out / "records").iterdir()]
    same = next(ensemble for ensemble in ensembles if ensemble.stations == direct.stations)
    np.testing.assert_array_equal(same.records[0].realizations, direct.records[0].realizations)

    said = obb_of("archive", "status", out)
    assert said.exit_code == 0
    assert "finished: 2 of 2 items done, 0 skipped" in said.output
    lock = Lock(RunFolder(out))
    assert "running: 2 of 2" in obb_of("archive", "status", out).output
    lock.release()


def test_skips_give_exit_code_2_and_are_told_by_status(traces):
    (traces / "XX.CCC..HXZ.sac").write_bytes(b"rubbish")
    (traces / "XX.BBB..HXE.sac").unlink()
    done = run(traces)
    assert done.exit_code == 2, done.output
    out = traces.parent / "out"
    table = pd.read_csv(out / "skipped.csv")
    assert any("2 components" in reason for reason in table["reason"])
    assert "skipped 1 x:" in obb_of("archive", "status", out).output
    strict = run(traces, "-o", traces.parent / "strict", "--strict")
    assert strict.exit_code == 1
    assert "--strict" in strict.output
    assert (
        f"stopped; obb archive resume {traces.parent}"
        in obb_of("archive", "status", traces.parent / "strict").output
    )


def test_a_run_is_resumed_from_its_folder_alone_and_leaves_the_same_bytes(
    traces, output, monkeypatch, tmp_path_factory
):
    (traces.parent / "table.csv").write_text("station,magnitude\nXX.AAA,5\n")
    monkeypatch.chdir(traces.parent)
    done = run("traces", "--set", "variability=0", "--scenarios", "table.csv", folder=Path("out"))
    assert done.exit_code == 0, done.output
    out = traces.parent / "out"
    before = output(out)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for harmed in ("ensemble.json", "realization-0001.mseed"):
        (next((out / "records").iterdir()) / harmed).unlink()
        done = obb_of("archive", "resume", out, "--workers", 2)
        assert done.exit_code == 0, done.output
        assert output(out) == before
    (traces.parent / "table.csv").unlink()
    done = obb_of("archive", "resume", out)
    assert done.exit_code == 1
    assert "table.csv" in done.output
    assert output(out) == before


def test_a_run_of_an_earlier_version_is_resumed(traces):
    assert run(traces).exit_code == 0
    path = traces.parent / "out" / "run.json"
    card = path.read_text().replace('"spatial_correlation":', '"coherence":')
    path.write_text(re.sub(r' *"largest": \d+,\n', "", card))
    done = obb_of("archive", "resume", traces.parent / "out")
    assert done.exit_code == 0, done.output


def test_skips_are_tried_again_when_asked_for(traces, simulation):
    for path in traces.glob("XX.BBB*"):
        path.unlink()
    (traces / "BBB.sac").write_bytes(b"rubbish")
    assert run(traces).exit_code == 2
    stream = simulation(stations=("BBB",), duration=20)
    stream.write(str(traces / "BBB.sac"), format="MSEED")  # known by its content
    out = traces.parent / "out"
    assert obb_of("archive", "resume", out, "--workers", 1).exit_code == 2
    done = obb_of("archive", "resume", out, "--workers", 1, "--retry-skips")
    assert done.exit_code == 0, done.output
    assert "2 items done, 2 records, 0 items skipped" in done.output


def test_report_and_tables_are_written_anew(traces, output):
    out = traces.parent / "out"
    assert run(traces).exit_code == 0
    before = output(out)
    for name in ("report.html", "measures.csv", "skipped.csv", "warnings.csv"):
        (out / name).unlink()
    lock = Lock(RunFolder(out))
    assert "is being written" in obb_of("archive", "report", out).output
    lock.release()
    done = obb_of("archive", "report", out)
    assert done.exit_code == 0, done.output
    assert output(out) == before
    done = obb_of("archive", "report", traces)
    assert done.exit_code == 1
    assert "holds no run" in done.output


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
        "archive", "run", "sds", archive, "--starttime", start, "--endtime", start + 50, "--to", "sds",
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
        (("-o", "{}/traces"), "is no run"),
        (("-o", "{}/new", "--memory", "0.001"), "--memory is 0.001"),
        (("-o", "{}/new", "--item-timeout", "-1"), "--item-timeout is -1"),
        (("-o", "{}/new", "--item-timeout", "nan"), "--item-timeout is nan"),
        (("-o", "{}/new", "--cluster", "tcp://127.0.0.1:1", "--slurm"), "exclude each other"),
        (("-o", "{}/new", "--set", "seed=3"), "--set seed=: it is no option"),
        (("-o", "{}/new", "--set", "vs30=rock"), "--set vs30=rock: write a number"),
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
    done = obb_of("archive", "status", tmp_path)
    assert done.exit_code == 1
    assert "is no archive run" in done.output


def test_what_is_no_run_is_not_resumed(tmp_path):
    done = obb_of("archive", "resume", tmp_path)
    assert done.exit_code == 1
    assert "holds no run to resume; begin one with obb archive run" in done.output


def test_a_source_that_cannot_be_made_again_says_what_is_missing(traces, monkeypatch):
    out = traces.parent / "out"
    assert run(traces).exit_code == 0
    card = json.loads((out / "run.json").read_text())
    times = {"start": "2020-01-01T00:00:00Z", "end": None, "before_s": 30.0, "after_s": 90.0}
    codes = dict.fromkeys(("network", "station", "location", "channel"), "*")
    metadata = card["source"]["metadata"]
    (out / "run.json").write_text(json.dumps({**card, "source": {"kind": "tape"}}))
    done = obb_of("archive", "resume", out)
    assert "'tape' cannot be made from its description; known are files, SDS" in done.output
    card["source"] = {"kind": "FDSN", "address": "INGV", "codes": codes, "times": times}
    card["source"] |= {"metadata": metadata, "with_user": True}
    (out / "run.json").write_text(json.dumps(card))
    monkeypatch.delenv("OBB_FDSN_USER", raising=False)
    done = obb_of("archive", "resume", out)
    assert done.exit_code == 1
    assert "OBB_FDSN_USER and OBB_FDSN_PASSWORD" in done.output
