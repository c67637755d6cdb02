"""Every command as a user calls it: exit codes, messages, files."""

import click
import numpy as np
import obspy
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import COMMANDS, obb
from obspy import Inventory
from obspy.core.event import Event, Origin
from obspy.core.inventory import Network, Station

from obspy_broadband import Ensemble, methods
from obspy_broadband.errors import MethodError


@pytest.fixture
def folder(simulation, tmp_path):
    """Two stations of a simulation as files."""
    for station in ("AAA", "BBB"):
        for trace in simulation(stations=(station,), duration=30):
            trace.write(str(tmp_path / f"{trace.id}.sac"), format="SAC")
    return tmp_path


def run(*words):
    return CliRunner().invoke(obb, [str(word) for word in words])


def enrich(folder, *words):
    return run("enrich", folder / "*.sac", "-n", 3, "--seed", 7, "-o", folder / "out", *words)


def test_help_lists_every_command():
    done = run("--help")
    assert done.exit_code == 0
    for name in COMMANDS:
        assert name in done.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name):
    done = run(name, "--help")
    assert done.exit_code == 0
    assert f"obb {name}" in done.output


def commands(group, words=()):
    """Words and Command of every command below a group, itself among them."""
    yield words, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            yield from commands(group.get_command(context, name), (*words, name))


@pytest.mark.parametrize("words", [words for words, _ in commands(obb)], ids=" ".join)
def test_help_fits_a_screen(words):
    done = CliRunner().invoke(obb, [*words, "--help"], env={"COLUMNS": "100"}, terminal_width=100)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_options_of_enrich_can_be_kept_in_mind():
    options = [
        parameter
        for parameter in dict(commands(obb))[("enrich",)].params
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]
    assert len(options) <= 15


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("enrich", "a", "--to", "bbp", "-o", "b"), "It is now obb archive run."),
        (("enrich", "--sds", "a", "-o", "b"), "It is now obb archive run sds."),
        (("enrich", "a", "-o", "b", "--resume"), "It is now obb archive resume RUN."),
        (("archive", "run", "files", "a", "--resume"), "It is now obb archive resume RUN."),
        (("enrich", "a", "--strict"), "It is now --set on_bad=raise."),
        (("enrich", "a", "--rupture-distance", "3"), "It is now --set rupture_distance=VALUE."),
        (("measure", "a", "--components", "ZNE"), "It is now --read components=VALUE."),
        (("status", "a"), "it is now obb archive status."),
        (("archive", "run", "a"), "obb archive run files a"),
        (("scenarios", "t.csv", "a"), "'t.csv' is no source. One of files, sds, fdsn, seisbench"),
        (("measure", "a", "--nothing"), "No such option"),
    ],
)
def test_an_option_of_before_is_told_where_it_is_now(words, told):
    done = run(*words)
    assert done.exit_code == 2
    assert told in done.output.splitlines()[-1]


def test_the_earlier_name_of_the_spatial_correlation_warns_once(folder):
    done = enrich(folder, "--coherence", "none")
    assert done.exit_code == 0, done.output
    assert done.output.count("--coherence is now --set spatial_correlation=") == 1
    assert Ensemble.read(folder / "out").provenance["spatial_correlation"] is None


def broken_load(name):
    raise MethodError("no GPU here")


def test_methods():
    lines = {line.split()[0]: line for line in run("methods").output.splitlines()}
    assert sorted(lines) == sorted(methods())
    assert "one-to-many  no training" in lines["stochastic"]
    assert "one-to-many  weights " in lines["pix2pix"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("obspy_broadband.method.registry.load", broken_load)
        assert "pix2pix" in run("methods").output
        assert "cannot be used: no GPU here" in run("methods").output
    done = run("methods", "stochastic")
    assert "Boore" in done.output
    assert "stress_drop_mpa" in done.output
    done = run("methods", "nope")
    assert done.exit_code == 1
    known = ", ".join(sorted(methods()))
    assert done.output == f"obb: Unknown method 'nope'. Known methods: {known}.\n"


def test_enrich_measure_plot_evaluate(folder):
    done = enrich(folder, "--magnitude", 5.5, "--distance", 30)
    assert done.exit_code == 0, done.output
    ensemble = Ensemble.read(folder / "out")
    assert len(ensemble) == 3
    assert len(ensemble.stations) == 2
    assert ensemble.provenance["stations"][0]["scenario"]["magnitude"] == 5.5

    done = run("measure", folder / "out", "--periods", "0.1,1", "-o", folder / "m.csv")
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(folder / "m.csv")) == 6

    done = run("plot", folder / "out", "--station", "AAA", "--motion", "-o", folder / "figures")
    assert done.exit_code == 0, done.output
    assert len(list((folder / "figures").glob("*.png"))) == 2

    record = folder / "out" / "realization-0001.mseed"
    done = run("evaluate", folder / "out", "--recorded", record, "-o", folder / "report")
    assert done.exit_code == 0, done.output
    assert "EG above" in done.output
    assert {p.name for p in (folder / "report").iterdir()} >= {
        "report.html",
        "report.json",
        "by_measure.csv",
        "goodness.csv",
        "residuals.csv",
        "summary.csv",
    }


def test_an_ensemble_alone_is_checked(folder):
    assert enrich(folder).exit_code == 0
    done = run("evaluate", folder / "out", "-o", folder / "checks")
    assert done.exit_code == 0, done.output
    assert "kappa_s" in done.output
    table = pd.read_csv(folder / "checks" / "checks.csv")
    assert list(table["station"]) == ["XX.AAA..HX", "XX.BBB..HX"]
    assert (table["low_frequency"] < 0.01).all()


def test_the_same_command_gives_the_same_bytes(folder, output):
    enrich(folder)
    first = output(folder / "out")
    assert enrich(folder, "--overwrite").exit_code == 0
    assert output(folder / "out") == first


def test_levels_are_shared_where_station_and_event_are_known_unless_told_otherwise(folder):
    stations = [Station("AAA", 44.5, 4.6, 0.0)]
    Inventory([Network("XX", stations)]).write(str(folder / "stations.xml"), "STATIONXML")
    origin = Origin(time=obspy.UTCDateTime(2019, 11, 11), latitude=44.6, longitude=4.7)
    Event(origins=[origin]).write(str(folder / "event.xml"), "QUAKEML")
    known = ("-u", "m/s**2", "--event", folder / "event.xml")
    known += ("--inventory", folder / "stations.xml")

    def models(*words):
        done = enrich(folder, *known, "--overwrite", *words)
        stations = Ensemble.read(folder / "out").provenance["stations"]
        return done.exit_code, [
            one["spatial_correlation"] and one["spatial_correlation"]["model"] for one in stations
        ]

    assert models() == (0, ["loth-baker-2013", None])
    assert models("--set", "spatial_correlation=none") == (0, [None, None])
    assert models("--set", "spatial_correlation=loth-baker-2013") == (2, ["loth-baker-2013"])


def test_options_of_the_method(folder):
    assert enrich(folder, "--set", "variability=0", "--set", "kappa-s=0.05").exit_code == 0
    options = Ensemble.read(folder / "out").provenance["options"]
    assert (options["variability"], options["kappa_s"]) == (0, 0.05)
    done = enrich(folder, "--overwrite", "--set", "variabilty=0")
    assert done.exit_code == 1
    assert "Did you mean variability" in done.output


def test_a_dry_run_writes_nothing(folder):
    done = enrich(folder, "--dry-run")
    assert done.exit_code == 0
    assert "6 realizations" in done.output
    assert not (folder / "out").exists()


def test_a_dry_run_reads_with_the_inventory_and_looks_at_the_corner(tmp_path):
    stream, inventory = obspy.read(), obspy.read_inventory()
    for trace in stream:
        trace.data = np.rint(1e3 * trace.data).astype(np.int32)
    stream.write(tmp_path / "counts.mseed", format="MSEED")
    inventory.write(tmp_path / "stations.xml", format="STATIONXML")
    words = ("enrich", tmp_path / "counts.mseed", "--dry-run", "-o", tmp_path / "out")
    assert "Pass inventory=" in run(*words).output
    done = run(*words, "--inventory", tmp_path / "stations.xml")
    assert done.output.startswith("1 records"), done.output
    assert "skipped" not in done.output
    done = run(*words, "--corner", "1e6")
    assert done.exit_code == 1
    assert "corner is 1000000.0" in done.output


def test_bad_inputs_are_skipped_with_a_reason_or_stop_a_strict_run(folder):
    (folder / "XX.CCC..HXZ.sac").write_bytes(b"rubbish")
    (folder / "XX.BBB..HXE.sac").unlink()
    done = enrich(folder)
    assert done.exit_code == 2
    assert "skipped" in done.output
    assert "XX.CCC..HXZ.sac" in done.output
    assert "2 components" in done.output
    assert Ensemble.read(folder / "out").stations == ["XX.AAA..HX"]
    done = enrich(folder, "--overwrite", "--set", "on_bad=raise")
    assert done.exit_code == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("enrich", "nothing/*.sac", "-o", "x"), "matches none"),
        (("enrich", "{}", "-o", "{}"), "not empty"),
        (("enrich", "{}", "-n", "0", "-o", "{}/x"), "n is 0"),
        (("enrich", "{}", "--corner", "99", "-o", "{}/x"), "corner is 99"),
        (("enrich", "{}", "--units", "counts", "-o", "{}/x"), "inventory="),
        (("enrich", "{}", "--set", "oops", "-o", "{}/x"), "NAME=VALUE"),
        (("enrich", "{}", "--event", "{}/XX.AAA..HXZ.sac", "-o", "{}/x"), "QuakeML"),
        (("measure", "{}", "--periods", "a,b"), "numbers between commas"),
        (("plot", "{}", "-o", "{}/figures"), "no ensemble"),
        (("evaluate", "{}", "--recorded", "{}"), "no ensemble"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_1(folder, words, message):
    done = run(*[word.format(folder) for word in words])
    assert done.exit_code == 1, done.output
    assert message in done.output
    assert "Traceback" not in done.output
    assert done.output.splitlines()[-1].startswith("obb: ")


def test_measure_prints_a_table_of_records(folder):
    done = run("measure", folder, "--periods", "0.2")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("station,pga_m_s2")
    assert len(done.stdout.splitlines()) == 3


def test_units_of_the_command_line(folder):
    enrich(folder)
    for path in folder.glob("*.sac"):
        stream = obspy.read(path)
        stream[0].data *= 100.0
        stream.write(str(path), format="SAC")
    done = enrich(folder, "--overwrite", "--units", "cm/s**2")
    assert done.exit_code == 0
    assert Ensemble.read(folder / "out").provenance["stations"][0]["input_units"] == "cm/s**2"


def test_a_defect_of_ours_is_one_line_too(folder, monkeypatch):
    def broken(*args, **kwargs):
        raise KeyError("oops")

    monkeypatch.setattr("obb_cli.enrich.enrich_data", broken)
    done = enrich(folder)
    assert done.exit_code == 1
    assert "unexpected KeyError" in done.output
    assert "Traceback" not in done.output
    monkeypatch.setenv("OBB_DEBUG", "1")
    assert isinstance(enrich(folder).exception, KeyError)
