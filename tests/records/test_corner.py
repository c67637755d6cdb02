"""The corner that a user gives against the one that the spectrum shows."""

import numpy as np
import pytest
from obspy import Stream, Trace
from scipy.signal import butter, sosfiltfilt

from obspy_broadband.errors import InputError
from obspy_broadband.signal.limit import upper_limit


def simulation(corner, stations=("AAA",), rate=50.0):
    """Noise to the corner under an envelope: made otherwise than by the package's own filters."""
    stream = Stream()
    times = np.arange(3000) / rate
    for number, station in enumerate(stations):
        for seed, code in enumerate("ZNE"):
            rng = np.random.default_rng([number, seed])
            spectrum = np.fft.rfft(rng.normal(size=len(times)))
            frequencies = np.fft.rfftfreq(len(times), 1 / rate)
            spectrum *= np.exp(-((frequencies / corner) ** 4)) * frequencies / (frequencies + 0.1)
            motion = np.fft.irfft(spectrum, len(times))
            motion *= np.where(times > 10, (times - 10) / 3 * np.exp(-(times - 10) / 6), 0.0)
            header = {
                "station": station, "channel": f"HX{code}", "sampling_rate": rate, "units": "m/s2",
            }  # fmt: skip
            stream.append(Trace(0.1 * motion / np.abs(motion).max(), header))
    return stream


@pytest.mark.parametrize("corner", [0.2, 0.5, 1.0, 3.0])
def test_the_end_of_a_spectrum(corner):
    limit = upper_limit(np.stack([t.data for t in simulation(corner)]), 50.0)
    assert limit.ends
    assert 0.75 * corner < limit.corner < 1.35 * corner
    assert limit.corner < limit.content < 2.8 * corner


def test_a_filter_s_corner_and_a_spectrum_without_end():
    rng = np.random.default_rng(0)
    motion = rng.normal(size=(3, 6000)) * np.exp(-((np.arange(6000) - 2000) ** 2) / 1e6)
    filtered = sosfiltfilt(butter(4, 2.0, fs=100.0, output="sos"), motion)
    assert 1.5 < upper_limit(filtered, 100.0).corner < 2.6
    assert not upper_limit(motion, 100.0).ends


@pytest.mark.parametrize(("rate", "samples"), [(0.5, 3), (0.05, 60), (1.0, 5), (0.1, 120)])
def test_no_end_is_seen_where_the_spectrum_has_less_than_an_octave(rate, samples, noise):
    motion = np.random.default_rng(0).normal(size=(3, samples))
    assert not upper_limit(motion, rate).ends
    header = {"station": "AAA", "sampling_rate": rate, "units": "m/s2"}
    stream = Stream([Trace(row, header | {"channel": f"LX{c}"}) for row, c in zip(motion, "ZNE")])
    with pytest.raises(InputError, match="holds nothing above"):
        stream.enrich(noise, n=1, seed=1, corner=1.0)


def test_too_high_a_corner_is_warned_of_with_the_one_that_is_shown(noise):
    stream = simulation(0.2, ("AAA", "BBB"))
    with pytest.warns(
        UserWarning, match=r"AAA..HX, .BBB..HX: next to nothing .*corner=0\.2"
    ) as said:
        stream.enrich(noise, n=1, seed=1, corner=1.0)
    assert len(said) == 1


def test_the_right_corner_is_not(noise, recwarn):
    simulation(0.2).enrich(noise, n=1, seed=1, corner=0.2)
    simulation(1.0).enrich(noise, n=1, seed=1)
    assert not recwarn.list


def test_a_soft_end_well_below_the_corner_is_warned_of(noise):
    """A source-time function of 5 s, as SPECFEM's, under a corner of 0.5 Hz: a twentieth is left."""
    stream = simulation(3.0)
    for trace in stream:
        frequencies = np.fft.rfftfreq(len(trace), 1 / 50.0)
        spectrum = np.fft.rfft(trace.data) * np.exp(-((frequencies / 0.18) ** 2))
        trace.data = np.fft.irfft(spectrum, len(trace))
    with pytest.warns(UserWarning, match=r"corner of 0\.5 Hz"):
        stream.enrich(noise, n=1, seed=1, corner=0.5)


def test_auto_takes_it_and_says_so(noise):
    with pytest.warns(UserWarning, match=r"corner='auto': 0\.\d+ Hz"):
        ensemble = simulation(0.2, ("AAA", "BBB")).enrich(noise, n=1, seed=1, corner="auto")
    found = ensemble.provenance["corner_hz"]
    assert 0.15 < found < 0.27
    again = simulation(0.2, ("AAA", "BBB")).enrich(noise, n=1, seed=1, corner=found)
    assert np.array_equal(again[0][0].data, ensemble[0][0].data)


def test_auto_needs_a_spectrum_that_ends(noise):
    stream = simulation(1.0)
    for trace in stream:
        trace.data = np.random.default_rng(1).normal(size=len(trace))
    with pytest.raises(InputError, match="shows no end"):
        stream.enrich(noise, n=1, seed=1, corner="auto")
    with pytest.raises(InputError, match="or 'auto'"):
        stream.enrich(noise, n=1, seed=1, corner="low")
