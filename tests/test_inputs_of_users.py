"""Inputs that users brought, from the file to the number: each once gave a wrong answer.

Files are written here by NumPy, h5py and ObsPy's own SAC writer, none by this package's writers.
"""

import numpy as np
import obspy
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Inventory, Stream, Trace, UTCDateTime
from obspy.core.inventory import Channel, Network, Station
from obspy.core.inventory.response import Response
from obspy.io.sac import SACTrace
from sem3d_files import write_run

import obspy_broadband  # noqa: F401 - gives Stream its .enrich()
from obspy_broadband.ensemble.measures import measure
from obspy_broadband.errors import InputError

RATE, SAMPLES = 50.0, 3000
TIMES = np.arange(SAMPLES) / RATE


def low_frequencies(seed=0, amplitude=0.1, corner=1.0):
    """Noise to the corner under an envelope that begins at 10 s."""
    frequencies = np.fft.rfftfreq(SAMPLES, 1 / RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=SAMPLES))
    shape = np.exp(-((frequencies / corner) ** 4)) * frequencies / (frequencies + 0.1)
    motion = np.fft.irfft(spectrum * shape, SAMPLES)
    motion *= np.where(TIMES > 10, (TIMES - 10) / 3 * np.exp(-(TIMES - 10) / 6), 0.0)
    return amplitude * motion / np.abs(motion).max()


def station(codes="ZNE", name="AAA", amplitude=0.1, dtype=float, **header):
    start = header.pop("starttime", UTCDateTime(2020, 1, 1))
    return Stream(
        Trace(
            low_frequencies(number, amplitude).astype(dtype),
            {
                "network": "XX", "station": name, "channel": "HN" + code, "sampling_rate": RATE,
                "starttime": start, **header,
            },
        )
        for number, code in enumerate(codes)
    )  # fmt: skip


def with_response(response=True):
    flat = Response.from_paz(
        [], [-1000 + 0j], 4e5, input_units="M/S**2", output_units="COUNTS",
        normalization_frequency=1.0, normalization_factor=1000.0,
    )  # fmt: skip
    channels = [
        Channel("HN" + code, "", 45, 5, 0, 0, sample_rate=RATE, response=flat if response else None)
        for code in "ZNE"
    ]
    place = Station("AAA", 45, 5, 0, channels=channels, creation_date=UTCDateTime(2000, 1, 1))
    return Inventory([Network("XX", [place])], source="test")


def pga(stream, **arguments):
    return measure(stream, periods=[1.0], **arguments).pga_m_s2.iloc[0]


def invoke(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


def test_counts_in_miniseed(tmp_path, noise):
    station(amplitude=1e5, dtype=np.int32).write(str(tmp_path / "raw.mseed"), format="MSEED")
    raw = obspy.read(tmp_path / "raw.mseed")
    with pytest.raises(InputError, match="counts"):
        raw.enrich(noise, n=1, seed=1)
    done = invoke("enrich", tmp_path / "raw.mseed", "-n", 1, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "--inventory" in done.output
    right = pga(station(units="m/s**2")) * 1e6 / 4e5
    assert pga(raw, inventory=with_response()) == pytest.approx(right, rel=0.01)


def test_an_inventory_for_coordinates(noise):
    stream = station(units="m/s**2")
    plain = stream.enrich(noise, n=1, seed=1)[0]
    for inventory in (with_response(False), with_response(True)):
        assert stream.enrich(noise, n=1, seed=1, inventory=inventory)[0][0].data == pytest.approx(
            plain[0].data, rel=1e-12
        )


def test_openswpc_in_nm_per_s(tmp_path):
    for number, name in enumerate(("Vx", "Vy", "Vz")):
        SACTrace(
            data=(low_frequencies(number, 0.01) * 1e9).astype("f4"), delta=1 / RATE, kstnm="ST01",
            kcmpnm=name, b=0.0, idep="ivel",
        ).write(str(tmp_path / f"ST01.{name}.sac"))  # fmt: skip
    stream = obspy.read(tmp_path / "ST01.*.sac")
    with pytest.raises(InputError, match="nm/s"):
        measure(stream)
    peaks = [np.abs(low_frequencies(number, 0.01)).max() for number in range(3)]
    assert peaks == pytest.approx([0.01] * 3)
    assert measure(stream, units="nm/s", periods=[1.0]).pgv_m_s.iloc[0] == pytest.approx(
        0.012, rel=0.3
    )


def test_columns_on_the_command_line(tmp_path):
    parts = [low_frequencies(seed, size) for seed, size in ((1, 0.5), (2, 0.01), (3, 0.01))]
    np.savetxt(tmp_path / "s1.txt", np.column_stack([TIMES, *parts]), header="time Z N E (m/s2)")
    path = tmp_path / "s1.txt"
    refused = invoke("measure", path, "--read", "format=COLUMNS")
    assert refused.exit_code == 1
    assert "--read components=" in refused.output
    reading = ("--read", "format=COLUMNS", "--read", "components=ZNE")
    done = invoke("measure", path, *reading, "--periods", 1)
    assert done.exit_code == 0
    table = pd.read_csv(pd.io.common.StringIO(done.stdout))
    assert table.pga_vertical_m_s2[0] == pytest.approx(0.5, rel=0.01)
    assert table.pga_m_s2[0] == pytest.approx(0.01, rel=0.05)


def test_a_peer_station_in_three_files(tmp_path):
    """180, 270 and DWN are south, west and down."""
    up, north, east = (low_frequencies(seed, 0.02) for seed in range(3))
    for name, motion in (("180", -north), ("270", -east), ("DWN", -up)):
        rows = "\n".join(
            "".join(f"{value:15.7E}" for value in motion[first : first + 5])
            for first in range(0, SAMPLES, 5)
        )
        (tmp_path / f"ELC{name}.AT2").write_text(
            "PEER NGA STRONG MOTION DATABASE RECORD\n"
            f"Imperial Valley-02, 5/19/1940, El Centro Array #9, {name}\n"
            "ACCELERATION TIME SERIES IN UNITS OF G\n"
            f"NPTS=   {SAMPLES}, DT=   .0200 SEC,\n{rows}\n"
        )
    ensemble = obspy.read(tmp_path / "ELC*.AT2").enrich(n=1, seed=1, corner=1.0)
    made = ensemble.low_frequency
    for code, motion in (("Z", up), ("N", north), ("E", east)):
        found = made.select(component=code)[0].data[::2][:SAMPLES]
        assert np.corrcoef(found, motion)[0, 1] > 0.99
        assert np.abs(found).max() == pytest.approx(9.80665 * 0.02, rel=0.15)


def test_specfem_s_three_quantities_in_one_folder(tmp_path):
    acceleration = [low_frequencies(seed) for seed in range(3)]
    velocity = [np.cumsum(one) / RATE for one in acceleration]
    displacement = [np.cumsum(one) / RATE for one in velocity]
    for kind, parts in (("semd", displacement), ("semv", velocity), ("sema", acceleration)):
        for code, motion in zip("ENZ", parts):
            rows = "\n".join(f"{t:.6f} {x:.9e}" for t, x in zip(TIMES - 1.5, motion))
            (tmp_path / f"CE.K400.BX{code}.{kind}").write_text(rows + "\n")
    alone = pga(obspy.read(tmp_path / "*.sema"))
    with pytest.warns(UserWarning, match=r"acceleration is taken"):
        assert pga(obspy.read(tmp_path / "CE.K400.*")) == alone
    assert pga(obspy.read(tmp_path / "CE.K400.*", quantity="velocity")) == pytest.approx(
        alone, rel=0.02
    )
    done = invoke("measure", tmp_path, "--read", "quantity=acceleration", "--periods", 1)
    assert float(done.stdout.splitlines()[1].split(",")[1]) == pytest.approx(alone, rel=1e-4)


def test_a_run_of_sem3d_as_bbp(tmp_path):
    write_run(tmp_path / "run" / "traces", station("XYZ", "A_0000", network="", units="m/s**2"))
    out = tmp_path / "out"
    words = ("--to", "bbp", "-n", 1, "--seed", 1, "-o", out)
    done = invoke("archive", "run", "files", tmp_path / "run", *words)
    assert done.exit_code == 0, done.output
    assert (out / "skipped.csv").read_text() == "item,record,reason\n"
    (path,) = out.glob("records/*/realization-0000/*.bbp")
    made = np.loadtxt(path)
    realization = obspy.read(path)
    assert [trace.stats.channel[-1] for trace in realization] == ["N", "E", "Z"]
    assert made.shape[1] == 4


def test_a_run_is_plotted_measured_and_evaluated_by_its_folder(tmp_path):
    write_run(tmp_path / "run" / "traces", station("XYZ", "A_0000", network="", units="m/s**2"))
    out = tmp_path / "out"
    assert invoke(
        "archive", "run", "files", tmp_path / "run", "-n", 2, "--seed", 7, "-o", out
    ).exit_code == 0  # fmt: skip
    assert invoke("plot", out, "-o", tmp_path / "figures").exit_code == 0
    assert list((tmp_path / "figures").rglob("*.png"))
    measured = invoke("measure", out, "--periods", 1)
    assert measured.exit_code == 0
    assert len(pd.read_csv(pd.io.common.StringIO(measured.stdout))) == 2
    assert invoke("evaluate", out).exit_code == 0


def test_a_simulation_without_a_date_beside_a_recording(tmp_path):
    recorded = station("ENZ", "A0", starttime=UTCDateTime(2019, 11, 11, 10, 52, 45))
    (tmp_path / "rec").mkdir()
    recorded.write(str(tmp_path / "rec/r.mseed"), format="MSEED")
    simulated = station("ENZ", "A0", starttime=UTCDateTime(0), units="m/s**2")
    simulated.enrich(n=4, seed=1).write(tmp_path / "ens")
    asked = ("evaluate", tmp_path / "ens", "--recorded", tmp_path / "rec", "-u", "m/s**2")
    assert "--origin-time" in invoke(*asked).output
    done = invoke(*asked, "--origin-time", "2019-11-11T10:52:45", "-o", tmp_path / "report")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "report/report.html").is_file()


def test_sw4_s_displacement_along_a_grid(tmp_path):
    """The same ground motion from SAC along x at 143.6 degrees, z down, in m."""
    up, north, east = (low_frequencies(seed, 0.25) for seed in range(3))
    azimuth = np.deg2rad(143.638)
    along = {
        "X": (np.cos(azimuth) * north + np.sin(azimuth) * east, 143.638, 90.0),
        "Y": (-np.sin(azimuth) * north + np.cos(azimuth) * east, 233.638, 90.0),
        "Z": (-up, 0.0, 180.0),
    }
    for name, (motion, direction, incidence) in along.items():
        SACTrace(
            data=motion.astype("f4"), delta=1 / RATE, kstnm="sta1", kcmpnm=name, b=0.0,
            cmpaz=direction, cmpinc=incidence,
        ).write(str(tmp_path / f"sta1.{name.lower()}"))  # fmt: skip
    stream = obspy.read(tmp_path / "sta1.[xyz]")
    with pytest.raises(InputError, match="units="):
        stream.enrich(n=1, seed=1)
    made = stream.enrich(n=1, seed=1, units="m").low_frequency
    straight = station("ZNE", "B")
    for trace, motion in zip(straight, (up, north, east)):
        trace.data = motion
    expected = straight.enrich(n=1, seed=1, units="m").low_frequency
    for code in "ZNE":
        found, right = (one.select(component=code)[0].data for one in (made, expected))
        assert np.abs(found - right).max() < 1e-4 * np.abs(right).max()
