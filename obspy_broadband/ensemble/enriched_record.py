"""One station of an ensemble."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from obspy import Trace, UTCDateTime
from obspy.core import AttribDict


@dataclass(frozen=True)
class EnrichedRecord:
    """One station of an ensemble.

    :param id: network.station.location.channel without the component.
    :param start: time of the first sample.
    :param sampling_rate: Hz.
    :param headers: ``stats`` of each component of the input.
    :param rows: the row (vertical, first, second horizontal) of each component.
    :param low_frequency: (components, samples), m/s²: the method's input.
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
        """Traces with the input's headers.

        :param motion: (components, samples), m/s².
        :param processing: lines for ``stats.processing``.
        :param extra: entries of ``stats.broadband``.
        """
        traces = []
        for header, data in zip(self.headers, motion):
            stats = copy.deepcopy(header)
            stats.sampling_rate = self.sampling_rate
            stats.npts = len(data)
            stats.starttime = self.start
            stats.units = "m/s**2"
            stats.processing = [*(stats.get("processing") or []), *processing]
            if extra:
                stats.broadband = AttribDict(extra)
            traces.append(Trace(np.asarray(data, dtype=float), header=stats))
        return traces

    @property
    def names(self) -> tuple[str, ...]:
        """What the station may be called: its code, with the network, with the location, its id."""
        first = self.headers[0]
        code = f"{first.network}.{first.station}"
        return first.station, code, f"{code}.{first.location}", self.id

    def components(self, rows: Sequence[int]) -> EnrichedRecord:
        """The record with some of its components only, by their positions."""
        return replace(
            self,
            headers=tuple(self.headers[row] for row in rows),
            rows=tuple(self.rows[row] for row in rows),
            low_frequency=self.low_frequency[list(rows)],
            realizations=self.realizations[:, list(rows)],
        )
