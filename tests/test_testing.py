import numpy as np
import pytest

from obspy_broadband import Method, methods
from obspy_broadband.errors import MethodError
from obspy_broadband.method.registry import load
from obspy_broadband.testing import check_method, low_frequency_batch


class Honest(Method):
    summary = citation = "None"
    samples = 512

    def realize(self, batch, seeds):
        shape = batch.low_frequency.shape[1:]
        return np.array(
            [[np.random.default_rng(int(s)).normal(size=shape) for s in row] for row in seeds]
        )


def variant(realize, **attributes):
    return type("Variant", (Honest,), {"realize": realize, **attributes})


def test_an_honest_method_passes():
    check_method(Honest)


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_registered_method_passes(name):
    """With the sizes of its preset for CPUs, and no picker: its weights are not on every machine."""
    method = load(name)
    preset = getattr(method, "presets", {}).get("small", {})
    own = {key: value for key, value in preset.items() if not key.startswith("training.")}
    check_method(name, **own)


def from_global_state(self, batch, seeds):
    return np.random.normal(size=(*seeds.shape, *batch.low_frequency.shape[1:]))  # noqa: NPY002


def from_position(self, batch, seeds):
    drawn = Honest.realize(self, batch, seeds)
    return drawn * np.arange(1, len(drawn) + 1)[:, None, None, None]


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
