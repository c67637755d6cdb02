import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from obspy import Stream, Trace

from obspy_broadband import Method, enrich
from obspy_broadband.data.pairs import Augmentation, Pairs
from obspy_broadband.data.prepare import Settings, prepare
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.goodness import envelope_phase
from obspy_broadband.evaluation.references import inverse_filter

spec = importlib.util.spec_from_file_location(
    "prepare_tests", Path(__file__).with_name("test_prepare.py")
)
prepare_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prepare_tests)
dataset = prepare_tests.dataset


@pytest.fixture
def store(dataset, tmp_path):
    prepare([str(dataset)], tmp_path / "store", Settings(before_s=20, after_s=49))
    return Store(tmp_path / "store")


EVERYTHING = np.arange(12)


class Spy(Method):
    """A method that keeps what it is handed: the low frequencies of whole records, in m/s²."""

    summary = citation = "A test"
    samples = None

    def realize(self, batch, seeds):
        self.low_frequency = batch.low_frequency * batch.scale[:, None, None]
        return np.repeat(batch.low_frequency[:, None], seeds.shape[1], axis=1)


@pytest.mark.parametrize("corner", [0.5, 1.0, 2.3, 5.0])
@pytest.mark.parametrize("record", [0, 4, 11])
def test_training_sees_what_enriching_sees_of_a_record_cut_in_motion(
    dataset, tmp_path, corner, record
):
    prepare([str(dataset)], tmp_path / "store", Settings(before_s=1.0, after_s=5.0))
    store = Store(tmp_path / "store")
    motion = store.motion(record)
    assert np.abs(motion[:, -50:]).max() > 0.1 * np.abs(motion).max()
    spy, channels = Spy(), ("HNZ", "HNN", "HNE")
    stream = Stream(
        Trace(component, {"sampling_rate": 100.0, "channel": channel, "station": "A"})
        for component, channel in zip(motion, channels)
    )
    enrich(stream, spy, n=1, seed=0, corner=corner, units="m/s**2")
    from_p = Augmentation(onset_s=(0.0, 0.0), rotate=False, flip=False)
    pairs = Pairs(store, np.array([record]), 1024, corner=corner, augmentation=from_p)
    batch = pairs.batch([0])
    window = (batch.low_frequency * batch.scale[:, None, None])[0].numpy()
    expected = spy.low_frequency[0][:, round(float(store.columns["p_sample"][record])) :]
    assert not window[:, expected.shape[-1] :].any()  # beyond the record's end
    window = window[:, : expected.shape[-1]]
    assert np.abs(window - expected).max() < 1e-5 * np.abs(expected).max()


def test_a_batch_is_what_a_method_sees_when_enriching(store):
    batch = Pairs(store, EVERYTHING, samples=2048).batch([0, 3, 5])
    assert batch.low_frequency.shape == batch.broadband.shape == (3, 3, 2048)
    assert batch.low_frequency.abs().amax(dim=(1, 2)) == pytest.approx(1.0)
    assert (batch.corner == 1.0).all()
    assert batch.scenarios[1].magnitude == pytest.approx(4.75)
    record = store.motion(3)
    p = int(store.columns["p_sample"][3])
    window = record[:, p - 500 : p - 500 + 2048]
    assert torch.allclose(batch.broadband[1] * batch.scale[1], torch.as_tensor(window), atol=1e-5)


def test_nothing_is_left_above_the_stop(store):
    batch = Pairs(store, EVERYTHING, samples=4096).batch([1])
    window = torch.hann_window(4096)
    spectrum = torch.fft.rfft(batch.low_frequency * window).abs()
    frequencies = torch.fft.rfftfreq(4096, 0.01)
    assert spectrum[..., frequencies > 1.4].max() < 1e-5 * spectrum.max()


def test_draws_depend_on_seed_and_record_alone(store):
    pairs = Pairs(store, EVERYTHING, 1024, corner=(0.5, 5.0), augmentation=Augmentation())
    together, alone = pairs.batch([2, 7, 9], seed=4), pairs.batch([7], seed=4)
    assert torch.equal(together.broadband[1], alone.broadband[0])
    assert together.corner[1] == alone.corner[0]
    assert not torch.equal(pairs.batch([7], seed=5).broadband, alone.broadband)
    corners = torch.cat([pairs.batch(range(12), seed=s).corner for s in range(20)])
    assert corners.min() >= 0.5
    assert corners.max() <= 5.0
    assert corners.log().std() > 0.5


def test_augmentation_keeps_the_physics(store):
    """Energy of the horizontals and of the vertical stay; time runs forward."""
    plain = Pairs(store, EVERYTHING, 2048).batch([0])
    turned = Pairs(store, EVERYTHING, 2048, augmentation=Augmentation(onset_s=(5.0, 5.0))).batch(
        [0]
    )
    for batch in (plain, turned):
        assert batch.broadband.shape == (1, 3, 2048)
    energy = [
        (b.broadband * b.scale[:, None, None]).square().sum(-1)[0].numpy() for b in (plain, turned)
    ]
    assert energy[0][0] == pytest.approx(energy[1][0], rel=1e-4)
    assert energy[0][1:].sum() == pytest.approx(energy[1][1:].sum(), rel=1e-4)
    power = turned.broadband.square().sum(dim=(0, 1))
    assert power[:480].mean() < 0.05 * power[550:1000].mean()


def test_metadata_are_hidden_at_random(store):
    pairs = Pairs(store, EVERYTHING, 512, augmentation=Augmentation(forget=0.5))
    known = [
        s.magnitude is not None for k in range(20) for s in pairs.batch(range(12), k).scenarios
    ]
    assert 0.4 < np.mean(known) < 0.6


def test_the_scale_is_known_from_the_input_alone(store):
    batch = Pairs(store, EVERYTHING, 2048).batch([0])
    peak = (batch.low_frequency * batch.scale[:, None, None]).abs().max()
    assert batch.scale[0] == pytest.approx(float(peak), rel=1e-6)


def test_an_inverse_filter_finds_the_answer_under_the_thesis_protocol_and_not_under_the_clean_one(
    store,
):
    """The published protocol leaks: without learning, what was filtered out comes back."""
    scores = {}
    for protocol in ("thesis", "clean"):
        batch = Pairs(store, EVERYTHING, 4096, protocol=protocol).batch([0, 5])
        restored = inverse_filter(batch.low_frequency.numpy(), 100.0, 1.0, protocol)
        target = batch.broadband.numpy()
        scores[protocol] = envelope_phase(restored, target.astype(float), 100.0, 1.5, 30.0, nf=30)
    assert np.mean(scores["thesis"][0]) > 9
    assert np.mean(scores["thesis"][1]) > 9
    assert np.mean(scores["clean"][0]) < 4.5
    assert np.mean(scores["clean"][1]) < 7


def test_what_cannot_be_is_refused(store):
    with pytest.raises(InputError, match="clean or thesis"):
        Pairs(store, EVERYTHING, protocol="fair")
    with pytest.raises(InputError, match="1 Hz"):
        Pairs(store, EVERYTHING, protocol="thesis", corner=2.0)
    with pytest.raises(InputError, match="no records"):
        Pairs(store, EVERYTHING[:0])
