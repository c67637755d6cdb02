"""Records of a source's items, with the columns of a training store."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from obspy import UTCDateTime
from obspy.core.event import Event

from ..errors import InputError, InputWarning, first_line
from ..records.events import is_undated, origin_of
from ..records.headers import header_part
from ..records.places import header_place
from ..records.record import Record, read_records, station_code
from ..records.scenario import describe
from ..records.station_data import StationData
from ..sources.source import Item, Source
from .picks import find_arrivals, sac_time

#: An event may have begun so long before a record, s.
_EARLIEST = 600.0
#: An identifier that ObsPy drew because the file had none: another one at every reading.
_DRAWN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Columns that are numbers, so that a shard without any has them as such, too.
_NUMBERS = (
    *("origin_time", "origin_latitude", "origin_longitude", "begin", "magnitude", "distance_km"),
    *("read_begin", "read_end", "depth_km", "vs30_m_s", "rate", "p_sample", "s_sample"),
)


@dataclass(frozen=True)
class SourceRecords:
    """The records of items.

    :param table: one row a record, the columns of a store, ``rate`` and ``quantity`` for cleaning,
        and ``begin``, the time of the first sample, ``read_begin`` and ``read_end``, s since 1970,
        NaN of what has no date.
    :param motions: (3, samples) each, Z, N, E, m/s², float32.
    :param left_out: what is not used: item or record, a short reason to count, and all of it.
    :param warnings: assumptions that were warned of, each once.
    """

    table: pd.DataFrame
    motions: list[np.ndarray] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_items(
    source: Source,
    items: Sequence[Item],
    units: str | None = None,
    licence: str = "unknown",
    attribution: str = "",
) -> SourceRecords:
    """Read items one after another; what cannot be used is left out with its reason.

    :param units: what the numbers are, as for :func:`obspy_broadband.enrich`.
    :param licence: of all records; ``attribution`` likewise.
    """
    rows: list[dict[str, Any]] = []
    motions: list[np.ndarray] = []
    left_out: list[tuple[str, str, str]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for item in items:
            try:
                data = source.read(item)
                records, refusals = read_records(data.stream, units, data.inventory)
            except Exception as error:  # an item never brings down a run
                left_out.append((item.key, "unreadable", _message(error)))
                continue
            left_out += [(item.key, "unusable", refusal.reason) for refusal in refusals]
            for record in records:
                try:
                    row = _row(describe(record, data, {}), data)
                except Exception as error:
                    left_out.append((item.key, "unusable", _message(error)))
                    continue
                if "reason" in row:
                    left_out.append((f"{item.key}: {record.id}", row["reason"], row["reason"]))
                    continue
                rows.append({"record": f"{source.label}:{item.key}:{record.id}", **row})
                motion = record.data - record.data.mean(axis=-1, keepdims=True)
                motions.append(motion.astype(np.float32))
    constant = {"source": source.label, "split": "", "unit": "mps2", "quantity": "acceleration"}
    table = pd.DataFrame(rows, columns=None if rows else ["record", "event", *_NUMBERS])
    table = table.assign(**constant, licence=licence, attribution=attribution, from_source=True)
    assumed = [str(item.message) for item in caught if issubclass(item.category, InputWarning)]
    return SourceRecords(
        table.astype(dict.fromkeys(_NUMBERS, float)),
        motions,
        left_out,
        list(dict.fromkeys(assumed)),
    )


def _message(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    return f"Unexpected {type(error).__name__}: {first_line(error)}"


def _row(record: Record, data: StationData) -> dict[str, Any]:
    """The columns of one record, or the reason for which it is left out."""
    if len(record.rows) < 3:
        return {"reason": "fewer than three components"}
    dated = not is_undated(record.start)
    time, epicentre = _origin(record, data.event)
    end = record.start + record.duration
    if dated and time is not None and not record.start - _EARLIEST <= time <= end:
        return {"reason": "its event is of another time"}
    event = _event_name(time, epicentre, data.event)
    if not event and not dated:
        return {"reason": "neither an event nor a date"}
    arrivals = find_arrivals(record, data.event, time if dated else None)
    if arrivals.p is None or not 0.0 <= arrivals.p <= record.duration:
        return {"reason": "no P"}
    rate, scenario = record.sampling_rate, record.scenario
    latitude, longitude = epicentre or (None, None)
    return {
        "event": event,
        "sequence": event,
        "station": station_code(record),
        "origin_time": None if time is None else float(time.timestamp),
        "origin_latitude": latitude,
        "origin_longitude": longitude,
        "begin": float(record.start.timestamp) if dated else None,
        "read_begin": float(record.start.timestamp) if dated else None,
        "read_end": float(end.timestamp) if dated else None,
        "start": str(record.start) if dated else "",
        "magnitude": scenario.magnitude,
        "distance_km": scenario.distance_km,
        "depth_km": scenario.depth_km,
        "vs30_m_s": scenario.vs30_m_s,
        "rate": rate,
        "p_status": arrivals.status,
        "p_sample": arrivals.p * rate,
        "s_sample": None if arrivals.s is None else arrivals.s * rate,
    }


def _origin(
    record: Record, event: Event | None
) -> tuple[UTCDateTime | None, tuple[float, float] | None]:
    """Origin time and epicentre: of the event, else of SAC's or K-NET's header."""
    origin = None if event is None else origin_of(event)
    if origin is not None and origin.time is not None:
        has_place = origin.latitude is not None and origin.longitude is not None
        return origin.time, (origin.latitude, origin.longitude) if has_place else None
    stats = record.headers[0]
    time = sac_time(record, "o") or header_part(stats, "knet").get("evot")
    epicentre = header_place(record.id, stats, "ev")
    return (time if isinstance(time, UTCDateTime) else None), epicentre


def _event_name(
    time: UTCDateTime | None, epicentre: tuple[float, float] | None, event: Event | None
) -> str:
    """Origin time and epicentre; without a time the event's identifier; "" if there is neither."""
    if time is not None:
        return str(time) + ("" if epicentre is None else " {:.3f} {:.3f}".format(*epicentre))
    name = "" if event is None else str(event.resource_id)
    return "" if _DRAWN_ID.search(name) else name
