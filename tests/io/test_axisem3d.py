"""AxiSEM3D's stations, written here as StationIO_NetCDF.cpp and StationIO_Ascii.cpp do."""

import h5py
import numpy as np
import obspy
import pytest
from mangling import attempt_mangled
from obspy import UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.io import axisem3d
from obspy_broadband.sources.folder import FolderSource

STEP, SAMPLES = 0.05, 300
TIMES = np.arange(SAMPLES) * STEP - 3.0
STATIONS = ("IU.ANMO", "XX.ST.01", "A.B")
CHANNELS = ("U1", "U2", "U3", "R1")
#: Stations, channels, samples.
WAVES = np.random.default_rng(0).normal(size=(3, 4, SAMPLES)).astype(np.float32)


def characters(names):
    """Names as netCDF's two-dimensional characters."""
    width = max(map(len, names))
    return np.array([list(name.ljust(width, "\0")) for name in names], dtype="S1")


def write_netcdf(path, times=TIMES, waves=WAVES, channels=CHANNELS):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["data_time"] = times
        file.create_dataset("data_wave", data=waves, fillvalue=np.float32(-12345e10))
        file["list_channel"] = characters(channels)
        file["list_station"] = characters(STATIONS[: len(waves)])
    return path


def write_text_by_station(folder, channels=CHANNELS):
    folder.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "data_time.ascii", TIMES, fmt="%.16g")
    (folder / "list_channel.info").write_text("".join(f"{name}\n" for name in channels))
    for station, wave in zip(STATIONS, WAVES):
        np.savetxt(folder / f"{station}.ascii", wave[: len(channels)].T, fmt="%12.8g")
    return folder


def write_text_by_channel(folder):
    rank = folder / "dir_rank0"
    rank.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "data_time.ascii", TIMES, fmt="%.16g")
    (folder / "rank_station.info").write_text("MPI_RANK STATION_KEY STATION_INDEX_IN_RANK\n")
    (rank / "list_station.info").write_text("".join(f"{name}\n" for name in STATIONS))
    for number, channel in enumerate(CHANNELS):
        np.savetxt(rank / f"{channel}.ascii", WAVES[:, number].T, fmt="%12.8g")
    return rank


def check_stream(stream, letters):
    assert {trace.stats._format for trace in stream} == {"AXISEM3D"}
    for number, (network, station) in enumerate((("IU", "ANMO"), ("XX", "ST.01"), ("A", "B"))):
        traces = stream.select(network=network, station=station)
        assert [trace.stats.channel for trace in traces] == [f"BX{letter}" for letter in letters]
        for trace, wave in zip(traces, WAVES[number]):
            assert trace.data == pytest.approx(wave, rel=1e-6)
            assert trace.stats.units == "m"
            assert trace.stats.delta == STEP
            assert trace.stats.starttime == UTCDateTime(0) - 3


@pytest.mark.parametrize("frame", ["ENZ", "RTZ"])
@pytest.mark.parametrize("name", ["axisem3d_synthetics.nc", "axisem3d_synthetics.nc.rank12"])
def test_netcdf(tmp_path, name, frame):
    check_stream(obspy.read(write_netcdf(tmp_path / name), components=frame), frame)


def test_text_with_a_file_a_station(tmp_path):
    folder = write_text_by_station(tmp_path / "stations/GSN")
    stream = obspy.read(folder / "*.*.ascii", components="rtz")
    check_stream(stream, "RTZ")
    with pytest.raises(TypeError, match="Unknown format"):
        obspy.read(folder / "data_time.ascii")


def test_text_with_a_file_a_channel(tmp_path):
    folder = write_text_by_channel(tmp_path / "stations/TA")
    stream = obspy.read(folder / "U?.ascii", components="ENZ")
    check_stream(stream, "ENZ")
    with pytest.raises(InputError, match="channels R1; displacement"):
        obspy.read(folder / "R1.ascii", components="ENZ")


@pytest.mark.parametrize("components", [None, "spz", "xyz", "ZNE", "EN"])
def test_an_unknown_frame_is_refused(tmp_path, components):
    path = write_netcdf(tmp_path / "axisem3d_synthetics.nc")
    with pytest.raises(InputError, match="coordinate_frame of the run's"):
        obspy.read(path, **({} if components is None else {"components": components}))


def test_a_single_component(tmp_path):
    path = write_netcdf(tmp_path / "a.nc", waves=WAVES[:, 2:3], channels=("U3",))
    assert [trace.stats.channel for trace in obspy.read(path, components="RTZ")] == ["BXZ"] * 3
    path = write_netcdf(tmp_path / "a.nc", waves=WAVES[:, :2], channels=("S11", "P"))
    with pytest.raises(InputError, match="channels S11, P; displacement U1, U2, U3"):
        obspy.read(path, components="RTZ")


def test_samples_that_a_killed_run_did_not_write_are_left_out(tmp_path):
    times, waves = TIMES.copy(), WAVES.copy()
    times[200:], waves[..., 200:] = -12345e10, -12345e10
    path = write_netcdf(tmp_path / "a.nc", times, waves)
    for trace in obspy.read(path, components="ENZ"):
        assert len(trace) == 200
    waves[1, 0, 100:] = -12345e10
    with pytest.raises(InputError, match="never written"):
        obspy.read(write_netcdf(path, times, waves), components="ENZ")
    times[:] = -12345e10
    with pytest.raises(InputError, match="0 samples"):
        obspy.read(write_netcdf(path, times, waves), components="ENZ")


def test_data_sets_of_different_lengths_are_refused(tmp_path):
    path = write_netcdf(tmp_path / "a.nc", times=TIMES[:-1])
    with pytest.raises(InputError, match="data_wave has the shape"):
        obspy.read(path, components="ENZ")
    folder = write_text_by_station(tmp_path / "text")
    (folder / "list_channel.info").write_text("U1\nU2\n")
    with pytest.raises(InputError, match="4 columns; 2 are expected"):
        obspy.read(folder / "A.B.ascii", components="ENZ")
    write_text_by_station(folder)
    np.savetxt(folder / "data_time.ascii", TIMES[:-2])
    with pytest.raises(InputError, match=r"300 rows, but data_time\.ascii has 298"):
        obspy.read(folder / "A.B.ascii", components="ENZ")


def test_links_to_elsewhere_are_not_followed(tmp_path):
    write_netcdf(tmp_path / "other.nc")
    path = write_netcdf(tmp_path / "a.nc")
    with h5py.File(path, "a") as file:
        del file["data_wave"]
        file["data_wave"] = h5py.ExternalLink(str(tmp_path / "other.nc"), "data_wave")
    with pytest.raises(InputError, match="link to elsewhere"):
        axisem3d.read(path, components="ENZ")


def test_mangled_netcdf(tmp_path):
    path = write_netcdf(tmp_path / "a.nc", TIMES[:20], WAVES[..., :20])
    attempt_mangled(axisem3d, path, 150, 3, components="ENZ")


@pytest.mark.parametrize("name", ["a.nc", "IU.ANMO.MXZ.sem.ascii", "a.h5", "U1.ascii"])
def test_other_files_are_left_alone(tmp_path, name):
    path = tmp_path / name
    path.write_text("0 1\n1 2\n")
    assert not axisem3d.is_format(str(path))
    assert not axisem3d.is_format(str(tmp_path))
    assert not axisem3d.is_format(None)
    with pytest.raises(InputError):
        axisem3d.read(path, components="ENZ")
    with pytest.raises(InputError, match="read without frame="):
        axisem3d.read(path, frame="ENZ")


#: Part of a run's inparam.output.yaml, laid out as in AxiSEM3D's examples.
SETTINGS = """
list_of_station_groups:
    #=====================#
    - far:
        # coordinate_frame: ENZ
        locations:
            station_file: STATIONS
        wavefields:
            # only: spz / RTZ / ENZ / xyz
            coordinate_frame: RTZ  # of this group
            channels: [U]
    - near:
        wavefields:
            coordinate_frame: spz
    - none:
        file_options:
            format: NETCDF
    - last:
        wavefields:
            coordinate_frame: ENZ
list_of_element_groups: []
"""


def test_the_frame_is_read_from_the_settings_of_the_run(tmp_path):
    (tmp_path / "input").mkdir()
    (tmp_path / "input/inparam.output.yaml").write_text(SETTINGS)
    groups = tmp_path / "output/stations"
    check_stream(obspy.read(write_netcdf(groups / "far/axisem3d_synthetics.nc")), "RTZ")
    check_stream(obspy.read(write_text_by_station(groups / "last") / "*.*.ascii"), "ENZ")
    check_stream(obspy.read(write_text_by_channel(groups / "far") / "U?.ascii"), "RTZ")
    with pytest.raises(InputError, match="not 'spz'"):
        obspy.read(write_netcdf(groups / "near/axisem3d_synthetics.nc"))
    check_stream(obspy.read(groups / "near/axisem3d_synthetics.nc", components="ENZ"), "ENZ")
    for unknown in ("none", "other"):
        with pytest.raises(InputError, match="coordinate_frame of the run's"):
            obspy.read(write_netcdf(groups / unknown / "axisem3d_synthetics.nc"))


def test_a_folder_of_a_run(tmp_path):
    write_netcdf(tmp_path / "output/stations/GSN/axisem3d_synthetics.nc")
    write_text_by_station(tmp_path / "output/stations/near")
    source = FolderSource((str(tmp_path),), components="ENZ")
    streams = [source.read(item).stream for item in source.items()]
    assert sorted(len(stream) for stream in streams) == [3, 3, 3, 9]
    without_frame = FolderSource((str(tmp_path),))
    for item in without_frame.items():
        with pytest.raises(InputError, match="coordinate_frame"):
            without_frame.read(item)
