"""What is asked of every item of a run: plain values, the same for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from obspy import Stream

from ..coherence import AUTO
from ..coherence import check as check_coherence
from ..enrich import check_call, enrich_with
from ..ensemble import Ensemble
from ..method import Method, Scenario
from ..registry import create
from .source import Loaded

_QUANTITIES = {
    "magnitude": "magnitude",
    "distance": "distance_km",
    "depth": "depth_km",
    "vs30": "vs30_m_s",
}


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
    coherence: str | None = AUTO
    to: str = "ensemble"
    measures: str = "csv"

    def ready(self) -> Method:
        """The method with its options and weights, made once a process."""
        return _ready(self.method, tuple(sorted(self.options.items())), self.weights)

    def check(self) -> None:
        """See that every item could be enriched.

        :raises InputError: for arguments that cannot be used.
        :raises MethodError: for an unknown or broken method.
        """
        check_call(self.n, self.seed, self.corner, self.ready())
        check_coherence(self.coherence, self.ready())
        Scenario(self.magnitude, self.distance, self.depth, self.vs30)

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
            coherence=self.coherence,
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
        return dataclasses.asdict(self) | {"options": dict(self.options)}


def _by_station(
    stream: Stream, scenarios: Mapping[str, Scenario], quantity: str
) -> dict[str, float | None]:
    codes = {f"{trace.stats.network}.{trace.stats.station}" for trace in stream}
    unknown = Scenario()
    return {code: getattr(scenarios.get(code, unknown), quantity) for code in codes}


@lru_cache(maxsize=1)
def _ready(method: str, options: tuple[tuple[str, Any], ...], weights: str | None) -> Method:
    return create(method, dict(options), weights)
