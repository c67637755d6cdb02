"""What a user may ask for, and what excludes what."""

import csv

import click
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obb_cli.sources import source_of, source_options
from sem3d_files import write_run

from obspy_broadband.errors import InputError
from obspy_broadband.sources.fdsn import FDSNSource
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.sds import SDSSource
from obspy_broadband.sources.seisbench import SeisBenchSource


def source(*words):
    """The source that these words mean."""
    found = []

    @click.command()
    @click.argument("inputs", nargs=-1)
    @source_options
    def command(inputs, **options):
        found.append(source_of(inputs, **options))

    done = CliRunner().invoke(command, [str(word) for word in words])
    if done.exception:
        raise done.exception
    return found[0]


def test_one_kind_each(tmp_path):
    assert isinstance(source("a/", "b/*.sac", "--format", "sac"), FolderSource)
    assert isinstance(source("--seisbench", "InstanceGM"), SeisBenchSource)
    sds = source("--sds", tmp_path, "--station", "A*", "--starttime", "2020-01-01", "--after", 60)
    assert isinstance(sds, SDSSource)
    assert (sds.channels.station, sds.channels.network, sds.times.after) == ("A*", "*", 60.0)
    fdsn = source("--fdsn", "http://127.0.0.1:80", "--min-magnitude", 4, "--within", 100)
    assert isinstance(fdsn, FDSNSource)
    assert (fdsn.min_magnitude, fdsn.within_km, fdsn.timeout) == (4.0, 100.0, 60.0)
    assert (sds.largest, fdsn.largest) == (2048 * 1024**2, 256 * 1024**2)
    assert source("a", "--largest", 5).largest == 5 * 1024**2
    assert source("a", "--origin", "44.5,4.6").metadata.origin == (44.5, 4.6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "none is given"),
        (("a", "--sds", "b"), "sds and files are given"),
        (("--sds", "a", "--fdsn", "INGV"), "sds and fdsn are given"),
        (("a", "--network", "FR"), "--network is for --sds and --fdsn, not files"),
        (("--sds", "a", "--quantity", "velocity"), "--quantity is for files, not sds"),
        (("--sds", "a", "--within", "5"), "--within is for --fdsn, not sds"),
        (("--seisbench", "a", "--before", "5"), "--before is for --sds and --fdsn"),
        (("a", "--origin", "here"), "LATITUDE,LONGITUDE"),
        (("a", "--origin", "95,5"), "no place on Earth"),
        (("a", "--largest", "0"), "must be 1 MiB or more"),
        (("--sds", "a", "--starttime", "noon"), "--starttime is 'noon'"),
        (("--sds", "a", "--after", "-5"), "--after is -5"),
        (("--sds", "a", "--network", "/etc"), "network is '/etc'"),
        (("--fdsn", "https://me:secret@example.org"), "environment"),
    ],
)
def test_what_excludes_each_other_is_said(words, told):
    with pytest.raises(InputError, match=told):
        source(*words)


def test_the_table_of_stations(simulation, tmp_path):
    traces = tmp_path / "traces"
    stations = ("A_0000", "A_0001")
    write_run(traces, simulation(stations=stations, components="XYZ", duration=10), "Veloc")
    (tmp_path / "given.csv").write_text("station,magnitude\nA_0001,4.9\n")
    table = tmp_path / "table.csv"
    words = ["scenarios", table, traces, "--origin", "44.5,4.6"]
    words += ["--scenarios", tmp_path / "given.csv"]
    done = CliRunner().invoke(obb, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["station"] for row in rows] == [".A_0000", ".A_0001"]
    assert [row["magnitude"] for row in rows] == ["", "4.9"]
    assert {row["latitude"] for row in rows} == {"44.5"}
    # What it writes, it reads; and it replaces nothing.
    again = [*words[:4], "44.5,4.6", "--scenarios", table]
    done = CliRunner().invoke(obb, [str(word) for word in again])
    assert done.exit_code == 1
    assert "exists" in done.output
    again[1] = tmp_path / "again.csv"
    assert CliRunner().invoke(obb, [str(word) for word in again]).exit_code == 0
    assert (tmp_path / "again.csv").read_text() == table.read_text()


def test_what_cannot_be_read_is_said_and_the_exit_code_says_so(simulation, tmp_path):
    for trace in simulation(duration=10):
        trace.write(str(tmp_path / f"{trace.id}.sac"), format="SAC")
    (tmp_path / "broken.sac").write_bytes(b"x")
    done = CliRunner().invoke(obb, ["scenarios", str(tmp_path / "t.csv"), str(tmp_path)])
    assert done.exit_code == 2
    assert "broken.sac is of no known waveform format" in done.output
