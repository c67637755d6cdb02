"""Arguments of readers: those of ``obspy.read`` pass, those that no reader knows are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..errors import InputError

#: What ``obspy.read`` and archives hand to every format's reader.
_OBSPY = {
    *("format", "headonly", "starttime", "endtime", "nearest_sample"),
    *("dtype", "apply_calib", "check_compression", "sourcename", "details"),
}


def refuse_unknown(format: str, given: Mapping[str, Any], known: Sequence[str] = ()) -> None:
    """Refuse arguments that a reader does not have: left aside, they would give a wrong answer.

    :param format: name of the format, for the message.
    :param given: what a reader's ``**options`` caught.
    :param known: names of the reader's own arguments, for the message.
    :raises InputError: for a name that neither the reader nor ``obspy.read`` knows.
    """
    for name in given:
        if name in _OBSPY:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}=?" if near else ""
        allowed = ", ".join(known) or "none"
        raise InputError(
            f"{format} files are read without {name}=; arguments of this format: {allowed}.{hint}"
        )


def check_number(name: str, value: Any, lowest: float, highest: float, what: str) -> float:
    """A number that a user gives to a reader.

    :param name: of the argument, and of the option at the shell.
    :param what: is needed, with its unit, for the message.
    :raises InputError: for anything else, or a number that is out of range.
    """
    try:
        if lowest <= float(value) <= highest:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{name} is {value!r} (--read {name}=); {what} is needed.")


def asked_stations(stations: str | Iterable[str] | None) -> list[str] | None:
    """The stations that a reader is asked for, in a list; one name is one station, None all."""
    return [stations] if isinstance(stations, str) else None if stations is None else [*stations]
