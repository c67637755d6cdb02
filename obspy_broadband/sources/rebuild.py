"""A source from its description: what :meth:`.source.Source.describe` wrote into a run's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from obspy import UTCDateTime

from ..errors import InputError
from .channel_selection import ChannelSelection
from .metadata import Metadata
from .source import Source
from .time_windows import TimeSelection


def source_from(description: Mapping[str, Any]) -> Source:
    """The source that a description is of.

    A user's name and password for an FDSN service are in no description: they have to be in the
    environment again.

    :param description: what :meth:`.source.Source.describe` gives. What descriptions of earlier
        versions lack has its default.
    :raises InputError: for a kind of source that is not one of this package, or without the name
        and password that an FDSN service was asked with.
    """
    kinds = {
        "files": _files, "SDS": _sds, "FDSN": _fdsn, "SeisBench": _seisbench,
    }  # fmt: skip
    kind = description.get("kind")
    if kind not in kinds:
        raise InputError(
            f"A source of the kind {kind!r} cannot be made from its description; known are "
            f"{', '.join(kinds)}. Pass the source itself: run(source, ..., resume=True)."
        )
    return kinds[kind](description)


def _files(description: Mapping[str, Any]) -> Source:
    from .folder import FolderSource

    return FolderSource(
        inputs=tuple(description["inputs"]),
        metadata=_metadata(description),
        **_values(description, "format", "quantity", "components", "dt", "azimuth", "axes"),
        **_values(description, "variables", "tag", "largest"),
    )


def _sds(description: Mapping[str, Any]) -> Source:
    from .sds import SDSSource

    return SDSSource(
        root=description["root"],
        channels=ChannelSelection(**description["codes"]),
        times=_times(description),
        metadata=_metadata(description),
        **_values(description, "largest"),
    )


def _fdsn(description: Mapping[str, Any]) -> Source:
    from .fdsn import FDSNSource
    from .fdsn_client import PASSWORD, USER

    if description.get("with_user") and not os.environ.get(USER):
        raise InputError(
            f"{description['address']} was asked with a user's name and password, which are never "
            f"stored. Put them into the environment again: {USER} and {PASSWORD}."
        )
    return FDSNSource(
        address=description["address"],
        channels=ChannelSelection(**description["codes"]),
        times=_times(description),
        metadata=_metadata(description),
        **_values(description, "min_magnitude", "within_km", "timeout", "largest"),
    )


def _seisbench(description: Mapping[str, Any]) -> Source:
    from .seisbench import SeisBenchSource

    return SeisBenchSource(description["name"], _metadata(description))


def _values(description: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: description[name] for name in names if name in description}


def _metadata(description: Mapping[str, Any]) -> Metadata:
    metadata = description["metadata"]
    origin = metadata["origin"]
    return Metadata(
        inventories=tuple(metadata["inventories"]),
        events=metadata["events"],
        scenarios=metadata["scenarios"],
        origin=None if origin is None else (origin[0], origin[1]),
    )


def _times(description: Mapping[str, Any]) -> TimeSelection:
    times = description["times"]
    start, end = (times[name] for name in ("start", "end"))
    return TimeSelection(
        None if start is None else UTCDateTime(start),
        None if end is None else UTCDateTime(end),
        times["before_s"],
        times["after_s"],
    )
