"""Provenance: everything needed to draw a realization again, as plain JSON types."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from .._version import __version__
from ..method import registry
from ..method.contract import Method
from ..records.record import Refusal
from ..records.windows import Prepared
from ..request import Request


def provenance(
    request: Request,
    method: Method,
    corner: float,
    prepared: Sequence[Prepared],
    refusals: Sequence[Refusal],
) -> dict[str, Any]:
    """What was asked for, with what, of which input.

    :param request: with its seed.
    :param method: that the request made.
    :param corner: Hz, also where the request says "auto".

    No clock time is in it: the same call leaves the same bytes.
    """
    name, n = request.method, request.n
    return {
        "method": name if isinstance(name, str) else type(method).__name__,
        "method_distribution": _distribution(name, method),
        "options": dataclasses.asdict(method.options),
        **_weights(method),
        "seed": request.seed,
        "realizations": list(range(n)),
        "corner_hz": float(corner),
        "spatial_correlation": request.spatial_correlation,
        "sampling_rate_hz": method.sampling_rate,
        "software": dict(software()),
        "stations": [_station(item) for item in prepared],
        "skipped": [dataclasses.asdict(refusal) for refusal in refusals],
    }


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """Versions that decide on the bytes of a realization."""
    return {
        "obspy_broadband": __version__,
        "obspy": version("obspy"),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _distribution(name: str | Method, method: Method) -> str:
    if isinstance(name, str):
        return _registered(name)
    return f"{type(method).__module__}.{type(method).__qualname__}"


@lru_cache
def _registered(name: str) -> str:
    registration = registry.methods()[name]
    return f"{registration.distribution} {registration.version}"


def _weights(method: Method) -> dict[str, Any]:
    weights = getattr(method, "weights", None)
    if weights is None:
        return {}
    calibrated = {} if method.level_spread == 1.0 else {"level_spread": method.level_spread}
    return {"weights": {"name": weights.name, "sha256": weights.card["sha256"], **calibrated}}


def _station(item: Prepared) -> dict[str, Any]:
    record = item.record
    motion = np.ascontiguousarray(record.data, dtype="<f8")
    return {
        "id": record.id,
        "start": str(record.start),
        "input_sampling_rate_hz": record.sampling_rate,
        "input_samples": record.data.shape[-1],
        "input_units": record.units,
        "input_sha256": hashlib.sha256(motion.tobytes()).hexdigest(),
        "scale_m_s2": item.scale,
        "scenario": dataclasses.asdict(record.scenario),
        "spatial_correlation": None if item.field is None else item.field.as_json(),
    }
