"""What a user says of files reaches the readers that know it, from every command alike."""

import io

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Inventory, Stream, Trace, UTCDateTime, read
from obspy.core.inventory import Channel, Network, Station
from obspy.core.inventory.response import Response

from obspy_broadband import Ensemble
from obspy_broadband.errors import InputError
from obspy_broadband.sources.waveforms import read_waveforms


def run(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


@pytest.fixture
def columns(simulation, tmp_path):
    """A table of time, Z, N, E in m/s², the vertical fifty times the horizontals."""
    vertical, north, east = (simulation(components=code, duration=30)[0].data for code in "ZNE")
    table = np.column_stack([0.02 * np.arange(len(north)), 50 * vertical, north, east])
    path = tmp_path / "s1.txt"
    np.savetxt(path, table, fmt="%.6f %.9e %.9e %.9e", header="time Z N E (m/s2)")
    return path, table


def test_columns_are_named_or_refused(columns):
    path, table = columns
    done = run("measure", path, "--read", "format=COLUMNS", "--periods", 1)
    assert done.exit_code == 1
    assert "--read components=ZNE" in done.output
    reading = ("--read", "format=columns", "--read", "components=ZNE")
    done = run("measure", path, *reading, "--periods", 1)
    assert done.exit_code == 0, done.output
    measured = pd.read_csv(io.StringIO(done.stdout)).iloc[0]
    largest = np.abs(table[:, 1:]).max(axis=0)
    assert measured.pga_vertical_m_s2 == pytest.approx(largest[0], rel=0.01)
    assert measured.pga_m_s2 < 1.5 * largest[1:].max()


def test_columns_are_enriched_with_their_names(columns, tmp_path):
    path, _ = columns
    words = (path, "-n", 1, "--seed", 1, "--read", "format=COLUMNS")
    assert run("enrich", *words, "-o", tmp_path / "no").exit_code == 1
    done = run("enrich", *words, "-o", tmp_path / "one", "--read", "components=ZNE")
    assert done.exit_code == 0, done.output
    (record,) = Ensemble.read(tmp_path / "one").records
    assert [header.channel[-1] for header in record.headers] == ["Z", "N", "E"]
    wanted = ("--read", "components=ZNE", "--to", "opensees", "--workers", 1)
    done = run("archive", "run", "files", *words, "-o", tmp_path / "run", *wanted)
    assert done.exit_code == 0, done.output
    written = sorted((tmp_path / "run/records").glob("*/realization-0000/*_dt0.01.txt"))
    assert len(written) == 3
    assert {read(str(path), format="OPENSEES")[0].stats.channel[-1] for path in written} == set(
        "ZNE"
    )


def test_a_folder_with_all_quantities_of_specfem(tmp_path):
    times = 0.05 * np.arange(800) - 10
    motion = np.exp(-((times - 5) ** 2) / 2)
    motions = {"semd": motion}
    motions["semv"] = np.gradient(motions["semd"], 0.05)
    motions["sema"] = np.gradient(motions["semv"], 0.05)
    folder = tmp_path / "OUTPUT_FILES"
    folder.mkdir()
    for kind, values in motions.items():
        for number, code in enumerate("ENZ", 1):
            np.savetxt(folder / f"CE.K400.BX{code}.{kind}", np.c_[times, number * values])
    (folder / "STATIONS").write_text("K400 CE 34.0370 -118.1780 0.0 100.0\n")
    done = run(
        "archive", "run", "files", folder, "-n", 1, "--seed", 1, "--workers", 1,
        "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "acceleration is read" in done.output
    assert "1 items done, 1 records, 0 items skipped" in done.output
    (ensemble,) = (tmp_path / "run/records").iterdir()
    (record,) = Ensemble.read(ensemble).records
    assert np.abs(record.low_frequency).max() == pytest.approx(
        3 * np.abs(motions["sema"]).max(), rel=0.02
    )
    done = run(
        "enrich", folder, "--read", "quantity=velocity", "--dry-run", "-o", tmp_path / "none"
    )
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 records")
    done = run("measure", folder / "*.semd", "--read", "quantity=velocity")
    assert done.output == "obb: None of the files holds velocity.\n"


def test_components_name_the_one_of_a_file_of_one(tmp_path):
    samples = np.random.default_rng(0).normal(size=3000)
    rows = "".join(f"{x:15.7E}" + "\n" * (k % 5 == 4) for k, x in enumerate(samples))
    header = (
        "PEER\nEvent, 1/1/1990, Sta, unnamed\nACCELERATION IN UNITS OF G\nNPTS= 3000, DT= .01\n"
    )
    (tmp_path / "a.AT2").write_text(header + rows)
    words = ("measure", tmp_path / "a.AT2", "--periods", 1)
    assert "Pass component= (--read components=)" in run(*words).output
    assert run(*words, "--read", "components=UP").exit_code == 0


def test_what_a_format_does_not_know_is_refused_but_a_choice_of_quantity(tmp_path):
    """axes= on SAC would be a silent wrong answer; a format of one quantity has none to choose."""
    trace = Trace(np.zeros(100, np.float32), {"delta": 0.01})
    for format in ("SAC", "MSEED"):
        path = tmp_path / f"a.{format.lower()}"
        Stream([trace]).write(str(path), format=format)
        assert len(read_waveforms(path, quantity="velocity")[0]) == 100
        for option in ({"components": "ZNE"}, {"dt": 0.01}, {"axes": "NEZ"}, {"azimuth": 30.0}):
            with pytest.raises(InputError, match=f"{format} files are read without"):
                read_waveforms(path, **option)


def test_components_whose_names_share_no_beginning_are_measured_together(simulation, tmp_path):
    """K-NET's NS, EW, UD are one station, KiK-net's NS1, ... and NS2, ... are two."""
    parts = {
        "one": ("NS", "EW", "UD"),
        "two": ("NS1", "EW1", "UD1", "NS2", "EW2", "UD2"),
    }
    for station, channels in parts.items():
        for number, channel in enumerate(channels):
            trace = simulation(duration=30)[number % 3]
            trace.stats.update({"station": station.upper(), "channel": channel})
            trace.write(tmp_path / f"{station}.{channel}.mseed", format="MSEED")
    done = run("measure", tmp_path, "--units", "m/s**2", "--periods", 1)
    assert done.exit_code == 0, done.output
    measured = pd.read_csv(io.StringIO(done.stdout))
    assert [id.split(".")[1:3] for id in measured.station] == [
        ["ONE", ""],
        ["TWO", "01"],
        ["TWO", "02"],
    ]
    assert measured.pga_vertical_m_s2.notna().all()


def recorded(folder):
    """Counts of one station at azimuths 30 and 120, and the StationXML that says so."""
    response = Response.from_paz(
        [], [-1000 + 0j], 1e6, input_units="M/S**2", output_units="COUNTS",
        normalization_frequency=1.0, normalization_factor=1000.0,
    )  # fmt: skip
    times = np.arange(1500) / 50.0
    channels, motion = [], {}
    for code, azimuth, dip in (("HNZ", 0, -90), ("HN1", 30, 0), ("HN2", 120, 0)):
        wave = np.sin(2 * np.pi * times) * np.exp(-((times - 15) ** 2) / 20)
        motion[code] = wave * {"HNZ": 0.1, "HN1": 0.3, "HN2": 0.0}[code]
        motion[code] += 1e-3 * np.sin(2.1 * times)  # no channel is dead
        counts = np.rint(1e6 * motion[code]).astype(np.int32)
        header = {"network": "XX", "station": "A", "channel": code, "sampling_rate": 50.0}
        header["starttime"] = UTCDateTime(2020, 1, 1)
        Trace(counts, header).write(folder / f"{code}.mseed", format="MSEED")
        channels.append(Channel(code, "", 45, 5, 0, 0, azimuth=azimuth, dip=dip, response=response))
    Inventory([Network("XX", [Station("A", 45, 5, 0, channels=channels)])], source="x").write(
        folder / "stations.xml", format="STATIONXML"
    )
    return folder / "stations.xml"


def test_counts_are_measured_with_the_response_of_an_inventory(tmp_path):
    stations = recorded(tmp_path)
    done = run("measure", tmp_path / "*.mseed", "--periods", 1)
    assert done.exit_code == 1
    assert "--inventory" in done.output
    done = run("measure", tmp_path, "--inventory", stations, "--periods", 1)
    assert done.exit_code == 0, done.output
    measured = pd.read_csv(io.StringIO(done.stdout)).iloc[0]
    assert measured.pga_vertical_m_s2 == pytest.approx(0.1, rel=0.05)


def test_a_workspace_of_gmprocess_is_measured(tmp_path):
    motion = 10 * np.sin(np.arange(1500) / 8.0) * np.hanning(1500)
    with h5py.File(tmp_path / "workspace.h5", "w") as file:
        file.attrs["file_format"] = np.bytes_("ASDF")
        for tag, factor in (("ev_default", 1.0), ("ev_raw", 5e3)):
            for code in "ZNE":
                name = f"Waveforms/XX.AAA/XX.AAA..HN{code}__2020__2020__{tag}"
                file[name] = factor * motion
                file[name].attrs["starttime"] = UTCDateTime(2020, 1, 1).ns
                file[name].attrs["sampling_rate"] = 50.0
    done = run("measure", tmp_path / "workspace.h5", "--periods", 1)
    assert done.exit_code == 0, done.output
    measured = pd.read_csv(io.StringIO(done.stdout)).iloc[0]
    assert measured.pga_vertical_m_s2 == pytest.approx(0.1, rel=0.01)
