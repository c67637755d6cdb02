import numpy as np
import pytest
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband import Scenario
from obspy_broadband.data.simulated import Population, simulate, stochastic_record
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.point_source import fourier_spectrum
from obspy_broadband.signal.spectra import effective_amplitude

KNOWN = Scenario(magnitude=5.5, distance_km=60.0, depth_km=10.0, vs30_m_s=760.0)


@pytest.fixture(scope="module")
def records():
    return np.stack([stochastic_record(KNOWN, np.random.default_rng(k)) for k in range(60)])


def test_the_level_is_that_of_the_point_source(records):
    read = np.array([0.3, 1.0, 3.0, 10.0, 20.0])
    levels = np.log(effective_amplitude(records[:, 1], records[:, 2], 100.0, read))
    expected = np.log(fourier_spectrum(read, 5.5, 60.0, 760.0))
    assert np.abs(levels.mean(axis=0) - expected).max() < 0.35
    assert (np.abs(levels.std(axis=0) - 0.85) < 0.35).all()


def test_p_and_s_come_on_time_at_all_frequencies(records):
    lag = 60.0 * (1 / 3.5 - 1 / 6.06)
    power = (records**2).mean(axis=0)
    assert power[:, : 29 * 100].max() == 0
    early, between = slice(3000, 3200), slice(int(100 * (30 + lag)), int(100 * (33 + lag)))
    assert power[0, early].mean() > 0  # P
    assert power[1:, between].mean() > 3 * power[1:, early].mean()  # S on the horizontals
    low = band_limit(records, 100.0, 1.0)
    for part in (low, records - low):
        energy = np.cumsum((part[:, 1:] ** 2).mean(axis=(0, 1)))
        first = np.searchsorted(energy, 0.1 * energy[-1]) / 100 - 30
        assert lag - 1.0 < first < lag + 3.0


def test_the_same_seed_is_the_same_store_and_an_interrupted_one_goes_on(tmp_path):
    population = Population(records=12, per_event=5, seed=3)
    for name in ("a", "b"):
        info = simulate(population, tmp_path / name)
    assert info["summary"]["all"]["records"] == 12
    assert info["summary"]["all"]["events"] == 3
    (tmp_path / "b" / "index.h5").unlink()
    next((tmp_path / "b" / "shards").glob("000001*")).unlink()
    simulate(population, tmp_path / "b")
    a, b = Store(tmp_path / "a"), Store(tmp_path / "b")
    for record in range(12):
        assert np.array_equal(a.motion(record), b.motion(record))
    assert np.isfinite(a.columns["vs30_m_s"]).all()
    assert set(a.columns["source"]) == {"simulated:stochastic"}
    with pytest.raises(InputError, match="was begun with"):
        simulate(Population(records=13), tmp_path / "b")


def test_low_frequencies_may_come_from_a_layered_half_space(tmp_path):
    pytest.importorskip("pyprop8")
    population = Population(
        records=1, per_event=1, seed=2, low_frequencies="pyprop8", distances_km=(20.0, 20.0)
    )
    simulate(population, tmp_path)
    store = Store(tmp_path)
    motion = store.motion(0).astype(float)
    assert set(store.columns["source"]) == {"simulated:pyprop8"}
    low = band_limit(motion, 100.0, 0.8)
    for part in (low, motion - low):  # both bands arrive where the index says, none before P
        energy = np.cumsum((part**2).sum(axis=0))
        at = np.searchsorted(energy, 0.05 * energy[-1])
        assert store.columns["p_sample"][0] - 100 < at < store.columns["s_sample"][0] + 500
    read = np.array([0.8, 1.4])
    level = effective_amplitude(motion[1], motion[2], 100.0, read, 20.0)
    assert abs(np.log(level[1] / level[0])) < 2.0  # it rises by 1.1; no step


@pytest.mark.parametrize(
    "wrong", [{"records": 0}, {"magnitudes": (6, 5)}, {"low_frequencies": "x"}]
)
def test_populations_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError):
        Population(**wrong)


def test_the_command(tmp_path):
    result = CliRunner().invoke(obb, ["data", "simulate", "-n", "6", "-o", str(tmp_path / "s")])
    assert result.exit_code == 0, result.output
    assert "simulated:stochastic" in result.output
