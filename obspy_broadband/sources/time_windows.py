"""Time windows to cut out of continuous data: the user's, or one around each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from obspy import Catalog, UTCDateTime
from obspy.core.event import Event

from ..errors import InputError
from ..records.components import LONGEST, SHORTEST
from .event_json import event_to_json, picks_to_json


@dataclass(frozen=True)
class TimeWindow:
    """A time window, and the event it is of.

    :param event: the values of :func:`.events.event_to_json`, or None.
    :param picks: its picks by station code, see :func:`.events.picks_to_json`.
    """

    start: UTCDateTime
    end: UTCDateTime
    event: Mapping[str, Any] | None = None
    picks: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def event_at(self, network: str, station: str) -> dict[str, Any] | None:
        """The event with its picks at a station, as JSON; None if there is none."""
        if self.event is None:
            return None
        picks = [pick for pick in self.picks.get(station, ()) if pick["network"] in ("", network)]
        return {**self.event, "picks": picks} if picks else dict(self.event)


@dataclass(frozen=True)
class TimeSelection:
    """Which time windows a user wants.

    :param start: of the window; with events, none that began earlier is taken.
    :param end: of the window; with events, none that began later is taken.
    :param before: s that a window around an event begins before its origin time.
    :param after: s that it ends after it.
    """

    start: UTCDateTime | None = None
    end: UTCDateTime | None = None
    before: float = 30.0
    after: float = 270.0

    def windows(self, catalog: Catalog | None) -> list[TimeWindow]:
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
            windows = [TimeWindow(self.start, self.end)]
        else:
            windows = [window for window in map(self._around, catalog) if window is not None]
            if not windows:
                raise InputError("None of the events has an origin time in the time given.")
            windows.sort(key=lambda window: (window.start.ns, (window.event or {}).get("id")))
        duration = windows[0].end - windows[0].start
        if not SHORTEST <= duration <= LONGEST:
            raise InputError(
                f"A window is {duration:g} s long; records of {SHORTEST:g} to {LONGEST:g} s can be "
                "enriched. Cut windows around events: --events, --before, --after."
            )
        return windows

    def _around(self, event: Event) -> TimeWindow | None:
        values = event_to_json(event)
        time = None if values is None else UTCDateTime(values["time"])
        if (
            time is None
            or (self.start is not None and time < self.start)
            or (self.end is not None and time > self.end)
        ):
            return None
        return TimeWindow(time - self.before, time + self.after, values, picks_to_json(event))

    def describe(self) -> dict[str, Any]:
        """The settings, as JSON."""
        return {
            "start": None if self.start is None else str(self.start),
            "end": None if self.end is None else str(self.end),
            "before_s": self.before,
            "after_s": self.after,
        }


def parse_time(text: str | None, option: str) -> UTCDateTime | None:
    """A time as a user writes it.

    :param option: for the message.
    :raises InputError: for what is none.
    """
    if text is None:
        return None
    try:
        return UTCDateTime(text)
    except Exception as error:  # UTCDateTime raises TypeError, ValueError, ...
        raise InputError(f"{option} is {text!r}; write e.g. 2019-11-11T10:52:45.") from error
