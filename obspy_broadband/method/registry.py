"""Names of methods and the code behind them; nothing is imported until asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from numbers import Integral
from pathlib import Path
from typing import Any

from ..errors import BroadbandError, InputError, MethodError
from .contract import Method

#: Named the way ObsPy names ``obspy.plugin.waveform``.
GROUP = "obspy_broadband.method"


@dataclass(frozen=True)
class Registration:
    """Where a method comes from, known without importing it."""

    name: str
    distribution: str
    version: str
    target: str  #: ``module:Class``


def _entry_points() -> Iterator[tuple[Registration, EntryPoint]]:
    seen = set()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist else "unknown distribution"
        version = point.dist.version if point.dist else "?"
        found = Registration(point.name, distribution, version, point.value)
        # An editable install and a checkout on sys.path describe one distribution twice.
        if found not in seen:
            seen.add(found)
            yield found, point


def methods() -> dict[str, Registration]:
    """All registered methods by name, read from metadata alone: a broken plugin is listed, too."""
    return {found.name: found for found, _ in _entry_points()}


def load(name: str) -> type[Method]:
    """The class of a method.

    :param name: as in :func:`methods`.
    :raises MethodError: if no distribution registers the name, several do, its module cannot be
        imported, or what it names is no :class:`~obspy_broadband.method.Method`.
    """
    candidates = [(found, point) for found, point in _entry_points() if found.name == name]
    if not candidates:
        known = sorted(methods())
        near = get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise MethodError(f"Unknown method {name!r}.{hint} Known methods: {', '.join(known)}.")
    if len(candidates) > 1:
        claims = " and ".join(f"{found.distribution} {found.version}" for found, _ in candidates)
        raise MethodError(
            f"Method {name!r} is registered by {claims}; uninstall all of them but one."
        )
    found, point = candidates[0]
    try:
        loaded = point.load()
    except Exception as error:  # a stranger's module may raise anything at import
        raise MethodError(
            f"Method {name!r} of {found.distribution} {found.version} could not be loaded "
            f"from {found.target}: {type(error).__name__}: {error}"
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Method)):
        raise MethodError(
            f"Method {name!r} of {found.distribution} {found.version}: {found.target} is not a "
            "subclass of obspy_broadband.Method."
        )
    return loaded


def create(
    name: str | Method, options: Mapping[str, Any], weights: str | Path | None = None
) -> Method:
    """A method ready for use.

    :param name: a registered name, or a method already made (then ``options`` must be empty).
    :param options: what to set in the method's ``Options``.
    :param weights: of a method that is trained: a name, or a path (see
        :func:`obspy_broadband.method.weights.find`).
    :raises MethodError: see :func:`load`.
    :raises InputError: for unknown or refused options, or weights that cannot be found or used.
    """
    if isinstance(name, Method):
        if options or weights is not None:
            given = ", ".join([*options, *(["weights"] if weights is not None else [])])
            raise MethodError(
                f"{type(name).__name__} is made already; pass its options when making it, "
                f"not to enrich: {given}."
            )
        return name
    if not isinstance(name, str):
        hint = f" Did you mean n={name}?" if isinstance(name, Integral) else ""
        raise InputError(
            f"method is {name!r}; it must be a method's name, or a method already made.{hint} "
            f"Known methods: {', '.join(sorted(methods()))}."
        )
    method_class = load(name)
    try:
        if method_class.trainable:
            from .neural import with_weights

            return with_weights(name, method_class, options, weights)
        if weights is not None:
            raise InputError("it is not trained and takes no weights.")
        return method_class(method_class.configure(options))
    except BroadbandError as error:
        raise type(error)(f"Method {name!r}: {error}") from error
