import numpy as np
import pytest

from obspy_broadband.data.pairs import Augmentation, Pairs
from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.training.batches import Batches


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    simulate(Population(records=22, per_event=4), folder)
    return Store(folder)


def batches(store, **arguments):
    pairs = Pairs(store, np.arange(22), 256, augmentation=Augmentation())
    return Batches(pairs, **{"batch": 4, "seed": 1, **arguments})


def test_an_epoch_shows_every_record_once(store):
    loader = batches(store, batch=11)
    for epoch in (0, 1, 7):
        shown = np.concatenate([loader.positions(2 * epoch + k) for k in range(2)])
        assert sorted(shown) == list(range(22))
    assert not np.array_equal(loader.positions(0), loader.positions(2))


def test_events_may_count_alike(store):
    loader = batches(store, batch=11, event_balance=1.0)
    shown = np.concatenate([loader.positions(number) for number in range(400)])
    events = store.columns["event"][shown]
    shares = [np.mean(events == event) for event in np.unique(events)]
    assert shares == pytest.approx([1 / 6] * 6, abs=0.01)  # one event has two records, not four


def test_processes_share_a_batch(store):
    single = batches(store)
    processes = [batches(store, rank=rank, world=2) for rank in range(2)]
    whole = single(5)
    parts = [process(5) for process in processes]
    for position in range(4):
        part = parts[position % 2].broadband[position // 2]
        assert np.array_equal(part, whole.broadband[position])


def test_a_batch_is_the_same_whenever_it_is_made(store):
    first, second = batches(store), batches(store)
    for number in (0, 1, 2):
        expected = first(number)
    batch = second(2)
    assert np.array_equal(batch.broadband, expected.broadband)
    assert batch.scenarios == expected.scenarios
    assert not np.array_equal(batch.broadband, second(3).broadband)


def test_what_does_not_fit_is_refused(store):
    with pytest.raises(InputError, match="does not divide among 3"):
        batches(store, world=3)
    with pytest.raises(InputError, match="larger than the training set of 22"):
        batches(store, batch=32)
