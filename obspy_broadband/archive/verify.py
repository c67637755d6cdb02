"""Whether the output of an item is what was written."""

from __future__ import annotations

import json
from pathlib import Path

from ..io.durable import checksum
from .run_folder import RunFolder
from .sds_output import is_day_file


def is_whole(places: RunFolder, name: str, thoroughly: bool) -> bool:
    """Whether all files of an item are there, and whole.

    :param name: of the item's files.
    :param thoroughly: read the files; else only their sizes are looked at.
    """
    try:
        card = json.loads((places.provenance / f"{name}.json").read_bytes())
        if card["to"] == "sds":
            pieces = places.pieces / name
            # A list: all damaged files are to be removed, not the first alone.
            found = [
                _is_same(pieces / path, one, thoroughly)
                or is_day_file(places.records / path, one["bytes"])
                for path, one in card["files"].items()
            ]
            whole = all(found)
        else:
            whole = all(
                _is_same(places.records / name / path, one, thoroughly)
                for path, one in card["files"].items()
            )
        if "measures" in card:
            whole &= _is_same(places.measures / f"{name}.csv", card["measures"], thoroughly)
        return whole
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_same(path: Path, expected: dict[str, str | int], thoroughly: bool) -> bool:
    if not path.is_file() or path.stat().st_size != expected["bytes"]:
        return False
    return not thoroughly or checksum(path) == expected
