import pytest
import torch

from obspy_broadband.data.pairs import band_limit
from obspy_broadband.neural import CONDITIONS, batch_conditions
from obspy_broadband.nn.level import LEVELS, LevelHead, SpectralLevel

SAMPLES, RATE = 2048, 100.0


def colored_noise(rows=4, seed=0):
    """Noise under an envelope, with a spectrum that falls: like a record."""
    torch.manual_seed(seed)
    times = torch.arange(SAMPLES) / RATE
    envelope = torch.exp(-0.5 * ((times - 8.0) / 2.0) ** 2)
    frequencies = torch.fft.rfftfreq(SAMPLES, 1 / RATE)
    spectrum = torch.fft.rfft(torch.randn(rows, 3, SAMPLES) * envelope)
    shape = frequencies.clamp_min(0.05) / (1 + (frequencies / 2.0) ** 2)
    return torch.fft.irfft(spectrum * shape, SAMPLES)


@pytest.fixture
def spectral():
    return SpectralLevel(SAMPLES, RATE)


def test_level_and_shape_together_are_the_record(spectral):
    record, corner = colored_noise(), torch.tensor([1.0, 1.0, 2.0, 0.7])
    shape = spectral.shape(record, corner)
    again = spectral.give(
        spectral.shape(record, torch.full((4,), 1e-3)), spectral.measure(record), corner
    )
    above = record - band_limit(record, RATE, corner)
    middle = slice(300, -300)
    error = (again - above)[..., middle].norm() / above[..., middle].norm()
    assert error < 0.06  # the smoothed level of a flattened record is not quite 1
    assert shape.square().mean().sqrt() == pytest.approx(1.0, abs=0.3)


def test_a_shape_knows_nothing_of_the_level(spectral):
    record, corner = colored_noise(), torch.ones(4)
    louder = spectral.shape(37.0 * record, corner)
    assert torch.allclose(louder, spectral.shape(record, corner), atol=1e-3)
    assert torch.allclose(
        spectral.measure(37.0 * record) - spectral.measure(record),
        torch.tensor(37.0).log(),
        atol=1e-4,
    )


def test_nothing_is_given_below_the_corner(spectral):
    corner = torch.full((4,), 3.0)
    made = spectral.give(torch.randn(4, 3, SAMPLES), torch.zeros(4, LEVELS), corner)
    frequencies = torch.fft.rfftfreq(SAMPLES, 1 / RATE)
    spectrum = torch.fft.rfft(made).abs()
    assert spectrum[..., frequencies < 3.0].max() < 1e-4 * spectrum.max()


def training_batch(rows, seed):
    """Records whose level above 1 Hz follows from the scale below, but for a known spread."""
    from obspy_broadband import Batch, Scenario

    torch.manual_seed(seed)
    record, corner = colored_noise(rows, seed), torch.ones(rows)
    low = band_limit(record, RATE, corner)
    wanted = torch.randn(rows, 1)
    high = (record - low) * torch.exp(0.4 * torch.randn(rows, 1))[..., None]
    low = low * torch.exp(wanted)[..., None]
    scale = low.abs().amax(dim=(1, 2))
    return Batch(
        low_frequency=low / scale[:, None, None],
        scale=scale,
        corner=corner,
        scenarios=tuple(Scenario() for _ in range(rows)),
        starts=torch.zeros(rows),
        broadband=(low + high) / scale[:, None, None],
    )


@pytest.fixture(scope="module")
def fitted():
    head = LevelHead(SAMPLES, RATE, CONDITIONS)
    batch = training_batch(600, seed=1)
    head.fit(batch.low_frequency, batch_conditions(batch), batch.broadband, torch.ones(600), 1.0)
    return head.eval()


def test_the_levels_spread_is_that_of_new_records(fitted):
    batch = training_batch(400, seed=2)
    known = batch_conditions(batch)
    measured = fitted.spectral.measure(batch.broadband)
    mean = fitted.draw(batch.low_frequency, known, torch.zeros(400, LEVELS))
    drawn = fitted.draw(batch.low_frequency, known, torch.randn(400, LEVELS))
    high = [node for node in range(LEVELS) if node % 12 > 5]  # above 3 Hz
    errors, spreads = (measured - mean)[:, high], (drawn - mean)[:, high]
    assert errors.mean(dim=0).abs().max() < 0.15
    assert torch.allclose(errors.std(dim=0), spreads.std(dim=0), rtol=0.2)
    assert (measured[:, high].std(dim=0) > 1.3 * errors.std(dim=0)).all()  # something was learned
    together = torch.corrcoef(spreads.T), torch.corrcoef(errors.T)
    assert (together[0] - together[1]).abs().mean() < 0.1


def test_records_in_counts_teach_no_level(fitted):
    batch = training_batch(8, seed=3)
    known = batch_conditions(batch)
    physical = torch.tensor([1.0, 1, 1, 1, 0, 0, 0, 0])
    given = (batch.low_frequency, known, batch.broadband)
    with torch.no_grad():
        half = fitted.loss(*(part[:4] for part in given), physical[:4])
        assert float(fitted.loss(*given, physical)) == pytest.approx(float(half))
        assert fitted.loss(*given, 0 * physical) == 0.0


def test_the_likelihood_is_that_of_the_normal_distribution(fitted):
    batch = training_batch(5, seed=4)
    known = batch_conditions(batch)
    mean = fitted.draw(batch.low_frequency, known, torch.zeros(5, LEVELS))
    expected = torch.distributions.MultivariateNormal(mean, scale_tril=fitted.root)
    expected = -expected.log_prob(fitted.spectral.measure(batch.broadband)) / LEVELS
    found = fitted.loss(batch.low_frequency, known, batch.broadband, torch.ones(5))
    constant = 0.5 * torch.log(torch.tensor(2 * torch.pi))
    assert float(found.detach() + constant) == pytest.approx(
        float(expected.detach().mean()), rel=1e-3
    )
