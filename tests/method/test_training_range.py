import dataclasses
import warnings

import numpy as np
import pytest

from obspy_broadband.method.contract import Batch, Scenario
from obspy_broadband.method.registry import create
from obspy_broadband.method.training_range import features, outside_ranges, ranges
from obspy_broadband.signal.filters import band_limit

RATE = 100.0


def windows(rows=200, seed=0, corner=1.0, magnitude=(4.0, 6.0)):
    rng = np.random.default_rng(seed)
    envelope = np.exp(-(((np.arange(4096) - 1000) / 500.0) ** 2))
    low = band_limit(rng.normal(size=(rows, 3, 4096)) * envelope, RATE, corner)
    peak = np.abs(low).max(axis=(1, 2))
    return Batch(
        low_frequency=low / peak[:, None, None],
        scale=np.exp(rng.normal(np.log(0.01), 1.0, rows)),
        corner=np.full(rows, corner),
        scenarios=tuple(Scenario(magnitude=float(m)) for m in rng.uniform(*magnitude, rows)),
        starts=np.zeros(rows, dtype=int),
    )


@pytest.fixture(scope="module")
def training_ranges():
    return ranges(windows(), RATE)


def test_windows_like_the_training_set_lie_within_its_ranges(training_ranges):
    outside = outside_ranges(windows(seed=1), RATE, training_ranges)
    assert sum(map(bool, outside)) <= 4  # of 200
    assert "distance (km)" not in training_ranges  # nothing is known of it


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("corner (Hz)", {"corner": np.full(200, 4.0)}),
        ("peak of the low frequencies (m/s²)", {"scale": np.full(200, 30.0)}),
        ("magnitude", {"scenarios": (Scenario(magnitude=8.2),) * 200}),
    ],
)
def test_what_lies_outside_is_named_with_its_range(name, change, training_ranges):
    for window in outside_ranges(dataclasses.replace(windows(), **change), RATE, training_ranges):
        value, lowest, highest = window[name]
        assert not lowest <= value <= highest


def test_shapes_are_compared_too(training_ranges):
    rng = np.random.default_rng(3)
    long = band_limit(rng.normal(size=(5, 3, 4096)), RATE, 1.0)
    few = dataclasses.replace(windows(5), low_frequency=long)
    for window in outside_ranges(few, RATE, training_ranges):
        assert "duration of the low frequencies (s)" in window
    smooth = dataclasses.replace(windows(5, corner=0.3), corner=np.ones(5))
    for window in outside_ranges(smooth, RATE, training_ranges):
        assert "slope of the low frequencies' spectrum" in window


@pytest.mark.parametrize(
    ("distance", "outside"), [(0.2, True), (5.0, True), (8.0, False), (500.0, False), (900.0, True)]
)
def test_distances_are_compared_by_their_ratio(distance, outside):
    """On both sides: nearer than 7 km is no less far from 10-500 km than 740 km is."""
    few = dataclasses.replace(windows(2), scenarios=(Scenario(distance_km=distance),) * 2)
    for window in outside_ranges(few, RATE, {"distance (km)": [10.0, 500.0]}):
        assert ("distance (km)" in window) is outside


def test_what_is_not_known_is_not_outside(training_ranges):
    few = dataclasses.replace(windows(5), scenarios=(Scenario(),) * 5, scale=np.full(5, np.nan))
    for window in outside_ranges(few, RATE, training_ranges):
        assert not {"magnitude", "peak of the low frequencies (m/s²)"} & set(window)


def test_a_slope_is_that_of_the_spectrum():
    batch = windows(40)
    flat = features(batch, RATE)["slope of the low frequencies' spectrum"]
    assert abs(flat.mean()) < 0.3


def test_enrich_warns_once_names_what_is_outside_and_notes_it(simulation, training_ranges):
    class Trained:
        name, path = "default", "default.safetensors"
        card = {"sha256": "0", "ranges": {**training_ranges, "magnitude": [4.0, 6.0]}}  # noqa: RUF012

    method = create("stochastic", {})
    method.weights = Trained()
    with pytest.warns(UserWarning, match=r"magnitude 8, learned from 4 to 6") as caught:
        ensemble = simulation().enrich(method, n=1, seed=1, magnitude=8.0)
    assert sum("learned from" in str(warning.message) for warning in caught) == 1
    (reasons,) = ensemble.provenance["outside_training_range"].values()
    assert any(reason.startswith("magnitude") for reason in reasons)
    Trained.card = {"sha256": "0"}  # a card without ranges says nothing
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulation().enrich(method, n=1, seed=1, magnitude=8.0)
