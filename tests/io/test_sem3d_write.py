"""Files written as SEM3D's against those that Capteur.f90 would have written."""

import warnings

import h5py
import numpy as np
import obspy
import pytest
from obspy import Stream, Trace, UTCDateTime
from sem3d_files import rows_of, write_rank
from streams import values

from obspy_broadband.errors import InputError

STEP = 0.02
PLACE = (1000.0, 250.0, -3.0)


def test_the_writer_writes_what_sem3d_writes(tmp_path, simulation):
    stream = simulation(stations=("A_0000", "A_0001"), components="XYZ", duration=10)
    for trace in stream:
        trace.stats.network, trace.stats.starttime = "", UTCDateTime(0) + STEP
        trace.stats.units = "m/s**2"
        trace.stats.coordinates = dict(zip("xyz", PLACE))
    ours = tmp_path / "capteurs.0000.h5"
    stream.write(ours, format="SEM3D")
    stations = {name: (rows_of(stream, name, STEP), PLACE) for name in ("A_0000", "A_0001")}
    expected = write_rank(tmp_path / "capteurs.0001.h5", stations)
    with h5py.File(ours) as file, h5py.File(expected) as other:
        assert set(file) == set(other)
        assert file["Variables"].id.get_type() == other["Variables"].id.get_type()
        for name in other:
            assert file[name].dtype == other[name].dtype
            assert file[name].shape == other[name].shape
            if other[name].dtype.kind == "S":
                assert list(file[name]) == list(other[name])
            else:
                np.testing.assert_allclose(file[name], other[name], rtol=1e-12)
        for setting in ("maxshape", "chunks", "compression", "compression_opts", "shuffle"):
            assert getattr(file["A_0000"], setting) == getattr(other["A_0000"], setting)
    again = obspy.read(ours)
    assert np.array_equal(values(again), values(stream))
    assert [trace.stats.starttime for trace in again] == [UTCDateTime(0) + STEP] * 6


def test_streams_that_sem3d_cannot_hold_are_not_written(tmp_path, simulation):
    path = tmp_path / "capteurs.0000.h5"
    stream = simulation(components="XYZ", duration=10)
    cases = [(stream[:2], "X, Y, Z"), (Stream([*stream, *stream]), "X, Y, Z")]
    for change, match in (
        ({"units": "cm/s/s/s"}, "no unit of ground motion"),
        ({"station": "x" * 21}, "1 to 20 characters"),
    ):
        changed = stream.copy()
        for trace in changed:
            trace.stats.update(change)
        cases.append((changed, match))
    late = stream.copy()
    late[0].stats.starttime += 1
    for wrong, match in [*cases, (late, "one start, rate and length")]:
        with pytest.raises(InputError, match=match):
            wrong.write(path, format="SEM3D")
        assert not path.exists()


def test_a_date_is_written_and_read_again(tmp_path):
    begins = UTCDateTime("2019-11-11T10:52:45.123456")
    stream = Stream(
        Trace(np.arange(300.0), {"channel": f"BX{axis}", "station": "A", "starttime": begins})
        for axis in "XYZ"
    )
    for trace in stream:
        trace.stats.units = "m/s"
    path = tmp_path / "capteurs.0000.h5"
    stream.write(path, format="SEM3D")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = obspy.read(path)
    assert [trace.stats.starttime for trace in again] == [begins] * 3
    assert again[0].stats.delta == 1.0
