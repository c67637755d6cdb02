import numpy as np
import pytest

from obspy_broadband.records.record import read_records
from obspy_broadband.records.windows import batches, prepare, restore, window_starts

CORNER = 1.0


def prepared(stream, method):
    return [prepare(record, method, CORNER) for record in read_records(stream)[0]]


@pytest.mark.parametrize("samples", [100, 1024, 1025, 1600, 2048, 5000, 9999])
def test_windows_cover_a_record_and_overlap_by_half_at_least(samples):
    starts = window_starts(samples, 1024)
    assert starts[0] == 0
    assert starts[-1] + 1024 >= samples
    assert len(starts) == 1 or starts[-1] + 1024 == samples
    assert (np.diff(starts) <= 512).all()


def test_what_a_method_sees(simulation, windowed_copy):
    """One scale a record, known from the input alone; nothing above 1.25 corner; 100 Hz."""
    item = prepared(simulation(peak=0.7), windowed_copy)[0]
    (_, batch), *rest = batches([item], 10**9)
    assert not rest
    assert batch.low_frequency.shape == (len(item.starts), 3, 1024)
    assert np.abs(batch.low_frequency).max() == pytest.approx(1.0)
    assert (batch.scale == item.scale).all()
    assert item.scale == pytest.approx(0.7, rel=0.01)
    assert batch.broadband is None
    spectrum = np.abs(np.fft.rfft(item.low_frequency * np.hanning(item.low_frequency.shape[-1])))
    frequencies = np.fft.rfftfreq(item.low_frequency.shape[-1], 0.01)
    assert spectrum[:, frequencies > 1.4].max() < 1e-4 * spectrum.max()


def test_windows_that_agree_are_joined_to_what_they_were_cut_from(simulation, windowed_copy):
    item = prepared(simulation(duration=60.0), windowed_copy)[0]
    ((_, batch),) = batches([item], 10**9)
    joined = restore(batch.low_frequency[:, None], item, 100.0)
    assert np.allclose(joined[0], item.low_frequency, rtol=0, atol=1e-9)


def test_windows_of_noise_are_joined_without_a_seam(simulation, windowed_noise):
    """The power in the cross-fades is that of the rest."""
    item = prepared(simulation(duration=120.0), windowed_noise)[0]
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(len(item.starts), 200, 3, 1024))
    power = (restore(windows, item, 100.0) / item.scale).var(axis=(0, 1))
    smooth = np.convolve(power, np.ones(50) / 50, mode="valid")
    assert smooth.min() > 0.85
    assert smooth.max() < 1.15


def test_a_short_record_is_padded_and_cut_again(simulation, windowed_copy):
    item = prepared(simulation(duration=8.5, peak=0.1), windowed_copy)[0]
    ((_, batch),) = batches([item], 10**9)
    assert batch.low_frequency.shape[-1] == 1024
    joined = restore(batch.low_frequency[:, None], item, 100.0)
    assert joined.shape[-1] == item.low_frequency.shape[-1] == 851


def test_batches_group_by_length_and_never_part_a_record(simulation, noise, windowed_copy):
    stream = simulation(stations=("AAA", "BBB", "CCC")) + simulation(stations=("DDD",), duration=70)
    whole = list(batches(prepared(stream, noise), 10**9))
    assert [owners for owners, _ in whole] == [[0, 1, 2], [3]]
    cut = list(batches(prepared(stream, windowed_copy), 3 * 1024 * 10))
    for owners, batch in cut:
        assert len(owners) == len(batch)
    seen = [owner for owners, _ in cut for owner in dict.fromkeys(owners)]
    assert sorted(seen) == [0, 1, 2, 3]
    assert len(cut) > 1
