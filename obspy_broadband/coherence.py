"""Levels of high frequencies that stations of one event share in part, by their distance."""

from __future__ import annotations

import numpy as np
from obspy import Inventory
from obspy.core.event import Event

from .errors import InputError
from .method import Method
from .record import Record
from .scenarios import coordinates
from .signal import spatial

MODELS = ("loth-baker-2013",)


def check(model: str | None, method: Method) -> None:
    """Refuse a model that is not known, or a method that cannot use it.

    :raises InputError: with what is allowed.
    """
    if model is None:
        return
    if model not in MODELS:
        raise InputError(f"coherence is {model!r}; it must be None or {' or '.join(MODELS)!r}.")
    if not method.level_numbers:
        raise InputError(
            f"{type(method).__name__} does not draw a level that could be correlated between "
            "stations; leave coherence out."
        )


def where_is(record: Record, inventory: Inventory | None) -> np.ndarray:
    """A record's station, (3,), km: on the Earth, or in a simulation's own axes.

    :raises InputError: if its place is not known.
    """
    known = coordinates(record, inventory)
    if known is not None:
        return spatial.place(*known)
    local = record.headers[0].get("coordinates", {})
    if {"x", "y"} <= set(local):
        return np.array([local["x"], local["y"], 0.0]) / 1000.0
    raise InputError(
        f"{record.id} has no coordinates, which coherence between stations needs. Pass inventory=, "
        "or leave coherence out."
    )


def levels(seed: int, event: Event | None, where: np.ndarray, n: int, numbers: int) -> np.ndarray:
    """The numbers of one station's realizations: (n, numbers).

    Stations share realization k of an event: the field's seed is hashed from the user's seed, the
    event's origin time (nothing, if it is not known) and k.
    """
    origin = None if event is None else event.preferred_origin() or (event.origins or [None])[0]
    time = "" if origin is None else str(origin.time)
    return np.stack([spatial.field(f"{seed}|{time}|{k}", where, numbers) for k in range(n)])
