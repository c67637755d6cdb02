"""One column of acceleration in g, as OpenSees reads it."""

import numpy as np
import obspy
import pytest
from obspy import Stream

from obspy_broadband.errors import InputError
from obspy_broadband.io.opensees import file_name

MOTION = np.random.default_rng(0).normal(size=400) * 0.1


def read(path, **options):
    return obspy.read(path, format="OPENSEES", **options)


@pytest.mark.parametrize("per_line", [1, 5])
def test_numbers_in_lines_of_any_length(tmp_path, per_line):
    path = tmp_path / "motion.txt"
    words = [f"{x:.9e}" for x in MOTION]
    path.write_text(
        "\n".join(" ".join(words[k : k + per_line]) for k in range(0, 400, per_line)) + "\n"
    )
    (trace,) = read(path, components="N", dt=0.005)
    assert trace.id == ".motion..HXN"
    assert trace.stats.delta == 0.005
    assert trace.stats.units == "g"
    assert trace.data == pytest.approx(MOTION, rel=1e-8)
    assert read(path, components="N", dt=0.005, units="m/s**2")[0].stats.units == "m/s**2"
    with pytest.raises(InputError, match=r"dt=0\.01"):
        read(path, components="N")
    with pytest.raises(InputError, match="--read components=N"):
        read(path, dt=0.005)
    with pytest.raises(InputError, match="not 'ZNE'"):
        read(path, dt=0.005, components="ZNE")
    with pytest.raises(TypeError, match="Unknown format"):
        obspy.read(path)


def test_written_in_g_a_number_a_line(tmp_path, simulation):
    trace = simulation()[1]
    path = tmp_path / file_name(trace.id, trace.stats.delta)
    assert path.name == f"{trace.id}_dt0.02.txt"
    Stream([trace]).write(path, format="OPENSEES")
    assert np.loadtxt(path) * 9.80665 == pytest.approx(trace.data, rel=1e-8)
    (again,) = read(path)  # the name tells the interval and the component
    assert again.id == trace.id
    assert again.stats.delta == trace.stats.delta
    trace.stats.units = "cm/s**2"
    Stream([trace]).write(path, format="OPENSEES")
    assert np.loadtxt(path) * 980.665 == pytest.approx(trace.data, rel=1e-8)


def test_several_components_and_velocity_are_not_written(tmp_path, simulation):
    stream = simulation()
    with pytest.raises(InputError, match="one component"):
        stream.write(tmp_path / "a.txt", format="OPENSEES")
    stream[0].stats.units = "m/s"
    with pytest.raises(InputError, match="acceleration"):
        stream[:1].write(tmp_path / "a.txt", format="OPENSEES")


@pytest.mark.parametrize("content", ["", "1.0", "time acc\n0 1\n", "1 2 nan 4", "\0\1"])
def test_anything_but_a_column_of_numbers_is_refused(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=r"a\.txt"):
        read(path, components="N", dt=0.01)


@pytest.mark.parametrize("cut", [5, 8, 12])
def test_a_last_number_that_was_cut_off_is_refused(tmp_path, cut):
    path = tmp_path / "a.txt"
    text = "".join(f"{value:.8e}\n" for value in np.linspace(0.01, 0.03, 500))
    path.write_text(text[:-cut])
    with pytest.raises(InputError, match="cut off"):
        read(path, components="N", dt=0.01)
    path.write_text(text[:-1])
    assert read(path, components="N", dt=0.01)[0].stats.npts == 500
