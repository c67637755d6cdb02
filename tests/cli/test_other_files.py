"""Folders that hold more than waveforms, as simulation programs leave them."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Stream, Trace, read, read_inventory

LEFT = {
    "output_solver.txt": " **** Specfem 3-D Solver ****\n time step: 0.05 s\n",
    "timestamp000100": " Time step #  100\n Time:    5.0 seconds\n",
    "starttimeloop.txt": " 2019/11/11\n",
    "plot_source_time_function.txt": " -1.0 0.0\n 0.0 1.0\n",
    "STATIONS": "S1 DB 44.5 4.7 0.0 0.0\n",
    "run.log": "",
}


def invoke(*words):
    done = CliRunner().invoke(obb, [str(word) for word in words])
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def output_files(tmp_path):
    """SPECFEM's OUTPUT_FILES: two columns a component, and what else it leaves there."""
    folder = tmp_path / "OUTPUT_FILES"
    folder.mkdir()
    times = 0.05 * np.arange(800) - 5.0
    random = np.random.default_rng(1)
    for component in "ENZ":
        values = np.cumsum(random.standard_normal(800)) * np.exp(-(((times - 10) / 5) ** 2))
        lines = "".join(f"{t:15.6e} {v:15.6e}\n" for t, v in zip(times, 1e-3 * values))
        (folder / f"DB.S1.BX{component}.semv").write_text(lines)
    for name, text in LEFT.items():
        (folder / name).write_text(text)
    return folder


COMMANDS = [
    (("enrich",), "-n", 1, "--seed", 1, "-o", "{out}"),
    (("archive", "run", "files"), "-n", 1, "--seed", 1, "--workers", 1, "-o", "{out}"),
    (("measure",), "-o", "{out}"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=["enrich", "run", "measure"])
def test_what_lies_beside_waveforms_is_said_in_one_line(output_files, tmp_path, words):
    command, options = words[0], [str(word).format(out=tmp_path / "out") for word in words[1:]]
    done = invoke(*command, output_files, *options)
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.output.splitlines() if "no known waveform format" in line]
    assert "and 2 more" in line  # STATIONS is looked up by the reader
    assert "skipped " not in done.output


@pytest.mark.parametrize("words", COMMANDS, ids=["enrich", "run", "measure"])
def test_what_is_named_or_called_as_the_waveforms_are_is_a_skip(output_files, tmp_path, words):
    command, options = words[0], [str(word).format(out=tmp_path / "out") for word in words[1:]]
    for component in "ENZ":
        (output_files / f"DB.S2.BX{component}.semv").write_text("")
    done = invoke(*command, output_files, *options)
    assert done.exit_code == 2, done.output
    command, options = words[0], [str(word).format(out=tmp_path / "more") for word in words[1:]]
    done = invoke(*command, output_files, output_files / "output_solver.txt", *options)
    assert done.exit_code == 2, done.output


@pytest.mark.parametrize("words", COMMANDS, ids=["enrich", "run", "measure"])
def test_a_folder_without_waveforms_is_refused(output_files, tmp_path, words):
    for path in output_files.glob("*.semv"):
        path.unlink()
    command, options = words[0], [str(word).format(out=tmp_path / "out") for word in words[1:]]
    done = invoke(*command, output_files, *options)
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("obb: ")][-1:]
    assert str(output_files) in line
    assert "Traceback" not in done.output


def test_recordings_beside_other_files(output_files, tmp_path):
    assert invoke("enrich", output_files, "-n", 2, "-o", tmp_path / "e").exit_code == 0
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    (recordings / "readme.md").write_text("of the network\n")
    read(str(tmp_path / "e" / "realization-0000.mseed")).write(
        str(recordings / "a.mseed"), format="MSEED"
    )
    done = invoke("evaluate", tmp_path / "e", "--recorded", recordings)
    assert done.exit_code == 0, done.output


def test_the_components_of_k_net_are_one_station(tmp_path):
    """K-NET's channels are EW, NS, UD: they share no beginning."""
    random = np.random.default_rng(2)
    stream = Stream()
    for channel in ("EW", "NS", "UD"):
        header = {"station": "AIC001", "network": "BO", "channel": channel, "sampling_rate": 50.0}
        stream += Trace(random.standard_normal(1500), header)
    stream.write(str(tmp_path / "a.mseed"), format="MSEED")
    done = invoke("measure", tmp_path / "a.mseed", "-u", "cm/s**2", "-o", tmp_path / "a.csv")
    assert done.exit_code == 0, done.output
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 2


def test_counts_are_measured_with_their_inventory(tmp_path):
    stream = read()
    for trace in stream:
        trace.data = np.round(trace.data).astype(np.int32)
    stream.write(str(tmp_path / "counts.mseed"), format="MSEED")
    read_inventory().write(str(tmp_path / "stations.xml"), format="STATIONXML")
    done = invoke("measure", tmp_path / "counts.mseed")
    assert done.exit_code == 1
    assert "--inventory" in done.output
    told = ("--inventory", tmp_path / "stations.xml")
    done = invoke("measure", tmp_path / "counts.mseed", *told, "-o", tmp_path / "m.csv")
    assert done.exit_code == 0, done.output
    done = invoke("enrich", tmp_path / "counts.mseed", *told, "-n", 2, "-o", tmp_path / "e")
    assert done.exit_code == 0, done.output
    done = invoke("evaluate", tmp_path / "e", "--recorded", tmp_path / "counts.mseed", *told)
    assert done.exit_code == 0, done.output
    done = invoke("evaluate", tmp_path / "e", *told)
    assert done.exit_code == 1
    assert "--recorded" in done.output


def test_recordings_of_other_stations_are_named(output_files, tmp_path):
    assert invoke("enrich", output_files, "-n", 1, "-o", tmp_path / "e").exit_code == 0
    folder = tmp_path / "e"
    recorded = read(str(folder / "realization-0000.mseed"))
    for trace in recorded:
        trace.stats.station = "OTHER"
    recorded.write(str(tmp_path / "r.mseed"), format="MSEED")
    done = invoke("evaluate", folder, "--recorded", tmp_path / "r.mseed")
    assert done.exit_code == 1
    for name in ("DB.OTHER", "DB.S1", "stats.station"):
        assert name in done.output
    assert json.loads((folder / "ensemble.json").read_text())


def test_a_reason_that_many_stations_share_is_said_once():
    from obspy_broadband.evaluation.cases import nothing_compared

    reasons = [(f"XX.S{n}", f"XX.S{n}..BX begins at 1970. Give --origin-time.") for n in range(6)]
    text = str(nothing_compared([*reasons, ("XX.T", "XX.T..BX has 1 components; all are judged.")]))
    assert text.count("--origin-time") == 1
    assert "(5 more like this.)" in text
    assert "XX.T..BX" in text
