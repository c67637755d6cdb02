import importlib.util
from pathlib import Path

import pytest
import torch
from obb_plugins.bicyclegan import BicycleGAN
from obb_plugins.must import MUST
from obb_plugins.pix2pix import Pix2Pix
from obb_plugins.seismoalice import FactorizedSeismoALICE, SharedSeismoALICE
from obb_plugins.seismoalice_2020 import OriginalSeismoALICE

from obspy_broadband.errors import MethodError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.latent import reconstruct_and_translate, require_codes
from obspy_broadband.nn.conditions import Conditions

spec = importlib.util.spec_from_file_location(
    "seismoalice_tests", Path(__file__).parents[1] / "plugins" / "test_seismoalice.py"
)
seismoalice_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(seismoalice_tests)

_SIZES = {"width": 2, "features": 8, "level_steps": 5}
METHODS = {
    "shared": (SharedSeismoALICE, _SIZES | {"code": 6, "phase": 0.0}),
    "factorized": (FactorizedSeismoALICE, _SIZES | {"code": 6, "specific": 4, "phase": 0.0}),
    "unet": (
        FactorizedSeismoALICE,
        _SIZES | {"code": 6, "specific": 4, "phase": 0.0, "decoder": "unet"},
    ),
    "2020": (OriginalSeismoALICE, _SIZES | {"code": 2, "bridge": 1}),
    "bicyclegan": (BicycleGAN, _SIZES | {"depth": 4, "encoder_width": 2, "code": 5}),
    "must": (MUST, _SIZES | {"style": 5}),
}


def tiny(name):
    torch.manual_seed(0)
    method_class, options = METHODS[name]
    return method_class(method_class.configure(options)).eval()


@pytest.mark.parametrize("name", list(METHODS))
def test_codes_have_the_shapes_that_the_method_names(name):
    method = tiny(name)
    codes = {}
    for kind in ("low", "broadband"):
        codes |= method.encode(torch.randn(2, 3, 4096), kind)
    for code, shape in method.normal.items():
        assert codes[code].shape == (2, *shape)
    noise = torch.arange(2.0 * method.noise_size).view(2, -1)
    drawn = method.codes_from_noise(noise, method.drawn)
    parts = [drawn[code].flatten(1) for code in method.drawn] or [noise]
    assert torch.equal(torch.cat(parts, dim=1), noise)  # each number is used once


@pytest.mark.parametrize("name", list(METHODS))
def test_reconstructions_and_translations_are_signals_and_repeatable(name):
    method, batch = tiny(name), seismoalice_tests.training_batch(2)
    signals, again, other = (reconstruct_and_translate(method, batch, seed) for seed in (1, 1, 2))
    ways = {f"{way}_{kind}" for way in ("rebuilt", "translated") for kind in method.kinds}
    assert set(signals) == {"low", "broadband"} | ways
    for way, signal in signals.items():
        assert signal.shape == (2, 3, 4096)
        assert torch.isfinite(signal).all()
        assert torch.equal(signal, again[way])
    same = torch.equal(signals["translated_broadband"], other["translated_broadband"])
    assert same is not bool(method.drawn)
    assert torch.equal(signals["rebuilt_broadband"], other["rebuilt_broadband"])


@pytest.mark.parametrize("name", list(METHODS))
def test_a_translation_is_the_decoded_codes(name):
    """What draws share is computed once, and is the same as computing all of it each time."""
    method, batch = tiny(name), seismoalice_tests.training_batch(1)
    low, _, conditions = method.signals(batch)
    noise = torch.randn(1, method.noise_size)
    with torch.inference_mode():
        codes = {**method.encode(low, "low"), **method.codes_from_noise(noise, method.drawn)}
        direct = method.decode(codes, "broadband", conditions)
        shared = method.translate(conditions, noise, method.translation_context(low, conditions))
    assert torch.equal(direct, shared)


def test_which_methods_generate_unconditionally():
    assert {name for name in METHODS if tiny(name).unconditional} == {
        "shared",
        "factorized",
        "unet",
        "2020",
    }


def test_skips_without_an_encoders_features_are_those_of_silence():
    method = tiny("unet")
    codes = {"common": torch.randn(1, 6), "specific": torch.randn(1, 4)}
    conditions = Conditions.from_vector(torch.zeros(1, CONDITIONS))
    silence = method.encode(torch.zeros(1, 3, 4096), "low")
    with torch.inference_mode():
        alone = method.decode(codes, "broadband", conditions)
        assert torch.equal(alone, method.decode({**silence, **codes}, "broadband", conditions))


def test_a_method_without_codes_is_named():
    with pytest.raises(MethodError, match="pix2pix has no codes"):
        require_codes(Pix2Pix(Pix2Pix.configure({"width": 2, "depth": 3})), "pix2pix")
