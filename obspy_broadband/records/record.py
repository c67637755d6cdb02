"""Record: one station's components in m/s², made of the traces of an ObsPy Stream."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from obspy import Inventory, Stream, Trace, UTCDateTime

from .._version import __version__
from ..errors import InputError, InputWarning, first_line
from ..method.contract import Scenario
from .components import align, check_traces
from .headers import header_part
from .orientation import component_rows, orientation_of, station_codes, station_id, turn
from .trace_units import to_acceleration
from .units import Units, parse_units

#: What is added to the name of a unit that nothing says.
ASSUMED = " (assumed)"


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
    :param headers: each trace's ``stats``, as they came but for what is true of acceleration in
        m/s² turned to these components.
    :param units: that the traces were read in; "m/s**2 (assumed)" where nothing said so.
    :param scenario: what is known of event and site.
    :param place_km: where the station is, for the correlation between stations: on the Earth or in
        a simulation's own axes, (x, y, z) in km; None if it is not known, or not needed.
    """

    id: str
    data: np.ndarray
    sampling_rate: float
    start: UTCDateTime
    rows: tuple[int, ...]
    headers: tuple[Any, ...]
    units: str = "m/s**2"
    scenario: Scenario = field(default_factory=Scenario)
    place_km: tuple[float, float, float] | None = None

    @property
    def duration(self) -> float:
        """From the first to the last sample, s."""
        return (self.data.shape[-1] - 1) / self.sampling_rate


def station_code(record: Record) -> str:
    """``NET.STA``."""
    return "{network}.{station}".format(**record.headers[0])


@dataclass(frozen=True)
class Refusal:
    """A station that cannot be used, and why."""

    id: str
    reason: str


def read_records(
    stream: Stream, units: str | None = None, inventory: Inventory | None = None
) -> tuple[list[Record], list[Refusal]]:
    """Group a Stream by station and bring it to acceleration in m/s², along Z, N, E where known.

    :param stream: any number of stations with one or three components; it is not changed.
    :param units: what the numbers are; default: what is known of each trace, see
        :mod:`obspy_broadband.records.trace_units`.
    :param inventory: instrument responses of traces in counts, and orientations of components.
    :return: the records, in the order in which the stations first appear, and the stations that
        cannot be used.
    :raises InputError: for units that are not known, an empty Stream, or what is no Inventory.
    """
    if units:
        parse_units(units)
    if not isinstance(stream, Stream):
        raise InputError(f"An ObsPy Stream is needed, not {type(stream).__name__}.")
    if inventory is not None and not isinstance(inventory, Inventory):
        raise InputError(
            f"inventory is a {type(inventory).__name__}; an ObsPy Inventory is needed: "
            "obspy.read_inventory(path)."
        )
    if not stream:
        raise InputError("The Stream is empty: there is nothing to enrich.")
    groups: dict[str, list[Trace]] = {}
    stream = stream.copy()
    for trace in stream:
        if not trace.stats.channel:
            trace.stats.channel = "".join(station_codes(trace.stats)[3:])
        groups.setdefault(station_id(trace.stats), []).append(trace)
    # Cleaning up sorts; users expect the order that they gave.
    order = {trace.id: -position for position, trace in enumerate(reversed(stream))}
    records, refusals, several_quantities = [], [], []
    for id, traces in sorted(groups.items(), key=lambda item: min(order[t.id] for t in item[1])):
        try:
            traces, quantities = _nearest_to_acceleration(traces)
            if quantities:
                several_quantities.append((id, quantities))
            traces = _joined(id, traces)
            traces.sort(key=lambda trace: order[trace.id])
            records.append(_record(id, traces, units, inventory))
        except InputError as error:
            refusals.append(Refusal(id, str(error)))
    _warn(records, several_quantities)
    return records, refusals


def _warn(records: Sequence[Record], several_quantities: Sequence[tuple[str, str]]) -> None:
    """One warning for all records of which something was assumed."""
    assumed = [record.id for record in records if record.units.endswith(ASSUMED)]
    if assumed:
        warnings.warn(
            f"Nothing says what the numbers of {_first_ids(assumed)} are: taken for acceleration "
            "in m/s². Pass units= (--units) to say it.",
            InputWarning,
            stacklevel=5,
        )
    for quantities in dict.fromkeys(quantities for _, quantities in several_quantities):
        ids = [id for id, of_record in several_quantities if of_record == quantities]
        warnings.warn(
            f"{_first_ids(ids)} came as {quantities}, which are one motion; the others are left "
            "aside. Choose another by quantity= (--read quantity=), or read its files alone.",
            InputWarning,
            stacklevel=5,
        )


def _first_ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 3} more stations" if len(ids) > 3 else ""
    return ", ".join(ids[:3]) + more


def _nearest_to_acceleration(traces: list[Trace]) -> tuple[list[Trace], str]:
    """Of displacement, velocity and acceleration of one station, the nearest to acceleration.

    SPECFEM writes all three into one folder, under the same codes.

    :return: the traces that are kept, and what there was ("" if there was one quantity).
    """
    ids = [trace.id for trace in traces]
    units = {str(trace.stats.get("units") or "") for trace in traces}
    if len(set(ids)) == len(ids) or len(units) == 1 or "" in units:
        return traces, ""
    try:
        orders = {text: parse_units(text).order for text in units}
    except InputError:  # said as traces of one component, or where the unit is needed
        return traces, ""
    if len(set(orders.values())) < len(orders):
        return traces, ""
    kept_unit = max(orders, key=lambda text: orders[text])
    names = ("displacement", "velocity", "acceleration", "counts")
    listed = ", ".join(names[order] for order in sorted(orders.values(), reverse=True))
    kept_traces = [trace for trace in traces if str(trace.stats.units) == kept_unit]
    return kept_traces, f"{listed} ({names[orders[kept_unit]]} is taken)"


def _joined(id: str, traces: Sequence[Trace]) -> list[Trace]:
    """Traces that continue each other joined, as reading does.

    :raises InputError: for traces of one id that differ in type or rate, or have no samples.
    """
    try:
        joined = list(Stream(traces)._cleanup())
    except Exception as error:  # ObsPy raises TypeError, Exception
        raise InputError(f"The traces of {id} do not go together: {first_line(error)}") from error
    if not joined:
        raise InputError(f"{id} has no samples. Leave it out.")
    return joined


def _record(
    id: str, traces: Sequence[Trace], units: str | None, inventory: Inventory | None
) -> Record:
    check_traces(id, traces)
    codes = [station_codes(trace.stats)[-1] for trace in traces]
    angles = [orientation_of(trace, inventory) for trace in traces]
    if len(codes) != 3 or None in angles:  # else their directions say it, e.g. of U, V, W
        component_rows(id, codes)
    traces, rate = align(id, traces)
    converted = [to_acceleration(trace, units, inventory) for trace in traces]
    motion, letters, rotation = turn(
        id, np.stack([acceleration for acceleration, _ in converted]), codes, angles
    )
    rows = component_rows(id, letters)
    data = np.empty((3, motion.shape[-1]))
    for row, acceleration in zip(rows, motion):
        data[row] = acceleration
    if len(rows) == 1:
        data[:] = data[rows[0]]
    return Record(
        id=id,
        data=data,
        sampling_rate=rate,
        start=traces[0].stats.starttime,
        rows=rows,
        headers=tuple(
            _header(
                trace,
                original if rotation.startswith("reverse") or not rotation else letter,
                rotation,
            )
            for trace, original, letter in zip(traces, codes, letters)
        ),
        units=_unit_names(trace_units for _, trace_units in converted),
    )


def _unit_names(trace_units: Iterable[Units]) -> str:
    """One text for the units of all components."""
    names = [units.name + (ASSUMED if units.assumed else "") for units in trace_units]
    return ", ".join(dict.fromkeys(names))


def _header(trace: Trace, component: str, rotation: str) -> Any:
    """The trace's ``stats``, corrected for acceleration in m/s² along the component."""
    stats = trace.stats.copy()
    _, _, stats.location, channel, _ = station_codes(stats)
    stats.channel = channel + component
    stats.calib = 1.0
    stats.pop("response", None)  # not that of acceleration in m/s²
    if header_part(stats, "ascii"):
        stats.ascii.unit = "M/S**2"
    if header_part(stats, "standard"):
        stats.standard.update({"units": "m/s^2", "units_type": "acc"})
    _drop(stats, "sac", "idep", "scale", "depmin", "depmax", "depmen")
    if rotation:
        stats.pop("orientation", None)
        _drop(stats, "sac", "cmpaz", "cmpinc")
        _drop(stats, "standard", "horizontal_orientation", "vertical_orientation")
        lines = [*(stats.get("processing") or []), f"obspy_broadband {__version__}: {rotation}"]
        stats.processing = lines
    return stats


def _drop(stats: Any, part: str, *names: str) -> None:
    """Take out of a part of ``stats`` what is no longer true."""
    for name in names:
        if name in header_part(stats, part):
            del stats[part][name]
