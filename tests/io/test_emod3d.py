"""EMOD3D's binary seismograms, written here by struct from the description in qcore."""

import struct

import numpy as np
import obspy
import pytest
from mangling import attempt_mangled
from streams import values

from obspy_broadband.errors import InputError
from obspy_broadband.io import emod3d

SAMPLES, STEP = 300, 0.02
STATIONS = ("STA1", "LONGNAME", "S3")
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, len(STATIONS), 9))


def write(path, order="<", rotation=-35.0, names=STATIONS, motion=MOTION):
    parts = [struct.pack(f"{order}i", len(names))]
    for index, name in enumerate(names):
        parts.append(
            struct.pack(
                f"{order}5i5f8s",
                index,
                10 + index,
                20,
                1,
                len(motion),
                STEP,
                0.4,
                rotation,
                -43.5 - 0.1 * index,
                172.6,
                name.encode(),
            )
        )
    parts.append(motion.astype(f"{order}f4").tobytes())
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_stations(tmp_path, order):
    stream = obspy.read(write(tmp_path / "R01_seis-00041.e3d", order))
    assert [trace.id for trace in stream[3:6]] == [
        ".LONGNAME..BXX",
        ".LONGNAME..BXY",
        ".LONGNAME..BXZ",
    ]
    stats = stream[3].stats
    assert (stats._format, stats.units, stats.delta, stats.npts) == ("EMOD3D", "cm/s", 0.02, 300)
    assert stats.coordinates.latitude == pytest.approx(-43.6)
    assert stats.coordinates.longitude == pytest.approx(172.6)
    expected = MOTION[:, 1, :3] * [1, 1, -1]  # z points down
    assert values(stream[3:6]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("rotation", [0.0, -35.0, 120.0])
def test_axes_are_turned_as_qcore_turns_them(tmp_path, rotation):
    """East, north and up are (x, y, z) times the matrix of qcore's LFSeis."""
    stream = obspy.read(write(tmp_path / "a.e3d", rotation=rotation), stations=["S3"])
    angle = np.deg2rad(rotation)
    matrix = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0.0],
            [-np.sin(angle), -np.cos(angle), 0.0],
            [0.0, 0.0, -1.0],
        ]
    )
    expected = MOTION[:, 2, :3] @ matrix
    turned = np.zeros_like(expected)
    for trace in stream:
        azimuth, dip = np.deg2rad([trace.stats.orientation.azimuth, trace.stats.orientation.dip])
        along = [np.cos(dip) * np.sin(azimuth), np.cos(dip) * np.cos(azimuth), -np.sin(dip)]
        turned += np.outer(trace.data, along)
    assert turned == pytest.approx(expected, abs=1e-5)


def test_stations_by_name_and_without_a_name(tmp_path):
    path = write(tmp_path / "a.e3d", names=("STA1", "", "S3"))
    assert {trace.stats.station for trace in obspy.read(path)} == {"STA1", "S3"}
    stream = obspy.read(path, stations=["S3"], network="NZ")
    assert [trace.id for trace in stream] == ["NZ.S3..BXX", "NZ.S3..BXY", "NZ.S3..BXZ"]
    with pytest.raises(InputError, match="no station S4"):
        obspy.read(path, stations=["S4"])
    with pytest.raises(InputError, match=r"without station=.*Did you mean stations="):
        obspy.read(path, station="S3")


def test_files_that_are_cut_off_or_of_other_programs_are_refused(tmp_path):
    path = write(tmp_path / "a.e3d")
    path.write_bytes(path.read_bytes()[:-4])
    assert not emod3d.is_format(str(path))
    with pytest.raises(InputError, match="cut off"):
        obspy.read(path, format="EMOD3D")
    path.write_bytes(b"\0" * 1000)
    assert not emod3d.is_format(str(path))
    broken = MOTION.copy()
    broken[7, 1, 2] = np.nan
    with pytest.raises(InputError, match="LONGNAME has samples that are NaN"):
        obspy.read(write(path, motion=broken))
    attempt_mangled(emod3d, write(path), 100, 3)
