"""ASDF files of other programs: what their numbers are is read, and a response is for counts."""

import io
import json

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb
from obspy import Inventory, UTCDateTime
from obspy.core.inventory import Channel, Network, Station
from obspy.core.inventory.response import Response

from obspy_broadband.errors import InputError
from obspy_broadband.records.record import read_records
from obspy_broadband.sources.folder import FolderSource

EVENT, PROCESSED, RAW = "us1000abcd", "us1000abcd_default", "us1000abcd_raw"
GAIN = 4e5  # counts per m/s²
START = UTCDateTime(2020, 1, 1)


def motion(seed):
    """m/s², peak 0.1."""
    times = np.arange(3000) / 50.0
    x = np.sin(2 * np.pi * (0.4 + 0.1 * seed) * times) * np.exp(-((times - 25) ** 2) / 60)
    return 0.1 * x / np.abs(x).max()


def station_xml():
    response = Response.from_paz(
        [], [-1000 + 0j], GAIN, input_units="M/S**2", output_units="COUNTS",
        normalization_frequency=1.0, normalization_factor=1000.0,
    )  # fmt: skip
    channels = [
        Channel("HN" + code, "", 45, 5, 0, 0, sample_rate=50.0, response=response) for code in "ZNE"
    ]
    station = Station("AAA", 45, 5, 0, channels=channels, creation_date=UTCDateTime(2000, 1, 1))
    written = io.BytesIO()
    Inventory([Network("XX", [station])], source="x").write(written, format="STATIONXML")
    return np.frombuffer(written.getvalue(), dtype=np.uint8)


def workspace(path, tags):
    """An ASDF file by h5py alone: {tag: (factor from m/s², type)}."""
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = np.bytes_("ASDF")
        file.attrs["file_format_version"] = np.bytes_("1.0.3")
        group = file.create_group("Waveforms/XX.AAA")
        group["StationXML"] = station_xml()
        for tag, (factor, kind) in tags.items():
            for seed, code in enumerate("ZNE"):
                name = f"XX.AAA..HN{code}__2020-01-01T00:00:00__2020-01-01T00:00:59__{tag}"
                group[name] = (factor * motion(seed)).astype(kind)
                group[name].attrs["starttime"] = START.ns
                group[name].attrs["sampling_rate"] = 50.0
    return path


def records_by_tag(path, units=None):
    """{tag: peak in m/s² or the reason}."""
    source, peaks = FolderSource((str(path),)), {}
    for item in source.items():
        loaded = source.read(item)
        records, refusals = read_records(loaded.stream, units, loaded.inventory)
        tag = item.key.rsplit(":", 1)[-1]
        peaks[tag] = np.abs(records[0].data).max() if records else refusals[0].reason
    return peaks


def test_counts_and_processed_of_gmprocess_are_one_motion(tmp_path):
    path = workspace(tmp_path / "workspace.h5", {PROCESSED: (100.0, "f8"), RAW: (GAIN, "i4")})
    peaks = records_by_tag(path)
    assert peaks[PROCESSED] == pytest.approx(0.1, rel=1e-6)
    assert peaks[RAW] == pytest.approx(0.1, rel=0.01)
    in_cm = records_by_tag(path, "cm/s**2")
    assert in_cm[PROCESSED] == pytest.approx(0.1, rel=1e-6)
    assert "in counts" in in_cm[RAW]


def test_the_unit_in_the_provenance_of_a_trace(tmp_path):
    path = workspace(tmp_path / "workspace.h5", {PROCESSED: (1 / 9.80665, "f8")})
    document = (
        b"<prov:document><prov:activity><seis_prov:input_units>counts</seis_prov:input_units>"
        b'<seis_prov:output_units xsi:type="xsd:string">cm/s^2</seis_prov:output_units>'
        b'</prov:activity><seis_prov:output_units xsi:type="xsd:string">g'
        b"</seis_prov:output_units></prov:document>"
    )
    with h5py.File(path, "a") as file:
        for code in "zne":
            name = f"Provenance/xx_aaa__hn{code}_us1000abcd_default"
            file[name] = np.frombuffer(document, dtype=np.uint8)
    assert records_by_tag(path)[PROCESSED] == pytest.approx(0.1, rel=1e-6)


def test_the_unit_in_supplemental_stats(tmp_path):
    """gmprocess' raw label may hold physical units: those of V1 files."""
    path = workspace(tmp_path / "workspace.h5", {RAW: (100.0, "f8"), PROCESSED: (100.0, "f8")})
    document = json.dumps({"standard": {"units": "cm/s/s", "units_type": "acc"}}).encode()
    with h5py.File(path, "a") as file:
        group = file.create_group("AuxiliaryData/StreamSupplementalStats/XX.AAA")
        for tag in (RAW, PROCESSED):
            group[f"XX.AAA..HN_{tag}"] = np.frombuffer(document, dtype=np.uint8)
    for peak in records_by_tag(path).values():
        assert peak == pytest.approx(0.1, rel=1e-6)


def test_tags_are_chosen(tmp_path):
    path = workspace(tmp_path / "workspace.h5", {PROCESSED: (100.0, "f8"), RAW: (GAIN, "i4")})
    for tag, chosen in (("*_default", {PROCESSED}), (RAW, {RAW}), (None, {PROCESSED, RAW})):
        items = FolderSource((str(path),), tag=tag).items()
        assert {item.key.rsplit(":", 1)[-1] for item in items} == chosen
    (item,) = FolderSource((str(path),), tag="*_final").items()
    with pytest.raises(InputError, match=f"it has {PROCESSED}, {RAW}"):
        FolderSource((str(path),), tag="*_final").read(item)


@pytest.mark.parametrize("tag", ["synthetic", "observed_processed", "preprocessed_1"])
def test_processed_waveforms_of_others_are_not_divided_by_a_response(tmp_path, tag):
    path = workspace(tmp_path / "others.h5", {tag: (1.0, "f4")})
    with pytest.warns(UserWarning, match="Nothing says"):
        assert records_by_tag(path)[tag] == pytest.approx(0.1, rel=1e-6)


def test_raw_recordings_lose_their_response(tmp_path):
    path = workspace(tmp_path / "others.h5", {"raw_recording": (GAIN, "f8")})
    assert records_by_tag(path)["raw_recording"] == pytest.approx(0.1, rel=0.01)


def test_a_tag_is_chosen_for_measuring(tmp_path):
    tags = {PROCESSED: (100.0, "f8"), RAW: (GAIN, "i4"), "synthetic": (1.0, "f8")}
    path = workspace(tmp_path / "workspace.h5", tags)

    def measure(*words):
        return CliRunner().invoke(obb, ["measure", str(path), "--periods", "1", *words])

    assert "of ASDF, one tag: --read tag=" in measure().output
    result = measure("--read", "tag=*_default")
    assert result.exit_code == 0, result.output
    assert result.output.count("XX.AAA..HN,") == 1
    raw = measure("--read", f"tag={RAW}")
    assert raw.exit_code == 0, raw.output
    assert "deprecated" not in raw.output
    assert f"it has synthetic, {PROCESSED}, {RAW}" in measure("--read", "tag=nope").output
