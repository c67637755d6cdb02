"""Which records of a store are of one earthquake, and which may not stand in two splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from obspy import UTCDateTime

from .store import SAMPLING_RATE

#: Origins of two catalogues are of one earthquake up to these differences, s and km.
_SAME_TIME, _SAME_PLACE = 10.0, 100.0
#: s: records of an earthquake that is not known may lie so far apart: stations trigger one after
#: another.
_BETWEEN_STATIONS = 120.0
_EARTH_RADIUS = 6371.0  # km


class _Groups:
    """Names that belong together (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        path = [name]
        while (parent := self._parent.get(path[-1], path[-1])) != path[-1]:
            path.append(parent)
        self._parent.update(dict.fromkeys(path, path[-1]))
        return path[-1]

    def join(self, first: str, second: str) -> None:
        self._parent[self.root(second)] = self.root(first)

    def names(self, own: Iterable[tuple[str, bool]]) -> dict[str, str]:
        """For each name its group's: a data set's own one before others, else the first of all."""
        best: dict[str, tuple[bool, str]] = {}
        names = dict(sorted(own, reverse=True))  # of a name that stands for both, the data set's
        for name, is_from_source in names.items():
            root = self.root(name)
            best[root] = min(best.get(root, (True, name)), (is_from_source, name))
        return {name: best[self.root(name)][1] for name in names}


def join_events(table: pd.DataFrame) -> pd.DataFrame:
    """Name ``event`` and ``sequence`` so that records of files and archives never cross splits.

    - Origins within 10 s and 100 km of each other are one earthquake, also one of a data set.
    - Records without a known event are one event where no two minutes lie between them, and one
      sequence with records of known events at that time.
    - Events of which records overlap in time at a station are one sequence: they share motion.

    What data sets say of their own records stays.

    :param table: with ``from_source``, true of records that :mod:`.source_records` read, with
        ``begin``, s, of their first sample, and with ``read_begin`` and ``read_end`` of what was
        read, before it was cut. An ``event`` that is not known is "".
    """
    table = table.copy()
    own = table["from_source"].to_numpy(dtype=bool)
    begin = table["begin"].to_numpy(dtype=float)
    end = begin + table["samples"].to_numpy(dtype=float) / SAMPLING_RATE
    events = table["event"].to_numpy(dtype=object)
    unknown = own & (events == "")
    read_begin = table["read_begin"].to_numpy(dtype=float)
    read_end = table["read_end"].to_numpy(dtype=float) + _BETWEEN_STATIONS
    clusters = list(_overlapping(read_begin, read_end, np.flatnonzero(unknown)))
    for cluster in clusters:
        events[cluster] = f"unknown {UTCDateTime(read_begin[cluster].min())}"

    same = _Groups()
    for first, second in _same_earthquakes(table.assign(event=events)):
        same.join(first, second)
    event_names = same.names(zip(events, own))
    table["event"] = [event_names[event] for event in events]

    sequences = np.where(own, table["event"], table["sequence"]).astype(object)
    together = _Groups()
    first_sequence: dict[str, str] = {}
    for event, sequence in zip(table["event"], sequences):
        together.join(first_sequence.setdefault(event, sequence), sequence)
    dated = np.flatnonzero(own & np.isfinite(begin))
    for rows in pd.Series(dated).groupby(table["station"].to_numpy()[dated]).groups.values():
        for cluster in _overlapping(begin, end, dated[rows]):
            for row in cluster[1:]:
                together.join(sequences[cluster[0]], sequences[row])
    for cluster in clusters:
        first, last = read_begin[cluster].min(), read_end[cluster].max()
        for row in dated[(read_begin[dated] <= last) & (read_end[dated] >= first)]:
            together.join(sequences[cluster[0]], sequences[row])
    names = together.names(zip(sequences, own))
    table["sequence"] = [names[sequence] for sequence in sequences]
    return table


def _overlapping(begin: np.ndarray, end: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Rows divided where no record goes on, in the order of time."""
    if not rows.size:
        return
    rows = rows[np.argsort(begin[rows], kind="stable")]
    latest = np.maximum.accumulate(end[rows])
    yield from np.split(rows, np.flatnonzero(begin[rows][1:] > latest[:-1]) + 1)


def _same_earthquakes(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Pairs of events with about the same origin, at least one of them not of a data set."""
    events = table[np.isfinite(table["origin_time"].astype(float))].drop_duplicates("event")
    events = events.sort_values("origin_time", kind="stable")
    times = events["origin_time"].to_numpy(dtype=float)
    last = np.searchsorted(times, times + _SAME_TIME, side="right")
    names, own = events["event"].to_numpy(), events["from_source"].to_numpy(dtype=bool)
    places = np.radians(events[["origin_latitude", "origin_longitude"]].to_numpy(dtype=float))
    for first, behind in enumerate(last):
        for second in range(first + 1, behind):
            if (own[first] or own[second]) and not _distance(places, first, second) > _SAME_PLACE:
                yield names[first], names[second]


def _distance(places: np.ndarray, first: int, second: int) -> float:
    """Along a great circle, km; NaN if a place is not known."""
    (lat1, lon1), (lat2, lon2) = places[first], places[second]
    haversine = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return float(2 * _EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0))))
