"""Arguments of readers, as users write them."""

import obspy
import pytest

from obspy_broadband.errors import InputError
from obspy_broadband.io.options import check_azimuth, check_number, check_stations


def test_stations_are_one_name_or_several_or_all():
    present = {"A_0001", "A", "B"}
    assert check_stations("f", "A_0001", present) == ["A_0001"]
    assert check_stations("f", ("A", "B"), present) == ["A", "B"]
    assert check_stations("f", None, present) is None
    with pytest.raises(InputError, match="f has no station D, C"):
        check_stations("f", ("A", "D", "C", "D"), present)


def test_stations_of_a_file_by_name(tmp_path, simulation):
    stream = simulation(stations=("A_0000", "A_0001"), components="XYZ", duration=10)
    for trace in stream:
        trace.stats.units = "m/s**2"
    stream.write(tmp_path / "capteurs.0000.h5", format="SEM3D")
    read = obspy.read(tmp_path / "capteurs.0000.h5", stations="A_0001")
    assert {trace.stats.station for trace in read} == {"A_0001"}
    with pytest.raises(InputError, match=r"capteurs\.0000\.h5 has no station A_0007"):
        obspy.read(tmp_path / "capteurs.0000.h5", stations=["A_0000", "A_0007"])


@pytest.mark.parametrize("value", ["north", None, [1.0], float("nan"), 361.0])
def test_an_argument_that_is_no_number_or_out_of_range_is_refused(value):
    assert check_number("azimuth", "30", -360, 360, "an angle") == 30.0
    assert (check_azimuth("30"), check_azimuth(None)) == (30.0, None)
    with pytest.raises(InputError, match=r"azimuth is .* \(--read azimuth=\); an angle is needed"):
        check_number("azimuth", value, -360, 360, "an angle")
