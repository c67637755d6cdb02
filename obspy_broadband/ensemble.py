"""Ensemble: realizations of many stations as a sequence of ordinary ObsPy Streams."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ._version import __version__
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class EnrichedRecord:
    """One station of an ensemble.

    :param id: network.station.location.channel without the component.
    :param start: time of the first sample.
    :param sampling_rate: Hz.
    :param headers: ``stats`` of each component as it came.
    :param rows: the row (vertical, first, second horizontal) of each component.
    :param low_frequency: (components, samples), m/s²: what the method saw.
    :param realizations: (realizations, components, samples), m/s².
    """

    id: str
    start: UTCDateTime
    sampling_rate: float
    headers: tuple[Any, ...]
    rows: tuple[int, ...]
    low_frequency: np.ndarray
    realizations: np.ndarray

    def traces(self, motion: np.ndarray, processing: Sequence[str], **extra: Any) -> list[Trace]:
        """Traces with the headers that came.

        :param motion: (components, samples), m/s².
        :param processing: lines for ``stats.processing``.
        :param extra: entries of ``stats.broadband``.
        """
        made = []
        for header, data in zip(self.headers, motion):
            stats = copy.deepcopy(header)
            stats.sampling_rate = self.sampling_rate
            stats.npts = len(data)
            stats.starttime = self.start
            stats.units = "m/s**2"
            stats.processing = [*stats.get("processing", []), *processing]
            if extra:
                stats.broadband = AttribDict(extra)
            made.append(Trace(np.asarray(data, dtype=float), header=stats))
        return made


class Ensemble(Sequence[Stream]):
    """Realizations of one or many stations.

    A sequence of Streams: ``ensemble[3]`` is a realization of all stations, an ordinary Stream in
    m/s²; ``len``, iteration and slices work as with a list.

    :param records: one :class:`EnrichedRecord` a station.
    :param provenance: everything needed to draw the realizations again, as JSON types.
    """

    def __init__(self, records: Sequence[EnrichedRecord], provenance: dict[str, Any]):
        self.records = list(records)
        self.provenance = provenance

    def __len__(self) -> int:
        return len(self.provenance["realizations"])

    @overload
    def __getitem__(self, index: int) -> Stream: ...
    @overload
    def __getitem__(self, index: slice) -> Ensemble: ...
    def __getitem__(self, index: int | slice) -> Stream | Ensemble:
        numbers = self.provenance["realizations"]
        if isinstance(index, slice):
            cut = [replace(r, realizations=r.realizations[index]) for r in self.records]
            return Ensemble(cut, self.provenance | {"realizations": numbers[index]})
        number = numbers[index]  # raises IndexError as a list does
        said = {key: self.provenance[key] for key in ("method", "seed", "corner_hz")}
        stream = Stream()
        for station, record in enumerate(self.records):
            lines = self._history(station, number)
            motion = record.realizations[index]
            stream.extend(record.traces(motion, lines, realization=number, **said))
        return stream

    @property
    def low_frequency(self) -> Stream:
        """What the method saw: the simulation in m/s², band-limited, at the ensemble's rate."""
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
            drawn = f"seed={p['seed']}, realization={number}, options={{{options}}}"
            stages += [
                f"realize(method={p['method']!r}, {drawn})",
                f"hybridize(corner={p['corner_hz']:g})",
            ]
        return [f"obspy_broadband {__version__}: {stage}" for stage in stages]

    def intensity_measures(
        self, periods: Sequence[float] | None = None, progress: bool = False
    ) -> pd.DataFrame:
        """Intensity measures of every station and realization.

        :param periods: of the response spectra in s; default
            :data:`obspy_broadband.measures.PERIODS`.
        :param progress: show a progress bar.
        :return: one row a station and realization (both in the index); columns as in
            :func:`obspy_broadband.measures.measure`.
        """
        from .measures import measure_ensemble

        return measure_ensemble(self, periods, progress)

    def plot(self, station: str | None = None, **arguments: Any) -> Figure:
        """Waveforms and spectra of a station; see :func:`obspy_broadband.plot.plot_ensemble`."""
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
        bare = [".".join(np.delete(r.id.split("."), 2)) for r in self.records]
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
        """Write a folder that ObsPy reads file by file; see :mod:`obspy_broadband.ensemble_folder`.

        :raises InputError: if the folder holds something already and ``overwrite`` is False.
        """
        from .ensemble_folder import write_folder

        return write_folder(self, Path(folder), overwrite)

    @classmethod
    def read(cls, folder: str | Path) -> Ensemble:
        """Read a folder that :meth:`write` made.

        :raises InputError: if it is none, or is damaged.
        """
        from .ensemble_folder import read_folder

        return read_folder(Path(folder))

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<Ensemble: {len(self)} realizations of {len(self.records)} stations by "
            f"{p['method']}, "
            f"corner {p['corner_hz']:g} Hz, seed {p['seed']}>"
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
