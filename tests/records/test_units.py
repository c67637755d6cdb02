import pytest

from obspy_broadband.errors import InputError
from obspy_broadband.records.units import parse_units


@pytest.mark.parametrize(
    ("text", "factor", "order"),
    [
        ("acceleration", 1.0, 2),
        ("m/s**2", 1.0, 2),
        ("M/S^2", 1.0, 2),
        ("cm/s/s", 0.01, 2),
        ("cm / s**2", 0.01, 2),
        ("gal", 0.01, 2),
        ("g", 9.80665, 2),
        ("velocity", 1.0, 1),
        ("cm/s", 0.01, 1),
        ("nm/s", 1e-9, 1),
        ("displacement", 1.0, 0),
        ("mm", 1e-3, 0),
        ("m s^-2", 1.0, 2),
        ("m s-2", 1.0, 2),
        ("cm.s-2", 0.01, 2),
        ("cm*s**-2", 0.01, 2),
        ("m/(s**2)", 1.0, 2),
        ("cm/sec²", 0.01, 2),
        ("meters/second", 1.0, 1),
        ("cm/second/second", 0.01, 2),
        ("cm/(sec*sec)", 0.01, 2),
        ("μm/s", 1e-6, 1),
        ("µm/s", 1e-6, 1),
        ("% g", 0.0980665, 2),
        ("gals", 0.01, 2),
        ("mGal", 1e-5, 2),
        ("in/s/s", 0.0254, 2),
    ],
)
def test_known_units(text, factor, order):
    found = parse_units(text)
    assert found.factor == pytest.approx(factor)
    assert found.order == order


@pytest.mark.parametrize(
    "text", ["volts", "", "kg", "m/s**3", "furlongs", "m/s*s", "m/s-2", "ms-2"]
)
def test_unknown_units_name_what_is_allowed(text):
    with pytest.raises(InputError, match=r"m/s\*\*2.*cm/s"):
        parse_units(text)
