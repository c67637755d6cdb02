"""Levels of high frequencies that stations of one event share in part, by their distance."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from obspy import Inventory
from obspy.core.event import Event

from ..errors import InputError
from ..level import spatial_field as spatial
from ..method.contract import Method
from .events import origin_time
from .headers import header_part
from .places import coordinates
from .record import Record

#: A model where it can be had, and nothing is refused where it cannot.
AUTO = "auto"
MODELS = ("loth-baker-2013",)


@dataclass(frozen=True)
class Field:
    """All that a station needs to find what it shares with others, beside the seed.

    :param model: one of :data:`MODELS`.
    :param event: origin time of the event, as text; empty if it is not known.
    :param place_km: of the station, (x, y, z): on the Earth, or in a simulation's own axes.
    """

    model: str
    event: str
    place_km: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for provenance."""
        return dataclasses.asdict(self) | {"place_km": list(self.place_km)}


def check(asked: str | None, method: Method) -> None:
    """Refuse a model that is not known, or a method that cannot use it.

    :raises InputError: with what is allowed.
    """
    if asked in (None, AUTO):
        return
    if asked not in MODELS:
        allowed = ", ".join(map(repr, (AUTO, *MODELS)))
        raise InputError(f"spatial_correlation is {asked!r}; it must be {allowed} or None.")
    if not method.epsilon_size:
        raise InputError(
            f"{type(method).__name__} does not draw a level that could be correlated between "
            "stations; leave spatial_correlation out."
        )


def find_field(
    asked: str | None,
    method: Method,
    record: Record,
    inventory: Inventory | None,
    event: Event | None,
) -> Field | None:
    """What a record's levels are drawn from; None if they are drawn by themselves.

    :param asked: a model, which needs the station's place; "auto", the model where the event's
        origin time is known, too: without it, records of different earthquakes at a station would
        get the same levels; None for none.
    :raises InputError: if a model is asked for and the place is not known.
    """
    if asked is None or not method.epsilon_size:
        return None
    time = origin_time(event)
    if asked == AUTO and time is None:
        return None
    place = _place(record, inventory, event)
    if place is not None:
        return Field(MODELS[0] if asked == AUTO else asked, str(time or ""), place)
    if asked == AUTO:
        return None
    raise InputError(
        f"{record.id} has no coordinates, which spatial_correlation needs. Pass inventory=, "
        "or leave spatial_correlation out."
    )


def _place(
    record: Record, inventory: Inventory | None, event: Event | None
) -> tuple[float, float, float] | None:
    known = coordinates(record, inventory, event)
    if known is not None:
        x, y, z = spatial.place(*known)
        return float(x), float(y), float(z)
    local = header_part(record.headers[0], "coordinates")
    try:
        x, y = float(local["x"]) / 1000.0, float(local["y"]) / 1000.0
    except (KeyError, TypeError, ValueError):
        return None
    return (x, y, 0.0) if np.isfinite((x, y)).all() else None


def draw_epsilon(seed: int, field: Field, n: int, numbers: int) -> np.ndarray:
    """The numbers of one station's realizations: (n, numbers).

    Stations share realization k of an event: the field's seed is hashed from the user's seed, the
    event's origin time and k.
    """
    where = np.array(field.place_km)
    return np.stack([spatial.field(f"{seed}|{field.event}|{k}", where, numbers) for k in range(n)])
