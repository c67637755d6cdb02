"""Imports run one way, and looking at the package costs no more than looking at ObsPy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Folders and modules of the library: each imports from those before it alone.
ORDER = (
    *(
        "errors",
        "durable",
        "_version",
        "signal",
        "nn",
        "level",
        "method",
        "records",
        "io",
        "request",
    ),
    *("ensemble", "enrich", "sources", "archive", "data", "generate", "evaluation", "training"),
    *("testing", "_moved", "__init__"),
)
HEAVY = ("torch", "seisbench", "scipy.signal", "pandas", "matplotlib", "h5py")


def imported(path):
    """(module, whether at import time) of every import in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        yield from ((name, node not in inside) for name in names)


@pytest.mark.parametrize("path", sorted((ROOT / "obspy_broadband").rglob("*.py")), ids=str)
def test_the_library_knows_neither_plugins_nor_command_line(path):
    for name, _ in imported(path):
        assert not name.startswith(("obb_plugins", "obb_cli")), name


@pytest.mark.parametrize("path", sorted((ROOT / "obspy_broadband").rglob("*.py")), ids=str)
def test_imports_run_one_way_through_the_library(path):
    """Also those inside functions and those for type checkers."""
    parts = path.relative_to(ROOT / "obspy_broadband").with_suffix("").parts
    own = parts[0]
    for name, _ in imported(path):
        level = len(name) - len(name.lstrip("."))
        if not level:
            assert not name.startswith("obspy_broadband"), f"{path}: imports {name} absolutely"
            continue
        target = [*parts[: len(parts) - level], *filter(None, name[level:].split("."))]
        if target and target[0] != own:
            assert ORDER.index(target[0]) < ORDER.index(own), f"{own} imports {target[0]}"


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").glob("*.py")), ids=str)
def test_plugins_know_the_library_only(path):
    for name, _ in imported(path):
        assert not name.startswith(("obb_plugins", "obb_cli", ".")), name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "obspy_broadband" / "signal").glob("*.py")), ids=str
)
def test_signal_is_arrays_only(path):
    for name, _ in imported(path):
        assert not name.startswith(("obspy", "torch", "pandas", "..")) or name == "..errors", name


@pytest.mark.parametrize(
    "code",
    [
        "import obspy_broadband",
        "from obb_cli.main import obb; obb(['--help'], standalone_mode=False)",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code):
    probe = f"import sys; {code}; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("measures", "ensemble.measures"),
        ("weights", "method.weights"),
        ("record", "records.record"),
        ("coherence", "records.spatial_correlation"),
    ],
)
def test_old_import_paths_are_the_same_modules_with_a_warning(old, new):
    code = (
        "import importlib, sys, warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        f"    old = importlib.import_module('obspy_broadband.{old}')\n"
        f"new = importlib.import_module('obspy_broadband.{new}')\n"
        f"assert old is new and new.__spec__.name == 'obspy_broadband.{new}'\n"
        f"assert any('has moved to obspy_broadband.{new}' in str(w.message) for w in caught)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_module_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError):
        __import__("obspy_broadband.nothing")
