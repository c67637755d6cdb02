"""The example distribution of docs/extending, as an installer would leave it, without one."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from obb_cli.main import obb

import obspy_broadband
from obspy_broadband.errors import InputError
from obspy_broadband.testing import check_method

FOLDER = Path(__file__).parents[1] / "docs" / "extending" / "obb_whisper"


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["obspy_broadband.method"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[obspy_broadband.method]", *lines, ""]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(FOLDER))


def test_the_example_keeps_the_contract():
    check_method("whisper")
    check_method("whisper", loudness=0.1)


def test_the_example_is_used_like_any_other(simulation):
    ensemble = simulation(stations=("AAA", "BBB")).enrich("whisper", n=3, seed=1, loudness=0.2)
    assert len(ensemble) == 3
    assert ensemble.provenance["method_distribution"] == "obb-whisper 1.0"
    assert ensemble.provenance["options"] == {"loudness": 0.2}


def test_the_example_is_listed_and_explained():
    assert "whisper" in obspy_broadband.methods()
    assert "obb-whisper 1.0" in CliRunner().invoke(obb, ["methods"]).output
    assert "loudness" in CliRunner().invoke(obb, ["methods", "whisper"]).output


def test_its_errors_carry_its_name(simulation):
    with pytest.raises(InputError, match=r"'whisper'.*loudness is -1"):
        simulation().enrich("whisper", loudness=-1)
