"""The request of a run: the arguments of ``enrich``, the kind of output and the measures."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..enrich import enrich_data
from ..ensemble import Ensemble
from ..method.contract import Method, Scenario
from ..records.scenario import ARGUMENTS, check_distance
from ..records.station_data import StationData
from ..request import Request
from .outputs import check_kind
from .tables import check_measures


@dataclass(frozen=True, kw_only=True)
class RunRequest(Request):
    """A :class:`Request` of plain values, with the output of a run.

    :param to: a kind of output, see :data:`obspy_broadband.archive.outputs.KINDS`.
    :param measures: table of intensity measures, one of :data:`.tables.KINDS`.
    """

    seed: int = 0
    on_bad: str = "skip"
    to: str = "ensemble"
    measures: str = "csv"

    def ready(self) -> Method:
        """As :meth:`Request.ready`; the method is made once per process."""
        options = tuple(sorted(self.options.items()))
        return _ready(self.method, options, self.weights)

    def check(self, method: Method) -> None:
        """As :meth:`Request.check`, and of the scenario and the kinds of output."""
        super().check(method)
        check_kind(self.to, self.n)
        check_measures(self.measures)
        values = {name: getattr(self, argument) for name, argument in ARGUMENTS.items()}
        check_distance(Scenario(**values))

    def enrich(self, data: StationData) -> Ensemble:
        """Enrich one item.

        :raises InputError: if no record of it can be used; others are named in the provenance.
        """
        return enrich_data(data, self, self.ready())

    def as_json(self) -> dict[str, Any]:
        """Plain values for run.json, of which ``RunRequest(**values)`` is made again."""
        values = dataclasses.asdict(self) | {"options": dict(self.options)}
        del values["on_bad"]  # always "skip"
        if self.rupture_distance is None:  # runs that were begun without this option go on
            del values["rupture_distance"]
        return values


@lru_cache(maxsize=1)
def _ready(method: Any, options: tuple[tuple[str, Any], ...], weights: Any) -> Method:
    return Request(method=method, options=dict(options), weights=weights).ready()
