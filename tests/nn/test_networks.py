import pytest
import torch

from obspy_broadband.nn.discriminators import JointAdversary, PatchDiscriminator
from obspy_broadband.nn.normalization import ConditionalInstanceNorm
from obspy_broadband.nn.unet import UNet


def test_the_published_unet_has_the_published_shapes():
    net = UNet(6, 3, width=64, depth=8)
    shapes = []
    for layer in [*net.down, *net.up]:
        layer.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
    assert net(torch.randn(1, 6, 4096)).shape == (1, 3, 4096)
    # Tables 3.2 and 3.3, from D1 to the bottleneck and back to UP7.
    down = [(64, 2048), (128, 1024), (256, 512), (512, 256)]
    down += [(512, 128), (512, 64), (512, 32), (512, 16)]
    assert shapes == [*down, *down[-2::-1]]


def test_the_patch_discriminator_gives_a_logit_for_every_patch():
    logits = PatchDiscriminator(6)(torch.randn(2, 6, 4096))
    assert logits.shape == (2, 1, 1022)  # Table 3.4


def test_pairs_are_judged_by_the_branches_of_signals():
    """The pair's judgement has no branch of its own, and codes have no say in it."""
    torch.manual_seed(0)
    adversary = JointAdversary(128, 2, 8, {"low": 3, "broadband": 5}).eval()
    assert {name.split(".")[0] for name in adversary.state_dict()} == {
        *("low", "low_code", "low_head"),
        *("broadband", "broadband_code", "broadband_head", "pair_head"),
    }
    sizes = {"low": 3, "broadband": 5}
    encoded, decoded, others = (
        {kind: (torch.randn(2, 3, 128), torch.randn(2, size)) for kind, size in sizes.items()}
        for _ in range(3)
    )
    translated = {kind: signal for kind, (signal, _) in others.items()}
    recorded, generated = adversary(encoded, decoded, translated)["pair"]
    assert recorded.shape == generated.shape == (2, 1)
    same_signals = adversary(encoded, others)["pair"]
    assert torch.allclose(recorded, same_signals[0], atol=1e-5)
    assert torch.allclose(generated, same_signals[1], atol=1e-5)
    assert not torch.allclose(recorded, adversary(encoded, decoded)["pair"][0], atol=1e-5)


def test_conditions_come_after_the_norm_and_matter():
    norm = ConditionalInstanceNorm(4, conditions=2)
    x, conditions = torch.randn(3, 4, 64), torch.randn(3, 2)
    plain = ConditionalInstanceNorm(4)
    assert torch.allclose(norm(x, conditions), plain(x), atol=0.5)  # nothing learned yet
    torch.nn.init.normal_(norm.steer.weight)
    steered = norm(x, conditions)
    assert not torch.allclose(steered, plain(x), atol=0.1)
    # A constant that were added before the norm would have vanished.
    assert steered.mean(dim=-1).abs().max() > 0.1


@pytest.mark.parametrize("depth", [2, 5])
def test_every_parameter_of_the_unet_gets_a_gradient(depth):
    net = UNet(3, 3, width=4, depth=depth, conditions=2)
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight)
    net(torch.randn(2, 3, 256), torch.randn(2, 2)).square().sum().backward()
    # What an instance norm takes out, the bias of the convolution before it, moves nothing.
    assert all(
        weight.grad is not None for name, weight in net.named_parameters() if "weight" in name
    )


def test_the_unet_does_not_hum_in_silence():
    """Where its input says nothing, odd and even samples are alike at every level."""
    torch.manual_seed(0)
    net = UNet(3, 3, width=4, depth=5).eval()
    pulse = torch.zeros(1, 3, 4096)
    pulse[..., 200:260] = 1.0
    with torch.no_grad():
        quiet = net(pulse)[0, :, 2000:3500]
    assert quiet.std(dim=-1).max() < 1e-3 * net(pulse).detach().std()
