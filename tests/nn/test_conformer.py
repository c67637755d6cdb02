import torch

from obspy_broadband.nn.conformer import Conformer, rotate
from obspy_broadband.nn.residual import ResidualDown, ResidualUp


def filled(channels, **options):
    """A block as it may be after training: in the beginning its parts add nothing."""
    torch.manual_seed(0)
    block = Conformer(channels, **options)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return block


def test_rotary_products_know_distances_alone():
    torch.manual_seed(0)
    query, key = torch.randn(1, 8), torch.randn(1, 8)
    turned_q, turned_k = (rotate(vector.expand(50, 8)) for vector in (query, key))
    products = turned_q @ turned_k.T
    assert torch.allclose(products[10, 7], products[40, 37], atol=1e-4)
    assert not torch.allclose(products[10, 7], products[10, 3], atol=1e-2)
    assert torch.allclose(turned_q.norm(dim=-1), query.norm().expand(50), atol=1e-5)


def test_a_row_knows_nothing_of_its_neighbours():
    block, x = filled(8), torch.randn(4, 8, 30)
    assert torch.allclose(block(x)[2:3], block(x[2:3]), atol=1e-5)


def test_a_new_block_is_a_norm():
    torch.manual_seed(0)
    block, x = Conformer(8), torch.randn(4, 8, 30)
    wanted = torch.nn.functional.layer_norm(x.transpose(1, 2), (8,)).transpose(1, 2)
    assert torch.allclose(block(x), wanted, atol=1e-5)


def test_attention_reaches_across_the_signal_and_every_parameter_learns():
    block = filled(8, kernel=3)
    x = torch.randn(1, 8, 200, requires_grad=True)
    (gradient,) = torch.autograd.grad(block(x)[..., 0].square().sum(), x, retain_graph=True)
    assert gradient[..., 150:].abs().max() > 0
    (block(x) * torch.randn(8, 1)).sum().backward()
    assert all(parameter.grad is not None for parameter in block.parameters())


def test_interpolation_leaves_no_checkerboard():
    """A constant stays a constant: even and odd samples are made alike."""
    torch.manual_seed(0)
    block = ResidualUp(4, 4).eval()
    doubled = block(torch.ones(1, 4, 64).cumsum(dim=1))[..., 16:-16]
    even, odd = doubled[..., 0::2], doubled[..., 1::2]
    assert torch.allclose(even, odd, atol=1e-5)


def test_spectral_norm_bounds_an_adversary():
    torch.manual_seed(0)
    block = ResidualDown(3, 8, spectral=True)
    for _ in range(30):
        block(torch.randn(2, 3, 64))
    block.eval()
    for layer in (block.first, block.second, block.skip):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) < 1.05
