import dataclasses

import numpy as np
import pytest
import torch
from obb_plugins.seismoalice import FactorizedSeismoALICE, SharedSeismoALICE
from torch import nn

from obspy_broadband.errors import InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.contract import Batch
from obspy_broadband.nn.autoencoder import Decoder, Encoder
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.testing import check_method, low_frequency_batch
from obspy_broadband.training import arrivals

TINY = {"width": 2, "features": 8, "code": 6, "level_steps": 5, "phase": 0.0}
DECODERS = ("conformer", "adain", "unet")


def training_batch(rows=3):
    batch = low_frequency_batch(SharedSeismoALICE, rows=rows)
    noise = np.random.default_rng(0).normal(0, 0.3, batch.low_frequency.shape)
    batch = dataclasses.replace(batch, broadband=batch.low_frequency + noise)
    return Batch(
        scenarios=batch.scenarios,
        **{
            name: torch.as_tensor(getattr(batch, name), dtype=torch.float32)
            for name in ("low_frequency", "scale", "corner", "starts", "broadband")
        },
    )


def test_shared_codes_keep_the_contract():
    check_method(SharedSeismoALICE, **TINY)


@pytest.mark.parametrize("decoder", DECODERS)
def test_factorized_codes_keep_the_contract(decoder):
    check_method(FactorizedSeismoALICE, **TINY, specific=4, decoder=decoder)
    check_method(FactorizedSeismoALICE, **TINY, specific=4, decoder=decoder, cycle=0.0,
                 conditioned=False, level="given")  # fmt: skip


def test_the_published_encoder_and_decoder_have_the_published_shapes():
    shapes = []

    def note(_, __, out):
        shapes.append(tuple(out.shape[1:]))

    encoder, decoder = Encoder(4096), Decoder(4096)
    for block in [*encoder.down, *decoder.up]:
        block.register_forward_hook(note)
    with torch.no_grad():
        code = encoder(torch.randn(1, 3, 4096))
        assert decoder(code).shape == (1, 3, 4096)
    assert code.shape == (1, 256)
    down = [(16, 2048), (32, 1024), (64, 512), (128, 256), (256, 128), (512, 64)]  # Table 4.1
    up = [(256, 128), (128, 256), (64, 512), (32, 1024), (16, 2048), (16, 4096)]
    assert shapes == [*down, *up]


@pytest.mark.parametrize("method_class", [SharedSeismoALICE, FactorizedSeismoALICE])
def test_codes_of_both_kinds_are_standardized_together(method_class):
    """Each kind by itself, their codes would have one mean whatever the signals are."""
    torch.manual_seed(0)
    method = method_class(method_class.configure(TINY)).train()
    outputs = method(training_batch(rows=6))
    both = torch.cat([outputs["of_low"], outputs["of_recorded"]])
    assert both.mean(dim=0).abs().max() < 1e-3
    assert outputs["of_low"].mean(dim=0).abs().max() > 0.05
    assert method.encoder.standard.mean.abs().max() > 0


@pytest.mark.parametrize("decoder", DECODERS)
def test_silence_leaves_no_trace_in_what_codes_are_measured_by(decoder):
    torch.manual_seed(0)
    options = FactorizedSeismoALICE.configure(TINY | {"specific": 4, "decoder": decoder})
    method = FactorizedSeismoALICE(options).train()
    drawn = {"common": torch.randn(2, 6), "specific": torch.randn(2, 4)}
    method.decode(drawn, "broadband", Conditions.from_vector(torch.zeros(2, CONDITIONS)))
    assert not method.encoder.standard.mean.any()


def test_the_low_decoder_sees_the_common_part_alone():
    torch.manual_seed(0)
    method = FactorizedSeismoALICE(FactorizedSeismoALICE.configure(TINY | {"specific": 4})).eval()
    codes = {"common": torch.randn(2, 6), "specific": torch.randn(2, 4)}
    other = {**codes, "specific": torch.randn(2, 4)}
    conditions = Conditions.from_vector(torch.zeros(2, CONDITIONS))
    low, broadband = (
        [method.decode(values, kind, conditions) for values in (codes, other)]
        for kind in ("low", "broadband")
    )
    assert torch.equal(*low)
    assert not torch.allclose(*broadband)


@pytest.mark.parametrize("decoder", DECODERS)
def test_two_draws_differ_in_shape_and_not_in_level_alone(decoder):
    torch.manual_seed(1)
    settings = TINY | {"specific": 4, "decoder": decoder, "vary_level": False}
    method = FactorizedSeismoALICE(FactorizedSeismoALICE.configure(settings))
    for layer in method.modules():  # what steers the norms begins small
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=1.0)
    low = low_frequency_batch(method, rows=1)
    drawn = method.realize(low, np.array([[1, 2]], dtype=np.uint64))[0] - low.low_frequency
    correlation = np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1]
    assert correlation < 0.9999


def test_a_picker_is_asked_for_when_it_is_needed_and_is_no_part_of_the_weights(monkeypatch):
    class Picker(nn.Module):
        def forward(self, signal):
            return signal[:, 0].sigmoid(), signal[:, 1].sigmoid()

    loaded = []

    def load(name, weights):
        loaded.append((name, weights))
        return Picker(), 4200

    monkeypatch.setattr(arrivals, "load_picker", load)
    method = SharedSeismoALICE(SharedSeismoALICE.configure(TINY | {"phase": 0.1}))
    assert not loaded
    batch = training_batch()
    losses = method.generator_losses(batch, method(batch))
    assert torch.isfinite(method.weighted("generator", losses))
    assert losses["phase"].requires_grad
    assert loaded == [("eqtransformer", "original")]
    assert not any("picker" in name for name in method.state_dict())


def test_pickers_weights_that_are_missing_are_one_message(tmp_path):
    settings = TINY | {"phase": 0.1, "picker_weights": str(tmp_path / "none")}
    method = SharedSeismoALICE(SharedSeismoALICE.configure(settings))
    batch = training_batch(1)
    outputs = method(batch)
    with pytest.raises(InputError, match="cannot be loaded"):
        method.generator_losses(batch, outputs)


def test_encoder_and_decoder_are_pushed_towards_each_other():
    """Where the adversary is certain of either, the generator's loss is large."""
    method = SharedSeismoALICE(SharedSeismoALICE.configure(TINY))
    batch = training_batch()
    outputs = method(batch)
    certain = {
        name: (torch.full_like(recorded, 5.0), torch.full_like(generated, -5.0))
        for name, (recorded, generated) in method._logits(outputs).items()
    }
    method._logits = lambda _: certain
    assert method.discriminator_losses(batch, outputs)["joint_low"] < 0.1
    assert method.generator_losses(batch, outputs)["joint_low"] > 9


def test_unknown_words_are_refused():
    with pytest.raises(InputError, match="'conformer', 'adain' or 'unet'"):
        FactorizedSeismoALICE.configure({"decoder": "gru"})
    method = SharedSeismoALICE(SharedSeismoALICE.configure(TINY | {"distance": "l3"}))
    batch = training_batch(1)
    outputs = method(batch)
    with pytest.raises(InputError, match="ffl\\+hsl"):
        method.generator_losses(batch, outputs)
