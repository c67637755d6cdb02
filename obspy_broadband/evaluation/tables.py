"""Tables of a report, from :class:`.judging.Judged`, every event counting alike.

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
    their ensemble, ``spread_ratio``: see :func:`.calibration.spread_ratio`.
    """
    rows = []
    for name, draws in judged.draws.items():
        for column, measure in enumerate(judged.measures):
            rows.append(
                {"row": name, "measure": measure}
                | _scores(draws[..., column], judged.recorded[:, column], judged.events)
            )
    return pd.DataFrame(rows)


def _scores(draws: np.ndarray, recorded: np.ndarray, events: np.ndarray) -> dict[str, float]:
    mean = ensemble_mean(draws)
    usable = np.isfinite(recorded) & np.isfinite(mean)
    filled = np.where(np.isfinite(draws), draws, mean[:, None])[usable]
    recorded, events = recorded[usable], events[usable]
    if not len(recorded):
        return {"records": 0}
    weights = event_weights(events)
    residual = recorded - filled.mean(axis=1)
    bias = float(weights @ residual)
    low, high = np.quantile(bootstrap(residual, events), (0.05, 0.95))
    scores = {
        "records": len(recorded),
        "bias": bias,
        "bias_5": float(low),
        "bias_95": float(high),
        # One record has no spread.
        "spread": float(np.sqrt(weights @ (residual - bias) ** 2)) if len(residual) > 1 else np.nan,
        "crps": float(weights @ crps(filled, recorded)),
    }
    if filled.shape[1] > 1:
        scores |= {
            "within": float(np.sqrt(weights @ filled.var(axis=1, ddof=1))),
            "coverage_50": float(weights @ coverage(filled, recorded, 0.5)),
            "coverage_90": float(weights @ coverage(filled, recorded, 0.9)),
            "spread_ratio": spread_ratio(filled, recorded, weights)
            if len(residual) > 1
            else np.nan,
        }
    return scores


def summary(judged: Judged, measures: pd.DataFrame | None = None) -> pd.DataFrame:
    """One line for every row: goodness of fit, under the clean protocol also CRPS and calibration.

    :param measures: the table of :func:`by_measure`; default: made here.
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
        spectra = part.loc[[measure for measure in part.index if measure in headline]]
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
    """Paired comparison of a row with others by CRPS of ln SA at 0.05-1 s (bootstrap of events).

    ``p_value``: share of the resampled sets of events in which it is not better. ``difference``:
    its CRPS minus the other's, with its 90 % interval; negative where it is better.
    """
    columns = judged.columns(judged.periods(*HEADLINE))
    scores = {}
    for row in (name, *against):
        draws = np.moveaxis(judged.draws[row][..., columns], 1, -1)
        scores[row] = crps(draws, judged.recorded[:, columns]).mean(axis=1)
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
    bins = {
        "magnitude": ([case.scenario.magnitude for case in judged.cases], (3.5, 4.5, 5.5, 6.5)),
        "distance_km": ([case.scenario.distance_km for case in judged.cases], (20, 50, 100, 200)),
    }
    columns = [column for column, measure in enumerate(judged.measures) if measure in measures]
    for quantity, (values, edges) in bins.items():
        x = np.array([np.nan if value is None else value for value in values], dtype=float)
        bounds = (-np.inf, *edges, np.inf)
        for low, high in itertools.pairwise(bounds):
            in_bin = (x >= low) & (x < high)
            if in_bin.sum() < 3:
                continue
            events = judged.events[in_bin]
            for name, draws in judged.draws.items():
                residual = judged.recorded[in_bin] - ensemble_mean(draws[in_bin])
                resampled = bootstrap(residual[:, columns], events, draws=500)
                limits = np.quantile(resampled, (0.05, 0.95), axis=0)
                mean = event_weights(events) @ residual[:, columns]
                for number, column in enumerate(columns):
                    rows.append(
                        {
                            "row": name,
                            "measure": judged.measures[column],
                            "by": quantity,
                            "from": low,
                            "to": high,
                            "records": int(in_bin.sum()),
                            "events": len(set(events.tolist())),
                            "bias": float(mean[number]),
                            "bias_5": float(limits[0, number]),
                            "bias_95": float(limits[1, number]),
                        }
                    )
    return pd.DataFrame(rows)


def pit_values(judged: Judged, name: str, measures: Sequence[str]) -> np.ndarray:
    """Probability integral transforms of the recorded values, 0-1: (cases, measures)."""
    columns = judged.columns(measures)
    draws = np.moveaxis(judged.draws[name][..., columns], 1, -1)
    return pit(draws, judged.recorded[:, columns])


def residuals(judged: Judged) -> pd.DataFrame:
    """Residuals of the ensemble's mean: one line a row and record, one column a measure."""
    parts = []
    for name, draws in judged.draws.items():
        part = pd.DataFrame(judged.recorded - ensemble_mean(draws), columns=judged.measures)
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


def ensemble_mean(draws: np.ndarray) -> np.ndarray:
    """Mean over the realizations that are not NaN, (cases, ...).

    NaN where all are, e.g. for arrivals in a copy, which has no high frequencies.
    """
    finite = np.isfinite(draws)
    total = np.where(finite, draws, 0.0).sum(axis=1)
    count = finite.sum(axis=1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
