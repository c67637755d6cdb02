"""Tables of a report: what the numbers of :class:`.judging.Judged` say, every event counting alike.

Residuals are ln(recorded / generated), or recorded minus generated for times; positive where the
method gives too little.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..data.event_weights import event_weights
from .calibration import bootstrap, coverage, crps, pit, spread_ratio
from .judging import Judged

#: The spectral accelerations (s) whose CRPS is the headline.
HEADLINE = (0.05, 1.0)
_SUMMARY = (
    *("sa_0.05s_m_s2", "sa_0.1s_m_s2", "sa_0.3s_m_s2", "sa_1s_m_s2", "sa_3s_m_s2"),
    *("pga_m_s2", "pgv_m_s", "arias_m_s", "d5_95_s"),
)


def by_measure(judged: Judged) -> pd.DataFrame:
    """Bias, spread and calibration of every measure, for every row.

    ``bias`` with its 90 % interval (bootstrap of events), ``spread``: standard deviation between
    records of the residual of the ensemble's mean, ``within``: that between realizations, ``crps``,
    ``coverage_50`` and ``coverage_90``: share of the records in the central half and nine tenths of
    their ensemble, ``spread_ratio``: what an ensemble says of its error over its error.
    """
    rows = []
    for name, draws in judged.draws.items():
        for place, measure in enumerate(judged.measures):
            rows.append(
                {"row": name, "measure": measure}
                | _scores(draws[..., place], judged.recorded[:, place], judged.events)
            )
    return pd.DataFrame(rows)


def _scores(draws: np.ndarray, recorded: np.ndarray, events: np.ndarray) -> dict[str, float]:
    mean = mean_of(draws)
    usable = np.isfinite(recorded) & np.isfinite(mean)
    filled = np.where(np.isfinite(draws), draws, mean[:, None])[usable]
    recorded, events = recorded[usable], events[usable]
    if not len(recorded):
        return {"records": 0}
    weights = event_weights(events)
    residual = recorded - filled.mean(axis=1)
    bias = float(weights @ residual)
    low, high = np.quantile(bootstrap(residual, events), (0.05, 0.95))
    found = {
        "records": len(recorded),
        "bias": bias,
        "bias_5": float(low),
        "bias_95": float(high),
        # Of one record there is no spread.
        "spread": float(np.sqrt(weights @ (residual - bias) ** 2)) if len(residual) > 1 else np.nan,
        "crps": float(weights @ crps(filled, recorded)),
    }
    if filled.shape[1] > 1:
        found |= {
            "within": float(np.sqrt(weights @ filled.var(axis=1, ddof=1))),
            "coverage_50": float(weights @ coverage(filled, recorded, 0.5)),
            "coverage_90": float(weights @ coverage(filled, recorded, 0.9)),
            "spread_ratio": spread_ratio(filled, recorded, weights)
            if len(residual) > 1
            else np.nan,
        }
    return found


def summary(judged: Judged, measures: pd.DataFrame | None = None) -> pd.DataFrame:
    """One line for every row: goodness of fit, and under the clean protocol all that decides.

    :param measures: of :func:`by_measure`, if it is there already.
    """
    weights = event_weights(judged.events)
    table = {
        name: {score: float(weights @ values) for score, values in scores.items()}
        for name, scores in judged.goodness.items()
    }
    if judged.protocol == "thesis":
        return pd.DataFrame.from_dict(table, orient="index").rename_axis("row")
    measures = by_measure(judged) if measures is None else measures
    headline = set(judged.periods(*HEADLINE))
    for name in judged.draws:
        part = measures[measures["row"] == name].set_index("measure")
        spectra = part.loc[[one for one in part.index if one in headline]]
        line = table.setdefault(name, {})
        line["crps_sa"] = float(spectra["crps"].mean())
        for key in ("coverage_50", "coverage_90", "spread_ratio"):
            line[key] = float(spectra[key].mean()) if key in spectra else np.nan
        for measure in _SUMMARY:
            if measure in part.index:
                line[f"bias {measure}"] = float(part.loc[measure, "bias"])
                line[f"spread {measure}"] = float(part.loc[measure, "spread"])
        if name in judged.low_frequency:
            limits = judged.low_frequency[name]
            line["low_frequency_least"] = float(limits[:, 0].min())
            line["low_frequency_most"] = float(limits[:, 1].max())
            line["lag_samples"] = float(np.abs(limits[:, 2]).max())
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("row")


def comparisons(judged: Judged, name: str, against: Sequence[str]) -> pd.DataFrame:
    """Is a row better than others? CRPS of ln SA at 0.05-1 s, event by event.

    ``p_value``: share of the resampled sets of events in which it is not better. ``difference``:
    its CRPS less the other's, with its 90 % interval; negative where it is better.
    """
    places = judged.columns(judged.periods(*HEADLINE))
    scores = {}
    for row in (name, *against):
        draws = np.moveaxis(judged.draws[row][..., places], 1, -1)
        scores[row] = crps(draws, judged.recorded[:, places]).mean(axis=1)
    rows = []
    for other in against:
        difference = scores[name] - scores[other]
        resampled = bootstrap(difference, judged.events, draws=5000)
        low, high = np.quantile(resampled, (0.05, 0.95))
        rows.append(
            {
                "row": name,
                "against": other,
                "difference": float(event_weights(judged.events) @ difference),
                "difference_5": float(low),
                "difference_95": float(high),
                "p_value": float((resampled >= 0).mean()),
                "events": len(set(judged.events.tolist())),
            }
        )
    return pd.DataFrame(rows)


def by_scenario(judged: Judged, measures: Sequence[str] = _SUMMARY) -> pd.DataFrame:
    """Bias and its 90 % interval in bins of magnitude and of distance."""
    rows = []
    known = {
        "magnitude": ([case.scenario.magnitude for case in judged.cases], (3.5, 4.5, 5.5, 6.5)),
        "distance_km": ([case.scenario.distance_km for case in judged.cases], (20, 50, 100, 200)),
    }
    places = [place for place, one in enumerate(judged.measures) if one in measures]
    for quantity, (values, edges) in known.items():
        given = np.array([np.nan if value is None else value for value in values], dtype=float)
        bounds = (-np.inf, *edges, np.inf)
        for low, high in itertools.pairwise(bounds):
            chosen = (given >= low) & (given < high)
            if chosen.sum() < 3:
                continue
            events = judged.events[chosen]
            for name, draws in judged.draws.items():
                residual = judged.recorded[chosen] - mean_of(draws[chosen])
                resampled = bootstrap(residual[:, places], events, draws=500)
                limits = np.quantile(resampled, (0.05, 0.95), axis=0)
                mean = event_weights(events) @ residual[:, places]
                for column, place in enumerate(places):
                    rows.append(
                        {
                            "row": name,
                            "measure": judged.measures[place],
                            "by": quantity,
                            "from": low,
                            "to": high,
                            "records": int(chosen.sum()),
                            "events": len(set(events.tolist())),
                            "bias": float(mean[column]),
                            "bias_5": float(limits[0, column]),
                            "bias_95": float(limits[1, column]),
                        }
                    )
    return pd.DataFrame(rows)


def ranks(judged: Judged, name: str, measures: Sequence[str]) -> np.ndarray:
    """Where each record lies among its realizations, 0-1: (cases, measures)."""
    places = judged.columns(measures)
    draws = np.moveaxis(judged.draws[name][..., places], 1, -1)
    return pit(draws, judged.recorded[:, places])


def residuals(judged: Judged) -> pd.DataFrame:
    """Residuals of the ensemble's mean: one line a row and record, one column a measure."""
    parts = []
    for name, draws in judged.draws.items():
        part = pd.DataFrame(judged.recorded - mean_of(draws), columns=judged.measures)
        part.insert(0, "record", [case.name for case in judged.cases])
        part.insert(1, "event", judged.events)
        part.insert(0, "row", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def goodness(judged: Judged) -> pd.DataFrame:
    """EG and PG of every row and record."""
    parts = []
    for name, scores in judged.goodness.items():
        part = pd.DataFrame(scores)
        part.insert(0, "record", [case.name for case in judged.cases])
        part.insert(0, "row", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def mean_of(draws: np.ndarray) -> np.ndarray:
    """Mean over realizations, (cases, ...); what cannot be told in one leaves the others.

    NaN where it cannot be told in any, e.g. the arrivals of a copy, which has no high frequencies.
    """
    finite = np.isfinite(draws)
    total = np.where(finite, draws, 0.0).sum(axis=1)
    count = finite.sum(axis=1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
