"""What the commands take for an event, and the two distances."""

import json

import pytest
from click.testing import CliRunner
from obb_cli.main import obb

CMTSOLUTION = """ PDEW2019 11 11 10 52 45.00  44.5200   4.6700   1.0 4.9 5.1 SOUTHERN FRANCE
event name:     TEST
time shift:      0.0000
half duration:   0.5000
latitude:       44.5300
longitude:       4.6800
depth:           2.5000
Mrr:       2.500000e+23
Mtt:      -1.500000e+23
Mpp:      -1.000000e+23
Mrt:       0.500000e+23
Mrp:       0.000000e+23
Mtp:       0.700000e+23
"""


@pytest.fixture
def folder(simulation, tmp_path):
    simulation(duration=20).write(str(tmp_path / "records.mseed"), format="MSEED")
    (tmp_path / "CMTSOLUTION").write_text(CMTSOLUTION)
    (tmp_path / "two").write_text(CMTSOLUTION + "\n" + CMTSOLUTION)
    return tmp_path


def enrich(folder, *options, command=("enrich",)):
    arguments = (folder / "records.mseed", "-n", 1, "-u", "m/s**2", "-o", folder / "out", *options)
    return CliRunner().invoke(obb, [*command, *map(str, arguments)])


def test_a_cmtsolution_and_a_rupture_distance(folder):
    result = enrich(folder, "--event", folder / "CMTSOLUTION", "--set", "rupture_distance=1.5")
    assert result.exit_code == 0, result.output
    said = json.loads((folder / "out" / "ensemble.json").read_text())["provenance"]
    assert said["stations"][0]["scenario"] == {
        "magnitude": pytest.approx(4.85, abs=0.01),
        "distance_km": 1.5,
        "depth_km": 2.5,
        "vs30_m_s": None,
        "rupture_distance_km": 1.5,
    }


def test_runs_take_it_too(folder):
    options = ("--events", folder / "CMTSOLUTION", "--workers", 1, "--measures", "none")
    result = enrich(folder, *options, command=("archive", "run", "files"))
    assert result.exit_code == 0, result.output
    (card,) = (folder / "out" / "provenance").glob("*.json")
    scenario = json.loads(card.read_text())["provenance"]["stations"][0]["scenario"]
    assert scenario["depth_km"] == 2.5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--event", "two"), "holds 2 events; one is needed"),
        (("--event", "records.mseed"), "cannot be read as events"),
        (("--distance", 10, "--set", "depth=30"), "is 10 km, but the depth is 30 km"),
    ],
)
def test_mistakes_are_one_message(folder, options, told):
    result = enrich(folder, *(folder / one if one in ("two", "records.mseed") else one
                              for one in options))  # fmt: skip
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output
