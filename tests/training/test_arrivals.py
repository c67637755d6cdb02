import pytest
import torch
from torch import nn

from obspy_broadband.errors import InputError
from obspy_broadband.training.arrivals import PhaseAlignment, load_picker

LENGTH = 1000


class Peaks(nn.Module):
    """A picker that sees P on the vertical and S on the north component, where they are loud."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, signal):
        loud = self.gain * signal[:, :2].square()
        return torch.tanh(0.02 * loud[:, 0]), torch.tanh(0.02 * loud[:, 1])


def pulses(p, s, samples=800):
    times = torch.arange(samples) / 100.0
    shape = lambda arrival: torch.exp(-(((times - arrival) / 0.1) ** 2))  # noqa: E731
    return torch.stack([shape(p), shape(s), torch.zeros(samples)])[None]


@pytest.fixture
def loss():
    return PhaseAlignment(Peaks(), LENGTH, trace_weight=0.0)


def test_nothing_is_lost_where_arrivals_agree(loss):
    record = pulses(2.0, 4.0)
    assert float(loss(record, record)) == 0.0
    assert float(PhaseAlignment(Peaks(), LENGTH)(record, record, shift=37)) == 0.0


def test_it_is_the_squared_difference_of_times(loss):
    squared = float(loss(pulses(2.3, 4.0), pulses(2.0, 4.0)))
    assert squared == pytest.approx(0.09, rel=0.3)
    assert float(loss(pulses(2.3, 4.3), pulses(2.0, 4.0))) == pytest.approx(2 * squared, rel=0.1)


def test_its_gradient_moves_the_arrival_the_right_way(loss):
    late = torch.tensor(2.2, requires_grad=True)
    times = torch.arange(800) / 100.0
    pulse = torch.exp(-(((times - late) / 0.1) ** 2))
    signal = torch.stack([pulse, *pulses(2.0, 4.0)[0, 1:]])[None]
    loss(signal, pulses(2.0, 4.0)).backward()
    assert late.grad > 0


def test_the_picker_is_frozen(loss):
    signal = pulses(2.1, 4.0).requires_grad_(True)
    loss(signal, pulses(2.0, 4.0)).backward()
    assert loss.picker.gain.grad is None
    assert signal.grad.abs().sum() > 0


def test_what_the_record_does_not_show_is_not_asked_for(loss):
    silent = pulses(2.0, 4.0)
    silent[:, 0] = 0.01 * torch.randn(800, generator=torch.Generator().manual_seed(0))
    assert float(loss(pulses(5.0, 4.0), silent)) < 0.5


def test_missing_weights_and_unknown_pickers_are_said(tmp_path):
    with pytest.raises(InputError, match="eqtransformer or phasenet"):
        load_picker("ear")
    with pytest.raises(InputError, match="SEISBENCH_CACHE_ROOT"):
        load_picker("phasenet", str(tmp_path / "nothing"))


@pytest.mark.parametrize("name", ["eqtransformer", "phasenet"])
def test_seisbenchs_networks_fit(name):
    """Their architecture with random weights: traces of P and S, and a gradient through them."""
    import seisbench.models as sbm

    from obspy_broadband.training.arrivals import _Picker

    network = (
        sbm.EQTransformer(in_samples=6000)
        if name == "eqtransformer"
        else sbm.PhaseNet(phases="NPS")
    )
    picker = _Picker(network, name).train()
    assert not any(m.training for m in picker.modules() if isinstance(m, nn.Dropout))
    alignment = PhaseAlignment(picker, network.in_samples)
    signal = torch.randn(1, 3, 2000, generator=torch.Generator().manual_seed(0), requires_grad=True)
    alignment(signal, pulses(2.0, 4.0, 2000), shift=3).backward()
    assert torch.isfinite(signal.grad).all()
    assert signal.grad.abs().sum() > 0
