"""Coordinates of stations, from headers or from the epoch of an Inventory at the record's time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from obspy import Inventory, UTCDateTime
from obspy.core.event import Event

from ..errors import InputError, InputWarning
from ..level import spatial_field
from .events import is_undated, origin_time
from .headers import header_number, header_part
from .record import Record

#: Headers of formats that hold the station's and the event's coordinates, as ObsPy names them.
_FORMATS = ("sac", "knet")


def coordinates(
    record: Record, inventory: Inventory | None, event: Event | None = None
) -> tuple[float, float] | None:
    """Latitude and longitude of a record's station.

    From ``stats.coordinates``, SAC's ``stla``, ``stlo`` or K-NET's, then from the Inventory.

    :param event: gives the time of a simulation that has no date, see :func:`station_place`.
    :raises InputError: for what is no place on the Earth.
    """
    stats = record.headers[0]
    in_header = header_part(stats, "coordinates")
    if "latitude" in in_header and "longitude" in in_header:
        return _checked_place(record.id, in_header["latitude"], in_header["longitude"])
    header = header_place(record.id, stats, "st")
    if header is not None or inventory is None:
        return header
    station = station_place((inventory,), stats, origin_time(event))
    return None if station is None else _checked_place(record.id, *station[:2])


def place_km(
    record: Record, inventory: Inventory | None, event: Event | None = None
) -> tuple[float, float, float] | None:
    """Where a station is, km: :func:`coordinates` on the Earth, else in a simulation's own axes.

    Those are ``stats.coordinates.x`` and ``.y``, in m. None if neither is known.

    :raises InputError: see :func:`coordinates`.
    """
    geographic = coordinates(record, inventory, event)
    if geographic is not None:
        x, y, z = spatial_field.place(*geographic)
        return float(x), float(y), float(z)
    local = header_part(record.headers[0], "coordinates")
    try:
        x, y = float(local["x"]) / 1000.0, float(local["y"]) / 1000.0
    except (KeyError, TypeError, ValueError):
        return None
    return (x, y, 0.0) if math.isfinite(x) and math.isfinite(y) else None


def header_place(id: str, stats: Any, which: str) -> tuple[float, float] | None:
    """Latitude and longitude in a SAC or K-NET header.

    :param which: "st", of the station, or "ev", of the event.
    :raises InputError: for what is no place on the Earth.
    """
    for name in _FORMATS:
        header = header_part(stats, name)
        latitude, longitude = (header_number(header.get(f"{which}{axis}")) for axis in ("la", "lo"))
        if latitude is None or longitude is None:
            continue
        # Programs that do not know where the event was leave zeros.
        if which == "ev" and latitude == longitude == 0.0 and not header_number(header.get("evdp")):
            continue
        return _checked_place(id, latitude, longitude)
    return None


def station_place(
    inventories: Iterable[Inventory], stats: Any, time: UTCDateTime | None = None
) -> tuple[float, float, float] | None:
    """Latitude, longitude in degrees and elevation in m of the epoch open at a record's time.

    A channel of the record's location goes before another of the station, and that before the
    station itself. A record or an Inventory without a network code is found by station code, where
    one network alone has it. A simulation without a date (around 1970-01-01) is looked up at
    ``time``, without that in the last epoch. A station of which no epoch was open is not found,
    with a warning: it may have stood elsewhere.

    :param stats: of a trace.
    :param time: the origin time of the event, if it is known.
    """
    stations = list(_stations(inventories, stats))
    if not stations:
        return None
    start, end = stats.starttime, stats.endtime
    if is_undated(start):
        start = end = time
    open_epochs = [station for station in stations if _is_open(station, start, end)]
    if not open_epochs:
        epochs = ", ".join(
            f"{_date(station.start_date)} to {_date(station.end_date)}" for station in stations
        )
        warnings.warn(
            f"The inventory knows {stats.network}.{stats.station} from {epochs}, but not on "
            f"{start.date}: its coordinates are not used. Pass an inventory of that time.",
            InputWarning,
            stacklevel=2,
        )
        return None
    channels = [
        channel
        for station in open_epochs
        for channel in station
        if _is_open(channel, start, end) and (channel.location_code or "") == stats.location
    ]
    same_sensor = [channel for channel in channels if channel.code[:2] == stats.channel[:2]]
    # Of epochs that overlap, the last.
    epoch = max(same_sensor or channels or open_epochs, key=_start_timestamp)
    return float(epoch.latitude), float(epoch.longitude), float(epoch.elevation or 0.0)


def _stations(inventories: Iterable[Inventory], stats: Any) -> Iterator[Any]:
    by_network: dict[str, list[Any]] = {}
    for inventory in inventories:
        for network in inventory:
            for station in network:
                if station.code == stats.station:
                    by_network.setdefault(network.code or "", []).append(station)
    if stats.network in by_network:
        yield from by_network[stats.network]
    elif not stats.network and len(by_network) == 1:
        yield from next(iter(by_network.values()))
    elif not stats.network and by_network:
        warnings.warn(
            f"{stats.station} has no network code, and the inventory knows it in "
            f"{', '.join(sorted(by_network))}: its coordinates are not used. Set stats.network.",
            InputWarning,
            stacklevel=2,
        )
    elif "" in by_network:
        yield from by_network[""]


def _is_open(epoch: Any, begins: UTCDateTime | None, ends: UTCDateTime | None) -> bool:
    """Whether an epoch shares time with a record; any does if the time is not known."""
    if begins is None or ends is None:
        return True
    return (epoch.start_date is None or epoch.start_date <= ends) and (
        epoch.end_date is None or epoch.end_date >= begins
    )


def _start_timestamp(epoch: Any) -> float:
    return -math.inf if epoch.start_date is None else float(epoch.start_date.timestamp)


def _date(time: UTCDateTime | None) -> str:
    return "..." if time is None else str(time.date)


def _checked_place(id: str, latitude: Any, longitude: Any) -> tuple[float, float]:
    try:
        if abs(float(latitude)) <= 90.0 and abs(float(longitude)) <= 360.0:
            return float(latitude), float(longitude)
    except (TypeError, ValueError):
        pass
    raise InputError(
        f"{id} lies at latitude {latitude!r} and longitude {longitude!r}; degrees from -90 to 90 "
        "and from -360 to 360 are needed, or neither of the two."
    )
