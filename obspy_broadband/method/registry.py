"""Methods by name, from entry points; a plugin is imported only when it is loaded."""

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
    """A registered method, read from metadata without importing it."""

    name: str
    distribution: str
    version: str
    target: str  #: ``module:Class``


def _entry_points() -> Iterator[tuple[Registration, EntryPoint]]:
    listed = set()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist else "unknown distribution"
        version = point.dist.version if point.dist else "?"
        registration = Registration(point.name, distribution, version, point.value)
        # An editable install and a checkout on sys.path describe one distribution twice.
        if registration not in listed:
            listed.add(registration)
            yield registration, point


def methods() -> dict[str, Registration]:
    """All registered methods by name, those whose plugins cannot be imported included."""
    return {registration.name: registration for registration, _ in _entry_points()}


def load(name: str) -> type[Method]:
    """The class of a method.

    :param name: as in :func:`methods`.
    :raises MethodError: if no distribution registers the name, several do, its module cannot be
        imported, or what it names is no :class:`~obspy_broadband.method.Method`.
    """
    candidates = [
        (registration, point)
        for registration, point in _entry_points()
        if registration.name == name
    ]
    if not candidates:
        names = sorted(methods())
        near = get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise MethodError(f"Unknown method {name!r}.{hint} Known methods: {', '.join(names)}.")
    if len(candidates) > 1:
        claims = " and ".join(
            f"{registration.distribution} {registration.version}" for registration, _ in candidates
        )
        raise MethodError(
            f"Method {name!r} is registered by {claims}; uninstall all of them but one."
        )
    registration, point = candidates[0]
    origin = f"{registration.distribution} {registration.version}"
    try:
        method_class = point.load()
    except Exception as error:  # a plugin may raise anything at import
        raise MethodError(
            f"Method {name!r} of {origin} could not be loaded from {registration.target}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not (isinstance(method_class, type) and issubclass(method_class, Method)):
        raise MethodError(
            f"Method {name!r} of {origin}: {registration.target} is not a subclass of "
            "obspy_broadband.Method."
        )
    return method_class


def create(
    name: str | Method, options: Mapping[str, Any], weights: str | Path | None = None
) -> Method:
    """A method ready for use.

    :param name: a registered name, or a method's instance (then ``options`` must be empty).
    :param options: values for the method's ``Options``.
    :param weights: of a method that is trained: a name, or a path (see
        :func:`obspy_broadband.method.weights.find`).
    :raises MethodError: see :func:`load`.
    :raises InputError: for unknown or refused options, or weights that cannot be found or used.
    """
    if isinstance(name, Method):
        if options or weights is not None:
            passed = ", ".join([*options, *(["weights"] if weights is not None else [])])
            raise MethodError(
                f"{type(name).__name__} is made already; pass its options when making it, "
                f"not to enrich: {passed}."
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
