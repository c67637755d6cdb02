"""What is judged: low frequencies that a method is given, and a record that it never sees."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from obspy import Inventory, Stream, UTCDateTime

from ..ensemble.ensemble import EnrichedRecord, Ensemble
from ..ensemble.measures import detrended
from ..errors import InputError, InputWarning
from ..method.contract import Batch, Method, Scenario, as_array
from ..records.events import is_undated
from ..records.record import Record, read_records
from ..signal.filters import band_limit, extend, fast_length
from ..signal.hybrid import hybridize

if TYPE_CHECKING:
    from ..data.pairs import Pairs

#: How the refusal begins where no station can be judged.
NOTHING = "No station can be compared: "


@dataclass(frozen=True)
class Case:
    """One record and what a method may know of it.

    :param name: of the record.
    :param event: that it belongs to.
    :param input: all that a method is handed, one row; its ``broadband`` is None.
    :param recorded: (3, samples), m/s² (under the thesis protocol, over the peak of each
        component).
    :param sampling_rate: Hz.
    :param protocol: "clean" or "thesis".
    """

    name: str
    event: str
    input: Batch
    recorded: np.ndarray
    sampling_rate: float
    protocol: str = "clean"

    def __post_init__(self) -> None:
        if self.input.broadband is not None:
            raise AssertionError("A method must not be handed the target.")

    @property
    def corner(self) -> float:
        """Hz."""
        return float(self.input.corner[0])

    @property
    def scenario(self) -> Scenario:
        """What is known of the earthquake and the site."""
        return self.input.scenarios[0]

    @property
    def low_frequency(self) -> np.ndarray:
        """(3, samples), in the unit of ``recorded``."""
        low = np.asarray(self.input.low_frequency[0], dtype=float)
        return low if self.protocol == "thesis" else low * float(self.input.scale[0])


def cases_of(pairs: Pairs) -> list[Case]:
    """Every record of the pairs, once, as it is (they must have no augmentation)."""
    columns = pairs.store.columns
    cases = []
    for position, record in enumerate(pairs.records):
        batch = pairs.batch([position])
        recorded = as_array(batch.broadband)[0].astype(float)
        if pairs.protocol == "clean":
            recorded *= float(batch.scale[0])
        given = Batch(
            low_frequency=as_array(batch.low_frequency),
            scale=as_array(batch.scale),
            corner=as_array(batch.corner),
            scenarios=batch.scenarios,
            starts=as_array(batch.starts),
        )
        name, event = (str(columns[column][record]) for column in ("record", "event"))
        cases.append(Case(name, event, given, recorded, 100.0, pairs.protocol))
    return cases


def draw(method: Method, case: Case, seeds: np.ndarray, join: bool | None = None) -> np.ndarray:
    """Realizations as a user gets them: (realizations, 3, samples), in the unit of ``recorded``.

    :param join: with the low frequencies; default: as the protocol says (the thesis takes what a
        network puts out, over the whole band).
    """
    drawn = np.asarray(method.realize(case.input, seeds[None]))[0]
    if case.protocol == "clean":
        drawn = drawn * float(case.input.scale[0])
    join = case.protocol == "clean" if join is None else join
    return joined(case, drawn) if join else drawn


def joined(case: Case, drawn: np.ndarray) -> np.ndarray:
    """What was given below the corner, what was drawn above it."""
    return hybridize(case.low_frequency, drawn, case.sampling_rate, case.corner)


def seeds_for(number: int, realizations: int, seed: int = 0) -> np.ndarray:
    """Seeds of one case, from the seed, the case's number and that of the realization."""
    return np.random.SeedSequence([seed, number]).generate_state(realizations, np.uint64)


def cases_of_ensemble(
    ensemble: Ensemble,
    recorded: Stream,
    units: str | None = None,
    detrend: bool = False,
    origin_time: UTCDateTime | None = None,
    inventory: Inventory | None = None,
) -> tuple[list[Case], dict[str, np.ndarray], list[tuple[str, str]]]:
    """An ensemble beside recordings of the same stations and times.

    :param recorded: records that cover the ensemble's; matched by network and station code (by
        station code alone where either has no network code), cut and resampled to its instants.
    :param units: of ``recorded``, as in ``enrich``.
    :param origin_time: when t = 0 of a simulation without a date was; default: the origin time of
        the event that the ensemble was made with.
    :param detrend: take mean and linear trend out of the recorded acceleration first.
    :param inventory: responses of ``recorded``, as in ``enrich``.
    :return: the cases; the realizations of each, (realizations, 3, samples), by name; stations that
        cannot be compared, and why.
    :raises InputError: if no station can be compared, or an origin time is given for an ensemble
        that has dates.
    """
    if origin_time is None:
        noted = ensemble.provenance.get("origin_time")
        origin_time = None if noted is None else UTCDateTime(noted)
    elif not any(is_undated(generated.start) for generated in ensemble.records):
        raise InputError(
            f"The ensemble begins at {ensemble.records[0].start}: an origin time is for "
            "simulations without a date (1970-01-01). Leave it out; if that is the date of the "
            "computation, set stats.starttime before enriching."
        )
    records, refusals = read_records(recorded, units, inventory)
    if detrend:
        records = [replace(record, data=detrended(record.data)) for record in records]
    skipped = [(refusal.id, refusal.reason) for refusal in refusals]
    corner = float(ensemble.provenance["corner_hz"])
    known = {one["id"]: one["scenario"] for one in ensemble.provenance.get("stations", [])}
    cases, drawn, loosely, unknown = [], {}, [], []
    for generated in ensemble.records:
        try:
            record, motion = _beside(generated, records, origin_time)
        except InputError as error:
            skipped.append((generated.id, str(error)))
            continue
        if record.headers[0].network != generated.headers[0].network:
            loosely.append(f"{generated.id} and {record.id}")
        if _horizontals(record) != _horizontals(generated):
            unknown.append(f"{generated.id} and {record.id}")
        order = np.argsort(generated.rows)  # Z, N, E
        low = generated.low_frequency[order].astype(float)
        scale = max(float(np.abs(low).max()), 1e-30)
        given = Batch(
            low_frequency=low[None] / scale,
            scale=np.array([scale]),
            corner=np.array([corner]),
            scenarios=(Scenario(**known.get(generated.id, {})),),
            starts=np.zeros(1, dtype=int),
        )
        # Stations of one ensemble have seen one event.
        name, event = generated.id, str(generated.start.date)
        cases.append(Case(name, event, given, motion, generated.sampling_rate))
        drawn[name] = generated.realizations[:, order].astype(float)
    if not cases:
        raise nothing_compared(skipped)
    if unknown:
        warnings.warn(
            "Components of unknown azimuth are compared as if they were north and east: "
            + ", ".join(unknown)
            + ". Pass inventory= (--inventory) with their azimuths.",
            InputWarning,
            stacklevel=2,
        )
    if loosely:
        warnings.warn(
            "Matched by station code alone, since one of the two has no network code: "
            + ", ".join(loosely)
            + ".",
            stacklevel=2,
        )
    return cases, drawn, skipped


def nothing_compared(skipped: Sequence[tuple[str, str]]) -> InputError:
    """What to say if no station can be compared: each kind of reason once.

    :param skipped: stations and reasons.
    """
    kinds: dict[str, list[str]] = {}
    for _, why in skipped:
        # Words with a dot or a number in them are ids and times.
        kinds.setdefault(re.sub(r"\S*[.\d]\S*", "", why), []).append(why)
    texts = [
        why[0] + f" ({len(why) - 1} more like this.)" * (len(why) > 1) for why in kinds.values()
    ]
    return InputError(NOTHING + " ".join(texts))


def _beside(
    generated: EnrichedRecord, records: Sequence[Record], origin_time: UTCDateTime | None
) -> tuple[Record, np.ndarray]:
    """The record of a station that covers its time, and its motion: (3, samples), m/s²."""
    errors = []
    for record in _candidates(generated, records):
        try:
            return record, _cut(generated, record, origin_time)
        except InputError as error:
            errors.append(error)
    raise errors[0]


def _candidates(generated: EnrichedRecord, records: Sequence[Record]) -> list[Record]:
    """Records of the station with the same components; there is at least one."""
    if len(generated.rows) != 3:
        raise InputError(f"{generated.id} has {len(generated.rows)} components; three are judged.")
    network, station = generated.headers[0].network, generated.headers[0].station
    same = [
        record
        for record in records
        if record.headers[0].station == station and set(record.rows) == set(generated.rows)
    ]
    turned = [record for record in same if _radial(record) != _radial(generated)]
    if same and len(turned) == len(same):
        raise InputError(
            f"Of {generated.id} and its record {turned[0].id}, one is radial and transverse, the "
            "other is not. Rotate one of them: stream.rotate('NE->RT', back_azimuth=...)."
        )
    same = [record for record in same if _radial(record) == _radial(generated)]
    exact = [record for record in same if record.headers[0].network == network]
    if exact:
        return exact
    loose = [record for record in same if not (network and record.headers[0].network)]
    if not loose:
        raise InputError(
            f"{generated.id} has no record with the same components among the {len(records)} "
            "recorded stations."
        )
    networks = {record.headers[0].network for record in loose}
    if len(networks) > 1:
        raise InputError(
            f"{generated.id} has no network code, and station {station} is recorded in the "
            f"networks {', '.join(sorted(networks))}. Leave the records of one."
        )
    return loose


def _horizontals(record: Record | EnrichedRecord) -> set[str]:
    """What the horizontal components are called; X and Y are east and north."""
    letters = {header.channel[-1:].upper() for header in record.headers}
    return {{"X": "E", "Y": "N"}.get(letter, letter) for letter in letters} - {"Z", "U", "3"}


def _radial(record: Record | EnrichedRecord) -> bool:
    """Whether the horizontal components are radial and transverse."""
    return any(header.channel[-1:].upper() in ("R", "T") for header in record.headers)


def _cut(generated: EnrichedRecord, record: Record, origin_time: UTCDateTime | None) -> np.ndarray:
    """The record at the ensemble's instants: (3, samples), m/s²."""
    rate, samples = generated.sampling_rate, generated.low_frequency.shape[-1]
    start = generated.start
    if is_undated(start) and not is_undated(record.start):
        if origin_time is None:
            raise InputError(
                f"{generated.id} begins at {start}, as simulations without a date do, its record "
                f"at {record.start}. Give the time of the simulation's t = 0: origin_time= "
                "(--origin-time 2019-11-11T10:52:45) or event= (--event, a QuakeML or "
                "CMTSOLUTION file)."
            )
        start = origin_time + (start - UTCDateTime(0))
    before = start - record.start
    end = before + (samples - 1) / rate
    if before < -0.5 / rate or end > record.duration + 1.0 / rate:
        far = abs(before) > 86_400.0
        raise InputError(
            f"The record of {generated.id} spans {record.start} + {record.duration:g} s and does "
            f"not cover the ensemble's {start} + {(samples - 1) / rate:g} s."
            + " If that is the date of the computation, set stats.starttime before enriching."
            * far
        )
    data = record.data
    if record.sampling_rate != rate:
        data = band_limit(data, record.sampling_rate, 0.39 * min(record.sampling_rate, rate), rate)
    first = round(before * rate)
    between = before * rate - first
    if abs(between) >= 0.02:
        data = _advanced(data, between)
    cut = data[:, max(first, 0) : max(first, 0) + samples]
    return np.pad(cut, ((0, 0), (0, samples - cut.shape[-1])))


def _advanced(data: np.ndarray, part: float) -> np.ndarray:
    """The signal ``part`` of a sample later than each sample: (..., samples)."""
    samples, padding = data.shape[-1], 64
    length = fast_length(samples + 2 * padding)
    spectrum = np.fft.rfft(extend(data, padding, length))
    spectrum *= np.exp(2j * np.pi * np.fft.rfftfreq(length) * part)
    return np.fft.irfft(spectrum, length)[..., padding : padding + samples]
