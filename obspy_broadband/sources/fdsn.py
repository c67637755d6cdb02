"""FDSN web services: windows of time, or around events, of the stations of a service."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from obspy import Catalog, Inventory, UTCDateTime
from obspy.geodetics import gps2dist_azimuth

from ..errors import InputError, first_line
from ..records.station_data import StationData
from .channel_selection import ChannelSelection
from .event_json import event_from_json
from .fdsn_client import USER, BoundedClient, check_address
from .metadata import Metadata
from .sds import cut
from .source import Item, Source
from .time_windows import TimeSelection, TimeWindow

Result = TypeVar("Result")


@dataclass(frozen=True)
class FDSNSource(Source):
    """What a service has: an item is a station in a window, with its responses.

    :param address: URL or name of the service.
    :param channels: which channels.
    :param times: which windows: one, or one around each event of the metadata's file or, with
        ``min_magnitude``, of the service.
    :param min_magnitude: ask the service for the events of this size between start and end.
    :param within_km: take stations to this distance from the epicentre only.
    :param timeout: s that one answer may take.
    :param largest: bytes of one answer.
    """

    kind: ClassVar[str] = "FDSN"
    address: str
    channels: ChannelSelection = field(default_factory=ChannelSelection)
    times: TimeSelection = field(default_factory=TimeSelection)
    metadata: Metadata = field(default_factory=Metadata)
    min_magnitude: float | None = None
    within_km: float | None = None
    timeout: float = 60.0
    largest: int = 256 * 1024**2
    pauses: tuple[float, ...] = (2.0, 10.0)

    def __post_init__(self) -> None:
        check_address(self.address)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "client"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @cached_property
    def client(self) -> BoundedClient:
        """The service; opened by each worker, no part of the pickle."""
        return BoundedClient(self.address, self.timeout, self.largest, self.pauses)

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        self.metadata.check()
        windows = self.times.windows(self._events())
        stations = self._stations(windows)
        is_empty = True
        for window in windows:
            for (network, station), coordinates in stations.items():
                if self._is_near(window, coordinates):
                    is_empty = False
                    yield Item(
                        f"{network}.{station}@{window.start.strftime('%Y%m%dT%H%M%S')}",
                        {
                            "network": network,
                            "station": station,
                            "start": str(window.start),
                            "end": str(window.end),
                            "event": window.event_at(network, station),
                        },
                    )
        if is_empty:
            raise InputError(f"{self.address} has no station that was asked for.")

    def _events(self) -> Catalog | None:
        if self.min_magnitude is None:
            return self.metadata.catalog
        if self.times.start is None or self.times.end is None:
            raise InputError("To ask the service for events, give --starttime and --endtime.")
        return self._ask(
            lambda: self.client.get_events(
                starttime=self.times.start,
                endtime=self.times.end,
                minmagnitude=self.min_magnitude,
            ),
            "events",
        )

    def _stations(self, windows: list[TimeWindow]) -> dict[tuple[str, str], tuple[float, float]]:
        """Coordinates by network and station, sorted."""
        inventory: Inventory = self._ask(
            lambda: self.client.get_stations(
                **self._selected(),
                starttime=windows[0].start,
                endtime=max(window.end for window in windows),
                level="station",
            ),
            "stations",
        )
        coordinates = {
            (network.code, station.code): (station.latitude, station.longitude)
            for network in inventory
            for station in network
        }
        return dict(sorted(coordinates.items()))

    def _selected(self) -> dict[str, str]:
        """The codes that select, for a query."""
        return {name: value for name, value in asdict(self.channels).items() if value != "*"}

    def _is_near(self, window: TimeWindow, coordinates: tuple[float, float]) -> bool:
        event = window.event
        if self.within_km is None or event is None or event["latitude"] is None:
            return True
        distance = gps2dist_azimuth(event["latitude"], event["longitude"], *coordinates)[0]
        return distance <= 1000.0 * self.within_km

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        locator = item.locator
        start, end = UTCDateTime(locator["start"]), UTCDateTime(locator["end"])
        network, station = locator["network"], locator["station"]
        stream = self._ask(
            lambda: self.client.get_waveforms(
                network, station, self.channels.location, self.channels.channel, start, end
            ),
            item.key,
        )
        # A service may answer with more than it was asked for.
        stream.traces = [
            trace
            for trace in stream
            if (trace.stats.network, trace.stats.station) == (network, station)
        ]
        cut(stream, start, end, item.key)
        for trace in stream:
            # A service gives what was recorded, and StationXML says how that relates to motion.
            trace.stats.units = "counts"
        inventory = self._ask(
            lambda: self.client.get_stations(
                network=network, station=station, location=self.channels.location,
                channel=self.channels.channel, starttime=start, endtime=end, level="response",
            ),
            f"the responses of {item.key}",
        )  # fmt: skip
        return self.metadata.complete(stream, event_from_json(locator["event"]), inventory)

    def _ask(self, request: Callable[[], Result], what: str) -> Result:
        """The answer to a request.

        :raises InputError: whatever goes wrong.
        """
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return request()
        except InputError as error:
            raise InputError(f"{what}: {error}") from error
        except Exception as error:  # parsers of ObsPy's raise anything for rubbish
            raise InputError(
                f"{what}: {self.address} answered what cannot be read: {first_line(error)}"
            ) from error

    @property
    def label(self) -> str:
        """See :attr:`obspy_broadband.sources.source.Source.label`."""
        return f"FDSN {self.address}"

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {
            "kind": self.kind,
            "address": self.address,
            "codes": asdict(self.channels),
            "times": self.times.describe(),
            "min_magnitude": self.min_magnitude,
            "within_km": self.within_km,
            "timeout": self.timeout,
            "largest": self.largest,
            "with_user": bool(os.environ.get(USER)),
            "metadata": self.metadata.describe(),
        }
