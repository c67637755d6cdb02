"""An ensemble on disk: miniSEED, and ``ensemble.json`` with all that miniSEED drops.

::

    leteil/
        ensemble.json               provenance, and the codes that miniSEED had to shorten
        low_frequency.mseed         the method's input, m/s²
        realization-0000.mseed      ensemble[0], m/s²
        realization-0001.mseed      ...
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, read
from obspy.core import AttribDict
from obspy.core.util.base import buffered_load_entry_point

from ..errors import InputError
from ..records.headers import header_number, header_part
from ..records.orientation import component_rows
from .enriched_record import EnrichedRecord
from .ensemble import Ensemble

CARD = "ensemble.json"
VERSION = 1
_LOW = "low_frequency.mseed"
#: What miniSEED 2 can hold of each code.
_WIDTHS = {"network": 2, "station": 5, "location": 2, "channel": 3}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def write_folder(ensemble: Ensemble, folder: Path, overwrite: bool) -> Path:
    """Write the files beside the folder, then move them in one step: no reader sees a half.

    :raises InputError: if the folder is in the way.
    """
    occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    replaceable = (folder / CARD).is_file()
    if occupied and not (overwrite and replaceable):
        advice = (
            "pass overwrite=True to replace it"
            if replaceable
            else "it is no ensemble; choose another name"
        )
        raise InputError(f"{folder} exists and is not empty: {advice}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        codes = short_codes(ensemble)
        # One set of traces for all files: making headers costs more than writing them.
        stream = ensemble.low_frequency
        for trace in stream:
            for field, table in codes.items():
                trace.stats[field] = table[trace.stats[field]]
        low = [row for record in ensemble.records for row in record.low_frequency]
        _write_stream(stream, low, workplace / _LOW)
        for position, number in enumerate(ensemble.provenance["realizations"]):
            motion = [row for record in ensemble.records for row in record.realizations[position]]
            _write_stream(stream, motion, workplace / _name(number))
        card = {
            "format": "obspy_broadband.ensemble",
            "format_version": VERSION,
            "provenance": ensemble.provenance,
            "records": [_describe(record, codes) for record in ensemble.records],
        }
        (workplace / CARD).write_text(
            json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        os.chmod(workplace, 0o777 & ~_umask())  # mkdtemp makes it private
        if folder.exists():
            shutil.rmtree(folder)
        workplace.replace(folder)
    except BaseException:
        shutil.rmtree(workplace, ignore_errors=True)
        raise
    return folder


def read_folder(folder: Path) -> Ensemble:
    """The inverse of :func:`write_folder`.

    :raises InputError: if the folder is no ensemble, or a file of it is missing or damaged.
    """
    path = folder / CARD
    if not path.is_file():
        raise InputError(_no_ensemble(folder))
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        if card["format"] != "obspy_broadband.ensemble":
            raise InputError(f"{path} is not an ensemble's.")
        if card["format_version"] > VERSION:
            raise InputError(
                f"{folder} was written by a later version of obspy-broadband (format "
                f"{card['format_version']}, "
                f"{VERSION} is known here); update to read it."
            )
        provenance = card["provenance"]
        low = _by_id(folder / _LOW)
        realizations = [_by_id(folder / _name(number)) for number in provenance["realizations"]]
        return Ensemble([_restore(item, low, realizations) for item in card["records"]], provenance)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{folder} is a damaged ensemble ({type(error).__name__}: {error}). Draw it again: "
            f"its {CARD} says how."
        ) from error


def ensemble_folders(path: Path) -> list[Path]:
    """The ensembles at a path: itself, or all of an archive run's.

    :raises InputError: if there is none, saying what the path is instead.
    """
    if (path / CARD).is_file():
        return [path]
    run = path / "run.json"
    if not run.is_file():
        raise InputError(_no_ensemble(path))
    try:
        kind = json.loads(run.read_text(encoding="utf-8"))["request"]["to"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{run} is damaged; begin a new run.") from error
    if kind != "ensemble":
        raise InputError(
            f"{path} is a run that left {kind} files, not ensembles; make one with --to ensemble."
        )
    folders = sorted(card.parent for card in (path / "records").glob(f"*/{CARD}"))
    if not folders:
        raise InputError(
            f"{path} is a run that has no finished ensemble; see obb archive status {path}."
        )
    return folders


def _no_ensemble(path: Path) -> str:
    """What a path is that is no ensemble."""
    if not path.exists():
        return f"{path} does not exist."
    if not path.is_dir():
        return (
            f"{path} is a file; an ensemble is the folder that Ensemble.write or obb enrich made."
        )
    text = f"{path} is no ensemble: it has no {CARD}."
    if (path / "run.json").is_file():
        first = next((card.parent for card in sorted((path / "records").glob(f"*/{CARD}"))), None)
        return (
            f"{text} It is the folder of a run: obb plot, measure and evaluate take it whole"
            f"{f', Ensemble.read takes one of its ensembles, such as {first}' if first else ''}."
        )
    if (path / "options.toml").is_file():
        return f"{text} It is the folder of a training, which has weights, not records."
    below = next((card.parent for card in sorted(path.glob(f"*/{CARD}"))), None)
    if below:
        return f"{text} It holds ensembles; give one of them, such as {below}."
    return f"{text} Records become one by obb enrich, or st.enrich(...).write(folder)."


def _name(number: int) -> str:
    return f"realization-{number:04d}.mseed"


def _write_stream(stream: Stream, motion: list[np.ndarray], path: Path) -> None:
    for trace, data in zip(stream, motion):
        trace.data = np.ascontiguousarray(data, dtype=np.float32)
    write_miniseed(stream, path)


def write_miniseed(stream: Stream, path: Path, **options: Any) -> None:
    """32-bit floats; what Stream.write calls after it has looked through all that is installed."""
    write = buffered_load_entry_point("obspy", "obspy.plugin.waveform.MSEED", "writeFormat")
    write(stream, str(path), encoding="FLOAT32", **options)


def _by_id(path: Path) -> dict[str, Any]:
    return {trace.id: trace for trace in read(str(path), format="MSEED")}


def _describe(record: EnrichedRecord, codes: dict[str, dict[str, str]]) -> dict[str, Any]:
    traces = []
    for header in record.headers:
        short = {field: table[header[field]] for field, table in codes.items()}
        described = {field: header[field] for field in _WIDTHS}
        described["miniseed"] = ".".join(short.values())
        place = {k: header_number(v) for k, v in header_part(header, "coordinates").items()}
        if place:
            described["coordinates"] = {k: v for k, v in place.items() if v is not None}
        traces.append(described)
    return {"id": record.id, "traces": traces}


def _restore(
    item: dict[str, Any], low: dict[str, Any], realizations: list[dict[str, Any]]
) -> EnrichedRecord:
    names = [trace["miniseed"] for trace in item["traces"]]
    headers = []
    for described in item["traces"]:
        stats = low[described["miniseed"]].stats.copy()
        del stats["mseed"], stats["_format"]
        stats.update({field: described[field] for field in _WIDTHS})
        if "coordinates" in described:
            stats.coordinates = AttribDict(described["coordinates"])
        headers.append(stats)
    return EnrichedRecord(
        id=item["id"],
        start=headers[0].starttime,
        sampling_rate=headers[0].sampling_rate,
        headers=tuple(headers),
        rows=component_rows(item["id"], [header.channel[-1:] for header in headers]),
        low_frequency=np.stack([low[name].data for name in names]),
        realizations=np.stack([[traces[name].data for name in names] for traces in realizations]),
    )


def short_codes(ensemble: Ensemble) -> dict[str, dict[str, str]]:
    """Codes that fit miniSEED, by field; those that fit already stay as they are."""
    headers = [header for record in ensemble.records for header in record.headers]
    tables: dict[str, dict[str, str]] = {}
    for field, width in _WIDTHS.items():
        codes = list(dict.fromkeys(header[field] for header in headers))
        fitting = {code for code in codes if len(code) <= width and re.fullmatch("[A-Z0-9]*", code)}
        table = {code: code for code in fitting}
        taken: set[str] = set(fitting)
        counts: dict[str, int] = {}
        for code in codes:
            if code not in table:
                # The component is the channel's last letter and must stay.
                tail = code[-1:] if field == "channel" else ""
                table[code] = _shorten(code, width, tail, taken, counts)
                taken.add(table[code])
        tables[field] = table
    return tables


def _shorten(code: str, width: int, tail: str, taken: set[str], counts: dict[str, int]) -> str:
    """A code that fits, and none has: its beginning, a number and its tail.

    :param counts: the number to go on from, by what the code begins with; added to.
    """
    plain = re.sub("[^A-Z0-9]", "", code.upper())
    if 0 < len(plain) <= width and plain not in taken:
        return plain
    stem = plain[: len(plain) - len(tail)]
    begins = stem[: width - len(tail) - 1] + tail
    for number in range(counts.get(begins, 0), 36 ** (width - len(tail))):
        digits, rest = "", number
        while rest or not digits:
            digits, rest = _DIGITS[rest % 36] + digits, rest // 36
        room = width - len(tail) - len(digits)
        short = stem[:room] + digits + tail
        if room >= 0 and short not in taken:
            counts[begins] = number + 1
            return short
    raise InputError(f"There are too many codes like {code!r} to write them to miniSEED.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
