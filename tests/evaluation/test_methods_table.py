"""The table of all methods, on a store of a few simulated records."""

import runpy
import sys
from pathlib import Path

import pytest
import torch
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.method import weights
from obspy_broadband.training.options import resolve

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    simulate(Population(records=60, per_event=3, seed=5, distances_km=(5, 60)), folder)
    return folder


@pytest.fixture
def table(store, tmp_path, monkeypatch, capsys):
    """A function: what the script prints, by its arguments, with tiny weights of one protocol."""
    monkeypatch.setenv("OBB_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def run(protocol, *more):
        tiny = {"width": 2, "depth": 3, "discriminator_width": 2, "training.protocol": protocol}
        options, _ = resolve(Pix2Pix, None, tiny)
        torch.manual_seed(0)
        tensors = {
            key: value
            for key, value in Pix2Pix(options).state_dict().items()
            if not key.startswith("discriminators")
        }
        card = {"method": "pix2pix", "options": vars(options), "protocol": protocol}
        weights.save(tmp_path / "weights", protocol, tensors, {**card, "data": {}, "metrics": {}})
        arguments = ["methods.py", str(store), "--limit", "3", "--realizations", "4", *more]
        monkeypatch.setattr(sys, "argv", [*arguments, "--protocol", protocol])
        runpy.run_path(str(BENCHMARKS / "methods.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


def cells(printed, row):
    """The cells of a row in each of the printed tables."""
    lines = [line for line in printed.splitlines() if line.startswith(f"| {row} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")[1:]] for line in lines]


def test_the_thesis_protocol_stands_beside_what_was_published(table):
    printed = table("thesis")
    ((eg, pg, *said),) = cells(printed, "pix2pix")
    assert said == ["7.45 ± 0.79", "8.63 ± 0.67"]
    assert "(" in eg
    assert "(" in pg
    assert cells(printed, "must") == [["", "", "6.28 ± 0.60", "8.24 ± 0.53"]]
    ((eg, *_),) = cells(printed, "inverse filter")
    assert float(eg.split()[0]) > 9.0  # the answer is in the input
    assert "level ridge" not in printed
    assert "left out: must (no weights of the thesis protocol)" in printed


def test_the_clean_protocol_has_three_tables_with_intervals(table, tmp_path):
    printed = table("clean", "--methods", "pix2pix", "-o", str(tmp_path / "tables"))
    scores, biases, waveforms = cells(printed, "pix2pix")
    assert "(" in scores[0]
    assert " to " in biases[0]
    assert "(" in waveforms[0]
    assert len(cells(printed, "level ridge")) == 2
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        *("by_measure.csv", "goodness.csv", "residuals.csv"),
    }
