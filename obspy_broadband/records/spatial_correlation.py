"""Levels of high frequencies that stations of one event share in part, by their distance."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from obspy.core.event import Event

from ..errors import InputError
from ..level import spatial_field
from ..method.contract import Method
from .events import origin_time
from .record import Record

#: A model where it can be had, and nothing is refused where it cannot.
AUTO = "auto"
MODELS = ("loth-baker-2013",)


@dataclass(frozen=True)
class Field:
    """The random field that a station's epsilon is drawn from, beside the seed.

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


def check(model: str | None, method: Method) -> None:
    """Refuse a model that is not known, or a method that cannot use it.

    :raises InputError: with what is allowed.
    """
    if model in (None, AUTO):
        return
    if model not in MODELS:
        allowed = ", ".join(map(repr, (AUTO, *MODELS)))
        raise InputError(f"spatial_correlation is {model!r}; it must be {allowed} or None.")
    if not method.epsilon_size:
        raise InputError(
            f"{type(method).__name__} does not draw a level that could be correlated between "
            "stations; leave spatial_correlation out."
        )


def is_wanted(model: str | None, method: Method, event: Event | None) -> bool:
    """Whether a record's epsilon is to be drawn from a field.

    :param model: one of :data:`MODELS`; "auto", the first of them where the event's origin time is
        known: without it, records of different earthquakes at a station would get the same epsilon;
        None for none.
    """
    if model is None or not method.epsilon_size:
        return False
    return model != AUTO or origin_time(event) is not None


def find_field(model: str | None, record: Record, event: Event | None) -> Field | None:
    """The field of a record; None where "auto" finds no place.

    :param model: see :func:`is_wanted`.
    :raises InputError: if a model is asked for by name and the record's place is not known.
    """
    if record.place_km is not None:
        name = MODELS[0] if model in (None, AUTO) else model
        return Field(str(name), str(origin_time(event) or ""), record.place_km)
    if model == AUTO:
        return None
    raise InputError(
        f"{record.id} has no coordinates, which spatial_correlation needs. Pass inventory=, "
        "or leave spatial_correlation out."
    )


def draw_epsilon(seed: int, field: Field, n: int, size: int) -> np.ndarray:
    """Standard normal numbers of one station's realizations: (n, size).

    Stations share the field of realization k of an event: its seed is hashed from the user's seed,
    the event's origin time and k.
    """
    place = np.array(field.place_km)
    return np.stack(
        [spatial_field.field(f"{seed}|{field.event}|{k}", place, size) for k in range(n)]
    )
