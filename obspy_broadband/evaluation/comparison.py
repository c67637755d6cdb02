"""Generated against recorded: residuals of intensity measures, and goodness of fit in two bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from obspy import Stream
from tqdm import tqdm

from ..ensemble import EnrichedRecord, Ensemble
from ..errors import InputError
from ..measures import PERIODS, measure, measure_ensemble
from ..record import Record, read_records
from ..signal.filters import band_limit
from .goodness import by_band


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found.

    :param residuals: ln(recorded / generated) of every intensity measure; one row a station and
        realization.
    :param goodness: EG and PG below and above the corner, means of the components; rows likewise.
    :param skipped: stations that could not be compared, and why.
    """

    residuals: pd.DataFrame
    goodness: pd.DataFrame
    skipped: list[tuple[str, str]]

    def summary(self) -> pd.DataFrame:
        """Bias and spread of each measure.

        ``bias``: mean over stations of the residual's mean over realizations. ``between_stations``:
        standard deviation of that mean. ``within_ensemble``: standard deviation between
        realizations, root mean square over stations. ``inside_90``: share of the stations whose
        record lies within the 5-95 % of their realizations. Goodness of fit: means (10 is best).
        """
        by_station = self.residuals.groupby("station")
        mean = by_station.mean()
        low, high = by_station.quantile(0.05), by_station.quantile(0.95)
        table = pd.DataFrame(
            {
                "bias": mean.mean(),
                "between_stations": mean.std(),
                "within_ensemble": np.sqrt(by_station.var().mean()),
                "inside_90": ((low <= 0) & (high >= 0)).mean(),
            }
        )
        scores = pd.DataFrame({"bias": self.goodness.mean()})
        return pd.concat([table, scores.rename(columns={"bias": "score"})])


def compare(
    ensemble: Ensemble,
    recorded: Stream,
    corner: float | None = None,
    units: str | None = None,
    periods: Sequence[float] = PERIODS,
    progress: bool = False,
) -> Comparison:
    """Compare an ensemble with recordings of the same stations and times.

    :param recorded: records that cover the ensemble's; matched by network and station code, cut and
        resampled to its instants.
    :param corner: where "below" ends and "above" begins, Hz; default: the ensemble's.
    :param units: of ``recorded``, as in ``enrich``.
    :param progress: show progress bars.
    :raises InputError: if no station can be compared.
    """
    corner = corner or ensemble.provenance["corner_hz"]
    records, refusals = read_records(recorded, units)
    skipped = [(refusal.id, refusal.reason) for refusal in refusals]
    kept: list[tuple[EnrichedRecord, Record, np.ndarray]] = []
    for generated in ensemble.records:
        try:
            record = _find(generated, records)
            kept.append((generated, record, _cut(generated, record)))
        except InputError as error:
            skipped.append((generated.id, str(error)))
    if not kept:
        raise InputError("No station can be compared: " + " ".join(why for _, why in skipped))
    part = Ensemble([generated for generated, _, _ in kept], ensemble.provenance)
    residuals = _residuals(part, [(g, motion) for g, _, motion in kept], periods, progress)
    goodness = _goodness(part, [motion for _, _, motion in kept], corner, progress)
    return Comparison(residuals, goodness, skipped)


def _find(generated: EnrichedRecord, records: Sequence[Record]) -> Record:
    codes = generated.id.split(".")[:2]
    for record in records:
        if record.id.split(".")[:2] == codes and set(record.rows) == set(generated.rows):
            return record
    raise InputError(
        f"{generated.id} has no record with the same components among the {len(records)} recorded "
        "stations."
    )


def _cut(generated: EnrichedRecord, record: Record) -> np.ndarray:
    """The record at the ensemble's instants: (components, samples), m/s²."""
    rate, samples = generated.sampling_rate, generated.low_frequency.shape[-1]
    before = generated.start - record.start
    end = before + (samples - 1) / rate
    if before < -0.5 / rate or end > record.duration + 1.0 / rate:
        raise InputError(
            f"The record of {generated.id} spans {record.start} + {record.duration:g} s and does "
            f"not cover the ensemble's {generated.start} + {(samples - 1) / rate:g} s."
        )
    data = record.data[list(generated.rows)]
    offset = before * record.sampling_rate
    first = round(offset)
    if record.sampling_rate == rate and abs(offset - first) < 0.02:
        cut = data[:, max(first, 0) : max(first, 0) + samples]
        return np.pad(cut, ((0, 0), (0, samples - cut.shape[-1])))
    resampled = band_limit(data, record.sampling_rate, 0.39 * min(record.sampling_rate, rate), rate)
    first = max(0, round(before * rate))
    cut = resampled[:, first : first + samples]
    return np.pad(cut, ((0, 0), (0, samples - cut.shape[-1])))


def _residuals(
    ensemble: Ensemble,
    kept: list[tuple[EnrichedRecord, np.ndarray]],
    periods: Sequence[float],
    progress: bool,
) -> pd.DataFrame:
    generated = measure_ensemble(ensemble, periods, progress)
    stream = Stream(t for g, motion in kept for t in g.traces(motion, []))
    recorded = measure(stream, periods, units="m/s**2")
    aligned = recorded.loc[generated.index.get_level_values("station")].to_numpy()
    with np.errstate(divide="ignore"):
        return np.log(aligned / generated)


def _goodness(
    ensemble: Ensemble, recorded: Sequence[np.ndarray], corner: float, progress: bool
) -> pd.DataFrame:
    index, rows = [], []
    numbers = ensemble.provenance["realizations"]
    pairs = list(zip(ensemble.records, recorded))
    for record, truth in tqdm(pairs, desc="goodness", unit="station", disable=not progress):
        generated = record.realizations.astype(np.float32)
        target = np.broadcast_to(truth.astype(np.float32), generated.shape)
        bands = by_band(generated, target.copy(), record.sampling_rate, corner)
        for position, number in enumerate(numbers):
            index.append((record.id, number))
            rows.append(
                {
                    f"{score}_{band}_corner": float(values[position].mean())
                    for band, pair in bands.items()
                    for score, values in zip(("EG", "PG"), pair)
                }
            )
    names = ["station", "realization"]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=names))
