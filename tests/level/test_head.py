import dataclasses

import numpy as np
import pytest
import torch

from obspy_broadband.level.head import LevelHead
from obspy_broadband.level.spectral import LEVELS, SpectralLevel
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions
from obspy_broadband.signal import filters

SAMPLES, RATE = 2048, 100.0


def band_limit(record, sampling_rate, corners):
    """Rows band-limited each at its own corner."""
    rows = [
        filters.band_limit(row.numpy(), sampling_rate, float(corner))
        for row, corner in zip(record, corners)
    ]
    return torch.as_tensor(np.stack(rows), dtype=record.dtype)


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
    again = spectral.impose(
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
    imposed = spectral.impose(torch.randn(4, 3, SAMPLES), torch.zeros(4, LEVELS), corner)
    frequencies = torch.fft.rfftfreq(SAMPLES, 1 / RATE)
    spectrum = torch.fft.rfft(imposed).abs()
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


def fit(batch, weights, steps=200):
    head = LevelHead(SAMPLES, RATE, CONDITIONS)
    events = [f"event {row // 3}" for row in range(len(batch))]
    windows = (batch.low_frequency, batch_conditions(batch), batch.broadband)
    deviation = head.fit(*windows, weights, events, steps)
    return head, deviation


@pytest.fixture(scope="module")
def fitted():
    return fit(training_batch(600, seed=1), torch.ones(600))


def test_the_levels_spread_is_that_of_new_records(fitted):
    head, deviation = fitted
    batch = training_batch(400, seed=2)
    conditions = batch_conditions(batch)
    measured = head.spectral.measure(batch.broadband)
    mean, root = head.distribution(batch.low_frequency, conditions)
    drawn = mean + (root @ torch.randn(400, LEVELS, 1))[..., 0]
    high = [node for node in range(LEVELS) if node % 12 > 5]  # above 3 Hz
    errors, spreads = (measured - mean)[:, high], (drawn - mean)[:, high]
    assert errors.mean(dim=0).abs().max() < 0.15
    assert torch.allclose(errors.std(dim=0), spreads.std(dim=0), rtol=0.25)
    assert torch.allclose(errors.std(dim=0), deviation[high], rtol=0.25)
    assert (measured[:, high].std(dim=0) > 1.3 * errors.std(dim=0)).all()  # something was learned
    together = torch.corrcoef(spreads.T), torch.corrcoef(errors.T)
    assert (together[0] - together[1]).abs().mean() < 0.1


@pytest.mark.parametrize("corner", [1.0, 1.6, 2.8])
def test_low_frequencies_say_what_the_level_is_below_the_corner(spectral, corner):
    record, corners = colored_noise(), torch.full((4,), corner)
    observed, is_observed = spectral.observe(band_limit(record, RATE, corners), corners)
    frequencies = torch.logspace(-0.30103, 1.60206, 12).repeat(2)  # 0.5-40 Hz
    assert torch.equal(is_observed[0], frequencies < 0.9 * corner)
    assert (observed - spectral.measure(record))[is_observed].abs().max() < 0.15
    assert not spectral.observe(record, torch.full((4,), 0.54))[1].any()


def test_the_level_follows_what_is_known_just_below_the_corner(fitted):
    """It is nearly that where it is known; what lies above moves with it, and is less uncertain."""
    head, _ = fitted
    batch = training_batch(20, seed=5)
    conditions = batch_conditions(batch)
    before = head.predictor.mean(head.features(batch.low_frequency, conditions))
    root = head.predictor.root(conditions)
    mean, narrower = head.distribution(batch.low_frequency, conditions)
    observed, below = head.spectral.observe(batch.low_frequency, batch.corner)
    assert (mean - observed)[below].abs().mean() < 0.7 * (before - observed)[below].abs().mean()
    spreads = [factor.square().sum(dim=-1).sqrt() for factor in (root, narrower)]
    assert (spreads[1][below] < 0.26).all()
    assert (spreads[1] <= spreads[0] + 1e-4).all()
    covariance = root[0] @ root[0].T
    nodes = below[0].nonzero()[:, 0]
    inner = covariance[nodes][:, nodes] + 0.25**2 * torch.eye(len(nodes))
    expected = before[0] + covariance[:, nodes] @ torch.linalg.solve(
        inner, (observed - before)[0, nodes]
    )
    assert torch.allclose(mean[0], expected, atol=1e-3)


def test_the_spread_is_that_of_events_left_out_even_where_the_fit_is_too_good():
    """A few records that the members can learn by heart must not look certain."""
    few, new = training_batch(30, seed=6), training_batch(200, seed=7)
    head, deviation = fit(few, torch.ones(30), steps=300)
    inputs = few.low_frequency, batch_conditions(few)
    fits = head.spectral.measure(few.broadband) - head.predictor.mean(head.features(*inputs))
    mean = head.predictor.mean(head.features(new.low_frequency, batch_conditions(new)))
    errs = head.spectral.measure(new.broadband) - mean
    high = [node for node in range(LEVELS) if node % 12 > 5]
    assert fits[:, high].std() < 0.8 * errs[:, high].std()
    assert deviation[high].mean() > 0.8 * errs[:, high].std()


def test_records_in_counts_teach_no_level():
    batch = training_batch(60, seed=3)
    physical = (torch.arange(60) < 45).float()
    wrong = batch.broadband.clone()
    wrong[45:] *= 1000.0
    heads = [
        fit(dataclasses.replace(batch, broadband=broadband), physical, steps=20)[0]
        for broadband in (batch.broadband, wrong)
    ]
    for name, value in heads[0].state_dict().items():
        assert torch.equal(value, heads[1].state_dict()[name]), name


def test_the_spread_grows_with_what_the_corner_leaves_open():
    """A corner of 4 Hz shows 3 Hz; one of 0.7 Hz does not."""
    torch.manual_seed(0)
    record = colored_noise(600, 8) * torch.exp(torch.randn(600, 1, 1))
    # The spectrum's slope varies from record to record.
    frequencies = torch.fft.rfftfreq(SAMPLES, 1 / RATE)
    tilt = frequencies.clamp_min(0.3) ** (0.4 * torch.randn(600, 1, 1))
    record = torch.fft.irfft(torch.fft.rfft(record) * tilt, SAMPLES)
    corner = torch.where(torch.arange(600) % 2 == 0, 0.7, 4.0)
    low = band_limit(record, RATE, corner)
    scale = low.abs().amax(dim=(1, 2))
    batch = dataclasses.replace(
        training_batch(600, seed=9),
        low_frequency=low / scale[:, None, None],
        broadband=record / scale[:, None, None],
        scale=scale,
        corner=corner,
    )
    head, _ = fit(batch, torch.ones(600))
    spreads = head.predictor.root(batch_conditions(batch)).square().sum(dim=-1).sqrt()
    node = 12 + 4  # horizontal, near 3 Hz
    assert spreads[corner < 1, node].mean() > 1.5 * spreads[corner > 1, node].mean()


def test_a_records_levels_do_not_know_what_stands_beside_it(fitted):
    head, _ = fitted
    batch = training_batch(4, seed=10)
    conditions = batch_conditions(batch)
    together = head.distribution(batch.low_frequency, conditions)
    alone = head.distribution(batch.low_frequency[2:3], conditions[2:3])
    for all_rows, one_row in zip(together, alone):
        assert torch.allclose(all_rows[2], one_row[0], atol=1e-5)


def test_what_a_network_leaves_at_the_ends_of_a_window_is_not_amplified():
    """Training tapers them away, so that nothing holds a network to silence there."""
    spectral = SpectralLevel(4096, 100.0)
    shape, corner = torch.randn(1, 3, 4096), torch.ones(1)
    loud = shape.clone()
    loud[..., :20] = 50.0
    levels = torch.zeros(1, LEVELS)
    imposed = spectral.impose(loud, levels, corner)
    assert imposed[..., :10].abs().max() < imposed[..., 1000:3000].abs().max()
    assert imposed[..., 1000:3000].std() > 0.9 * spectral.impose(shape, levels, corner).std()


def test_what_a_network_leaves_below_the_corner_does_not_hide_what_is_above():
    """A strong low-frequency part, and a spectrum that falls steeply: the level is met all the
    same.
    """
    torch.manual_seed(5)
    spectral = SpectralLevel(4096, 100.0)
    spectra = torch.fft.rfft(torch.randn(4, 3, 4096))
    frequencies = torch.fft.rfftfreq(4096, 0.01)
    fall = frequencies.clamp_min(0.5) ** -2.0 * torch.where(frequencies < 0.95, 20.0, 1.0)
    imposed = spectral.impose(
        torch.fft.irfft(spectra * fall), torch.zeros(4, LEVELS), torch.ones(4)
    )
    measured = spectral.measure(imposed).unflatten(1, (2, -1))
    above = measured[..., 3:].mean(dim=(0, 1))  # from 1.65 Hz
    assert torch.allclose(above, torch.zeros_like(above), atol=0.15)


def test_hums_and_holes_of_a_network_are_made_flat():
    torch.manual_seed(6)
    spectral, frequencies = SpectralLevel(4096, 100.0), torch.fft.rfftfreq(4096, 0.01)
    spectra = torch.fft.rfft(torch.randn(4, 3, 4096))
    spectra[..., (frequencies > 30) & (frequencies < 38)] *= 0.05
    spectra[..., (frequencies > 12) & (frequencies < 13)] *= 10.0
    spectra[..., frequencies > 46] *= 10.0
    imposed = spectral.impose(
        torch.fft.irfft(spectra), torch.zeros(4, LEVELS), torch.ones(4), flat=True
    )
    power = torch.fft.rfft(imposed, norm="ortho").abs().square().mean(dim=(0, 1))
    for low, high in ((5, 8), (12, 13), (31, 37), (47, 50)):
        level = 0.5 * power[(frequencies > low) & (frequencies < high)].mean().log()
        assert abs(level) < 1.2, low  # 0, 2.3, -3.0 and 2.3 as they come


def test_a_spectrum_that_falls_goes_on_falling_beyond_the_last_node(spectral):
    """40 Hz is the last; a floor or a rise from there to 50 Hz is nothing that a record has."""
    torch.manual_seed(2)
    nodes = torch.logspace(-0.30103, 1.60206, 12)
    kappa = (-torch.pi * 0.04 * nodes).repeat(4, 2)
    imposed = spectral.impose(torch.randn(4, 3, SAMPLES), kappa, torch.ones(4), flat=True)
    power = torch.fft.rfft(imposed).abs().square().mean(dim=(0, 1))
    frequencies = torch.fft.rfftfreq(SAMPLES, 1 / RATE)

    def near(frequency):
        return power[(frequencies - frequency).abs() < 2.0].mean().log() / 2

    assert float(near(47.0) - near(38.0)) < -0.5  # kappa alone: -1.1
