"""The simulation behind the demo is an earthquake: units, arrivals, silence before them."""

import sys
from pathlib import Path

import h5py
import numpy as np
import obspy
import pytest

import obspy_broadband
from obspy_broadband.signal.point_source import seismic_moment

pytest.importorskip("pyprop8")
sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import demo
import simulate_leteil


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr(simulate_leteil, "DURATION", 40.0)
    made = simulate_leteil.simulate({"NEAR": (8.0, 40.0, 760.0), "FAR": (30.0, 40.0, 760.0)})
    patch.undo()
    return made


def test_nothing_moves_before_p(stream):
    for trace in stream:
        p = simulate_leteil.BEFORE + trace.stats.distance_km / 6.1
        before = trace.data[: int((p - 1.0) * trace.stats.sampling_rate)]
        assert np.abs(before).max() < 0.02 * np.abs(trace.data).max()


def test_the_strongest_motion_comes_with_s_and_surface_waves(stream):
    for trace in stream:
        loudest = np.abs(trace.data).argmax() / trace.stats.sampling_rate - simulate_leteil.BEFORE
        distance = trace.stats.distance_km
        assert distance / 5.0 < loudest < distance / 1.8 + 2.0


def test_the_level_is_that_of_the_moment(stream):
    """Displacement within a factor of a few of a shear wave in a full space, 2 R M0 / (4 pi rho beta^3 r)."""
    from obspy_broadband.signal.integration import integrate

    near = stream.select(station="NEAR")
    rate = near[0].stats.sampling_rate
    moved = [np.abs(integrate(integrate(trace.data, rate), rate)).max() for trace in near]
    rise = 1.0  # s, duration of the pulse: the moment rate is M0 over it
    expected = seismic_moment(4.9) / rise / (2 * np.pi * 2600 * 2900.0**3 * 8000.0)
    assert 0.2 * expected < max(moved) < 6 * expected


def test_nothing_is_left_at_two_hertz(stream):
    for trace in stream:
        spectrum = np.abs(np.fft.rfft(trace.data))
        frequencies = np.fft.rfftfreq(trace.stats.npts, trace.stats.delta)
        assert spectrum[frequencies > 2.1].max() < 0.02 * spectrum.max()


def test_what_is_written_is_recognized(stream, tmp_path):
    simulate_leteil.write(stream, tmp_path)
    read = obspy.read(tmp_path / "traces" / "capteurs.*.h5")
    assert len(read) == 6
    assert read[0].stats.units == "m/s**2"
    with h5py.File(tmp_path / "traces" / "capteurs.0000.h5") as file:
        names = ["Time       1", "Accel      1", "Accel      2", "Accel      3"]
        assert [name.decode() for name in file["Variables"]] == names
        assert file["NEAR"].shape == (read[0].stats.npts, 4)
        assert file["NEAR"].maxshape == (None, 4)
        assert file["NEAR"][0, 0] == simulate_leteil.STEP / simulate_leteil.FINER
        assert file["NEAR_pos"].shape == (3,)
    assert obspy.read_events(tmp_path / "event.xml")[0].magnitudes[0].mag == 4.9
    assert len(obspy.read_inventory(tmp_path / "stations.xml")[0]) == 2


def test_the_demo_names_methods_that_exist():
    assert set(demo.METHODS) <= set(obspy_broadband.methods())
