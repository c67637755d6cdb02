"""SDS archives: one miniSEED file per channel and day; the location code numbers realizations.

An item leaves pieces of day files; they are joined to the archive in the order of the work list.
A day file is a set of miniSEED records sorted by time, so that joining a piece twice, after a kill,
has the effect of joining it once.
"""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream, Trace, UTCDateTime, read

from ..durable import files, sync, write_file
from ..ensemble.ensemble import Ensemble
from ..ensemble.folder import short_codes, write_miniseed
from ..errors import InputError

MOST_REALIZATIONS = 36**2
_RECORD = 4096  #: bytes
_TIME = slice(20, 30)  #: start time in a record's header; big-endian, so that bytes sort by time


def write_pieces(ensemble: Ensemble, folder: Path) -> None:
    """``YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY`` of one item.

    A network without a code becomes XX.

    :raises InputError: if stations differ in their location code only.
    """
    codes = short_codes(ensemble)
    for trace in ensemble.to_stream():
        stats = trace.stats
        for field in ("network", "station", "channel"):
            stats[field] = codes[field][stats[field]]
        stats.network = stats.network or "XX"
        trace.data = trace.data.astype(np.float32)
        for day in _days(trace):
            path = folder / _path(day)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_miniseed(Stream([day]), path, reclen=_RECORD, byteorder=">")


def join_pieces(folder: Path, archive: Path) -> None:
    """Move an item's pieces into the archive.

    :raises InputError: if the archive has other motion of one of its channels at the same time.
    """
    pieces = [(piece, archive / piece.relative_to(folder)) for piece in files(folder)]
    for piece, target in pieces:
        if target.exists():
            _assert_apart(piece, target)
    for piece, target in pieces:
        if target.exists():
            write_file(target, _joined(target.read_bytes(), piece.read_bytes()))
            piece.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            piece.replace(target)
    for parent in {parent for _, target in pieces for parent in target.parents}:
        if parent == archive or archive in parent.parents:
            sync(parent)
    shutil.rmtree(folder)


def is_day_file(path: Path, least: int) -> bool:
    """Whether a day file is there with at least ``least`` bytes; a damaged one is removed."""
    size = path.stat().st_size if path.is_file() else 0
    if size >= least and size % _RECORD == 0:
        return True
    path.unlink(missing_ok=True)
    return False


def _joined(old: bytes, new: bytes) -> bytes:
    records: set[bytes] = {*_records(old), *_records(new)}
    return b"".join(sorted(records, key=_by_time))


def _by_time(record: Any) -> tuple[bytes, bytes]:
    return record[_TIME], record


def _records(content: bytes) -> list[bytes]:
    return [content[at : at + _RECORD] for at in range(0, len(content), _RECORD)]


def _assert_apart(piece: Path, target: Path) -> None:
    content = piece.read_bytes()
    records = set(_records(target.read_bytes()))
    if records.issuperset(_records(content)):
        return  # joined before a kill
    for new in read(io.BytesIO(content), format="MSEED", headonly=True):
        for old in read(str(target), format="MSEED", headonly=True):
            if (
                new.stats.starttime <= old.stats.endtime
                and old.stats.starttime <= new.stats.endtime
            ):
                raise InputError(
                    f"{new.id} has other motion at {new.stats.starttime} already, of an earlier "
                    "item: an SDS archive cannot tell them apart. Choose another output, or run "
                    "them into different folders."
                )


def _path(trace: Trace) -> Path:
    s = trace.stats
    year, day = s.starttime.year, s.starttime.julday
    name = f"{s.network}.{s.station}.{s.location}.{s.channel}.D.{year}.{day:03d}"
    return Path(str(year), s.network, s.station, f"{s.channel}.D", name)


def _days(trace: Trace) -> Iterator[Trace]:
    """The trace, cut at midnight."""
    start, rate = trace.stats.starttime, trace.stats.sampling_rate
    first = 0
    while first < trace.stats.npts:
        begin = start + first / rate
        midnight = UTCDateTime(begin.date) + 86400
        last = max(first + 1, math.ceil((midnight - start) * rate - 1e-6))
        header = trace.stats.copy()
        header.starttime = begin
        header.npts = min(last, trace.stats.npts) - first  # Trace() would keep that of the whole
        yield Trace(trace.data[first:last], header=header)
        first = last
