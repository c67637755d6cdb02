"""Intensity measures of Streams and ensembles as pandas tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from obspy import Inventory, Stream
from tqdm import tqdm

from .errors import InputError
from .record import read_records
from .signal.intensity import measures, measures_of_component

if TYPE_CHECKING:
    from .ensemble import Ensemble

#: s, of the response spectra in a table.
PERIODS = (
    *(0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0),
)


def measure(
    stream: Stream,
    periods: Sequence[float] | None = None,
    units: str | None = None,
    inventory: Inventory | None = None,
) -> pd.DataFrame:
    """Intensity measures of every station of a Stream.

    Of three components, peaks and spectra are RotD50 of the horizontals (see
    :func:`obspy_broadband.signal.intensity.measures`); of one, its own.

    :param periods: s; default :data:`PERIODS`.
    :param units: of the Stream, as in ``enrich``.
    :param inventory: responses to remove, as in ``enrich``.
    :return: one row a station; columns such as ``pga_m_s2``, ``arias_m_s``, ``sa_0.1s_m_s2``.
    :raises InputError: for a station that cannot be measured.
    """
    records, refusals = read_records(stream, units, inventory)
    if refusals:
        raise InputError(refusals[0].reason)
    rows = {
        record.id: next(_rows(record.data[None], record.rows, record.sampling_rate, periods))
        for record in records
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("station")


def measure_ensemble(
    ensemble: Ensemble, periods: Sequence[float] | None = None, progress: bool = False
) -> pd.DataFrame:
    """Intensity measures of every station and realization: see ``Ensemble.intensity_measures``."""
    index, rows = [], []
    for record in tqdm(ensemble.records, desc="measures", unit="station", disable=not progress):
        motion = np.zeros((len(ensemble), 3, record.realizations.shape[-1]))
        motion[:, list(record.rows)] = record.realizations
        found = _rows(motion, record.rows, record.sampling_rate, periods)
        for number, row in zip(ensemble.provenance["realizations"], found):
            index.append((record.id, number))
            rows.append(row)
    names = ["station", "realization"]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=names))


def _rows(
    motion: np.ndarray,
    components: Sequence[int],
    sampling_rate: float,
    periods: Sequence[float] | None,
) -> Iterator[dict[str, float]]:
    """A row for each of (n, 3, samples)."""
    chosen = tuple(PERIODS if periods is None else periods)
    if len(components) == 3:
        table = measures(motion, sampling_rate, chosen)
    else:
        table = measures_of_component(motion[:, components[0]], sampling_rate, chosen)
    for number in range(len(motion)):
        yield {name: float(values[number]) for name, values in table.items()}
