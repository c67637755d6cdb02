import numpy as np
import pytest
from matplotlib.figure import Figure

from obspy_broadband.errors import InputError
from obspy_broadband.plot import plot_motion


@pytest.mark.parametrize("components", ["ZNE", "Z", "E", "XYZ"])
def test_an_ensemble_draws_itself(simulation, noise, components, tmp_path):
    ensemble = simulation(components=components, duration=20).enrich(noise, n=2, seed=1)
    figure = ensemble.plot(references={"model": ((0.1, 1.0), (1.0, 0.2))})
    assert isinstance(figure, Figure)
    assert len(figure.axes) == len(components) + 2
    figure.savefig(tmp_path / "figure.png")
    labels = [line.get_label() for line in figure.axes[-1].lines]
    assert {"simulation", "median", "model"} <= set(labels)


def test_a_record_is_drawn_beside(simulation, noise):
    ensemble = simulation(duration=20).enrich(noise, n=1, seed=1)
    recorded = np.array([trace.data for trace in ensemble[0]])
    labels = [line.get_label() for line in ensemble.plot(recorded=recorded).axes[-1].lines]
    assert "record" in labels


def test_motion_of_one_realization(simulation, noise):
    figure = plot_motion(simulation(duration=20).enrich(noise, n=1, seed=1))
    assert len(figure.axes) == 9


def test_stations_are_found_by_code(simulation, noise):
    ensemble = simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=1, seed=1)
    assert "XX.BBB" in ensemble.plot("BBB").get_suptitle()
    with pytest.raises(InputError, match=r"XX\.AAA\.\.HX"):
        ensemble.plot("CCC")
