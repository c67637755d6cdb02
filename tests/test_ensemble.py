import numpy as np
import obspy
import pytest
from obspy import Stream

from obspy_broadband import Ensemble, ensemble_folder
from obspy_broadband.errors import InputError


@pytest.fixture
def ensemble(simulation, noise):
    return simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=5, seed=7)


def test_an_ensemble_is_a_sequence_of_streams(ensemble):
    assert len(ensemble) == 5
    assert isinstance(ensemble[3], Stream)
    assert len(list(ensemble)) == 5
    assert len(ensemble[0]) == 6
    assert np.array_equal(ensemble[-1][0].data, ensemble[4][0].data)
    with pytest.raises(IndexError):
        ensemble[5]


def test_a_slice_keeps_the_numbers_of_its_realizations(ensemble):
    part = ensemble[1:4]
    assert isinstance(part, Ensemble)
    assert len(part) == 3
    assert part[0][0].stats.broadband.realization == 1
    assert np.array_equal(part[2][1].data, ensemble[3][1].data)
    assert ensemble[::-1][0][0].stats.broadband.realization == 4


def test_streams_are_copies(ensemble):
    ensemble[0][0].data[:] = 0
    ensemble[0][0].stats.station = "ZZZ"
    assert ensemble[0][0].data.any()
    assert ensemble[0][0].stats.station == "AAA"


def test_a_realization_survives_what_obspy_does_to_streams(ensemble):
    stream = ensemble[2]
    stream.detrend("linear").filter("highpass", freq=2.0).integrate()
    assert np.isfinite(stream[0].data).all()


def test_to_stream_tells_realizations_apart(ensemble):
    stream = ensemble.to_stream()
    assert len({trace.id for trace in stream}) == len(stream) == 30
    assert {trace.stats.location for trace in stream} == {"00", "01", "02", "03", "04"}
    merged = stream.copy().merge()
    assert len(merged) == 30
    assert np.array_equal(stream.select(location="02")[0].data, ensemble[2][0].data)


def test_to_stream_refuses_what_would_be_merged(simulation, noise):
    stream = simulation(duration=20)
    other = stream.copy()
    for trace in other:
        trace.stats.location = "10"
    with pytest.raises(InputError, match="location"):
        (stream + other).enrich(noise, n=1, seed=1).to_stream()


def test_write_and_read(ensemble, tmp_path):
    folder = ensemble.write(tmp_path / "out" / "leteil")
    assert Ensemble.read(folder) == ensemble
    assert sorted(path.name for path in folder.iterdir()) == [
        "ensemble.json",
        "low_frequency.mseed",
        *(f"realization-{k:04d}.mseed" for k in range(5)),
    ]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["leteil"]


def test_plain_obspy_reads_every_file(ensemble, tmp_path):
    folder = ensemble.write(tmp_path / "e")
    for number in range(5):
        stream = obspy.read(folder / f"realization-{number:04d}.mseed")
        assert np.array_equal(stream[0].data, ensemble[number][0].data.astype(np.float32))


def test_the_same_ensemble_is_the_same_files(simulation, noise, tmp_path):
    for name in ("a", "b"):
        simulation().enrich(noise, n=2, seed=7).write(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_codes_that_miniseed_cannot_hold_come_back(simulation, noise, tmp_path):
    names = ("A_0000", "A_0001", "UNIQUE NAME 12", "a0000", "X")
    stream = simulation(stations=names, duration=10)
    for trace in stream:
        trace.data = trace.data + np.random.default_rng(0).normal(size=trace.stats.npts)
        trace.stats.network, trace.stats.channel = "SEM", "ACC" + trace.stats.channel[-1]
    ensemble = stream.enrich(noise, n=2, seed=7)
    folder = ensemble.write(tmp_path / "e")
    found = Ensemble.read(folder)
    assert found == ensemble
    assert [trace.id for trace in found[0]] == [trace.id for trace in stream]
    plain = obspy.read(folder / "realization-0000.mseed")
    assert len({trace.id for trace in plain}) == 15


def test_coordinates_come_back(simulation, noise, tmp_path):
    stream = simulation(duration=20)
    for trace in stream:
        trace.stats.coordinates = {"latitude": 44.5, "longitude": 4.7}
    folder = stream.enrich(noise, n=1, seed=7).write(tmp_path / "e")
    assert Ensemble.read(folder)[0][0].stats.coordinates.latitude == 44.5


def test_nothing_is_overwritten_unasked(ensemble, tmp_path):
    folder = ensemble.write(tmp_path / "e")
    with pytest.raises(InputError, match="overwrite=True"):
        ensemble.write(folder)
    ensemble[:2].write(folder, overwrite=True)
    assert len(Ensemble.read(folder)) == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="no ensemble"):
        ensemble.write(tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.tex").exists()


def test_a_failed_write_leaves_nothing(ensemble, tmp_path, monkeypatch):
    def full_disk(stream, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ensemble_folder, "buffered_load_entry_point", lambda *_: full_disk)
    with pytest.raises(OSError, match="No space"):
        ensemble.write(tmp_path / "e")
    assert not list(tmp_path.iterdir())


def test_damaged_folders_are_refused(ensemble, tmp_path):
    with pytest.raises(InputError, match="no ensemble"):
        Ensemble.read(tmp_path)
    folder = ensemble.write(tmp_path / "e")
    (folder / "realization-0003.mseed").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="damaged"):
        Ensemble.read(folder)
    (folder / "ensemble.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        Ensemble.read(folder)


def test_repr_says_what_it_is(ensemble):
    assert "5 realizations of 2 stations" in repr(ensemble)
