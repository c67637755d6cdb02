"""Azimuth and dip of components, and their rotation to vertical, north and east."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from obspy import Inventory, Trace
from obspy.core import Stats

from ..errors import InputError, InputWarning
from .headers import header_number, header_part

#: Component codes that make a record, in the order vertical, first horizontal, second horizontal.
COMPONENT_SETS = ("ZNE", "ZRT", "Z12", "ZYX", "312", "UNE")
#: Row of each code when it is the only component of its station.
_ROWS = {code: row for codes in COMPONENT_SETS for row, code in enumerate(codes)} | {
    "1": 1, "2": 2, "3": 0,
}  # fmt: skip
#: Channels that name both ends: K-NET's and KiK-net's (borehole 1, surface 2), as ObsPy's reader
#: has them, and SW4's in SAC (EW, NS, UP; velocity Vew, ...).
_TWO_ENDED = re.compile(r"^([VUA]?)(N[-_/]?S|E[-_/]?W|U[-_/]?D|UP)([12]?)$", re.IGNORECASE)
_LETTER = {"NS": "N", "EW": "E", "UD": "Z", "UP": "Z"}
#: Channels that are words or azimuths; their last letters would say another component.
_WORDS = {
    **dict.fromkeys(("NORTH", "000", "360", "N00E"), "N"),
    **dict.fromkeys(("EAST", "090", "N90E"), "E"),
    **dict.fromkeys(("VERTICAL", "VERT", "VER"), "Z"),
    **dict.fromkeys(("RADIAL", "RAD"), "R"),
    **dict.fromkeys(("TRANSVERSE", "TRANS"), "T"),
    **{"LONG": "1", "TRAN": "2"},
}
#: Azimuth and dip that a code stands for; those of R, T, 1, 2, 3 are relative or not known.
_NOMINAL_ANGLES = {"Z": (0.0, -90.0), "U": (0.0, -90.0), "N": (0.0, 0.0), "E": (90.0, 0.0)} | {
    "X": (90.0, 0.0), "Y": (0.0, 0.0),
}  # fmt: skip
#: Unit vectors that differ by less in every component are parallel (a tenth of a degree).
_PARALLEL = 0.002
#: Three directions with a smaller determinant do not span space.
_MIN_DETERMINANT = 0.5


def station_codes(stats: Stats) -> tuple[str, str, str, str, str]:
    """Network, station, location, channel without the component, and the component's letter.

    KiK-net's borehole and surface sensors are two stations: locations 01 and 02. A SAC trace
    without a channel code has the letter that ``cmpaz`` and ``cmpinc`` are nearest to.
    """
    network, station, location, channel = (
        str(stats[name]) for name in ("network", "station", "location", "channel")
    )
    match = _TWO_ENDED.match(channel)
    if match:
        kind, direction, sensor = match.groups()
        location += sensor.zfill(2) * bool(sensor)
        letter = _LETTER[re.sub("[-_/]", "", direction).upper()]
        return network, station, location, kind or "HN", letter
    word = _WORDS.get(channel.upper())
    if word:
        return network, station, location, "HN", word
    if not channel:
        return network, station, location, "", _nearest_letter(_header_angles(stats))
    return network, station, location, channel[:-1], channel[-1:]


def names_both_ends(stats: Stats) -> bool:
    """Whether a channel is called EW, NS, UP or the like, as K-NET and SW4 call theirs."""
    return bool(_TWO_ENDED.match(str(stats.channel)))


def station_id(stats: Stats) -> str:
    """``network.station.location.channel`` without the component: what makes one record."""
    return ".".join(station_codes(stats)[:4])


def _nearest_letter(angles: tuple[float, float] | None) -> str:
    """Z, N or E by the axis that a component is nearest to; "" if its direction is not known."""
    if angles is None:
        return ""
    azimuth, dip = angles
    if abs(dip) > 45.0:
        return "Z"
    return "E" if 45.0 <= azimuth % 180.0 < 135.0 else "N"


def component_rows(id: str, codes: Sequence[str]) -> tuple[int, ...]:
    """The row (vertical, first, second horizontal) of each component code.

    :raises InputError: if the codes make no record.
    """
    codes = [code.upper() for code in codes]
    if len(codes) == 1 and codes[0] in _ROWS:
        return (_ROWS[codes[0]],)
    for letters in COMPONENT_SETS:
        if sorted(codes) == sorted(letters):
            return tuple(letters.index(code) for code in codes)
    listed = ", ".join(repr(code) for code in codes)
    raise InputError(
        f"{id} has {len(codes)} component{'s' * (len(codes) > 1)} ({listed}); one component or "
        "three are needed: Z N E, Z R T, Z 1 2 or X Y Z, as the last letter of the channel code. "
        + (
            "Other letters need inventory= (--inventory) with their azimuths and dips."
            if len(codes) == 3
            else "Add what is missing, or select one component."
        )
    )


def orientation_of(trace: Trace, inventory: Inventory | None = None) -> tuple[float, float] | None:
    """Azimuth and dip of a component in degrees, as SEED has them (up is -90); None if not known.

    From what the reader noted (``stats.orientation``), SAC's ``cmpaz`` and ``cmpinc`` (0 is up),
    gmprocess' ``stats.standard``, or the channel's epoch in an Inventory.
    """
    stats = trace.stats
    if any(": rotate(" in str(line) for line in stats.get("processing") or []):
        return None  # what is noted is from before the rotation
    return _header_angles(stats) or _angles(*_inventory_angles(trace, inventory))


def _header_angles(stats: Stats) -> tuple[float, float] | None:
    orientation = header_part(stats, "orientation")
    sac = header_part(stats, "sac")
    standard = header_part(stats, "standard")
    for azimuth, dip in (
        (orientation.get("azimuth"), orientation.get("dip")),
        (sac.get("cmpaz"), _dip_of_sac(sac.get("cmpinc"))),
        (standard.get("horizontal_orientation"), standard.get("vertical_orientation")),
    ):
        angles = _angles(azimuth, dip)
        if angles is not None:
            return angles
    return None


def _angles(azimuth: Any, dip: Any) -> tuple[float, float] | None:
    try:
        azimuth, dip = float(azimuth), float(dip)
    except (TypeError, ValueError):
        return None
    if not (-360.0 <= azimuth <= 360.0 and -90.001 <= dip <= 90.001):  # SAC's unset is -12345
        return None
    return azimuth, dip


def _dip_of_sac(inclination: Any) -> float | None:
    """SAC's inclination counts from up, SEED's dip from the horizontal."""
    from_vertical = header_number(inclination)
    return None if from_vertical is None else from_vertical - 90.0


def _inventory_angles(trace: Trace, inventory: Inventory | None) -> tuple[Any, Any]:
    if inventory is None:
        return None, None
    try:
        orientation = inventory.get_orientation(trace.id, trace.stats.starttime)
    except Exception:  # ObsPy raises a bare Exception where the channel or its angles are missing
        return None, None
    return orientation["azimuth"], orientation["dip"]


def _vectors(angles: Sequence[tuple[float, float]]) -> np.ndarray:
    """Unit vectors (components, 3) as up, north, east, of azimuth and dip in degrees."""
    azimuth, dip = np.deg2rad(np.array(angles, dtype=float)).T
    return np.column_stack(
        [-np.sin(dip), np.cos(dip) * np.cos(azimuth), np.cos(dip) * np.sin(azimuth)]
    )


def turn(
    id: str,
    data: np.ndarray,
    codes: Sequence[str],
    angles: Sequence[tuple[float, float] | None],
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Motion along vertical (up), north and east, where azimuths and dips are known.

    A component that points opposite to its letter (a Z that is down) changes its sign. Three that
    point elsewhere than their letters say are rotated to Z, N, E; R and T are kept as named.

    :param data: (components, samples), one or three.
    :param codes: the components' letters.
    :param angles: of each, see :func:`orientation_of`.
    :return: the motion, the letters, and a line on what was done ("" for nothing).
    """
    codes = [code.upper() for code in codes]
    if None in angles or not len(angles):
        return data, tuple(codes), ""
    actual = _vectors([angle for angle in angles if angle is not None])
    is_fixed = [code in _NOMINAL_ANGLES for code in codes]
    nominal = _vectors([_NOMINAL_ANGLES.get(code, (0.0, 0.0)) for code in codes])
    is_reversed = [
        bool(fixed and np.abs(direction + named_direction).max() < _PARALLEL)
        for fixed, direction, named_direction in zip(is_fixed, actual, nominal)
    ]
    upright = np.where(np.array(is_reversed)[:, None], -actual, actual)
    agrees = [
        not fixed or bool(np.abs(direction - named_direction).max() < _PARALLEL)
        for fixed, direction, named_direction in zip(is_fixed, upright, nominal)
    ]
    horizontals = set(codes) - {"Z", "U", "3"}
    if len(codes) == 1 or horizontals == {"R", "T"} or (all(is_fixed) and all(agrees)):
        if not any(is_reversed):
            return data, tuple(codes), ""
        reversed_codes = "".join(code for code, flipped in zip(codes, is_reversed) if flipped)
        signs = np.where(is_reversed, -1.0, 1.0)[:, None]
        return data * signs, tuple(codes), f"reverse(components={reversed_codes!r})"
    if abs(np.linalg.det(actual)) < _MIN_DETERMINANT:
        if np.ptp(actual, axis=0).max() > _PARALLEL:
            warnings.warn(
                f"The azimuths and dips noted for {id} are too close to one plane to be those of "
                "three components; the components are taken by their letters.",
                InputWarning,
                stacklevel=2,
            )
        return data, tuple(codes), ""
    motion = np.linalg.solve(actual, data)  # rows: up, north, east
    order = _nearest_rows(actual)
    noted = ", ".join(
        f"{code} azimuth {angle[0]:g} dip {angle[1]:g}"
        for code, angle in zip(codes, angles)
        if angle is not None
    )
    return motion[list(order)], tuple("ZNE"[row] for row in order), f"rotate('->ZNE', {noted})"


def _nearest_rows(actual: np.ndarray) -> tuple[int, ...]:
    """Row (up, north, east) that each component becomes: the one it is nearest to."""
    best, weight = (0, 1, 2), -1.0
    for rows in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        total = sum(abs(actual[position, row]) for position, row in enumerate(rows))
        if total > weight + 1e-9:
            best, weight = rows, total
    return best
