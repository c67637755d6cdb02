"""The main job on real input: simulations and a record to 1 Hz become ensembles to 30 Hz.

    python examples/demo.py OUT

1. A simulated earthquake like Le Teil 2019, in SEM3D's format, read with obspy.read and enriched.
2. A record that ObsPy ships, of which only the low frequencies are kept, enriched and judged.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import numpy as np
import obspy
import simulate_leteil

import obspy_broadband  # gives Stream its .enrich()
from obspy_broadband.evaluation.evaluate import evaluate_ensemble
from obspy_broadband.evaluation.report import SHOWN, write_report

METHOD, N, SEED = "stochastic", 20, 7


def main(out: Path) -> None:
    """Run both and leave figures and tables."""
    start = time.perf_counter()
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    simulation(out, figures)
    record(out, figures)
    print(f"done in {time.perf_counter() - start:.0f} s; look at {figures}/*.png")


def simulation(out: Path, figures: Path) -> None:
    """Le Teil: simulate, write SEM3D files, read them like any other format, enrich."""
    print("simulating a Mw 4.9 earthquake at 1.2 km depth to 1 Hz, six stations ...")
    made = simulate_leteil.simulate()
    simulate_leteil.write(made, out / "simulation")
    vs30 = {name: place[2] for name, place in simulate_leteil.STATIONS.items()}

    stream = obspy.read(out / "simulation/traces/capteurs.*.h5")
    ensemble = stream.enrich(
        method=METHOD,
        n=N,
        seed=SEED,
        corner=1.0,
        vs30=vs30,
        event=obspy.read_events(out / "simulation/event.xml")[0],
        inventory=obspy.read_inventory(out / "simulation/stations.xml"),
    )
    print(ensemble)
    ensemble.write(out / "leteil", overwrite=True)
    table = ensemble.intensity_measures()
    table.to_csv(out / "leteil-measures.csv")
    shown = table[["pga_m_s2", "pgv_m_s", "arias_m_s", "d5_95_s", "sa_0.2s_m_s2"]]
    print(shown.groupby("station").median().to_string(float_format="{:.3g}".format))
    for station in ensemble.stations:
        code = station.split(".")[1]
        figure = ensemble.plot(code, references=ground_motion_model(made, code))
        figure.savefig(figures / f"leteil-{code}.png", dpi=110)
    obspy_broadband.plot.plot_motion(ensemble, "A_0001").savefig(figures / "motion.png", dpi=110)


def ground_motion_model(made: obspy.Stream, station: str) -> dict:
    """BSSA14's median for the station: it knows of no earthquake as shallow as this one."""
    import pygmm

    logging.getLogger("pygmm").setLevel(logging.ERROR)
    distance, _, vs30 = simulate_leteil.STATIONS[station]
    scenario = pygmm.Scenario(
        mag=simulate_leteil.MAGNITUDE, dist_jb=distance, v_s30=vs30, mechanism="RS", region="global"
    )
    periods = np.geomspace(0.03, 8, 40)
    model = pygmm.BooreStewartSeyhanAtkinson2014(scenario)
    return {"BSSA14 (median)": (periods, model.interp_spec_accels(periods) * 9.80665)}


def record(out: Path, figures: Path) -> None:
    """A recorded local earthquake: keep its low frequencies, enrich them, compare with it."""
    print("enriching the low frequencies of a recorded local earthquake (BW.RJOB, 2009) ...")
    corner = 5.0  # the earthquake is small: below 1 Hz there is nothing of it
    recorded = obspy.read().remove_response(inventory=obspy.read_inventory(), output="ACC")
    recorded.detrend("linear").taper(0.05)
    for trace in recorded:
        trace.stats.units = "m/s**2"
    # enrich() cuts at the corner itself: the method sees nothing above 1.25 corner.
    ensemble = recorded.enrich(method=METHOD, n=N, seed=SEED, corner=corner)
    ensemble.write(out / "rjob", overwrite=True)
    judged, provenance, _ = evaluate_ensemble(ensemble, recorded)
    report = write_report(judged, out / "rjob-report", "The demo's record.", provenance)
    shown = report.summary[[name for name in SHOWN if name in report.summary]].rename(columns=SHOWN)
    print(shown.T.to_string(float_format="{:.2f}".format, na_rep=""))
    data = np.array([trace.data for trace in recorded])
    ensemble.plot(recorded=data).savefig(figures / "rjob.png", dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
