"""Ensemble: realizations of many stations as a sequence of ordinary ObsPy Streams."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from obspy import Stream

from .._version import __version__
from ..errors import InputError, UnknownStation
from .enriched_record import EnrichedRecord

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Entries of the provenance about single stations; the others hold for all realizations.
_PER_STATION = ("stations", "skipped", _OUTSIDE := "outside_training_range")
#: Stations in a message or a table.
_SHOWN = 10


class Ensemble(Sequence[Stream]):
    """Realizations of one or many stations.

    A sequence of Streams: ``ensemble[3]`` is a realization of all stations, an ordinary Stream in
    m/s²; ``len``, iteration and slices work as with a list. ``ensemble["STA"]`` is the ensemble of
    one station.

    :param records: one :class:`EnrichedRecord` a station.
    :param provenance: everything needed to draw the realizations again, as JSON types.
    """

    def __init__(self, records: Sequence[EnrichedRecord], provenance: dict[str, Any]):
        self.records = list(records)
        self.provenance = provenance

    def __len__(self) -> int:
        return len(self.provenance["realizations"])

    def __contains__(self, item: object) -> bool:
        """Whether there is such a station, or such a Stream."""
        if isinstance(item, str):
            return any(item in record.names for record in self.records)
        return super().__contains__(item)

    @overload
    def __getitem__(self, index: int) -> Stream: ...
    @overload
    def __getitem__(self, index: slice | str) -> Ensemble: ...
    def __getitem__(self, index: int | slice | str) -> Stream | Ensemble:
        """A realization, a part of the realizations, or a station.

        :param index: a position, a slice, or a station as "STA", "NET.STA" or its id.
        :raises UnknownStation: an InputError and KeyError, for a station that is not there.
        """
        if isinstance(index, str):
            return self._only(
                [k for k, record in enumerate(self.records) if index in record.names], index
            )
        numbers = self.provenance["realizations"]
        if isinstance(index, slice):
            cut = [replace(r, realizations=r.realizations[index]) for r in self.records]
            return Ensemble(cut, self.provenance | {"realizations": numbers[index]})
        number = numbers[index]  # raises IndexError as a list does
        settings = {key: self.provenance[key] for key in ("method", "seed", "corner_hz")}
        stream = Stream()
        for station, record in enumerate(self.records):
            lines = self._history(station, number)
            motion = record.realizations[index]
            stream.extend(record.traces(motion, lines, realization=number, **settings))
        return stream

    def select(
        self,
        network: str | None = None,
        station: str | None = None,
        location: str | None = None,
        channel: str | None = None,
        component: str | None = None,
        id: str | None = None,
    ) -> Ensemble:
        """An ensemble of some stations, or of one of their components, as ``Stream.select``.

        Names may have wildcards (``*``, ``?``, ``[AB]``); upper and lower case are alike.

        :param channel: of traces, e.g. "HN?"; ``component`` is its last letter; ``id`` is
            network.station.location.channel.
        :raises UnknownStation: an InputError and KeyError, if nothing matches.
        :raises InputError: if two of a station's three components match: one or three make a
            record.
        """
        patterns = {
            **{"network": network, "station": station, "location": location},
            **{"channel": channel, "component": component, "id": id},
        }
        uppercase = {name: text.upper() for name, text in patterns.items() if text is not None}
        positions: list[int] = []
        records: list[EnrichedRecord] = []
        for position, record in enumerate(self.records):
            rows = [
                row
                for row, header in enumerate(record.headers)
                if all(fnmatchcase(_code(header, name), text) for name, text in uppercase.items())
            ]
            if len(rows) == 2:
                raise InputError(
                    f"Two of {record.id}'s components match; one or three make a record. Select "
                    "one, or all."
                )
            if rows:
                positions.append(position)
                records.append(record if len(rows) == len(record.rows) else record.components(rows))
        text = ", ".join(
            f"{name}={value!r}" for name, value in patterns.items() if value is not None
        )
        return self._only(positions, f"with {text}", records)

    def _only(
        self,
        positions: Sequence[int],
        description: str,
        records: Sequence[EnrichedRecord] | None = None,
    ) -> Ensemble:
        """The stations at some positions, and what the provenance says of them.

        :param asked: for the message.
        :param records: of these stations, if not as they are.
        :raises UnknownStation: if there is none.
        """
        if not positions:
            shown = ", ".join(self.stations[:_SHOWN])
            more = f" and {len(self.records) - _SHOWN} more" if len(self.records) > _SHOWN else ""
            raise UnknownStation(f"There is no station {description}; there are {shown}{more}.")
        records = [self.records[k] for k in positions] if records is None else records
        stations = []
        for position, record in zip(positions, records):
            entry = self.provenance["stations"][position]
            if record is not self.records[position]:
                entry = entry | {"components": [header.channel for header in record.headers]}
            stations.append(entry)
        provenance = self.provenance | {"stations": stations}
        ids = {record.id for record in records}
        outside = {id: why for id, why in provenance.pop(_OUTSIDE, {}).items() if id in ids}
        return Ensemble(records, provenance | ({_OUTSIDE: outside} if outside else {}))

    def __add__(self, other: Ensemble) -> Ensemble:
        """The stations of both, drawn with the same settings.

        :raises InputError: if they were not, naming what differs, or if both have a station.
        """
        if not isinstance(other, Ensemble):
            return NotImplemented
        own, other_settings = (
            {name: value for name, value in ensemble.provenance.items() if name not in _PER_STATION}
            for ensemble in (self, other)
        )
        differing = [
            f"{name} is {own.get(name)!r} and {other_settings.get(name)!r}"
            for name in dict.fromkeys([*own, *other_settings])
            if own.get(name) != other_settings.get(name)
        ]
        if differing:
            raise InputError(
                "These ensembles were not drawn alike and cannot be joined: "
                f"{'; '.join(differing)}."
            )
        other_stations = set(other.stations)
        shared = [id for id in self.stations if id in other_stations]
        if shared:
            raise InputError(
                f"Both ensembles have {', '.join(shared[:_SHOWN])}; a station can be in one only."
            )
        pair = (self.provenance, other.provenance)
        stations = [station for p in pair for station in p["stations"]]
        skipped = [refusal for p in pair for refusal in p["skipped"]]
        provenance = self.provenance | {"stations": stations}
        provenance["skipped"] = [
            refusal for k, refusal in enumerate(skipped) if refusal not in skipped[:k]
        ]
        outside = pair[0].get(_OUTSIDE, {}) | pair[1].get(_OUTSIDE, {})
        if outside:
            provenance[_OUTSIDE] = outside
        return Ensemble([*self.records, *other.records], provenance)

    @property
    def low_frequency(self) -> Stream:
        """The method's input: the simulation in m/s², band-limited, at the ensemble's rate."""
        stream = Stream()
        for station, record in enumerate(self.records):
            stream.extend(record.traces(record.low_frequency, self._history(station, None)))
        return stream

    @property
    def stations(self) -> list[str]:
        """Ids of the stations: network.station.location.channel without the component."""
        return [record.id for record in self.records]

    def _history(self, station: int, number: int | None) -> list[str]:
        """A line for every stage a realization went through, in ObsPy's manner."""
        p = self.provenance
        units = p["stations"][station]["input_units"]
        stages = [
            f"read(units={units!r})",
            f"prepare(corner={p['corner_hz']:g}, sampling_rate={p['sampling_rate_hz']:g})",
        ]
        if number is not None:
            options = ", ".join(f"{key}={value!r}" for key, value in p["options"].items())
            draw = f"seed={p['seed']}, realization={number}, options={{{options}}}"
            stages += [
                f"realize(method={p['method']!r}, {draw})",
                f"hybridize(corner={p['corner_hz']:g})",
            ]
        return [f"obspy_broadband {__version__}: {stage}" for stage in stages]

    def intensity_measures(
        self,
        periods: Sequence[float] | None = None,
        progress: bool = False,
        detrend: bool = False,
    ) -> pd.DataFrame:
        """Intensity measures of every station and realization.

        :param periods: of the response spectra in s; default
            :data:`obspy_broadband.ensemble.measures.PERIODS`.
        :param progress: show a progress bar.
        :param detrend: take mean and linear trend out of the acceleration first.
        :return: one row a station and realization (both in the index); columns as in
            :func:`obspy_broadband.ensemble.measures.measure`.
        """
        from .measures import measure_ensemble

        return measure_ensemble(self, periods, progress, detrend)

    def plot(self, station: str | None = None, **arguments: Any) -> Figure | bytes | None:
        """Waveforms and spectra of a station, shown on the screen as ``Stream.plot`` does.

        :param station: as in ``ensemble[station]``; default: the first.
        :param arguments: ``outfile``, ``show``, ``handle``, ``block``, ``format``, ``dpi``, and
            what is drawn: see :func:`obspy_broadband.ensemble.plot.plot_ensemble`.
        """
        from .plot import plot_ensemble

        return plot_ensemble(self, station, **arguments)

    def to_stream(self) -> Stream:
        """All realizations in one Stream, told apart by location code: "00", "01", ... "0Z", ...

        Equal ids would be merged by ObsPy and overwrite each other in archives.

        :raises InputError: for more than 1296 realizations, or stations that differ in their
            location code only.
        """
        if len(self) > len(_DIGITS) ** 2:
            raise InputError(
                f"{len(self)} realizations do not fit into two-character location codes (1296 "
                "do). Use slices of the ensemble."
            )
        bare = [".".join(np.delete(r.id.split("."), -2)) for r in self.records]
        if len(set(bare)) < len(bare):
            raise InputError(
                "Some stations differ in their location code only, which numbers the "
                "realizations here. Enrich one "
                "location code at a time."
            )
        whole = Stream()
        for position, number in enumerate(self.provenance["realizations"]):
            for trace in self[position]:
                trace.stats.location = _DIGITS[number // 36 % 36] + _DIGITS[number % 36]
                whole.append(trace)
        return whole

    def write(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write a folder that ObsPy reads file by file; see :mod:`obspy_broadband.ensemble.folder`.

        :raises InputError: if the folder holds something already and ``overwrite`` is False.
        """
        from .folder import write_folder

        return write_folder(self, Path(folder), overwrite)

    @classmethod
    def read(cls, folder: str | Path) -> Ensemble:
        """Read a folder that :meth:`write` made.

        :raises InputError: if it is none, or is damaged.
        """
        from .folder import read_folder

        return read_folder(Path(folder))

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<Ensemble: {len(self)} realizations of {len(self.records)} stations by "
            f"{p['method']}, "
            f"corner {p['corner_hz']:g} Hz, seed {p['seed']}>"
        )

    def _repr_html_(self) -> str:
        """For notebooks: the draw, and a row for each of the first stations."""
        rows = []
        for record in self.records[:_SHOWN]:
            peaks = np.abs(record.realizations).max(axis=(1, 2)) if len(self) else [np.nan]
            duration = (record.low_frequency.shape[-1] - 1) / record.sampling_rate
            letters = "".join(header.channel[-1:] for header in record.headers)
            cells = (record.id, letters, str(record.start), f"{duration:.1f}")
            rows.append((*cells, f"{np.median(peaks):.3g}"))
        if len(self.records) > _SHOWN:
            rows.append((f"and {len(self.records) - _SHOWN} more", "", "", "", ""))
        heads = ("station", "components", "start", "duration (s)", "median peak (m/s²)")
        lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
        return (
            f"<p>{html.escape(repr(self)[1:-1])}</p><table><thead><tr>"
            + "".join(f"<th>{head}</th>" for head in heads)
            + "</tr></thead><tbody>"
            + "".join(f"<tr>{line}</tr>" for line in lines)
            + "</tbody></table>"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ensemble):
            return NotImplemented
        return (
            self.provenance == other.provenance
            and self.stations == other.stations
            and all(
                np.array_equal(a.realizations, b.realizations)
                and np.array_equal(a.low_frequency, b.low_frequency)
                for a, b in zip(self.records, other.records)
            )
        )

    __hash__ = None  # type: ignore[assignment]


def _code(header: Any, name: str) -> str:
    """One of a trace's codes, in upper case."""
    codes = [header[part] for part in ("network", "station", "location", "channel")]
    text = {"component": header.channel[-1:], "id": ".".join(codes)}.get(name)
    return str(header[name] if text is None else text).upper()
