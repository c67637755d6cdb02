"""setup.cfg lists packages by hand, since setuptools cannot find renamed folders."""

import configparser
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "obspy_broadband": "obspy_broadband",
    "plugins": "obb_plugins",
    "cli": "obb_cli",
    "weights": "obb_weights",
}


@pytest.fixture
def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_listed(setup_cfg):
    listed = set(setup_cfg["options"]["packages"].split())
    found = set()
    for folder, name in FOLDERS.items():
        for path in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([name, *path.parent.relative_to(ROOT / folder).parts]))
    assert listed == found


@pytest.mark.parametrize(
    "name",
    [
        *("SEM3D", "SPECFEM", "SW4", "BBP", "SEISSOL", "HERCULES", "COLUMNS", "AT2"),
        *("SPEED", "AXISEM3D", "OPENSEES"),
        *("WCC", "EMOD3D", "ESM"),
    ],
)
def test_every_format_can_be_loaded(name):
    group = f"obspy.plugin.waveform.{name}"
    points = entry_points(group=group)
    assert {"isFormat", "readFormat"} <= {point.name for point in points}
    for point in points:
        assert callable(point.load())


def test_versions_agree():
    import obspy_broadband

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {obspy_broadband.__version__}" in citation
    assert f"## {obspy_broadband.__version__}" in changelog
