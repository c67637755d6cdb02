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
from .channel_selection import ChannelSelection
from .event_json import event_from_json
from .metadata import Metadata
from .source import Item, Source
from .time_windows import TimeSelection, TimeWindow
from .waveforms import LARGEST, read_waveforms

#: How far a day's samples may reach into the neighbouring day's file, s.
_SPILL = 60.0


@dataclass(frozen=True)
class SDSSource(Source):
    """Windows of an SDS archive; the channels of a station in a window are an item.

    :param root: the archive's folder.
    :param channels: which channels.
    :param times: which windows; with events in the metadata, one around each.
    :param largest: bytes of a day's file; larger ones are skipped.
    """

    kind: ClassVar[str] = "SDS"
    root: str
    channels: ChannelSelection = field(default_factory=ChannelSelection)
    times: TimeSelection = field(default_factory=TimeSelection)
    metadata: Metadata = field(default_factory=Metadata)
    largest: int = LARGEST

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        if not os.path.isdir(self.root):
            raise InputError(f"{self.root} is no folder, so no SDS archive.")
        self.metadata.check()
        is_empty = True
        for window in self.times.windows(self.metadata.catalog):
            for (network, station), streams in sorted(self._streams(window).items()):
                is_empty = False
                files = sorted(file for stream in streams for file in self._files(stream, window))
                yield Item(
                    f"{network}.{station}@{window.start.strftime('%Y%m%dT%H%M%S')}",
                    {
                        "files": files,
                        "start": str(window.start),
                        "end": str(window.end),
                        "event": window.event_at(network, station),
                    },
                    sum(os.path.getsize(file) for file in files),
                )
        if is_empty:
            raise InputError(
                f"The SDS archive {self.root} has no file of "
                f"{'.'.join(asdict(self.channels).values())} in the time given."
            )

    def _streams(self, window: TimeWindow) -> dict[tuple[str, str], list[tuple[str, ...]]]:
        """Streams with a file of the window's days, by network and station."""
        client = Client(self.root)
        streams: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for day in _days(window):
            for codes in client.get_all_nslc(datetime=day):
                if self.channels.matches(*codes):
                    of_station = streams.setdefault(codes[:2], [])
                    if codes not in of_station:
                        of_station.append(codes)
        return streams

    def _files(self, codes: tuple[str, ...], window: TimeWindow) -> list[str]:
        network, station, location, channel = codes
        names = (
            Path(self.root, f"{day.year:04d}", network, station, f"{channel}.D",
                 f"{network}.{station}.{location}.{channel}.D.{day.year:04d}.{day.julday:03d}")
            for day in _days(window)
        )  # fmt: skip
        return [os.path.abspath(name) for name in names if name.is_file()]

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        start, end = UTCDateTime(item.locator["start"]), UTCDateTime(item.locator["end"])
        stream = Stream()
        for file in item.locator["files"]:
            stream += read_waveforms(
                Path(file), "MSEED", self.largest, starttime=start, endtime=end
            )
        cut(stream, start, end, item.key)
        return self.metadata.complete(stream, event_from_json(item.locator["event"]))

    @property
    def label(self) -> str:
        """See :attr:`obspy_broadband.sources.source.Source.label`."""
        return f"SDS {self.root}"

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {
            "kind": self.kind,
            "root": self.root,
            "codes": asdict(self.channels),
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


def _days(window: TimeWindow) -> list[UTCDateTime]:
    day = UTCDateTime((window.start - _SPILL).date)
    days = []
    while day <= window.end + _SPILL:
        days.append(day)
        day += 86400
    return days
