"""Each loss: its definition, its optimum, its gradient."""

import pytest
import torch

from obspy_broadband.training import objectives

PAIRED = {
    "focal_frequency": objectives.focal_frequency,
    "hyperspherical": objectives.hyperspherical,
    "mean_squared_logarithmic": objectives.mean_squared_logarithmic,
    "short_time_amplitude_and_phase": objectives.short_time_amplitude_and_phase,
    "multi_scale_spectrogram": objectives.multi_scale_spectrogram,
    "mel": lambda a, b: objectives.multi_scale_spectrogram(a, b, (256, 512), mel_bands=16),
    "wavelet": objectives.wavelet,
}


def signals(seed=0, samples=1024):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 2, 3, samples, generator=generator).unbind(0)


@pytest.mark.parametrize("name", PAIRED)
def test_least_where_the_signals_are_equal(name):
    generated, recorded = signals()
    loss = PAIRED[name]
    nothing = float(loss(recorded, recorded))
    assert nothing < 0.01
    for other in (generated, 0.5 * (generated + recorded), -recorded + 0.1 * generated):
        assert float(loss(other, recorded)) > 0.05 + nothing


@pytest.mark.parametrize("name", PAIRED)
def test_following_the_gradient_lowers_it_and_silence_has_one(name):
    generated, recorded = signals(1, 2048)
    for start in (generated, 1e-3 * generated, torch.zeros_like(generated)):
        x = start.clone().requires_grad_(True)
        loss = PAIRED[name](x, recorded)
        loss.backward()
        assert torch.isfinite(x.grad).all()
        if start.any():
            step = 1e-3 * start.norm() * x.grad / x.grad.norm()
            assert PAIRED[name](x.detach() - step, recorded) < loss


def test_focal_frequency_is_what_the_equation_says():
    generated, recorded = (signal[:1, :1, :8] for signal in signals())
    distance = torch.fft.rfft(generated - recorded, norm="ortho").abs()
    expected = (distance / distance.max() * distance**2).mean()
    assert objectives.focal_frequency(generated, recorded) == pytest.approx(
        float(expected), rel=1e-5
    )
    flat = objectives.focal_frequency(generated, recorded, alpha=0.0)
    assert float(flat) == pytest.approx(float((distance**2).mean()), rel=1e-5)


def test_hyperspherical_knows_angles_only():
    _, recorded = signals()
    loss = objectives.hyperspherical
    assert float(loss(7.0 * recorded, recorded)) == pytest.approx(0.0, abs=1e-10)
    assert float(loss(-recorded, recorded)) == pytest.approx(4.0)
    times = torch.arange(1000) / 1000 * 2 * torch.pi
    sine, cosine = torch.sin(times)[None, None], torch.cos(times)[None, None]
    assert float(loss(sine, cosine)) == pytest.approx(1.0, abs=1e-5)


def test_logarithmic_error_of_known_numbers():
    a, b = torch.tensor([[[3.0, -3.0]]]), torch.tensor([[[0.0, 3.0]]])
    expected = (torch.log(torch.tensor(4.0)) ** 2 + (2 * torch.log(torch.tensor(4.0))) ** 2) / 2
    assert float(objectives.mean_squared_logarithmic(a, b)) == pytest.approx(float(expected))


def test_phase_counts_where_the_amplitude_does_not_see_it():
    _, recorded = signals()
    loss = objectives.short_time_amplitude_and_phase
    assert float(loss(-recorded, recorded, phase_weight=0.0)) == pytest.approx(0.0, abs=1e-8)
    assert float(loss(-recorded, recorded)) == pytest.approx(2.0, rel=1e-3)


def test_wavelets_see_a_constant_in_the_last_approximation_only():
    zero, one = torch.zeros(1, 1, 32), torch.ones(1, 1, 32)
    assert float(objectives.wavelet(one, zero, levels=2)) == pytest.approx(2.0 / 3)


def test_divergence_from_the_normal_distribution():
    mean, log_variance = torch.zeros(4, 8), torch.zeros(4, 8)
    assert float(objectives.kl_to_normal(mean, log_variance)) == 0.0
    assert float(objectives.kl_to_normal(mean + 1, log_variance)) == pytest.approx(4.0)
    expected = 8 * 0.5 * (torch.tensor(2.0).exp() - 1 - 2)
    assert float(objectives.kl_to_normal(mean, log_variance + 2)) == pytest.approx(float(expected))


def test_features_of_the_record_are_fixed():
    recorded = [torch.ones(2, 3, requires_grad=True)]
    generated = [torch.zeros(2, 3, requires_grad=True)]
    loss = objectives.feature_matching(generated, recorded)
    loss.backward()
    assert loss.item() == 1.0
    assert recorded[0].grad is None
    assert generated[0].grad.abs().sum() > 0


@pytest.mark.parametrize("loss", [
    objectives.focal_frequency, objectives.hyperspherical, objectives.multi_scale_spectrogram,
    objectives.mean_squared_logarithmic, objectives.short_time_amplitude_and_phase,
    objectives.wavelet,
])  # fmt: skip
def test_a_batchs_loss_is_the_mean_of_its_parts(loss):
    """Or two processes would not train as one does."""
    torch.manual_seed(3)
    generated, recorded = torch.randn(2, 4, 3, 1024)
    generated[0] *= 20
    halves = [float(loss(generated[part], recorded[part])) for part in (slice(2), slice(2, 4))]
    assert sum(halves) / 2 == pytest.approx(float(loss(generated, recorded)), rel=1e-4)


def test_where_both_signals_are_silent_rounding_has_no_say():
    """A band-limited record and what is made of it: the gradient does not follow from the last bit."""
    torch.manual_seed(4)
    spectra = torch.fft.rfft(torch.randn(2, 2, 3, 2048))
    spectra[..., 400:] = 0.0  # nothing above 20 Hz
    generated, recorded = 0.1 * torch.fft.irfft(spectra)
    gradients = []
    for factor in (1.0, 1.0 + 1e-6):
        scaled = (factor * generated).requires_grad_()
        objectives.multi_scale_spectrogram(scaled, recorded).backward()
        gradients.append(scaled.grad)
    apart = (gradients[1] - gradients[0]).norm() / gradients[0].norm()
    assert apart < 1e-3
