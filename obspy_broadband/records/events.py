"""Origin, time and magnitude of an ObsPy Event."""

from __future__ import annotations

import math
from typing import Any

from obspy import UTCDateTime
from obspy.core.event import Event, Origin

#: Magnitude types that are a moment magnitude, by how they are preferred: the USGS's order. Others
#: that begin with "mw" (Mwp, Mw(mB)) estimate it from body waves and come after the moment tensor.
_MOMENT = ("mww", "mw", "mwc", "mwb", "mwr")


def origin_of(event: Event) -> Origin | None:
    """Where and when an event was: what it prefers, or the first that it has."""
    return event.preferred_origin() or (event.origins[0] if event.origins else None)


def origin_time(event: Event | None) -> UTCDateTime | None:
    """When an event was, if that is known. Of a CMTSOLUTION that is the centroid time."""
    origin = None if event is None else origin_of(event)
    return None if origin is None else origin.time


def magnitude_of(event: Event) -> tuple[float, bool] | None:
    """An event's magnitude, and whether it is a moment magnitude; None if it has none.

    A moment magnitude goes before the one that the event prefers: what methods learn from is Mw,
    and catalogues often prefer ML or mb. Without one, the scalar moment of a moment tensor gives
    it (Hanks and Kanamori, 1979; M0 in N m); then the preferred magnitude, then the first.
    """
    preferred = event.preferred_magnitude()
    sizes = [
        (_kind(size), float(size.mag))
        for size in [*([preferred] if preferred else []), *event.magnitudes]
        if size.mag is not None and math.isfinite(size.mag)
    ]
    if preferred and sizes and sizes[0][0] in _MOMENT:
        return sizes[0][1], True
    for kind in _MOMENT:
        for size_kind, mag in sizes:
            if size_kind == kind:
                return mag, True
    moment = _scalar_moment(event)
    if moment is not None:
        return 2.0 / 3.0 * (math.log10(moment) - 9.1), True
    estimated = [mag for kind, mag in sizes if kind.startswith("mw")]
    if estimated:
        return estimated[0], True
    return (sizes[0][1], False) if sizes else None


def _kind(size: Any) -> str:
    return (size.magnitude_type or "").strip().lower()


def _scalar_moment(event: Event) -> float | None:
    """N m, of the focal mechanism that is preferred, or the first that has one."""
    preferred = event.preferred_focal_mechanism()
    for mechanism in [*([preferred] if preferred else []), *event.focal_mechanisms]:
        tensor = mechanism.moment_tensor
        moment = None if tensor is None else tensor.scalar_moment
        if moment is not None and math.isfinite(moment) and moment > 0:
            return float(moment)
    return None


def is_undated(start: UTCDateTime) -> bool:
    """Whether a record begins in the first or last hours around 1970-01-01T00:00.

    There lie simulations whose times are counted from their own zero.
    """
    return abs(start.ns) < 86_400 * 10**9
