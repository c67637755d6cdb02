"""Whatever a file holds: detection says no, and a reader raises one InputError; nothing else, and
no hang."""

import importlib

import numpy as np
import pytest
from mangling import ARGUMENTS, SAMPLES, TEXTS, mangle
from obspy import Stream
from sem3d_files import write_rank

from obspy_broadband.errors import InputError

FORMATS = ("SEM3D", *TEXTS)


def module(name):
    return importlib.import_module(f"obspy_broadband.io.{name.lower()}")


def attempt(name, path):
    """Read, and let only an InputError pass."""
    assert module(name).is_format(str(path)) in (True, False)
    try:
        return module(name).read(str(path), **ARGUMENTS.get(name, {}))
    except InputError as error:
        assert str(error)
        return None


@pytest.mark.parametrize("name", TEXTS)
def test_the_unmangled_file_is_read(name, tmp_path):
    path = tmp_path / TEXTS[name][0]
    path.write_text(TEXTS[name][1])
    assert isinstance(attempt(name, path), Stream)
    assert module(name).is_format(str(path)) == (name not in ARGUMENTS)


@pytest.mark.filterwarnings("ignore:.*written again")
@pytest.mark.parametrize("name", TEXTS)
def test_mangled_text(name, tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / TEXTS[name][0]
    good = TEXTS[name][1].encode()
    for _ in range(120):
        path.write_bytes(mangle(good, rng))
        attempt(name, path)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\n" * 50, b"\x89HDF\r\n\x1a\n" + b"x" * 200, b"1 2\n3 4\n"]
)
def test_rubbish(name, content, tmp_path):
    path = tmp_path / "file.dat"
    path.write_bytes(content)
    assert not module(name).is_format(str(path))
    if name not in ARGUMENTS or not content.startswith(b"1"):
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
    rows = np.column_stack([np.arange(1, 41) * 0.01, np.ones((40, 6))])
    path = tmp_path / "capteurs.0000.h5"
    write_rank(path, {"A_0000": (rows, (0, 0, 0))}, ("Veloc", "Accel"))
    good = path.read_bytes()
    assert attempt("SEM3D", path)
    rng = np.random.default_rng(2)
    for _ in range(150):
        path.write_bytes(mangle(good, rng))
        attempt("SEM3D", path)


def test_a_header_that_claims_too_much_costs_nothing(tmp_path):
    path = tmp_path / "a.at2"
    path.write_text(TEXTS["AT2"][1].replace(f"NPTS= {SAMPLES}", "NPTS= 99999999999"))
    with pytest.raises(InputError, match="99999999999"):
        module("AT2").read(path)
