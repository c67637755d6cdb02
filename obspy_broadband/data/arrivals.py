"""P and S of recorded motion: picks of a catalogue or a header, else of an automatic picker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from obspy import UTCDateTime
from obspy.core.event import Event, Pick

from ..records.headers import header_number, header_part
from ..records.record import Record
from ..sources.events import phases

#: An automatic P counts if the motion of the seconds behind it exceeds what is ahead by this factor
#: of amplitude ...
_CONTRAST, _BEHIND, _AHEAD, _GAP = 2.0, 4.0, 10.0, 0.3
#: ... and if distance over travel time lies between these velocities, km/s, give or take s.
_SLOWEST, _FASTEST, _TOLERANCE = 4.0, 14.0, 3.0


@dataclass(frozen=True)
class Arrivals:
    """Arrival times of a record.

    :param p: s after the first sample, or None.
    :param s: likewise.
    :param status: of P: "manual" or "automatic" as the catalogue says, "catalogue" where it does
        not say, "header" (SAC), "estimated" by :func:`estimate`; "" without P.
    """

    p: float | None = None
    s: float | None = None
    status: str = ""


def find_arrivals(record: Record, event: Event | None, origin_time: UTCDateTime | None) -> Arrivals:
    """The event's picks at the station; else SAC's ``a``; else what :func:`estimate` finds.

    S comes from picks, or with an estimated P.

    :param origin_time: to judge an estimated P by its travel time, if it is known.
    """
    picks = {} if event is None else _picks(record, event)
    s = picks["S"].time - record.start if "S" in picks else None
    if "P" in picks:
        status = picks["P"].evaluation_mode or "catalogue"
        return Arrivals(picks["P"].time - record.start, s, str(status))
    first_arrival = sac_time(record, "a")
    if first_arrival is not None:
        return Arrivals(first_arrival - record.start, s, "header")
    p, estimated_s = estimate(record, origin_time)
    return Arrivals(p, s or estimated_s, "" if p is None else "estimated")


def sac_time(record: Record, name: str) -> UTCDateTime | None:
    """A time of SAC's header: ``a``, of the first arrival, or ``o``, of the event."""
    from obspy.io.sac.util import SacError, get_sac_reftime

    sac = header_part(record.headers[0], "sac")
    after_reference = header_number(sac.get(name))
    if after_reference is None:
        return None
    try:
        return get_sac_reftime(sac) + after_reference
    except SacError:
        return None


def _picks(record: Record, event: Event) -> dict[str, Pick]:
    """The first P and the first S within the record, manual ones before automatic ones."""
    stats = record.headers[0]
    end = record.start + record.duration
    candidates: dict[str, list[Pick]] = {}
    for pick, phase in phases(event):
        code = pick.waveform_id
        at_station = (
            code is not None
            and code.station_code == stats.station
            and (code.network_code or stats.network) == stats.network
        )
        if at_station and pick.time is not None and record.start <= pick.time <= end:
            candidates.setdefault(phase[0].upper(), []).append(pick)
    return {
        phase: min(picks, key=lambda pick: (pick.evaluation_mode == "automatic", pick.time.ns))
        for phase, picks in candidates.items()
    }


def estimate(
    record: Record, origin_time: UTCDateTime | None = None
) -> tuple[float | None, float | None]:
    """P and S by autoregressive models and AIC (Akazawa, 2004; ObsPy's ``ar_pick``).

    P is None where the motion behind it does not exceed twice what is ahead of it, as in records
    that were triggered by P, and where its travel time is that of no P wave.

    :return: s after the first sample.
    """
    from obspy.signal.trigger import ar_pick

    rate = record.sampling_rate
    motion = np.ascontiguousarray(
        record.data - record.data.mean(axis=-1, keepdims=True), dtype=np.float32
    )
    motion /= np.abs(motion).max() or 1.0
    lowest, highest = 1.0, min(20.0, 0.4 * rate)
    if highest <= lowest or record.duration < 10.0:
        return None, None
    try:
        p, s = ar_pick(
            *motion, rate, lowest, highest, lta_p=1.0, sta_p=0.1, lta_s=4.0, sta_s=1.0,
            m_p=2, m_s=8, l_p=0.1, l_s=0.2, s_pick=True,
        )  # fmt: skip
    except Exception:  # it refuses what is too short for its windows
        return None, None
    if _contrast(motion, p, rate, lowest, highest) < _CONTRAST:
        return None, None
    distance = record.scenario.distance_km
    if origin_time is not None and distance is not None:
        travel_time = record.start + p - origin_time
        if not (
            distance / _FASTEST - _TOLERANCE <= travel_time <= distance / _SLOWEST + _TOLERANCE
        ):
            return None, None
    return float(p), float(s) if s > p else None


def _contrast(motion: np.ndarray, p: float, rate: float, lowest: float, highest: float) -> float:
    """Amplitude (RMS) of the seconds behind P over that ahead of it; 0 if it cannot be told."""
    from scipy.signal import butter, sosfilt

    filtered = sosfilt(butter(2, (lowest, highest), "bandpass", fs=rate, output="sos"), motion)
    onset = int(p * rate)
    ahead = filtered[:, max(0, onset - int(_AHEAD * rate)) : max(0, onset - int(_GAP * rate))]
    behind = filtered[:, onset : onset + int(_BEHIND * rate)]
    if ahead.shape[-1] < rate or not behind.size:
        return 0.0
    noise = float((ahead**2).mean())
    return float(np.sqrt((behind**2).mean() / noise)) if noise > 0 else np.inf
