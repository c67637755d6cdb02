import dataclasses

import numpy as np
import pytest
import torch
from obb_plugins.pix2pix import Options, Pix2Pix

from obspy_broadband.errors import InputError
from obspy_broadband.level.head import LEVELS
from obspy_broadband.method.conditions import batch_conditions
from obspy_broadband.method.contract import Batch
from obspy_broadband.nn.gradients import frozen
from obspy_broadband.testing import check_method, low_frequency_batch
from obspy_broadband.training.step import side

SMALL = {"width": 4, "depth": 4, "discriminator_width": 4, "level_steps": 5}


@pytest.mark.parametrize(
    "options",
    [{}, {"noise": True}, {"vary_level": False}, {"level": "given"}, {"conditioned": False}],
)
def test_it_keeps_the_contract(options):
    check_method(Pix2Pix, **SMALL, **options)


def test_published_sizes():
    method = Pix2Pix(Pix2Pix.configure({"noise": True, "conditioned": False}))
    # Tables 3.2 to 3.4, counted by hand: kernels of 4 with stride 2 down, of 3 up (the
    # tables' transposed ones have 4), norms with scale and shift.
    down = [(6, 64), (64, 128), (128, 256), (256, 512), *[(512, 512)] * 4]
    up = [(512, 512), *[(1024, 512)] * 3, (1024, 256), (512, 128), (256, 64)]
    norms = 2 * sum(out for _, out in down[1:]) + 2 * sum(out for _, out in up)
    convolutions = sum(4 * a * b + b for a, b in down)
    convolutions += sum(3 * a * b + b for a, b in up) + 7 * 128 * 3 + 3
    assert sum(p.numel() for p in method.generator.parameters()) == convolutions + norms
    assert convolutions + norms == pytest.approx(11.4e6, rel=0.01)


def training_batch(rows=4, seed=0):
    """Low frequencies, and high ones that follow from them."""
    batch = low_frequency_batch(Pix2Pix, rows=rows)
    low = torch.as_tensor(batch.low_frequency, dtype=torch.float32)
    carrier = torch.cos(2 * torch.pi * 4.0 * torch.arange(4096) / 100.0)
    corner = torch.as_tensor(batch.corner, dtype=torch.float32)
    scale = torch.as_tensor(batch.scale, dtype=torch.float32)
    return Batch(low, scale, corner, batch.scenarios, torch.zeros(rows), low + 3.0 * low * carrier)


def test_a_batch_can_be_learnt_in_shape_and_in_level():
    torch.manual_seed(0)
    settings = {"width": 16, "depth": 6, "dropout": 0.0, "adversarial": 0.0, "level_steps": 50}
    method = Pix2Pix(Pix2Pix.configure(settings))
    batch = training_batch()
    method.prepare_training(batch, torch.ones(4), ["a", "b", "c", "d"])
    optimizer = torch.optim.Adam(side(method, "generator"), 3e-3)
    with frozen(side(method, "discriminator")):
        for _ in range(150):
            outputs = method(batch)
            losses = method.generator_losses(batch, outputs)
            optimizer.zero_grad()
            method.weighted("generator", losses).backward()
            optimizer.step()
    assert losses["angle"] < 0.05  # 1 for a shape at right angles
    method.eval()
    inputs = batch.low_frequency, batch_conditions(batch)
    with torch.no_grad():
        generated = method.sample(*inputs, torch.zeros(4, LEVELS), method.context(*inputs, inputs))
    middle = slice(400, -400)
    recorded = batch.broadband - batch.low_frequency
    correlation = torch.nn.functional.cosine_similarity(
        (generated - batch.low_frequency)[..., middle], recorded[..., middle], dim=-1
    )
    assert correlation.mean() > 0.8


def test_realizations_of_one_record_differ_in_level_alone():
    method = Pix2Pix(Pix2Pix.configure(SMALL))
    batch = low_frequency_batch(method, rows=1)
    batch.low_frequency[..., :100] += 0.05  # no silence ahead, where nothing is made
    drawn = method.realize(batch, np.array([[1, 2]], dtype=np.uint64))[0]
    high = drawn - batch.low_frequency
    spectra = np.abs(np.fft.rfft(high))
    ratio = np.log(spectra[1] / np.maximum(spectra[0], 1e-12))
    frequencies = np.fft.rfftfreq(4096, 0.01)
    bands = [ratio[:, (frequencies > f) & (frequencies < 1.1 * f)] for f in (3, 8, 20)]
    # In each component a smooth curve, no new noise.
    assert max(band.std(axis=-1).max() for band in bands) < 0.4
    assert np.abs(ratio[:, 100:1500]).max() > 0.3
    phases = [np.angle(np.fft.rfft(motion)[..., 100:1500]) for motion in high]
    assert np.abs(np.exp(1j * phases[0]) - np.exp(1j * phases[1])).max() < 1e-2


def test_a_louder_window_of_a_record_is_louder_above_the_corner():
    """A network sees every window over its own peak; the result is over the record's."""
    method = Pix2Pix(Pix2Pix.configure(SMALL | {"vary_level": False, "conditioned": False}))
    batch = low_frequency_batch(method, rows=1)
    quiet = dataclasses.replace(
        batch, low_frequency=0.1 * batch.low_frequency, scale=10.0 * batch.scale
    )
    seeds = np.zeros((1, 1), dtype=np.uint64)
    loud, soft = method.realize(batch, seeds), method.realize(quiet, seeds)
    assert np.abs(0.1 * loud - soft).max() < 1e-3 * np.abs(soft).max()


def test_silence_stays_silence():
    method = Pix2Pix(Pix2Pix.configure(SMALL))
    batch = low_frequency_batch(method, rows=1)
    silent = dataclasses.replace(batch, low_frequency=0.0 * batch.low_frequency)
    assert np.abs(method.realize(silent, np.zeros((1, 1), dtype=np.uint64))).max() < 1e-3


@pytest.mark.parametrize("wrong", [{"level": "known"}, {"depth": 1}, {"dropout": 1.0}])
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError):
        Options(**wrong)


def test_an_unknown_criterion_is_refused():
    with pytest.raises(InputError, match="hinge"):
        Pix2Pix(Options(criterion="guess"))
