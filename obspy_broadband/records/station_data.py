"""Traces and their metadata as they were read, before anything is converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from obspy import Inventory, Stream
from obspy.core.event import Event

from ..method.contract import Scenario


@dataclass(frozen=True)
class StationData:
    """What a source's ``read`` returns and :func:`obspy_broadband.enrich.enrich_data` takes.

    :param stream: traces as they came, of one or many stations.
    :param inventory: responses, orientations and coordinates, if they are known.
    :param event: the earthquake, if it is known.
    :param scenarios: what a table says of stations, by ``NET.STA``.
    """

    stream: Stream
    inventory: Inventory | None = None
    event: Event | None = None
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
