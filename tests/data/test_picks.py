"""P of a record: picks before headers before the automatic picker, which refuses what is no P."""

import numpy as np
import pytest
from obspy import UTCDateTime
from obspy.core import AttribDict, Stats
from obspy.core.event import Event, Pick, WaveformStreamID

from obspy_broadband.data.picks import find_arrivals
from obspy_broadband.method.contract import Scenario
from obspy_broadband.records.record import Record

START = UTCDateTime(2020, 1, 1)
RATE = 100.0


def record(p=20.0, seed=0, noise=0.01, **values):
    """60 s with P at ``p`` and S 10 s later."""
    times = np.arange(6000) / RATE
    rng = np.random.default_rng(seed)
    motion = noise * rng.normal(size=(3, times.size))
    for onset, strength in ((p, 0.3), (p + 10.0, 1.0)):
        late = np.clip(times - onset, 0.0, None)
        envelope = np.where(late > 0, np.exp(-late / 5.0), 0.0)
        motion += strength * envelope * rng.normal(size=motion.shape)
    header = Stats({"network": "XX", "station": "AAA", "starttime": START})
    return Record("XX.AAA..HN", motion, RATE, START, (0, 1, 2), (header,) * 3, **values)


def pick(phase, at, mode, station="AAA", network="XX"):
    return Pick(
        time=START + at, phase_hint=phase, evaluation_mode=mode,
        waveform_id=WaveformStreamID(network, station),
    )  # fmt: skip


def test_picks_of_the_station_come_first_and_manual_ones_before_automatic_ones():
    picks = [
        pick("P", 19.0, "automatic"), pick("Pn", 20.5, "manual"), pick("S", 30.5, None),
        pick("P", 18.0, "manual", station="BBB"), pick("P", 18.0, "manual", network="YY"),
        pick("P", -5.0, "manual"),
    ]  # fmt: skip
    arrivals = find_arrivals(record(), Event(picks=picks), None)
    assert (arrivals.p, arrivals.s, arrivals.status) == (20.5, 30.5, "manual")
    arrivals = find_arrivals(record(), Event(picks=picks[:1]), None)
    assert (arrivals.p, arrivals.s, arrivals.status) == (19.0, None, "automatic")


def test_sac_header():
    of_sac = record()
    of_sac.headers[0].sac = AttribDict(
        nzyear=2020, nzjday=1, nzhour=0, nzmin=0, nzsec=5, nzmsec=0, b=-5.0, a=15.25
    )
    arrivals = find_arrivals(of_sac, None, None)
    assert (arrivals.p, arrivals.status) == (20.25, "header")


@pytest.mark.parametrize("seed", range(5))
def test_the_picker_finds_a_clear_p(seed):
    arrivals = find_arrivals(record(seed=seed), None, None)
    assert arrivals.p == pytest.approx(20.0, abs=0.2)
    assert (arrivals.s, arrivals.status) == (None, "estimated")


def test_no_p_in_noise_in_a_triggered_record_or_behind_padding():
    noise = record(noise=5.0)
    triggered = record(p=0.0)
    padded = record(noise=0.0)
    dead = record()
    dead.data[1] = 0.0
    for unclear in (noise, triggered, padded, dead):
        assert find_arrivals(unclear, None, None).p is None


@pytest.mark.parametrize(("travel_time", "is_p"), [(18.0, True), (3.0, False), (60.0, False)])
def test_the_travel_time_of_an_estimated_p_is_that_of_p(travel_time, is_p):
    at_100_km = record(scenario=Scenario(distance_km=100.0))
    arrivals = find_arrivals(at_100_km, None, START + 20.0 - travel_time)
    assert (arrivals.p is not None) == is_p
