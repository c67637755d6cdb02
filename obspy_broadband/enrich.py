"""The main job in five stages: read, prepare, realize, hybridize, collect."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace

from .ensemble.ensemble import EnrichedRecord, Ensemble
from .ensemble.provenance import provenance
from .errors import InputError, MethodError
from .io.xml import EventLike, InventoryLike, as_event, as_inventory
from .method.contract import Batch, Method
from .method.registry import create
from .method.training_range import outside_training_range, warn
from .records.corner import check_corner, corner_of
from .records.events import is_undated, origin_time
from .records.record import Record, Refusal, read_records
from .records.scenario import Given, find_scenario
from .records.spatial_correlation import AUTO, draw_epsilon, find_field
from .records.spatial_correlation import check as check_spatial_correlation
from .records.windows import Prepared, batches, prepare, restore
from .signal.hybrid import hybridize

#: Numbers (all components and realizations together) that one call of a method may return; bounds
#: memory.
CHUNK = 10_000_000
#: Realizations that are joined with the simulation at once.
BLOCK = 8


#: Arguments whose misspelling would be taken for a method's option.
_ARGUMENTS = (
    *("units", "corner", "magnitude", "distance", "rupture_distance", "depth", "vs30", "seed"),
    *("inventory", "event", "weights", "spatial_correlation", "on_bad", "progress", "method"),
)


def enrich(
    stream: Stream | Trace,
    method: str | Method = "stochastic",
    n: int = 20,
    seed: int | None = None,
    corner: float | str = 1.0,
    units: str | None = None,
    magnitude: Given = None,
    distance: Given = None,
    depth: Given = None,
    vs30: Given = None,
    inventory: InventoryLike | None = None,
    event: EventLike | None = None,
    weights: str | Path | None = None,
    on_bad: str = "raise",
    progress: bool = False,
    spatial_correlation: str | None = AUTO,
    rupture_distance: Given = None,
    **options: Any,
) -> Ensemble:
    """Turn a low-frequency simulation into an ensemble of broadband records.

    Available as ``Stream.enrich`` and ``Trace.enrich`` once ``obspy_broadband`` is imported. Below
    0.8 times the corner every realization equals the simulation; above the corner it is the
    method's. Records come back in m/s², at the method's sampling rate (100 Hz), with their own
    start time and channel codes.

    :param stream: one or many stations, each with one or three components, or a single Trace; it is
        not changed.
    :param method: a registered name (see :func:`obspy_broadband.methods`) or a ready-made method.
    :param n: number of realizations.
    :param seed: a whole number; the same seed gives the same bytes, and realization k of a station
        is the same whatever ``n`` is and whichever stations are computed beside it. None draws one
        and notes it in the provenance.
    :param corner: the highest frequency that the simulation resolves, Hz, or "auto": where the
        spectra of the records fall off (the median of all stations).
    :param units: of the Stream: "acceleration", "velocity", "displacement" or e.g. "cm/s**2";
        default: what is known of each trace, see :mod:`obspy_broadband.records.trace_units`.
        Numbers of which nothing is known are assumed to be m/s², with a warning; whole numbers are
        refused.
    :param magnitude: moment magnitude, one value or ``{station: value}``; also from ``stats`` or
        ``event``.
    :param distance: hypocentral distance in km, likewise.
    :param depth: of the hypocentre in km, likewise.
    :param vs30: m/s, likewise (arguments and ``stats`` only).
    :param inventory: station coordinates, orientations, and responses for traces in counts: an
        Inventory or the path of a file with one (StationXML, ...).
    :param event: magnitude, depth and, with coordinates, distance: an Event, a Catalog of one or
        the path of a file with one (QuakeML, CMTSOLUTION, ...). Its origin time is noted for
        simulations without a date; they keep their own time.
    :param weights: of a trained method: a name, or a path; default: those named "default", or the
        only ones (see :mod:`obspy_broadband.method.weights`).
    :param on_bad: "raise" an error for a station that cannot be used, or "skip" it with a warning
        and a line in the provenance.
    :param progress: show a progress bar.
    :param spatial_correlation: whether the level of the high frequencies is correlated between
        stations by their distance, as residuals of one event are. "loth-baker-2013": at all
        stations, which need coordinates, by a method that draws a level. "auto": so where that can
        be had and the event's origin time is known; the others, and with None all, are drawn
        independently.
    :param rupture_distance: closest distance to the rupture in km, like ``distance``. Methods use
        it where no hypocentral distance is given.
    :param options: the method's options.
    :raises InputError: for input or arguments that cannot be used, in one message.
    :raises MethodError: for a method that is unknown, broken or returns something else than it
        promises.
    """
    try:
        ready = create(method, options, weights)
    except InputError as error:
        near = [one for name in options for one in get_close_matches(name, _ARGUMENTS, 1, 0.8)]
        hint = f" An argument of enrich() is {near[0]}=." if near else ""
        raise InputError(f"{error}{hint}") from error
    seed = check_call(n, seed, corner, ready)
    known = {
        "magnitude": magnitude, "distance": distance, "depth": depth, "vs30": vs30,
        "rupture_distance": rupture_distance,
    }  # fmt: skip
    if isinstance(stream, Trace):
        stream = Stream([stream])
    return enrich_with(
        method, ready, stream, n, seed, corner, units, known, inventory, event,
        spatial_correlation, on_bad, progress,
    )  # fmt: skip


def enrich_with(
    name: str | Method,
    ready: Method,
    stream: Stream,
    n: int,
    seed: int,
    corner: float | str,
    units: str | None,
    known: Mapping[str, Given],
    inventory: InventoryLike | None,
    event: EventLike | None,
    spatial_correlation: str | None,
    on_bad: str,
    progress: bool = False,
) -> Ensemble:
    """:func:`enrich` by a method that is made already, with arguments that were checked.

    :param name: of the method, for the provenance.
    :param known: magnitude, distance, depth, vs30 and rupture_distance, as :func:`enrich` takes
        them.
    """
    from tqdm import tqdm

    if on_bad not in ("raise", "skip"):
        raise InputError(f"on_bad is {on_bad!r}; it must be 'raise' or 'skip'.")
    check_spatial_correlation(spatial_correlation, ready)
    event, inventory = as_event(event), as_inventory(inventory)
    records, refusals = read_records(stream, units, inventory)
    corner = corner_of(corner, records, ready)
    prepared: list[Prepared] = []
    for record in records:
        try:
            scenario = find_scenario(record, **known, inventory=inventory, event=event)
            field = find_field(spatial_correlation, ready, record, inventory, event)
            item = _prepare(dataclasses.replace(record, scenario=scenario), ready, corner)
            prepared.append(dataclasses.replace(item, field=field))
        except InputError as error:
            refusals.append(Refusal(record.id, str(error)))
    _refuse(refusals, on_bad, nothing_left=not prepared)

    enriched: dict[int, EnrichedRecord] = {}
    outside: dict[str, list[str]] = {}
    with tqdm(total=len(prepared), unit="station", disable=not progress) as bar:
        for owners, batch in batches(prepared, max(1, CHUNK // n)):
            fields = [field for index in owners if (field := prepared[index].field) is not None]
            if fields:
                drawn = {
                    field: draw_epsilon(seed, field, n, ready.epsilon_size)
                    for field in dict.fromkeys(fields)
                }
                numbers = np.stack([drawn[field] for field in fields])
                batch = dataclasses.replace(batch, epsilon=numbers)
            outside |= outside_training_range(
                ready, batch, [prepared[index].record.id for index in owners]
            )
            windows = _realize(ready, batch, _seeds(seed, prepared, owners, n))
            for index in dict.fromkeys(owners):
                item = prepared[index]
                mine = windows[[row for row, owner in enumerate(owners) if owner == index]]
                realizations = restore(mine, item, ready.sampling_rate)
                # A few at a time: the transforms of all of them would fill the memory.
                joined = [
                    hybridize(item.low_frequency, some, ready.sampling_rate, corner)
                    for some in np.array_split(realizations, -(-n // BLOCK))
                ]
                enriched[index] = collect(item, joined, ready.sampling_rate)
                bar.update()
    warn(outside)
    said = provenance(name, ready, n, seed, corner, prepared, refusals, spatial_correlation)
    if outside:
        said["outside_training_range"] = outside
    time = origin_time(event)
    if time is not None and any(is_undated(item.record.start) for item in prepared):
        said["origin_time"] = str(time)  # t = 0 of a simulation, for comparing it with recordings
    return Ensemble([enriched[index] for index in range(len(prepared))], said)


def broadband(
    stream: Stream | Trace, method: str | Method = "stochastic", **arguments: Any
) -> Stream:
    """One realization as an ordinary Stream; arguments as in :func:`enrich`, without ``n``.

    :raises InputError: see :func:`enrich`.
    """
    if "n" in arguments:
        raise InputError("broadband() returns one realization; use enrich(n=...) for an ensemble.")
    return enrich(stream, method, n=1, **arguments)[0]


def realization_seeds(seed: int, station: str, start_ns: int, n: int) -> np.ndarray:
    """The seeds of one record's realizations: (n,) unsigned 64-bit integers.

    Hashed from the user's seed, the station's id, the record's start (two events at one station
    differ) and the number of the realization; so they know nothing of ``n``, of the order or of the
    other stations.
    """
    digests = (
        hashlib.blake2b(f"{seed}|{station}|{start_ns // 1000}|{k}".encode(), digest_size=8).digest()
        for k in range(n)
    )
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def collect(
    item: Prepared, broadband: Sequence[np.ndarray], sampling_rate: float
) -> EnrichedRecord:
    """Keep the components that came, as they came.

    :param broadband: (realizations, 3, samples), m/s², in parts.
    """
    rows = list(item.record.rows)
    return EnrichedRecord(
        id=item.record.id,
        start=item.record.start,
        sampling_rate=sampling_rate,
        headers=item.record.headers,
        rows=item.record.rows,
        low_frequency=item.low_frequency[rows].astype(np.float32),
        realizations=np.concatenate([part[:, rows].astype(np.float32) for part in broadband]),
    )


def check_call(n: int, seed: int | None, corner: float | str, method: Method) -> int:
    """Refuse what no method can do.

    :return: the seed, drawn if it is None.
    :raises InputError: with what is allowed.
    """
    _check(n, corner, method)
    return drawn_seed(seed)


def drawn_seed(seed: int | None) -> int:
    """The seed that was given, or a new one.

    :raises InputError: for what is no seed.
    """
    if seed is None:
        return secrets.randbits(32)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(
            f"seed is {seed!r}; it must be a whole number from 0, or None to draw one."
        )
    return int(seed)


def _check(n: int, corner: float | str, method: Method) -> None:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise InputError(f"n is {n!r}; it must be a whole number of realizations, 1 or more.")
    check_corner(corner, method)


def _prepare(record: Record, method: Method, corner: float) -> Prepared:
    nyquist = 0.5 * record.sampling_rate
    if corner > nyquist:
        raise InputError(
            f"{record.id} is sampled at {record.sampling_rate:g} Hz and holds nothing above "
            f"{nyquist:g} Hz, but corner is "
            f"{corner:g} Hz. Pass the highest frequency that the simulation resolves."
        )
    item = prepare(record, method, corner)
    if item.scale <= 1e-9 * np.abs(record.data).max():
        raise InputError(
            f"{record.id} holds no motion below the corner of {corner:g} Hz to start from."
        )
    return item


def _refuse(refusals: Sequence[Refusal], on_bad: str, nothing_left: bool) -> None:
    if not refusals:
        return
    reasons = [refusal.reason for refusal in refusals]
    if on_bad == "raise" or nothing_left:
        more = f" ({len(reasons) - 1} more stations cannot be used.)" if len(reasons) > 1 else ""
        raise InputError(reasons[0] + more)
    warnings.warn(f"Skipped {len(reasons)} stations: " + " ".join(reasons), stacklevel=4)


def _seeds(seed: int, prepared: Sequence[Prepared], owners: Sequence[int], n: int) -> np.ndarray:
    rows = {
        index: realization_seeds(
            seed, prepared[index].record.id, prepared[index].record.start.ns, n
        )
        for index in dict.fromkeys(owners)
    }
    return np.stack([rows[index] for index in owners])


def _realize(method: Method, batch: Batch, seeds: np.ndarray) -> np.ndarray:
    windows = np.asarray(method.realize(batch, seeds))
    expected = (*seeds.shape, *batch.low_frequency.shape[1:])
    if windows.shape != expected:
        raise MethodError(
            f"{type(method).__name__}.realize returned the shape {windows.shape}; "
            f"(batch, realizations, components, samples) = {expected} was expected."
        )
    if not np.isfinite(windows).all():
        raise MethodError(f"{type(method).__name__}.realize returned NaN or infinite samples.")
    return windows
