"""SEM3D's captors, written here as Capteur.f90 writes them."""

import h5py
import numpy as np
import obspy
import pytest
from obspy import UTCDateTime
from sem3d_files import (
    COMPONENTS,
    variables,
    write_names,
    write_rank,
    write_run,
)
from streams import codes, values

from obspy_broadband.errors import InputError
from obspy_broadband.io import sem3d
from obspy_broadband.sources.folder import FolderSource

STEP, SAMPLES = 0.02, 340
TIMES = STEP * np.arange(1, SAMPLES + 1)
PLACE = (1000.0, 250.0, -3.0)
ALL = tuple(COMPONENTS)


def numbers(quantities, seed=0, times=TIMES):
    """Rows of a station, (samples, 1 + columns)."""
    columns = sum(COMPONENTS[name] for name in quantities)
    noise = np.random.default_rng(seed).normal(size=(len(times), columns))
    return np.column_stack([times, noise])


def column(quantities, name):
    """First column of a quantity."""
    before = quantities[: quantities.index(name)]
    return 1 + sum(COMPONENTS[quantity] for quantity in before)


@pytest.mark.parametrize(
    "quantities",
    [
        ("Displ", "Veloc", "Accel", "Pressure"),  # SEM3D's default
        ("EnergyP", "EnergyS", "Eps Vol", "Displ", "Veloc", "Accel", "Pressure", "Eps Dev"),
        ("Eps Vol", "Accel", "Eps Dev", "Stress Dev", "Eps Dev Pl"),
        ALL,
    ],
)
def test_every_set_of_variables(tmp_path, quantities):
    rows = numbers(quantities)
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A_0000": (rows, PLACE)}, quantities)
    stream = obspy.read(path)
    first = column(quantities, "Accel")
    assert [trace.id for trace in stream] == [f".A_0000..BX{axis}" for axis in "XYZ"]
    assert np.array_equal(values(stream), rows[:, first : first + 3])
    stats = stream[0].stats
    assert (stats.units, stats.delta) == ("m/s**2", STEP)
    assert stats.starttime == UTCDateTime(0) + STEP
    assert (stats.coordinates.x, stats.coordinates.y, stats.coordinates.z) == PLACE
    assert stats.simulation == {"format": "SEM3D", "file": "capteurs.0000.h5"}
    assert stats._format == "SEM3D"


def test_the_first_of_acceleration_velocity_displacement(tmp_path):
    path = tmp_path / "capteurs.0000.h5"
    for quantities, units in ((ALL, "m/s**2"), (ALL[:5], "m/s"), (ALL[:4], "m")):
        write_rank(path, {"A": (numbers(quantities), PLACE)}, quantities)
        assert obspy.read(path)[0].stats.units == units
    rows = numbers(ALL)
    write_rank(path, {"A": (rows, PLACE)}, ALL)
    for quantity, name, units in (("velocity", "Veloc", "m/s"), ("displacement", "Displ", "m")):
        stream = obspy.read(path, quantity=quantity)
        first = column(ALL, name)
        assert np.array_equal(values(stream), rows[:, first : first + 3])
        assert stream[0].stats.units == units


def test_files_without_motion_are_refused_with_their_variables(tmp_path):
    quantities = ("Eps Vol", "Pressure", "DUDX")
    path = write_rank(
        tmp_path / "capteurs.0000.h5", {"A": (numbers(quantities), PLACE)}, quantities
    )
    with pytest.raises(InputError, match=r"are Eps Vol, Pressure, DUDX\. .*input\.spec"):
        obspy.read(path)
    write_rank(path, {"A": (numbers(("Veloc",)), PLACE)}, ("Veloc",))
    with pytest.raises(InputError, match=r"no three components of acceleration; .* are Veloc"):
        obspy.read(path, quantity="acceleration")
    with pytest.raises(InputError, match="acceleration, velocity, displacement"):
        obspy.read(path, quantity="stress")
    with pytest.raises(InputError, match=r"without unit=.*arguments of this format"):
        obspy.read(path, unit="g")


@pytest.mark.parametrize("wide", [True, False])
def test_a_run_with_total_energies(tmp_path, wide):
    """Their data set is no station; stations have five columns that Variables does not name."""
    rows = numbers(("Veloc", "Accel"))
    path = write_rank(
        tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)}, ("Veloc", "Accel"), energies=wide
    )
    if not wide:
        with h5py.File(path, "a") as file:
            write_names(file, "En_PS_Variables", ["Time       1"])
            file["En_PS"] = np.ones((9, 6))
            file["En_PS_pos"] = np.ones(3)
    stream = obspy.read(path)
    assert {trace.stats.station for trace in stream} == {"A"}
    assert np.array_equal(values(stream), rows[:, 4:7])


def test_names_of_stations(tmp_path):
    names = ("A_0000", "P_0000_0003", "UNIQUE NAME", "x" * 20, "north_pos")
    stations = {name: (numbers(("Accel",), k), (k, 0, 0)) for k, name in enumerate(names)}
    stream = obspy.read(write_rank(tmp_path / "capteurs.0000.h5", stations))
    assert {trace.stats.station for trace in stream} == set(names)
    for k, name in enumerate(names):
        station = stream.select(station=name)
        assert station[0].stats.coordinates.x == k
        assert np.array_equal(values(station), stations[name][0][:, 1:])


def test_a_process_without_a_station_is_left_out_with_a_warning(tmp_path, noise, simulation):
    traces = tmp_path / "traces"
    write_run(traces, simulation(stations=("A_0000", "A_0001"), components="XYZ"))
    write_rank(traces / "capteurs.0001.h5", {}, energies=True)
    write_rank(traces / "capteurs.0002.h5", {})
    with h5py.File(traces / "capteurs.0003.h5", "w") as file:
        write_names(file, "Variables", variables(("Accel",)))
    empty = {"A_0007": (None, PLACE)}
    write_rank(traces / "capteurs.0004.h5", empty)
    with pytest.warns(UserWarning, match="files with nothing to read are left out") as caught:
        stream = obspy.read(traces / "capteurs.*.h5")
    assert {str(warning.message).split(":")[0] for warning in caught} == {str(traces)}
    assert len(stream) == 6
    assert len(stream.enrich(noise, n=1, seed=1).stations) == 2
    items = list(FolderSource((str(traces),)).items())
    assert [item.key.split(":")[1] for item in items] == ["A_0000", "A_0001", "A_0007"]
    with pytest.raises(InputError, match=r"A_0007: .*has the run begun"):
        FolderSource((str(traces),)).read(items[2])


def test_a_single_file_without_samples_is_refused(tmp_path):
    path = tmp_path / "capteurs.0003.h5"
    write_rank(path, {}, energies=True)
    with pytest.raises(InputError, match=r"capteurs.0003.h5 holds nothing to read: .*energies"):
        obspy.read(path)
    write_rank(path, {"A": (None, PLACE)})
    with pytest.raises(InputError, match="no samples yet; has the run begun"):
        obspy.read(path)
    with pytest.raises(InputError, match="nothing to read in"):
        list(FolderSource((str(write_rank(path, {})),)).items())


def test_a_copy_without_samples_is_refused_beside_captors(tmp_path):
    rows = numbers(("Accel",))
    write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    copy = write_rank(tmp_path / "copy.h5", {"A": (None, PLACE)})
    with pytest.raises(InputError, match=r"copy.h5 holds nothing to read: .*has the run begun"):
        obspy.read(copy)


def test_variables_as_strings_of_any_length(tmp_path):
    """As another program copies them; the file is recognized by its name."""
    rows = numbers(("Accel",))
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    with h5py.File(path, "a") as file:
        del file["Variables"]
        file["Variables"] = variables(("Accel",))
    assert values(obspy.read(path)) == pytest.approx(rows[:, 1:])


def test_stations_without_samples_are_left_out_with_a_warning(tmp_path):
    stations = {"A": (numbers(("Accel",)), PLACE), "B": (None, PLACE)}
    path = write_rank(tmp_path / "capteurs.0000.h5", stations)
    with pytest.warns(UserWarning, match=r"too few samples .*: 0 of B"):
        assert {trace.stats.station for trace in obspy.read(path)} == {"A"}


def test_stations_of_a_killed_run_may_differ_in_length(tmp_path):
    stations = {"A": (numbers(("Accel",)), PLACE), "B": (numbers(("Accel",))[:200], PLACE)}
    path = write_rank(tmp_path / "capteurs.0000.h5", stations)
    stream = obspy.read(path)
    assert [trace.stats.npts for trace in stream] == [SAMPLES] * 3 + [200] * 3


def test_a_block_that_was_never_written_is_left_out(tmp_path):
    """HDF5 fills an extended data set with zeros."""
    rows = numbers(("Accel",))
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    with h5py.File(path, "a") as file:
        file["A"].resize(SAMPLES + 60, axis=0)
    with pytest.warns(UserWarning, match="never written are left out: 60 of A"):
        stream = obspy.read(path)
    assert np.array_equal(values(stream), rows[:, 1:])


def test_silence_at_time_zero_is_a_sample(tmp_path):
    rows = np.column_stack([STEP * np.arange(50), np.zeros((50, 3))])
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    stream = obspy.read(path)
    assert stream[0].stats.npts == 50
    assert stream[0].stats.starttime == UTCDateTime(0)


@pytest.mark.parametrize(
    ("before", "since", "replaced"),
    [
        (300, 250, 50),  # steps back
        (300, 299, 1),  # repeats the last
        (300, 0, 300),  # once more from the beginning
    ],
)
def test_a_restart_keeps_the_later_samples(tmp_path, before, since, replaced):
    rows = numbers(("Accel",))
    again = numbers(("Accel",), seed=1)
    again[:, 0] += 1e-12  # times are sums, not products
    both = np.vstack([rows[:before], again[since:]])
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (both, PLACE)})
    with pytest.warns(UserWarning, match=f"by the later ones: {replaced} of A"):
        stream = obspy.read(path)
    right = np.vstack([rows[:since], again[since:]])
    assert np.array_equal(values(stream), right[:, 1:])
    assert stream[0].stats.starttime == UTCDateTime(0) + STEP
    assert stream[0].stats.delta == STEP


def test_several_restarts_and_a_block_that_was_never_written(tmp_path):
    rows = numbers(("Accel",))
    table = np.vstack([rows[:200], np.zeros((40, 4)), rows[100:250], rows[180:]])
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (table, PLACE)})
    with (
        pytest.warns(UserWarning, match="by the later ones: 170 of A"),
        pytest.warns(UserWarning, match="never written are left out: 40 of A"),
    ):
        stream = obspy.read(path)
    assert np.array_equal(values(stream), rows[:, 1:])


def test_reading_by_a_source_warns_of_rewritten_samples(tmp_path):
    rows = numbers(("Accel",))
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (np.vstack([rows, rows[300:]]), PLACE)})
    source = FolderSource((str(path),))
    (item,) = source.items()
    with pytest.warns(UserWarning, match="40 of A"):
        assert source.read(item).stream[0].stats.npts == SAMPLES


def test_missing_samples_are_refused_by_their_times(tmp_path):
    rows = np.delete(numbers(("Accel",)), np.s_[100:150], axis=0)
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    with pytest.raises(InputError, match=r"A: 50 rows are missing between 2 s .* and 3.02 s"):
        obspy.read(path)


def test_an_unstable_run_is_refused_by_its_time(tmp_path):
    rows = numbers(("Veloc", "Accel"))
    rows[200:, 4] = np.nan
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)}, ("Veloc", "Accel"))
    with pytest.raises(InputError, match=r"A is NaN or infinite from 4.02 s on"):
        obspy.read(path)
    assert obspy.read(path, quantity="velocity")[0].stats.npts == SAMPLES


def test_times_of_single_precision(tmp_path):
    """A build in single precision adds float32 steps; float32 data sets are read, too."""
    times = np.cumsum(np.full(4000, 0.01, np.float32), dtype=np.float32)
    rows = numbers(("Accel",), times=times)
    path = tmp_path / "capteurs.0000.h5"
    with h5py.File(path, "w") as file:
        write_names(file, "Variables", variables(("Accel",)))
        file["A"] = rows.astype(np.float32)
    stream = obspy.read(path)
    assert stream[0].stats.delta == pytest.approx(0.01, rel=1e-4)
    assert values(stream) == pytest.approx(rows[:, 1:], rel=1e-6)


def test_axes(tmp_path):
    rows = numbers(("Accel",))
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (rows, PLACE)})
    stream = obspy.read(path, axes="NEZ")
    assert codes(stream) == "NEZ"
    assert np.array_equal(values(stream), rows[:, 1:])
    place = stream[0].stats.coordinates
    assert (place.x, place.y, place.z) == (250.0, 1000.0, -3.0)  # east, north, up
    turned = obspy.read(path, axes=("down", "south", "east"))
    assert codes(turned) == "ZNE"
    assert np.array_equal(values(turned), rows[:, 1:] * [-1, -1, 1])
    place = turned[0].stats.coordinates
    assert (place.x, place.y, place.z) == (-3.0, -250.0, -1000.0)
    for wrong in ("NE", "NNE", "XYZ", "NEZZ", ""):
        with pytest.raises(InputError, match="directions of x, y and z"):
            obspy.read(path, axes=wrong)
    source = FolderSource((str(path),), axes="NEZ")
    (item,) = source.items()
    assert source.read(item).stream[0].stats.channel == "BXN"


def test_variables_that_do_not_begin_with_time_are_refused(tmp_path):
    path = tmp_path / "capteurs.0000.h5"
    with h5py.File(path, "w") as file:
        write_names(file, "Variables", variables(("Accel",))[1:])
        file["A"] = numbers(("Accel",))
    with pytest.raises(InputError, match="variables are Accel; SEM3D's begin with Time"):
        obspy.read(path)
    with h5py.File(path, "a") as file:
        del file["Variables"]
    with pytest.raises(InputError, match="no Variables"):
        obspy.read(path)


def test_a_data_set_with_other_columns_is_refused(tmp_path):
    path = write_rank(tmp_path / "capteurs.0000.h5", {"A": (numbers(("Accel",)), PLACE)})
    with h5py.File(path, "a") as file:
        del file["A"]
        file["A"] = np.ones((40, 5))
    with pytest.raises(InputError, match=r"A has the shape \(40, 5\); \(samples, 4\)"):
        obspy.read(path)


def test_detection(tmp_path):
    rows = numbers(("Accel",))
    for name in ("capteurs.0000.h5", "capteurs.10000.h5", "capteurs.100000.h5", "mine.h5"):
        path = write_rank(tmp_path / name, {"A": (rows, PLACE)})
        assert sem3d.is_format(str(path))
    assert not sem3d.is_format(str(write_rank(tmp_path / "other.h5", {})))
    assert sem3d.is_format(str(write_rank(tmp_path / "capteurs.0009.h5", {})))
    asdf = write_rank(tmp_path / "capteurs.0001.h5", {"A": (rows, PLACE)})
    with h5py.File(asdf, "a") as file:
        file.attrs["file_format"] = "ASDF"
    assert not sem3d.is_format(str(asdf))
    text = tmp_path / "capteurs.0002.h5"
    text.write_text("0 1\n")
    assert not sem3d.is_format(str(text))
    numbered = tmp_path / "table.h5"
    with h5py.File(numbered, "w") as file:
        file["Variables"] = np.ones(3)
    assert not sem3d.is_format(str(numbered))


def test_processes_are_in_the_order_of_their_numbers(tmp_path):
    traces = tmp_path / "run" / "traces"
    traces.mkdir(parents=True)
    numbers_of = (100000, 10000, 9999, 0)
    for number in numbers_of:
        write_rank(
            traces / f"capteurs.{number:04d}.h5", {f"S{number}": (numbers(("Accel",)), PLACE)}
        )
    items = FolderSource((str(tmp_path / "run"),)).items()
    assert [int(item.key.split(":S")[1]) for item in items] == sorted(numbers_of)
    assert len(obspy.read(traces / "capteurs.*.h5")) == 12


def test_of_many_runs_the_captors_alone_are_read(tmp_path):
    rows = numbers(("Accel",))
    for run in ("one", "two"):
        for place in ("traces", "prot/Protection_00000100/Capteurs"):
            (tmp_path / run / place).mkdir(parents=True)
            write_rank(tmp_path / run / place / "capteurs.0000.h5", {"A": (rows, PLACE)})
        (tmp_path / run / "input.spec").write_text("run_name = 1;")
    items = list(FolderSource((str(tmp_path),)).items())
    assert [item.key for item in items] == [
        f"{tmp_path}/{run}/traces/capteurs.0000.h5:A" for run in ("one", "two")
    ]
