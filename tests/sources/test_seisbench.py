"""Records of a SeisBench data set, with what its table says of them."""

import json
import pickle

import h5py
import numpy as np
import pandas as pd
import pytest

from obspy_broadband.errors import InputError
from obspy_broadband.sources.seisbench import SeisBenchSource


@pytest.fixture
def dataset(tmp_path):
    """Four records in two buckets, components E, N, Z; the last in counts."""
    rng = np.random.default_rng(1)
    blocks = rng.normal(size=(2, 2, 3, 2000)).astype(np.float32)
    rows = []
    with h5py.File(tmp_path / "waveforms.hdf5", "w") as file:
        file["data_format/component_order"] = "ENZ"
        for bucket in range(2):
            file[f"data/bucket{bucket}"] = blocks[bucket]
            for row in range(2):
                rows.append(
                    {
                        "trace_name": f"bucket{bucket}${row},:3,:{2000 - row}",
                        "source_magnitude": 5.0 + bucket,
                        "path_hyp_distance_km": 20.0,
                        "source_depth_km": 8.0 if row else np.nan,
                        "station_network_code": "IT",
                        "station_code": f"S{bucket}{row}",
                        "station_latitude_deg": 42.0,
                        "station_longitude_deg": 13.0,
                        "trace_start_time": "2016-08-24T01:36:00Z",
                        "trace_sampling_rate_hz": 100.0,
                        "trace_unit": "counts" if bucket and row else "mps2",
                    }
                )
    pd.DataFrame(rows).to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path, blocks


def test_records_with_what_is_known(dataset):
    folder, blocks = dataset
    source = SeisBenchSource(str(folder))
    items = list(source.items())
    assert len({item.key for item in items}) == 4
    json.dumps([item.locator for item in items])
    loaded = pickle.loads(pickle.dumps(source)).read(items[1])
    assert [trace.id for trace in loaded.stream] == [f"IT.S01..HX{code}" for code in "ZNE"]
    np.testing.assert_array_equal(loaded.stream[0].data, blocks[0, 1, 2, :1999])
    assert loaded.stream[0].stats.units == "m/s**2"
    assert loaded.stream[0].stats.coordinates.latitude == 42.0
    scenario = loaded.scenarios["IT.S01"]
    assert (scenario.magnitude, scenario.distance_km, scenario.depth_km) == (5.0, 20.0, 8.0)
    assert scenario.vs30_m_s is None


def test_counts_are_skipped_with_the_reason(dataset):
    source = SeisBenchSource(str(dataset[0]))
    with pytest.raises(InputError, match="is in counts"):
        source.read(list(source.items())[-1])


def test_a_file_that_points_elsewhere_is_not_followed(dataset, tmp_path):
    folder, _ = dataset
    source = SeisBenchSource(str(folder))
    item = next(source.items())
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = np.zeros((2, 3, 2000))
    with h5py.File(folder / "waveforms.hdf5", "a") as file:
        del file["data/bucket0"]
        file["data/bucket0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "secret")
    with pytest.raises(InputError, match="link to elsewhere"):
        source.read(item)


def test_no_data_set_is_one_message(tmp_path):
    with pytest.raises(InputError, match="neither metadata"):
        list(SeisBenchSource(str(tmp_path)).items())
