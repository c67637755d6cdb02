"""Documentation and code hold each other: what exists is documented, what is documented runs."""

import re
import sys
from pathlib import Path

import pytest
from obb_cli.main import COMMANDS
from sem3d_files import write_run

import obspy_broadband

ROOT = Path(__file__).parents[1]
HEADINGS = [
    "Idea",
    "Equations",
    "Options",
    "What it is good and bad at",
    "Checked against",
    "Citation",
]


def text(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def test_the_readmes_example_runs(tmp_path, monkeypatch, simulation):
    code = re.search(r"```python\n(.*?)```", text("README.md"), re.S).group(1)
    stream = simulation(stations=("A_0000", "A_0001"), components="XYZ", duration=30)
    write_run(tmp_path / "traces", stream)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert len(names["ensemble"]) == 20
    assert (tmp_path / "leteil" / "ensemble.json").exists()
    assert (tmp_path / "realization.png").exists()


def test_the_readmes_commands_are_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.M))
    assert set(re.findall(r"make ([a-z]+)", text("README.md"))) - {"alone"} <= targets


@pytest.mark.parametrize("name", sorted(obspy_broadband.methods()))
def test_every_method_has_its_page_and_its_row(name):
    page = text("docs", "methods", f"{name}.md")
    assert re.findall(r"^## (.*)$", page, re.M) == HEADINGS
    assert f"`{name}`" in text("README.md")
    from obspy_broadband.method.registry import load

    for option in load(name).Options.__dataclass_fields__:
        assert f"`{option}`" in page


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name):
    assert f"`obb {name}" in text("docs", "reference", "cli.md")


def test_links_between_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_index_lists_every_page():
    index = text("docs", "index.md") + text("docs", "decisions", "index.md")
    for page in ROOT.glob("docs/**/*.md"):
        if page.name != "index.md":
            assert page.stem in index, page


@pytest.mark.parametrize(
    "script", sorted((ROOT / "benchmarks").glob("[a-z]*.py")), ids=lambda p: p.name
)
def test_every_benchmark_says_how_it_is_run(script):
    assert f"python benchmarks/{script.name}" in script.read_text(encoding="utf-8")


def test_doctests():
    import doctest
    import importlib

    for module in ("signal.filters", "records.units", "method.contract", "testing", "io.durable"):
        failed, tried = doctest.testmod(importlib.import_module(f"obspy_broadband.{module}"))
        assert tried > 0, module
        assert not failed, module
    assert sys.version_info >= (3, 11)
