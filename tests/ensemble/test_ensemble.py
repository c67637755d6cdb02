import numpy as np
import obspy
import pytest
from obspy import Stream

from obspy_broadband import Ensemble
from obspy_broadband.ensemble import folder as ensemble_folder
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


def test_a_station_is_an_ensemble_of_its_own(ensemble):
    part = ensemble["BBB"]
    assert isinstance(part, Ensemble)
    assert part.stations == ["XX.BBB..HX"]
    assert part == ensemble["XX.BBB"] == ensemble["XX.BBB..HX"]
    assert [one["id"] for one in part.provenance["stations"]] == part.stations
    assert np.array_equal(part[3][0].data, ensemble[3].select(station="BBB")[0].data)
    assert part[3][0].stats.processing == ensemble[3].select(station="BBB")[0].stats.processing
    assert "BBB" in ensemble
    assert "CCC" not in ensemble


def test_an_unknown_station_is_a_key_error_that_names_those_there_are(ensemble):
    for wrong in (lambda: ensemble["CCC"], lambda: ensemble.select(station="C*")):
        with pytest.raises(KeyError, match=r"XX\.AAA\.\.HX, XX\.BBB\.\.HX") as raised:
            wrong()
        assert isinstance(raised.value, InputError)
        assert str(raised.value).startswith("There is no station")  # not in quotes


def test_select_has_the_wildcards_of_streams(ensemble):
    assert ensemble.select(station="*").stations == ensemble.stations
    assert ensemble.select(network="xx", station="[BC]??").stations == ["XX.BBB..HX"]
    assert ensemble.select(id="XX.A*").stations == ["XX.AAA..HX"]
    assert ensemble.select(channel="HX?") == ensemble


def test_one_component_can_be_selected_and_written(ensemble, tmp_path):
    part = ensemble.select(station="AAA", component="N")
    assert [trace.id for trace in part[1]] == ["XX.AAA..HXN"]
    assert np.array_equal(part[1][0].data, ensemble[1].select(id="XX.AAA..HXN")[0].data)
    assert part.provenance["stations"][0]["components"] == ["HXN"]
    assert len(part.intensity_measures([0.5])) == 5
    assert Ensemble.read(part.write(tmp_path / "n")) == part
    with pytest.raises(InputError, match="one or three"):
        ensemble.select(component="[NE]")


def test_parts_of_a_draw_can_be_joined_again(ensemble, simulation, noise, tmp_path):
    whole = ensemble["BBB"] + ensemble["AAA"]
    assert whole.stations == ["XX.BBB..HX", "XX.AAA..HX"]
    assert np.array_equal(whole[4].select(station="AAA")[0].data, ensemble[4][0].data)
    assert Ensemble.read(whole.write(tmp_path / "e")) == whole
    alone = simulation(stations=("CCC",), duration=25).enrich(noise, n=5, seed=7)
    assert len((whole + alone).provenance["stations"]) == 3
    with pytest.raises(InputError, match=r"Both ensembles have XX\.AAA"):
        ensemble + ensemble["AAA"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 8}, "seed is 7 and 8"),
        ({"n": 4}, "realizations is"),
        ({"corner": 0.8}, "corner_hz is 1.0 and 0.8"),
        ({"method": "stochastic"}, "method is 'Noise' and 'stochastic'"),
    ],
)
def test_ensembles_that_were_drawn_otherwise_are_not_joined(
    ensemble, simulation, noise, change, message
):
    settings = {"method": noise, "n": 5, "seed": 7} | change
    with pytest.raises(InputError, match=message):
        ensemble + simulation(stations=("CCC",), duration=20).enrich(**settings)


def test_a_notebook_shows_a_table(ensemble):
    text = ensemble._repr_html_()
    assert text.count("<tr>") == 3
    assert "XX.BBB..HX" in text
    assert "seed 7" in text


def test_headers_say_what_the_result_is_and_not_what_came(simulation, noise, tmp_path):
    stream = simulation(duration=20)
    for trace in stream:
        trace.stats.calib = 4.67e-6
        trace.stats.units = "m/s**2"
        trace.stats.sac = {"idep": 7, "stla": 44.5}
        trace.stats.response = "of counts"
        trace.stats.standard = {"units": "cm/s", "units_type": "vel"}
    ensemble = stream.enrich(noise, n=1, seed=1)
    read = Ensemble.read(ensemble.write(tmp_path / "e"))
    for one in (ensemble[0], ensemble.low_frequency, read[0], read.low_frequency):
        for trace in one:
            assert trace.stats.calib == 1.0
            assert trace.stats.units == "m/s**2"
            assert "response" not in trace.stats
    assert "idep" not in ensemble[0][0].stats.sac  # its unit would be nm/s²
    assert ensemble[0][0].stats.standard == {"units": "m/s^2", "units_type": "acc"}
    assert ensemble[0][0].stats.sac.stla == 44.5
    assert stream[0].stats.calib == 4.67e-6


def test_a_trace_is_a_record_of_one_component(simulation, noise):
    trace = simulation(duration=20)[0]
    ensemble = trace.enrich(noise, n=2, seed=1)
    assert [one.id for one in ensemble[0]] == [trace.id]
    assert np.array_equal(trace.broadband(noise, seed=1)[0].data, ensemble[0][0].data)


def test_the_number_of_realizations_is_the_same_everywhere(simulation, noise):
    from obb_cli.enrich import enrich
    from obb_cli.generate import generate

    from obspy_broadband.archive.run_request import RunRequest

    ensemble = simulation(duration=10).enrich(noise, seed=1)
    defaults = {
        next(option.default for option in command.params if option.name == "number")
        for command in (enrich, generate)
    }
    assert defaults == {len(ensemble)} == {RunRequest().n} == {20}


def test_a_number_in_the_place_of_the_method_is_told(simulation):
    with pytest.raises(InputError, match=r"method is 20; .* Did you mean n=20\?"):
        simulation(duration=10).enrich(20)


def test_reading_says_what_else_a_folder_is(ensemble, tmp_path):
    ensemble.write(tmp_path / "some" / "one")
    with pytest.raises(InputError, match=r"holds ensembles; give one of them, such as .*one"):
        Ensemble.read(tmp_path / "some")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        Ensemble.read(tmp_path / "file")
    with pytest.raises(InputError, match="does not exist"):
        Ensemble.read(tmp_path / "nothing")


def test_stations_with_dots_are_told_apart_in_one_stream(simulation, noise):
    stream = simulation(stations=("A.B", "A.C"))
    whole = stream.enrich(noise, n=2, seed=1).to_stream()
    assert {trace.stats.station for trace in whole} == {"A.B", "A.C"}
    assert len({trace.id for trace in whole}) == len(whole) == 12
