"""The example distributions of docs/extending, as an installer would leave them, without one."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb

import obspy_broadband
from obspy_broadband.errors import InputError

FOLDER = Path(__file__).parents[1] / "docs" / "extending"
PACKAGES = ("obb_whisper", "obb_murmur")
PAGE = (FOLDER / "write-a-method.md").read_text(encoding="utf-8")


def install(package, folder, monkeypatch):
    project = tomllib.loads((FOLDER / package / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["obspy_broadband.method"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[obspy_broadband.method]", *lines, ""]))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.syspath_prepend(str(FOLDER / package))


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        for package in PACKAGES:
            install(package, tmp_path_factory.mktemp(package), monkeypatch)
        yield


def test_a_method_is_used_like_any_other(simulation):
    ensemble = simulation(stations=("AAA", "BBB")).enrich("whisper", n=3, seed=1, loudness=0.2)
    assert len(ensemble) == 3
    assert ensemble.provenance["method_distribution"] == "obb-whisper 1.0"
    assert ensemble.provenance["options"] == {"loudness": 0.2}


def test_a_method_is_listed_and_explained():
    assert {"whisper", "murmur"} <= set(obspy_broadband.methods())
    assert "obb-whisper 1.0" in CliRunner().invoke(obb, ["methods"]).output
    assert "loudness" in CliRunner().invoke(obb, ["methods", "whisper"]).output


def test_its_errors_carry_its_name(simulation):
    with pytest.raises(InputError, match=r"'whisper'.*loudness is -1"):
        simulation().enrich("whisper", loudness=-1)


def test_the_code_of_the_page_is_that_of_the_examples_or_runs(tmp_path, monkeypatch, simulation):
    """From the first block to the last: check, simulate a store, train, add weights, enrich."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = "".join(
        "".join((FOLDER / package / name).read_text(encoding="utf-8").split())
        for package in PACKAGES
        for name in (f"{package}.py", "pyproject.toml")
    )
    names = {"stream": simulation(stations=("AAA", "BBB"), duration=60)}
    ran = []
    for language, code in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.S):
        if "".join(code.split()) in files:  # indented and broken into lines otherwise
            continue
        assert "def " not in code, f"This is not in the examples any more:\n{code}"
        if language == "python":
            exec(compile(code, "write-a-method.md", "exec"), names)
            continue
        assert language == "console", code
        for line in code.splitlines():
            program, *arguments = line.removeprefix("$ ").split()
            if program == "pip":  # the packages are installed
                continue
            assert program == "obb"
            result = CliRunner().invoke(obb, arguments)
            assert result.exit_code == 0, result.output
            ran.append(arguments[0])
    assert ran == ["methods", "data", "train", "weights"]
    ensemble = names["ensemble"]
    assert len(ensemble) == 4
    assert ensemble.provenance["method_distribution"] == "obb-murmur 1.0"
    card = json.loads((tmp_path / "run" / "weights" / "murmur" / "default.json").read_text())
    assert ensemble.provenance["weights"]["sha256"] == card["sha256"]
    first, second = (ensemble[number].select(component="E")[0].data for number in (0, 1))
    assert not np.array_equal(first, second)
