"""The shards of a store, and the index that makes a store of them."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._version import __version__
from ..durable import replace_file
from ..errors import InputError
from . import quality
from .event_groups import join_events
from .splits import SPLITS, assign_splits
from .store import VERSION, write_index, write_text

if TYPE_CHECKING:
    from .prepare import Settings

#: Columns that serve the making of a store and are not kept.
_NOT_KEPT = ("snr", "fingerprint", "begin", "read_begin", "read_end", "from_source")
#: Different warnings that a store's card keeps.
_WARNINGS = 20


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """A store is made with one kind of settings.

    :raises InputError: if it was begun with others.
    """
    wanted = json.loads(json.dumps(settings))
    path = folder / "settings.json"
    if path.is_file():
        begun = wanted | json.loads(path.read_text(encoding="utf-8"))  # of an older version: fewer
        if begun != wanted:
            changed = [
                f"{name}={begun[name]!r}" for name in begun if begun[name] != wanted.get(name)
            ]
            raise InputError(
                f"{folder} was begun with {', '.join(changed)}; use the same settings, or another "
                "folder."
            )
    else:
        write_text(path, json.dumps(wanted, indent=1))


def write_shard(
    path: Path,
    motions: Sequence[np.ndarray],
    table: pd.DataFrame,
    left_out: Mapping[str, int],
    details: Sequence[tuple[str, str, str]] = (),
    warnings: Sequence[str] = (),
) -> None:
    """Write motions (3, samples) and their table; the file appears when it is whole.

    :param left_out: how many records were left out, by reason.
    :param details: of these, for ``left_out.csv``: item or record, reason, message.
    :param warnings: for ``store.json``.
    """
    import h5py

    lengths = [motion.shape[-1] for motion in motions]
    whole = np.empty((sum(lengths), 3), dtype=np.float32)
    first = 0
    for motion, length in zip(motions, lengths):
        whole[first : first + length] = motion.T
        first += length
    with replace_file(path) as part, h5py.File(part, "w") as file:
        file["motion"] = whole
        file.attrs["left_out"] = json.dumps(dict(left_out))
        if details:
            file["details"] = json.dumps(details)
        if warnings:
            file["warnings"] = json.dumps(warnings)
        file["records"] = json.dumps({name: table[name].tolist() for name in table})


def finish(
    folder: Path, shards: Sequence[Path], settings: Settings, sources: list[str]
) -> dict[str, Any]:
    """Gather the shards, leave out repeated records, split, judge, and write the index."""
    import h5py

    parts = []
    left_out: Counter[str] = Counter()
    details: list[tuple[str, str, str]] = []
    warnings: list[str] = []
    for path in shards:
        with h5py.File(path, "r") as file:
            left_out.update(json.loads(file.attrs["left_out"]))
            part = pd.DataFrame(json.loads(file["records"].asstr()[()]))
            for name, lines in (("details", details), ("warnings", warnings)):
                if name in file:
                    lines += json.loads(file[name].asstr()[()])
        if len(part):
            offsets = part["samples"].cumsum() - part["samples"]
            parts.append(part.assign(shard=path.name, offset=offsets))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if len(table):
        repeated = table["fingerprint"].duplicated()
        left_out["repeated"] += int(repeated.sum())
        table = table[~repeated].reset_index(drop=True)
    left_out = +left_out
    if not len(table):
        reasons = ", ".join(f"{count} for {reason}" for reason, count in left_out.items())
        first = f" E.g. {details[0][0]}: {details[0][2]}" if details else ""
        raise InputError(f"Nothing is left of the data. Left out: {reasons or 'nothing'}.{first}")
    if "from_source" in table:
        table = join_events(table.assign(from_source=table["from_source"].eq(True)))
    _refuse_empty_bands(table, settings)
    own_splits = [split or None for split in table["split"]]
    table["split"] = assign_splits(table["sequence"].tolist(), own_splits)
    info = {
        "format": "obspy_broadband.store",
        "format_version": VERSION,
        "made_by": f"obspy_broadband {__version__}",
        "sources": sources,
        "settings": dataclasses.asdict(settings),
        "left_out": dict(left_out),
        "warnings": list(dict.fromkeys(warnings))[:_WARNINGS],
        "summary": summarize(table),
    }
    if details:
        _write_left_out(folder / "left_out.csv", details)
    columns = {name: table[name].to_numpy() for name in table if name not in _NOT_KEPT}
    columns["snr"] = np.array(table["snr"].tolist(), dtype=float)
    write_index(folder, columns, info)
    return info


def _write_left_out(path: Path, details: Sequence[tuple[str, str, str]]) -> None:
    with (
        replace_file(path) as part,
        open(part, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "reason", "message"))
        writer.writerows(details)


def _refuse_empty_bands(table: pd.DataFrame, settings: Settings) -> None:
    for source, part in table.groupby("source"):
        if len(part) < 5 or settings.allow_empty_band:
            continue
        if quality.is_empty_below_corner(part["below_corner_ratio"].to_numpy(dtype=float)):
            raise InputError(
                f"{source} ({len(part)} records) has next to nothing below {settings.corner:g} "
                "Hz: it was filtered, so "
                "there is nothing to translate from. Leave it out, or set allow_empty_band "
                "(--allow-empty-band)."
            )


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Counts and quality of a store's records, by source and by split."""

    def describe(part: pd.DataFrame) -> dict[str, Any]:
        return {
            "records": len(part),
            "events": int(part["event"].nunique()),
            "sequences": int(part["sequence"].nunique()),
            "stations": int(part["station"].nunique()),
            "in_m_s2": int((part["unit"] == "mps2").sum()),
            "with_p": int(np.isfinite(part["p_sample"].astype(float)).sum()),
            "clipped": int(part["clipped"].sum()),
            "usable_from_1_hz": int((part["usable_lowest_hz"].astype(float) <= 1.0).sum()),
            "usable_to_20_hz": int((part["usable_highest_hz"].astype(float) >= 20.0).sum()),
            "largest_events_share": round(
                float(part["event"].value_counts(normalize=True).iloc[0]), 3
            ),
        }

    return {
        "all": describe(table),
        "by_source": {str(name): describe(part) for name, part in table.groupby("source")},
        "by_split": {
            name: describe(table[table["split"] == name])
            for name in SPLITS
            if (table["split"] == name).any()
        },
    }
