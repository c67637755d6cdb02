"""Events as JSON, which items carry to workers, and the phases of their picks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obspy import UTCDateTime
from obspy.core.event import (
    Event,
    Magnitude,
    Origin,
    Pick,
    ResourceIdentifier,
    WaveformStreamID,
)

from ..records.events import magnitude_of, origin_of


def event_to_json(event: Event) -> dict[str, Any] | None:
    """Origin, magnitude and identifier of an event; None without an origin time."""
    origin = origin_of(event)
    if origin is None or origin.time is None:
        return None
    magnitude, is_moment = magnitude_of(event) or (None, False)
    return {
        "id": str(event.resource_id),
        "time": str(origin.time),
        "latitude": origin.latitude,
        "longitude": origin.longitude,
        "depth_m": origin.depth,
        "magnitude": magnitude,
        "magnitude_type": "Mw" if is_moment else None,
    }


def event_from_json(values: Mapping[str, Any] | None) -> Event | None:
    """The event of what :func:`event_to_json` returns."""
    if values is None:
        return None
    origin = Origin(
        time=UTCDateTime(values["time"]), latitude=values["latitude"],
        longitude=values["longitude"], depth=values["depth_m"],
    )  # fmt: skip
    magnitudes = (
        []
        if values["magnitude"] is None
        else [Magnitude(mag=values["magnitude"], magnitude_type=values.get("magnitude_type"))]
    )
    picks = [
        Pick(
            time=UTCDateTime(pick["time"]),
            phase_hint=pick["phase"],
            evaluation_mode=pick["mode"],
            waveform_id=WaveformStreamID(pick["network"], pick["station"]),
        )
        for pick in values.get("picks", ())
    ]
    return Event(
        resource_id=ResourceIdentifier(values["id"]),
        origins=[origin],
        magnitudes=magnitudes,
        picks=picks,
    )


def picks_to_json(event: Event) -> dict[str, list[dict[str, Any]]]:
    """The picks of P and S by station code."""
    picks: dict[str, list[dict[str, Any]]] = {}
    for pick, phase in phases(event):
        code = pick.waveform_id
        if code is not None and code.station_code and pick.time is not None:
            picks.setdefault(code.station_code, []).append(
                {
                    "network": code.network_code or "",
                    "station": code.station_code,
                    "time": str(pick.time),
                    "phase": phase,
                    "mode": pick.evaluation_mode,
                }
            )
    return picks


def phases(event: Event) -> Iterator[tuple[Pick, str]]:
    """Picks whose phase begins with P or S: as the origin's arrival says, else the pick's hint."""
    origin = origin_of(event)
    arrivals = [] if origin is None else origin.arrivals
    names = {str(arrival.pick_id): arrival.phase for arrival in arrivals if arrival.phase}
    for pick in event.picks:
        phase = names.get(str(pick.resource_id)) or pick.phase_hint or ""
        if phase[:1].upper() in ("P", "S"):
            yield pick, phase
