"""A run of SEM3D through the commands: what it holds is enriched, what it does not hold is no fault."""

import json

import numpy as np
import obspy
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from sem3d_files import rows_of, write_rank, write_text

COMMON = ("-n", "1", "--seed", "1", "-o")
ENRICH = ("enrich", *COMMON)
RUN = ("archive", "run", "files", *COMMON)


@pytest.fixture
def run(tmp_path, simulation):
    """Results of three processes: two stations, one station, energies alone."""
    stream = simulation(stations=("A_0000", "A_0001", "A_0002"), components="XYZ")
    traces = tmp_path / "run" / "traces"
    backup = tmp_path / "run" / "prot" / "Protection_00000100" / "Capteurs"
    ranks = {9999: ("A_0000", "A_0001"), 10000: ("A_0002",), 3: ()}
    for folder in (traces, backup):
        folder.mkdir(parents=True)
        for number, names in ranks.items():
            stations = {}
            for name in names:
                rows = rows_of(stream, name, 0.02)  # as displacement, and as acceleration
                stations[name] = (np.hstack([rows, rows[:, 1:] * 9]), (1.0, 2.0, 0.0))
            write_rank(
                folder / f"capteurs.{number:04d}.h5", stations, ("Displ", "Accel"), energies=True
            )
    (tmp_path / "run" / "input.spec").write_text('run_name = "a";\n')
    (tmp_path / "run" / "stat.log").write_text("1 2 3\n")
    return tmp_path / "run"


def invoke(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


@pytest.mark.parametrize("inside", ["", "traces"])
def test_one_ensemble(run, tmp_path, inside):
    done = invoke(*ENRICH, tmp_path / "out", run / inside)
    assert done.exit_code == 0, done.output
    assert "skipped" not in done.output
    assert "files with nothing to read are left out" in done.output
    card = json.loads((tmp_path / "out" / "ensemble.json").read_text())
    assert len(card["provenance"]["stations"]) == 3


@pytest.mark.parametrize("inside", ["", "traces"])
def test_an_archive_run(run, tmp_path, inside):
    done = invoke(*RUN, tmp_path / "out", run / inside, "--to", "ensemble", "--read", "axes=ENZ")
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out" / "records").iterdir())) == 3
    found = obspy.read(str(tmp_path / "out" / "records" / "*" / "*.mseed"))
    assert {trace.stats.channel[-1] for trace in found} == set("ENZ")


def test_many_processes_without_a_station_are_said_once(run, tmp_path):
    for number in range(20, 40):
        write_rank(run / "traces" / f"capteurs.{number:04d}.h5", {}, ())
    done = invoke(*ENRICH, tmp_path / "out", run)
    assert done.exit_code == 0, done.output
    assert done.output.count("files with nothing to read are left out") == 1


def test_a_process_without_a_station_alone(run, tmp_path):
    path = run / "traces" / "capteurs.0003.h5"
    done = invoke(*RUN, tmp_path / "out", path, "--to", "ensemble")
    assert done.exit_code == 1
    assert "no file holds samples of a station" in done.output


def test_text_files(run, tmp_path, simulation):
    """SEM3D's default; what the columns are has to be said."""
    traces = tmp_path / "text" / "traces"
    traces.mkdir(parents=True)
    stream = simulation(stations=("A_0000", "A_0001"), components="XYZ")
    for name in ("A_0000", "A_0001"):
        rows = rows_of(stream, name, 0.02)
        write_text(traces / f"{name}.txt", np.hstack([rows, rows[:, 1:]]))
    write_text(traces / "En_PS.txt", np.ones((40, 6)))
    words = (*ENRICH, tmp_path / "out", traces, "--read", "format=sem3d")
    done = invoke(*words)
    assert done.exit_code == 1
    assert "variables='Veloc,Accel'" in done.output
    for command, count in ((ENRICH, 1), (RUN, 2)):
        out = tmp_path / f"out{count}"
        reading = ("--read", "format=sem3d", "--read", "variables=Veloc,Accel")
        done = invoke(*command, out, traces, *reading)
        assert done.exit_code == 0, done.output
        assert len(list(out.rglob("*ensemble.json"))) == count


def test_axes_are_of_sem3d_alone(run, tmp_path, simulation):
    simulation()[0].write(str(tmp_path / "a.sac"), format="SAC")
    done = invoke(*ENRICH, tmp_path / "out", tmp_path / "a.sac", "--read", "axes=NEZ")
    assert done.exit_code == 1
    assert "SAC files are read without axes=" in done.output
    done = invoke(*ENRICH, tmp_path / "out", run, "--read", "axes=north")
    assert done.exit_code == 1
    assert "directions of x, y and z" in done.output
    assert "Traceback" not in done.output
