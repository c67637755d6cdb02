"""Scores during training: fixed dev records, fixed seeds, in the training's own protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.event_weights import event_weights
from ..data.pairs import Pairs
from ..data.store import SAMPLING_RATE, Store
from ..evaluation.calibration import crps
from ..evaluation.cases import Case, cases_of_windows, draw
from ..evaluation.goodness import by_band, envelope_phase
from ..method.contract import Method
from ..signal.response import rotd
from .options import TrainingOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Periods of the response spectra that are scored, s.
PERIODS = (0.05, 0.1, 0.2, 0.5, 1.0)
#: The score that weights are chosen by, for each protocol; less is better.
SCORE = {"clean": "CRPS of ln SA", "thesis": "-(EG + PG)"}
_SHOWN = 3


class Validation:
    """A fixed part of the dev split, scored the same way every time.

    :param store: with a dev split.
    :param records: indices of the records to choose from.
    :param options: protocol, number of records and realizations, seed.
    :param samples: of a window.
    :param rank: of this process among ``world``; each scores every world-th record.
    """

    def __init__(
        self,
        store: Store,
        records: np.ndarray,
        options: TrainingOptions,
        samples: int,
        rank: int = 0,
        world: int = 1,
    ):
        records = _across_events(
            records, store.columns["event"][records], options.validation_records
        )
        self.weights = event_weights(store.columns["event"][records])[rank::world]
        records = records[rank::world]
        self.cases: list[Case] = []
        if len(records):
            self.cases = cases_of_windows(Pairs(store, records, samples, options.protocol))
            self.recorded_spectra = np.stack([spectra(case.recorded) for case in self.cases])
        self.draws, self.seed = options.validation_draws, options.seed

    def __call__(self, method: Method) -> tuple[dict[str, float], np.ndarray | None]:
        """Weighted sums of the scores over this process's records, and a few first realizations.

        Clean protocol: ``crps`` and ``bias`` of ln SA, EG and PG on both sides of the corner;
        thesis protocol: EG and PG over 0.1-30 Hz.
        """
        if not self.cases:
            return {}, None
        realizations = np.stack([draw(method, case, self.draws, self.seed) for case in self.cases])
        first = realizations[:, 0].astype(np.float32)
        recorded = np.stack([case.recorded for case in self.cases]).astype(np.float32)
        if self.cases[0].protocol == "thesis":
            eg, pg = envelope_phase(first, recorded, SAMPLING_RATE, 0.1, 30.0)
            scores = {"EG": np.mean(eg, axis=-1), "PG": np.mean(pg, axis=-1)}
        else:
            generated_spectra = spectra(realizations)
            scores = {
                "crps": crps(np.moveaxis(generated_spectra, 1, -1), self.recorded_spectra).mean(
                    axis=-1
                ),
                "bias": (self.recorded_spectra - generated_spectra.mean(axis=1)).mean(axis=-1),
            }
            bands = by_band(first, recorded, SAMPLING_RATE, self.cases[0].corner)
            for band, pair in bands.items():
                for name, values in zip(("EG", "PG"), pair):
                    scores[f"{name}_{band}_corner"] = np.mean(values, axis=-1)
        sums = {name: float((self.weights * values).sum()) for name, values in scores.items()}
        return sums, realizations[:_SHOWN, 0]

    def draw_figure(self, path: Path, realizations: np.ndarray, title: str) -> None:
        """Recorded and generated motion and the input of a few records; see :func:`figure_of`."""
        figure_of(self.cases, realizations, title).savefig(path, dpi=80)


def score_of(metrics: dict[str, float]) -> float:
    """The score of early stopping and of the choice of weights; less is better."""
    if "crps" in metrics:
        return metrics["crps"]
    return -(metrics["EG"] + metrics["PG"])


def spectra(motion: np.ndarray) -> np.ndarray:
    """ln SA RotD50, (..., periods)."""
    rotd50 = rotd(motion[..., 1, :], motion[..., 2, :], SAMPLING_RATE, PERIODS, (50.0,))
    return np.log(rotd50[..., 0, :] + 1e-12)


def figure_of(cases: Sequence[Case], realizations: np.ndarray, title: str) -> Figure:
    """East component in time and its Fourier spectrum, a row for each realization.

    :param cases: the first of them belong to the realizations.
    :param realizations: one of each case, (cases, components, samples).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.4 * len(realizations)), layout="constrained")
    panels = figure.subplots(len(realizations), 2, width_ratios=(2, 1), squeeze=False)
    for (left, right), case, generated in zip(panels, cases, realizations):
        rate, samples = case.sampling_rate, generated.shape[-1]
        times, frequencies = np.arange(samples) / rate, np.fft.rfftfreq(samples, 1 / rate)
        signals = (case.recorded, generated, case.low_frequency)
        for label, color, motion in zip(
            ("recorded", "generated", "given"), ("0.5", "C0", "C3"), signals
        ):
            left.plot(times, motion[2], color=color, lw=0.6, label=label)
            spectrum = np.abs(np.fft.rfft(motion[2])) / rate
            right.loglog(frequencies[2:], spectrum[2:], color=color, lw=0.6)
        left.set_title(case.name, fontsize=8, loc="left")
        left.set_xlabel("time (s)")
        left.set_ylabel("m/s²" if case.protocol == "clean" else "of the peak")
        right.set_xlabel("frequency (Hz)")
        top = np.abs(np.fft.rfft(case.recorded[2])).max() / rate
        right.set_ylim(1e-5 * top, 3 * top)
    panels[0, 0].legend(fontsize=7, loc="upper right")
    figure.suptitle(title, fontsize=9)
    return figure


def _across_events(records: np.ndarray, events: np.ndarray, count: int) -> np.ndarray:
    """As many records, no second one of an event before one of every event is chosen."""
    rank = np.zeros(len(records), dtype=int)  # of a record within its event
    counts: dict[str, int] = {}
    for position, event in enumerate(events.tolist()):
        rank[position] = counts.get(event, 0)
        counts[event] = rank[position] + 1
    return records[np.sort(np.argsort(rank, kind="stable")[:count])]
