"""Entries of a trace's ``stats`` that formats, other toolkits and users fill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

#: What SAC writes for a value that is not known.
UNDEFINED = -12345.0


def header_part(stats: Any, name: str) -> Mapping[str, Any]:
    """A part of ``stats`` such as ``sac``, ``knet`` or ``coordinates``.

    :return: empty if it is missing, None, or a single value under a name that others use, too.
    """
    part = stats.get(name)
    return part if isinstance(part, Mapping) else {}


def header_number(value: Any) -> float | None:
    """A number of a SAC or K-NET header; None for what is not known."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number != UNDEFINED else None
