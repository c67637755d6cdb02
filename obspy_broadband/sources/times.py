"""Windows of time to cut out of continuous data: one that is given, or one around each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from obspy import Catalog, UTCDateTime
from obspy.core.event import Event, Magnitude, Origin, ResourceIdentifier

from ..errors import InputError
from ..records.components import LONGEST, SHORTEST
from ..records.events import magnitude_of, origin_of


@dataclass(frozen=True)
class Window:
    """A window, and the event it is of.

    :param event: what :func:`card` says, or None.
    """

    start: UTCDateTime
    end: UTCDateTime
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Times:
    """What a user says of time.

    :param start: of the window; with events, none that began earlier is taken.
    :param end: of the window; with events, none that began later is taken.
    :param before: s that a window around an event begins before its origin time.
    :param after: s that it ends after it.
    """

    start: UTCDateTime | None = None
    end: UTCDateTime | None = None
    before: float = 30.0
    after: float = 270.0

    def windows(self, catalog: Catalog | None) -> list[Window]:
        """The windows, in the order of time.

        :raises InputError: if they are missing, empty or longer than a record may be.
        """
        if self.start is not None and self.end is not None and not self.start < self.end:
            raise InputError(f"The start {self.start} is not before the end {self.end}.")
        if catalog is None:
            if self.start is None or self.end is None:
                raise InputError(
                    "Give --starttime and --endtime, or --events with the events to cut out."
                )
            found = [Window(self.start, self.end)]
        else:
            cards = [said for said in map(card, catalog) if said and self._holds(said)]
            if not cards:
                raise InputError("None of the events has an origin time in the time given.")
            found = []
            for said in sorted(cards, key=lambda said: (said["time"], said["id"])):
                time = UTCDateTime(said["time"])
                found.append(Window(time - self.before, time + self.after, said))
        duration = found[0].end - found[0].start
        if not SHORTEST <= duration <= LONGEST:
            raise InputError(
                f"A window is {duration:g} s long; records of {SHORTEST:g} to {LONGEST:g} s can be "
                "enriched. Cut windows around events: --events, --before, --after."
            )
        return found

    def _holds(self, said: Mapping[str, Any]) -> bool:
        time = UTCDateTime(said["time"])
        return (self.start is None or time >= self.start) and (self.end is None or time <= self.end)

    def describe(self) -> dict[str, Any]:
        """What was asked for, as JSON."""
        return {
            "start": None if self.start is None else str(self.start),
            "end": None if self.end is None else str(self.end),
            "before_s": self.before,
            "after_s": self.after,
        }


def card(event: Event) -> dict[str, Any] | None:
    """An event as JSON: what enriching needs of it; None without an origin time."""
    origin = origin_of(event)
    if origin is None or origin.time is None:
        return None
    magnitude, is_moment = magnitude_of(event) or (None, False)
    return {
        "id": str(event.resource_id),
        "time": str(origin.time),
        "latitude": origin.latitude,
        "longitude": origin.longitude,
        "depth_m": origin.depth,
        "magnitude": magnitude,
        "magnitude_type": "Mw" if is_moment else None,
    }


def event_from(said: Mapping[str, Any] | None) -> Event | None:
    """The event of a card."""
    if said is None:
        return None
    origin = Origin(
        time=UTCDateTime(said["time"]), latitude=said["latitude"], longitude=said["longitude"],
        depth=said["depth_m"],
    )  # fmt: skip
    sizes = (
        []
        if said["magnitude"] is None
        else [Magnitude(mag=said["magnitude"], magnitude_type=said.get("magnitude_type"))]
    )
    return Event(ResourceIdentifier(said["id"]), origins=[origin], magnitudes=sizes)


def time_from(text: str | None, what: str) -> UTCDateTime | None:
    """A time as a user writes it.

    :raises InputError: for what is none.
    """
    if text is None:
        return None
    try:
        return UTCDateTime(text)
    except Exception as error:  # UTCDateTime raises TypeError, ValueError, ...
        raise InputError(f"{what} is {text!r}; write e.g. 2019-11-11T10:52:45.") from error
