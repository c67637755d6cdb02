"""Units of ground motion: what a user may write, and what it means in m/s²."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InputError

_LENGTHS = {"m": 1.0, "dm": 1e-1, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
_ORDERS = {"displacement": 0, "velocity": 1, "acceleration": 2}
#: How the power of the second is written, by the number of times it divides.
_PER_SECOND = {
    0: ("",),
    1: ("/s", "ps"),
    2: ("/s**2", "/s^2", "/s2", "/s²", "/s/s", "/sec**2", "/sec^2", "/sec/sec", "ps2"),
}
_STANDARD_GRAVITY = 9.80665


@dataclass(frozen=True)
class Units:
    """What a number in a trace means.

    :param name: as the user wrote it.
    :param factor: to metres and seconds.
    :param order: 0 displacement, 1 velocity, 2 acceleration.
    """

    name: str
    factor: float
    order: int


def _spellings() -> dict[str, tuple[float, int]]:
    table = {name: (1.0, order) for name, order in _ORDERS.items()}
    for length, factor in _LENGTHS.items():
        for order, suffixes in _PER_SECOND.items():
            table |= {length + suffix: (factor, order) for suffix in suffixes}
    table |= {"acc": (1.0, 2), "vel": (1.0, 1), "disp": (1.0, 0)}
    return table | {"gal": (1e-2, 2), "g": (_STANDARD_GRAVITY, 2)}


_TABLE = _spellings()


def parse_units(text: str) -> Units:
    """The meaning of a unit.

    :param text: ``"acceleration"``, ``"velocity"``, ``"displacement"`` (in m and s) or a unit such
        as ``"cm/s**2"``, ``"cm/s/s"``, ``"gal"``, ``"g"``, ``"mm/s"``, ``"nm"``; case and blanks do
        not matter.
    :raises InputError: for anything else.

    >>> parse_units("cm/s^2")
    Units(name='cm/s^2', factor=0.01, order=2)
    """
    key = str(text).strip().lower().replace(" ", "")
    if key not in _TABLE:
        raise InputError(
            f"Unknown units {text!r}. Write 'acceleration', 'velocity' or 'displacement' for SI, "
            "or a unit "
            "such as 'm/s**2', 'cm/s**2', 'gal', 'g', 'm/s', 'cm/s', 'mm/s', 'm', 'cm' or 'nm'. "
            "Records in counts need their instrument response: pass inventory=."
        )
    factor, order = _TABLE[key]
    return Units(str(text), factor, order)
