"""Hercules' stations, written here as psolve.c prints them."""

import numpy as np
import obspy
import pytest
from streams import codes, values

from obspy_broadband.errors import InputError
from obspy_broadband.io import hercules

STEP, SAMPLES = 0.02, 400
TIMES = np.arange(SAMPLES) * STEP
MOTION = np.random.default_rng(0).normal(size=(SAMPLES, 9)) * 1e-2
AXES = ("X|", "Y-", "Z.")
UNITS = ("(m)", "(m/s)", "(m/s2)")


def write(path, quantities=3, extra=(), nodes=False):
    names = [f"{axis + unit:>13}" for unit in UNITS[:quantities] for axis in AXES]
    names += [f"{name:>13}" for name in extra]
    columns = np.hstack([MOTION[:, : 3 * quantities], np.ones((SAMPLES, len(extra)))])
    lines = ["# Node identifiers:", *("#    1876", "#    1877")] if nodes else []
    lines.append("#  Time(s)" + "".join(names))
    lines += [f"{t:10.6f}" + "".join(f" {x: .6e}" for x in row) for t, row in zip(TIMES, columns)]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("nodes", [False, True])
def test_a_file_of_three_quantities(tmp_path, nodes):
    path = write(tmp_path / "station.7", nodes=nodes)
    for quantity, first, units in (
        (None, 6, "m/s**2"),
        ("velocity", 3, "m/s"),
        ("displacement", 0, "m"),
    ):
        stream = obspy.read(path, quantity=quantity)
        assert stream[0].stats._format == "HERCULES"
        assert [trace.id for trace in stream] == [f".S0007..BX{letter}" for letter in "NEZ"]
        # x is north, y east and z down.
        expected = MOTION[:, first : first + 3] * [1, 1, -1]
        assert values(stream) == pytest.approx(expected, rel=1e-5, abs=1e-8)
        assert {trace.stats.units for trace in stream} == {units}
        assert stream[0].stats.delta == STEP


def test_displacement_alone_and_columns_of_nonlinear_runs(tmp_path):
    path = write(tmp_path / "station.0", quantities=1, extra=("Epsilon_XX", "Sigma_XX", "k"))
    assert {trace.stats.units for trace in obspy.read(path)} == {"m"}
    with pytest.raises(InputError, match=r"no velocity; its columns are Time\(s\), X\|\(m\)"):
        obspy.read(path, quantity="velocity")
    with pytest.raises(InputError, match="acceleration, velocity, displacement"):
        obspy.read(path, quantity="speed")


def test_older_files_hold_nodes_and_displacement(tmp_path):
    path = tmp_path / "station.3"
    rows = [" ".join(f"{x:.6e}" for x in (t, *row)) for t, row in zip(TIMES, MOTION[:, :3])]
    path.write_text(
        "# Node identifiers\n# 2100 2101 2102 2103 2146 2147 2148 2149\n\n" + "\n".join(rows)
    )
    stream = obspy.read(path)
    assert values(stream) == pytest.approx(MOTION[:, :3] * [1, 1, -1], rel=1e-5, abs=1e-8)
    assert [trace.stats.units for trace in stream] == ["m"] * 3


def test_a_rotated_domain(tmp_path):
    stream = obspy.read(write(tmp_path / "station.0"), azimuth=40.0)
    assert codes(stream) == "XYZ"
    angles = [(trace.stats.orientation.azimuth, trace.stats.orientation.dip) for trace in stream]
    assert angles == [(40.0, 0.0), (130.0, 0.0), (0.0, -90.0)]


@pytest.mark.parametrize(
    "content",
    [
        "# Node identifiers\n# 1 2\n\n0.0 1.0\n0.1 1.0\n",
        "#  Time(s)  X|(m)  Y-(m)  Z.(m)\n0.0 1.0 1.0\n0.1 1.0 1.0\n",
        "#  Time(s)  X|(m)  Y-(m)  Z.(m)\n0.0 1.0 1.0 1.0\n0.1 1.0 1.0\n",
        "#  Time(s)  X|(m)  Y-(m)  Z.(m)\n",
        "# another table\n0.0 1.0 1.0 1.0\n0.1 1.0 1.0 1.0\n",
    ],
)
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "station.0"
    path.write_text(content)
    with pytest.raises(InputError, match=r"station\.0"):
        hercules.read(path)


def test_other_tables_and_arguments(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("# Nodes and elements\n1 2\n3 4\n")
    assert not hercules.is_format(str(path))
    with pytest.raises(InputError, match="HERCULES files are read without quantitiy="):
        obspy.read(write(path), format="HERCULES", quantitiy="velocity")
