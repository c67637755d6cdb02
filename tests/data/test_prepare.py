"""From SeisBench's and STEAD's formats, written here, to a store."""

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband.data.prepare import Settings, make_shard, prepare
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.signal.envelope import saragoni_hart

P = 2000


def earthquake(seed, samples=7000, rate=100.0):
    rng = np.random.default_rng(seed)
    times = (np.arange(samples) - P) / rate
    motion = rng.normal(size=(3, samples)) * (saragoni_hart(times, 8.0) + 0.003)
    f = np.fft.rfftfreq(samples, 1 / rate)
    return np.fft.irfft(np.fft.rfft(motion) * np.exp(-f / 15), samples) + 0.01


@pytest.fixture
def dataset(tmp_path):
    """Twelve records of six events in SeisBench's format, three a bucket."""
    folder = tmp_path / "records"
    folder.mkdir()
    rows = []
    with h5py.File(folder / "waveforms.hdf5", "w") as file:
        file["data_format/component_order"] = "ENZ"
        for bucket in range(4):
            block = np.stack([earthquake(3 * bucket + k)[::-1] for k in range(3)])
            file[f"data/bucket{bucket}"] = block.astype(np.float32)
            for k in range(3):
                number = 3 * bucket + k
                rows.append(
                    {
                        "trace_name": f"bucket{bucket}${k},:3,:{7000 - number}",
                        "source_id": f"event{number // 2}",
                        "source_sequence": f"sequence{number // 4}",
                        "source_magnitude": 4.0 + number / 4,
                        "path_hyp_distance_km": 10.0 * (number + 1),
                        "station_network_code": "XX",
                        "station_code": f"S{number:02d}",
                        "station_vs30_m_s": 500.0 if number % 2 else np.nan,
                        "trace_sampling_rate_hz": 100.0,
                        "trace_unit": "mps2",
                        "trace_quantity_original": "acceleration",
                        "trace_p_arrival_sample": float(P),
                        "licence": "CC BY 4.0",
                    }
                )
    pd.DataFrame(rows).to_csv(folder / "metadata.csv", index=False)
    return folder


def change(dataset, **columns):
    table = pd.read_csv(dataset / "metadata.csv")
    for name, values in columns.items():
        table[name] = values
    table.to_csv(dataset / "metadata.csv", index=False)


def test_records_come_through_in_order_and_units(dataset, tmp_path):
    prepare([str(dataset)], tmp_path / "store", Settings(before_s=10, after_s=30))
    store = Store(tmp_path / "store")
    assert len(store) == 12
    assert store.columns["p_sample"][0] == 1000
    motion = store.motion(0)
    expected = earthquake(0)[:, 1000:5000]
    inside = slice(100, -100)
    assert motion.shape == expected.shape
    difference = motion - expected
    difference -= difference.mean(axis=-1, keepdims=True)
    assert np.abs(difference)[:, inside].max() < 0.02 * np.abs(expected).max()
    assert np.array_equal(store.motion(3, 100, 200), store.motion(3)[:, 100:200])
    assert store.columns["station"][4] == "XX.S04"
    assert np.isnan(store.columns["vs30_m_s"][0])


def test_no_sequence_stands_in_two_splits(dataset, tmp_path):
    prepare([str(dataset)], tmp_path / "store")
    columns = Store(tmp_path / "store").columns
    for sequence in set(columns["sequence"]):
        assert len(set(columns["split"][columns["sequence"] == sequence])) == 1


def test_a_data_sets_own_split_is_kept_and_a_leaking_one_refused(dataset, tmp_path):
    change(dataset, split=["test"] * 4 + ["train"] * 8)
    prepare([str(dataset)], tmp_path / "store")
    assert list(Store(tmp_path / "store").columns["split"]).count("test") == 4
    change(dataset, split=["test"] * 3 + ["train"] * 9)
    with pytest.raises(InputError, match="sequence0 stands in test and in train"):
        prepare([str(dataset)], tmp_path / "other")


def test_selection(dataset, tmp_path):
    settings = Settings(min_magnitude=5.0, max_distance_km=90.0)
    info = prepare([str(dataset)], tmp_path / "store", settings)
    columns = Store(tmp_path / "store").columns
    assert columns["magnitude"].min() >= 5.0
    assert columns["distance_km"].max() <= 90.0
    assert info["left_out"] == {"magnitude": 4, "distance": 3}
    with pytest.raises(InputError, match="12 for unit"):
        prepare([str(dataset)], tmp_path / "none", Settings(units="counts"))


def test_quality(dataset, tmp_path):
    prepare([str(dataset)], tmp_path / "store")
    store = Store(tmp_path / "store")
    assert (store.columns["usable_lowest_hz"] <= 0.5).all()
    assert (store.columns["usable_highest_hz"] >= 20).all()
    assert len(store.select(split="train", lowest_hz=1.0, after_p_s=40.0)) > 0
    assert len(store.select(after_p_s=100.0)) == 0
    assert not store.columns["clipped"].any()


def test_repeated_clipped_and_broken_records(dataset, tmp_path):
    with h5py.File(dataset / "waveforms.hdf5", "a") as file:
        file["data/bucket3"][0] = 3.0 * file["data/bucket0"][0]  # the same, louder
        file["data/bucket3"][1, :, :] = np.clip(file["data/bucket3"][1], -0.5, 0.5)
        file["data/bucket2"][0, 1, 77] = np.nan
        file["data/bucket2"][1, 2] = 0.0
    change(dataset, source_sequence="one", trace_name=[
        f"bucket{k // 3}${k % 3},:3,:6900" for k in range(12)
    ])  # fmt: skip
    info = prepare([str(dataset)], tmp_path / "store")
    assert info["left_out"] == {
        "NaN or infinite samples": 1,
        "a constant component": 1,
        "repeated": 1,
    }
    assert info["summary"]["all"]["clipped"] == 1


def test_a_set_without_its_low_frequencies_is_refused_unless_asked_for(dataset, tmp_path):
    with h5py.File(dataset / "waveforms.hdf5", "a") as file:
        for bucket in file["data"].values():
            spectrum = np.fft.rfft(bucket[()])
            spectrum[..., np.fft.rfftfreq(bucket.shape[-1], 0.01) < 1.0] *= 0.001
            bucket[()] = np.fft.irfft(spectrum, bucket.shape[-1])
    with pytest.raises(InputError, match="nothing below 1 Hz"):
        prepare([str(dataset)], tmp_path / "store")
    prepare([str(dataset)], tmp_path / "store", Settings(allow_empty_band=True))
    assert len(Store(tmp_path / "store")) == 12


def test_an_interrupted_run_goes_on_and_ends_the_same(dataset, tmp_path, monkeypatch):
    prepare([str(dataset)], tmp_path / "whole")
    calls = []

    def failing(part, path, sources, settings):
        calls.append(path.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        make_shard(part, path, sources, settings)

    monkeypatch.setattr("obspy_broadband.data.prepare.make_shard", failing)
    with pytest.raises(KeyboardInterrupt):
        prepare([str(dataset)], tmp_path / "store")
    with pytest.raises(InputError, match="no finished training store"):
        Store(tmp_path / "store")
    calls.clear()
    monkeypatch.setattr("obspy_broadband.data.prepare.make_shard", make_shard)
    prepare([str(dataset)], tmp_path / "store")
    for name in ("whole", "store"):
        assert len(Store(tmp_path / name)) == 12
    a, b = (Store(tmp_path / name) for name in ("whole", "store"))
    assert all(np.array_equal(a.motion(k), b.motion(k)) for k in range(12))
    with pytest.raises(InputError, match="begun with"):
        prepare([str(dataset)], tmp_path / "store", Settings(before_s=3))


def test_processes_give_the_same_store(dataset, tmp_path):
    prepare([str(dataset)], tmp_path / "one")
    prepare([str(dataset)], tmp_path / "two", workers=2)
    a, b = (Store(tmp_path / name) for name in ("one", "two"))
    assert all(np.array_equal(a.motion(k), b.motion(k)) for k in range(12))
    assert list(a.columns["record"]) == list(b.columns["record"])


def test_several_sources_and_another_rate(dataset, tmp_path):
    slow = tmp_path / "slow"
    slow.mkdir()
    rows = []
    with h5py.File(slow / "waveforms.hdf5", "w") as file:
        file["data/bucket0"] = np.stack([earthquake(50 + k)[:, ::2] for k in range(2)])
        for k in range(2):
            rows.append(
                {
                    "trace_name": f"bucket0${k},:3,:3500",
                    "source_id": f"slow{k}",
                    "trace_sampling_rate_hz": 50.0,
                    "trace_unit": "mps2",
                    "trace_p_arrival_sample": P / 2,
                }
            )
    pd.DataFrame(rows).to_csv(slow / "metadata.csv", index=False)
    prepare([str(dataset), str(slow)], tmp_path / "store")
    store = Store(tmp_path / "store")
    assert len(store) == 14
    assert store.columns["p_sample"][-1] == P


@pytest.mark.parametrize("place", ["data", "earthquake/local"])
def test_raw_stead(tmp_path, place):
    folder = tmp_path / "stead"
    folder.mkdir()
    names = [f"B{k}.XX_EV" for k in range(6)]
    with h5py.File(folder / "chunk2.hdf5", "w") as file:
        for k, name in enumerate(names):
            file[f"{place}/{name}"] = np.cumsum(earthquake(k)[::-1], axis=-1).T[:6000] * 1e3
    table = pd.DataFrame({"trace_name": names, "source_id": names, "source_magnitude": 3.0})
    table["trace_category"] = ["earthquake_local"] * 5 + ["noise"]
    table["p_arrival_sample"] = float(P)
    table.to_csv(folder / "chunk2.csv", index=False)
    prepare([str(folder)], tmp_path / "store", Settings(allow_empty_band=True))
    store = Store(tmp_path / "store")
    assert len(store) == 5
    assert set(store.columns["unit"]) == {"counts"}
    assert "Mousavi" in store.columns["attribution"][0]
    # counts of velocity became counts of acceleration
    motion, expected = store.motion(0), earthquake(0)[:, :6000] * 1e5
    assert (
        np.corrcoef(motion[0, 500:5500], expected[0, 500:5500])[0, 1] > 0.9
    )  # cumsum is half a sample late


def test_what_is_no_data_set_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no folder with files"):
        prepare([str(tmp_path / "empty")], tmp_path / "store")
    with pytest.raises(InputError, match="no SeisBench data set of this name"):
        prepare(["NoSuchSet"], tmp_path / "store")


def test_the_command(dataset, tmp_path):
    done = CliRunner().invoke(
        obb, ["data", "prepare", "datasets", str(dataset), "-o", str(tmp_path / "s")]
    )
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(obb, ["data", "show", str(tmp_path / "s")])
    assert "records" in shown.output
    assert "sequences" in shown.output
    done = CliRunner().invoke(obb, ["data", "show", str(dataset)])
    assert done.exit_code == 1
    assert "no finished training store" in done.output
