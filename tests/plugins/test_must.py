import numpy as np
import torch
from obb_plugins.must import MUST
from torch import nn

from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.testing import check_method

TINY = {"width": 2, "features": 8, "style": 5, "level_steps": 5}


def random_method(**options):
    torch.manual_seed(0)
    method = MUST(MUST.configure(TINY | options)).eval()
    for layer in method.modules():
        if isinstance(layer, nn.Linear):  # what steers the norms begins small
            nn.init.normal_(layer.weight, std=0.3)
    return method


def test_it_keeps_the_contract():
    check_method(MUST, **TINY)
    check_method(MUST, **TINY, conditioned=False, late_conformer=False, level="given")
    check_method(MUST, **TINY, style_weight=1.0)


def test_a_style_changes_the_result():
    method = random_method()
    low = torch.randn(1, 3, 4096)
    conditions = Conditions.from_vector(torch.zeros(1, CONDITIONS))
    context = method.translation_context(low, conditions)
    translated = [method.translate(conditions, style, context) for style in torch.randn(2, 1, 5)]
    assert not torch.allclose(*translated, atol=1e-3)


def test_a_contents_place_in_time_is_the_signals():
    """A pulse at a quarter of the window is felt most at a quarter of the feature map."""
    method = random_method()
    silent = torch.zeros(1, 3, 4096)
    pulse = silent.clone()
    pulse[..., 1000:1100] = 1.0
    # Attention and norms spread a little everywhere: look at the convolutions' part.
    change = silent
    for block in method.content.down:
        change, pulse = block(change), block(pulse)
    felt = (pulse - change).abs().sum(dim=1)[0]
    assert abs(int(felt.argmax()) * 64 - 1050) < 300


def test_all_losses_have_a_say():
    method = random_method()
    names = {"joint_broadband", "joint_low", "joint_pair", "rebuild_broadband", "rebuild_low"}
    names |= {"hybrid_broadband", "hybrid_low", "content"}
    assert set(method.loss_weights["generator"]) == names


def test_both_directions():
    method = random_method()
    record = torch.randn(2, 3, 4096)
    codes = method.encode(record, "broadband")
    assert codes["content"].shape == (2, 64, 64)
    assert codes["style"].shape == (2, 5)
    low = method.decode(codes, "low", Conditions.from_vector(torch.zeros(2, CONDITIONS)))
    assert low.shape == record.shape
    assert np.isfinite(low.detach().numpy()).all()
