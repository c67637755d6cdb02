"""Intensity measures of Streams and ensembles as pandas tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from obspy import Stream
from tqdm import tqdm

from ..errors import InputError
from ..io.xml import InventoryLike, as_inventory
from ..records.record import read_records
from ..signal.integration import integrate
from ..signal.intensity import measures, measures_of_component

if TYPE_CHECKING:
    from .ensemble import Ensemble

#: s, of the response spectra in a table.
PERIODS = (
    *(0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0),
)
#: An offset makes the peak velocity where that lies in the last tenth of the record, and mean and
#: trend of the acceleration are a fifth of it or more.
_LATE, _DRIFT = 0.1, 0.2


def measure(
    stream: Stream,
    periods: Sequence[float] | None = None,
    units: str | None = None,
    inventory: InventoryLike | None = None,
    detrend: bool = False,
) -> pd.DataFrame:
    """Intensity measures of every station of a Stream.

    Of three components, peaks and spectra are RotD50 of the horizontals (see
    :func:`obspy_broadband.signal.intensity.measures`); of one, its own.

    :param periods: s; default :data:`PERIODS`.
    :param units: of the Stream, as in ``enrich``.
    :param inventory: responses to remove, as in ``enrich``.
    :param detrend: take mean and linear trend out of the acceleration first. Without it, a record
        whose offset makes much of its peak velocity is warned about.
    :return: one row a station; columns such as ``pga_m_s2``, ``arias_m_s``, ``sa_0.1s_m_s2``.
    :raises InputError: for a station that cannot be measured, or a period outside 0.005-60 s.
    """
    check_periods(periods)
    records, refusals = read_records(stream, units, as_inventory(inventory))
    if refusals:
        raise InputError(refusals[0].reason)
    rows: dict[str, dict[str, float]] = {}
    offsets: dict[str, tuple[float, float]] = {}
    for record in records:
        motion = detrended(record.data) if detrend else record.data
        if not detrend and (pair := offset_velocity(motion, record.sampling_rate)):
            offsets[record.id] = pair
        rows[record.id] = next(_rows(motion[None], record.rows, record.sampling_rate, periods))
    warn_of_offsets(offsets)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("station")


def check_periods(periods: Sequence[float] | None) -> None:
    """See that spectra can be computed at these periods, s.

    :raises InputError: for a period outside 0.005-60 s.
    """
    if periods is None:
        return
    try:
        numbers = [float(period) for period in periods]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"periods is {periods!r} (--periods); a list of numbers is needed, in s."
        ) from error
    for period in numbers:
        if not 0.005 <= period <= 60:
            raise InputError(f"A period is {period:g} s; 0.005 to 60 s can be computed.")


def detrended(acceleration: np.ndarray) -> np.ndarray:
    """Acceleration less its mean and linear trend (least squares), as (..., samples)."""
    acceleration = np.asarray(acceleration, dtype=float)
    line = np.linspace(-1.0, 1.0, acceleration.shape[-1])
    slope = (acceleration @ line / (line @ line))[..., None]
    return acceleration - acceleration.mean(axis=-1, keepdims=True) - slope * line


def offset_velocity(acceleration: np.ndarray, sampling_rate: float) -> tuple[float, float] | None:
    """Whether an offset makes much of the peak velocity.

    An offset b of the acceleration is a velocity b t, which grows until the record ends, when the
    ground has come to rest: there it may be larger than all that the earthquake did.

    :param acceleration: (..., samples), m/s².
    :return: the peak velocity as it is and without mean and trend of the acceleration, m/s, of the
        worst component; None where the peak lies earlier, or is about the same without them.
    """
    acceleration = np.asarray(acceleration, dtype=float)
    samples = acceleration.shape[-1]
    motion = acceleration.reshape(-1, samples)
    velocity = np.abs(integrate(motion, sampling_rate))
    peaks, is_late = velocity.max(axis=-1), velocity.argmax(axis=-1) >= (1.0 - _LATE) * samples
    detrended_peaks = np.abs(integrate(detrended(motion), sampling_rate)).max(axis=-1)
    by_offset = np.where(
        is_late & (detrended_peaks <= (1.0 - _DRIFT) * peaks), peaks - detrended_peaks, 0.0
    )
    worst = by_offset.argmax()
    return (float(peaks[worst]), float(detrended_peaks[worst])) if by_offset[worst] > 0.0 else None


def warn_of_offsets(offsets: Mapping[str, tuple[float, float]]) -> None:
    """One warning for all records.

    :param found: by record, what :func:`offset_velocity` gave.
    """
    if not offsets:
        return
    id, (peak, detrended_peak) = next(iter(offsets.items()))
    more = f", and {len(offsets) - 1} more," if len(offsets) > 1 else ""
    warnings.warn(
        f"An offset of the acceleration makes much of the peak velocity: {id}{more} has "
        f"{peak:.3g} m/s, and {detrended_peak:.3g} m/s without mean and trend. PGV, PGD and "
        "long periods are not the earthquake's; detrend=True (--detrend) takes mean and trend out.",
        stacklevel=3,
    )


def measure_ensemble(
    ensemble: Ensemble,
    periods: Sequence[float] | None = None,
    progress: bool = False,
    detrend: bool = False,
) -> pd.DataFrame:
    """Intensity measures of every station and realization: see ``Ensemble.intensity_measures``."""
    check_periods(periods)
    index, rows = [], []
    offsets: dict[str, tuple[float, float]] = {}
    for record in tqdm(ensemble.records, desc="measures", unit="station", disable=not progress):
        motion = np.zeros((len(ensemble), 3, record.realizations.shape[-1]))
        motion[:, list(record.rows)] = record.realizations
        if detrend:
            motion = detrended(motion)
        elif pair := offset_velocity(record.low_frequency, record.sampling_rate):
            offsets[record.id] = pair
        table = _rows(motion, record.rows, record.sampling_rate, periods)
        for number, row in zip(ensemble.provenance["realizations"], table):
            index.append((record.id, number))
            rows.append(row)
    warn_of_offsets(offsets)
    names = ["station", "realization"]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=names))


def _rows(
    motion: np.ndarray,
    components: Sequence[int],
    sampling_rate: float,
    periods: Sequence[float] | None,
) -> Iterator[dict[str, float]]:
    """A row for each of (n, 3, samples)."""
    periods_s = tuple(PERIODS if periods is None else periods)
    if len(components) == 3:
        table = measures(motion, sampling_rate, periods_s)
    else:
        table = measures_of_component(motion[:, components[0]], sampling_rate, periods_s)
    for number in range(len(motion)):
        yield {name: float(values[number]) for name, values in table.items()}
