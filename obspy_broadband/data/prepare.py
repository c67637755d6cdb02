"""Data sets in, one training store out: selected, cleaned, judged, split; resumable."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from .._version import __version__
from ..errors import InputError
from ..signal.filters import band_limit, fast_length, raised_cosine
from . import metadata, quality
from .buckets import Bucket, open_source, read_bucket
from .splits import SPLITS, assign_splits
from .store import SAMPLING_RATE, VERSION, write_index, write_text

_BLOCK = 16  # records that are worked on at once: as many as stay in the cache
_TAPER = 0.5  # s, at both ends: a record must not begin with a step


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
    """

    min_magnitude: float | None = None
    max_distance_km: float | None = None
    min_snr: float = 0.0
    units: str = "mps2,counts"
    before_s: float = 30.0
    after_s: float = 120.0
    corner: float = 1.0
    allow_empty_band: bool = False

    def __post_init__(self) -> None:
        wrong = set(self.units.split(",")) - {"mps2", "counts"}
        if wrong:
            raise InputError(f"units is {self.units!r}; it must be mps2, counts or mps2,counts.")
        for name in ("before_s", "after_s", "min_snr"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be 0 or more.")


def prepare(
    sources: Sequence[str],
    folder: str | Path,
    settings: Settings | None = None,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Any]:
    """Make a store, or go on with one that was interrupted.

    :param sources: data sets, see :func:`obspy_broadband.data.buckets.open_source`.
    :param folder: the store. Shards that are there already are kept if the settings are the same.
    :param workers: processes.
    :return: what ``store.json`` holds: counts, quality, what was left out and why.
    :raises InputError: for sources that cannot be read, other settings than the folder's, a folder
        that holds something else, or a data set with an empty band.
    """
    folder, settings = Path(folder), settings or Settings()
    _refuse_replacing(folder, sources)
    buckets = [bucket for source in sources for bucket in open_source(source)]
    shards = folder / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    # Whether an empty band is allowed may change.
    check_settings(folder, dataclasses.asdict(settings) | {"allow_empty_band": None})
    names = [_shard_name(number, bucket) for number, bucket in enumerate(buckets)]
    waiting = [
        (b, shards / name) for b, name in zip(buckets, names) if not (shards / name).is_file()
    ]
    done = len(buckets) - len(waiting)
    with tqdm(total=len(buckets), initial=done, unit="bucket", disable=not progress) as bar:
        for _ in _work(waiting, settings, workers):
            bar.update()
    return finish(folder, [shards / name for name in names], settings, list(sources))


def _refuse_replacing(folder: Path, sources: Sequence[str]) -> None:
    """A finished store may be made again or grow; it is not replaced by another.

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
    named = {str(Path(source)) for source in sources}
    missing = [source for source in before if str(Path(source)) not in named]
    if missing:
        raise InputError(
            f"{folder} holds a store of {', '.join(before)} already; name {', '.join(missing)} too "
            "to add to it, or choose another folder."
        )


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """A store is made with one kind of settings.

    :raises InputError: if it was begun with others.
    """
    wanted = json.loads(json.dumps(settings))
    path = folder / "settings.json"
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found != wanted:
            changed = [f"{k}={found.get(k)!r}" for k in wanted if found.get(k) != wanted[k]]
            raise InputError(
                f"{folder} was begun with {', '.join(changed)}; use the same settings, or another "
                "folder."
            )
    else:
        write_text(path, json.dumps(wanted, indent=1))


def _shard_name(number: int, bucket: Bucket) -> str:
    label = re.sub(r"\W+", "-", f"{bucket.source}-{bucket.waveforms.stem}-{bucket.key or number}")
    return f"{number:05d}-{label}.h5"


def _work(waiting: list[tuple[Bucket, Path]], settings: Settings, workers: int) -> Iterator[None]:
    if workers <= 1:
        for bucket, path in waiting:
            make_shard(bucket, path, settings)
            yield
        return
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(make_shard, bucket, path, settings) for bucket, path in waiting]
        try:
            for job in as_completed(jobs):
                job.result()
                yield
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def make_shard(bucket: Bucket, path: Path, settings: Settings) -> None:
    """Read, clean and judge the records of one bucket."""
    table = metadata.columns_of(bucket)
    reasons = metadata.unwanted(table, settings)
    left_out = Counter(reason for reason in reasons if reason)
    wanted = np.array([reason is None for reason in reasons])
    motions = read_bucket(bucket, bucket.metadata[wanted])
    table = table[wanted].reset_index(drop=True)
    usable = []
    for place, motion in enumerate(motions):
        reason = _unusable(motion)
        if reason:
            left_out[reason] += 1
        else:
            usable.append(place)
    table = table.iloc[usable].reset_index(drop=True)
    cleaned, table = _clean([motions[place] for place in usable], table, settings)
    table = judge(table, cleaned, settings)
    if settings.min_snr:
        weak = table["snr"].str[4].to_numpy(dtype=float) < settings.min_snr
        left_out["signal over noise"] += int(weak.sum())
        cleaned = [motion for motion, is_weak in zip(cleaned, weak) if not is_weak]
        table = table[~weak]
    write_shard(path, cleaned, table, left_out)


def write_shard(
    path: Path, motions: Sequence[np.ndarray], table: pd.DataFrame, left_out: Mapping[str, int]
) -> None:
    """Write motions (3, samples) and what is known of each; the file appears when it is whole."""
    import h5py

    part = path.with_name(path.name + ".part")
    lengths = [motion.shape[-1] for motion in motions]
    whole = np.empty((sum(lengths), 3), dtype=np.float32)
    first = 0
    for motion, length in zip(motions, lengths):
        whole[first : first + length] = motion.T
        first += length
    with h5py.File(part, "w") as file:
        file["motion"] = whole
        file.attrs["left_out"] = json.dumps(dict(left_out))
        file["records"] = json.dumps({name: table[name].tolist() for name in table})
    part.replace(path)


def _unusable(motion: np.ndarray) -> str | None:
    if motion.shape[-1] < 500:
        return "shorter than 500 samples"
    lowest, highest = motion.min(axis=-1), motion.max(axis=-1)
    if not np.isfinite(lowest).all() or not np.isfinite(highest).all():  # NaN is passed on
        return "NaN or infinite samples"
    if (lowest == highest).any():
        return "a constant component"
    return None


def _clean(
    motions: list[np.ndarray], table: pd.DataFrame, settings: Settings
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Cut, detrended, tapered acceleration at 100 Hz; ``p_sample`` and ``s_sample`` move along."""
    rates = table["rate"].to_numpy()
    p = table["p_sample"].to_numpy()
    moved = table[["p_sample", "s_sample"]].to_numpy(dtype=float, copy=True)
    velocity = (table["unit"] == "counts") & (table["quantity"] == "velocity")
    cuts: list[np.ndarray] = []
    groups: dict[tuple[int, float, bool], list[int]] = {}
    for place, motion in enumerate(motions):
        rate, first, last = rates[place], 0, motion.shape[-1]
        if np.isfinite(p[place]):
            first = max(0, int(p[place] - settings.before_s * rate))
            if settings.after_s:
                last = min(last, int(p[place] + settings.after_s * rate))
        cuts.append(motion[:, first : max(last, first + 500)])
        moved[place] = (moved[place] - first) * SAMPLING_RATE / rate
        key = (cuts[-1].shape[-1], float(rate), bool(velocity.iloc[place]))
        groups.setdefault(key, []).append(place)
    cleaned: list[np.ndarray] = [np.empty(0)] * len(motions)
    for (_, rate, is_velocity), group in groups.items():
        for first in range(0, len(group), _BLOCK):
            places = group[first : first + _BLOCK]
            block = np.stack([cuts[place] for place in places])
            for place, motion in zip(places, _clean_block(block, rate, is_velocity)):
                cleaned[place] = motion
    table = table.assign(p_sample=moved[:, 0], s_sample=moved[:, 1])
    return cleaned, table


def _clean_block(motion: np.ndarray, rate: float, is_velocity: bool) -> np.ndarray:
    """Records of one length: (records, 3, samples), float32, which are changed."""
    samples = motion.shape[-1]
    at = np.arange(samples, dtype=np.float32) - np.float32(0.5 * (samples - 1))
    motion -= motion.mean(axis=-1, keepdims=True)
    slope = motion @ (at / np.float32(at.astype(float) @ at))
    motion -= slope[..., None] * at
    edge = max(2, int(_TAPER * rate))
    rise = raised_cosine(np.arange(edge) / edge).astype(np.float32)
    motion[..., :edge] *= rise
    motion[..., -edge:] *= rise[::-1]
    if is_velocity:
        motion = _derivative(motion, rate)
    if rate != SAMPLING_RATE:
        limit = 0.39 * min(rate, SAMPLING_RATE)
        return band_limit(motion, rate, limit, SAMPLING_RATE).astype(np.float32)
    return motion


def _derivative(motion: np.ndarray, rate: float) -> np.ndarray:
    """Of motion that begins and ends with zero, so that silence can be put behind it."""
    from scipy.fft import irfft, rfft

    samples = motion.shape[-1]
    length = fast_length(samples + int(rate))
    spectrum = rfft(motion, length)
    spectrum *= (2j * np.pi * np.fft.rfftfreq(length, 1.0 / rate)).astype(np.complex64)
    spectrum[..., -1] = 0.0
    return irfft(spectrum, length, overwrite_x=True)[..., :samples]


def judge(table: pd.DataFrame, motions: Sequence[np.ndarray], settings: Settings) -> pd.DataFrame:
    """A table with what is judged of each record beside what is known of it.

    :param table: with ``p_sample``.
    :param motions: (3, samples) each, 100 Hz.
    """
    groups: dict[int, list[int]] = {}
    for place, motion in enumerate(motions):
        groups.setdefault(motion.shape[-1], []).append(place)
    p = table["p_sample"].to_numpy(dtype=float)
    found: dict[str, list[Any]] = {}
    order: list[int] = []
    for group in groups.values():
        for first in range(0, len(group), _BLOCK):
            places = group[first : first + _BLOCK]
            block = np.stack([motions[place] for place in places]).astype(np.float32, copy=False)
            judged = quality.judge(block, SAMPLING_RATE, p[places], settings.corner)
            for name, values in judged.items():
                found.setdefault(name, []).extend(values.tolist())
            order += places
    back = np.argsort(order)
    columns = {name: [values[place] for place in back] for name, values in found.items()}
    return table.drop(columns=["rate", "quantity"], errors="ignore").assign(
        **(columns or {"snr": []}),
        samples=[motion.shape[-1] for motion in motions],
        fingerprint=[quality.fingerprint(motion) for motion in motions],
    )


def finish(
    folder: Path, shards: Sequence[Path], settings: Settings, sources: list[str]
) -> dict[str, Any]:
    """Gather the shards, leave out repeated records, split, judge, and write the index."""
    import h5py

    parts = []
    left_out: Counter[str] = Counter()
    for path in shards:
        with h5py.File(path, "r") as file:
            left_out.update(json.loads(file.attrs["left_out"]))
            part = pd.DataFrame(json.loads(file["records"].asstr()[()]))
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
        raise InputError(f"Nothing is left of the data. Left out: {reasons or 'nothing'}.")
    _refuse_empty_bands(table, settings)
    given = [split or None for split in table["split"]]
    table["split"] = assign_splits(table["sequence"].tolist(), given)
    info = {
        "format": "obspy_broadband.store",
        "format_version": VERSION,
        "made_by": f"obspy_broadband {__version__}",
        "sources": sources,
        "settings": dataclasses.asdict(settings),
        "left_out": dict(left_out),
        "summary": summarize(table),
    }
    columns = {name: table[name].to_numpy() for name in table if name not in ("snr", "fingerprint")}
    columns["snr"] = np.array(table["snr"].tolist(), dtype=float)
    write_index(folder, columns, info)
    return info


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
