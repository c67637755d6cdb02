import numpy as np
import pytest

from obspy_broadband.ensemble.measures import PERIODS, measure
from obspy_broadband.errors import InputError


def test_a_row_a_station_and_realization(simulation, noise):
    ensemble = simulation(stations=("AAA", "BBB"), duration=20).enrich(noise, n=3, seed=1)
    table = ensemble.intensity_measures(periods=(0.1, 1.0))
    assert table.index.names == ["station", "realization"]
    assert len(table) == 6
    assert {"pga_m_s2", "pgv_m_s", "arias_m_s", "cav_m_s", "d5_95_s", "sa_0.1s_m_s2"} <= set(table)
    assert np.isfinite(table.to_numpy()).all()
    assert table.loc[("XX.AAA..HX", 0)].to_dict() != table.loc[("XX.AAA..HX", 1)].to_dict()


def test_an_ensembles_rows_are_those_of_its_streams(simulation, noise):
    ensemble = simulation(duration=20).enrich(noise, n=2, seed=1)[1:]
    expected = measure(ensemble[0], (0.2,)).iloc[0]
    found = ensemble.intensity_measures((0.2,)).iloc[0]
    assert ensemble.intensity_measures((0.2,)).index[0] == ("XX.AAA..HX", 1)
    assert found.to_dict() == pytest.approx(expected.to_dict(), rel=1e-6)


def test_default_periods(simulation):
    table = measure(simulation(duration=20))
    assert [name for name in table if name.startswith("sa_")] == [
        f"sa_{p:g}s_m_s2" for p in PERIODS
    ]


def test_one_component_is_measured_as_it_is(simulation):
    stream = simulation(components="N", duration=20)
    assert measure(stream, (0.1,)).pga_m_s2.iloc[0] == pytest.approx(np.abs(stream[0].data).max())


def test_order_of_components_does_not_matter(simulation):
    stream = simulation(components="ZNE", duration=20)
    shuffled = stream.copy()
    shuffled.traces = shuffled.traces[::-1]
    assert measure(stream, (0.1,)).equals(measure(shuffled, (0.1,)))


def test_units_are_converted(simulation):
    stream = simulation(duration=20)
    in_g = measure(stream, (0.1,), units="g")
    assert in_g.pga_m_s2.iloc[0] == pytest.approx(
        9.80665 * measure(stream, (0.1,)).pga_m_s2.iloc[0]
    )


def test_what_cannot_be_measured_is_refused(simulation):
    stream = simulation(duration=20)
    stream[0].data[3] = np.nan
    with pytest.raises(InputError, match="NaN"):
        measure(stream)


@pytest.mark.parametrize("period", [0.0, -1.0, 100.0, float("nan")])
def test_periods_that_cannot_be_computed_are_refused(simulation, period):
    stream = simulation(stations=("AAA",), duration=10)
    with pytest.raises(InputError, match=r"0\.005 to 60 s"):
        measure(stream, periods=(0.1, period))
    with pytest.raises(InputError, match=r"0\.005 to 60 s"):
        stream.enrich(n=1, seed=1).intensity_measures((0.1, period))
    for periods in (1.0, ["short"]):
        with pytest.raises(InputError, match="list of numbers"):
            measure(stream, periods=periods)


def test_a_path_that_is_not_there_is_said(simulation):
    with pytest.raises(InputError, match=r"stations\.xml cannot be read"):
        simulation(stations=("AAA",), duration=10).enrich(n=1, inventory="stations.xml")
