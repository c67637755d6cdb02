"""What a user knows beside the waveforms: StationXML, QuakeML, a CSV, an origin of coordinates."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from obspy import Catalog, Inventory, Stream
from obspy.core import AttribDict
from obspy.core.event import Event

from ...errors import InputError
from ...io.stations import place
from ...method import Scenario
from ...scenarios import origin_of
from ..source import Loaded
from . import xml
from .scenarios import Known, read_table

#: A record belongs to the last event that began at most so long before it, s.
_EARLIEST = 600.0


@dataclass(frozen=True)
class Metadata:
    """Files of metadata, read when first needed, by each worker for itself.

    :param inventories: StationXML.
    :param events: QuakeML.
    :param scenarios: CSV, see :mod:`obspy_broadband.archive.sources.scenarios`.
    :param origin: latitude and longitude of x = y = 0, for stations that have only x and y.
    """

    inventories: tuple[str, ...] = ()
    events: str | None = None
    scenarios: str | None = None
    origin: tuple[float, float] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def files(self) -> tuple[str, ...]:
        """All of them, which are no waveforms."""
        return (*self.inventories, *(name for name in (self.events, self.scenarios) if name))

    @cached_property
    def inventory(self) -> Inventory | None:
        """All StationXML together.

        :raises InputError: for a file that is none.
        """
        found: Inventory | None = None
        for name in self.inventories:
            one = xml.inventory(xml.read_file(name), name)
            found = one if found is None else found + one
        return found

    @cached_property
    def catalog(self) -> Catalog | None:
        """The events.

        :raises InputError: for a file that is none, or empty.
        """
        if self.events is None:
            return None
        found = xml.catalog(xml.read_file(self.events), self.events)
        if not len(found):
            raise InputError(f"{self.events} holds no event.")
        return found

    @cached_property
    def table(self) -> dict[str, Known]:
        """The CSV; empty if there is none.

        :raises InputError: for a file that is none.
        """
        return {} if self.scenarios is None else read_table(self.scenarios)

    def describe(self) -> dict[str, Any]:
        """What was given, as JSON."""
        return {
            "inventories": list(self.inventories),
            "events": self.events,
            "scenarios": self.scenarios,
            "origin": None if self.origin is None else list(self.origin),
        }

    def check(self) -> None:
        """Read everything once.

        :raises InputError: for a file that cannot be used, before any work begins.
        """
        _ = self.inventory, self.catalog, self.table

    def complete(
        self, stream: Stream, event: Event | None = None, inventory: Inventory | None = None
    ) -> Loaded:
        """Put beside a Stream what is known of it.

        Coordinates go into ``stats.coordinates``; the Inventory is passed on where it has
        responses, since with one, traces of unknown units are taken for counts.

        :param event: if the source knows it; else by time from the file.
        :param inventory: if the source knows it, beside the user's.
        """
        known: dict[str, Scenario] = {}
        responses: Inventory | None = None
        for network, station in dict.fromkeys(
            (trace.stats.network, trace.stats.station) for trace in stream
        ):
            told = self.table.get(f"{network}.{station}") or self.table.get(station)
            if told is not None:
                known[f"{network}.{station}"] = told.scenario
            selected = [
                one.select(network=network or None, station=station)
                for one in (inventory, self.inventory)
                if one is not None
            ]
            for one in selected:
                if _has_response(one):
                    responses = one if responses is None else responses + one
            for trace in stream:
                if (trace.stats.network, trace.stats.station) == (network, station):
                    self._locate(trace.stats, told, selected)
        if event is None and self.catalog is not None:
            event = event_of(self.catalog, stream)
        return Loaded(stream, responses, event, known)

    def _locate(self, stats: Any, told: Known | None, inventories: Iterable[Inventory]) -> None:
        have = dict(stats.get("coordinates", {}))
        if told is not None and told.place is not None:
            have["latitude"], have["longitude"] = told.place
        elif "latitude" not in have or "longitude" not in have:
            for station in (sta for one in inventories for net in one for sta in net):
                have |= {"latitude": station.latitude, "longitude": station.longitude}
                have["elevation"] = station.elevation
                break
            else:
                if self.origin is None or not {"x", "y"} <= set(have):
                    return
                have["latitude"], have["longitude"], _ = place(stats.station, have, self.origin)
        stats.coordinates = AttribDict(have)


def _has_response(inventory: Inventory) -> bool:
    return any(
        channel.response is not None and channel.response.response_stages
        for network in inventory
        for station in network
        for channel in station
    )


def event_of(catalog: Catalog, stream: Stream) -> Event | None:
    """The event a Stream is of: the only one, or the last that began before the Stream's end."""
    if len(catalog) == 1:
        return catalog[0]
    begins, ends = (
        min(trace.stats.starttime for trace in stream),
        max(trace.stats.endtime for trace in stream),
    )
    found = [
        (origin.time, number)
        for number, event in enumerate(catalog)
        for origin in [origin_of(event)]
        if origin is not None and origin.time and begins - _EARLIEST <= origin.time <= ends
    ]
    return catalog[max(found)[1]] if found else None
