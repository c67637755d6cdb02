"""Positions of stations, and the ObsPy Inventory of a simulation's stations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from obspy import Inventory, Stream
from obspy.core.inventory import Channel, Network, Station

from ..errors import InputError
from ..records.headers import header_part

_EARTH_RADIUS = 6371e3  # m


def inventory(stream: Stream, origin: tuple[float, float] | None = None) -> Inventory:
    """The Inventory of a Stream's stations, from their coordinates.

    :param stream: traces with ``stats.coordinates``: latitude and longitude, or x (east), y (north)
        and z (up) in m.
    :param origin: latitude and longitude of x = y = 0, for stations that have only x and y; good to
        some hundred km.
    :raises InputError: for a trace without coordinates, with x and y where no origin is given, or
        with x and y along a grid whose azimuth is not known.
    """
    networks: dict[str, dict[str, Station]] = {}
    for trace in stream:
        stats = trace.stats
        on_grid = header_part(stats, "simulation").get("axes") == "grid"
        if on_grid and "latitude" not in header_part(stats, "coordinates"):
            raise InputError(
                f"{trace.id} has x and y along a grid whose azimuth is not known; read the file "
                "with azimuth=, the direction of x in degrees from north."
            )
        latitude, longitude, elevation = place(trace.id, header_part(stats, "coordinates"), origin)
        stations = networks.setdefault(stats.network or "XX", {})
        station = stations.setdefault(
            stats.station, Station(stats.station, latitude, longitude, elevation, channels=[])
        )
        channel = Channel(
            stats.channel, stats.location, latitude, longitude, elevation, depth=0.0,
            sample_rate=stats.sampling_rate,
        )  # fmt: skip
        station.channels.append(channel)
    return Inventory(
        [Network(code, stations=list(stations.values())) for code, stations in networks.items()],
        source="obspy-broadband",
    )


def place(
    id: str, coordinates: Mapping[str, Any], origin: tuple[float, float] | None
) -> tuple[float, float, float]:
    """Latitude, longitude in degrees and elevation in m.

    :param coordinates: ``stats.coordinates``.
    :param origin: latitude and longitude of x = y = 0.
    :raises InputError: see :func:`inventory`.
    """
    if {"latitude", "longitude"} <= set(coordinates):
        return coordinates["latitude"], coordinates["longitude"], coordinates.get("elevation", 0.0)
    if not {"x", "y"} <= set(coordinates):
        raise InputError(f"{id} has no coordinates in its stats.")
    if origin is None:
        raise InputError(f"{id} has x and y only; pass origin=(latitude, longitude) of x = y = 0.")
    north = np.rad2deg(coordinates["y"] / _EARTH_RADIUS)
    east = np.rad2deg(coordinates["x"] / (_EARTH_RADIUS * np.cos(np.deg2rad(origin[0]))))
    return origin[0] + north, origin[1] + east, coordinates.get("z", 0.0)


def is_on_earth(latitude: float, longitude: float) -> bool:
    """Whether two numbers are a latitude and a longitude in degrees."""
    return abs(latitude) <= 90.0 and abs(longitude) <= 360.0
