"""What a worker does with an item: read, enrich, write, put in place. It never raises."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ensemble.ensemble import Ensemble
from ..errors import BroadbandError, InputWarning
from ..io.durable import checksum, checksums, move_folder, plain_name, write_file
from ..sources.source import Item, Source
from .outputs import KINDS, check_stream
from .request import RunRequest
from .run_folder import RunFolder
from .tables import write_measures

#: What the first item of a process would import while its time runs.
IMPORTS = (
    "obspy_broadband.archive.work",
    "obspy_broadband.ensemble.measures",
    "scipy.interpolate",
    "tqdm",
)


@dataclass(frozen=True)
class Job:
    """What is the same for all items; pickled to workers.

    :param folder: of the run, the same on all machines.
    """

    source: Source
    request: RunRequest
    folder: Path


@dataclass(frozen=True)
class Finished:
    """An item whose output is in place, or which is skipped for a reason.

    :param reason: None for what is done.
    :param skips: records that were left out, with the reason.
    :param shared: of the records, those whose levels were drawn from a field of their event.
    :param warnings: what was assumed or chosen of the item's input.
    :param failure: why no item can be written: the run stops.
    """

    number: int
    reason: str | None = None
    skips: tuple[tuple[str, str], ...] = ()
    records: int = 0
    shared: int = 0
    written: int = 0
    warnings: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class Lost:
    """An item whose worker died, or was ended because the item took too long."""

    number: int
    reason: str


def late(number: int, limit: float) -> Lost:
    """An item that took longer than it may, s."""
    return Lost(number, f"It took longer than {limit:g} s (see --item-timeout)")


def work(job: Job, number: int, item: Item) -> Finished:
    """One item from its source to its output."""
    try:
        job.request.ready()
    except Exception as error:
        return Finished(number, failure=f"A worker cannot make the method: {_reason(error)}")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")  # they go to a table, not to a terminal
            loaded = job.source.read(item)
            check_stream(job.request.to, loaded.stream, loaded.inventory)
            ensemble = job.request.enrich(loaded)
    except MemoryError:
        return Finished(number, "It needs more memory than a worker may use; see --memory.")
    except Exception as error:
        return Finished(number, _reason(error))
    try:
        written = write_item(ensemble, job, item)
    except BroadbandError as error:  # what this kind of output cannot hold
        return Finished(number, str(error))
    except MemoryError:
        return Finished(number, "It needs more memory than a worker may use; see --memory.")
    except OSError as error:
        return Finished(number, failure=f"{job.folder} cannot be written: {error}.")
    except Exception as error:
        return Finished(number, _reason(error))
    said = ensemble.provenance
    return Finished(
        number,
        skips=tuple((one["id"], one["reason"]) for one in said["skipped"]),
        records=len(ensemble.records),
        shared=sum(one["spatial_correlation"] is not None for one in said["stations"]),
        written=written,
        warnings=tuple(
            dict.fromkeys(
                str(one.message) for one in caught if issubclass(one.category, InputWarning)
            )
        ),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, BroadbandError):
        return str(error)
    first = (str(error).splitlines() or [""])[0]
    return f"Unexpected {type(error).__name__}: {first}"


def write_item(ensemble: Ensemble, job: Job, item: Item) -> int:
    """Write beside, then move into place; the provenance comes last. Bytes written."""
    folder, kind, name = RunFolder(job.folder), job.request.to, plain_name(item.key)
    partial = folder.partial / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    partial.mkdir(parents=True)
    try:
        KINDS[kind](ensemble, partial)
        said: dict[str, Any] = {
            "item": item.key,
            "source": job.source.kind,
            "where": dict(item.locator),
            "to": kind,
            "files": checksums(partial),
        }
        measures = folder.measures / f"{name}.csv"
        if job.request.measures != "none":
            write_measures(ensemble, item.key, measures)
            said["measures"] = checksum(measures)
        move_folder(partial, (folder.pieces if kind == "sds" else folder.records) / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    card = json.dumps(said | {"provenance": ensemble.provenance}, indent=1)
    write_file(folder.provenance / f"{name}.json", card.encode())
    sizes = [one["bytes"] for one in said["files"].values()]
    return sum(sizes) + said.get("measures", {}).get("bytes", 0)
