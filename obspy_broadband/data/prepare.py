"""Data sets, archives and files in, one training store out: selected, cleaned, judged, split."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..errors import InputError, InputWarning
from ..records.units import parse_units
from ..sources.buckets import Bucket, columns_of, is_data_set, read_bucket
from ..sources.folder import FolderSource
from ..sources.metadata import Metadata
from ..sources.seisbench import SeisBenchSource
from ..sources.source import Item, Source
from . import quality
from .cleaning import clean, unusable
from .shards import check_settings, finish, write_shard
from .source_records import read_items
from .store import SAMPLING_RATE, Store

_BLOCK = 16  # records that are judged at once: as many as stay in the cache
_ITEMS = 32  # of a source that go into one shard: what is read again after an interruption


@dataclass(frozen=True)
class Settings:
    """What goes into a store.

    :param min_magnitude: records of smaller events, or of unknown magnitude, are left out.
    :param max_distance_km: records from farther away, or of unknown distance, are left out.
    :param min_snr: amplitude of signal over noise at 2-5 Hz; records where it is known and lower
        are left out.
    :param units: "mps2", "counts" or both between commas.
    :param before_s: kept before P; records without P are kept whole.
    :param after_s: kept after P; 0 keeps everything.
    :param corner: Hz: a data set with nothing below it is refused ...
    :param allow_empty_band: ... unless this is set.
    :param input_units: what the numbers of files and archives are, as ``units`` of
        :func:`obspy_broadband.enrich`; default: what is known of each trace. Data sets say it.
    :param licence: of records of files and archives; ``attribution`` likewise. Data sets say it.
    """

    min_magnitude: float | None = None
    max_distance_km: float | None = None
    min_snr: float = 0.0
    units: str = "mps2,counts"
    before_s: float = 30.0
    after_s: float = 120.0
    corner: float = 1.0
    allow_empty_band: bool = False
    input_units: str | None = None
    licence: str = "unknown"
    attribution: str = ""

    def __post_init__(self) -> None:
        if set(self.units.split(",")) - {"mps2", "counts"}:
            raise InputError(f"units is {self.units!r}; it must be mps2, counts or mps2,counts.")
        for name in ("before_s", "after_s", "min_snr"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be 0 or more.")
        if self.input_units is not None:
            parse_units(self.input_units)


@dataclass(frozen=True)
class Part:
    """What one shard is made of.

    :param label: of its shard's name.
    :param content: a bucket of a data set, or items of a source.
    :param source: index of the items' source among those of the store.
    """

    label: str
    content: Bucket | tuple[Item, ...]
    source: int = 0


def prepare(
    sources: Sequence[str | Source],
    folder: str | Path,
    settings: Settings | None = None,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Any]:
    """Make a store, or go on with one that was interrupted.

    Records of files and archives need three components, m/s² or a response, and a P (see
    :mod:`.arrivals`). A record without an event is kept if it has a date: such records that overlap
    in time are one event, of unknown magnitude and distance; see
    :func:`obspy_broadband.data.event_groups.join_events`. What is left out is counted by reason and
    listed in ``left_out.csv``.

    :param sources: data sets (see :func:`obspy_broadband.sources.buckets.open_data_set`), files,
        folders and patterns of waveforms, and sources.
    :param folder: the store. Shards that are there already are kept if the settings are the same.
    :param workers: processes.
    :return: what ``store.json`` holds: counts, quality, what was left out and why.
    :raises InputError: for sources that cannot be read, other settings than the folder's, a folder
        that holds something else, or a data set with an empty band.
    """
    folder, settings = Path(folder), settings or Settings()
    opened = [_as_source(source) for source in sources]
    labels = [source.label for source in opened]
    _refuse_replacing(folder, labels)
    parts = [part for number, source in enumerate(opened) for part in _parts(number, source)]
    shards = folder / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    # Whether an empty band is allowed may change.
    check_settings(folder, dataclasses.asdict(settings) | {"allow_empty_band": None})
    paths = [shards / f"{number:05d}-{part.label}.h5" for number, part in enumerate(parts)]
    waiting = [(part, path) for part, path in zip(parts, paths) if not path.is_file()]
    done = len(parts) - len(waiting)
    with tqdm(total=len(parts), initial=done, unit="shard", disable=not progress) as bar:
        for _ in _work(waiting, opened, settings, workers):
            bar.update()
    info = finish(folder, paths, settings, labels)
    _warn_of_unused_tables(opened, folder)
    return info


def _warn_of_unused_tables(sources: Sequence[Source], folder: Path) -> None:
    """Warn of scenario tables that have none of the store's stations."""
    metadata_of_sources = [getattr(source, "metadata", None) for source in sources]
    tables: list[Metadata] = [each for each in metadata_of_sources if each and each.scenarios]
    if not tables:
        return
    stations = sorted(set(Store(folder).columns["station"].tolist()))
    for metadata in tables:
        message = metadata.unused_table(f"{station}.." for station in stations)
        if message:
            warnings.warn(message, InputWarning, stacklevel=3)


def _as_source(source: str | Source) -> Source:
    """:raises InputError: for metadata beside a data set, whose own table counts."""
    if isinstance(source, str):
        return SeisBenchSource(source) if is_data_set(source) else FolderSource((source,))
    if isinstance(source, SeisBenchSource) and source.metadata.files:
        raise InputError(
            f"{source.label} is a data set, whose own table says what is known of its records; "
            f"{source.metadata.files[0]} cannot be used with it."
        )
    return source


def _parts(number: int, source: Source) -> Iterator[Part]:
    """A part a bucket, or a few items."""
    if isinstance(source, SeisBenchSource):
        for index, bucket in enumerate(source.buckets()):
            name = f"{bucket.source}-{bucket.waveforms.stem}-{bucket.key or index}"
            yield Part(re.sub(r"\W+", "-", name), bucket)
        return
    # Other options, or other files, are other shards.
    description = json.dumps(source.describe(), sort_keys=True)
    items = source.items()
    while group := tuple(itertools.islice(items, _ITEMS)):
        keys = "\n".join([description, *(item.key for item in group)])
        digest = hashlib.blake2b(keys.encode(), digest_size=8).hexdigest()
        yield Part(f"{source.kind}-{digest}", group, number)


def _refuse_replacing(folder: Path, labels: Sequence[str]) -> None:
    """A finished store may be made again or grow; it is not replaced by another.

    :param labels: of the sources.
    :raises InputError: if a source of the store is not among these, or the folder is another's.
    """
    for card in ("run.json", "ensemble.json", "options.toml"):
        if (folder / card).exists():
            raise InputError(
                f"{folder} holds something else already (its {card} says so); choose another name."
            )
    try:
        before = json.loads((folder / "store.json").read_text(encoding="utf-8"))["sources"]
    except (OSError, ValueError, KeyError):
        return
    named = {str(Path(label)) for label in labels}
    missing = [label for label in before if str(Path(label)) not in named]
    if missing:
        raise InputError(
            f"{folder} holds a store of {', '.join(before)} already; name {', '.join(missing)} too "
            "to add to it, or choose another folder."
        )


#: The sources of a worker, so that each reads their metadata once.
_worker_sources: list[Source] = []


def _begin_worker(sources: Sequence[Source]) -> None:
    _worker_sources[:] = sources


def _in_worker(part: Part, path: Path, settings: Settings) -> None:
    make_shard(part, path, _worker_sources, settings)


def _work(
    waiting: Sequence[tuple[Part, Path]],
    sources: Sequence[Source],
    settings: Settings,
    workers: int,
) -> Iterator[None]:
    if workers <= 1:
        for part, path in waiting:
            make_shard(part, path, sources, settings)
            yield
        return
    with ProcessPoolExecutor(workers, initializer=_begin_worker, initargs=(sources,)) as pool:
        jobs = [pool.submit(_in_worker, part, path, settings) for part, path in waiting]
        try:
            for job in as_completed(jobs):
                job.result()
                yield
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def make_shard(part: Part, path: Path, sources: Sequence[Source], settings: Settings) -> None:
    """Read, clean and judge the records of one part."""
    details: list[tuple[str, str, str]] = []
    assumptions: list[str] = []
    if isinstance(part.content, Bucket):
        table = columns_of(part.content)
        reasons = unwanted(table, settings)
        wanted = np.array([reason is None for reason in reasons])
        motions = read_bucket(part.content, part.content.metadata[wanted])
    else:
        records = read_items(
            sources[part.source], part.content, settings.input_units, settings.licence,
            settings.attribution,
        )  # fmt: skip
        table, details, assumptions = records.table, records.left_out, records.warnings
        reasons = unwanted(table, settings)
        wanted = np.array([reason is None for reason in reasons], dtype=bool)
        motions = [motion for motion, is_wanted in zip(records.motions, wanted) if is_wanted]
    left_out = Counter(reason for reason in reasons if reason)
    left_out.update(reason for _, reason, _ in details)
    table = table[wanted].reset_index(drop=True)
    usable = []
    for row, motion in enumerate(motions):
        reason = unusable(motion)
        if reason:
            left_out[reason] += 1
        else:
            usable.append(row)
    table = table.iloc[usable].reset_index(drop=True)
    cleaned, table = clean(
        [motions[row] for row in usable], table, settings.before_s, settings.after_s
    )
    table = judge(table, cleaned, settings)
    if settings.min_snr:
        weak = table["snr"].str[4].to_numpy(dtype=float) < settings.min_snr
        left_out["signal over noise"] += int(weak.sum())
        cleaned = [motion for motion, is_weak in zip(cleaned, weak) if not is_weak]
        table = table[~weak]
    write_shard(path, cleaned, table, left_out, details, assumptions)


def unwanted(table: pd.DataFrame, settings: Settings) -> list[str | None]:
    """Why each record is left out, or None; what is not known is left out, too."""
    reasons = pd.Series([None] * len(table), dtype=object)
    # The first reason stays.
    if settings.max_distance_km is not None:
        reasons[~(table["distance_km"] <= settings.max_distance_km)] = "distance"
    if settings.min_magnitude is not None:
        reasons[~(table["magnitude"] >= settings.min_magnitude)] = "magnitude"
    reasons[~table["unit"].isin(settings.units.split(","))] = "unit"
    return reasons.tolist()


def judge(table: pd.DataFrame, motions: Sequence[np.ndarray], settings: Settings) -> pd.DataFrame:
    """Add the quality of each record to a table.

    :param table: with ``p_sample``.
    :param motions: (3, samples) each, 100 Hz.
    """
    groups: dict[int, list[int]] = {}
    for row, motion in enumerate(motions):
        groups.setdefault(motion.shape[-1], []).append(row)
    p = table["p_sample"].to_numpy(dtype=float)
    judged: dict[str, list[Any]] = {}
    order: list[int] = []
    for group in groups.values():
        for first in range(0, len(group), _BLOCK):
            rows = group[first : first + _BLOCK]
            block = np.stack([motions[row] for row in rows]).astype(np.float32, copy=False)
            measures = quality.judge(block, SAMPLING_RATE, p[rows], settings.corner)
            for name, values in measures.items():
                judged.setdefault(name, []).extend(values.tolist())
            order += rows
    inverse = np.argsort(order)
    columns = {name: [values[row] for row in inverse] for name, values in judged.items()}
    return table.drop(columns=["rate", "quantity"], errors="ignore").assign(
        **(columns or {"snr": []}),
        samples=[motion.shape[-1] for motion in motions],
        fingerprint=[quality.fingerprint(motion) for motion in motions],
    )
