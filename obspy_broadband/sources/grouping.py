"""Which files hold the components of one station at one time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obspy import UTCDateTime

from ..errors import InputWarning
from ..io import bbp, specfem, speed
from ..io.quantity import UNITS
from ..records.orientation import station_id
from .waveforms import read_waveforms

#: Formats with files of their own for displacement, velocity and acceleration: a function from the
#: path to the quantity and the ids of its traces (None: its headers have them).
_BY_QUANTITY: dict[str, Callable[[Any], tuple[str, list[str] | None]]] = {
    "BBP": bbp.contents,
    "SPECFEM": specfem.contents,
    "SPEED": speed.contents,
}
#: Stations of one file that are read and enriched together. A file of more is read several times.
STATIONS = 8


@dataclass(frozen=True)
class Part:
    """A station's traces in a file, and the time that they span together.

    :param id: network.station.location.channel without the component.
    :param components: ids of its traces.
    """

    id: str
    components: frozenset[str]
    start: UTCDateTime
    end: UTCDateTime
    path: Path
    format: str
    quantity: str = ""  #: of formats that write one to a file


@dataclass(frozen=True)
class Group:
    """Stations that lie in the same files.

    :param ids: of the stations; None for all that the files hold.
    :param key: a name for it.
    """

    key: str
    files: tuple[Path, ...]
    format: str
    ids: tuple[str, ...] | None
    share: int  #: number of groups that the first file is in


def parts_of(path: Path, format: str, largest: int, **options: Any) -> list[Part]:
    """A file's stations, from its name or from headers alone where the format has any.

    :param options: of reading.
    :raises InputError: if it cannot be read.
    """
    spans: dict[str, tuple[set[str], UTCDateTime, UTCDateTime]] = {}
    quantity, ids = _BY_QUANTITY[format](path) if format in _BY_QUANTITY else ("", None)
    for id in ids or ():
        spans.setdefault(id[:-1], (set(), UTCDateTime(0), UTCDateTime(0)))[0].add(id)
    if ids is None:
        options = {name: value for name, value in options.items() if name != "quantity"}
        for trace in read_waveforms(path, format, largest, headonly=True, **options):
            stats = trace.stats
            id = station_id(stats)
            components, start, end = spans.get(id, (set(), stats.starttime, stats.endtime))
            components.add(trace.id)
            spans[id] = (components, min(start, stats.starttime), max(end, stats.endtime))
    return [
        Part(id, frozenset(components), start, end, path, format, quantity)
        for id, (components, start, end) in spans.items()
    ]


def select_quantity(parts: list[Part], quantity: str | None) -> list[Part]:
    """Keep one quantity of a station whose displacement, velocity and acceleration are all there.

    It is ``quantity``, else the one of most components, acceleration before velocity before
    displacement, with a warning.
    """
    stations: dict[tuple[str, str], dict[str, set[str]]] = {}
    for part in parts:
        if part.quantity:
            of_station = stations.setdefault((part.format, part.id), {})
            of_station.setdefault(part.quantity, set()).update(part.components)
    chosen, messages = {}, set()
    for station, components in stations.items():
        best = min(UNITS, key=lambda name: -len(components.get(name, ())))
        chosen[station] = quantity if quantity in components else best
        if len(components) > 1 and quantity is None:
            quantities = " and ".join(name for name in UNITS if name in components)
            messages.add(
                f"{station[0]} files hold {quantities} of the same motion; {best} is read. "
                "Choose another by quantity= (--read quantity=)."
            )
    for message in sorted(messages):
        warnings.warn(message, InputWarning, stacklevel=2)
    return [
        part for part in parts if not part.quantity or part.quantity == chosen[part.format, part.id]
    ]


def groups(parts: list[Part]) -> Iterator[Group]:
    """Join the parts of a station that overlap in time, and stations of the same files."""
    by_station: dict[tuple[str, str], list[Part]] = {}
    parts_in_file: dict[Path, int] = {}
    together: dict[tuple[tuple[Path, ...], str], list[Part]] = {}
    for part in parts:
        parts_in_file[part.path] = parts_in_file.get(part.path, 0) + 1
        if len(part.components) >= 3:
            together.setdefault(((part.path,), part.format), []).append(part)
        else:
            by_station.setdefault((part.id, part.format), []).append(part)
    for of_station in by_station.values():
        for files in _overlapping(sorted(of_station, key=lambda part: (part.start.ns, part.path))):
            paths = tuple(sorted(part.path for part in files))
            together.setdefault((paths, files[0].format), []).append(files[0])
    chunks = [
        (paths, format, firsts[begin : begin + STATIONS])
        for (paths, format), firsts in together.items()
        for begin in range(0, len(firsts), STATIONS)
    ]
    uses: dict[Path, int] = {}
    for paths, _, _ in chunks:
        uses[paths[0]] = uses.get(paths[0], 0) + 1
    for paths, format, firsts in chunks:
        is_whole = all(parts_in_file[path] == len(firsts) for path in paths)
        if len(paths) > 1:
            begins = firsts[0].start.strftime("%Y%m%dT%H%M%S")
            key = f"{paths[0].parent.as_posix()}/{firsts[0].id}@{begins}"
        else:
            key = paths[0].as_posix() + ("" if is_whole else f":{firsts[0].id}")
        ids = None if is_whole else tuple(part.id for part in firsts)
        yield Group(key, paths, format, ids, uses[paths[0]])


def _overlapping(parts: list[Part]) -> Iterator[list[Part]]:
    """Divide parts, in the order of their starts, where none overlaps the next."""
    together: list[Part] = []
    for part in parts:
        if together and part.start > max(other.end for other in together):
            yield together
            together = []
        together.append(part)
    if together:
        yield together
