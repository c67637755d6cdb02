import torch

from obspy_broadband.nn.autoencoder import Encoder
from obspy_broadband.nn.normalization import StandardCode


def test_codes_are_standard_over_a_batch_and_know_no_neighbours_afterwards():
    torch.manual_seed(0)
    layer, spread = StandardCode(5), torch.logspace(-1, 2, 5)
    drawn = 30.0 + spread * torch.randn(200, 64, 5)
    codes = [layer(batch) for batch in drawn]
    assert torch.allclose(codes[0].mean(dim=0), torch.zeros(5), atol=1e-3)
    assert torch.allclose(codes[0].std(dim=0), torch.ones(5), atol=0.05)
    layer.eval()
    assert torch.allclose(layer(drawn[0])[3:4], layer(drawn[0, 3:4]))
    assert torch.allclose(layer(drawn.flatten(0, 1)).mean(dim=0), torch.zeros(5), atol=0.15)
    assert torch.allclose(layer(drawn.flatten(0, 1)).std(dim=0), torch.ones(5), atol=0.1)


def test_a_shift_of_all_codes_is_not_learned():
    """What makes codes the same for every signal: a drift that all of them have in common."""
    torch.manual_seed(0)
    layer, x = StandardCode(3), torch.randn(8, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x).pow(3).sum(), x)
    assert gradient.abs().max() > 0.1
    assert gradient.sum(dim=0).abs().max() < 1e-4


def test_an_encoder_without_standard_codes_has_none():
    names = dict(Encoder(512, 2, 4).named_buffers())
    assert not any("standard" in name for name in names)
    assert "standard.mean" in dict(Encoder(512, 2, 4, standard=True).named_buffers())
