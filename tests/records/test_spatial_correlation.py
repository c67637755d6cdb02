"""Stations of one event share the level of their high frequencies in part, and nothing else."""

import dataclasses
import json

import numpy as np
import pytest
from obb_plugins.ann2bb import ANN2BB
from obb_plugins.pix2pix import Pix2Pix
from obspy import Stream, UTCDateTime
from obspy.core.event import Event, Origin

import obspy_broadband
from obspy_broadband import Method
from obspy_broadband.errors import InputError
from obspy_broadband.level.spatial_field import correlation
from obspy_broadband.method.registry import create
from obspy_broadband.records import spatial_correlation
from obspy_broadband.records.spatial_correlation import Field
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
    return obspy_broadband.enrich(
        stream, n=n, seed=7, **{"spatial_correlation": MODEL, **known, **arguments}
    )


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
    drawn = levels(enrich(stream, n=300))
    measured = np.corrcoef(drawn.T)[0]
    # The level of a band and noise of finite length blur it a little.
    for place, value in zip(list(PLACES.values())[1:], measured[1:]):
        assert value == pytest.approx(correlation(place), abs=0.2)
    assert measured[1] > measured[3] + 0.4
    alone = levels(enrich(stream.select(station="AAA"), n=300, spatial_correlation=None))
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


class Levelled(Method):
    """White noise, of which two numbers decide how strong it is."""

    summary = "White noise with a level"
    citation = "None"
    samples = None
    epsilon_size = 2

    def __init__(self, options=None):
        super().__init__(options)
        self.seen = []  # of every batch

    def realize(self, batch, seeds):
        self.seen.append(batch.epsilon)
        own = [[np.random.default_rng(int(seed)).normal(size=2) for seed in row] for row in seeds]
        levels = np.array(own) if batch.epsilon is None else batch.epsilon
        shape = batch.low_frequency.shape[1:]
        noise = [
            [np.random.default_rng(int(s) + 1).normal(0, 0.1, shape) for s in r] for r in seeds
        ]
        return np.array(noise) * np.exp(levels.sum(axis=-1))[..., None, None]


EVENT = Event(origins=[Origin(time=UTCDateTime(2019, 11, 11, 10, 52, 45))])


def realizations(ensemble):
    return {record.id.split(".")[1]: record.realizations for record in ensemble.records}


def automatic(stream, **arguments):
    return enrich(stream, **{"method": Levelled(), "spatial_correlation": "auto", **arguments})


def test_by_default_a_field_is_used_where_station_and_event_are_known(stream):
    found = obspy_broadband.enrich(stream, Levelled(), n=2, seed=7, event=EVENT)
    assert found.provenance["spatial_correlation"] == "auto"
    named = realizations(enrich(stream, method=Levelled(), event=EVENT))
    alone = realizations(enrich(stream, method=Levelled(), event=EVENT, spatial_correlation=None))
    for code, drawn in realizations(found).items():
        np.testing.assert_array_equal(drawn, named[code])
        assert not np.array_equal(drawn, alone[code])


@pytest.mark.parametrize(
    "event", [None, Event(), Event(origins=[Origin(latitude=44.5, longitude=4.6)])]
)
def test_without_an_event_every_record_is_drawn_by_itself(stream, event):
    # Else the records of all earthquakes at a station would get the same levels.
    found = automatic(stream, event=event)
    assert [one["spatial_correlation"] for one in found.provenance["stations"]] == [None] * 4
    alone = realizations(enrich(stream, method=Levelled(), event=event, spatial_correlation=None))
    for code, drawn in realizations(found).items():
        np.testing.assert_array_equal(drawn, alone[code])


@pytest.mark.parametrize("method", [Levelled, Pix2Pix], ids=["levelled", "pix2pix"])
def test_stations_with_and_without_a_place_keep_their_bytes_in_company(stream, method):
    if method is Pix2Pix:
        made = Pix2Pix(Pix2Pix.configure({"width": 4, "depth": 4, "discriminator_width": 4}))
    else:
        made = Levelled()
    for trace in stream.select(station="BBB"):
        del trace.stats.coordinates
    for trace in stream.select(station="DDD"):
        trace.stats.coordinates["x"] = np.nan
    together = automatic(stream, method=made, event=EVENT)
    used = {
        one["id"].split(".")[1]: one["spatial_correlation"]
        for one in together.provenance["stations"]
    }
    assert [code for code, field in used.items() if field is None] == ["BBB", "DDD"]
    independent = realizations(enrich(stream, method=made, event=EVENT, spatial_correlation=None))
    for code, drawn in realizations(together).items():
        alone = automatic(stream.select(station=code), method=made, event=EVENT, n=3)
        np.testing.assert_array_equal(alone.records[0].realizations[:2], drawn)
        assert (used[code] is None) == np.array_equal(drawn, independent[code])
    turned = sum((stream.select(station=code) for code in reversed(PLACES)), Stream())
    backwards = realizations(automatic(turned, method=made, event=EVENT))
    for code, drawn in realizations(together).items():
        np.testing.assert_array_equal(backwards[code], drawn)


def test_provenance_is_enough_to_find_the_levels_again(stream):
    method = Levelled()
    for trace in stream.select(station="CCC"):
        trace.stats.coordinates = {"latitude": 44.5, "longitude": 4.6}
    said = automatic(stream, method=method, event=EVENT, n=3).provenance
    said = json.loads(json.dumps(said))
    (seen,) = method.seen
    for station, drawn in zip(said["stations"], seen):
        field = Field(
            **{
                **station["spatial_correlation"],
                "place_km": tuple(station["spatial_correlation"]["place_km"]),
            }
        )
        assert field.model == MODEL
        np.testing.assert_array_equal(
            spatial_correlation.draw_epsilon(said["seed"], field, 3, 2), drawn
        )


def test_a_method_without_a_level_needs_nothing(stream, noise):
    found = automatic(stream, method=noise, event=EVENT)
    assert [one["spatial_correlation"] for one in found.provenance["stations"]] == [None] * 4


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
    )[None, :, : made.epsilon_size]
    expected = made.realize(batch, seeds)
    same = made.realize(dataclasses.replace(batch, epsilon=own), seeds)
    np.testing.assert_array_equal(same, expected)
    other = made.realize(dataclasses.replace(batch, epsilon=own + 1.0), seeds)
    assert not np.allclose(other, expected)
    assert method(method.configure({**small, "vary_level": False})).epsilon_size == 0


def test_what_cannot_be_is_one_message(stream, noise):
    with pytest.raises(InputError, match="must be 'auto', 'loth-baker-2013' or None"):
        enrich(stream, spatial_correlation="always")
    with pytest.raises(InputError, match="does not draw a level"):
        enrich(stream, method=noise)
    del stream[0].stats.coordinates
    with pytest.raises(InputError, match=r"AAA..HX has no coordinates"):
        enrich(stream)
    with pytest.warns(UserWarning, match="no coordinates"):
        assert len(enrich(stream, on_bad="skip").stations) == 3
    for trace in stream:
        trace.stats.coordinates = {"latitude": 144.5, "longitude": 4.6}
    with pytest.raises(InputError, match=r"AAA..HX lies at latitude 144.5"):
        enrich(stream)
    assert create("stochastic", {}).epsilon_size > 0
