import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb
from obb_plugins.seismoalice import SharedSeismoALICE

import obspy_broadband
from obspy_broadband import Ensemble, InputError, generate
from obspy_broadband.signal.filters import band_limit

_TINY = {"width": 2, "features": 8, "level_steps": 5, "code": 6, "phase": 0.0}


@pytest.fixture(scope="module")
def alice():
    torch.manual_seed(0)
    return SharedSeismoALICE(SharedSeismoALICE.configure(_TINY))


@pytest.fixture(scope="module", params=["stochastic", "codes"])
def method(request, alice):
    return alice if request.param == "codes" else "stochastic"


def test_records_are_ordinary_ensembles_and_all_differ(method):
    ensemble = generate(method, n=3, seed=1)
    assert len(ensemble) == 1
    (stream,) = ensemble
    assert [trace.id for trace in stream[:3]] == [f"XX.00001..HN{c}" for c in "ZNE"]
    assert len(stream) == 9
    assert all(np.isfinite(trace.data).all() and trace.data.any() for trace in stream)
    assert not np.allclose(stream[0].data, stream[3].data)


def test_a_record_is_the_same_bytes_however_many_there_are(method):
    few, many = (generate(method, n=n, seed=7) for n in (1, 3))
    for a, b in zip(few[0], many[0]):
        assert a.data.tobytes() == b.data.tobytes()
    other = generate(method, n=1, seed=8)
    assert not np.array_equal(other[0][0].data, few[0][0].data)


def test_the_low_frequencies_are_the_records_own(method):
    ensemble = generate(method, n=1, seed=3, corner=2.0)
    (record,) = ensemble.records
    below = band_limit(record.realizations[0].astype(float), record.sampling_rate, 1.0)
    given = band_limit(record.low_frequency.astype(float), record.sampling_rate, 1.0)
    assert np.abs(below - given).max() < 0.02 * np.abs(given).max()


def test_it_says_where_the_records_come_from(alice):
    assert "codes" in generate(alice, n=1, seed=0).provenance["generated_from"]
    found = generate("stochastic", n=1, seed=0).provenance
    assert "simulated scenarios" in found["generated_from"]
    assert found["method"] == "stochastic"


def test_a_scenario_that_is_given_is_kept_and_the_rest_is_drawn():
    found = generate("stochastic", n=3, seed=0, magnitude=6.0, distance=30.0).provenance
    scenarios = [station["scenario"] for station in found["stations"]]
    assert {one["magnitude"] for one in scenarios} == {6.0}
    assert {one["distance_km"] for one in scenarios} == {30.0}
    assert len({one["vs30_m_s"] for one in scenarios}) == 3


def test_larger_and_nearer_earthquakes_are_stronger():
    def peak(**scenario):
        ensemble = generate("stochastic", n=5, seed=2, vs30=500.0, depth=10.0, **scenario)
        return np.mean([np.log(np.abs(trace.data).max()) for trace in ensemble[0]])

    middle = peak(magnitude=5.0, distance=40.0)
    assert peak(magnitude=6.5, distance=40.0) > middle + 0.7
    assert peak(magnitude=5.0, distance=120.0) < middle - 0.7


def test_sizes_from_codes_are_spread_as_the_training_datas(alice):
    alice.ln_scales.copy_(torch.tensor([np.log(0.5), 0.3]))
    alice.level.predictor.offset.fill_(-8.0)  # next to nothing above the corner
    made = [alice.generate(seed, 1.0, obspy_broadband.Scenario()) for seed in range(60)]
    peaks = [np.log(np.abs(band_limit(one.astype(float), 100.0, 1.0)).max()) for one in made]
    assert abs(np.mean(peaks) - np.log(0.5)) < 0.15
    assert 0.2 < np.std(peaks) < 0.4


def test_what_cannot_be_is_refused(alice):
    with pytest.raises(InputError, match="99999"):
        generate("stochastic", n=100_000)
    with pytest.raises(InputError, match="corner is 90"):
        generate("stochastic", corner=90.0)
    given = SharedSeismoALICE(SharedSeismoALICE.configure(_TINY | {"level": "given"}))
    with pytest.raises(InputError, match="no physical level"):
        generate(given, n=1)


def test_the_command_leaves_an_ensemble_folder(tmp_path):
    out = tmp_path / "made"
    asked = [
        "generate",
        "-m",
        "stochastic",
        "-n",
        "2",
        "-s",
        "5",
        "--magnitude",
        "6",
        "-o",
        str(out),
    ]
    done = CliRunner().invoke(obb, asked)
    assert done.exit_code == 0, done.output
    assert "simulated scenarios" in done.output
    ensemble = Ensemble.read(out)
    again = generate("stochastic", n=2, seed=5, magnitude=6.0)
    for a, b in zip(ensemble[0], again[0]):
        assert np.allclose(a.data, b.data, atol=1e-6 * np.abs(b.data).max())
    assert json.loads(json.dumps(ensemble.provenance))["generated_from"]
    refused = CliRunner().invoke(obb, asked)
    assert refused.exit_code == 1
    assert "not empty" in refused.output
