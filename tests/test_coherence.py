"""Stations of one event share the level of their high frequencies in part, and nothing else."""

import dataclasses

import numpy as np
import pytest
from obb_plugins.ann2bb import ANN2BB
from obb_plugins.pix2pix import Pix2Pix
from obspy.core.event import Event, Origin

import obspy_broadband
from obspy_broadband.errors import InputError
from obspy_broadband.registry import create
from obspy_broadband.signal.spatial import correlation
from obspy_broadband.testing import low_frequency_batch

MODEL = "loth-baker-2013"
#: km east of the first station.
PLACES = {"AAA": 0.0, "BBB": 5.0, "CCC": 50.0, "DDD": 3000.0}


@pytest.fixture
def stream(simulation):
    """The same motion at four places: only what is drawn differs."""
    made = simulation(stations=("AAA",), duration=25)
    for station in list(PLACES)[1:]:
        for trace in made.select(station="AAA").copy():
            trace.stats.station = station
            made.append(trace)
    for trace in made:
        trace.stats.coordinates = {"x": 1000.0 * PLACES[trace.stats.station], "y": 0.0, "z": 0.0}
    return made


def enrich(stream, n=2, **arguments):
    known = {"magnitude": 5.0, "distance": 20.0, "vs30": 500.0}
    return obspy_broadband.enrich(stream, n=n, seed=7, **{"coherence": MODEL, **known, **arguments})


def levels(ensemble):
    """ln of the amplitude at 3-12 Hz of the horizontals: (realizations, stations)."""
    found = []
    for record in ensemble.records:
        spectra = np.abs(np.fft.rfft(record.realizations[:, 1:]))
        frequencies = np.fft.rfftfreq(record.realizations.shape[-1], 0.01)
        band = (frequencies > 3) & (frequencies < 12)
        found.append(0.5 * np.log((spectra[..., band] ** 2).mean(axis=(1, 2))))
    return np.transpose(found)


def test_levels_agree_by_distance_and_spread_as_before(stream):
    drawn = levels(enrich(stream, n=150))
    measured = np.corrcoef(drawn.T)[0]
    # The level of a band and noise of finite length blur it a little.
    for place, value in zip(list(PLACES.values())[1:], measured[1:]):
        assert value == pytest.approx(correlation(place), abs=0.2)
    assert measured[1] > measured[3] + 0.4
    alone = levels(enrich(stream.select(station="AAA"), n=150, coherence=None))
    assert drawn[:, 0].std() == pytest.approx(alone.std(), rel=0.2)


def test_a_station_is_the_same_alone_and_in_company_in_any_order(stream):
    together = enrich(stream)
    for station in ("DDD", "BBB"):
        alone = enrich(stream.select(station=station))
        index = list(PLACES).index(station)
        np.testing.assert_array_equal(
            alone.records[0].realizations, together.records[index].realizations
        )
    more = enrich(stream.select(station="BBB"), n=4)
    np.testing.assert_array_equal(
        more.records[0].realizations[:2], together.records[1].realizations
    )


def test_another_event_is_another_field(stream):
    stream = stream.select(station="AAA")
    events = [Event(origins=[Origin(time=time)]) for time in (0, 1)]
    one, other = (levels(enrich(stream, event=event)) for event in events)
    assert not np.allclose(one, other)


def test_it_is_off_unless_asked_for_and_noted(stream):
    stream = stream.select(station="AAA")
    assert "coherence" not in enrich(stream, coherence=None).provenance
    assert enrich(stream).provenance["coherence"] == MODEL


@pytest.mark.parametrize("method", [Pix2Pix, ANN2BB])
def test_networks_take_the_numbers_instead_of_their_own(method):
    small = (
        {"width": 4, "depth": 4, "discriminator_width": 4} if method is Pix2Pix else {"steps": 1}
    )
    made = method(method.configure(small))
    batch = low_frequency_batch(method, rows=1)
    seeds = np.array([[3, 4]], dtype=np.uint64)
    own = np.stack(
        [
            np.random.default_rng(int(seed)).standard_normal(made.noise_shape, dtype=np.float32)
            for seed in seeds[0]
        ]
    )[None, :, : made.level_numbers]
    expected = made.realize(batch, seeds)
    same = made.realize(dataclasses.replace(batch, levels=own), seeds)
    np.testing.assert_array_equal(same, expected)
    other = made.realize(dataclasses.replace(batch, levels=own + 1.0), seeds)
    assert not np.allclose(other, expected)
    assert method(method.configure({**small, "vary_level": False})).level_numbers == 0


def test_what_cannot_be_is_one_message(stream, noise):
    with pytest.raises(InputError, match="must be None or 'loth-baker-2013'"):
        enrich(stream, coherence="always")
    with pytest.raises(InputError, match="does not draw a level"):
        enrich(stream, method=noise)
    del stream[0].stats.coordinates
    with pytest.raises(InputError, match=r"AAA..HX has no coordinates"):
        enrich(stream)
    with pytest.warns(UserWarning, match="no coordinates"):
        assert len(enrich(stream, on_bad="skip").stations) == 3
    assert create("stochastic", {}).level_numbers > 0
