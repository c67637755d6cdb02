"""Metadata beside the waveforms: stations, events, a scenario table, an origin of coordinates."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from obspy import Catalog, Inventory, Stream, Trace
from obspy.core import AttribDict
from obspy.core.event import Event

from ..errors import InputError
from ..io import xml
from ..io.stations import place
from ..method.contract import Scenario
from ..records.events import origin_of, origin_time
from ..records.headers import header_part
from ..records.places import header_place, station_place
from ..records.station_data import StationData
from .scenario_table import StationRow, find_row, read_table

#: A record belongs to the last event that began at most so long before it, s.
_EARLIEST = 600.0


@dataclass(frozen=True)
class Metadata:
    """Files of metadata, read when first needed, by each worker for itself.

    :param inventories: StationXML, or other files of stations that ObsPy reads.
    :param events: QuakeML, CMTSOLUTION or another file of events that ObsPy reads.
    :param scenarios: CSV, see :mod:`obspy_broadband.sources.scenario_table`.
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
        """The stations of all files together.

        :raises InputError: for a file that is none.
        """
        return xml.all_stations(self.inventories)

    @cached_property
    def catalog(self) -> Catalog | None:
        """The events.

        :raises InputError: for a file that is none, or empty.
        """
        if self.events is None:
            return None
        catalog = xml.events(self.events)
        if not len(catalog):
            raise InputError(f"{self.events} holds no event.")
        return catalog

    @cached_property
    def table(self) -> dict[str, StationRow]:
        """The CSV; empty if there is none.

        :raises InputError: for a file that is none.
        """
        return {} if self.scenarios is None else read_table(self.scenarios)

    def describe(self) -> dict[str, Any]:
        """Names of the files, as JSON."""
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

    def unused_table(self, stations: Iterable[str]) -> str | None:
        """A sentence, if the CSV has none of the stations that were read.

        :param stations: network.station.location.channel; read until one is found.
        """
        if self.scenarios is None:
            return None
        codes = []
        for id in stations:
            network, rest = id.split(".", 1)
            station = rest.rsplit(".", 2)[0]  # which may have dots of its own
            if find_row(self.table, network, station) is not None:
                return None
            codes.append(f"{network}.{station}")
        if not codes:
            return None
        return (
            f"{self.scenarios} has none of the {len(set(codes))} stations that were read: it says "
            f"{', '.join(list(self.table)[:3])}, ..., the records {', '.join(codes[:3])}, ... Its "
            "values were not used. Write station codes as NET.STA or STA; `obb scenarios` writes "
            "a table with those of the records."
        )

    def complete(
        self, stream: Stream, event: Event | None = None, inventory: Inventory | None = None
    ) -> StationData:
        """A Stream with its stations, its event and its scenarios.

        Coordinates go into ``stats.coordinates``: of the station's epoch that was open then, see
        :func:`obspy_broadband.records.places.station_place`. What the Inventories say of the
        stations is passed on.

        :param event: if the source knows it; else by time from the file.
        :param inventory: if the source knows it, beside the user's.
        """
        if event is None and self.catalog is not None:
            event = event_of(self.catalog, stream)
        inventories = [each for each in (inventory, self.inventory) if each is not None]
        scenarios: dict[str, Scenario] = {}
        stations: Inventory | None = None
        for network, station in dict.fromkeys(
            (trace.stats.network, trace.stats.station) for trace in stream
        ):
            row = find_row(self.table, network, station)
            if row is not None:
                scenarios[f"{network}.{station}"] = row.scenario
            for each in inventories:
                selected = each.select(network=network or None, station=station)
                if len(selected):
                    stations = selected if stations is None else stations + selected
            for trace in stream:
                if (trace.stats.network, trace.stats.station) == (network, station):
                    self._locate(trace, row, inventories, event)
        return StationData(stream, stations, event, scenarios)

    def _locate(
        self,
        trace: Trace,
        row: StationRow | None,
        inventories: list[Inventory],
        event: Event | None,
    ) -> None:
        stats = trace.stats
        coordinates = dict(header_part(stats, "coordinates"))
        if row is not None and row.place is not None:
            coordinates["latitude"], coordinates["longitude"] = row.place
        elif "latitude" not in coordinates or "longitude" not in coordinates:
            of_header = header_place(trace.id, stats, "st")
            geographic = of_header or station_place(inventories, stats, origin_time(event))
            if geographic is not None:
                coordinates |= dict(zip(("latitude", "longitude", "elevation"), geographic))
            elif self.origin is not None and {"x", "y"} <= set(coordinates):
                latitude, longitude, _ = place(stats.station, coordinates, self.origin)
                coordinates |= {"latitude": latitude, "longitude": longitude}
            else:
                return
        stats.coordinates = AttribDict(coordinates)


def event_of(catalog: Catalog, stream: Stream) -> Event | None:
    """The event a Stream is of: the only one, or the last that began before the Stream's end."""
    if len(catalog) == 1:
        return catalog[0]
    begins, ends = (
        min(trace.stats.starttime for trace in stream),
        max(trace.stats.endtime for trace in stream),
    )
    candidates = [
        (origin.time, number)
        for number, event in enumerate(catalog)
        for origin in [origin_of(event)]
        if origin is not None and origin.time and begins - _EARLIEST <= origin.time <= ends
    ]
    return catalog[max(candidates)[1]] if candidates else None
