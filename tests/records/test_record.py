import numpy as np
import pytest
from obspy import Stream

from obspy_broadband import Ensemble
from obspy_broadband.errors import InputError
from obspy_broadband.records.record import read_records
from obspy_broadband.signal.integration import integrate


def refusal(stream, **arguments):
    """The only reason why a stream's only station is refused."""
    records, refusals = read_records(stream, **arguments)
    assert not records
    assert len(refusals) == 1
    return refusals[0].reason


@pytest.mark.parametrize(
    ("components", "rows"),
    [
        ("ZNE", (0, 1, 2)),
        ("ENZ", (2, 1, 0)),
        ("ZRT", (0, 1, 2)),
        ("12Z", (1, 2, 0)),
        ("XYZ", (2, 1, 0)),
    ],
)
def test_components_are_ordered_inside_and_kept_outside(simulation, components, rows):
    stream = simulation(components=components)
    record = read_records(stream)[0][0]
    assert record.rows == rows
    for trace, row, header in zip(stream, record.rows, record.headers):
        assert np.array_equal(record.data[row], trace.data)
        assert header.channel == trace.stats.channel


def test_a_single_component_stands_in_all_rows(simulation):
    stream = simulation(components="N")
    record = read_records(stream)[0][0]
    assert record.rows == (1,)
    assert (record.data == stream[0].data).all()


def test_stations_come_in_the_order_given(simulation):
    stream = simulation(stations=("CCC", "AAA", "BBB"))
    assert [record.id for record in read_records(stream)[0]] == [
        "XX.CCC..HX",
        "XX.AAA..HX",
        "XX.BBB..HX",
    ]


def test_the_stream_is_not_changed(simulation):
    stream = simulation()
    before = stream.copy()
    read_records(stream, units="cm/s**2")
    assert stream == before


@pytest.mark.parametrize(
    ("units", "factor"), [("cm/s**2", 100.0), ("g", 1 / 9.80665), ("mm/s^2", 1000.0)]
)
def test_the_same_motion_in_other_units_is_the_same(simulation, units, factor):
    stream = simulation()
    other = stream.copy()
    for trace in other:
        trace.data = trace.data * factor
    expected, found = read_records(stream)[0][0], read_records(other, units=units)[0][0]
    assert np.allclose(found.data, expected.data, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("units", "times"), [("velocity", 1), ("displacement", 2)])
def test_velocity_and_displacement_are_differentiated(simulation, units, times):
    stream = simulation()
    other = stream.copy()
    for trace in other:
        for _ in range(times):
            trace.data = integrate(trace.data, trace.stats.sampling_rate)
    expected, found = read_records(stream)[0][0], read_records(other, units=units)[0][0]
    peak = np.abs(expected.data).max()
    assert np.abs(found.data - expected.data)[:, 100:-100].max() < 0.01 * peak


def test_units_noted_by_a_reader_count_and_an_argument_counts_more(simulation):
    stream = simulation()
    for trace in stream:
        trace.stats.units = "cm/s**2"
    assert np.allclose(read_records(stream)[0][0].data[0], stream[0].data * 0.01)
    assert np.allclose(read_records(stream, units="m/s**2")[0][0].data[0], stream[0].data)


def test_bad_traces_are_refused_with_what_to_do(simulation):
    gap = simulation()
    gap.cutout(gap[0].stats.starttime + 10, gap[0].stats.starttime + 12)
    assert "gap" in refusal(gap)
    masked = gap.copy().merge()
    assert "masked samples), the longest of 1.98 s" in refusal(masked)

    broken = simulation()
    broken[1].data[7] = np.nan
    assert "1 samples that are NaN" in refusal(broken)

    dead = simulation()
    dead[2].data[:] = 4.0
    assert "constant (4)" in refusal(dead)

    unequal = simulation()
    unequal[0].trim(unequal[0].stats.starttime + 1)
    assert "trim" in refusal(unequal)

    rates = simulation()
    rates[0].resample(40.0)
    assert "50 and 40 Hz" in refusal(rates) or "40 and 50 Hz" in refusal(rates)

    missing = Stream(simulation().traces[:2])
    assert "2 components ('Z', 'N')" in refusal(missing)

    assert "5 to 1200 s" in refusal(simulation().slice(endtime=simulation()[0].stats.starttime + 3))


def test_segments_that_continue_each_other_are_one_record(simulation):
    stream = simulation()
    middle = stream[0].stats.starttime + 20
    parts = stream.slice(endtime=middle) + stream.slice(starttime=middle + 0.02)
    record = read_records(parts)[0][0]
    assert np.array_equal(record.data, read_records(stream)[0][0].data)


def test_one_bad_station_does_not_take_the_others_along(simulation):
    stream = simulation(stations=("AAA", "BBB", "CCC"))
    stream[4].data[:] = np.inf
    records, refusals = read_records(stream)
    assert [record.id for record in records] == ["XX.AAA..HX", "XX.CCC..HX"]
    assert refusals[0].id == "XX.BBB..HX"


def test_nothing_to_read():
    with pytest.raises(InputError, match="empty"):
        read_records(Stream())
    with pytest.raises(InputError, match="Stream"):
        read_records(np.zeros(5))


@pytest.mark.parametrize("value", [None, 12.5, "north"])
def test_names_that_others_use_in_stats_for_something_else_do_no_harm(
    simulation, noise, value, tmp_path
):
    stream = simulation()
    for trace in stream:
        for name in ("orientation", "coordinates", "standard", "ascii", "sac", "knet", "segy"):
            trace.stats[name] = value
    ensemble = stream.enrich(noise, n=1, seed=1)
    assert np.isfinite(ensemble[0][0].data).all()
    assert Ensemble.read(ensemble.write(tmp_path / "ensemble")).stations == ensemble.stations


def test_repeated_components_of_which_one_has_no_known_unit_are_said_to_be_repeated(simulation):
    first, second = simulation(), simulation()
    for stream, units in ((first, "m/s"), (second, "not in the file")):
        for trace in stream:
            trace.data = trace.data + len(units)  # else ObsPy joins them
            trace.stats.units = units
    assert "has 2 traces, in m/s, not in the file: several quantities" in refusal(first + second)


@pytest.mark.parametrize(
    "header",
    [
        {"sac": {"idep": float("nan"), "cmpinc": "up", "cmpaz": 0.0, "delta": None}},
        {"sac": {"delta": "0.01", "cmpinc": None}},
        {"processing": None},
    ],
)
def test_headers_that_a_user_filled_with_something_else_do_no_harm(simulation, noise, header):
    stream = simulation()
    for trace in stream:
        trace.stats.update(header)
    assert np.isfinite(stream.enrich(noise, n=1, seed=1)[0][0].data).all()


def test_a_station_without_samples_is_said_to_have_none(simulation):
    stream = simulation()
    for trace in stream:
        trace.data = trace.data[:0]
    assert "has no samples" in refusal(stream)
