import sys
from types import ModuleType, SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import obspy
import pytest
from matplotlib.figure import Figure

from obspy_broadband.ensemble.plot import plot_motion
from obspy_broadband.errors import InputError


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def ensemble(simulation, noise):
    return simulation(duration=20).enrich(noise, n=1, seed=1)


@pytest.mark.parametrize("components", ["ZNE", "Z", "E", "XYZ"])
def test_an_ensemble_draws_itself(simulation, noise, components):
    ensemble = simulation(components=components, duration=20).enrich(noise, n=2, seed=1)
    figure = ensemble.plot(references={"model": ((0.1, 1.0), (1.0, 0.2))}, show=False)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == len(components) + 2
    labels = [line.get_label() for line in figure.axes[-1].lines]
    assert {"simulation", "median", "model"} <= set(labels)


def test_a_record_is_drawn_beside(ensemble):
    recorded = np.array([trace.data for trace in ensemble[0]])
    figure = ensemble.plot(recorded=recorded, handle=True)
    assert "record" in [line.get_label() for line in figure.axes[-1].lines]


def test_realizations_keep_their_numbers(simulation, noise):
    ensemble = simulation(components="Z", duration=10).enrich(noise, n=4, seed=1)[2:]
    labels = [text.get_text().split("  ")[0] for text in ensemble.plot(show=False).axes[0].texts]
    assert labels == ["simulation", "realization 2", "realization 3"]


def test_motion_of_one_realization(ensemble):
    assert len(plot_motion(ensemble, handle=True).axes) == 9


def test_stations_are_found_by_code(simulation, noise):
    ensemble = simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=1, seed=1)
    for name in ("BBB", "XX.BBB", "XX.BBB..HX"):
        assert "XX.BBB" in ensemble.plot(name, handle=True).get_suptitle()
    with pytest.raises(InputError, match=r"XX\.AAA\.\.HX"):
        ensemble.plot("CCC")


@pytest.fixture
def shows(monkeypatch):
    """What pyplot was asked to show."""
    asked = []
    monkeypatch.setattr(plt, "show", lambda **how: asked.append((plt.gcf(), how)))
    return asked


@pytest.mark.parametrize("draw", [lambda e, **how: e.plot(**how), plot_motion])
def test_a_figure_is_shown_by_default_as_a_streams_is(ensemble, shows, draw):
    figure = draw(ensemble, block=False)
    assert shows == [(figure, {"block": False})]
    obspy.read().plot(block=False)
    assert shows[1][1] == {"block": False}


@pytest.mark.parametrize("how", [{"show": False}, {"handle": True}, {"handle": True, "dpi": 50}])
def test_a_figure_is_kept_and_not_shown_if_asked(ensemble, shows, how):
    figure = ensemble.plot(**how)
    assert not shows
    assert plt.gcf() is figure  # so that plt.show() and plt.savefig() mean this one
    assert figure.dpi == how.get("dpi", matplotlib.rcParams["figure.dpi"])


@pytest.mark.filterwarnings("error")
def test_figures_that_are_saved_are_not_kept_however_many(
    simulation, noise, shows, tmp_path, monkeypatch
):
    ensemble = simulation(components="Z", duration=10).enrich(noise, n=1, seed=1)
    monkeypatch.setitem(plt.rcParams, "figure.max_open_warning", 2)
    for number in range(3):
        path = tmp_path / f"{number}.png"
        assert plot_motion(ensemble, outfile=path, dpi=20) is None
        assert path.read_bytes().startswith(b"\x89PNG")
    assert ensemble.plot(outfile=tmp_path / "a.b", format="svg") is None
    assert b"<svg" in (tmp_path / "a.b").read_bytes()
    assert ensemble.plot(format="pdf").startswith(b"%PDF")
    assert not shows
    assert not plt.get_fignums()


def test_a_figure_that_was_returned_can_be_shown(ensemble):
    shown = []
    figure = ensemble.plot(handle=True)
    figure.canvas.manager.show = lambda: shown.append(figure)
    figure.show()
    assert shown == [figure]


@pytest.fixture
def notebook(monkeypatch):
    """IPython with matplotlib's inline backend: the cell's number, and what it displayed."""
    shell = SimpleNamespace(execution_count=1)
    displayed = []
    modules = {"IPython": ModuleType("IPython"), "IPython.display": ModuleType("IPython.display")}
    modules["IPython"].get_ipython = lambda: shell
    modules["IPython.display"].display = lambda data, raw: displayed.append(data)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    backend = "module://matplotlib_inline.backend_inline"
    monkeypatch.setattr(matplotlib, "get_backend", lambda: backend)
    return shell, displayed


def test_a_notebook_shows_a_figure_once(ensemble, shows, notebook):
    shell, displayed = notebook
    figure = ensemble.plot()
    figure._ipython_display_()  # as the value of the same cell
    figure.show()
    assert len(displayed) == 1
    assert displayed[0]["image/png"].startswith(b"\x89PNG")
    shell.execution_count = 2
    figure._ipython_display_()
    assert len(displayed) == 2
    assert not shows
    assert not plt.get_fignums()  # or the end of the cell would show it again


def test_a_notebook_shows_what_is_kept_when_it_is_asked_for(ensemble, notebook, tmp_path):
    _, displayed = notebook
    ensemble.plot(outfile=tmp_path / "x.png")
    figure = ensemble.plot(handle=True)
    assert not displayed
    assert not plt.get_fignums()
    figure.show()
    assert len(displayed) == 1
