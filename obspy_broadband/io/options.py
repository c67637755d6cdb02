"""Arguments of readers: names that neither a reader nor ``obspy.read`` has are refused."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..errors import InputError

#: Arguments that ``obspy.read`` and archives pass to every format's reader.
_OBSPY = {
    *("format", "headonly", "starttime", "endtime", "nearest_sample"),
    *("dtype", "apply_calib", "check_compression", "sourcename", "details"),
}


def refuse_unknown(format: str, options: Mapping[str, Any], accepted: Sequence[str] = ()) -> None:
    """Refuse arguments that a reader does not have: ignored, they would give a wrong result.

    :param format: name of the format, for the message.
    :param options: a reader's ``**options``.
    :param accepted: names of the reader's own arguments, for the message.
    :raises InputError: for a name that neither the reader nor ``obspy.read`` has.
    """
    for name in options:
        if name in _OBSPY:
            continue
        similar = get_close_matches(name, accepted, n=1, cutoff=0.6)
        hint = f" Did you mean {similar[0]}=?" if similar else ""
        allowed = ", ".join(accepted) or "none"
        raise InputError(
            f"{format} files are read without {name}=; arguments of this format: {allowed}.{hint}"
        )


def check_number(name: str, value: Any, lowest: float, highest: float, description: str) -> float:
    """A reader's argument as a number within a range.

    :param name: of the argument, and of the option at the shell.
    :param description: of the number, with its unit, for the message.
    :raises InputError: for anything else, or a number that is out of range.
    """
    try:
        if lowest <= float(value) <= highest:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{name} is {value!r} (--read {name}=); {description} is needed.")


def check_azimuth(azimuth: Any) -> float | None:
    """The argument ``azimuth`` of a reader, degrees clockwise from north; None stays None.

    :raises InputError: for anything else than an angle.
    """
    if azimuth is None:
        return None
    return check_number("azimuth", azimuth, -360.0, 360.0, "an angle in degrees from north")


def check_interval(dt: Any) -> float:
    """The argument ``dt`` of a reader, the sampling interval in s.

    :raises InputError: for anything else than a positive number.
    """
    return check_number("dt", dt, 1e-9, 1e6, "the sampling interval in s")


def check_stations(
    path: Any, stations: str | Iterable[str] | None, present: Container[str]
) -> list[str] | None:
    """The argument ``stations`` of a reader: names to read, or None for all.

    :param stations: one name or several.
    :param present: names of the file's stations, or what ``in`` can be asked of.
    :raises InputError: for a station that is not in the file.
    """
    if stations is None:
        return None
    names = [stations] if isinstance(stations, str) else [*stations]
    missing = [name for name in dict.fromkeys(names) if name not in present]
    if missing:
        raise InputError(f"{path} has no station {', '.join(missing[:5])}.")
    return names
