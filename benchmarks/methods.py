"""The tables of all methods, on records of a split that they were not trained on.

    python benchmarks/methods.py STORE [--split test] [--realizations 32] [--limit N] [-o FOLDER]
                                 [--methods NAME ...]
    python benchmarks/methods.py STORE --protocol thesis [...]

STORE is a training store with records in m/s² (`obb data prepare`). Every method that has weights
of the protocol gets the low frequencies of the split's records, to 1 Hz; the reference rows stand
beside them. Under the clean protocol realizations are drawn as `enrich` draws them, for whole
records to 120 s. Printed are Markdown tables; the CSV tables behind them go to FOLDER. Every event
counts alike; intervals (90 %) and p-values are a bootstrap of events. Under the thesis protocol
there is one table: EG and PG over 0.1-30 Hz, beside the published figures.
"""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

import numpy as np
import pandas as pd
from _timing import seconds

from obspy_broadband import Method, methods
from obspy_broadband.data.event_weights import event_weights
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation import tables
from obspy_broadband.evaluation.calibration import bootstrap
from obspy_broadband.evaluation.correlation import baker_jayaram, within_ensembles
from obspy_broadband.evaluation.evaluate import cases_on_store, judge_on_store
from obspy_broadband.evaluation.judging import Judged, period_of
from obspy_broadband.evaluation.rows import method_row, reference_rows
from obspy_broadband.method.registry import create, load
from obspy_broadband.method.weights import available
from obspy_broadband.testing import low_frequency_batch

REFERENCES = ("copy", "inverse filter", "stochastic", "level ridge", "oracle envelope")
_BIASES = ("0.05", "0.1", "0.3", "1", "3")
_MEASURES = {"PGA": "pga_m_s2", "PGV": "pgv_m_s", "Arias": "arias_m_s", "D5-95": "d5_95_s"}
#: EG and PG, mean ± standard deviation between records, of a simulation turned into a broadband
#: record (thesis, Table 7.1): other records than these.
PUBLISHED = {
    "pix2pix": ("7.45 ± 0.79", "8.63 ± 0.67"),
    "seismoalice-shared": ("5.95 ± 0.78", "7.73 ± 0.43"),
    "seismoalice-factorized": ("5.80 ± 1.07", "8.32 ± 0.46"),
    "bicyclegan": ("6.87 ± 1.28", "8.08 ± 1.11"),
    "must": ("6.28 ± 0.60", "8.24 ± 0.53"),
}


def trained_methods(protocol: str, names: list[str] | None = None) -> dict[str, Method]:
    """All methods with weights of a protocol, or those named: weights named default, else the
    first.
    """
    trained = {}
    for name in (name for name in names or methods() if load(name).trainable):
        candidates = [
            weights
            for weights in available()
            if weights.method == name and weights.card["protocol"] == protocol
        ]
        if not candidates:
            print(f"left out: {name} (no weights of the {protocol} protocol)")
            continue
        weights = min(candidates, key=lambda weights: weights.name != "default")
        try:
            trained[name] = create(name, {}, str(weights.path))
        except InputError as error:
            print(f"left out: {name} ({error})")
    return trained


def with_interval(values: np.ndarray, events: np.ndarray) -> str:
    """A mean over records and its interval."""
    low, high = np.quantile(bootstrap(values, events), (0.05, 0.95))
    return f"{event_weights(events) @ values:.2f} ({low:.2f}-{high:.2f})"


def headline(judged: Judged, names: list[str], summary: pd.DataFrame) -> pd.DataFrame:
    """CRPS with its interval, p-values of comparisons with reference rows, calibration."""
    columns = judged.columns(judged.periods(*tables.HEADLINE))
    lines = {}
    for name in [name for name in names if name in judged.draws]:
        draws = np.moveaxis(judged.draws[name][..., columns], 1, -1)
        recorded = judged.recorded[:, columns]
        scores = tables.crps(draws, recorded).mean(axis=1)
        line = {"CRPS ln SA 0.05-1 s": with_interval(scores, judged.events)}
        for other in ("stochastic", "level ridge"):
            compared = tables.comparisons(judged, name, [other]).iloc[0] if name != other else None
            line[f"p, {other}"] = "" if compared is None else f"{compared['p_value']:.3f}"
        for share in (0.5, 0.9) if draws.shape[-1] > 1 else ():
            covered = tables.coverage(draws, recorded, share).mean(axis=1)
            line[f"in {100 * share:.0f} %"] = with_interval(covered, judged.events)
        line["spread ratio"] = _number(summary.loc[name, "spread_ratio"])
        line["correlation error"] = _number(correlation_error(judged, name))
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index").fillna("")


def correlation_error(judged: Judged, name: str) -> float:
    """Mean absolute difference of the correlation of ln SA between periods of 0.05-1 s, within
    ensembles, from Baker and Jayaram (2008); NaN for one realization.
    """
    if judged.draws[name].shape[1] < 3:
        return np.nan
    names = judged.periods(*tables.HEADLINE)
    correlation = within_ensembles(judged.draws[name][..., judged.columns(names)])
    published = baker_jayaram([period_of(measure) for measure in names])
    return float(np.abs(correlation - published).mean())


def residuals(judged: Judged, names: list[str], measures: pd.DataFrame) -> pd.DataFrame:
    """Bias with its interval, and spread between records, of ln SA and other measures."""
    table = measures.set_index(["row", "measure"])
    lines = {}
    for name in [name for name in names if name in judged.draws]:
        line = {}
        measured = {f"SA {period} s": f"sa_{period}s_m_s2" for period in _BIASES} | _MEASURES
        for title, measure in measured.items():
            if (name, measure) in table.index:
                scores = table.loc[(name, measure)]
                limits = f"{scores['bias_5']:+.2f} to {scores['bias_95']:+.2f}"
                line[title] = f"{scores['bias']:+.2f} ({limits}) ± {scores['spread']:.2f}"
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index").fillna("")


def waveforms(
    judged: Judged, names: list[str], ready: dict[str, Method], summary: pd.DataFrame
) -> pd.DataFrame:
    """EG and PG on both sides of the corner, the guarantee below it, size and speed."""
    lines = {}
    for name in [name for name in names if name in judged.goodness]:
        line = {
            f"{score} {side}": with_interval(
                judged.goodness[name][f"{score}_{side}_corner"], judged.events
            )
            for side in ("below", "above")
            for score in ("EG", "PG")
        }
        least, most = (
            summary.loc[name].get(f"low_frequency_{limit}", np.nan) for limit in ("least", "most")
        )
        line["low frequencies"] = "" if np.isnan(least) else f"{least:.3f}-{most:.3f}"
        line |= cost(ready[name]) if name in ready else {"parameters": "", "ms a draw": ""}
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index")


def published(judged: Judged, names: list[str]) -> pd.DataFrame:
    """EG and PG over 0.1-30 Hz under the thesis protocol, and the published ones."""
    lines = {}
    for name in names:
        scores, (eg, pg) = judged.goodness.get(name), PUBLISHED.get(name, ("", ""))
        line = {
            score: "" if scores is None else with_interval(scores[score], judged.events)
            for score in ("EG", "PG")
        }
        lines[name] = line | {"EG, published": eg, "PG, published": pg}
    return pd.DataFrame.from_dict(lines, orient="index")


def cost(method: Method) -> dict[str, str]:
    """Parameters, and milliseconds a draw of 20 draws of one window, on one thread."""
    from obspy_broadband.method.neural import NeuralMethod

    size = ""
    if isinstance(method, NeuralMethod):
        generator = [
            tensor
            for name, tensor in method.state_dict().items()
            if not name.startswith("discriminators.")
        ]
        size = f"{sum(tensor.numel() for tensor in generator) / 1e6:.2f} M"
    batch = low_frequency_batch(method, rows=1)
    seeds = np.arange(20, dtype=np.uint64)[None]
    a_draw = seconds(lambda: method.realize(batch, seeds), 3) / 20
    return {"parameters": size, "ms a draw": f"{1e3 * a_draw:.1f}"}


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def markdown(table: pd.DataFrame) -> str:
    """A table for the documentation."""
    lines = ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for name, row in table.iterrows():
        lines.append(f"| {name} | " + " | ".join(str(value) for value in row) + " |")
    return "\n".join(lines)


def main(arguments: argparse.Namespace) -> None:
    """Judge and print."""
    trained, clean = (
        trained_methods(arguments.protocol, arguments.methods),
        arguments.protocol == "clean",
    )
    if clean and not trained:
        raise SystemExit(
            "No method has weights; `obb train` makes some, see docs/how-to/training.md."
        )
    store = Store(arguments.store)
    cases = cases_on_store(store, arguments.split, arguments.protocol, limit=arguments.limit)
    rows = {name: method_row(method) for name, method in trained.items()} | reference_rows()
    judged = judge_on_store(rows, cases, store, arguments.realizations, progress=True)
    events = len(set(judged.events.tolist()))
    description = f"{arguments.split} split, {arguments.protocol} protocol"
    print(f"\n{platform.machine()}; {len(judged.cases)} records of {events} events, {description}")
    if clean:
        names = [*trained, *REFERENCES]
        measures = tables.by_measure(judged)
        summary = tables.summary(judged, measures)
        printed = [
            headline(judged, names, summary),
            residuals(judged, names, measures),
            waveforms(judged, names, trained | {"stochastic": create("stochastic", {})}, summary),
        ]
    else:
        # The level ridge draws numbers, not records.
        references = [name for name in REFERENCES if name in judged.goodness]
        printed = [published(judged, [*dict.fromkeys([*trained, *PUBLISHED]), *references])]
    for table in printed:
        print(f"\n{markdown(table)}")
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        tables.goodness(judged).to_csv(arguments.output / "goodness.csv", index=False)
        if clean:
            measures.to_csv(arguments.output / "by_measure.csv", index=False)
            tables.residuals(judged).to_csv(arguments.output / "residuals.csv", index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--protocol", choices=("clean", "thesis"), default="clean")
    parser.add_argument("--realizations", type=int, default=32)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--methods", nargs="+", help="default: all that have weights")
    parser.add_argument("-o", "--output", type=Path)
    parsed = parser.parse_args()
    if parsed.store:
        main(parsed)
    else:
        print("left out: give a training store, python benchmarks/methods.py STORE")
