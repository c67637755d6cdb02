"""A method judged on a split of a training store, an ensemble judged beside recordings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime

from ..data.pairs import Pairs
from ..data.store import SAMPLING_RATE, Store
from ..ensemble.ensemble import Ensemble
from ..ensemble.measures import offset_velocity, warn_of_offsets
from ..errors import InputError
from ..io.xml import EventLike, InventoryLike, as_event, as_inventory
from ..method.contract import Method
from ..method.registry import create, load
from ..records import events
from .cases import (
    NOTHING,
    Case,
    cases_of_ensemble,
    cases_of_records,
    cases_of_windows,
    nothing_compared,
)
from .judging import Judged, judge
from .level_row import add_level_ridge
from .rows import Row, reference_rows, rows_of

#: Of the provenance, in a report.
_KEPT = ("method", "options", "seed", "corner_hz")
#: s after P that a record must reach to be judged.
_AFTER_P = 30.0
#: s of a window under the thesis protocol, for methods that take any length.
_THESIS_WINDOW = 40.96


def evaluate_on_store(
    method: str | Method,
    store_folder: str | Path,
    split: str = "test",
    protocol: str = "clean",
    corner: float = 1.0,
    weights: str | None = None,
    options: Mapping[str, Any] | None = None,
    realizations: int = 32,
    seed: int = 0,
    limit: int | None = None,
    progress: bool = False,
) -> tuple[Judged, dict[str, Any]]:
    """Give a method the low frequencies of every usable record of a split, and measure.

    Judged are records in m/s², usable from half the corner, 30 s or longer after P. Under the clean
    protocol realizations are drawn as ``enrich`` draws them for the whole record, from 5 s before P
    to its end, at most 120 s; under the thesis protocol for one window from P on.

    :param method: a registered name, or a ready-made method.
    :param protocol: "clean" or "thesis".
    :param corner: upper frequency limit of the low frequencies, Hz; 1 under the thesis protocol.
    :param weights: of a trained method; see :func:`obspy_broadband.method.weights.find`.
    :param realizations: of one-to-many rows.
    :param limit: judge so many records only, spread over the split.
    :return: what was measured, and what is needed to do it again.
    :raises InputError: for a store without such records, or weights made for another protocol.
    """
    store = Store(store_folder)
    ready = create(method, dict(options or {}), weights)
    loaded = getattr(ready, "weights", None)
    if loaded is not None and loaded.card["protocol"] != protocol:
        raise InputError(
            f"The weights {loaded.path} were trained under the {loaded.card['protocol']} protocol; "
            f"pass --protocol {loaded.card['protocol']}, or other weights."
        )
    cases = cases_on_store(store, split, protocol, corner, ready.samples, limit)
    name = method if isinstance(method, str) else type(method).__name__
    judged = judge_on_store(rows_of(ready, name), cases, store, realizations, seed, progress)
    provenance = {
        "method": name,
        "options": dataclasses.asdict(ready.options),
        "weights": None if loaded is None else loaded.card["sha256"],
        "level_spread": ready.level_spread,
        "store": str(store_folder),
        "split": split,
        "protocol": protocol,
        "realizations": realizations,
        "seed": seed,
    }
    return judged, provenance


def evaluate_ensemble(
    ensemble: Ensemble,
    recorded: Stream,
    units: str | None = None,
    progress: bool = False,
    detrend: bool = False,
    origin_time: UTCDateTime | str | None = None,
    event: EventLike | None = None,
    inventory: InventoryLike | None = None,
) -> tuple[Judged, dict[str, Any], list[tuple[str, str]]]:
    """Judge an ensemble, and the reference rows made of its low frequencies, beside recordings.

    :param recorded: see :func:`.cases.cases_of_ensemble`; ``units`` and ``detrend`` likewise.
    :param origin_time: of t = 0 of a simulation without a date, likewise; a text is taken, too.
    :param event: gives the origin time (an Event, a Catalog of one, or a path); a simulation that
        has a date keeps it.
    :param inventory: responses of ``recorded``: an Inventory, or the path of a file with one.
    :return: what was measured, what it was made with, and stations that cannot be compared.
    :raises InputError: if no station can be compared.
    """
    return evaluate_ensembles(
        [ensemble], recorded, units, progress, detrend, origin_time, event, inventory
    )


def evaluate_ensembles(
    ensembles: Iterable[Ensemble],
    recorded: Stream,
    units: str | None = None,
    progress: bool = False,
    detrend: bool = False,
    origin_time: UTCDateTime | str | None = None,
    event: EventLike | None = None,
    inventory: InventoryLike | None = None,
) -> tuple[Judged, dict[str, Any], list[tuple[str, str]]]:
    """Judge the ensembles of a run together; see :func:`evaluate_ensemble`.

    Of a station that was recorded more than once, the records count that overlap the ensemble.
    """
    inventory = as_inventory(inventory)
    cases: list[Case] = []
    realizations: dict[str, np.ndarray] = {}
    skipped: list[tuple[str, str]] = []
    provenance: dict[str, Any] = {}
    number = alone = 0
    recorded_codes: dict[str, None] = {}
    by_station: dict[str, list[Trace]] = {}
    for trace in recorded:
        recorded_codes[f"{trace.stats.network}.{trace.stats.station}"] = None
        by_station.setdefault(trace.stats.station, []).append(trace)
    codes: dict[str, None] = {}  # of the ensembles' stations, in their order
    for number, ensemble in enumerate(ensembles, 1):
        zero = _time_zero(ensemble, origin_time, event)
        noted = zero or ensemble.provenance.get("origin_time")
        if not provenance:
            provenance = {name: ensemble.provenance[name] for name in _KEPT}
            provenance |= {} if noted is None else {"origin_time": str(noted)}
        codes |= dict.fromkeys(record.id.rsplit(".", 2)[0] for record in ensemble.records)
        part = _beside(ensemble, by_station, None if noted is None else UTCDateTime(noted))
        if not part:
            alone += 1
            continue
        try:
            own_cases, own_realizations, reasons = cases_of_ensemble(
                ensemble, part, units, detrend, zero, inventory
            )
        except InputError as error:
            skipped.append((", ".join(ensemble.stations), str(error).removeprefix(NOTHING)))
            continue
        skipped += reasons
        for case in own_cases:
            name = case.name
            if name in realizations:  # another event at this station
                name = f"{name} {case.event} {number}"
            cases.append(dataclasses.replace(case, name=name))
            realizations[name] = own_realizations[case.name]
    if alone:
        skipped.append((f"{alone} of {number} ensembles", "None of their stations was recorded."))
    if alone and alone == number:
        raise InputError(
            f"{NOTHING}the recorded stations ({_listed(recorded_codes)}) are none "
            f"of the generated ones ({_listed(codes)}). They are matched by network and station "
            "code: set stats.network and stats.station of the recordings, or of the simulation "
            "before enriching."
        )
    if not cases:
        raise nothing_compared(skipped)
    offsets = {case.name: offset_velocity(case.recorded, case.sampling_rate) for case in cases}
    warn_of_offsets({name: offset for name, offset in offsets.items() if offset is not None})
    rows: dict[str, Row] = {"generated": lambda case, count, seed: realizations[case.name]}
    count = max(2, *(len(ensemble) for ensemble in realizations.values()))
    references = reference_rows()
    if {case.sampling_rate for case in cases} != {load("stochastic").sampling_rate}:
        del references["stochastic"]
    judged = judge(cases, rows | references, count, progress=progress)
    return judged, provenance, skipped


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:5]) + ", ..." * (len(names) > 5)


def _beside(
    ensemble: Ensemble, recorded: Mapping[str, list[Trace]], zero: UTCDateTime | None
) -> Stream:
    """The traces of the ensemble's stations, and of those that overlap its time, if any does.

    :param recorded: traces by station code.
    :param zero: when t = 0 of a simulation without a date was.
    """
    of_stations, overlapping = [], []
    for generated in ensemble.records:
        stats = generated.headers[0]
        start = generated.start
        if zero is not None and events.is_undated(start):
            start = zero + (start - UTCDateTime(0))
        end = start + generated.low_frequency.shape[-1] / generated.sampling_rate
        for trace in recorded.get(stats.station, ()):
            networks = {stats.network, trace.stats.network} - {""}
            if len(networks) < 2:
                of_stations.append(trace)
                if trace.stats.starttime < end and trace.stats.endtime > start:
                    overlapping.append(trace)
    return Stream(overlapping or of_stations)


def _time_zero(
    ensemble: Ensemble, origin_time: UTCDateTime | str | None, event: EventLike | None
) -> UTCDateTime | None:
    """The time of t = 0 as the arguments give it; None if they do not."""
    if origin_time is not None and event is not None:
        raise InputError("origin_time= and event= both say when t = 0 was; give one of them.")
    if event is not None:
        time = events.origin_time(as_event(event))
        if time is None:
            raise InputError("The event has no origin time; give origin_time= (--origin-time).")
        undated = any(events.is_undated(record.start) for record in ensemble.records)
        return time if undated else None
    if origin_time is None or isinstance(origin_time, UTCDateTime):
        return origin_time
    try:
        return UTCDateTime(origin_time)
    except Exception as error:  # UTCDateTime raises TypeError, ValueError, ...
        raise InputError(
            f"The origin time is {origin_time!r}; write e.g. 2019-11-11T10:52:45 (UTC)."
        ) from error


def judge_on_store(
    rows: Mapping[str, Row],
    cases: Sequence[Case],
    store: Store,
    realizations: int = 32,
    seed: int = 0,
    progress: bool = False,
) -> Judged:
    """Any rows on cases of a store, and under the clean protocol the level ridge.

    :param cases: see :func:`cases_on_store`.
    """
    judged = judge(cases, rows, realizations, seed, progress=progress)
    training = store.select("train", "mps2", 0.5 * cases[0].corner, after_p_s=_AFTER_P)
    if judged.protocol == "clean" and len(training) >= 20:
        add_level_ridge(judged, store, training, realizations, seed, progress)
    return judged


def cases_on_store(
    store: Store,
    split: str,
    protocol: str = "clean",
    corner: float = 1.0,
    samples: int | None = None,
    limit: int | None = None,
) -> list[Case]:
    """Every record of a split that can be judged; see :func:`evaluate_on_store`.

    :param samples: of a window under the thesis protocol; default: 40.96 s.
    :raises InputError: if there is none.
    """
    records = store.select(split, "mps2", 0.5 * corner, after_p_s=_AFTER_P)
    if not len(records):
        raise InputError(
            f"{store.folder} has no records in the {split} split that are in m/s², usable from "
            f"{0.5 * corner:g} Hz and last {_AFTER_P:g} s after P."
        )
    if limit is not None and limit < len(records):
        records = records[np.linspace(0, len(records) - 1, limit).round().astype(int)]
    if protocol == "clean":
        return list(cases_of_records(store, records, corner))
    samples = samples or round(_THESIS_WINDOW * SAMPLING_RATE)
    return cases_of_windows(Pairs(store, records, samples, protocol, corner))
