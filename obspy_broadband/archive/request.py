"""What is asked for of every item of a run."""

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


@dataclass(frozen=True, kw_only=True)
class RunRequest(Request):
    """A :class:`Request` of plain values, and how the result is kept.

    :param to: a kind of output, see :data:`obspy_broadband.archive.outputs.KINDS`.
    :param measures: table of intensity measures, one of :data:`.tables.KINDS`.
    """

    seed: int = 0
    on_bad: str = "skip"
    to: str = "ensemble"
    measures: str = "csv"

    def ready(self) -> Method:
        """As :meth:`Request.ready`, made once a process."""
        options = tuple(sorted(self.options.items()))
        return _ready(self.method, options, self.weights)

    def check(self, method: Method) -> None:
        """As :meth:`Request.check`; the scenario, too."""
        super().check(method)
        values = {name: getattr(self, argument) for name, argument in ARGUMENTS.items()}
        check_distance(Scenario(**values))

    def enrich(self, data: StationData) -> Ensemble:
        """One item.

        :raises InputError: if no record of it can be used; others are named in the provenance.
        """
        return enrich_data(data, self, self.ready())

    def as_json(self) -> dict[str, Any]:
        """Plain values, for run.json."""
        values = dataclasses.asdict(self) | {"options": dict(self.options)}
        del values["on_bad"]  # always "skip"
        if self.rupture_distance is None:  # runs that were begun without this option go on
            del values["rupture_distance"]
        return values


@lru_cache(maxsize=1)
def _ready(method: Any, options: tuple[tuple[str, Any], ...], weights: Any) -> Method:
    return Request(method=method, options=dict(options), weights=weights).ready()
