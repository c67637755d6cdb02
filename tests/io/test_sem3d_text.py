"""SEM3D's text variant: a file a station, without names of its columns."""

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime
from sem3d_files import COMPONENTS, write_text
from streams import codes, values

from obspy_broadband.errors import InputError

STEP, SAMPLES = 0.02, 340
ALL = tuple(COMPONENTS)


def numbers(quantities):
    """Rows of a station, (samples, 1 + columns)."""
    columns = sum(COMPONENTS[name] for name in quantities)
    noise = np.random.default_rng(0).normal(size=(SAMPLES, columns))
    return np.column_stack([STEP * np.arange(1, SAMPLES + 1), noise])


def test_text(tmp_path):
    quantities = ("Displ", "Veloc", "Accel", "Pressure")
    rows = numbers(quantities) * np.r_[1, np.full(10, 1e-3)]
    path = write_text(tmp_path / "A_0000.txt", rows)
    assert path.read_text().startswith("  0.20000000E-001")
    stream = obspy.read(path, format="SEM3D", variables=quantities)
    assert values(stream) == pytest.approx(rows[:, 7:10], rel=1e-7)
    assert (stream[0].stats.station, stream[0].stats.units) == ("A_0000", "m/s**2")
    assert stream[0].stats.starttime == UTCDateTime(0) + STEP
    words = ("displacement", "velocity", "acceleration", "Pressure")
    stream = obspy.read(path, format="SEM3D", variables=words, quantity="velocity", axes="NEZ")
    assert values(stream) == pytest.approx(rows[:, 4:7], rel=1e-7)
    assert codes(stream) == "NEZ"


def test_text_without_names_is_refused_with_possible_variables(tmp_path):
    path = write_text(tmp_path / "A.txt", numbers(("Veloc",)))
    with pytest.raises(InputError, match=r"has 4 columns .*variables='Displ' or .*'Veloc'"):
        obspy.read(path, format="SEM3D")
    assert obspy.read(path, format="SEM3D", quantity="velocity")[0].stats.units == "m/s"
    with pytest.raises(InputError, match=r"has 4 columns; time and variables=.* have 7"):
        obspy.read(path, format="SEM3D", variables=("Displ", "Veloc"))
    with pytest.raises(InputError, match="variables has 'Speed'"):
        obspy.read(path, format="SEM3D", variables=("Speed",))
    write_text(path, numbers(("Displ", "Veloc", "Accel")))
    with pytest.raises(InputError, match="variables='Displ,Veloc,Accel'"):
        obspy.read(path, format="SEM3D")  # or DUDX, of as many columns
    write_text(path, numbers(ALL))
    with pytest.raises(InputError, match="no names"):
        obspy.read(path, format="SEM3D")


def test_text_of_a_restarted_run(tmp_path):
    rows = numbers(("Accel",))
    path = write_text(tmp_path / "A.txt", np.vstack([rows, rows[300:]]))
    with pytest.warns(UserWarning, match="by the later ones: 40"):
        stream = obspy.read(path, format="SEM3D", variables="Accel")
    assert stream[0].stats.npts == SAMPLES
