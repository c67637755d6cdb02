"""Arguments of readers, as users write them."""

import obspy
import pytest

from obspy_broadband.errors import InputError
from obspy_broadband.io.options import asked_stations, check_number


def test_one_name_is_one_station():
    assert asked_stations("A_0001") == ["A_0001"]
    assert asked_stations(("A", "B")) == ["A", "B"]
    assert asked_stations(None) is None


def test_stations_of_a_file_by_name(tmp_path, simulation):
    stream = simulation(stations=("A_0000", "A_0001"), components="XYZ", duration=10)
    for trace in stream:
        trace.stats.units = "m/s**2"
    stream.write(tmp_path / "capteurs.0000.h5", format="SEM3D")
    found = obspy.read(tmp_path / "capteurs.0000.h5", stations="A_0001")
    assert {trace.stats.station for trace in found} == {"A_0001"}
    with pytest.raises(InputError, match=r"capteurs\.0000\.h5 has no station A_0007"):
        obspy.read(tmp_path / "capteurs.0000.h5", stations=["A_0000", "A_0007"])


@pytest.mark.parametrize("value", ["north", None, [1.0], float("nan"), 361.0])
def test_what_is_no_number_or_out_of_range_is_refused_with_argument_and_option(value):
    assert check_number("azimuth", "30", -360, 360, "an angle") == 30.0
    with pytest.raises(InputError, match=r"azimuth is .* \(--read azimuth=\); an angle is needed"):
        check_number("azimuth", value, -360, 360, "an angle")
