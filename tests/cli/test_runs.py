"""``obb plot``, ``measure`` and ``evaluate`` on the folders of runs; what is overwritten."""

from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband import Ensemble
from obspy_broadband.ensemble import measures
from obspy_broadband.errors import InputError

ROOT = Path(__file__).parents[2]


def run(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


def make_run(simulation, folder, *words):
    """A run over two files, a station each; its folder."""
    (folder / "traces").mkdir(exist_ok=True)
    for seed, station in enumerate(("AAA", "BBB")):
        stream = simulation(stations=(station,), duration=30, seed=seed)
        stream.write(str(folder / "traces" / f"{station}.mseed"), format="MSEED")
    to = words or ("--to", "ensemble")
    asked = ("-n", 2, "--seed", 7, "-u", "m/s**2", "--workers", 1, "-o", folder / "run")
    done = run("archive", "run", "files", folder / "traces", *to, *asked)
    assert done.exit_code == 0, done.output
    return folder / "run"


@pytest.fixture(scope="module")
def archive(simulation, tmp_path_factory):
    return make_run(simulation, tmp_path_factory.mktemp("archive"))


def test_a_run_is_measured_at_the_periods_asked_for(archive, tmp_path):
    done = run("measure", archive, "--periods", "0.2,0.6", "-o", tmp_path / "m.csv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "m.csv")
    names = sorted(path.name for path in (archive / "records").iterdir())
    assert sorted(table["ensemble"].unique()) == names
    assert len(table) == 4
    known = pd.read_csv(archive / "measures.csv").set_index(["station", "realization"])
    found = table.set_index(["station", "realization"])
    for name in ("pga_m_s2", "pgv_m_s", "sa_0.2s_m_s2"):
        assert np.allclose(found[name], known.loc[found.index, name], rtol=1e-3)
    assert "sa_0.6s_m_s2" in found


def test_a_run_is_drawn_whole_and_with_other_ensembles(archive, tmp_path):
    first = sorted((archive / "records").iterdir())[0]
    Ensemble.read(first).write(tmp_path / first.name)
    done = run("plot", archive, first, tmp_path / first.name, "-o", tmp_path / "figures")
    assert done.exit_code == 0, done.output
    drawn = [path.relative_to(tmp_path / "figures") for path in tmp_path.rglob("*.png")]
    assert len(drawn) == 3
    assert len({path.parent for path in drawn}) == 3
    done = run("plot", archive, "--station", "BBB", "-o", tmp_path / "one")
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "one").rglob("*.png")] == ["XX.BBB..HX.png"]
    done = run("plot", archive, "--station", "CCC", "-o", tmp_path / "none")
    assert done.exit_code == 1
    assert "None of the 2 ensembles has CCC" in done.output


def test_a_run_is_judged_whole(archive, tmp_path):
    done = run("evaluate", archive, "-o", tmp_path / "checks")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "checks" / "checks.csv")
    assert sorted(table["station"]) == ["XX.AAA..HX", "XX.BBB..HX"]

    recorded = obspy.Stream()
    for folder in (archive / "records").iterdir():
        recorded += Ensemble.read(folder)[0]
    recorded.write(str(tmp_path / "recorded.mseed"), format="MSEED")
    asked = ("--recorded", tmp_path / "recorded.mseed", "-u", "m/s**2")
    done = run("evaluate", archive, *asked, "-o", tmp_path / "report")
    assert done.exit_code == 0, done.output
    residuals = pd.read_csv(tmp_path / "report" / "residuals.csv")
    assert set(residuals["record"]) == {"XX.AAA..HX", "XX.BBB..HX"}
    assert "2 ensembles of the run" in (tmp_path / "report" / "report.html").read_text()


def test_of_a_station_recorded_twice_the_record_of_that_time_counts(archive):
    from obspy_broadband.evaluation.evaluate import evaluate_ensembles

    ensembles = [Ensemble.read(folder) for folder in sorted((archive / "records").iterdir())]
    recorded = obspy.Stream()
    for ensemble in ensembles:
        recorded += ensemble[1]
    later = recorded.copy()
    for trace in later:
        trace.stats.starttime += 3600
        trace.data = 9.0 * trace.data
    both = evaluate_ensembles(ensembles, later + recorded)[0]
    alone = evaluate_ensembles(ensembles, recorded)[0]
    assert np.array_equal(both.recorded, alone.recorded)
    _, _, skipped = evaluate_ensembles(ensembles, recorded.select(station="AAA"))
    assert skipped == [("1 of 2 ensembles", "None of their stations was recorded.")]


def test_a_damaged_ensemble_of_a_run_is_skipped(simulation, tmp_path):
    folder = make_run(simulation, tmp_path)
    next((folder / "records").glob("*/realization-0000.mseed")).write_bytes(b"rubbish")
    for words in (("measure",), ("evaluate",), ("plot", "-o", tmp_path / "figures")):
        done = run(words[0], folder, *words[1:])
        assert done.exit_code == 2, done.output
        assert "damaged ensemble" in done.output


@pytest.mark.parametrize("kind", ["hdf5", "bbp"])
def test_a_run_of_another_kind_is_told(simulation, tmp_path, kind):
    folder = make_run(simulation, tmp_path, "--to", kind)
    for words in (("measure",), ("evaluate",), ("plot", "-o", tmp_path / "figures")):
        done = run(words[0], folder, *words[1:])
        assert done.exit_code == 1
        assert done.output == (
            f"obb: {folder} is a run that left {kind} files, not ensembles; make one with --to "
            "ensemble.\n"
        )


def test_where_an_ensemble_is_meant_the_message_says_what_is_there(archive, tmp_path):
    with pytest.raises(InputError, match="It is the folder of a run"):
        Ensemble.read(archive)
    done = run("measure", archive / "records")
    assert done.exit_code == 1
    assert "holds ensembles" in done.output
    (tmp_path / "options.toml").write_text("")
    done = run("plot", tmp_path, "-o", tmp_path / "x")
    assert "folder of a training" in done.output


def test_an_offset_that_makes_the_peak_velocity_is_told_and_taken_out(simulation, tmp_path):
    stream = simulation(stations=("AAA", "BBB"), duration=40)
    quiet = measures.measure(stream, [1.0])
    for trace in stream:
        trace.data = trace.data + 0.05  # m/s², so 2 m/s after 40 s
    with pytest.warns(UserWarning, match=r"XX\.AAA\.\.HX, and 1 more, has 1\.99 m/s"):
        table = measures.measure(stream, [1.0], units="m/s**2")
    assert (table["pgv_m_s"] > 1.9).all()
    mended = measures.measure(stream, [1.0], units="m/s**2", detrend=True)
    assert np.allclose(mended["pgv_m_s"], quiet["pgv_m_s"], rtol=0.5)
    assert np.allclose(mended["pga_m_s2"], quiet["pga_m_s2"], rtol=0.05)

    stream.write(str(tmp_path / "offset.mseed"), format="MSEED")
    asked = ("measure", tmp_path / "offset.mseed", "-u", "m/s**2", "--periods", "1")
    done = run(*asked)
    assert done.output.count("An offset") == 1
    assert "(1 more like this.)" in done.output
    done = run(*asked, "--detrend")
    assert "An offset" not in done.output


def test_no_warning_for_records_that_come_to_rest(simulation):
    for seed in range(10):
        for trace in simulation(duration=40, seed=seed):
            assert measures.offset_velocity(trace.data, 50.0) is None
    # The ground stays displaced after a velocity pulse: no offset of the acceleration.
    times = np.arange(0, 60, 0.02)
    assert measures.offset_velocity(np.gradient(np.exp(-((times - 20) ** 2)), 0.02), 50.0) is None


def test_offsets_of_ensembles_and_recordings(simulation, noise):
    from obspy_broadband.evaluation.evaluate import evaluate_ensemble

    stream = simulation(duration=40)
    ensemble = stream.enrich(noise, n=2, seed=1)
    recorded = ensemble[0]
    for trace in recorded:
        trace.data = trace.data + 0.05
    with pytest.warns(UserWarning, match="An offset of the acceleration"):
        plain = evaluate_ensemble(ensemble, recorded)[0]
    mended = evaluate_ensemble(ensemble, recorded, detrend=True)[0]
    at = plain.measures.index("pgv_m_s")
    assert plain.recorded[0, at] > mended.recorded[0, at] + 1.0  # natural logarithms

    drifting = recorded.enrich(noise, n=2, seed=1, units="m/s**2")
    with pytest.warns(UserWarning, match="An offset of the acceleration"):
        table = drifting.intensity_measures([1.0])
    mended = drifting.intensity_measures([1.0], detrend=True)
    assert (mended["pgv_m_s"] < 0.3 * table["pgv_m_s"]).all()


@pytest.mark.parametrize(
    "words",
    [
        ("enrich", "{traces}", "-u", "m/s**2", "-n", "1", "-o", "{taken}"),
        ("generate", "-n", "1", "-o", "{taken}"),
        ("plot", "{run}", "-o", "{taken}"),
        ("measure", "{run}", "-o", "{taken}/notes.txt"),
        ("evaluate", "{run}", "-o", "{taken}"),
        ("latent", "-m", "must", "--data", "store", "-o", "{taken}"),
        ("scenarios", "files", "{traces}", "-o", "{taken}/notes.txt"),
    ],
)
def test_nothing_is_overwritten_unasked(archive, tmp_path, words):
    (tmp_path / "notes.txt").write_text("years of work")
    places = {"traces": archive.parent / "traces", "run": archive, "taken": tmp_path}
    done = run(*[word.format(**places) for word in words])
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert "choose another name or --overwrite" in done.output
    assert (tmp_path / "notes.txt").read_text() == "years of work"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_may_be_overwritten_is(archive, tmp_path):
    table = tmp_path / "table.csv"
    for words in (
        ("measure", archive, "--periods", "1", "-o", table),
        ("scenarios", "files", archive.parent / "traces", "-o", table),
        ("plot", archive, "--station", "AAA", "-o", tmp_path / "figures"),
        ("evaluate", archive, "-o", tmp_path / "checks"),
    ):
        table.write_text("old")
        assert run(*words, "--overwrite").exit_code == 0
        if table in words:
            assert table.read_text() != "old"
        else:
            assert run(*words).exit_code == 1
            assert run(*words, "--overwrite").exit_code == 0


def test_a_training_and_a_store_need_folders_of_their_own(archive):
    from obspy_broadband.data.prepare import prepare
    from obspy_broadband.training.checkpoints import TrainingFolder

    with pytest.raises(InputError, match=r"holds something else already \(its run.json"):
        TrainingFolder(archive).assert_new()
    with pytest.raises(InputError, match=r"holds something else already \(its run.json"):
        prepare([], archive)


@pytest.mark.parametrize("words", [("--detrend",), ("-u", "g"), ("-m", "must", "--recorded", "x")])
def test_options_of_recordings_need_recordings(archive, words):
    given = () if "-m" in words else (archive,)
    done = run("evaluate", *given, *words)
    assert done.exit_code == 1
    assert "--units, --inventory and --detrend are of --recorded" in done.output
