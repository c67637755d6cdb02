import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from obspy_broadband import Scenario
from obspy_broadband.errors import MethodError
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions, conditions_of
from obspy_broadband.method.neural import NeuralMethod
from obspy_broadband.testing import check_method, low_frequency_batch
from obspy_broadband.training import objectives


@dataclass(frozen=True)
class Options:
    """:param width: of the network."""

    width: int = 8


class Tiny(NeuralMethod):
    """Two convolutions, a style, and the conditions."""

    summary = citation = "A test"
    samples = 256
    Options = Options
    noise_shape = (4,)
    loss_weights = {"generator": {"spectrum": 1.0, "angle": 0.5}}  # noqa: RUF012

    def __init__(self, options=None):
        super().__init__(options)
        width = self.options.width
        self.first = nn.Conv1d(3, width, 9, padding=4)
        self.style = nn.Linear(4 + CONDITIONS, width)
        self.last = nn.Conv1d(width, 3, 9, padding=4)

    def context(self, low_frequency, conditions, strongest):
        return {"first": self.first(low_frequency)}

    def sample(self, low_frequency, conditions, noise, context):
        style = self.style(torch.cat([noise, conditions.vector], dim=1))[..., None]
        return self.last(torch.tanh(context["first"] + style))

    def forward(self, batch):
        inputs = batch.low_frequency, batch_conditions(batch)
        context = self.context(*inputs, inputs)
        return {"generated": self.sample(*inputs, torch.randn(len(batch), 4), context)}

    def generator_losses(self, batch, outputs):
        pair = outputs["generated"], batch.broadband
        return {
            "spectrum": objectives.focal_frequency(*pair),
            "angle": objectives.hyperspherical(*pair),
        }


def test_a_network_keeps_the_contract():
    check_method(Tiny)
    check_method(Tiny, width=3)


def test_a_realization_is_the_same_bytes_at_any_place_in_any_chunk():
    method = Tiny()
    batch = low_frequency_batch(method, rows=3)
    seeds = np.arange(33, dtype=np.uint64).reshape(3, 11)
    drawn = method.realize(batch, seeds)
    for count in (1, 2, 5, 8, 9):
        assert np.array_equal(drawn[:, :count], method.realize(batch, seeds[:, :count]))


def test_it_is_enriched_with_like_any_other(simulation):
    ensemble = simulation(duration=20).enrich(Tiny(), n=3, seed=1)
    assert np.isfinite(ensemble[2][0].data).all()


def test_missing_metadata_are_told_from_average_ones():
    average = Scenario(5.5, 40.0, 10.0, 450.0)
    scenarios = (average, Scenario(), Scenario(magnitude=6.7))
    conditions = conditions_of(
        scenarios, np.array([1.0, 2.0, 1.0]), np.array([0.02, np.nan, np.nan])
    )
    vector = conditions.vector
    assert vector.shape == (3, CONDITIONS)
    assert vector[0, 1::2] == pytest.approx(0.0, abs=1e-6)
    assert (vector[0, 2::2] == 1).all()
    assert (vector[1, 1:] == 0).all()
    assert vector[1, 0] == pytest.approx(np.log(2))
    assert vector[2, 3] == pytest.approx(1.0)


def test_conditions_say_the_corner_in_hertz_for_any_of_their_rows():
    corner = np.array([0.5, 1.0, 3.0])
    conditions = conditions_of((Scenario(),) * 3, corner, np.full(3, np.nan))
    assert conditions.corner == pytest.approx(corner, rel=1e-6)
    rows = torch.tensor([2, 2, 0])
    assert torch.equal(conditions[rows].corner, conditions.corner[rows])
    assert torch.equal(conditions[rows].vector, conditions.vector[rows])
    assert len(conditions[1:]) == 2


class Idle(Tiny):
    """A layer that no loss reaches, and weights that do not fit the losses."""

    def __init__(self, options=None):
        super().__init__(options)
        self.idle = nn.Linear(3, 3)


class Greedy(Tiny):
    """An adversary that the generator's losses move."""

    loss_weights = {"generator": {"spectrum": 1.0, "angle": 0.5}, "discriminator": {"all": 1.0}}  # noqa: RUF012

    def __init__(self, options=None):
        super().__init__(options)
        self.discriminators["one"] = nn.Conv1d(3, 1, 3)

    def discriminator_losses(self, batch, outputs):
        judged = self.discriminators["one"](outputs["generated"])
        return {
            "all": judged.square().mean() + self.last(outputs["generated"].new_ones(1, 8, 9)).mean()
        }


def test_what_training_would_trip_over_is_found():
    with pytest.raises(MethodError, match="no loss of the generator reaches idle"):
        check_method(Idle)
    # Frozen for the discriminator's turn, the generator stays as it is whatever is asked of it.
    check_method(Greedy)
    weights = {"generator": {"spectrum": 1.0, "angel": 0.5}}
    with pytest.raises(MethodError, match="angle has no weight"):
        check_method(type("Misspelt", (Tiny,), {"loss_weights": weights}))


def test_names_of_losses_and_weights_must_agree():
    method = Tiny()
    loss = torch.ones(())
    assert method.weighted("generator", {"spectrum": loss, "angle": loss}) == 1.5
    with pytest.raises(
        MethodError, match="spectre has no weight, spectrum has a weight and no loss"
    ):
        method.weighted("generator", {"spectre": loss, "angle": loss})


def test_one_batch_can_be_learnt():
    from dataclasses import replace

    torch.manual_seed(0)
    method = Tiny()
    batch = low_frequency_batch(method, rows=4)
    low = torch.as_tensor(batch.low_frequency, dtype=torch.float32)
    batch = replace(batch, low_frequency=low, broadband=0.5 * low.roll(3, -1))
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    history = []
    for _ in range(150):
        loss = method.weighted("generator", method.generator_losses(batch, method(batch)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(float(loss.detach()))
    assert history[-1] < 0.1 * history[0]


def test_quiet_windows_get_the_level_of_their_records_strongest(monkeypatch):
    """High frequencies of a coda fade with its low ones, and records do not meet."""
    from obb_plugins.pix2pix import Pix2Pix

    method = Pix2Pix(Pix2Pix.configure({"width": 2, "depth": 3}))
    calls = []
    level_context = method.level_context
    monkeypatch.setattr(
        method, "level_context", lambda *inputs: calls.append(inputs) or level_context(*inputs)
    )
    batch = low_frequency_batch(method, rows=3)
    windows = np.array(batch.low_frequency)
    windows[1] *= 1e-3
    windows[2] *= 0.5
    starts = np.array([0, 2000, 0])  # the third is another record
    batch = dataclasses.replace(batch, low_frequency=windows, starts=starts)
    drawn = method.realize(batch, np.arange(3, dtype=np.uint64)[:, None])
    loud, quiet, other = (low_frequency[0] for low_frequency, _ in calls)
    assert torch.equal(quiet, loud)
    assert torch.equal(
        calls[1][1].vector, calls[0][1].vector
    )  # the scale is the loud window's, too
    assert not torch.equal(other, loud)
    peaks = np.abs(drawn - windows[:, None]).max(axis=(1, 2, 3))
    assert peaks[1] < 0.01 * peaks[0]


class Rushing(Tiny):
    """A number for the style, then three channels of noise, put out as they are."""

    samples = 256
    noise_shape = (1 + 3 * 256,)
    noise_channels = 3
    relative = False

    def context(self, low_frequency, conditions, strongest):
        return {}

    def sample(self, low_frequency, conditions, noise, context):
        return noise[:, 1:].unflatten(1, (3, self.samples)) + 10 * noise[:, :1, None]


def test_noise_runs_along_the_record_and_does_not_begin_again_with_every_window():
    method = Rushing()
    batch = low_frequency_batch(method, rows=4)
    batch = dataclasses.replace(batch, starts=np.array([0, 100, 256, 600]))
    seeds = np.full((4, 1), 5, dtype=np.uint64)
    first, second, third, fourth = method.realize(batch, seeds)[:, 0]
    assert np.array_equal(first[:, 100:], second[:, :156])
    assert np.array_equal(second[:, 156:], third[:, :100])
    assert not np.isclose(first, fourth).any()
    # What is no noise is the same everywhere, and a record's first window is drawn as if alone.
    assert np.abs(first.mean() - fourth.mean()) < 0.5
    alone = np.random.default_rng(5).standard_normal(769, dtype=np.float32)
    assert first == pytest.approx((alone[1:] + 10 * alone[0]).reshape(3, 256), abs=1e-5)
