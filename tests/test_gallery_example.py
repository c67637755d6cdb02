"""The gallery draws and checks what is simulated; the simulation itself is not what is tested."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pygmm")
sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import gallery
from gallery_earthquakes import EARTHQUAKES

from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit


@pytest.fixture
def folder(tmp_path):
    """Noise where P and S belong, in place of a simulation that takes its time."""
    quake = next(one for one in EARTHQUAKES if one.name == "small")
    rng, times, motions = np.random.default_rng(1), np.arange(0, 60, 0.05), []
    for code in quake.stations:
        p, s = quake.arrivals(code)
        size = 0.2 * saragoni_hart(times - p, 2.0) + saragoni_hart(times - s, 4.0)
        noise = rng.normal(size=(3, len(times))) * size
        motions.append(0.01 * band_limit(noise, 20.0, 1.4))
    (tmp_path / "simulations").mkdir()
    np.save(tmp_path / "simulations" / "small.npy", np.array(motions))
    return tmp_path


def test_figures_and_checks_of_an_earthquake(folder, monkeypatch, capsys):
    words = ["gallery.py", folder, "--earthquakes", "small", "-n", 2]
    words += ["--methods", "stochastic", "nope"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    gallery.main()
    table = pd.read_csv(folder / "checks.csv")
    assert list(table["station"]) == ["D010", "D025", "D050", "D100"]
    assert (table["low_frequency"] < 0.01).all()
    assert table["pga_sigmas"].notna().all()
    assert {path.name for path in folder.glob("*.png")} == {"small.png", "distances.png"}
    assert "nope is left out: Unknown method" in capsys.readouterr().out
    assert "| small | stochastic |" in (folder / "checks.md").read_text(encoding="utf-8")


def test_every_station_has_a_model_and_arrivals_in_order():
    for quake in EARTHQUAKES:
        for code in quake.stations:
            p, s = quake.arrivals(code)
            assert 20.0 < p < s < 70.0
            assert 0 < quake.model(code)[1].pga < 2.0
