"""Any table of numbers: time and one to three components, in columns. Only by ``format="COLUMNS"``.

obspy.read("station7.txt", format="COLUMNS", components="ENZ", units="cm/s")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obspy import Stream

from ..errors import InputError
from ..units import parse_units
from .table import make_stream, read_table


def is_format(path: Any, **kwargs: Any) -> bool:
    """Never: a table of numbers does not say what it is."""
    return False


def read(
    path: Any,
    components: str | None = None,
    units: str = "m/s**2",
    station: str | None = None,
    network: str = "",
    comment: str = "#",
    **kwargs: Any,
) -> Stream:
    """Read one station.

    :param components: their letters in the order of the columns after the time, e.g. "NEZ"; a "-"
        leaves a column out.
    :param units: of the numbers.
    :param station: default: the name of the file.
    :raises InputError: if the columns are not as said.
    """
    parse_units(units)
    _, table = read_table(path, comment)
    count = table.shape[1] - 1
    if components is None:
        components = {1: "Z", 3: "XYZ"}.get(count)
    if components is None or len(components) != count:
        raise InputError(
            f"{path} has {count} columns after the time; name them, e.g. components='NEZ', with "
            "'-' for one to leave out."
        )
    kept = [index for index, code in enumerate(components) if code != "-"]
    return make_stream(
        path, table[:, 0], table[:, [1 + index for index in kept]], [components[i].upper() for i in
        kept],
        units, station or Path(path).stem, "COLUMNS", network=network,
    )  # fmt: skip
