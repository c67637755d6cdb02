"""Which channels a user wants, by SEED codes with wildcards."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from ..errors import InputError

_ALLOWED = re.compile(r"[A-Za-z0-9_*?,-]*")


@dataclass(frozen=True)
class ChannelSelection:
    """Patterns of codes; ``*`` stands for any characters, ``?`` for any one, ``,`` parts several.

    :raises InputError: for other characters than letters, digits, ``_``, ``-``, ``,`` and these.
    """

    network: str = "*"
    station: str = "*"
    location: str = "*"
    channel: str = "*"

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not _ALLOWED.fullmatch(value):
                raise InputError(
                    f"{name} is {value!r}; codes hold letters, digits, '_' and '-', with '*' and "
                    "'?' as wildcards and ',' between several."
                )

    def matches(self, network: str, station: str, location: str, channel: str) -> bool:
        """Whether a channel is selected."""
        return all(
            any(_matches(pattern, code) for pattern in patterns.split(","))
            for patterns, code in zip(asdict(self).values(), (network, station, location, channel))
        )


def _matches(pattern: str, code: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(code, "" if pattern == "--" else pattern)
