"""Record: one station's components in m/s², and its way out of an ObsPy Stream."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from obspy import Inventory, Stream, Trace, UTCDateTime

from .errors import InputError, first_line
from .method import Scenario
from .units import parse_units

#: Component codes that make a record, in the order vertical, first horizontal, second horizontal.
COMPONENT_SETS = ("ZNE", "ZRT", "Z12", "ZYX", "312")
#: Row of each code when it is the only component of its station.
_ROWS = {code: row for codes in COMPONENT_SETS[:-1] for row, code in enumerate(codes)} | {"3": 0}
SHORTEST, LONGEST = 5.0, 1200.0  #: s


@dataclass(frozen=True)
class Record:
    """One station's ground motion.

    :param id: network.station.location.channel without the component, e.g. ``IT.AQK..HN``.
    :param data: (3, samples), acceleration in m/s², rows vertical, north (or R, 1, Y), east (or T,
        2, X).
    :param sampling_rate: Hz.
    :param start: time of the first sample.
    :param rows: row of each trace in the order they came; a single component stands in all three
        rows.
    :param headers: each trace's ``stats`` as they came.
    :param units: what the traces were read as.
    :param scenario: what is known of event and site.
    """

    id: str
    data: np.ndarray
    sampling_rate: float
    start: UTCDateTime
    rows: tuple[int, ...]
    headers: tuple[Any, ...]
    units: str = "m/s**2"
    scenario: Scenario = field(default_factory=Scenario)

    @property
    def duration(self) -> float:
        """From the first to the last sample, s."""
        return (self.data.shape[-1] - 1) / self.sampling_rate


@dataclass(frozen=True)
class Refusal:
    """A station that cannot be used, and why."""

    id: str
    reason: str


def read_records(
    stream: Stream, units: str | None = None, inventory: Inventory | None = None
) -> tuple[list[Record], list[Refusal]]:
    """Group a Stream by station and bring it to acceleration in m/s².

    :param stream: any number of stations with one or three components; it is not changed.
    :param units: what the numbers are (see :func:`obspy_broadband.units.parse_units`); default:
        what the reader of the format noted in ``stats.units``, else m/s².
    :param inventory: instrument responses, removed from traces whose units are known neither by
        ``units`` nor by their reader.
    :return: the records in the order of their first traces, and the stations that cannot be used.
    :raises InputError: if the Stream is empty or the units are unknown.
    """
    if not isinstance(stream, Stream):
        raise InputError(f"An ObsPy Stream is needed, not {type(stream).__name__}.")
    if units is not None:
        parse_units(units)
    if not stream:
        raise InputError("The Stream is empty: there is nothing to enrich.")
    groups: dict[str, list[Trace]] = {}
    for trace in stream.copy():
        groups.setdefault(trace.id[:-1] if trace.stats.channel else trace.id, []).append(trace)
    # Cleaning up sorts; users expect the order that they gave.
    order = {trace.id: -position for position, trace in enumerate(reversed(stream))}
    records, refusals = [], []
    for id, traces in sorted(groups.items(), key=lambda item: min(order[t.id] for t in item[1])):
        try:
            traces = _joined(id, traces)
            traces.sort(key=lambda trace: order[trace.id])
            records.append(_record(id, traces, units, inventory))
        except InputError as error:
            refusals.append(Refusal(id, str(error)))
    return records, refusals


def _joined(id: str, traces: Sequence[Trace]) -> list[Trace]:
    """Traces that continue each other joined, as reading does.

    :raises InputError: for traces of one id that differ in type or rate.
    """
    try:
        return list(Stream(traces)._cleanup())
    except Exception as error:  # ObsPy raises TypeError, Exception
        raise InputError(f"The traces of {id} do not go together: {first_line(error)}") from error


def _record(
    id: str, traces: Sequence[Trace], units: str | None, inventory: Inventory | None
) -> Record:
    _check_traces(id, traces)
    rows = component_rows(id, [trace.stats.channel[-1:] for trace in traces])
    first = traces[0].stats
    converted = [_acceleration(trace, units, inventory) for trace in traces]
    data = np.empty((3, first.npts))
    for row, (acceleration, _) in zip(rows, converted):
        data[row] = acceleration
    if len(rows) == 1:
        data[:] = data[rows[0]]
    return Record(
        id=id,
        data=data,
        sampling_rate=float(first.sampling_rate),
        start=first.starttime,
        rows=rows,
        headers=tuple(_header(trace) for trace in traces),
        units=converted[0][1],
    )


def _header(trace: Trace) -> Any:
    """The trace's ``stats`` without its response, which is not that of acceleration in m/s²."""
    stats = trace.stats.copy()
    stats.pop("response", None)
    return stats


def _check_traces(id: str, traces: Sequence[Trace]) -> None:
    """:raises InputError: for whatever would make a silent wrong answer."""
    ids = [trace.id for trace in traces]
    for repeated in sorted({name for name in ids if ids.count(name) > 1}):
        raise InputError(
            f"{repeated} has {ids.count(repeated)} traces: a gap, an overlap or several events. "
            "Fill gaps with stream.merge(fill_value='interpolate') or enrich each event by itself."
        )
    first = traces[0].stats
    for trace in traces:
        stats, data = trace.stats, trace.data
        if np.ma.isMaskedArray(data):
            raise InputError(
                f"{trace.id} has gaps (masked samples). Fill them with "
                "stream.merge(fill_value=...) or "
                "cut the record with stream.trim()."
            )
        if not (np.issubdtype(data.dtype, np.floating) or np.issubdtype(data.dtype, np.integer)):
            raise InputError(f"{trace.id} holds {data.dtype} numbers; real numbers are needed.")
        if stats.sampling_rate != first.sampling_rate:
            raise InputError(
                f"The components of {id} have the sampling rates {first.sampling_rate:g} and "
                f"{stats.sampling_rate:g} Hz. "
                "Resample them to one rate."
            )
        if stats.npts != first.npts or abs(stats.starttime - first.starttime) > 0.5 * stats.delta:
            raise InputError(
                f"The components of {id} do not cover the same time ({first.npts} samples from "
                f"{first.starttime}, {stats.npts} from {stats.starttime}). Cut them with "
                "stream.trim() to what they share."
            )
        duration = stats.npts * stats.delta
        if not SHORTEST - 1e-6 <= duration <= LONGEST + 1e-6:
            raise InputError(
                f"{trace.id} is {duration:.3g} s long; records of {SHORTEST:g} to {LONGEST:g} s "
                "can be enriched. "
                "Cut it around the event with stream.trim()."
            )
        bad = np.count_nonzero(~np.isfinite(data))
        if bad:
            raise InputError(
                f"{trace.id} has {bad} samples that are NaN or infinite. Remove or interpolate "
                "them."
            )
        if data.min() == data.max():
            raise InputError(
                f"{trace.id} is constant ({data[0]:g}): a dead channel, or a component in which "
                "nothing was "
                "computed. Remove the station, or enrich its other components one by one."
            )


def component_rows(id: str, codes: Sequence[str]) -> tuple[int, ...]:
    """The row (vertical, first, second horizontal) of each component code.

    :raises InputError: if the codes make no record.
    """
    codes = [code.upper() for code in codes]
    if len(codes) == 1 and codes[0] in _ROWS:
        return (_ROWS[codes[0]],)
    for known in COMPONENT_SETS:
        if sorted(codes) == sorted(known):
            return tuple(known.index(code) for code in codes)
    found = ", ".join(repr(code) for code in codes)
    raise InputError(
        f"{id} has {len(codes)} component{'s' * (len(codes) > 1)} ({found}); one component or "
        "three are needed: "
        "Z N E, Z R T, Z 1 2 or X Y Z, as the last letter of the channel code. Add what is "
        "missing, or "
        "select one component."
    )


def _acceleration(
    trace: Trace, units: str | None, inventory: Inventory | None
) -> tuple[np.ndarray, str]:
    """Acceleration in m/s², and the unit it was read in."""
    named = units or trace.stats.get("units")
    if inventory is not None and not named:
        try:
            trace.remove_response(inventory=inventory, output="ACC")
        except Exception as error:  # ObsPy raises bare ValueError, Exception, evalresp errors
            raise InputError(
                f"The response of {trace.id} cannot be removed: {error}. Pass an Inventory with "
                "the response of this "
                "channel at this time, or remove it yourself and give units=."
            ) from error
        return trace.data, "counts, response removed"
    if not named and "response" in trace.stats:
        warnings.warn(
            f"{trace.id} carries an instrument response, and its units are not known: taken as "
            "m/s**2. If it is raw, "
            "pass inventory= or call stream.remove_response(output='ACC') first; if not, pass "
            "units=.",
            stacklevel=2,
        )
    known = parse_units(named or "m/s**2")
    data = np.asarray(trace.data, dtype=float) * known.factor
    if known.order < 2:
        from .signal.integration import differentiate

        for _ in range(2 - known.order):
            data = differentiate(data, trace.stats.sampling_rate)
    return data, known.name
