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
from . import quality
from .sources import Bucket, open_source, read_bucket
from .splits import SPLITS, assign_splits
from .store import SAMPLING_RATE, VERSION, write_index, write_text

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

    :param sources: data sets, see :func:`obspy_broadband.data.sources.open_source`.
    :param folder: the store. Shards that are there already are kept if the settings are the same.
    :param workers: processes.
    :return: what ``store.json`` holds: counts, quality, what was left out and why.
    :raises InputError: for sources that cannot be read, other settings than the folder's, or a data
        set with an empty band.
    """
    folder, settings = Path(folder), settings or Settings()
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
    motions, records = [], []
    left_out: Counter[str] = Counter()
    for row, motion in read_bucket(bucket):
        reason = _unwanted(row, settings) or _unusable(motion)
        if reason:
            left_out[reason] += 1
            continue
        cleaned, p = _clean(row, motion, settings)
        record = describe(bucket, row, cleaned, p, settings)
        if settings.min_snr and record["snr"][4] < settings.min_snr:
            left_out["signal over noise"] += 1
            continue
        motions.append(cleaned)
        records.append(record)
    write_shard(path, motions, records, left_out)


def write_shard(
    path: Path,
    motions: Sequence[np.ndarray],
    records: Sequence[dict[str, Any]],
    left_out: Mapping[str, int],
) -> None:
    """Write motions (3, samples) and what is known of each; the file appears when it is whole."""
    import h5py

    part = path.with_name(path.name + ".part")
    with h5py.File(part, "w") as file:
        whole = [motion.T.astype(np.float32) for motion in motions]
        file["motion"] = np.concatenate(whole) if whole else np.zeros((0, 3), np.float32)
        file.attrs["left_out"] = json.dumps(dict(left_out))
        file["records"] = json.dumps(list(records))
    part.replace(path)


def _unwanted(row: dict[str, Any], settings: Settings) -> str | None:
    if _text(row, "trace_unit", "counts") not in settings.units.split(","):
        return "unit"
    # NaN compares as False: what is not known is left out.
    smallest, farthest = settings.min_magnitude, settings.max_distance_km
    if smallest is not None and not _number(row, "source_magnitude") >= smallest:
        return "magnitude"
    if farthest is not None and not _distance(row) <= farthest:
        return "distance"
    return None


def _unusable(motion: np.ndarray) -> str | None:
    if motion.shape[-1] < 500:
        return "shorter than 500 samples"
    if not np.isfinite(motion).all():
        return "NaN or infinite samples"
    if (np.ptp(motion, axis=-1) == 0).any():
        return "a constant component"
    return None


def _clean(row: dict[str, Any], motion: np.ndarray, settings: Settings) -> tuple[np.ndarray, float]:
    """Cut, detrended, tapered acceleration at 100 Hz, and the sample of P in it."""
    rate = _number(row, "trace_sampling_rate_hz")
    rate = rate if np.isfinite(rate) else SAMPLING_RATE
    p = _number(row, "trace_p_arrival_sample")
    first, last = 0, motion.shape[-1]
    if np.isfinite(p):
        first = max(0, int(p - settings.before_s * rate))
        last = min(last, int(p + settings.after_s * rate)) if settings.after_s else last
    motion = motion[:, first : max(last, first + 500)].astype(float)
    at = np.arange(motion.shape[-1]) - 0.5 * (motion.shape[-1] - 1)
    motion -= motion.mean(axis=-1, keepdims=True)
    motion -= (motion @ at / (at @ at))[:, None] * at
    edge = max(2, int(_TAPER * rate))
    rise = raised_cosine(np.arange(edge) / edge)
    motion[:, :edge] *= rise
    motion[:, -edge:] *= rise[::-1]
    counts = _text(row, "trace_unit", "counts") == "counts"
    if counts and _text(row, "trace_quantity_original", "") == "velocity":
        motion = _derivative(motion, rate)
    if rate != SAMPLING_RATE:
        motion = band_limit(motion, rate, 0.39 * min(rate, SAMPLING_RATE), SAMPLING_RATE)
    return motion, (p - first) * SAMPLING_RATE / rate


def _derivative(motion: np.ndarray, rate: float) -> np.ndarray:
    """Of motion that begins and ends with zero, so that silence can be put behind it."""
    samples = motion.shape[-1]
    length = fast_length(samples + int(rate))
    omega = 2 * np.pi * np.fft.rfftfreq(length, 1.0 / rate)
    omega[-1] = 0.0
    return np.fft.irfft(1j * omega * np.fft.rfft(motion, length), length)[..., :samples]


def describe(
    bucket: Bucket, row: dict[str, Any], motion: np.ndarray, p: float, settings: Settings
) -> dict[str, Any]:
    """What the index says of a record.

    :param row: metadata by SeisBench's names.
    :param p: sample of P in ``motion``, or NaN.
    """
    snr = quality.band_snr(motion, SAMPLING_RATE, p)
    lowest, highest = quality.usable_band(snr)
    s = _number(row, "trace_s_arrival_sample") - _number(row, "trace_p_arrival_sample")
    rate = _number(row, "trace_sampling_rate_hz")
    event = _text(row, "source_id", "") or _text(row, "source_origin_time", "")
    record = f"{bucket.source}:{_text(row, 'trace_name_original', '') or row['trace_name']}"
    return {
        "record": record,
        "source": _text(row, "dataset_source", bucket.source),
        "event": event or record,
        "sequence": _text(row, "source_sequence", "") or event or record,
        "station": f"{_text(row, 'station_network_code', '')}.{_text(row, 'station_code', '')}",
        "split": _text(row, "split", ""),
        "unit": _text(row, "trace_unit", "counts"),
        "start": _text(row, "trace_start_time", ""),
        "licence": _text(row, "licence", ""),
        "attribution": _text(row, "attribution", ""),
        "magnitude": _number(row, "source_magnitude"),
        "distance_km": _distance(row),
        "depth_km": _number(row, "source_depth_km"),
        "vs30_m_s": _number(row, "station_vs30_m_s"),
        "p_sample": p,
        "s_sample": p + s * SAMPLING_RATE / (rate if np.isfinite(rate) else SAMPLING_RATE),
        "samples": motion.shape[-1],
        "peak": float(np.abs(motion).max()),
        "usable_lowest_hz": lowest,
        "usable_highest_hz": highest,
        "snr": [float(value) for value in snr],
        "below_corner_ratio": quality.below_corner_ratio(motion, SAMPLING_RATE, settings.corner),
        "clipped": bool(quality.is_clipped(motion)),
        "fingerprint": quality.fingerprint(motion),
    }


def _number(row: dict[str, Any], name: str) -> float:
    try:
        return float(row.get(name, np.nan))
    except (TypeError, ValueError):
        return float("nan")


def _text(row: dict[str, Any], name: str, default: str) -> str:
    value = row.get(name)
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return default if missing else str(value)


def _distance(row: dict[str, Any]) -> float:
    """Hypocentral distance in km, from the epicentral one and the depth where it is not given."""
    given = _number(row, "path_hyp_distance_km")
    if np.isfinite(given):
        return given
    depth = _number(row, "source_depth_km")
    depth = depth if np.isfinite(depth) else 0.0
    return float(np.hypot(_number(row, "path_ep_distance_km"), depth))


def finish(
    folder: Path, shards: Sequence[Path], settings: Settings, sources: list[str]
) -> dict[str, Any]:
    """Gather the shards, leave out repeated records, split, judge, and write the index."""
    import h5py

    rows: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    seen: set[str] = set()
    for path in shards:
        with h5py.File(path, "r") as file:
            left_out.update(json.loads(file.attrs["left_out"]))
            offset = 0
            for record in json.loads(file["records"].asstr()[()]):
                if record["fingerprint"] in seen:
                    left_out["repeated"] += 1
                else:
                    seen.add(record["fingerprint"])
                    rows.append(record | {"shard": path.name, "offset": offset})
                offset += record["samples"]
    if not rows:
        reasons = ", ".join(f"{count} for {reason}" for reason, count in left_out.items())
        raise InputError(f"Nothing is left of the data. Left out: {reasons or 'nothing'}.")
    table = pd.DataFrame(rows)
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
