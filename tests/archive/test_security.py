"""What docs/how-to/security.md promises of inputs."""

import contextlib
import io
import pickle
import struct
from pathlib import Path

import h5py
import numpy as np
import obspy
import pytest
from fdsn_server import catalog, inventory
from sem3d_files import write_run

from obspy_broadband.errors import InputError
from obspy_broadband.io import xml
from obspy_broadband.sources.folder import FolderSource
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.waveforms import read_waveforms, recognise


class Touch:
    """Unpickled, it makes a file. Its name is what ObsPy looks for in the first bytes."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (
            eval,
            (f"__import__('pathlib').Path({self.path!r}).touch() or 'obspy.core.stream'",),
        )


def reasons(source):
    found = []
    for item in source.items():
        try:
            source.read(item)
        except InputError as error:
            found.append(str(error))
    return found


def test_a_pickle_is_never_run(tmp_path):
    trap, made = tmp_path / "trap.mseed", tmp_path / "made"
    trap.write_bytes(
        b"\x80\x02X\x11\x00\x00\x00obspy.core.stream0" + pickle.dumps(Touch(made), 2)[2:]
    )
    with contextlib.suppress(Exception):  # whatever it says, ObsPy runs it
        obspy.read(str(trap))
    assert made.exists(), "the trap must work, or the test shows nothing"
    made.unlink()
    assert len(reasons(FolderSource((str(trap),)))) == 1
    assert recognise(trap) is None
    for name in ("PICKLE", "pickle"):
        with pytest.raises(InputError, match="Unknown format"):
            read_waveforms(trap, name)
    assert not made.exists()


def with_type(document, definition):
    """An XML document with a document type and a reference to its entity x."""
    head, body = document.split(b"?>", 1)
    body = body.replace(b"<Source>test", b"<Source>&x;", 1)
    body = body.replace(b"<evaluationMode>", b"<evaluationMode>&x;", 1)
    return head + b"?><!DOCTYPE a [" + definition + b"]>" + body


@pytest.mark.parametrize("format", ["STATIONXML", "QUAKEML"])
@pytest.mark.parametrize("kind", ["external", "bomb", "internal", "parameter"])
def test_xml_with_entities_is_refused(simulation, tmp_path, format, kind):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")
    definition = {
        "external": f'<!ENTITY x SYSTEM "{secret.as_uri()}">'.encode(),
        "internal": b'<!ENTITY x "abc">',
        "parameter": f'<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;'.encode(),
        "bomb": b'<!ENTITY e0 "0123456789">'
        + b"".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">'.encode() for k in range(1, 10))
        + b'<!ENTITY x "&e9;">',
    }[kind]
    body = io.BytesIO()
    if format == "STATIONXML":
        inventory(simulation(duration=10)).write(body, format=format)
    else:
        catalog().write(body, format=format)
    reader = xml.inventory if format == "STATIONXML" else xml.catalog
    reader(body.getvalue(), "honest")
    path = tmp_path / "trap.xml"
    path.write_bytes(with_type(body.getvalue(), definition))
    files = {"inventories": (str(path),)} if format == "STATIONXML" else {"events": str(path)}
    with pytest.raises(InputError) as caught:
        Metadata(**files).check()
    assert "TOPSECRET" not in str(caught.value)


def test_hdf5_is_not_followed_to_other_files(simulation, tmp_path):
    (tmp_path / "secret").write_bytes(b"\0" * 8 * 800)
    stream = simulation(stations=("AAA", "BBB"), components="XYZ", duration=10)
    path = write_run(tmp_path, stream, "Veloc")
    with h5py.File(path, "a") as file:
        del file["AAA"]
        file["AAA"] = h5py.ExternalLink("other.h5", "x")
        file.create_dataset("CCC", (200, 4), "f8", external=[(str(tmp_path / "secret"), 0, 6400)])
        file.create_dataset("DDD", (10**12, 4), "f8", chunks=(1000, 4))
    told = "\n".join(reasons(FolderSource((str(path),))))
    for text in ("link to elsewhere", "in other files", "claims the shape (1000000000000, 4)"):
        assert text in told
    assert told.count("\n") == 2


def test_a_long_line_does_not_overrun_obspys_decoder(simulation, tmp_path):
    trace = simulation(duration=10)[0]
    trace.data = (trace.data * 1e4).astype(np.int32)
    path = tmp_path / "a.gse"
    trace.write(str(path), format="GSE2")
    assert len(read_waveforms(path)[0]) == len(trace)
    good, long = path.read_bytes(), b"x" * 100_000 + b"\n"
    for bad in (b"DAT2\n" + long, long, b"\xc4AT2\n" + long, b"DAT2\n\xff\xff\n", b"XXXX\n"):
        path.write_bytes(good.replace(b"DAT2\n", bad))
        with pytest.raises(InputError, match=r"is damaged"):
            read_waveforms(path, "GSE2")


def test_several_traces_of_a_gse_file_are_read(simulation, tmp_path):
    stream = simulation(duration=10)
    for trace in stream:
        trace.data = (trace.data * 1e4).astype(np.int32)
    stream.write(str(tmp_path / "a.gse"), format="GSE2")
    made = read_waveforms(tmp_path / "a.gse")
    for mine, theirs in zip(made, obspy.read(str(tmp_path / "a.gse"))):
        np.testing.assert_array_equal(mine.data, theirs.data)
        assert mine.id == theirs.id


def test_a_header_that_claims_too_much_costs_nothing(simulation, tmp_path):
    trace = simulation(duration=10)[0]
    path = tmp_path / "a.sac"
    trace.write(str(path), format="SAC")
    data = bytearray(path.read_bytes())
    data[79 * 4 : 80 * 4] = struct.pack("<i", 2**31 - 1)  # NPTS
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_waveforms(path)


def test_a_packed_file_is_counted_before_it_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.mseed"
    trace = obspy.Trace(np.zeros(500_000, dtype=np.int32))
    trace.write(str(path), format="MSEED", encoding="STEIM2")
    monkeypatch.setattr("obspy_broadband.sources.waveforms._UNCOUNTED", 1000)
    assert len(read_waveforms(path, largest=2 * 1024**2)[0]) == 500_000
    with pytest.raises(InputError, match="unpacks to 1 MiB"):
        read_waveforms(path, largest=1024**2)


def test_names_from_inputs_are_not_paths(simulation, tmp_path):
    """A source only ever opens what the user named or what lies below it."""
    stream = simulation(stations=("AAA",), duration=10)
    for trace in stream:
        trace.stats.station = "../x"
        trace.write(str(tmp_path / f"{trace.stats.channel}.sac"), format="SAC")
    source = FolderSource((str(tmp_path),))
    for item in source.items():
        assert all(Path(name).parent == tmp_path for name in item.locator["files"])
        assert source.read(item).stream[0].stats.station == "../x"


def test_a_message_is_one_line_of_text(tmp_path):
    path = tmp_path / "capteurs.0000.h5"
    with h5py.File(path, "w") as file:
        file["Variables"] = np.array([b"\x1b[2J\n\x9b31m  1"], dtype="S12")
        file["A"] = np.ones((40, 2))
    (told,) = reasons(FolderSource((str(path),)))
    assert told.isprintable()
    assert "variables are ?[2J" in told
    assert len(str(InputError("x" * 10**6))) < 10_000


def test_weights_are_data():
    """Nothing in the package unpickles."""
    root = Path(__file__).parents[2]
    for folder in ("obspy_broadband", "plugins", "cli"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for word in ("pickle.load", "allow_pickle=True", "weights_only=False", "torch.load("):
                if word in text:
                    assert word == "torch.load(", (path, word)
                    assert "weights_only=True" in text, path
