"""Units of ground motion: what a user or a file may write, and what it means in m and s."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError

_PREFIXES = {"centi": 1e-2, "milli": 1e-3, "micro": 1e-6, "nano": 1e-9, "": 1.0}
_LENGTHS = {
    **{"m": 1.0, "dm": 1e-1, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9},
    **{"in": 0.0254, "ft": 0.3048},
    **{
        prefix + metre: factor
        for prefix, factor in _PREFIXES.items()
        for metre in ("meter", "meters", "metre", "metres")
    },
}
_ORDERS = {"displacement": 0, "velocity": 1, "acceleration": 2}
#: How the power of the second is written, by the number of times it divides; a blank is a dot.
_PER_SECOND = {
    0: ("",),
    1: ("/s", "ps", ".s-1", ".s^-1"),
    2: ("/s^2", "/s2", "/s/s", "ps2", "ps^2", ".s-2", ".s^-2", "/(s^2)", "/(s2)", "/(s.s)"),
}
#: What is written for one thing, before a unit is looked up.
_SPELLINGS = (
    (r"\*\*", "^"),
    ("²", "^2"),
    ("[µμ]", "u"),  # the micro sign and the Greek letter
    (r"\s*([/*^().])\s*", r"\1"),
    (r"[\s*]+", "."),
    (r"(?<=[/.(p])(seconds?|secs?)(?![a-z])", "s"),
)
STANDARD_GRAVITY = 9.80665  #: m/s²
#: What is written for counts of an instrument, in lower case without blanks.
COUNT_NAMES = ("count", "counts", "digitalcounts", "rawcounts", "digit", "digits")


@dataclass(frozen=True)
class Units:
    """What a number in a trace means.

    :param name: as it was written.
    :param factor: to metres and seconds; 1 for counts.
    :param order: 0 displacement, 1 velocity, 2 acceleration, -1 counts of an instrument.
    :param assumed: whether nothing says so.
    """

    name: str
    factor: float
    order: int
    assumed: bool = False


IN_COUNTS = Units("counts", 1.0, -1)


def _spellings() -> dict[str, tuple[float, int]]:
    table = {name: (1.0, order) for name, order in _ORDERS.items()}
    for length, factor in _LENGTHS.items():
        for order, suffixes in _PER_SECOND.items():
            table |= {length + suffix: (factor, order) for suffix in suffixes}
    table |= {"acc": (1.0, 2), "vel": (1.0, 1), "disp": (1.0, 0)}
    percent = (0.01 * STANDARD_GRAVITY, 2)
    table |= {"%g": percent, "%.g": percent, "percent.g": percent}
    table |= {"gal": (1e-2, 2), "gals": (1e-2, 2), "mgal": (1e-5, 2)}
    return table | {"g": (STANDARD_GRAVITY, 2), "mg": (1e-3 * STANDARD_GRAVITY, 2)}


_TABLE = _spellings()


def parse_units(text: str) -> Units:
    """The meaning of a unit.

    :param text: ``"acceleration"``, ``"velocity"``, ``"displacement"`` (in m and s), a unit such
        as ``"cm/s**2"``, ``"cm/s/s"``, ``"gal"``, ``"g"``, ``"mm/s"``, ``"nm"``, or ``"counts"``;
        case and blanks do not matter.
    :raises InputError: for anything else.

    >>> parse_units("cm/s^2")
    Units(name='cm/s^2', factor=0.01, order=2, assumed=False)
    """
    key = str(text).strip().lower()
    if key.replace(" ", "") in COUNT_NAMES:
        return IN_COUNTS
    for spelling, usual in _SPELLINGS:
        key = re.sub(spelling, usual, key)
    if key not in _TABLE:
        raise InputError(
            f"Unknown units {text!r}. Write 'acceleration', 'velocity' or 'displacement' for SI, "
            "a unit such as 'm/s**2', 'cm/s**2', 'gal', 'g', 'm/s', 'cm/s', 'mm/s', 'm', 'cm' or "
            "'nm', or 'counts', which need an inventory with the instrument response."
        )
    factor, order = _TABLE[key]
    return Units(str(text), factor, order)
