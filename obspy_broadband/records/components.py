"""Whether traces are the components of one record, and their common time span."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from obspy import Trace

from ..errors import InputError
from .headers import header_number, header_part

SHORTEST, LONGEST = 5.0, 1200.0  #: s
#: Sampling rates that differ by less, as a part of the rate, are one: clocks and rounding.
_SAME_RATE = 1e-5
#: Samples by which a component may begin or end apart from the median of all: rounding of times,
#: one sample more or less.
_APART = 1.5
#: The longest gap that may be filled by interpolation, s: half a period of the corner at 2 Hz.
_SHORT_GAP = 0.25


def check_traces(id: str, traces: Sequence[Trace]) -> None:
    """See that every component is whole.

    :raises InputError: for whatever would make a silent wrong answer.
    """
    by_id: dict[str, list[Trace]] = {}
    for trace in traces:
        by_id.setdefault(trace.id, []).append(trace)
    for id_of_trace, repeated in sorted(by_id.items()):
        if len(repeated) > 1:
            raise InputError(_repeated(id_of_trace, repeated))
    for trace in traces:
        stats, data = trace.stats, trace.data
        if np.ma.isMaskedArray(data):
            if np.ma.is_masked(data):
                longest = max(part.stop - part.start for part in _masked_parts(data)) * stats.delta
                raise InputError(
                    f"{trace.id} has gaps (masked samples), the longest of {longest:.3g} s. "
                    + _gap_advice(longest, "stream.split().merge(fill_value='interpolate')")
                )
            trace.data = data = np.asarray(data)
        if not (np.issubdtype(data.dtype, np.floating) or np.issubdtype(data.dtype, np.integer)):
            raise InputError(f"{trace.id} holds {data.dtype} numbers; real numbers are needed.")
        duration = stats.npts * stats.delta
        if not SHORTEST - 1e-6 <= duration <= LONGEST + 1e-6:
            raise InputError(
                f"{trace.id} is {duration:.3g} s long; records of {SHORTEST:g} to {LONGEST:g} s "
                "can be enriched. Cut it around the event with stream.trim()."
            )
        not_finite = np.count_nonzero(~np.isfinite(data))
        if not_finite:
            raise InputError(
                f"{trace.id} has {not_finite} samples that are NaN or infinite. Remove or "
                "interpolate them."
            )
        if data.min() == data.max():
            raise InputError(
                f"{trace.id} is constant ({data[0]:g}): a dead channel, or a component in which "
                "nothing was computed. Remove the station, or enrich its other components one by "
                "one."
            )


def _repeated(id: str, traces: Sequence[Trace]) -> str:
    """Why one component has several traces, and what would help in that case."""
    ordered = sorted(traces, key=lambda trace: (trace.stats.starttime, trace.stats.endtime))
    begins = f"{id} has {len(traces)} traces"
    units = [str(trace.stats.get("units") or "") for trace in ordered]
    gaps = [
        (later.stats.starttime - earlier.stats.endtime) - earlier.stats.delta
        for earlier, later in pairwise(ordered)
    ]
    if len(set(units)) > 1:
        return (
            f"{begins}, in {', '.join(unit or 'units unknown' for unit in dict.fromkeys(units))}: "
            "several quantities of one motion? Read the files of one of them (of ASDF, one tag: "
            "--read tag=)."
        )
    if min(gaps) < -ordered[0].stats.delta and not ordered[0].stats.channel:
        return (
            f"{begins} of the same time without a channel code: which component is which? Set "
            "trace.stats.channel, e.g. to 'HNZ'; in SAC files kcmpnm, or cmpaz and cmpinc."
        )
    if min(gaps) < -ordered[0].stats.delta:
        return (
            f"{begins} of the same time, which differ: several files, realizations or stations "
            "under one code? Select one, or give them codes of their own."
        )
    if max(gaps) > LONGEST:
        return (
            f"{begins}, the farthest {max(gaps):.0f} s apart: several events? Enrich each by "
            "itself, cut out with stream.slice(starttime, endtime)."
        )
    mending = _gap_advice(max(gaps), "stream.merge(fill_value='interpolate')")
    return f"{begins} with a gap of {max(gaps):.3g} s. {mending}"


def _gap_advice(gap: float, filling: str) -> str:
    """What to do about a gap of so many seconds."""
    if gap <= _SHORT_GAP:
        return f"Fill it with {filling}."
    return "Cut the record to what is whole with stream.trim(); so much cannot be interpolated."


def _masked_parts(data: np.ma.MaskedArray) -> list[slice]:
    return [part for part in np.ma.clump_masked(data) if part.stop > part.start]


def align(id: str, traces: Sequence[Trace]) -> tuple[list[Trace], float]:
    """Components at one rate, cut to the samples that they share.

    :return: the traces, all as long as the first and from its first sample's time to half a
        sample, and the sampling rate in Hz.
    :raises InputError: for rates that differ, or times that differ by more than a sample from the
        median of all.
    """
    rate = _rate(id, traces)
    first = traces[0].stats
    begins = [_nearest((trace.stats.starttime - first.starttime) * rate) for trace in traces]
    ends = [begin + trace.stats.npts for begin, trace in zip(begins, traces)]
    if any(np.abs(np.array(at) - np.median(at)).max() > _APART for at in (begins, ends)):
        parts = ", ".join(f"{t.stats.npts} samples from {t.stats.starttime}" for t in traces)
        raise InputError(
            f"The components of {id} do not cover the same time ({parts}). Cut them with "
            "stream.trim() to what they share."
        )
    begin, end = max(begins), min(ends)
    for trace, start in zip(traces, begins):
        if (begin, end) != (start, start + trace.stats.npts):
            trace.data = trace.data[begin - start : end - start]
            trace.stats.starttime += (begin - start) / rate
    return list(traces), rate


def _nearest(samples: float) -> int:
    """The nearest whole number; halves are rounded towards zero."""
    return int(np.copysign(np.ceil(abs(samples) - 0.5 - 1e-6), samples))


def _rate_of(trace: Trace) -> float:
    """Hz. ObsPy rounds SAC's interval to a microsecond, and keeps the header's own beside it."""
    sac_delta = header_number(header_part(trace.stats, "sac").get("delta")) or 0.0
    delta = float(f"{sac_delta:.7g}")  # 32 bits
    rounded = 0.0 < abs(delta - trace.stats.delta) < 0.6e-6
    return 1.0 / delta if rounded else float(trace.stats.sampling_rate)


def _rate(id: str, traces: Sequence[Trace]) -> float:
    """The sampling rate of all components, Hz.

    :raises InputError: for rates that differ by more than clocks and rounding do.
    """
    rates = [_rate_of(trace) for trace in traces]
    if min(rates) == max(rates):
        return rates[0]
    if max(rates) - min(rates) > _SAME_RATE * max(rates):
        listed = " and ".join(f"{rate:.10g}" for rate in dict.fromkeys(rates))
        raise InputError(
            f"The components of {id} have the sampling rates {listed} Hz. Resample them to one "
            "rate."
        )
    # The nominal rate, which the others miss by little: 100 Hz of 99.999992 and 100.000008.
    nominal = float(f"{np.median(rates):.5g}")
    close = abs(nominal - np.median(rates)) <= _SAME_RATE * nominal
    return nominal if close else float(np.median(rates))
