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
from .channels import Codes
from .fdsn_client import USER, BoundedClient, check_address
from .metadata import Metadata
from .sds import cut
from .source import Item, Source
from .times import Times, Window, event_from

Result = TypeVar("Result")


@dataclass(frozen=True)
class FDSNSource(Source):
    """What a service has: an item is a station in a window, with its responses.

    :param address: URL or name of the service.
    :param codes: which streams.
    :param times: which windows: one, or one around each event of the metadata's file or, with
        ``min_magnitude``, of the service.
    :param min_magnitude: ask the service for the events of this size between start and end.
    :param within_km: take stations to this distance from the epicentre only.
    :param timeout: s that one answer may take.
    :param largest: bytes of one answer.
    """

    kind: ClassVar[str] = "FDSN"
    address: str
    codes: Codes = field(default_factory=Codes)
    times: Times = field(default_factory=Times)
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
        found = False
        for window in windows:
            for (network, station), place in stations.items():
                if self._near(window, place):
                    found = True
                    yield Item(
                        f"{network}.{station}@{window.start.strftime('%Y%m%dT%H%M%S')}",
                        {
                            "network": network,
                            "station": station,
                            "start": str(window.start),
                            "end": str(window.end),
                            "event": window.event,
                        },
                    )
        if not found:
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

    def _stations(self, windows: list[Window]) -> dict[tuple[str, str], tuple[float, float]]:
        """Coordinates by network and station, sorted."""
        found: Inventory = self._ask(
            lambda: self.client.get_stations(
                **self._asked(),
                starttime=windows[0].start,
                endtime=max(window.end for window in windows),
                level="station",
            ),
            "stations",
        )
        places = {
            (network.code, station.code): (station.latitude, station.longitude)
            for network in found
            for station in network
        }
        return dict(sorted(places.items()))

    def _asked(self) -> dict[str, str]:
        """Codes that are not simply all."""
        return {name: value for name, value in asdict(self.codes).items() if value != "*"}

    def _near(self, window: Window, place: tuple[float, float]) -> bool:
        event = window.event
        if self.within_km is None or event is None or event["latitude"] is None:
            return True
        away = gps2dist_azimuth(event["latitude"], event["longitude"], *place)[0]
        return away <= 1000.0 * self.within_km

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        where = item.where
        start, end = UTCDateTime(where["start"]), UTCDateTime(where["end"])
        network, station = where["network"], where["station"]
        stream = self._ask(
            lambda: self.client.get_waveforms(
                network, station, self.codes.location, self.codes.channel, start, end
            ),
            item.key,
        )
        # What was not asked for is no answer.
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
                network=network, station=station, location=self.codes.location,
                channel=self.codes.channel, starttime=start, endtime=end, level="response",
            ),
            f"the responses of {item.key}",
        )  # fmt: skip
        return self.metadata.complete(stream, event_from(where["event"]), inventory)

    def _ask(self, question: Callable[[], Result], what: str) -> Result:
        """:raises InputError: whatever goes wrong."""
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return question()
        except InputError as error:
            raise InputError(f"{what}: {error}") from error
        except Exception as error:  # parsers of ObsPy's raise anything for rubbish
            raise InputError(
                f"{what}: {self.address} answered what cannot be read: {first_line(error)}"
            ) from error

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {
            "kind": self.kind,
            "address": self.address,
            "codes": asdict(self.codes),
            "times": self.times.describe(),
            "min_magnitude": self.min_magnitude,
            "within_km": self.within_km,
            "timeout": self.timeout,
            "largest": self.largest,
            "with_user": bool(os.environ.get(USER)),
            "metadata": self.metadata.describe(),
        }
