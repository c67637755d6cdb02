"""Records to windows and back: band limit, resampling, scaling, windowing, joining of windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..method.contract import Batch, Method
from ..signal.filters import band_limit, raised_cosine
from ..signal.hybrid import crossover
from .record import Record
from .spatial_correlation import Field

#: The cross-fade between neighbouring windows, s.
FADE = 5.0


@dataclass(frozen=True)
class Prepared:
    """One record ready for a method.

    :param record: the record as it was read.
    :param low_frequency: (3, samples), m/s², at the method's sampling rate; its spectrum is zero
        above 1.25 times the corner.
    :param corner: the simulation's upper frequency limit, Hz.
    :param scale: the peak of the low frequencies over all components, m/s².
    :param starts: first sample of every window.
    :param window: samples in a window.
    :param field: the random field that its epsilon is drawn from; None if it is independent of
        other stations.
    """

    record: Record
    low_frequency: np.ndarray
    corner: float
    scale: float
    starts: np.ndarray
    window: int
    field: Field | None = None


def low_frequencies(
    motion: np.ndarray, sampling_rate: float, corner: float, target_rate: float
) -> np.ndarray:
    """What a method may see of a whole record.

    Enriching, training and evaluation all come through here.

    :param motion: (3, samples), acceleration, from the record's beginning to its end.
    :param sampling_rate: of ``motion``, Hz.
    :param corner: upper frequency limit of the simulation, Hz.
    :param target_rate: Hz.
    :return: (3, samples), at ``target_rate``: as it is to the corner, zero above 1.25 times it.
    """
    return band_limit(motion, sampling_rate, corner, target_rate)


def prepare(record: Record, method: Method | type[Method], corner: float) -> Prepared:
    """Band-limit, resample, scale and place the windows of one record.

    :param record: acceleration in m/s², any sampling rate.
    :param method: for its sampling rate and window length.
    :param corner: upper frequency limit of the simulation, Hz.
    """
    low = low_frequencies(record.data, record.sampling_rate, corner, method.sampling_rate)
    return place_windows(record, low, method, corner)


def place_windows(
    record: Record, low_frequency: np.ndarray, method: Method | type[Method], corner: float
) -> Prepared:
    """Scale low frequencies and place the windows of a method on them.

    :param low_frequency: of the record, see :func:`low_frequencies`, at the method's rate.
    :param corner: at which they end, Hz.
    """
    samples = low_frequency.shape[-1]
    window = method.samples or samples
    return Prepared(
        record=record,
        low_frequency=low_frequency,
        corner=corner,
        scale=float(np.abs(low_frequency).max()),
        starts=window_starts(samples, window),
        window=window,
    )


def window_starts(samples: int, window: int) -> np.ndarray:
    """Evenly spaced windows that cover a record, neighbours overlapping by at least half."""
    if samples <= window:
        return np.array([0])
    count = int(np.ceil((samples - window) / (window // 2))) + 1
    return np.round(np.linspace(0, samples - window, count)).astype(int)


def batches(prepared: Sequence[Prepared], limit: int) -> Iterator[tuple[list[int], Batch]]:
    """Group records of equal window length into batches; those with a field apart from the others.

    :param prepared: the records.
    :param limit: samples (all components together) that a batch may hold; a single record may
        exceed it.
    :return: for every batch, the index of each window's record, and the batch. A record's windows
        are never parted.
    """
    alike: dict[tuple[int, bool], list[int]] = {}
    for index, item in enumerate(prepared):
        alike.setdefault((item.window, item.field is None), []).append(index)
    for (window, _), indices in alike.items():
        owners: list[int] = []
        for index in indices:
            count = len(prepared[index].starts)
            if owners and (len(owners) + count) * 3 * window > limit:
                yield owners, _batch(prepared, owners)
                owners = []
            owners = owners + [index] * count
        yield owners, _batch(prepared, owners)


def _batch(prepared: Sequence[Prepared], owners: list[int]) -> Batch:
    unique = [prepared[index] for index in dict.fromkeys(owners)]
    rows = [_window(item, start) for item in unique for start in item.starts]
    scale = np.array([item.scale for item in unique for _ in item.starts])
    return Batch(
        low_frequency=np.stack(rows) / scale[:, None, None],
        scale=scale,
        corner=np.array([prepared[index].corner for index in owners]),
        scenarios=tuple(prepared[index].record.scenario for index in owners),
        starts=np.concatenate([item.starts for item in unique]),
    )


def _window(item: Prepared, start: int) -> np.ndarray:
    cut = item.low_frequency[:, start : start + item.window]
    return np.pad(cut, ((0, 0), (0, item.window - cut.shape[-1])))


def restore(windows: np.ndarray, item: Prepared, sampling_rate: float) -> np.ndarray:
    """Join a method's windows into records in m/s².

    Neighbours are cross-faded in the middle of their overlap, with gains that keep the power
    whatever their coherence is: two windows may agree there (a network that follows its input) or
    not (noise).

    :param windows: (windows, realizations, 3, samples), divided by the record's scale.
    :param item: the record they belong to.
    :return: (realizations, 3, samples), m/s².
    """
    samples = item.low_frequency.shape[-1]
    joined = np.zeros((*windows.shape[1:-1], samples))
    span = min(item.window, samples)
    joined[..., :span] = windows[0][..., :span]
    for before, after, piece in zip(item.starts[:-1], item.starts[1:], windows[1:]):
        overlap = slice(after, before + item.window)
        length = overlap.stop - overlap.start
        old, new = joined[..., overlap], piece[..., :length]
        fade = min(length, int(FADE * sampling_rate))
        fraction = (np.arange(length) - (length - fade) / 2) / fade
        leave, enter = crossover(fraction, _coherence(old, new))
        joined[..., overlap] = leave * old + enter * new
        joined[..., overlap.stop : after + item.window] = piece[..., length:]
    return joined * item.scale


def _coherence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # The ends of a window are its least reliable part, for networks as for filters.
    weight = raised_cosine(4 * np.linspace(0, 1, a.shape[-1])) * raised_cosine(
        4 * np.linspace(1, 0, a.shape[-1])
    )
    product = (weight * a * b).sum(axis=-1, keepdims=True)
    power = (weight * a * a).sum(axis=-1, keepdims=True) * (weight * b * b).sum(
        axis=-1, keepdims=True
    )
    correlation = np.divide(product, np.sqrt(power), out=np.zeros_like(product), where=power > 0)
    return np.clip(correlation, 0.0, 1.0)
