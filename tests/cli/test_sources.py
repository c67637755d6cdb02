"""Sources as subcommands, and the table of their stations."""

import csv
import json

import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obb_cli.sources import KINDS, SourceGroup, add_sources
from sem3d_files import write_run

from obspy_broadband.errors import InputError
from obspy_broadband.sources.fdsn import FDSNSource
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.rebuild import source_from
from obspy_broadband.sources.sds import SDSSource
from obspy_broadband.sources.seisbench import SeisBenchSource


def source(*words):
    """The source that these words mean, made again from its description."""
    sources = []
    group = SourceGroup()
    add_sources(group, sources.append, dict.fromkeys(KINDS, ()), dict.fromkeys(KINDS, ""))
    done = CliRunner().invoke(group, [str(word) for word in words])
    if isinstance(done.exception, InputError):
        raise done.exception
    assert done.exit_code == 0, done.output
    description = json.loads(json.dumps(sources[0].describe()))
    assert source_from(description) == sources[0]
    return sources[0]


def test_one_kind_each(tmp_path):
    files = source("files", "a/", "b/*.sac", "--read", "format=sac", "--read", "dt=0.01")
    assert isinstance(files, FolderSource)
    assert (files.inputs, files.format, files.dt) == (("a/", "b/*.sac"), "sac", 0.01)
    assert isinstance(source("seisbench", "InstanceGM"), SeisBenchSource)
    sds = source("sds", tmp_path, "--station", "A*", "--starttime", "2020-01-01", "--after", 60)
    assert isinstance(sds, SDSSource)
    assert (sds.channels.station, sds.channels.network, sds.times.after) == ("A*", "*", 60.0)
    fdsn = source("fdsn", "http://127.0.0.1:80", "--min-magnitude", 4, "--within", 100)
    assert isinstance(fdsn, FDSNSource)
    assert (fdsn.min_magnitude, fdsn.within_km, fdsn.timeout) == (4.0, 100.0, 60.0)
    assert (sds.largest, fdsn.largest) == (2048 * 1024**2, 256 * 1024**2)
    assert source("files", "a", "--largest", 5).largest == 5 * 1024**2
    assert source("files", "a", "--origin", "44.5,4.6").metadata.origin == (44.5, 4.6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("files", "a", "--origin", "here"), "LATITUDE,LONGITUDE"),
        (("files", "a", "--origin", "95,5"), "no place on Earth"),
        (("files", "a", "--largest", "0"), "must be 1 MiB or more"),
        (("files", "a", "--read", "axis=NEZ"), "axes=NEZ"),
        (("files", "a", "--read", "dt=short"), "write a number"),
        (("files", "a", "--read", "dt=1", "--read", "dt=2"), "twice"),
        (("sds", "a", "--starttime", "noon"), "--starttime is 'noon'"),
        (("sds", "a", "--after", "-5"), "--after is -5"),
        (("sds", "a", "--network", "/etc"), "network is '/etc'"),
        (("fdsn", "INGV", "--within", "nan"), "--within is nan"),
        (("fdsn", "https://me:secret@example.org"), "environment"),
    ],
)
def test_what_cannot_be_used_is_said(words, told):
    with pytest.raises(InputError, match=told):
        source(*words)


def test_the_table_of_stations(simulation, tmp_path):
    traces = tmp_path / "traces"
    stations = ("A_0000", "A_0001")
    write_run(traces, simulation(stations=stations, components="XYZ", duration=10), "Veloc")
    (tmp_path / "given.csv").write_text("station,magnitude\nA_0001,4.9\n")
    table = tmp_path / "table.csv"
    words = ["scenarios", "files", traces, "--origin", "44.5,4.6"]
    words += ["--scenarios", tmp_path / "given.csv", "-o", table]
    done = CliRunner().invoke(obb, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["station"] for row in rows] == [".A_0000", ".A_0001"]
    assert [row["magnitude"] for row in rows] == ["", "4.9"]
    assert {row["latitude"] for row in rows} == {"44.5"}
    # What it writes, it reads; and it replaces nothing.
    again = [*words[:5], "--scenarios", table, "-o", table]
    done = CliRunner().invoke(obb, [str(word) for word in again])
    assert done.exit_code == 1
    assert "exists" in done.output
    again[-1] = tmp_path / "again.csv"
    assert CliRunner().invoke(obb, [str(word) for word in again]).exit_code == 0
    assert (tmp_path / "again.csv").read_text() == table.read_text()


def test_what_cannot_be_read_is_said_and_the_exit_code_says_so(simulation, tmp_path):
    for trace in simulation(duration=10):
        trace.write(str(tmp_path / f"{trace.id}.sac"), format="SAC")
    (tmp_path / "broken.sac").write_bytes(b"x")
    done = CliRunner().invoke(
        obb, ["scenarios", "files", str(tmp_path), "-o", str(tmp_path / "t.csv")]
    )
    assert done.exit_code == 2
    assert "broken.sac is of no known waveform format" in done.output
