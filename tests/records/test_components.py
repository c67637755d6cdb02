"""Traces that go together, and those that do not, with advice that fits the case."""

import numpy as np
import obspy
import pytest
from obspy.io.sac import SACTrace

from obspy_broadband.records.record import read_records


def only_record(stream):
    records, refusals = read_records(stream)
    assert not refusals
    return records[0]


def reason(stream):
    records, refusals = read_records(stream)
    assert not records
    return refusals[0].reason


@pytest.mark.parametrize("rates", [(100.0, 99.999992, 100.000008), (50.0, 50.0, 50.0 * (1 + 1e-6))])
def test_rates_that_clocks_and_rounding_make_differ_are_one(simulation, rates):
    stream = simulation(sampling_rate=round(rates[0]))
    for trace, rate in zip(stream, rates):
        trace.stats.sampling_rate = rate
    record = only_record(stream)
    assert record.sampling_rate == round(rates[0])
    assert record.data.shape[1] == stream[0].stats.npts


def test_rates_that_differ_are_refused_in_full(simulation):
    stream = simulation()
    stream[1].stats.sampling_rate = 50.01
    assert "50 and 50.01 Hz" in reason(stream)


@pytest.mark.parametrize("shift", [0.5, -0.5, 0.3])
def test_starts_by_half_a_sample_are_one(simulation, shift):
    stream = simulation()
    stream[1].stats.starttime += shift / 50.0
    record = only_record(stream)
    assert record.start == stream[0].stats.starttime
    assert np.array_equal(record.data[1], stream[1].data)


def test_a_sample_more_or_less_is_cut(simulation):
    stream = simulation()
    stream[1].data = stream[1].data[:-1]
    stream[2].trim(stream[2].stats.starttime + 0.02)
    record = only_record(stream)
    assert record.start == stream[0].stats.starttime + 0.02
    assert np.array_equal(record.data[0], stream[0].data[1:-1])
    assert np.array_equal(record.data[1], stream[1].data[1:])
    assert np.array_equal(record.data[2], stream[2].data[:-1])
    assert {header.npts for header in record.headers} == {record.data.shape[1]}


def test_a_sample_more_and_a_sample_less(simulation):
    stream = simulation()
    stream[1].data = stream[1].data[:-1]
    stream[2].data = np.append(stream[2].data, 0.0)
    record = only_record(stream)
    assert record.data.shape[1] == stream[1].stats.npts
    assert np.array_equal(record.data[2], stream[2].data[:-2])
    stream[2].data = np.append(stream[2].data, 0.0)
    assert "do not cover the same time" in read_records(stream)[1][0].reason


def test_a_mask_over_nothing_is_none(simulation):
    stream = simulation()
    for trace in stream:
        trace.data = np.ma.masked_array(trace.data, mask=np.zeros(len(trace), bool))
    assert np.array_equal(only_record(stream).data[0], np.asarray(stream[0].data))


def test_displacement_velocity_and_acceleration_of_one_motion(simulation):
    acceleration = simulation()
    whole = acceleration.copy()
    for units, times in (("m/s", 1), ("m", 2)):
        other = acceleration.copy()
        for trace in other:
            for _ in range(times):
                trace.data = np.cumsum(trace.data) * trace.stats.delta
            trace.stats.units = units
        whole += other
    with pytest.warns(UserWarning, match=r"acceleration, velocity, displacement \(acceleration"):
        record = only_record(whole)
    assert np.array_equal(record.data, only_record(acceleration).data)


def test_advice_fits_the_case(simulation):
    start = simulation()[0].stats.starttime
    gap = simulation()
    gap.cutout(start + 10, start + 12)
    assert "stream.trim()" in reason(gap)
    assert "merge" not in reason(gap)

    short = simulation()
    short.cutout(start + 10, start + 10.1)
    assert "merge(fill_value='interpolate')" in reason(short)

    twice = simulation() + simulation(seed=4)
    assert "of the same time, which differ" in reason(twice)
    assert "merge" not in reason(twice)

    later = simulation(seed=4)
    for trace in later:
        trace.stats.starttime += 86400
    assert "several events" in reason(simulation() + later)
    assert "merge" not in reason(simulation() + later)


def test_the_interval_of_sac_s_header_is_not_rounded_to_microseconds(tmp_path, simulation):
    """ObsPy rounds 0.00092149 s to 0.000921 s: 15 ms in half a minute."""
    interval, samples = 0.00092149, 32_000
    motion = np.interp(np.arange(samples) * interval, np.arange(2001) / 50, simulation()[0].data)
    path = str(tmp_path / "a.sac")
    SACTrace(data=motion.astype("f4"), delta=interval, kcmpnm="HXZ", kstnm="A").write(path)
    (trace,) = obspy.read(path)
    assert trace.stats.delta == pytest.approx(0.000921, abs=1e-9)
    trace.stats.units = "m/s**2"
    record = only_record(obspy.Stream([trace]))
    assert record.sampling_rate == pytest.approx(1 / interval, rel=1e-6)
    trace.resample(500.0)
    assert only_record(obspy.Stream([trace])).sampling_rate == 500.0
