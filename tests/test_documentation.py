"""Documentation and code hold each other: what exists is documented, what is documented runs."""

import ast
import importlib
import re
import shlex
import sys

import click
import pytest
from obb_cli.main import obb
from pages import ROOT, blocks, run_page

import obspy_broadband

sys.path.append(str(ROOT / "docs"))
import commands

PAGES = sorted(path for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts)
#: Decisions keep the names that things had.
PRESENT = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "weights" / "README.md"]
PRESENT = [path for path in PRESENT if "decisions" not in path.parts]
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


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/tutorials/accelerograms.md",
        "docs/how-to/spatial-correlation.md",
    ],
)
@pytest.mark.filterwarnings("ignore::obspy_broadband.errors.InputWarning")
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path)


@pytest.mark.slow
def test_the_notebook_runs():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    path = ROOT / "docs" / "tutorials" / "ensemble.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(figures) == 4


def test_the_readme_is_short():
    assert len(text("README.md").splitlines()) <= 70


def test_the_first_page_has_the_readmes_example():
    index, readme = (blocks(page)[0][1].splitlines() for page in ("docs/index.md", "README.md"))
    assert set(index) <= set(readme)


def test_the_readmes_commands_are_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.M))
    assert set(re.findall(r"make ([a-z]+)", text("README.md"))) <= targets


@pytest.mark.parametrize("name", sorted(obspy_broadband.methods()))
def test_every_method_has_its_page_and_its_row(name):
    page = text("docs", "explanation", "methods", f"{name}.md")
    assert re.findall(r"^## (.*)$", page, re.M) == HEADINGS
    assert f"`{name}`" in text("README.md")
    assert f"({name}.md)" in text("docs", "explanation", "methods", "index.md")
    from obspy_broadband.method.registry import load

    for option in load(name).Options.__dataclass_fields__:
        assert f"`{option}`" in page


def test_the_reference_has_every_command_and_option():
    page = commands.page()
    for name, command in commands.walk(obb):
        section = page.split(f"## {name}\n")[1].split("\n## ")[0]
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert max(option.opts, key=len) in section


@pytest.mark.parametrize("path", PRESENT, ids=name_of)
def test_documented_commands_exist(path):
    page = path.read_text(encoding="utf-8")
    page = re.sub(r"^obb .* ms .*$", "", page, flags=re.M)  # of benchmarks
    lines = re.findall(r"^obb .*(?:\\\n.*)*", page, re.M) + re.findall(r"`(obb [^`\n]+)`", page)
    for line in lines:
        check_command(line.split("  #")[0].split(" # ")[0])


def check_command(line):
    """Whether all commands and options of a line are those of ``obb``."""
    words = shlex.split(line.replace("\\\n", " ").replace("[", "").replace("]", ""))[1:]
    command = obb
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if words[0].isupper() or words[0] == "X":  # obb COMMAND --help
            return
        context = click.Context(command)
        word = words.pop(0)
        names = word.split("|")
        assert set(names) <= set(command.list_commands(context)), f"{line}: no command {word}"
        command = command.get_command(context, names[0])
    known = {"-h", "--help", "--version"}
    for option in command.params:
        known |= {*option.opts, *option.secondary_opts}
    for word in words:
        if re.match(r"--?[a-z]", word):
            assert word.split("=")[0] in known, f"{line}: no option {word}"


@pytest.mark.parametrize("path", PRESENT, ids=name_of)
def test_documented_names_exist(path):
    page = path.read_text(encoding="utf-8")
    for name in set(re.findall(r"(?<![\w.])(obspy_broadband(?:\.[A-Za-z_]\w*)+)", page)):
        assert exists(name), name
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("obspy_broadband"):
                for alias in node.names:
                    assert exists(f"{node.module}.{alias.name}"), f"{node.module}.{alias.name}"


def exists(name):
    """Whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            place = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            fields = getattr(place, "__dataclass_fields__", {})
            if not hasattr(place, part) and part not in fields:
                return False
            place = getattr(place, part, None)
        return True
    return False


@pytest.mark.parametrize(
    "path", [*PAGES, *ROOT.glob("*.md"), ROOT / "weights" / "README.md"], ids=name_of
)
def test_links_lead_somewhere(path):
    page = path.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", page):
        goal = path.parent / target if target else path
        assert goal.exists(), f"{path.name} -> {target}"
        if anchor:
            assert anchor in anchors(goal), f"{path.name} -> {target}#{anchor}"


def anchors(page):
    """Of the headings of a page, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


def test_every_page_is_in_a_table_of_contents():
    contents = "\n".join(
        path.read_text(encoding="utf-8") for path in PAGES if path.name == "index.md"
    )
    for path in [*PAGES, *ROOT.glob("docs/tutorials/*.ipynb")]:
        if path != ROOT / "docs" / "index.md":
            name = path.relative_to(ROOT / "docs").with_suffix("")
            listed = rf"^(.*/)?{re.escape(f'{name.parent.name}/{name.name}')}$|^{name.name}$"
            assert re.search(listed, contents, re.M), path


@pytest.mark.parametrize(
    "script", sorted((ROOT / "benchmarks").glob("[a-z]*.py")), ids=lambda p: p.name
)
def test_every_benchmark_says_how_it_is_run(script):
    assert f"python benchmarks/{script.name}" in script.read_text(encoding="utf-8")


def test_doctests():
    import doctest

    for module in ("signal.filters", "records.units", "method.contract", "testing", "durable"):
        failed, tried = doctest.testmod(importlib.import_module(f"obspy_broadband.{module}"))
        assert tried > 0, module
        assert not failed, module
