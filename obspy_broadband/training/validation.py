"""How good a method is while it learns: its own protocol, fixed records, fixed seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.event_weights import event_weights
from ..data.pairs import Pairs
from ..data.store import SAMPLING_RATE, Store
from ..evaluation.calibration import crps
from ..evaluation.cases import Case, cases_of, draw, seeds_for
from ..evaluation.goodness import by_band, envelope_phase
from ..method.contract import Method
from ..signal.response import rotd
from .options import TrainingOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: s, of the spectra that are scored.
PERIODS = (0.05, 0.1, 0.2, 0.5, 1.0)
#: What decides between two sets of weights, by protocol; less is better.
SCORE = {"clean": "CRPS of ln SA", "thesis": "-(EG + PG)"}
_SHOWN = 3


class Validation:
    """A fixed part of the dev split, scored the same way every time.

    :param store: with a dev split.
    :param records: of the dev split that may be used.
    :param options: protocol, number of records and realizations, seed.
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
        # A fixed choice that takes from every event before it takes twice from one.
        records = _spread(records, store.columns["event"][records], options.validation_records)
        self.weights = event_weights(store.columns["event"][records])[rank::world]
        records = records[rank::world]
        self.cases: list[Case] = []
        if len(records):
            self.cases = cases_of(Pairs(store, records, samples, options.protocol))
            self.truth = np.stack([spectra(case.recorded) for case in self.cases])
        self.draws, self.seed = options.validation_draws, options.seed

    def __call__(self, method: Method) -> tuple[dict[str, float], np.ndarray | None]:
        """Weighted sums of the scores over this process's records, and the first realizations.

        Clean protocol: ``crps`` and ``bias`` of ln SA, EG and PG on both sides of the corner;
        thesis protocol: EG and PG over 0.1-30 Hz.
        """
        if not self.cases:
            return {}, None
        drawn = np.stack(
            [
                draw(method, case, seeds_for(number, self.draws, self.seed))
                for number, case in enumerate(self.cases)
            ]
        )
        first = drawn[:, 0].astype(np.float32)
        recorded = np.stack([case.recorded for case in self.cases]).astype(np.float32)
        if self.cases[0].protocol == "thesis":
            eg, pg = envelope_phase(first, recorded, SAMPLING_RATE, 0.1, 30.0)
            found = {"EG": np.mean(eg, axis=-1), "PG": np.mean(pg, axis=-1)}
        else:
            made = spectra(drawn)
            found = {
                "crps": crps(np.moveaxis(made, 1, -1), self.truth).mean(axis=-1),
                "bias": (self.truth - made.mean(axis=1)).mean(axis=-1),
            }
            bands = by_band(first, recorded, SAMPLING_RATE, self.cases[0].corner)
            for band, pair in bands.items():
                for name, values in zip(("EG", "PG"), pair):
                    found[f"{name}_{band}_corner"] = np.mean(values, axis=-1)
        sums = {name: float((self.weights * values).sum()) for name, values in found.items()}
        return sums, drawn[:_SHOWN, 0]

    def draw_figure(self, path: Path, drawn: np.ndarray, title: str) -> None:
        """Recorded, generated and given, of a few records."""
        figure_of(self.cases, drawn, title).savefig(path, dpi=80)


def score_of(metrics: dict[str, float]) -> float:
    """What early stopping and the choice of weights go by; less is better."""
    if "crps" in metrics:
        return metrics["crps"]
    return -(metrics["EG"] + metrics["PG"])


def spectra(motion: np.ndarray) -> np.ndarray:
    """ln SA RotD50, (..., PERIODS)."""
    found = rotd(motion[..., 1, :], motion[..., 2, :], SAMPLING_RATE, PERIODS, (50.0,))
    return np.log(found[..., 0, :] + 1e-12)


def figure_of(cases: Sequence[Case], drawn: np.ndarray, title: str) -> Figure:
    """One component in time and its Fourier spectrum, for as many cases as were drawn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.4 * len(drawn)), layout="constrained")
    panels = figure.subplots(len(drawn), 2, width_ratios=(2, 1), squeeze=False)
    for (left, right), case, made in zip(panels, cases, drawn):
        rate, samples = case.sampling_rate, made.shape[-1]
        times, frequencies = np.arange(samples) / rate, np.fft.rfftfreq(samples, 1 / rate)
        signals = (case.recorded, made, case.low_frequency)
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


def _spread(records: np.ndarray, events: np.ndarray, count: int) -> np.ndarray:
    turn = np.zeros(len(records), dtype=int)
    seen: dict[str, int] = {}
    for place, event in enumerate(events.tolist()):
        turn[place] = seen.get(event, 0)
        seen[event] = turn[place] + 1
    return records[np.sort(np.argsort(turn, kind="stable")[:count])]
