"""Cases: low frequencies in the place of a simulation, and the record that belongs to them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from obspy import Inventory, Stream, UTCDateTime

from ..data.pairs import scenario_of
from ..data.store import SAMPLING_RATE, Store
from ..enrich import draw as draw_records
from ..enrich import realization_seeds
from ..ensemble.ensemble import EnrichedRecord, Ensemble
from ..ensemble.measures import detrended
from ..errors import InputError, InputWarning
from ..method.contract import Batch, Method, Scenario, as_array
from ..records.events import is_undated
from ..records.record import Record, read_records
from ..records.windows import low_frequencies, place_windows
from ..request import Request
from ..signal.filters import band_limit, extend, fast_length
from ..signal.hybrid import hybridize

if TYPE_CHECKING:
    from ..data.pairs import Pairs

#: How the refusal begins where no station can be judged.
NOTHING = "No station can be compared: "
#: s: how long before P a case begins, and how long it is at most.
_BEFORE_P, _LONGEST = 5.0, 120.0


@dataclass(frozen=True)
class Case:
    """One record and what a method may know of it.

    :param name: of the record.
    :param event: that it belongs to.
    :param input: all that a method may know: the low frequencies, (3, samples), in the place of a
        simulation, with id, start and scenario. m/s² (under the thesis protocol, over the peak of
        each component of the record).
    :param recorded: (3, samples), in the same unit.
    :param corner: upper frequency limit of the low frequencies, Hz.
    :param thesis_window: the batch that a method is handed under the thesis protocol; None under
        the clean one.
    """

    name: str
    event: str
    input: Record
    recorded: np.ndarray
    corner: float
    thesis_window: Batch | None = None

    def __post_init__(self) -> None:
        leaks = self.thesis_window is not None and self.thesis_window.broadband is not None
        if leaks or np.shares_memory(self.input.data, self.recorded):
            raise AssertionError("A method must not be handed the target.")

    @property
    def protocol(self) -> str:
        """ "clean" or "thesis"."""
        return "clean" if self.thesis_window is None else "thesis"

    @property
    def sampling_rate(self) -> float:
        """Hz."""
        return self.input.sampling_rate

    @property
    def scenario(self) -> Scenario:
        """What is known of the earthquake and the site."""
        return self.input.scenario

    @property
    def low_frequency(self) -> np.ndarray:
        """(3, samples), in the unit of ``recorded``."""
        return self.input.data

    def seeds(self, realizations: int, seed: int) -> np.ndarray:
        """The seeds of the record's realizations, those of ``enrich``: (realizations,)."""
        return realization_seeds(seed, self.input.id, self.input.start.ns, realizations)


def cases_of_records(store: Store, records: np.ndarray, corner: float) -> Iterator[Case]:
    """Records of a store under the clean protocol: from 5 s before P to the end, at most 120 s.

    Where a record begins later, from its beginning.

    :param records: indices; with P, in m/s².
    :param corner: upper frequency limit of the low frequencies, Hz.
    """
    for record in records:
        p = round(float(store.columns["p_sample"][record]))
        first = max(0, p - round(_BEFORE_P * SAMPLING_RATE))
        recorded = store.motion(int(record), first, first + round(_LONGEST * SAMPLING_RATE))
        recorded = recorded.astype(float)
        low = low_frequencies(recorded, SAMPLING_RATE, corner, SAMPLING_RATE)
        name, event = (str(store.columns[column][record]) for column in ("record", "event"))
        start = UTCDateTime(str(store.columns["start"][record]) or 0) + first / SAMPLING_RATE
        scenario = scenario_of(store, int(record))
        yield Case(name, event, _input(name, low, start, scenario), recorded, corner)


def cases_of_windows(pairs: Pairs) -> list[Case]:
    """The windows of pairs, each once, as they are (the pairs must have no augmentation)."""
    cases = []
    for position, record in enumerate(pairs.records):
        batch = pairs.batch([position])
        low, recorded = (
            as_array(motion)[0].astype(float) for motion in (batch.low_frequency, batch.broadband)
        )
        window = None
        if pairs.protocol == "clean":
            low, recorded = low * float(batch.scale[0]), recorded * float(batch.scale[0])
        else:
            window = Batch(
                low_frequency=as_array(batch.low_frequency),
                scale=as_array(batch.scale),
                corner=as_array(batch.corner),
                scenarios=batch.scenarios,
                starts=as_array(batch.starts),
            )
        name, event = (str(pairs.store.columns[column][record]) for column in ("record", "event"))
        case_input = _input(name, low, UTCDateTime(0), batch.scenarios[0])
        cases.append(Case(name, event, case_input, recorded, float(batch.corner[0]), window))
    return cases


def _input(name: str, low: np.ndarray, start: UTCDateTime, scenario: Scenario) -> Record:
    """A record that consists of low frequencies, at the store's sampling rate."""
    return Record(name, low, SAMPLING_RATE, start, (0, 1, 2), (), scenario=scenario)


def draw(method: Method, case: Case, realizations: int, seed: int = 0) -> np.ndarray:
    """Realizations of a case: (realizations, 3, samples), in the unit of ``recorded``.

    Under the clean protocol as ``enrich`` draws them. Under the thesis protocol what a method makes
    of the window over the whole band, not joined with the low frequencies.

    :raises InputError: for a method of another sampling rate.
    :raises MethodError: if the method returns something else than it promises.
    """
    if method.sampling_rate != case.sampling_rate:
        raise InputError(
            f"{type(method).__name__} makes records at {method.sampling_rate:g} Hz, {case.name} "
            f"has {case.sampling_rate:g} Hz."
        )
    if case.thesis_window is not None:
        seeds = case.seeds(realizations, seed)
        return np.asarray(method.realize(case.thesis_window, seeds[None]))[0]
    prepared = place_windows(case.input, case.low_frequency, method, case.corner)
    ((_, parts),) = draw_records([prepared], method, Request(n=realizations, seed=seed))
    return np.concatenate(parts)


def joined(case: Case, motion: np.ndarray) -> np.ndarray:
    """The low frequencies of a case below its corner, other motion above it.

    :param motion: (..., 3, samples), in the unit of ``recorded``.
    """
    return hybridize(case.low_frequency, motion, case.sampling_rate, case.corner)


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
    scenarios = {
        station["id"]: station["scenario"] for station in ensemble.provenance.get("stations", [])
    }
    cases: list[Case] = []
    realizations: dict[str, np.ndarray] = {}
    by_station_code: list[str] = []
    unknown_azimuths: list[str] = []
    for generated in ensemble.records:
        try:
            record, motion = _recorded(generated, records, origin_time)
        except InputError as error:
            skipped.append((generated.id, str(error)))
            continue
        if record.headers[0].network != generated.headers[0].network:
            by_station_code.append(f"{generated.id} and {record.id}")
        if _horizontals(record) != _horizontals(generated):
            unknown_azimuths.append(f"{generated.id} and {record.id}")
        order = np.argsort(generated.rows)  # Z, N, E
        case_input = Record(
            id=generated.id,
            data=generated.low_frequency[order].astype(float),
            sampling_rate=generated.sampling_rate,
            start=generated.start,
            rows=(0, 1, 2),
            headers=(),
            scenario=Scenario(**scenarios.get(generated.id, {})),
        )
        # Stations of one ensemble have recorded one event.
        event = str(generated.start.date)
        cases.append(Case(generated.id, event, case_input, motion, corner))
        realizations[generated.id] = generated.realizations[:, order].astype(float)
    if not cases:
        raise nothing_compared(skipped)
    if unknown_azimuths:
        warnings.warn(
            "Components of unknown azimuth are compared as if they were north and east: "
            + ", ".join(unknown_azimuths)
            + ". Pass inventory= (--inventory) with their azimuths.",
            InputWarning,
            stacklevel=2,
        )
    if by_station_code:
        warnings.warn(
            "Matched by station code alone, since one of the two has no network code: "
            + ", ".join(by_station_code)
            + ".",
            stacklevel=2,
        )
    return cases, realizations, skipped


def nothing_compared(skipped: Sequence[tuple[str, str]]) -> InputError:
    """The error if no station can be compared: each kind of reason once.

    :param skipped: stations and reasons.
    """
    kinds: dict[str, list[str]] = {}
    for _, reason in skipped:
        # Words with a dot or a number in them are ids and times.
        kinds.setdefault(re.sub(r"\S*[.\d]\S*", "", reason), []).append(reason)
    texts = [
        alike[0] + f" ({len(alike) - 1} more like this.)" * (len(alike) > 1)
        for alike in kinds.values()
    ]
    return InputError(NOTHING + " ".join(texts))


def _recorded(
    generated: EnrichedRecord, records: Sequence[Record], origin_time: UTCDateTime | None
) -> tuple[Record, np.ndarray]:
    """The record of a station that covers its time, and its motion: (3, samples), m/s²."""
    errors = []
    for record in _candidates(generated, records):
        try:
            return record, _at_instants(generated, record, origin_time)
        except InputError as error:
            errors.append(error)
    raise errors[0]


def _candidates(generated: EnrichedRecord, records: Sequence[Record]) -> list[Record]:
    """Records of the station with the same components; there is at least one."""
    if len(generated.rows) != 3:
        raise InputError(f"{generated.id} has {len(generated.rows)} components; three are judged.")
    network, station = generated.headers[0].network, generated.headers[0].station
    matches = [
        record
        for record in records
        if record.headers[0].station == station and set(record.rows) == set(generated.rows)
    ]
    rotated = [record for record in matches if _is_radial(record) != _is_radial(generated)]
    if matches and len(rotated) == len(matches):
        raise InputError(
            f"Of {generated.id} and its record {rotated[0].id}, one is radial and transverse, the "
            "other is not. Rotate one of them: stream.rotate('NE->RT', back_azimuth=...)."
        )
    matches = [record for record in matches if _is_radial(record) == _is_radial(generated)]
    same_network = [record for record in matches if record.headers[0].network == network]
    if same_network:
        return same_network
    no_network = [record for record in matches if not (network and record.headers[0].network)]
    if not no_network:
        raise InputError(
            f"{generated.id} has no record with the same components among the {len(records)} "
            "recorded stations."
        )
    networks = {record.headers[0].network for record in no_network}
    if len(networks) > 1:
        raise InputError(
            f"{generated.id} has no network code, and station {station} is recorded in the "
            f"networks {', '.join(sorted(networks))}. Leave the records of one."
        )
    return no_network


def _horizontals(record: Record | EnrichedRecord) -> set[str]:
    """Letters of the horizontal components; X and Y are east and north."""
    letters = {header.channel[-1:].upper() for header in record.headers}
    return {{"X": "E", "Y": "N"}.get(letter, letter) for letter in letters} - {"Z", "U", "3"}


def _is_radial(record: Record | EnrichedRecord) -> bool:
    """Whether the horizontal components are radial and transverse."""
    return any(header.channel[-1:].upper() in ("R", "T") for header in record.headers)


def _at_instants(
    generated: EnrichedRecord, record: Record, origin_time: UTCDateTime | None
) -> np.ndarray:
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
    fraction = before * rate - first
    if abs(fraction) >= 0.02:
        data = _at_fraction(data, fraction)
    cut = data[:, max(first, 0) : max(first, 0) + samples]
    return np.pad(cut, ((0, 0), (0, samples - cut.shape[-1])))


def _at_fraction(data: np.ndarray, fraction: float) -> np.ndarray:
    """The signal a fraction of a sample after each sample: (..., samples)."""
    samples, padding = data.shape[-1], 64
    length = fast_length(samples + 2 * padding)
    spectrum = np.fft.rfft(extend(data, padding, length))
    spectrum *= np.exp(2j * np.pi * np.fft.rfftfreq(length) * fraction)
    return np.fft.irfft(spectrum, length)[..., padding : padding + samples]
