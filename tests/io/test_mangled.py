"""Whatever a file holds, detection returns False and a reader raises an InputError, nothing else."""

import importlib
import io

import numpy as np
import pytest
from mangling import ARGUMENTS, SAMPLES, TEXTS, attempt, attempt_mangled
from obspy import Stream
from sem3d_files import write_rank

from obspy_broadband.errors import InputError

FORMATS = ("SEM3D", *TEXTS)


def module(name):
    return importlib.import_module(f"obspy_broadband.io.{name.lower()}")


def options(name):
    return ARGUMENTS.get(name, {})


@pytest.mark.parametrize("name", TEXTS)
def test_valid_text_is_read(name, tmp_path):
    path = tmp_path / TEXTS[name][0]
    path.write_text(TEXTS[name][1])
    assert isinstance(attempt(module(name), path, **options(name)), Stream)
    assert module(name).is_format(str(path)) == (name not in ARGUMENTS)


@pytest.mark.filterwarnings("ignore:.*written again")
@pytest.mark.parametrize("name", TEXTS)
def test_mangled_text(name, tmp_path):
    path = tmp_path / TEXTS[name][0]
    path.write_text(TEXTS[name][1])
    attempt_mangled(module(name), path, 120, 1, **options(name))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\n" * 50, b"\x89HDF\r\n\x1a\n" + b"x" * 200, b"1 2\n3 4\n"]
)
def test_other_content_is_refused(name, content, tmp_path):
    path = tmp_path / "file.dat"
    path.write_bytes(content)
    assert not module(name).is_format(str(path))
    if name not in ARGUMENTS or not content.startswith(b"1"):
        assert attempt(module(name), path, **options(name)) is None


@pytest.mark.parametrize("name", FORMATS)
def test_folders_missing_files_and_buffers_are_refused(name, tmp_path):
    assert not module(name).is_format(str(tmp_path))
    assert not module(name).is_format(str(tmp_path / "nothing"))
    assert not module(name).is_format(io.BytesIO(b"abc"))
    with pytest.raises(InputError):
        module(name).read(str(tmp_path / "DB.X20.BXZ.semv"))


def test_mangled_hdf5(tmp_path):
    rows = np.column_stack([np.arange(1, 41) * 0.01, np.ones((40, 6))])
    path = tmp_path / "capteurs.0000.h5"
    write_rank(path, {"A_0000": (rows, (0, 0, 0))}, ("Veloc", "Accel"))
    assert attempt(module("SEM3D"), path)
    attempt_mangled(module("SEM3D"), path, 150, 2)


def test_a_header_with_an_impossible_number_of_samples_is_refused_at_once(tmp_path):
    path = tmp_path / "a.at2"
    path.write_text(TEXTS["AT2"][1].replace(f"NPTS= {SAMPLES}", "NPTS= 99999999999"))
    with pytest.raises(InputError, match="99999999999"):
        module("AT2").read(path)
