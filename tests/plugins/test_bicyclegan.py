import importlib.util
from pathlib import Path

import pytest
import torch
from obb_plugins.bicyclegan import BicycleGAN
from torch import nn

from obspy_broadband.errors import InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.testing import check_method

spec = importlib.util.spec_from_file_location(
    "seismoalice_tests", Path(__file__).with_name("test_seismoalice.py")
)
seismoalice_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(seismoalice_tests)

TINY = {"width": 2, "depth": 4, "encoder_width": 2, "code": 5, "features": 8, "level_steps": 5}


@pytest.mark.parametrize("injection", ["full", "once"])
def test_it_keeps_the_contract(injection):
    check_method(BicycleGAN, **TINY, injection=injection)
    check_method(BicycleGAN, **TINY, injection=injection, conditioned=False, latent=0.5)


@pytest.mark.parametrize("injection", ["full", "once"])
def test_the_code_matters(injection):
    torch.manual_seed(0)
    method = BicycleGAN(BicycleGAN.configure(TINY | {"injection": injection})).eval()
    for layer in method.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    low = torch.randn(1, 3, 4096)
    conditions = Conditions.from_vector(torch.zeros(1, CONDITIONS))
    codes = ({"low": low, "code": torch.randn(1, 5)} for _ in range(2))
    decoded = [method.decode(pair, "broadband", conditions) for pair in codes]
    assert not torch.allclose(*decoded, atol=1e-3)


def test_the_latent_loss_leaves_the_encoder_alone():
    torch.manual_seed(0)
    method = BicycleGAN(BicycleGAN.configure(TINY | {"latent": 1.0}))
    for layer in method.generator.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    batch = seismoalice_tests.training_batch()
    method(batch)["code_error"].backward()
    assert all(weight.grad is None for weight in method.encoder.parameters())
    assert any(weight.grad is not None for weight in method.generator.parameters())


def test_codes_of_records_are_held_near_the_normal_distribution():
    method = BicycleGAN(BicycleGAN.configure(TINY))
    batch = seismoalice_tests.training_batch()
    outputs = method(batch)
    far = {**outputs, "mean": outputs["mean"] + 3.0}
    near, away = (method.generator_losses(batch, values)["kl"] for values in (outputs, far))
    assert away > near + 0.5 * 5 * 3


def test_an_unknown_injection_is_refused():
    with pytest.raises(InputError, match="'full' or 'once'"):
        BicycleGAN.configure({"injection": "twice"})
