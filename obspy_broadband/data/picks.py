"""P and S of recorded motion: picks of a catalogue or a header, else of an automatic picker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from obspy import UTCDateTime
from obspy.core.event import Event, Pick

from ..records.headers import header_number, header_part
from ..records.record import Record
from ..sources.event_json import phases

#: Hz: below it, the picker's short windows of 0.1 s hold no sample.
_LOWEST_RATE = 10.0
#: An automatic P counts if the motion of the seconds behind it exceeds what is ahead by this factor
#: of amplitude ...
_CONTRAST, _BEHIND, _AHEAD, _GAP = 2.0, 4.0, 10.0, 0.3
#: ... if the amplitude ahead is at most this multiple of the quietest tenth of the record's ...
_QUIET = 4.0
#: ... and if distance over travel time lies between these velocities, km/s, give or take s.
_SLOWEST, _FASTEST, _TOLERANCE = 5.0, 14.0, 3.0


@dataclass(frozen=True)
class Arrivals:
    """Arrival times of a record.

    :param p: s after the first sample, or None.
    :param s: likewise; of a pick only, since S is not picked automatically.
    :param status: of P: "manual" or "automatic" as the catalogue says, "catalogue" where it does
        not say, "header" (SAC), "estimated" by :func:`estimate_p`; "" without P.
    """

    p: float | None = None
    s: float | None = None
    status: str = ""


def find_arrivals(record: Record, event: Event | None, origin_time: UTCDateTime | None) -> Arrivals:
    """The event's picks at the station; without a P SAC's ``a``, else :func:`estimate_p`.

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
    p = estimate_p(record, origin_time)
    return Arrivals(p, s, "" if p is None else "estimated")


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


def estimate_p(record: Record, origin_time: UTCDateTime | None = None) -> float | None:
    """P by autoregressive models and AIC (Akazawa, 2004; ObsPy's ``ar_pick``).

    None where the motion behind it does not exceed twice the noise ahead of it or no noise is
    recorded ahead of it, as in records that P triggered, and where its travel time is that of no P
    wave.

    :return: s after the first sample.
    """
    from obspy.signal.trigger import ar_pick

    rate = record.sampling_rate
    motion = np.ascontiguousarray(
        record.data - record.data.mean(axis=-1, keepdims=True), dtype=np.float32
    )
    peaks = np.abs(motion).max(axis=-1)
    if rate < _LOWEST_RATE or record.duration < 10.0 or not (peaks > 0).all():  # nor NaN
        return None
    lowest, highest = 1.0, min(20.0, 0.4 * rate)
    motion /= peaks.max()
    try:
        p, _ = ar_pick(
            *motion, rate, lowest, highest, lta_p=1.0, sta_p=0.1, lta_s=4.0, sta_s=1.0,
            m_p=2, m_s=8, l_p=0.1, l_s=0.2, s_pick=False,
        )  # fmt: skip
    except Exception:  # it refuses what is too short for its windows
        return None
    if _contrast(motion, p, rate, lowest, highest) < _CONTRAST:
        return None
    distance = record.scenario.distance_km
    if origin_time is not None and distance is not None:
        travel_time = record.start + p - origin_time
        if not (
            distance / _FASTEST - _TOLERANCE <= travel_time <= distance / _SLOWEST + _TOLERANCE
        ):
            return None
    return float(p)


def _contrast(motion: np.ndarray, p: float, rate: float, lowest: float, highest: float) -> float:
    """Amplitude (RMS) of the seconds behind P over that ahead of it.

    0 if nothing is recorded there, or motion: S behind P that triggered the record, not P.
    """
    from scipy.signal import butter, sosfilt

    filtered = sosfilt(butter(2, (lowest, highest), "bandpass", fs=rate, output="sos"), motion)
    onset = int(p * rate)
    ahead = slice(max(0, onset - int(_AHEAD * rate)), max(0, onset - int(_GAP * rate)))
    behind = slice(onset, onset + int(_BEHIND * rate))
    noise, signal = filtered[:, ahead], filtered[:, behind]
    if noise.shape[-1] < rate or not signal.size or not np.ptp(motion[:, ahead], axis=-1).all():
        return 0.0
    second = int(rate)
    seconds = filtered[:, : filtered.shape[-1] // second * second].reshape(3, -1, second)
    quietest = np.percentile((seconds**2).mean(axis=(0, 2)), 10)
    power = (noise**2).mean()
    if power > _QUIET**2 * quietest:
        return 0.0
    return float(np.sqrt((signal**2).mean() / power))
