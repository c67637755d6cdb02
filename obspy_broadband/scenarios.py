"""What is known of event and site, from arguments, headers, an Event and an Inventory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obspy import Inventory
from obspy.core.event import Event, Origin

from .errors import InputError
from .method import Scenario
from .record import Record

#: One value for all stations, or one for each station code ("AQK" or "IT.AQK").
Given = float | Mapping[str, float] | None

#: Where ``stats`` may hold a quantity. ObsPy's own ``stats.distance`` is in metres.
_STATS = {
    "magnitude": (("magnitude", 1.0), ("mag", 1.0)),
    "distance_km": (("distance_km", 1.0), ("distance", 1e-3)),
    "depth_km": (("depth_km", 1.0),),
    "vs30_m_s": (("vs30_m_s", 1.0), ("vs30", 1.0)),
}
_SAC = {"magnitude": "mag", "depth_km": "evdp", "distance_km": "dist"}


def find_scenario(
    record: Record,
    magnitude: Given = None,
    distance: Given = None,
    depth: Given = None,
    vs30: Given = None,
    inventory: Inventory | None = None,
    event: Event | None = None,
) -> Scenario:
    """The scenario of one record: argument before header, header before Event and Inventory.

    :param magnitude: moment magnitude.
    :param distance: hypocentral (or rupture) distance in km.
    :param depth: km.
    :param vs30: m/s.
    :raises InputError: for a value out of range or a mapping that lacks the station.
    """
    arguments = {
        "magnitude": magnitude,
        "distance_km": distance,
        "depth_km": depth,
        "vs30_m_s": vs30,
    }
    located = _from_event(record, inventory, event)
    values = {}
    for name, given in arguments.items():
        value = _argument(record, name, given)
        if value is None:
            value = _header(record, name)
        values[name] = located.get(name) if value is None else value
    return Scenario(**values)


def _argument(record: Record, name: str, given: Given) -> float | None:
    if given is None or not isinstance(given, Mapping):
        return _number(record, name, given)
    network, station = record.id.split(".")[:2]
    for key in (f"{network}.{station}", station):
        if key in given:
            return _number(record, name, given[key])
    raise InputError(
        f"{name.split('_')[0]}= has no value for station {network}.{station}. Its keys must be "
        "station codes "
        f"('{station}' or '{network}.{station}'); give None for a station where it is not known."
    )


def _header(record: Record, name: str) -> float | None:
    stats = record.headers[0]
    for key, factor in _STATS[name]:
        if stats.get(key) is not None:
            return factor * float(_number(record, name, stats[key]) or 0.0)
    value = stats.get("sac", {}).get(_SAC.get(name, ""))
    return None if value in (None, -12345.0) else _number(record, name, value)


def _number(record: Record, name: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} of {record.id} is {value!r}; a number is needed.") from error


def _from_event(
    record: Record, inventory: Inventory | None, event: Event | None
) -> dict[str, float]:
    if event is None:
        return {}
    if not isinstance(event, Event):
        raise InputError(
            f"event= must be an ObsPy Event, not {type(event).__name__}. From a Catalog, pass "
            "catalog[0]."
        )
    known = {}
    size = event.preferred_magnitude() or (event.magnitudes[0] if event.magnitudes else None)
    if size is not None:
        known["magnitude"] = float(size.mag)
    origin = origin_of(event)
    if origin is None:
        return known
    depth_km = None if origin.depth is None else origin.depth / 1000.0
    if depth_km is not None:
        known["depth_km"] = depth_km
    site = coordinates(record, inventory)
    if site and origin.latitude is not None and origin.longitude is not None:
        from obspy.geodetics import gps2dist_azimuth

        epicentral_m = gps2dist_azimuth(origin.latitude, origin.longitude, *site)[0]
        known["distance_km"] = ((epicentral_m / 1000.0) ** 2 + (depth_km or 0.0) ** 2) ** 0.5
    return known


def origin_of(event: Event) -> Origin | None:
    """Where and when an event was: what it prefers, or the first that it has."""
    return event.preferred_origin() or (event.origins[0] if event.origins else None)


def coordinates(record: Record, inventory: Inventory | None) -> tuple[float, float] | None:
    """Latitude and longitude of a record's station, from its header or an Inventory.

    :raises InputError: for what is no place on the Earth.
    """
    stats = record.headers[0]
    place = stats.get("coordinates", {})
    if "latitude" in place and "longitude" in place:
        return _on_earth(record, place["latitude"], place["longitude"])
    if inventory is None:
        return None
    found = inventory.select(network=stats.network or None, station=stats.station)
    for network in found:
        for station in network:
            return _on_earth(record, station.latitude, station.longitude)
    return None


def _on_earth(record: Record, latitude: Any, longitude: Any) -> tuple[float, float]:
    try:
        if abs(float(latitude)) <= 90.0 and abs(float(longitude)) <= 360.0:
            return float(latitude), float(longitude)
    except (TypeError, ValueError):
        pass
    raise InputError(
        f"{record.id} lies at latitude {latitude!r} and longitude {longitude!r}; degrees from -90 "
        "to 90 and from -360 to 360 are needed, or neither of the two."
    )
