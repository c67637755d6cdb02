"""SeisSol's receivers, written here as ReceiverWriter.cpp prints them."""

import warnings

import h5py
import numpy as np
import obspy
import pytest
from mangling import attempt_mangled
from streams import values

from obspy_broadband.errors import InputError
from obspy_broadband.io import seissol
from obspy_broadband.sources.folder import FolderSource

STEP, SAMPLES = 0.01, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 24))
STRESSES = ("s_xx", "s_yy", "s_zz", "s_xy", "s_yz", "s_xz")
VELOCITIES = ("v1", "v2", "v3")


def write(path, names, rows=None, title="receiver number 00003"):
    table = np.column_stack([TIMES, MOTION[:, : len(names)]]) if rows is None else rows
    path.write_text(
        f'TITLE = "Temporal Signal for {title}"\n'
        + 'VARIABLES = "Time",' + ",".join(f'"{name}"' for name in names) + "\n"
        + "".join(f"# x{k}       {x:.12e}\n" for k, x in ((1, 1e3), (2, 2e3), (3, -1.0)))
        + "".join("".join(f"  {x:.15e}" for x in row) + "\n" for row in table)
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("names", "first"),
    [
        ((*STRESSES, *VELOCITIES), 6),
        (("xx", "yy", "zz", "xy", "yz", "xz", "u", "v", "w"), 6),
        ((*STRESSES, *VELOCITIES, "rot1", "rot2", "rot3", "epsxx"), 6),
        ((*STRESSES, *VELOCITIES, "p", "v1_f", "v2_f", "v3_f"), 6),
        (("pprime", *VELOCITIES), 1),
    ],
)
def test_velocities_among_the_variables(tmp_path, names, first):
    stream = obspy.read(write(tmp_path / "out-receiver-00003-00012.dat", names))
    assert [trace.id for trace in stream] == [f".R0003..HX{letter}" for letter in "XYZ"]
    assert values(stream) == pytest.approx(MOTION[:, first : first + 3], rel=1e-12)
    for trace in stream:
        assert trace.stats._format == "SEISSOL"
        assert trace.stats.units == "m/s"
        assert trace.stats.delta == STEP
        assert dict(trace.stats.coordinates) == {"x": 1000.0, "y": 2000.0, "z": -1.0}


def test_another_title_under_the_name_of_a_receiver(tmp_path):
    path = write(tmp_path / "run-receiver-00007-00001.dat", VELOCITIES)
    path.write_text(path.read_text().replace("Temporal Signal", "Signal"))
    stream = obspy.read(path)
    assert stream[0].id == ".R0007..HXX"
    assert values(stream) == pytest.approx(MOTION[:, :3], rel=1e-12)
    path.write_text(path.read_text().replace('"Time"', '"X"'))
    assert not seissol.is_format(path)


def test_pickpoints_of_early_versions(tmp_path):
    path = write(tmp_path / "data-pickpoint-5.dat", "uvw", title="pickpoint number 00000005 ")
    assert obspy.read(path)[0].stats.station == "R0005"


def test_a_fused_run_is_read_by_its_simulation(tmp_path):
    names = [f"{name}{number}" for number in (0, 1) for name in (*STRESSES, *VELOCITIES)]
    path = write(tmp_path / "r.dat", names)
    for number in (0, 1):
        velocity = values(obspy.read(path, simulation=number))
        assert velocity == pytest.approx(MOTION[:, 9 * number + 6 : 9 * number + 9], rel=1e-12)
    with pytest.raises(InputError, match="simulations 0, 1 of a fused run"):
        obspy.read(path)
    with pytest.raises(InputError, match="no simulation 7"):
        obspy.read(path, simulation=7)
    with pytest.raises(InputError, match="no fused run"):
        obspy.read(write(path, VELOCITIES), simulation=0)


def test_a_restart_writes_times_again(tmp_path):
    rows = np.column_stack([TIMES, MOTION[:, :3]])
    path = tmp_path / "r.dat"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stream = obspy.read(write(path, VELOCITIES, np.vstack([rows[:201], rows[200:]])))
    assert values(stream) == pytest.approx(MOTION[:, :3], rel=1e-12)
    # Killed at step 300, restarted from 200: rows written again replace the earlier ones.
    first, second = rows[:300].copy(), rows[200:250]
    first[200:, 1:] += 1
    with pytest.warns(UserWarning, match="50 of 350 rows are written again"):
        stream = obspy.read(write(path, VELOCITIES, np.vstack([first, second])))
    assert len(stream[0]) == 300
    assert values(stream)[200:250] == pytest.approx(MOTION[200:250, :3], rel=1e-12)
    assert values(stream)[250:] == pytest.approx(MOTION[250:300, :3] + 1, rel=1e-12)


@pytest.mark.filterwarnings("ignore:.*written again")
def test_wrong_times_are_no_restart(tmp_path):
    table = np.column_stack([TIMES, MOTION[:, :3]])
    for fault in (-5.0, 2.005, 1e6):
        bad = table.copy()
        bad[300, 0] = fault
        with pytest.raises(InputError, match=r"even steps|missing"):
            obspy.read(write(tmp_path / "r.dat", VELOCITIES, bad))


def test_fault_receivers_and_files_without_velocity(tmp_path):
    path = write(tmp_path / "r.dat", VELOCITIES, title="fault receiver number 00001")
    assert not seissol.is_format(str(path))
    with pytest.raises(InputError, match="velocities v1, v2, v3"):
        obspy.read(write(path, STRESSES))
    path.write_text(path.read_text().replace('"s_xx",', ""))
    with pytest.raises(InputError, match="6 variables, but has 7 columns"):
        obspy.read(path)
    with pytest.raises(InputError, match="SEISSOL files are read without sim="):
        obspy.read(write(path, VELOCITIES), sim=1)


def write_hdf5(path, names=(*STRESSES, *VELOCITIES), samples=SAMPLES):
    """Two receivers, as ParallelHdf5ReceiverWriter.cpp writes them; the second may end early."""
    data = np.zeros((SAMPLES, 2, 1 + len(names)))
    data[:, 0] = np.column_stack([TIMES, MOTION[:, : len(names)]])
    data[:samples, 1] = np.column_stack([TIMES, -MOTION[:, : len(names)]])[:samples]
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("ReceiverData", data=data, maxshape=(None, *data.shape[1:]))
        stored.attrs["VariableNames"] = np.array(["Time", *names], dtype="S4")
        stored.attrs["CLASS"] = "ARRAY"
        file["Coordinates"] = [[1.0, 2.0, -3.0], [4.0, 5.0, -6.0]]
    return path


def test_all_receivers_in_hdf5(tmp_path):
    stream = obspy.read(write_hdf5(tmp_path / "out-receivers.h5", samples=300))
    assert [trace.stats.station for trace in stream] == ["R0001"] * 3 + ["R0002"] * 3
    assert values(stream[:3]) == pytest.approx(MOTION[:, 6:9])
    assert values(stream[3:]) == pytest.approx(-MOTION[:300, 6:9])
    for trace in stream:
        assert trace.stats._format == "SEISSOL"
        assert (trace.stats.units, trace.stats.delta) == ("m/s", STEP)
    assert dict(stream[3].stats.coordinates) == {"x": 4.0, "y": 5.0, "z": -6.0}
    source = FolderSource((str(tmp_path),))
    (item,) = source.items()
    assert len(source.read(item).stream) == 6


@pytest.mark.filterwarnings("ignore:.*written again")
def test_damaged_hdf5_is_refused(tmp_path):
    path = write_hdf5(tmp_path / "out-receivers.h5", names=VELOCITIES)
    attempt_mangled(seissol, path, 100, 0)
    write_hdf5(path)
    with h5py.File(path, "a") as file:
        file["ReceiverData"].attrs["VariableNames"] = np.array([b"Time", b"v1"])
    with pytest.raises(InputError, match="ReceiverData has the shape"):
        obspy.read(path)
    with pytest.raises(InputError, match="1 samples"):
        obspy.read(write_hdf5(path, samples=1))
