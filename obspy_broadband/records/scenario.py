"""The scenario of a record: magnitude, distances, depth, Vs30, in the order of precedence."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any

from obspy import Inventory
from obspy.core.event import Event

from ..errors import InputError, InputWarning
from ..method.contract import Scenario
from .events import magnitude_of, origin_of
from .headers import header_number, header_part
from .places import coordinates, header_place, place_km
from .record import Record, station_code
from .station_data import StationData

#: One value for all stations, or one for each station code ("AQK" or "IT.AQK").
ScenarioValue = float | Mapping[str, float | None] | None

#: The argument that gives each part of a scenario.
ARGUMENTS = {
    "magnitude": "magnitude",
    "distance_km": "distance",
    "depth_km": "depth",
    "vs30_m_s": "vs30",
    "rupture_distance_km": "rupture_distance",
}
#: Where ``stats`` may hold a quantity.
_STATS = {
    "magnitude": ("magnitude", "mag"),
    "distance_km": ("distance_km",),
    "depth_km": ("depth_km",),
    "vs30_m_s": ("vs30_m_s", "vs30"),
    "rupture_distance_km": ("rupture_distance_km",),
}
#: SAC's ``imagtyp`` of magnitudes that are no moment magnitude: mb, Ms, ML, Md.
_NOT_MOMENT = (52, 53, 54, 56)
#: The deepest earthquakes, km.
_DEEPEST = 800.0
#: A depth in a SAC header that exceeds this many km may be in metres.
_USUAL_DEPTH = 100.0
#: Location code that Instaseis and Syngine give by default.
_INSTASEIS = "SE"
#: km from which on the epicentral distance is within 5 % of the hypocentral one, for depths to
#: 15 km.
_FAR_KM = 50.0


def find_scenario(
    record: Record,
    magnitude: ScenarioValue = None,
    distance: ScenarioValue = None,
    depth: ScenarioValue = None,
    vs30: ScenarioValue = None,
    inventory: Inventory | None = None,
    event: Event | None = None,
    rupture_distance: ScenarioValue = None,
    table: Scenario | None = None,
) -> Scenario:
    """The scenario of one record: argument before table, table before header, header before Event
    and Inventory.

    A moment magnitude of the event goes before a header's that is said to be another one (SAC's
    ``imagtyp``, K-NET's, ``stats.local_magnitude``). The hypocentral distance is computed from the
    epicentral one (SAC's ``dist``, ObsPy's ``stats.distance``, ``stats.epicentral_distance_km``, or
    the coordinates of event and station) and the depth. A rupture distance that is given or noted,
    without a hypocentral one beside it, goes before what is computed.

    :param magnitude: moment magnitude.
    :param distance: hypocentral distance in km.
    :param depth: km.
    :param vs30: m/s.
    :param rupture_distance: closest distance to the rupture, km.
    :param table: what a table says of the station.
    :raises InputError: for a value out of range, a hypocentral distance below the depth, or a
        mapping that lacks the station.
    """
    arguments = (magnitude, distance, depth, vs30, rupture_distance)
    values = {
        name: _from_argument(record, argument, argument_value)
        for (name, argument), argument_value in zip(ARGUMENTS.items(), arguments)
    }
    if table is not None:
        for name in ARGUMENTS:
            if values[name] is None:
                is_hypocentral = name == "distance_km"
                values[name] = (
                    table.hypocentral_distance_km if is_hypocentral else getattr(table, name)
                )
    has_rupture_distance = values["rupture_distance_km"] is not None
    for name in ARGUMENTS:
        if values[name] is None and not (name == "distance_km" and has_rupture_distance):
            values[name] = _from_stats(record, name)
    if values["magnitude"] is None:
        values["magnitude"] = _magnitude(record, event)
    if values["depth_km"] is None:
        values["depth_km"] = _depth(record, event, inventory)
    is_computed = values["distance_km"] is None and values["rupture_distance_km"] is None
    if is_computed:
        values["distance_km"] = _hypocentral(record, values["depth_km"], event, inventory)
    scenario = Scenario(**values)
    if not is_computed:
        check_distance(scenario, record.id)
    return scenario


def describe(
    record: Record,
    data: StationData,
    arguments: Mapping[str, ScenarioValue],
    locate: bool = False,
) -> Record:
    """The record with its scenario and, with ``locate``, its place.

    :param data: what was read with it.
    :param arguments: of :func:`find_scenario`, by name.
    :raises InputError: see :func:`find_scenario`.
    """
    code = station_code(record)
    scenario = find_scenario(
        record,
        **arguments,
        inventory=data.inventory,
        event=data.event,
        table=data.scenarios.get(code),
    )
    place = place_km(record, data.inventory, data.event) if locate else None
    return dataclasses.replace(record, scenario=scenario, place_km=place)


def check_distance(scenario: Scenario, id: str = "") -> None:
    """Refuse a hypocentral distance that is below the depth, but for rounding.

    :param id: of the record, for the message.
    :raises InputError: with both values.
    """
    distance, depth = scenario.hypocentral_distance_km, scenario.depth_km
    if distance is not None and depth is not None and distance < 0.98 * depth - 0.1:
        of = f" of {id}" if id else ""
        raise InputError(
            f"The hypocentral distance{of} is {distance:g} km, but the depth is {depth:g} km: the "
            "hypocentre is nearer than it is deep. A distance to the rupture is rupture_distance="
            " (--set rupture_distance=, rupture_distance_km); of an epicentral one, pass "
            f"sqrt(distance² + depth²) = {math.hypot(distance, depth):.4g} km."
        )


def _from_argument(record: Record, argument: str, value: ScenarioValue) -> float | None:
    if value is None or not isinstance(value, Mapping):
        return _number(record, argument, value)
    network, station = (record.headers[0][name] for name in ("network", "station"))
    for code in (f"{network}.{station}", station):
        if code in value:
            return _number(record, argument, value[code])
    raise InputError(
        f"{argument}= has no value for station {network}.{station}. Its keys must be station codes "
        f"('{station}' or '{network}.{station}'); give None for a station where it is not known."
    )


def _from_stats(record: Record, name: str) -> float | None:
    stats = record.headers[0]
    for key in _STATS[name]:
        if stats.get(key) is not None:
            return _number(record, name, stats[key])
    return None


def _number(record: Record, name: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} of {record.id} is {value!r}; a number is needed.") from error


def _magnitude(record: Record, event: Event | None) -> float | None:
    """Header before event, unless only the event's is a moment magnitude."""
    stats = record.headers[0]
    sac, knet = (header_part(stats, name) for name in ("sac", "knet"))
    in_header = header_number(sac.get("mag"))
    is_moment = in_header is not None and sac.get("imagtyp") not in _NOT_MOMENT
    for local in (knet.get("mag"), stats.get("local_magnitude")):  # JMA's, ESM's
        in_header = header_number(local) if in_header is None else in_header
    of_event = None if event is None else magnitude_of(event)
    if of_event is None or (in_header is not None and (is_moment or not of_event[1])):
        return in_header
    return of_event[0]


def _depth(record: Record, event: Event | None, inventory: Inventory | None) -> float | None:
    stats = record.headers[0]
    in_header = header_number(header_part(stats, "sac").get("evdp"))
    if in_header is not None:
        return in_header / 1000.0 if _is_metres(record, in_header, event, inventory) else in_header
    in_header = header_number(header_part(stats, "knet").get("evdp"))
    if in_header is not None or event is None:
        return in_header
    origin = origin_of(event)
    return None if origin is None or origin.depth is None else origin.depth / 1000.0


def _is_metres(
    record: Record, evdp: float, event: Event | None, inventory: Inventory | None
) -> bool:
    """Whether SAC's ``evdp`` is in m: by SAC's definition it is in km, in older manuals in m.

    Instaseis and Syngine write m, and "InstSeis" into ``kuser0`` (krischer/instaseis,
    server/util.py). What is deeper than any earthquake is in m. Between 100 and 800 it may be
    either: m with Instaseis's location code, and where the epicentre is nearer than a tenth of
    that depth, since records of such deep earthquakes come from farther away.
    """
    stats = record.headers[0]
    if str(stats.sac.get("kuser0", "")).strip() == "InstSeis" or evdp > _DEEPEST:
        return True
    if evdp <= _USUAL_DEPTH:
        return False
    epicentral = _epicentral(record, event, inventory)
    near = epicentral is not None and epicentral < 0.1 * evdp
    is_metres = near or stats.location == _INSTASEIS
    if is_metres or evdp > 300.0:
        unit, other = ("m", f"{evdp:g}") if is_metres else ("km", f"{evdp / 1000:g}")
        warnings.warn(
            f"evdp of the SAC headers is {evdp:g}, taken as {unit}. If it is "
            f"{'km' if is_metres else 'm'}, pass depth={other}.",
            InputWarning,
            stacklevel=2,
        )
    return is_metres


def _hypocentral(
    record: Record, depth: float | None, event: Event | None, inventory: Inventory | None
) -> float | None:
    """From the epicentral distance and the depth; km."""
    epicentral = _epicentral(record, event, inventory)
    if epicentral is None:
        return None
    if depth is None and epicentral < _FAR_KM:
        warnings.warn(
            "The depth of the earthquake is not known: the epicentral distance is taken for the "
            f"hypocentral one, also below {_FAR_KM:g} km. Pass depth= in km.",
            InputWarning,
            stacklevel=2,
        )
    return math.hypot(epicentral, depth or 0.0)


def _epicentral(record: Record, event: Event | None, inventory: Inventory | None) -> float | None:
    """km: what the header says, else from coordinates in the header, else from the event's."""
    stats = record.headers[0]
    for key, factor in (("epicentral_distance_km", 1.0), ("distance", 1e-3)):  # ObsPy's is in m
        if stats.get(key) is not None:
            return factor * float(_number(record, key, stats[key]) or 0.0)
    station = coordinates(record, inventory, event)
    epicentre = header_place(record.id, stats, "ev")
    in_header = header_number(header_part(stats, "sac").get("dist"))
    if in_header is not None:
        _warn_if_distances_differ(
            record, in_header, epicentre, header_place(record.id, stats, "st")
        )
        return in_header
    origin = None if epicentre or event is None else origin_of(event)
    if origin is not None and origin.latitude is not None and origin.longitude is not None:
        epicentre = (origin.latitude, origin.longitude)
    return None if station is None or epicentre is None else _distance_km(epicentre, station)


def _warn_if_distances_differ(record: Record, dist: float, source: Any, site: Any) -> None:
    if source is None or site is None:
        return
    computed = _distance_km(source, site)
    if abs(dist - computed) > 1.0 + 0.1 * computed:
        warnings.warn(
            f"The SAC header of {record.id} says dist = {dist:g} km, its coordinates "
            f"{computed:.4g} km. dist is used; pass distance= (hypocentral) if it is wrong.",
            InputWarning,
            stacklevel=2,
        )


def _distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    from obspy.geodetics import gps2dist_azimuth

    return float(gps2dist_azimuth(*a, *b)[0]) / 1000.0
