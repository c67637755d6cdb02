import numpy as np
import pytest

from obspy_broadband import Method, methods
from obspy_broadband.errors import MethodError
from obspy_broadband.method.registry import create, load
from obspy_broadband.signal.envelope import envelope
from obspy_broadband.testing import check_method, low_frequency_batch


class Honest(Method):
    """Noise under the simulation's envelope, another one in every window."""

    summary = citation = "None"
    samples = 512

    def realize(self, batch, seeds):
        shape = batch.low_frequency.shape[1:]
        noise = [
            [np.random.default_rng([int(s), int(start)]).normal(size=shape) for s in row]
            for row, start in zip(seeds, batch.starts)
        ]
        return np.array(noise) * envelope(batch.low_frequency)[:, None]


class HonestLevel(Honest):
    """The same at a level that is drawn, from batch.epsilon where there is one."""

    epsilon_size = 2

    def realize(self, batch, seeds):
        epsilon = batch.epsilon
        if epsilon is None:
            rngs = [[np.random.default_rng([int(s), 2**40]) for s in row] for row in seeds]
            epsilon = np.array([[rng.normal(size=2) for rng in row] for row in rngs])
        return super().realize(batch, seeds) * np.exp(epsilon.mean(axis=-1))[..., None, None]


def variant(realize, parent=Honest, **attributes):
    return type("Variant", (parent,), {"realize": realize, **attributes})


@pytest.mark.parametrize("method", [Honest, HonestLevel])
def test_an_honest_method_passes(method):
    check_method(method)
    check_method(method())


@pytest.mark.parametrize("samples", [256, 4096])
def test_noise_that_runs_along_the_record_passes(samples):
    """The noise of a record, of which each window takes its part: windows share their overlap."""

    def realize(self, batch, seeds):
        noise = [
            [np.random.default_rng(int(s)).normal(size=(3, 9 * samples)) for s in row]
            for row in seeds
        ]
        cut = [
            np.array(row)[..., start : start + samples] for row, start in zip(noise, batch.starts)
        ]
        return np.array(cut)

    check_method(variant(realize, samples=samples))


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_registered_method_passes_with_the_weights_that_ship(name):
    """The level is fitted anew by few steps: training is checked, not its result."""
    fields = load(name).Options.__dataclass_fields__
    quick = {"level_steps": 10, "steps": 10, "iterations": 1}
    check_method(create(name, {option: quick[option] for option in quick.keys() & fields}))


def from_global_state(self, batch, seeds):
    return np.random.normal(size=(*seeds.shape, *batch.low_frequency.shape[1:]))  # noqa: NPY002


def from_position(self, batch, seeds):
    realizations = Honest.realize(self, batch, seeds)
    return realizations * np.arange(1, len(realizations) + 1)[:, None, None, None]


def from_count(self, batch, seeds):
    return Honest.realize(self, batch, seeds) / seeds.shape[1]


def too_short(self, batch, seeds):
    return Honest.realize(self, batch, seeds)[..., :-1]


def not_a_number(self, batch, seeds):
    return Honest.realize(self, batch, seeds) * np.nan


def needs_a_magnitude(self, batch, seeds):
    return Honest.realize(self, batch, seeds) * sum(s.magnitude for s in batch.scenarios)


def spoils_its_input(self, batch, seeds):
    batch.low_frequency[:] += 1
    return Honest.realize(self, batch, seeds)


@pytest.mark.parametrize(
    ("realize", "message"),
    [
        (from_global_state, "global random state"),
        (from_position, "drawn alone"),
        (from_count, "how many are drawn"),
        (too_short, "shape"),
        (not_a_number, "NaN"),
        (needs_a_magnitude, "TypeError"),
        (spoils_its_input, "changes the batch"),
    ],
)
def test_a_breach_is_found(realize, message):
    with pytest.raises(MethodError, match=message):
        check_method(variant(realize))


def ignores_epsilon(self, batch, seeds):
    return Honest.realize(self, batch, seeds)


def one_number_too_many(self, batch, seeds):
    level = 1.0 if batch.epsilon is None else np.exp(batch.epsilon[..., 2, None, None])
    return Honest.realize(self, batch, seeds) * level


def epsilon_of_the_first_row(self, batch, seeds):
    level = 1.0 if batch.epsilon is None else np.exp(batch.epsilon[:1, :, 0, None, None])
    return Honest.realize(self, batch, seeds) * level


def same_noise_in_every_window(self, batch, seeds):
    noise = [
        [np.random.default_rng(int(s)).normal(size=(3, self.samples)) for s in row] for row in seeds
    ]
    return np.array(noise) * envelope(batch.low_frequency)[:, None]


def same_noise_in_a_block(self, batch, seeds):
    noise = [
        [
            np.random.default_rng([int(s), int(start) // self.samples]).normal(
                size=(3, self.samples)
            )
            for s in row
        ]
        for row, start in zip(seeds, batch.starts)
    ]
    return batch.low_frequency[:, None] + np.array(noise)


def zeros(self, batch, seeds):
    return np.zeros((*seeds.shape, *batch.low_frequency.shape[1:]))


def copies(self, batch, seeds):
    return np.repeat(0.5 * batch.low_frequency[:, None], seeds.shape[1], axis=1)


def horizontals_alone(self, batch, seeds):
    realizations = Honest.realize(self, batch, seeds)
    realizations[:, :, 0] = 0.0
    return realizations


def in_m_s2(self, batch, seeds):
    return Honest.realize(self, batch, seeds) * batch.scale[:, None, None, None]


def in_m_s2_with_the_simulation(self, batch, seeds):
    """The level of the high frequencies falls with the size of the earthquake, as levels do."""
    scale = batch.scale[:, None, None, None]
    high = Honest.realize(self, batch, seeds) * scale**-0.4
    return (batch.low_frequency[:, None] + high) * scale


def a_level_across_records(self, batch, seeds):
    """Equal in every batch of records that begin at 0: only rows of one record are mistaken."""
    later = batch.low_frequency[batch.starts > 0]
    level = np.abs(later).mean() if len(later) else 1.0
    return Honest.realize(self, batch, seeds) * level


def _rows_before(batch):
    """The window before each of the same record; itself where there is none."""
    rows = np.arange(len(batch))
    return np.where(batch.starts > 0, rows - 1, rows)


def an_earlier_window(self, batch, seeds):
    before = np.abs(batch.low_frequency[_rows_before(batch)]).mean(axis=(1, 2))
    return Honest.realize(self, batch, seeds) * before[:, None, None, None]


def a_later_window(self, batch, seeds):
    rows = np.arange(len(batch))
    later = np.append(batch.starts[1:] > 0, False)
    after = np.abs(batch.low_frequency[np.where(later, rows + 1, rows)]).mean(axis=(1, 2))
    return Honest.realize(self, batch, seeds) * after[:, None, None, None]


@pytest.mark.parametrize(
    ("realize", "attributes", "message"),
    [
        (ignores_epsilon, {"epsilon_size": 2}, "epsilon_size is 2, but batch.epsilon changes noth"),
        (one_number_too_many, {"epsilon_size": 2}, "which epsilon_size = 2 asks for: IndexError"),
        (epsilon_of_the_first_row, {"epsilon_size": 2}, "with batch.epsilon, window 1 differs"),
        (HonestLevel.realize, {"epsilon_size": 0}, "epsilon_size is 0; set it to how many"),
        (
            same_noise_in_every_window,
            {},
            "noise repeats: .* at samples 0 and 256 correlate by 0.[789]",
        ),
        (same_noise_in_a_block, {}, "noise repeats: .* at samples 0 and 256 correlate by 1.00"),
        (zeros, {"one_to_many": False}, "no motion above the corner in Z, N, E .* fills every"),
        (copies, {"one_to_many": False}, "no motion above the corner in Z, N, E .* fills every"),
        (horizontals_alone, {}, "no motion above the corner in Z "),
        (in_m_s2, {}, "1000 times the scale gives 1000 times the motion below"),
        (in_m_s2_with_the_simulation, {}, "divided by batch.scale, not m/s²"),
        (a_level_across_records, {}, "with another record: records of a batch know"),
        (an_earlier_window, {}, "changes with an earlier, weaker window of its own record"),
        (a_later_window, {}, "changes with a later, weaker window of its own record"),
    ],
)
def test_what_a_record_would_suffer_from_is_named_once(realize, attributes, message):
    parent = HonestLevel if realize is HonestLevel.realize else Honest
    with pytest.raises(MethodError, match=message) as caught:
        check_method(variant(realize, parent, **attributes))
    assert str(caught.value).count("\n- ") == 1


def test_the_strongest_window_may_set_the_level_of_its_record():
    def realize(self, batch, seeds):
        records = np.cumsum(batch.starts == 0)
        peaks = np.abs(batch.low_frequency).max(axis=(1, 2))
        level = np.array([peaks[records == record].max() for record in records])
        return Honest.realize(self, batch, seeds) * level[:, None, None, None]

    check_method(variant(realize))


def test_a_level_in_m_s2_that_follows_from_the_scenario_passes():
    """The same high frequencies whatever the size of the low ones: over the scale, they fall."""

    def realize(self, batch, seeds):
        return Honest.realize(self, batch, seeds) * 0.1 / batch.scale[:, None, None, None]

    check_method(variant(realize))


def test_declarations_are_checked():
    with pytest.raises(MethodError, match="no summary"):
        check_method(variant(Honest.realize, summary=None))
    with pytest.raises(MethodError, match="one_to_many is False"):
        check_method(variant(Honest.realize, one_to_many=False))
    with pytest.raises(MethodError, match="frozen dataclass"):
        check_method(variant(Honest.realize, Options=dict))


def test_the_batch_looks_like_a_simulation():
    batch = low_frequency_batch(Honest, rows=2, corner=1.5)
    spectrum = np.abs(np.fft.rfft(batch.low_frequency * np.hanning(512)))
    frequencies = np.fft.rfftfreq(512, 0.01)
    assert spectrum[..., frequencies > 2.5].max() < 0.01 * spectrum.max()
    assert np.abs(batch.low_frequency).max(axis=(1, 2)) == pytest.approx(1.0)
