"""What is asked for: one description for ``enrich``, archive runs, evaluation and provenance."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .method.contract import Method
from .method.registry import create
from .records.corner import check_corner
from .records.scenario import ARGUMENTS, ScenarioValue
from .records.spatial_correlation import AUTO
from .records.spatial_correlation import check as check_spatial_correlation


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of :func:`obspy_broadband.enrich`; see there.

    :param options: of the method.
    """

    method: str | Method = "stochastic"
    n: int = 20
    seed: int | None = None
    corner: float | str = 1.0
    units: str | None = None
    magnitude: ScenarioValue = None
    distance: ScenarioValue = None
    rupture_distance: ScenarioValue = None
    depth: ScenarioValue = None
    vs30: ScenarioValue = None
    weights: str | Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    spatial_correlation: str | None = AUTO
    on_bad: str = "raise"

    def ready(self) -> Method:
        """The method with its options and weights.

        :raises InputError: for options or weights that cannot be used.
        :raises MethodError: for an unknown or broken method.
        """
        return create(self.method, self.options, self.weights)

    @property
    def scenario_arguments(self) -> dict[str, ScenarioValue]:
        """The arguments that describe earthquake and site, by name."""
        return {name: getattr(self, name) for name in ARGUMENTS.values()}

    def check(self, method: Method) -> None:
        """See that the arguments can be used with a method.

        :param method: see :meth:`ready`.
        :raises InputError: for what cannot, with what is allowed.
        """
        if isinstance(self.n, bool) or not isinstance(self.n, (int, np.integer)) or self.n < 1:
            raise InputError(
                f"n is {self.n!r}; it must be a whole number of realizations, 1 or more."
            )
        check_corner(self.corner, method)
        draw_seed(self.seed)
        if self.on_bad not in ("raise", "skip"):
            raise InputError(f"on_bad is {self.on_bad!r}; it must be 'raise' or 'skip'.")
        check_spatial_correlation(self.spatial_correlation, method)


def draw_seed(seed: int | None) -> int:
    """The seed, or a new one for None.

    :raises InputError: for what is no seed.
    """
    if seed is None:
        return secrets.randbits(32)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(
            f"seed is {seed!r}; it must be a whole number from 0, or None to draw one."
        )
    return int(seed)
