"""SDS archives: ``ROOT/YEAR/NET/STA/CHA.D/NET.STA.LOC.CHA.D.YEAR.DAY``, one miniSEED file a day."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from obspy import Stream, UTCDateTime
from obspy.clients.filesystem.sds import Client

from ..errors import InputError
from ..records.station_data import StationData
from .channels import Codes
from .metadata import Metadata
from .source import Item, Source
from .times import Times, Window, event_from
from .waveforms import LARGEST, read_waveforms

#: What of a day's file may lie in the neighbouring day's, s.
_SPILL = 60.0


@dataclass(frozen=True)
class SDSSource(Source):
    """Windows of an SDS archive; the channels of a station in a window are an item.

    :param root: the archive's folder.
    :param codes: which streams.
    :param times: which windows; with events in the metadata, one around each.
    :param largest: bytes of a day's file; larger ones are skipped.
    """

    kind: ClassVar[str] = "SDS"
    root: str
    codes: Codes = field(default_factory=Codes)
    times: Times = field(default_factory=Times)
    metadata: Metadata = field(default_factory=Metadata)
    largest: int = LARGEST

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        if not os.path.isdir(self.root):
            raise InputError(f"{self.root} is no folder, so no SDS archive.")
        self.metadata.check()
        found = False
        for window in self.times.windows(self.metadata.catalog):
            for (network, station), streams in sorted(self._streams(window).items()):
                found = True
                files = sorted(file for stream in streams for file in self._files(stream, window))
                yield Item(
                    f"{network}.{station}@{window.start.strftime('%Y%m%dT%H%M%S')}",
                    {
                        "files": files,
                        "start": str(window.start),
                        "end": str(window.end),
                        "event": window.event,
                    },
                    sum(os.path.getsize(file) for file in files),
                )
        if not found:
            raise InputError(
                f"The SDS archive {self.root} has no file of "
                f"{'.'.join(asdict(self.codes).values())} in the time given."
            )

    def _streams(self, window: Window) -> dict[tuple[str, str], list[tuple[str, ...]]]:
        """Streams with a file of the window's days, by network and station."""
        client = Client(self.root)
        streams: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for day in _days(window):
            for codes in client.get_all_nslc(datetime=day):
                if self.codes.matches(*codes):
                    known = streams.setdefault(codes[:2], [])
                    if codes not in known:
                        known.append(codes)
        return streams

    def _files(self, codes: tuple[str, ...], window: Window) -> list[str]:
        network, station, location, channel = codes
        names = (
            Path(self.root, f"{day.year:04d}", network, station, f"{channel}.D",
                 f"{network}.{station}.{location}.{channel}.D.{day.year:04d}.{day.julday:03d}")
            for day in _days(window)
        )  # fmt: skip
        return [os.path.abspath(name) for name in names if name.is_file()]

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        start, end = UTCDateTime(item.where["start"]), UTCDateTime(item.where["end"])
        stream = Stream()
        for file in item.where["files"]:
            stream += read_waveforms(
                Path(file), "MSEED", self.largest, starttime=start, endtime=end
            )
        cut(stream, start, end, item.key)
        return self.metadata.complete(stream, event_from(item.where["event"]))

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {
            "kind": self.kind,
            "root": self.root,
            "codes": asdict(self.codes),
            "times": self.times.describe(),
            "largest": self.largest,
            "metadata": self.metadata.describe(),
        }


def cut(stream: Stream, start: UTCDateTime, end: UTCDateTime, name: str) -> None:
    """Cut a Stream to a window and join what continues, in place; gaps stay gaps.

    :raises InputError: if nothing is left, or traces of one id do not go together.
    """
    try:
        stream.trim(start, end)
        stream.merge(-1)
    except Exception as error:  # other rates or types under one id
        raise InputError(f"{name} cannot be joined: {error}") from error
    stream.traces = [trace for trace in stream if trace.stats.npts]
    if not stream:
        raise InputError(f"{name} has no data between {start} and {end}.")


def _days(window: Window) -> list[UTCDateTime]:
    day = UTCDateTime((window.start - _SPILL).date)
    days = []
    while day <= window.end + _SPILL:
        days.append(day)
        day += 86400
    return days
