"""Whether the output of an item is there as it was written: sizes and checksums."""

from __future__ import annotations

import json
from pathlib import Path

from ..durable import checksum
from .run_folder import RunFolder
from .sds_output import is_day_file


def is_whole(folder: RunFolder, name: str, thoroughly: bool) -> bool:
    """Whether all files of an item are there, and whole.

    :param name: of the item's files.
    :param thoroughly: compare checksums; else sizes only.
    """
    try:
        card = json.loads((folder.provenance / f"{name}.json").read_bytes())
        if card["to"] == "sds":
            pieces = folder.pieces / name
            # A list, since is_day_file removes damaged files: every one is to be checked.
            are_whole = [
                _is_same(pieces / path, expected, thoroughly)
                or is_day_file(folder.records / path, expected["bytes"])
                for path, expected in card["files"].items()
            ]
            whole = all(are_whole)
        else:
            whole = all(
                _is_same(folder.records / name / path, expected, thoroughly)
                for path, expected in card["files"].items()
            )
        if "measures" in card:
            whole &= _is_same(folder.measures / f"{name}.csv", card["measures"], thoroughly)
        return whole
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_same(path: Path, expected: dict[str, str | int], thoroughly: bool) -> bool:
    if not path.is_file() or path.stat().st_size != expected["bytes"]:
        return False
    return not thoroughly or checksum(path) == expected
