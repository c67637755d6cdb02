import numpy as np
import pytest
from obb_plugins.stochastic import Options, Stochastic

from obspy_broadband import Batch, InputError, Scenario
from obspy_broadband.level.residuals import standard_deviation
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.phases import OMORI_VELOCITY
from obspy_broadband.signal.point_source import fourier_spectrum
from obspy_broadband.signal.spectra import effective_amplitude
from obspy_broadband.testing import check_method

RATE, CORNER, P = 100.0, 1.0, 10.0
KNOWN = Scenario(magnitude=5.5, distance_km=40.0, depth_km=8.0, vs30_m_s=760.0)


def low_frequency(distance_km=40.0, seconds=60.0, seed=1):
    rng = np.random.default_rng(seed)
    times = np.arange(int(seconds * RATE)) / RATE
    s = P + distance_km / OMORI_VELOCITY
    shapes = np.outer((0.4, 0.15, 0.15), saragoni_hart(times - P, 3.0))
    shapes += np.outer((0.4, 1.0, 1.0), saragoni_hart(times - s, 6.0))
    motion = band_limit(shapes * rng.normal(size=shapes.shape), RATE, CORNER)
    # The level a point source has at the corner.
    read = np.geomspace(0.5, 0.9, 4)
    level = effective_amplitude(motion[1], motion[2], RATE, read, 40.0)
    return motion * np.exp(np.log(fourier_spectrum(read, 5.5, distance_km) / level).mean())


def draw(scenario=KNOWN, n=30, motion=None, **options):
    """Realizations in m/s²: (n, 3, samples)."""
    motion = low_frequency() if motion is None else motion
    scale = np.abs(motion).max()
    batch = Batch(
        (motion / scale)[None], np.array([scale]), np.array([CORNER]), (scenario,), np.zeros(1, int)
    )
    seeds = np.random.default_rng(3).integers(0, 2**62, (1, n), dtype=np.uint64)
    return Stochastic(Options(**options)).realize(batch, seeds)[0] * scale


def spectra(drawn, centers):
    return effective_amplitude(drawn[:, 1], drawn[:, 2], RATE, centers)


def test_it_keeps_the_contract():
    check_method("stochastic")
    check_method("stochastic", variability=0.0)


def test_the_median_spectrum_is_the_point_sources():
    centers = np.geomspace(2, 25, 12)
    drawn = spectra(draw(variability=0.0, level="scenario"), centers)
    expected = fourier_spectrum(centers, 5.5, 40.0, 760.0, 11.0, 0.036)
    assert np.log(np.sqrt((drawn**2).mean(axis=0)) / expected) == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("seconds", [14.0, 16.0, 60.0])  # before S, as it arrives, after all
def test_a_record_that_ends_early_has_its_whole_level(seconds):
    """The level is read off the record: what the earthquake does later is no part of it."""
    centers = np.geomspace(3, 20, 8)
    motion = low_frequency()[:, : int(seconds * RATE)]
    drawn = spectra(draw(motion=motion, variability=0.0, level="scenario"), centers)
    expected = fourier_spectrum(centers, 5.5, 40.0, 760.0, 11.0, 0.036)
    assert np.log(np.sqrt((drawn**2).mean(axis=0)) / expected) == pytest.approx(0, abs=0.3)


def test_there_is_no_plateau_above_ten_hertz():
    """ln FAS falls by pi kappa per hertz, and by Q."""
    centers = np.linspace(12, 40, 8)
    drawn = np.log(spectra(draw(variability=0.0, level="scenario"), centers)).mean(axis=0)
    slope = np.polyfit(centers, drawn, 1)[0]
    assert slope < -0.8 * np.pi * 0.036


def test_realizations_spread_as_records_do():
    centers = np.geomspace(2, 20, 8)
    drawn = np.log(spectra(draw(n=150, level="scenario"), centers))
    assert drawn.std(axis=0) == pytest.approx(standard_deviation(centers), rel=0.25)
    assert np.log(spectra(draw(variability=0.0), centers)).std(axis=0).max() < 0.35


def test_the_spread_grows_with_the_distance_from_what_the_simulation_knows():
    centers = np.array([1.1, 3.0, 15.0])
    spread = np.log(spectra(draw(n=150), centers)).std(axis=0)
    free = np.log(spectra(draw(n=150, level="scenario"), centers)).std(axis=0)
    assert spread[0] < 0.75 * free[0]
    assert spread[0] < spread[1] < spread[2]


def test_a_strong_simulation_raises_the_high_frequencies_near_the_corner_most():
    centers = np.array([1.2, 5.0, 20.0])
    weak, strong = (
        np.log(spectra(draw(motion=factor * low_frequency()), centers)).mean(axis=0)
        for factor in (1.0, 3.0)
    )
    rise = strong - weak
    assert np.log(3) * 1.05 > rise[0] > 0.6 * np.log(3)
    assert rise[0] > rise[1] > rise[2]


def test_magnitude_matters_only_where_the_simulation_is_silent():
    centers = np.array([1.1, 15.0])
    small, large = (
        np.log(spectra(draw(Scenario(m, 40.0, None, 760.0)), centers)).mean(axis=0)
        for m in (4.5, 6.5)
    )
    assert abs(large - small)[0] < 1.0
    assert large[1] - small[1] > abs(large - small)[0]


def test_p_comes_before_s_and_is_strongest_on_the_vertical():
    drawn = draw(n=20)
    power = (drawn**2).mean(axis=0)
    s = P + 40.0 / OMORI_VELOCITY

    def at(component, start):
        return power[component, int(start * RATE) : int((start + 2) * RATE)].mean()

    quiet = power[:, : int((P - 3) * RATE)].mean()
    assert quiet < 1e-4 * power.max()
    assert at(0, P + 1) / at(0, s + 1) > 3 * at(1, P + 1) / at(1, s + 1)
    assert at(1, s + 1) > 5 * at(1, P + 1)


def test_the_coda_decays():
    power = (draw(n=20) ** 2).mean(axis=(0, 1))
    early, late = power[2000:2500].mean(), power[4500:5500].mean()
    assert late < 0.02 * early


@pytest.mark.parametrize("weak", [1, 2])
def test_a_weak_component_of_the_simulation_stays_weaker_near_the_corner(weak):
    def ratio(motion):
        drawn = draw(motion=motion, variability=0.0, n=20)
        frequencies = np.fft.rfftfreq(drawn.shape[-1], 1 / RATE)
        band = (frequencies > 1.0) & (frequencies < 1.5)
        power = (np.abs(np.fft.rfft(drawn)[..., band]) ** 2).mean(axis=(0, 2))
        return 0.5 * np.log(power[weak] / power[3 - weak])

    weakened = low_frequency()
    weakened[weak] *= 0.3
    assert ratio(weakened) - ratio(low_frequency()) < 0.4 * np.log(0.3)


def test_scenario_level_needs_magnitude_and_distance():
    with pytest.raises(InputError, match="magnitude and distance"):
        draw(Scenario(), level="scenario")


@pytest.mark.parametrize(
    "options",
    [{"level": "loud"}, {"kappa_s": -1.0}, {"stress_drop_mpa": 0.0}, {"variability": "x"}],
)
def test_options_are_checked(options):
    with pytest.raises(InputError):
        Options(**options)


@pytest.mark.parametrize("seconds", [5.0, 300.0])
def test_very_short_and_very_long_records(seconds):
    motion = np.resize(low_frequency()[:, 900:], (3, int(seconds * RATE)))
    assert np.isfinite(draw(Scenario(), n=2, motion=motion)).all()
