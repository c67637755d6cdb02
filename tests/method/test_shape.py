"""What all methods have in common that make shapes."""

import dataclasses

import numpy as np
import pytest
import torch
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.signal.filters import band_limit
from obspy_broadband.testing import low_frequency_batch


@pytest.fixture
def method():
    torch.manual_seed(1)
    return Pix2Pix(Pix2Pix.configure({"width": 2, "depth": 3}))


def test_nothing_is_made_while_a_simulation_is_silent_yet(method):
    """Silence is nothing that a network has seen in records, which have noise ahead of P."""
    batch = low_frequency_batch(method, rows=1)
    low = batch.low_frequency.copy()
    low[..., :1500] = 0.0
    seeds = np.arange(2, dtype=np.uint64)[None]
    drawn = method.realize(dataclasses.replace(batch, low_frequency=low), seeds)[0] - low[0]
    assert not np.abs(drawn[..., :1400]).any()
    assert np.abs(drawn[..., 1500:]).max() > 0.0


def test_noise_ahead_of_p_is_no_silence(method):
    batch = low_frequency_batch(method, rows=1)
    low = batch.low_frequency.copy()
    low[..., :1500] *= 0.05
    seeds = np.arange(2, dtype=np.uint64)[None]
    drawn = method.realize(dataclasses.replace(batch, low_frequency=low), seeds)[0] - low[0]
    assert np.abs(drawn[..., 300:1400]).max() > 0.005 * np.abs(drawn).max()


@pytest.mark.parametrize("corner", [0.5, 1.0, 3.0])
def test_the_ringing_of_a_band_limit_is_no_motion(method, corner):
    """P is a tenth of S, two periods ahead of it: less than what a sharp limit rings there."""
    rate = method.sampling_rate
    p, s = 15.0, 15.0 + 2.0 / corner
    times = np.arange(method.samples) / rate
    pulses = sum(
        size * np.exp(-0.5 * ((times - at) * 4.0 * corner) ** 2) for at, size in ((p, 0.1), (s, 1))
    )
    low = band_limit(np.gradient(pulses, times), rate, corner)[None, None].repeat(3, axis=1)
    batch = low_frequency_batch(method, rows=1, corner=corner)
    batch = dataclasses.replace(batch, low_frequency=low / np.abs(low).max())
    seeds = np.arange(2, dtype=np.uint64)[None]
    drawn = (method.realize(batch, seeds)[0] - batch.low_frequency[0])[0, 0]
    rung = np.abs(batch.low_frequency[0, 0]) > 0.01
    assert times[rung][0] < p - 2.0 / corner
    relative = np.abs(drawn) / np.abs(drawn).max()
    assert relative[times < p - 1.2 / corner].max() < 1e-6
    assert relative[(times > p) & (times < s)].max() > 0.1


def test_a_window_that_begins_in_the_midst_of_motion_is_filled_from_its_first_sample(method):
    batch = low_frequency_batch(method, rows=1)
    low = np.roll(batch.low_frequency, -1200, axis=-1)
    seeds = np.arange(2, dtype=np.uint64)[None]
    drawn = method.realize(dataclasses.replace(batch, low_frequency=low), seeds)[0] - low[0]
    # Two seconds of taper at its ends, no more.
    assert np.abs(drawn[..., 50:250]).max() > 0.2 * np.abs(drawn[..., 250:450]).max()
