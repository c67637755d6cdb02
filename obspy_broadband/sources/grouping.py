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

#: Formats that write displacement, velocity and acceleration to files of their own, and what tells,
#: without reading one, which of them it holds, and of which traces (None: its headers say it).
_BY_QUANTITY: dict[str, Callable[[Any], tuple[str, list[str] | None]]] = {
    "BBP": bbp.contents,
    "SPECFEM": specfem.contents,
    "SPEED": speed.contents,
}
#: Stations of one file that are read and enriched together. A file of more is read several times.
STATIONS = 8


@dataclass(frozen=True)
class Part:
    """What a file holds of a station: the time that all its traces take together.

    :param id: network.station.location.channel without the component.
    :param components: ids of its traces.
    """

    id: str
    components: frozenset[str]
    start: UTCDateTime
    end: UTCDateTime
    path: Path
    format: str
    quantity: str = ""  #: of formats that write one a file


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
    of: int  #: groups that the first file is in


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
            names, start, end = spans.get(id, (set(), stats.starttime, stats.endtime))
            names.add(trace.id)
            spans[id] = (names, min(start, stats.starttime), max(end, stats.endtime))
    return [
        Part(id, frozenset(names), start, end, path, format, quantity)
        for id, (names, start, end) in spans.items()
    ]


def one_motion(parts: list[Part], asked: str | None) -> list[Part]:
    """Of a station whose displacement, velocity and acceleration are all there, one is kept.

    It is the one that was asked for, else the one of most components, acceleration before velocity
    before displacement; a warning says what was chosen.
    """
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for part in parts:
        if part.quantity:
            of_station = found.setdefault((part.format, part.id), {})
            of_station.setdefault(part.quantity, set()).update(part.components)
    chosen, said = {}, set()
    for station, components in found.items():
        best = min(UNITS, key=lambda one: -len(components.get(one, ())))
        chosen[station] = asked if asked in components else best
        if len(components) > 1 and asked is None:
            held = " and ".join(quantity for quantity in UNITS if quantity in components)
            said.add(
                f"{station[0]} files hold {held} of the same motion; {best} is read. "
                "Choose another by quantity= (--read quantity=)."
            )
    for sentence in sorted(said):
        warnings.warn(sentence, InputWarning, stacklevel=2)
    return [
        part for part in parts if not part.quantity or part.quantity == chosen[part.format, part.id]
    ]


def groups(parts: list[Part]) -> Iterator[Group]:
    """Parts of one station that overlap in time put together, stations of the same files, too."""
    by_station: dict[tuple[str, str], list[Part]] = {}
    held: dict[Path, int] = {}
    together: dict[tuple[tuple[Path, ...], str], list[Part]] = {}
    for part in parts:
        held[part.path] = held.get(part.path, 0) + 1
        if len(part.components) >= 3:
            together.setdefault(((part.path,), part.format), []).append(part)
        else:
            by_station.setdefault((part.id, part.format), []).append(part)
    for pieces in by_station.values():
        for files in _overlapping(sorted(pieces, key=lambda part: (part.start.ns, part.path))):
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
        everything = all(held[path] == len(firsts) for path in paths)
        if len(paths) > 1:
            begins = firsts[0].start.strftime("%Y%m%dT%H%M%S")
            key = f"{paths[0].parent.as_posix()}/{firsts[0].id}@{begins}"
        else:
            key = paths[0].as_posix() + ("" if everything else f":{firsts[0].id}")
        ids = None if everything else tuple(part.id for part in firsts)
        yield Group(key, paths, format, ids, uses[paths[0]])


def _overlapping(parts: list[Part]) -> Iterator[list[Part]]:
    """Parts in the order of their starts, divided where none goes on."""
    together: list[Part] = []
    for part in parts:
        if together and part.start > max(one.end for one in together):
            yield together
            together = []
        together.append(part)
    if together:
        yield together
