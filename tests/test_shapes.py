"""What all methods have in common that make shapes."""

import dataclasses

import numpy as np
import pytest
import torch
from obb_plugins.pix2pix import Pix2Pix

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
