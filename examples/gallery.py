"""Do enriched simulations survive a seismologist's eye? Six earthquakes, by every method.

    python examples/gallery.py OUT [--methods stochastic ann2bb] [--earthquakes rock soft] [-n 20]

Earthquakes and media are those of gallery_earthquakes.py. OUT/<earthquake>.png and
OUT/distances.png are figures; OUT/checks.csv and OUT/checks.md hold what
obspy_broadband.evaluation.sanity computes for every station, and the peak acceleration against a
ground-motion model's. Simulating takes some ten minutes, enriching some more; what OUT/simulations
and OUT/ensembles hold already is not computed again. Methods that must be trained need their
weights in $OBB_WEIGHTS; those without are left out.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from gallery_earthquakes import EARTHQUAKES, Earthquake
from gallery_figures import draw_distances, draw_earthquake

import obspy_broadband
from obspy_broadband import Ensemble
from obspy_broadband.errors import BroadbandError
from obspy_broadband.evaluation.sanity import LIMITS, check_ensemble
from obspy_broadband.signal.integration import integrate
from obspy_broadband.signal.intensity import rotd_peak

SEED = 7
#: Checks beside LIMITS: ln of the median peak acceleration over a ground-motion model's,
#: in units of its sigma; and how far the simulation's own displacement ends from zero, over its
#: peak.
MORE = {"pga_sigmas": (-2.0, 2.0), "own_drift": (0.0, np.inf)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--methods", nargs="+", help="default: all that are ready")
    parser.add_argument(
        "--earthquakes", nargs="+", choices=[earthquake.name for earthquake in EARTHQUAKES]
    )
    parser.add_argument("-n", type=int, default=20, help="realizations")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # those of the training range are in the provenance
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows, notes = [], []
    for earthquake in EARTHQUAKES:
        if arguments.earthquakes and earthquake.name not in arguments.earthquakes:
            continue
        print(f"{earthquake.title} ...", flush=True)
        ensembles, left_out = enrich(earthquake, arguments.out, arguments.methods, arguments.n)
        notes += [note for note in left_out if note not in notes]
        draw_earthquake(earthquake, ensembles).savefig(arguments.out / f"{earthquake.name}.png")
        for method, ensemble in ensembles.items():
            rows += check(earthquake, method, ensemble)
            notes += outside_training_range(earthquake, method, ensemble)
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "checks.csv", index=False, float_format="%.4g")
    draw_distances(table).savefig(arguments.out / "distances.png")
    text = markdown(table) + "\n" + "\n".join(f"- {note}" for note in notes) + "\n"
    (arguments.out / "checks.md").write_text(text, encoding="utf-8")
    print(text)


def enrich(
    earthquake: Earthquake, out: Path, methods: Sequence[str] | None, n: int
) -> tuple[dict[str, Ensemble], list[str]]:
    """Ensembles by method, and why others are missing."""
    stream = earthquake.simulate(out / "simulations")
    ensembles, left_out = {}, []
    # First the method that needs no weights.
    for method in methods or sorted(obspy_broadband.methods(), key=lambda m: m != "stochastic"):
        folder = out / "ensembles" / f"{earthquake.name}-{method}"
        try:
            if not folder.exists():
                stream.enrich(method=method, n=n, seed=SEED, corner=earthquake.corner_hz).write(
                    folder
                )
            ensembles[method] = Ensemble.read(folder)
        except BroadbandError as error:
            left_out.append(f"{method} is left out: {str(error).split('; there are')[0]}")
    return ensembles, left_out


def check(earthquake: Earthquake, method: str, ensemble: Ensemble) -> list[dict]:
    """A row for every station."""
    codes = [id.split(".")[1] for id in ensemble.stations]
    phases = {id: earthquake.arrivals(code) for id, code in zip(ensemble.stations, codes)}
    table = check_ensemble(ensemble, phases)
    rows = []
    for code, record, (_, checks) in zip(codes, ensemble.records, table.iterrows()):
        h1, h2 = record.realizations[:, 0], record.realizations[:, 1]  # east and north come first
        peaks = rotd_peak(h1, h2, (50.0,))[:, 0]
        low = record.low_frequency.astype(float)
        displacement = integrate(integrate(low, record.sampling_rate), record.sampling_rate)
        drift = np.abs(displacement[:, -1]) / np.abs(displacement).max(axis=1)
        name, model = earthquake.model(code)
        sigma = float(model.ln_std_pga)
        median = float(model.pga) * 9.80665
        rows.append(
            {
                "earthquake": earthquake.name,
                "method": method,
                "station": code,
                "distance_km": earthquake.stations[code][0],
                **checks,
                "pga_sigmas": float(np.log(np.median(peaks) / median) / sigma),
                "own_drift": float(drift.max()),
                "pga_m_s2": float(np.median(peaks)),
                "pga_5_m_s2": float(np.quantile(peaks, 0.05)),
                "pga_95_m_s2": float(np.quantile(peaks, 0.95)),
                "simulated_pga_m_s2": float(rotd_peak(low[0], low[1], (50.0,))[0]),
                "model": name,
                "model_pga_m_s2": median,
                "model_sigma": sigma,
            }
        )
    return rows


def outside_training_range(earthquake: Earthquake, method: str, ensemble: Ensemble) -> list[str]:
    """Properties of an earthquake that lie outside the training range of the method's weights."""
    by_station = ensemble.provenance.get("outside_training_range", {})
    reasons: dict[str, list[str]] = {}
    for id, remarks in by_station.items():
        for remark in remarks:
            reason = remark.split(",")[0].rsplit(" ", 1)[0]
            reasons.setdefault(reason, []).append(id.split(".")[1])
    return [
        f"{earthquake.name}, {method}: {reason} is unlike the training set at {', '.join(codes)}"
        for reason, codes in reasons.items()
    ]


def markdown(table: pd.DataFrame) -> str:
    """The worst station of every earthquake and method in each check, failures in bold."""
    names = {**LIMITS, **MORE}
    lines = ["| earthquake | method | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for (earthquake, method), part in table.groupby(["earthquake", "method"], sort=False):
        cells = []
        for name, (lowest, highest) in names.items():
            values = part[name].dropna()
            if not len(values):
                cells.append("")
                continue
            middle = 0.0 if lowest <= 0 else 0.5 * (lowest + highest)
            worst = values.iloc[int((values - middle).abs().to_numpy().argmax())]
            text = f"{worst:.2g}"
            cells.append(text if lowest <= worst <= highest else f"**{text}**")
        lines.append(f"| {earthquake} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
