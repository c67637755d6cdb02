import pytest
import torch
from torch.nn import functional as F

from obspy_broadband.errors import InputError
from obspy_broadband.training.adversaries import criterion, gradient_penalty

NAMES = ("bce", "hinge", "least-squares", "wasserstein")
DIVERGENCES = ("kl", "reverse-kl", "pearson", "hellinger", "jensen-shannon", "gan")


@pytest.mark.parametrize("name", NAMES + DIVERGENCES)
def test_a_discriminator_that_tells_them_apart_has_less_loss(name):
    pair = criterion(name)
    high, low = torch.full((4, 1, 7), 0.9), torch.full((4, 1, 7), -0.9)
    blind = pair.discriminator(torch.zeros(4), torch.zeros(4))
    assert float(blind) == pytest.approx(pair.equilibrium, abs=1e-6)
    assert pair.discriminator(high, low) < blind < pair.discriminator(low, high)


@pytest.mark.parametrize("name", NAMES + DIVERGENCES)
def test_a_generator_wants_to_be_taken_for_recorded(name):
    logits = torch.zeros(8, requires_grad=True)
    criterion(name).generator(logits).backward()
    assert (logits.grad < 0).all()


def test_the_equilibria_of_the_papers():
    assert criterion("bce").equilibrium == pytest.approx(1.386, abs=1e-3)
    assert criterion("hinge").equilibrium == 2.0


def test_bce_is_that_of_torch():
    r, g = torch.randn(2, 9, generator=torch.Generator().manual_seed(0))
    expected = F.binary_cross_entropy_with_logits(r, torch.ones(9))
    expected = expected + F.binary_cross_entropy_with_logits(g, torch.zeros(9))
    assert torch.allclose(criterion("bce").discriminator(r, g), expected)
    assert torch.allclose(criterion("gan").discriminator(r, g), expected, atol=1e-5)


@pytest.mark.parametrize(("name", "exact"), [("kl", 0.5), ("pearson", torch.e - 1)])
def test_the_best_discriminator_finds_the_divergence(name, exact):
    """Of N(1, 1) from N(0, 1): the optimal critic is known in closed form (Nowozin et al., 2016)."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(400_000, generator=generator, dtype=torch.float64)
    p = q.flip(0) + 1.0
    ratio = lambda x: torch.exp(x - 0.5)  # noqa: E731 - p(x) / q(x)
    best = {"kl": lambda x: 1 + torch.log(ratio(x)), "pearson": lambda x: 2 * (ratio(x) - 1)}[name]
    divergence = -float(criterion(name).discriminator(best(p), best(q)))
    assert divergence == pytest.approx(float(exact), rel=0.05)


def test_the_penalty_wants_a_slope_of_one():
    recorded, generated = torch.randn(2, 5, 1, 16, generator=torch.Generator().manual_seed(1))
    direction = torch.ones(16) / 4.0
    mix = torch.linspace(0, 1, 5)
    for slope, expected in ((1.0, 0.0), (3.0, 4.0)):
        critic = lambda x, s=slope: (x * direction * s).sum(dim=(1, 2))  # noqa: E731
        assert float(gradient_penalty(critic, recorded, generated, mix)) == pytest.approx(expected)


def test_unknown_criteria_name_the_known_ones():
    with pytest.raises(InputError, match="hinge"):
        criterion("sadness")
