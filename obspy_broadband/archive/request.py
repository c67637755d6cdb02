"""What is asked of every item of a run: plain values, the same for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from obspy import Stream

from ..enrich import check_call, enrich_with
from ..ensemble.ensemble import Ensemble
from ..method.contract import Method, Scenario
from ..method.registry import create
from ..records.scenario import ARGUMENTS, check_distance
from ..records.spatial_correlation import AUTO
from ..records.spatial_correlation import check as check_spatial_correlation
from ..sources.source import Loaded

#: The part of a scenario that each argument gives.
_QUANTITIES = {argument: quantity for quantity, argument in ARGUMENTS.items()}


@dataclass(frozen=True)
class Request:
    """Arguments of :func:`obspy_broadband.enrich`, and how the result is kept.

    :param to: a kind of output, see :data:`obspy_broadband.archive.outputs.KINDS`.
    :param measures: table of intensity measures, one of :data:`.tables.KINDS`.
    """

    method: str = "stochastic"
    n: int = 20
    seed: int = 0
    corner: float | str = 1.0
    units: str | None = None
    magnitude: float | None = None
    distance: float | None = None
    depth: float | None = None
    vs30: float | None = None
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    spatial_correlation: str | None = AUTO
    to: str = "ensemble"
    measures: str = "csv"
    rupture_distance: float | None = None

    def ready(self) -> Method:
        """The method with its options and weights, made once a process."""
        return _ready(self.method, tuple(sorted(self.options.items())), self.weights)

    def check(self) -> None:
        """See that every item could be enriched.

        :raises InputError: for arguments that cannot be used.
        :raises MethodError: for an unknown or broken method.
        """
        check_call(self.n, self.seed, self.corner, self.ready())
        check_spatial_correlation(self.spatial_correlation, self.ready())
        asked = (self.magnitude, self.distance, self.depth, self.vs30, self.rupture_distance)
        check_distance(Scenario(*asked))

    def enrich(self, loaded: Loaded) -> Ensemble:
        """One item.

        :raises InputError: if no record of it can be used; others are named in the provenance.
        """
        return enrich_with(
            self.method,
            self.ready(),
            loaded.stream,
            n=self.n,
            seed=self.seed,
            corner=self.corner,
            units=self.units,
            known=self._known(loaded),
            inventory=loaded.inventory,
            event=loaded.event,
            spatial_correlation=self.spatial_correlation,
            on_bad="skip",
        )

    def _known(self, loaded: Loaded) -> dict[str, Any]:
        """What was asked for goes before what the source knows."""
        known: dict[str, Any] = {name: getattr(self, name) for name in _QUANTITIES}
        if loaded.scenarios:
            for name, quantity in _QUANTITIES.items():
                if known[name] is None:
                    known[name] = _by_station(loaded.stream, loaded.scenarios, quantity)
        return known

    def as_json(self) -> dict[str, Any]:
        """Plain values, for run.json."""
        said = dataclasses.asdict(self) | {"options": dict(self.options)}
        if self.rupture_distance is None:  # runs that were begun without this option go on
            del said["rupture_distance"]
        return said


def _by_station(
    stream: Stream, scenarios: Mapping[str, Scenario], quantity: str
) -> dict[str, float | None]:
    codes = {f"{trace.stats.network}.{trace.stats.station}" for trace in stream}
    given = {code: scenarios.get(code, Scenario()) for code in codes}
    if quantity == "distance_km":
        return {code: one.hypocentral_distance_km for code, one in given.items()}
    return {code: getattr(one, quantity) for code, one in given.items()}


@lru_cache(maxsize=1)
def _ready(method: str, options: tuple[tuple[str, Any], ...], weights: str | None) -> Method:
    return create(method, dict(options), weights)
