"""Records without a simulation: of simulated scenarios, or of codes drawn from N(0, 1)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from tqdm import tqdm

from .enrich import collect, enrich, realization_seeds
from .ensemble import EnrichedRecord, Ensemble
from .ensemble.provenance import provenance
from .errors import InputError
from .method.contract import Method, Scenario
from .records.record import read_records
from .records.scenario import check_distance
from .records.windows import prepare
from .request import Request, draw_seed
from .signal.filters import band_limit

if TYPE_CHECKING:
    from .method.latent import CodedMethod

#: A start time for records of codes, which have none.
_START = UTCDateTime(2000, 1, 1)
_MOST = 99_999  # station codes have five characters


def generate(
    method: str | Method = "stochastic",
    n: int = 20,
    seed: int | None = None,
    corner: float = 1.0,
    magnitude: float | None = None,
    distance: float | None = None,
    depth: float | None = None,
    vs30: float | None = None,
    weights: str | Path | None = None,
    progress: bool = False,
    **options: Any,
) -> Ensemble:
    """Records of one realization each, as stations ``XX.00001`` and on.

    A method that decodes records from codes alone (:attr:`.latent.CodedMethod.unconditional`) draws
    them from N(0, 1), and the peak of the low frequencies from the distribution that its training
    data had. Every other method needs low frequencies: they are those of simulated scenarios
    (:mod:`.data.simulated`), stochastic point sources of their own magnitude and distance, with P,
    S and coda. Which of the two it was is in the provenance, "generated_from".

    :param method: a registered name or a ready-made method.
    :param n: number of records, up to 99,999.
    :param seed: a whole number; record k is the same whatever ``n`` is. None draws one.
    :param corner: Hz, up to which the low frequencies go.
    :param magnitude: of all records; with ``distance`` (km), ``depth`` (km) and ``vs30`` (m/s) it
        describes the scenario. What is left out is drawn (scenarios) or unknown (codes).
    :param weights: of a trained method.
    :param options: the method's.
    :return: an ensemble whose low frequencies are those that its records have.
    :raises InputError: for arguments that cannot be used.
    :raises MethodError: see :func:`.enrich.enrich`.
    """
    request = Request(method=method, n=1, corner=corner, weights=weights, options=options)
    ready = request.ready()
    if isinstance(corner, str):
        raise InputError(f"corner is {corner!r}; records from nothing need a frequency in Hz.")
    dataclasses.replace(request, n=n, seed=seed).check(ready)
    seed = draw_seed(seed)
    request = dataclasses.replace(request, seed=seed)
    if n > _MOST:
        raise InputError(f"n is {n}; at most {_MOST} records have a station code.")
    scenario = Scenario(magnitude, distance, depth, vs30)
    check_distance(scenario)
    if not getattr(ready, "unconditional", False):
        ensemble = _of_scenarios(ready, n, seed, corner, scenario, progress)
        card = ensemble.provenance | {"generated_from": "low frequencies of simulated scenarios"}
    else:
        ensemble = _of_codes(ready, request, n, scenario, progress)  # type: ignore[arg-type]
        card = ensemble.provenance | {"generated_from": "codes drawn from N(0, 1)"}
    if isinstance(method, str):
        of_name = provenance(request, ready, corner, [], [])
        card |= {name: of_name[name] for name in ("method", "method_distribution")}
    return Ensemble(ensemble.records, card)


def _of_scenarios(
    method: Method, n: int, seed: int, corner: float, partial: Scenario, progress: bool
) -> Ensemble:
    from .data.simulated import Population, draw_scenarios, stochastic_record
    from .data.store import SAMPLING_RATE

    stream = Stream()
    values_by_station: dict[str, dict[str, Any]] = {name: {} for name in Scenario.ranges}
    given_values = {
        key: value for key, value in dataclasses.asdict(partial).items() if value is not None
    }
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        random_scenario = draw_scenarios(Population(records=1, per_event=1), 1, rng)[0][0]
        if partial.distance_km is not None and random_scenario.depth_km is not None:
            random_scenario = dataclasses.replace(
                random_scenario, depth_km=min(random_scenario.depth_km, partial.distance_km)
            )
        scenario = dataclasses.replace(random_scenario, **given_values)
        motion = stochastic_record(scenario, rng)
        low = band_limit(motion, SAMPLING_RATE, corner)
        stream += _stream(low, SAMPLING_RATE, number)
        for name, values in values_by_station.items():
            values[_code(number)] = getattr(scenario, name)
    return enrich(
        stream,
        method,
        n=1,
        seed=seed,
        corner=corner,
        units="m/s**2",
        magnitude=values_by_station["magnitude"],
        distance=values_by_station["distance_km"],
        depth=values_by_station["depth_km"],
        vs30=values_by_station["vs30_m_s"],
        progress=progress,
    )


def _of_codes(
    method: CodedMethod, request: Request, n: int, scenario: Scenario, progress: bool
) -> Ensemble:
    if method.level is None:
        raise InputError(
            "These weights were trained under the thesis protocol, which has no physical level: "
            "records from codes need weights of the clean protocol."
        )
    records: list[EnrichedRecord] = []
    prepared = []
    rate, corner, seed = method.sampling_rate, request.corner, request.seed
    assert isinstance(corner, float | int)
    assert seed is not None
    for number in tqdm(range(n), unit="record", disable=not progress):
        record_seed = realization_seeds(seed, _code(number), _START.ns, 1)[0]
        motion = method.generate(int(record_seed), corner, scenario)
        # By the same functions as a simulation, so that the ensemble has the same contents.
        (record,), _ = read_records(_stream(motion, rate, number), "m/s**2")
        item = prepare(dataclasses.replace(record, scenario=scenario), method, corner)
        records.append(collect(item, [motion[None]], rate))
        prepared.append(item)
    return Ensemble(records, provenance(request, method, corner, prepared, []))


def _stream(motion: np.ndarray, sampling_rate: float, number: int) -> Stream:
    header = {
        **{"network": "XX", "station": _code(number), "starttime": _START},
        **{"sampling_rate": sampling_rate, "units": "m/s**2"},
    }
    return Stream(
        Trace(np.asarray(row, dtype=float), {**header, "channel": f"HN{component}"})
        for component, row in zip("ZNE", motion)
    )


def _code(number: int) -> str:
    return f"{number + 1:05d}"
