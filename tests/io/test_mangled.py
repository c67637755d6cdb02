"""Whatever a file holds: detection says no, and a reader raises one InputError; nothing else, and
no hang."""

import importlib

import numpy as np
import pytest
from obspy import Stream

from obspy_broadband.errors import InputError

FORMATS = ("sem3d", "specfem", "sw4", "bbp", "seissol", "hercules", "columns", "at2")
TABLE = "\n".join(
    f"{0.01 * k:.4f} {np.sin(k):.5e} {np.cos(k):.5e} {np.sin(2 * k):.5e}" for k in range(40)
)
TWO = "\n".join(f"{0.01 * k:.4f} {np.sin(k):.5e}" for k in range(40))
SW4 = (
    "# Author: SW4\n# Scenario: test\n# Date: UTC  11/11/2019:10:52:45.123\n# Station: s\n"
    "# Actual location (WGS84 longitude, latitude) (deg): 4.6 44.5\n# nColumns: 4\n# Column 1: "
    "Time (s)\n"
    "# Column 2: X velocity (m/s)\n# Column 3: Y velocity (m/s)\n# Column 4: Z velocity (m/s)\n"
)
GOOD = {
    "specfem": ("DB.X20.BXZ.semv", TWO),
    "sw4": ("s.txt", SW4 + TABLE),
    "bbp": ("s.acc.bbp", "#  time(sec) N-S(cm/s/s) E-W(cm/s/s) U-D(cm/s/s)\n" + TABLE),
    "seissol": (
        "r-receiver-00001.dat",
        'TITLE = "Temporal Signal for receiver number 00001"\nVARIABLES = "Time","v1","v2","v3"\n'
        "# x1 1.0\n# x2 2.0\n# x3 3.0\n" + TABLE,
    ),
    "hercules": ("station.0", "#  Time(s)  X|(m/s)  Y-(m/s)  Z.(m/s)\n" + TABLE),
    "columns": ("a.txt", TABLE),
    "at2": (
        "a.at2",
        "PEER\nEvent, date, STA, 090\nACCELERATION TIME SERIES IN UNITS OF G\nNPTS= 40, DT= "
        ".0100 SEC\n" + "\n".join(f"{np.sin(k):15.7E}" for k in range(40)),
    ),
}


def module(name):
    return importlib.import_module(f"obspy_broadband.io.{name}")


def attempt(name, path):
    """Read, and let only an InputError pass."""
    assert module(name).is_format(str(path)) in (True, False)
    try:
        return module(name).read(str(path))
    except InputError as error:
        assert str(error)
        return None


@pytest.mark.parametrize("name", GOOD)
def test_the_unmangled_file_is_read(name, tmp_path):
    path = tmp_path / GOOD[name][0]
    path.write_text(GOOD[name][1])
    assert isinstance(attempt(name, path), Stream)
    assert module(name).is_format(str(path)) == (name != "columns")


@pytest.mark.parametrize("name", GOOD)
def test_mangled_text(name, tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / GOOD[name][0]
    good = GOOD[name][1].encode()
    for _ in range(120):
        bad = bytearray(good)
        kind = rng.integers(5)
        if kind == 0:
            del bad[rng.integers(len(bad)) :]
        elif kind == 1:
            for at in rng.integers(len(bad), size=rng.integers(1, 20)):
                bad[at] = rng.integers(256)
        elif kind == 2:
            at = sorted(rng.integers(len(bad), size=2))
            del bad[at[0] : at[1]]
        elif kind == 3:
            at = rng.integers(len(bad))
            bad[at:at] = rng.choice(
                [b"NaN", b"inf", b"1e999", b"\n", b",", b"-", b"99999999999", b"\xff\xfe"]
            )
        else:
            lines = bytes(bad).split(b"\n")
            rng.shuffle(lines)
            bad = bytearray(b"\n".join(lines))
        path.write_bytes(bad)
        attempt(name, path)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\n" * 50, b"\x89HDF\r\n\x1a\n" + b"x" * 200, b"1 2\n3 4\n"]
)
def test_rubbish(name, content, tmp_path):
    path = tmp_path / "file.dat"
    path.write_bytes(content)
    assert not module(name).is_format(str(path))
    if name != "columns" or not content.startswith(b"1"):
        assert attempt(name, path) is None


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_no_file(name, tmp_path):
    import io

    assert not module(name).is_format(str(tmp_path))
    assert not module(name).is_format(str(tmp_path / "nothing"))
    assert not module(name).is_format(io.BytesIO(b"abc"))
    with pytest.raises(InputError):
        module(name).read(str(tmp_path / "DB.X20.BXZ.semv"))


def test_mangled_hdf5(tmp_path):
    import h5py

    path = tmp_path / "capteurs.0000.h5"
    with h5py.File(path, "w") as file:
        file["Variables"] = np.array([f"{'Veloc':<10}{axis:2d}" for axis in (1, 2, 3)], dtype="S12")
        file["A_0000"] = np.column_stack([np.arange(1, 41) * 0.01, np.ones((40, 3))])
        file["A_0000_pos"] = np.zeros(3)
    good = path.read_bytes()
    assert attempt("sem3d", path)
    rng = np.random.default_rng(2)
    for _ in range(150):
        bad = bytearray(good)
        if rng.integers(3):
            for at in rng.integers(8, len(bad), size=rng.integers(1, 30)):
                bad[at] = rng.integers(256)
        else:
            del bad[rng.integers(9, len(bad)) :]
        path.write_bytes(bad)
        attempt("sem3d", path)


def test_a_header_that_claims_too_much_costs_nothing(tmp_path):
    path = tmp_path / "a.at2"
    path.write_text(GOOD["at2"][1].replace("NPTS= 40", "NPTS= 99999999999"))
    with pytest.raises(InputError, match="99999999999"):
        module("at2").read(path)
