"""The corner (the simulation's upper frequency limit) against what its own spectrum shows.

Not to be confused with the source's corner frequency, which the level depends on.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ..errors import InputError, InputWarning
from ..method.contract import Method
from ..signal.limit import Limit, upper_limit
from .record import Record

AUTO = "auto"
_LOWEST = 0.05  #: Hz, the lowest corner that is taken
#: The corner is too high for a simulation whose content ends below 0.7 of it, or whose content ends
#: below 0.9 of it and whose spectrum falls off below 0.5 of it. Of 300 records filtered at the
#: corner itself, one in a hundred is warned of.
_CONTENT_ENDS, _CONTENT_NEARLY_ENDS, _FALLS_OFF = 0.7, 0.9, 0.5


def check_corner(corner: float | str, method: Method | type[Method]) -> None:
    """Refuse a corner that is neither "auto" nor a frequency within the method's band.

    :raises InputError: for anything else.
    """
    highest = 0.4 * method.sampling_rate
    if corner == AUTO and isinstance(corner, str):
        return
    number = isinstance(corner, (int, float, np.number)) and not isinstance(corner, bool)
    if not number or not _LOWEST <= float(corner) <= highest:
        raise InputError(
            f"corner is {corner!r} (--corner); it must be the highest frequency that the "
            f"simulation resolves, from {_LOWEST:g} to {highest:g} Hz, or 'auto' to take it from "
            "the spectrum."
        )


def corner_of(
    corner: float | str, records: Sequence[Record], method: Method | type[Method]
) -> float:
    """The corner frequency in Hz, compared with the spectra of the records.

    :param corner: as the user gave it; "auto" takes the median of what the spectra show.
    :raises InputError: for "auto" where no spectrum ends.
    """
    if not records:
        return 1.0 if isinstance(corner, str) else float(corner)
    limits = [
        upper_limit(record.data[list(record.rows)], record.sampling_rate) for record in records
    ]
    if not isinstance(corner, str):
        _warn_if_empty_below(float(corner), records, limits)
        return float(corner)
    corners = [limit.corner for limit in limits if limit.ends]
    corner_hz = float(f"{np.median(corners):.2g}") if corners else 0.0
    highest = 0.4 * method.sampling_rate
    if not _LOWEST <= corner_hz <= highest:
        raise InputError(
            "corner='auto' (--corner auto): the spectrum shows no end between "
            f"{_LOWEST:g} and {highest:g} Hz. Pass the highest frequency that the simulation "
            "resolves."
        )
    warnings.warn(
        f"corner='auto': {corner_hz:g} Hz, where the spectra of {len(corners)} of {len(records)} "
        "records fall off.",
        InputWarning,
        stacklevel=4,
    )
    return corner_hz


def _is_empty_below(limit: Limit, corner: float) -> bool:
    """Whether a simulation's content ends well below its corner."""
    falls_off = limit.corner < _FALLS_OFF * corner and limit.content < _CONTENT_NEARLY_ENDS * corner
    return limit.ends and (limit.content < _CONTENT_ENDS * corner or falls_off)


def _warn_if_empty_below(corner: float, records: Sequence[Record], limits: Sequence[Limit]) -> None:
    short = [
        (record.id, limit)
        for record, limit in zip(records, limits)
        if _is_empty_below(limit, corner) and corner <= 0.5 * record.sampling_rate
    ]
    if not short:
        return
    ids = ", ".join(id for id, _ in short[:3])
    more = f" and {len(short) - 3} more" if len(short) > 3 else ""
    shown = np.median([limit.corner for _, limit in short])
    content = max(limit.content for _, limit in short)
    warnings.warn(
        f"{ids}{more}: next to nothing between {content:.2g} Hz and the corner of {corner:g} Hz, "
        f"so this band stays empty. The spectrum falls off at {shown:.2g} Hz: pass "
        f"corner={shown:.2g} (--corner), or 'auto'.",
        InputWarning,
        stacklevel=4,
    )
