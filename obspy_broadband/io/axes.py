"""Directions of components: by their names, of a grid, and for formats that hold N, E, Z."""

from __future__ import annotations

import re
from typing import NamedTuple

from obspy import Inventory, Stream, Trace

from ..errors import InputError
from ..records.headers import header_part
from ..records.orientation import orientation_of, station_codes

_UP = (0.0, -90.0)
_NORTH = (0.0, 0.0)
_EAST = (90.0, 0.0)
#: Names without blanks, dashes and slashes: letter, sign, and direction after applying the sign.
_NAMES: dict[str, tuple[str, float, tuple[float, float] | None]] = {
    **dict.fromkeys(("N", "NS", "NORTH", "NORTHSOUTH"), ("N", 1.0, _NORTH)),
    **dict.fromkeys(("S", "SOUTH"), ("N", -1.0, _NORTH)),
    **dict.fromkeys(("E", "EW", "WE", "EAST", "EASTWEST"), ("E", 1.0, _EAST)),
    **dict.fromkeys(("W", "WEST"), ("E", -1.0, _EAST)),
    **dict.fromkeys(
        ("Z", "U", "UP", "UD", "UPDOWN", "V", "V1", "VT", "VER", "VERT", "VRT", "VERTICAL"),
        ("Z", 1.0, _UP),
    ),
    **dict.fromkeys(("D", "DN", "DWN", "DOWN"), ("Z", -1.0, _UP)),
    # Along and across a building or a fault, at an unknown azimuth.
    **dict.fromkeys(("1", "H1", "L", "LN", "L1", "LONG", "LONGITUDINAL", "FN"), ("1", 1.0, None)),
    **dict.fromkeys(
        ("2", "H2", "T", "TR", "T1", "TRAN", "TRANS", "TRANSVERSE", "FP"), ("2", 1.0, None)
    ),
}
#: Azimuths in degrees; "1" and "2" alone are names.
_AZIMUTH = re.compile(r"\d{2,3}(\.\d*)?|[03-9]|\d\.\d+")
_BEARING = re.compile(r"([NS])(\d{1,2}(?:\.\d*)?)([EW])")
_SEED = re.compile(r"[BCDEFHLMS][GHLN]([NEZ12])")


class Component(NamedTuple):
    """A component of motion.

    :param letter: Z, N, E, or 1 and 2 for horizontals at other azimuths.
    :param sign: factor of the samples, 1 or -1, after which they point along ``orientation``.
    :param orientation: azimuth and dip in degrees as SEED has them (up is -90); None if not known.
    """

    letter: str
    sign: float
    orientation: tuple[float, float] | None


def component(name: str, alone: bool = False) -> Component | None:
    """The component that a name in a file of records stands for; None if it names none.

    Azimuths (``"000"``, ``"164"``), bearings (``"N65E"``), words (``"UP"``, ``"DWN"``, ``"EW"``)
    and SEED channels (``"HNE"``). Of two horizontals a right angle apart, one becomes N or 1 and
    the other E or 2, by the axis that each is nearest to.

    :param alone: for a file of one component, where azimuths become 1 or 2, and only words N or E:
        the other horizontal may be at 270 where this one is at 0, and N with 2 is no record.
    """
    key = re.sub(r"[\s/_-]", "", str(name).upper()).removesuffix("DEG").removesuffix(".")
    if key in _NAMES:
        return Component(*_NAMES[key])
    if _SEED.fullmatch(key):
        return Component(*_NAMES[key[-1]])
    bearing = _BEARING.fullmatch(key)
    if bearing:
        pole, degrees, side = bearing.groups()
        azimuth = float(degrees) if pole == "N" else 180.0 - float(degrees)
        if float(degrees) > 90.0:
            return None
        return _horizontal(azimuth if side == "E" else -azimuth, alone)
    if _AZIMUTH.fullmatch(key) and float(key) <= 360.0:
        return _horizontal(float(key), alone)
    return None


def _horizontal(azimuth: float, alone: bool) -> Component:
    azimuth %= 360.0
    letter = None if alone else {0.0: "N", 90.0: "E"}.get(azimuth)
    if letter is None:
        letter = "2" if 45.0 <= azimuth % 180.0 < 135.0 else "1"
    return Component(letter, 1.0, (azimuth, 0.0))


def grid_orientations(azimuth: float) -> list[tuple[float, float]]:
    """Azimuth and dip of x, y and z (up) of a grid whose y points 90 degrees clockwise of x.

    :param azimuth: of x, degrees clockwise from north.
    """
    return [(azimuth % 360.0, 0.0), ((azimuth + 90.0) % 360.0, 0.0), _UP]


def geographic(trace: Trace, format: str) -> tuple[str, float]:
    """N, E or Z, and the sign that turns a trace to it.

    X is east, Y north and Z up, unless the reader noted that they are a grid's.

    :param format: to be written, for the message.
    :raises InputError: for a component that is none of these, with a remedy.
    """
    reason = _reason_against(trace, format)
    if reason:
        raise InputError(reason)
    direction, code = orientation_of(trace), station_codes(trace.stats)[-1].upper()
    if direction is None:
        letter = {"X": "E", "Y": "N", "U": "Z"}.get(code, code)
        if letter in ("N", "E", "Z"):
            return letter, 1.0
        direction_of_name = component(trace.stats.channel)  # EW, NS, UD of K-NET
        if direction_of_name is None or direction_of_name.orientation is None:
            raise InputError(f"{format} holds N, E and Z; {trace.id} is none of them.")
        return direction_of_name.letter, direction_of_name.sign
    azimuth, dip = direction
    for letter, (axis_azimuth, axis_dip) in (("N", _NORTH), ("E", _EAST), ("Z", _UP)):
        opposite = (axis_azimuth + 180.0, -axis_dip)
        for sign, (to_azimuth, to_dip) in ((1.0, (axis_azimuth, axis_dip)), (-1.0, opposite)):
            turn = (azimuth - to_azimuth + 180.0) % 360.0 - 180.0
            vertical = axis_dip != 0.0
            if abs(dip - to_dip) < 0.1 and (vertical or abs(turn) < 0.1):
                return letter, sign
    raise InputError(
        f"{trace.id} points to azimuth {azimuth:g}, dip {dip:g}, and {format} holds N, E and Z. "
        "What enriching leaves is turned to them; turn others with stream.rotate('->ZNE', "
        "inventory=...)."
    )


def check_geographic(
    stream: Stream, format: str, inventory: Inventory | None = None, three: bool = False
) -> None:
    """Check, before a stream is enriched, that the result can be written as N, E and Z.

    :param inventory: of the enriching; it may hold the azimuths of 1 and 2.
    :param three: whether each station needs three components.
    :raises InputError: with the reason.
    """
    stations: dict[str, set[str]] = {}
    for trace in stream:
        reason = _reason_against(trace, format, inventory)
        if reason:
            raise InputError(reason)
        station = trace.id.rsplit(".", 1)[0]
        stations.setdefault(station, set()).add(trace.stats.channel)
    for id, codes in stations.items():
        if three and len(codes) == 1:
            raise InputError(
                f"{format} needs the components N, E and Z of a station; {id.rstrip('.')} has one, "
                f"{codes.pop()}."
            )


def _reason_against(trace: Trace, format: str, inventory: Inventory | None = None) -> str | None:
    """Why a component cannot become N, E or Z by enriching, with a remedy; None if it can."""
    code = station_codes(trace.stats)[-1].upper()
    beginning = f"{format} holds N, E and Z, and {trace.id}"
    if code in ("R", "T"):
        return (
            f"{beginning} is radial or transverse. Rotate it first: stream.rotate('RT->NE', "
            "back_azimuth=...)."
        )
    if orientation_of(trace) is not None:
        return None
    if code in ("X", "Y") and header_part(trace.stats, "simulation").get("axes") == "grid":
        return (
            f"{beginning} is along a grid whose azimuth is not known. Read the file with azimuth= "
            "(--read azimuth=), the direction of x in degrees from north, clockwise."
        )
    if code in ("1", "2", "3") and inventory is None:
        return (
            f"{beginning} is a component whose azimuth is not known. Rotate it first: "
            "stream.rotate('->ZNE', inventory=...)."
        )
    return None
