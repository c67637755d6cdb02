"""What a worker does with an item: read, enrich, write, move into place. It never raises."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..durable import checksum, checksums, move_folder, plain_name, write_file
from ..ensemble.ensemble import Ensemble
from ..errors import BroadbandError, InputWarning
from ..sources.source import Item, Source
from .outputs import KINDS, check_stream
from .run_folder import RunFolder
from .run_request import RunRequest
from .tables import write_measures

#: Modules that the first item of a process would otherwise import, at the cost of its time limit.
IMPORTS = (
    "obspy_broadband.archive.work",
    "obspy_broadband.ensemble.measures",
    "scipy.interpolate",
    "tqdm",
)


@dataclass(frozen=True)
class Job:
    """What all items of a run share; pickled to workers.

    :param folder: of the run, the same on all machines.
    """

    source: Source
    request: RunRequest
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """What became of an item: its output is in place, or it is skipped for a reason.

    :param number: of the item in the work list.
    :param reason: why the item is skipped; None for an item that is done.
    :param skips: records that were left out, as (id, reason).
    :param records: number of records that were enriched.
    :param correlated: number of these whose levels are spatially correlated, drawn from a field of
        their event.
    :param written: bytes of the output.
    :param warnings: what was assumed or chosen of the item's input.
    :param failure: why no item can be written: the run stops.
    """

    number: int
    reason: str | None = None
    skips: tuple[tuple[str, str], ...] = ()
    records: int = 0
    correlated: int = 0
    written: int = 0
    warnings: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class WorkerLost:
    """An item whose worker process died, or was killed since the item exceeded its time limit."""

    number: int
    reason: str


def timed_out(number: int, limit: float) -> WorkerLost:
    """An item that took longer than ``limit`` seconds."""
    return WorkerLost(number, f"It took longer than {limit:g} s (see --item-timeout)")


def work(job: Job, number: int, item: Item) -> Outcome:
    """Carry one item from its source to its output."""
    try:
        job.request.ready()
    except Exception as error:
        return Outcome(number, failure=f"A worker cannot make the method: {_reason(error)}")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")  # they go to warnings.csv, not to a terminal
            data = job.source.read(item)
            check_stream(job.request.to, data.stream, data.inventory)
            ensemble = job.request.enrich(data)
    except MemoryError:
        return Outcome(number, "It needs more memory than a worker may use; see --memory.")
    except Exception as error:
        return Outcome(number, _reason(error))
    try:
        written = write_item(ensemble, job, item)
    except BroadbandError as error:  # motion that this kind of output cannot hold
        return Outcome(number, str(error))
    except MemoryError:
        return Outcome(number, "It needs more memory than a worker may use; see --memory.")
    except OSError as error:
        return Outcome(number, failure=f"{job.folder} cannot be written: {error}.")
    except Exception as error:
        return Outcome(number, _reason(error))
    provenance = ensemble.provenance
    stations = provenance["stations"]
    return Outcome(
        number,
        skips=tuple((record["id"], record["reason"]) for record in provenance["skipped"]),
        records=len(ensemble.records),
        correlated=sum(station["spatial_correlation"] is not None for station in stations),
        written=written,
        warnings=tuple(
            dict.fromkeys(
                str(warning.message)
                for warning in caught
                if issubclass(warning.category, InputWarning)
            )
        ),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, BroadbandError):
        return str(error)
    first_line = (str(error).splitlines() or [""])[0]
    return f"Unexpected {type(error).__name__}: {first_line}"


def write_item(ensemble: Ensemble, job: Job, item: Item) -> int:
    """Write an item's output beside its place, move it there, and write its provenance last.

    :return: bytes written.
    """
    folder, kind, name = RunFolder(job.folder), job.request.to, plain_name(item.key)
    partial = folder.partial / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    partial.mkdir(parents=True)
    try:
        KINDS[kind](ensemble, partial)
        card: dict[str, Any] = {
            "item": item.key,
            "source": job.source.kind,
            "where": dict(item.locator),
            "to": kind,
            "files": checksums(partial),
        }
        measures = folder.measures / f"{name}.csv"
        if job.request.measures != "none":
            write_measures(ensemble, item.key, measures)
            card["measures"] = checksum(measures)
        move_folder(partial, (folder.pieces if kind == "sds" else folder.records) / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    text = json.dumps(card | {"provenance": ensemble.provenance}, indent=1)
    write_file(folder.provenance / f"{name}.json", text.encode())
    sizes = [file["bytes"] for file in card["files"].values()]
    return sum(sizes) + card.get("measures", {}).get("bytes", 0)
