"""The main job in five stages: read, prepare, draw, join, collect."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from obspy import Stream, Trace

from .ensemble import EnrichedRecord, Ensemble
from .ensemble.provenance import provenance
from .errors import InputError, InputWarning, MethodError
from .method.contract import Batch, Method
from .method.training_range import outside_training_range, warn
from .records.corner import corner_of
from .records.events import is_undated, origin_time
from .records.record import Record, Refusal, read_records
from .records.scenario import ScenarioValue, describe
from .records.spatial_correlation import AUTO, draw_epsilon, find_field, is_wanted
from .records.station_data import StationData
from .records.windows import Prepared, batches, prepare, restore
from .request import Request, draw_seed
from .signal.hybrid import hybridize

if TYPE_CHECKING:
    from .io.xml import EventLike, InventoryLike

#: Numbers (all components and realizations together) that one call of a method may return; bounds
#: memory.
CHUNK = 10_000_000
#: Realizations that are joined with the simulation at once.
BLOCK = 8
#: Arguments whose misspelling would be taken for a method's option.
_ARGUMENTS = (
    *(field.name for field in dataclasses.fields(Request) if field.name != "options"),
    *("inventory", "event", "progress"),
)


def enrich(
    stream: Stream | Trace,
    method: str | Method = "stochastic",
    *,
    n: int = 20,
    seed: int | None = None,
    corner: float | str = 1.0,
    units: str | None = None,
    magnitude: ScenarioValue = None,
    distance: ScenarioValue = None,
    rupture_distance: ScenarioValue = None,
    depth: ScenarioValue = None,
    vs30: ScenarioValue = None,
    inventory: InventoryLike | None = None,
    event: EventLike | None = None,
    weights: str | Path | None = None,
    spatial_correlation: str | None = AUTO,
    on_bad: str = "raise",
    progress: bool = False,
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
    if "coherence" in options:
        warnings.warn(
            "coherence= is now called spatial_correlation=; the old name will go.",
            InputWarning,
            stacklevel=2,
        )
        spatial_correlation = options.pop("coherence")
    request = Request(
        method=method,
        n=n,
        seed=seed,
        corner=corner,
        units=units,
        magnitude=magnitude,
        distance=distance,
        rupture_distance=rupture_distance,
        depth=depth,
        vs30=vs30,
        weights=weights,
        options=options,
        spatial_correlation=spatial_correlation,
        on_bad=on_bad,
    )
    try:
        ready = request.ready()
    except InputError as error:
        matches = [get_close_matches(name, _ARGUMENTS, 1, 0.8) for name in options]
        nearest = [names[0] for names in matches if names]
        hint = f" An argument of enrich() is {nearest[0]}=." if nearest else ""
        raise InputError(f"{error}{hint}") from error
    request.check(ready)
    from .io.xml import as_event, as_inventory  # not needed to import the package

    if isinstance(stream, Trace):
        stream = Stream([stream])
    data = StationData(stream, as_inventory(inventory), as_event(event))
    return enrich_data(data, request, ready, progress)


def enrich_data(
    data: StationData, request: Request, method: Method, progress: bool = False
) -> Ensemble:
    """The five stages.

    :param request: checked; a seed that it lacks is drawn.
    :param method: that ``request`` makes.
    :raises InputError: see :func:`enrich`.
    """
    from tqdm import tqdm

    request = dataclasses.replace(request, seed=draw_seed(request.seed))
    records, refusals = read(data, request, method)
    corner = corner_of(request.corner, records, method)
    prepared: list[Prepared] = []
    for record in records:
        try:
            prepared.append(_prepare(record, data, request, method, corner))
        except InputError as error:
            refusals.append(Refusal(record.id, str(error)))
    _refuse(refusals, request.on_bad, nothing_left=not prepared)

    enriched: dict[int, EnrichedRecord] = {}
    with tqdm(total=len(prepared), unit="station", disable=not progress) as bar:
        for index, realizations in draw(prepared, method, request):
            enriched[index] = collect(prepared[index], realizations, method.sampling_rate)
            bar.update()
    outside = _outside_training_range(prepared, method)
    warn(outside)
    card = provenance(request, method, corner, prepared, refusals)
    if outside:
        card["outside_training_range"] = outside
    time = origin_time(data.event)
    if time is not None and any(is_undated(item.record.start) for item in prepared):
        card["origin_time"] = str(time)  # t = 0 of a simulation, for comparing it with recordings
    return Ensemble([enriched[index] for index in range(len(prepared))], card)


def read(data: StationData, request: Request, method: Method) -> tuple[list[Record], list[Refusal]]:
    """Stage 1: traces to records in m/s², each with its scenario and, if it is needed, its place.

    :return: also the stations that cannot be used.
    """
    records, refusals = read_records(data.stream, request.units, data.inventory)
    locate = is_wanted(request.spatial_correlation, method, data.event)
    described = []
    for record in records:
        try:
            described.append(describe(record, data, request.scenario_arguments, locate))
        except InputError as error:
            refusals.append(Refusal(record.id, str(error)))
    return described, refusals


def draw(
    prepared: Sequence[Prepared], method: Method, request: Request
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Stages 3 and 4: draw realizations of records and join them with their low frequencies.

    :param request: of which ``n`` and ``seed`` count.
    :return: for each record its index and its realizations, (part, 3, samples) m/s² in parts of a
        few at the method's sampling rate: below 0.8 times the corner the record's low frequencies.
    :raises MethodError: if the method returns something else than it promises.
    """
    n, seed, rate = request.n, request.seed, method.sampling_rate
    assert seed is not None
    for owners, batch in batches(prepared, max(1, CHUNK // n)):
        fields = [field for index in owners if (field := prepared[index].field) is not None]
        if fields:
            epsilon = {
                field: draw_epsilon(seed, field, n, method.epsilon_size)
                for field in dict.fromkeys(fields)
            }
            batch = dataclasses.replace(
                batch, epsilon=np.stack([epsilon[field] for field in fields])
            )
        windows = _realize(method, batch, _seeds(seed, prepared, owners, n))
        for index in dict.fromkeys(owners):
            item = prepared[index]
            own = [row for row, owner in enumerate(owners) if owner == index]
            realizations = restore(windows[own], item, rate)
            # A few at a time: the transforms of all of them would fill the memory.
            yield (
                index,
                [
                    hybridize(item.low_frequency, part, rate, item.corner)
                    for part in np.array_split(realizations, -(-n // BLOCK))
                ],
            )


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


def _prepare(
    record: Record, data: StationData, request: Request, method: Method, corner: float
) -> Prepared:
    """Stage 2."""
    field = None
    if is_wanted(request.spatial_correlation, method, data.event):
        field = find_field(request.spatial_correlation, record, data.event)
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
    return dataclasses.replace(item, field=field)


def _outside_training_range(prepared: Sequence[Prepared], method: Method) -> dict[str, list[str]]:
    """In what each record differs from what a trained method learned from, in words."""
    outside: dict[str, list[str]] = {}
    if getattr(method, "weights", None) is not None:
        for owners, batch in batches(prepared, CHUNK):
            ids = [prepared[index].record.id for index in owners]
            outside |= outside_training_range(method, batch, ids)
    return outside


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
