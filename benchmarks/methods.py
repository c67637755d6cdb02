"""The table of all methods: what each is worth on records it has not seen.

    python benchmarks/methods.py STORE [--split test] [--realizations 32] [--limit N] [-o FOLDER]

STORE is a training store with records in m/s² (`obb data prepare`). Every method that is ready or
has weights is handed the low frequencies of the split's records, clean protocol, corner 1 Hz; the
reference rows stand beside them. Printed are Markdown tables; the CSV tables behind them go to
FOLDER. Every event counts alike; p-values are a bootstrap of events.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

import numpy as np
import pandas as pd
from _timing import seconds

from obspy_broadband import Method, methods
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation import tables
from obspy_broadband.evaluation.calibration import bootstrap, event_weights
from obspy_broadband.evaluation.correlation import baker_jayaram, within_ensembles
from obspy_broadband.evaluation.evaluate import evaluate_on_store
from obspy_broadband.evaluation.judging import Judged, period_of
from obspy_broadband.registry import create
from obspy_broadband.testing import low_frequency_batch

REFERENCES = ("copy", "inverse filter", "stochastic", "level ridge", "oracle envelope")
_BIASES = ("0.05", "0.1", "0.3", "1", "3")
_MEASURES = {"PGA": "pga_m_s2", "PGV": "pgv_m_s", "Arias": "arias_m_s", "D5-95": "d5_95_s"}


def ready_methods() -> dict[str, Method]:
    """All that can draw: those that need no weights, and those whose weights are found."""
    found = {}
    for name in methods():
        try:
            found[name] = create(name, {})
        except InputError as error:
            print(f"left out: {name} ({error})")
    return found


def headline(judged: Judged, names: list[str]) -> pd.DataFrame:
    """CRPS with its interval, what it is better than, calibration."""
    summary = tables.summary(judged)
    places = judged.columns(judged.periods(*tables.HEADLINE))
    lines = {}
    for name in [one for one in names if one in judged.draws]:
        draws = np.moveaxis(judged.draws[name][..., places], 1, -1)
        scores = tables.crps(draws, judged.recorded[:, places]).mean(axis=1)
        low, high = np.quantile(bootstrap(scores, judged.events), (0.05, 0.95))
        mean = event_weights(judged.events) @ scores
        line = {"CRPS ln SA 0.05-1 s": f"{mean:.2f} ({low:.2f}-{high:.2f})"}
        for other in ("stochastic", "level ridge"):
            compared = tables.comparisons(judged, name, [other]).iloc[0] if name != other else None
            line[f"p, {other}"] = "" if compared is None else f"{compared['p_value']:.3f}"
        for key, title in (
            ("inside_50", "in 50 %"),
            ("inside_90", "in 90 %"),
            ("spread_ratio", "spread ratio"),
        ):
            line[title] = _number(summary.loc[name, key])
        line["correlation error"] = _number(correlation_error(judged, name))
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index")


def correlation_error(judged: Judged, name: str) -> float:
    """Mean absolute difference of the correlation of ln SA between periods of 0.05-1 s, within
    ensembles, from Baker and Jayaram (2008); NaN for one realization.
    """
    if judged.draws[name].shape[1] < 3:
        return np.nan
    chosen = judged.periods(*tables.HEADLINE)
    found = within_ensembles(judged.draws[name][..., judged.columns(chosen)])
    return float(np.abs(found - baker_jayaram([period_of(one) for one in chosen])).mean())


def residuals(judged: Judged, names: list[str]) -> pd.DataFrame:
    """Bias and spread of ln SA and other measures."""
    table = tables.by_measure(judged).set_index(["row", "measure"])
    lines = {}
    for name in [one for one in names if one in judged.draws]:
        line = {}
        wanted = {f"SA {period} s": f"sa_{period}s_m_s2" for period in _BIASES} | _MEASURES
        for title, measure in wanted.items():
            if (name, measure) in table.index:
                one = table.loc[(name, measure)]
                line[title] = f"{one['bias']:+.2f} ± {one['spread']:.2f}"
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index").fillna("")


def waveforms(judged: Judged, names: list[str], ready: dict[str, Method]) -> pd.DataFrame:
    """EG and PG on both sides of the corner, the guarantee below it, size and speed."""
    summary = tables.summary(judged)
    lines = {}
    for name in [one for one in names if one in summary.index]:
        line = {
            f"{score} {side}": _number(summary.loc[name].get(f"{score}_{side}_corner", np.nan))
            for side in ("below", "above")
            for score in ("EG", "PG")
        }
        least, most = (
            summary.loc[name].get(f"low_frequency_{one}", np.nan) for one in ("least", "most")
        )
        line["low frequencies"] = "" if np.isnan(least) else f"{least:.3f}-{most:.3f}"
        line |= cost(ready[name]) if name in ready else {"parameters": "", "ms a draw": ""}
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index")


def cost(method: Method) -> dict[str, str]:
    """Parameters, and milliseconds a draw of 20 draws of one window, on one thread."""
    from obspy_broadband.neural import NeuralMethod

    size = ""
    if isinstance(method, NeuralMethod):
        own = [v for k, v in method.state_dict().items() if not k.startswith("discriminators.")]
        size = f"{sum(one.numel() for one in own) / 1e6:.2f} M"
    batch = low_frequency_batch(method, rows=1)
    seeds = np.arange(20, dtype=np.uint64)[None]
    taken = seconds(lambda: method.realize(batch, seeds), 3) / 20
    return {"parameters": size, "ms a draw": f"{1e3 * taken:.1f}"}


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def markdown(table: pd.DataFrame) -> str:
    """A table for the documentation."""
    lines = ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for name, row in table.iterrows():
        lines.append(f"| {name} | " + " | ".join(str(value) for value in row) + " |")
    return "\n".join(lines)


def main(asked: argparse.Namespace) -> None:
    """Judge and print."""
    ready = ready_methods()
    trained = {name: one for name, one in ready.items() if name != "stochastic"}
    if not trained:
        raise SystemExit(
            "No method has weights; `obb train` makes some, see docs/guide/training.md."
        )
    first, *rest = trained
    judged, _ = evaluate_on_store(
        trained[first],
        asked.store,
        asked.split,
        realizations=asked.realizations,
        limit=asked.limit,
        progress=True,
        beside={name: trained[name] for name in rest},
    )
    for part in (judged.draws, judged.goodness, judged.low_frequency, judged.shown):
        part[first] = part.pop(type(trained[first]).__name__)
    names = [*trained, *REFERENCES]
    events = len(set(judged.events.tolist()))
    print(f"\n{platform.machine()}; {len(judged.cases)} records of {events} events ({asked.split})")
    for table in (
        headline(judged, names),
        residuals(judged, names),
        waveforms(judged, names, ready),
    ):
        print(f"\n{markdown(table)}")
    if asked.output:
        asked.output.mkdir(parents=True, exist_ok=True)
        tables.by_measure(judged).to_csv(asked.output / "by_measure.csv", index=False)
        tables.goodness(judged).to_csv(asked.output / "goodness.csv", index=False)
        tables.residuals(judged).to_csv(asked.output / "residuals.csv", index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--realizations", type=int, default=32)
    parser.add_argument("--limit", type=int)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    if given.store:
        main(given)
    else:
        print("left out: give a training store, python benchmarks/methods.py STORE")
