"""The stochastic method against NGA-West2, and its spread against Bayless-Abrahamson.

    python benchmarks/stochastic_against_gmms.py [FOLDER FOR FIGURES] [REALIZATIONS]

Full-band draws with level="scenario" (magnitude and distance only, nothing of the simulation's
level) for M 5-7 at 10-100 km on Vs30 760 m/s; RotD50 of 5 % SA. Needs pygmm.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from obb_plugins.stochastic import Options, Stochastic

from obspy_broadband import Batch, Scenario
from obspy_broadband.level.residuals import correlation
from obspy_broadband.signal.envelope import saragoni_hart
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.phases import OMORI_VELOCITY
from obspy_broadband.signal.point_source import duration
from obspy_broadband.signal.response import rotd
from obspy_broadband.signal.spectra import effective_amplitude

RATE, CORNER, P = 100.0, 1.0, 10.0
#: D5-95 of strong-motion records below 1 Hz over the theoretical duration, geometric mean.
LONGER = 4.2
PERIODS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)
MAGNITUDES, DISTANCES = (5.0, 6.0, 7.0), (10.0, 30.0, 100.0)
G = 9.80665


def low_frequency(magnitude: float, distance_km: float) -> np.ndarray:
    """P, S and a coda as long as in records, of arbitrary level: (3, samples)."""
    rng = np.random.default_rng(1)
    theory = duration(magnitude, distance_km, Options().stress_drop_mpa)
    s = P + distance_km / OMORI_VELOCITY
    times = np.arange(int((s + 10 * theory + 60) * RATE)) / RATE
    parts = [saragoni_hart(times - s, length) ** 2 for length in (theory, LONGER * theory)]
    shear = np.sqrt(0.6 * parts[0] / parts[0].sum() + 0.4 * parts[1] / parts[1].sum())
    envelope = np.outer((0.4, 0.15, 0.15), saragoni_hart(times - P, 3.0))
    envelope += np.outer((0.4, 1, 1), shear / shear.max())
    return band_limit(envelope * rng.normal(size=envelope.shape), RATE, CORNER)


def draw(magnitude: float, distance_km: float, realizations: int, **options) -> np.ndarray:
    """Full-band realizations in m/s²: (realizations, 3, samples)."""
    low = low_frequency(magnitude, distance_km)
    scale = np.abs(low).max()
    scenario = Scenario(magnitude, distance_km, 8.0, 760.0)
    method = Stochastic(Options(level="scenario", **options))
    low = (low / scale)[None]
    batch = Batch(low, np.array([scale]), np.array([CORNER]), (scenario,), np.zeros(1, int))
    rng = np.random.default_rng([7, int(10 * magnitude), int(distance_km)])
    seeds = rng.integers(0, 2**62, (1, realizations), dtype=np.uint64)
    return method.realize(batch, seeds)[0] * scale


def nga_west2(magnitude: float, distance_km: float) -> np.ndarray:
    """Median SA of ASK14, BSSA14, CB14, CY14, m/s²: (models, periods); and their sd."""
    import pygmm

    logging.getLogger("pygmm").setLevel(logging.ERROR)
    scenario = pygmm.Scenario(
        mag=magnitude, dist_rup=distance_km, dist_jb=np.sqrt(max(distance_km**2 - 36, 0)),
        dist_x=distance_km, v_s30=760.0, mechanism="SS", dip=90, depth_hyp=8.0, depth_tor=6.0,
        region="california", width=10.0, on_hanging_wall=False,
    )  # fmt: skip
    medians, deviations = [], []
    for model_class in (
        pygmm.AbrahamsonSilvaKamai2014,
        pygmm.BooreStewartSeyhanAtkinson2014,
        pygmm.CampbellBozorgnia2014,
        pygmm.ChiouYoungs2014,
    ):
        predicted = model_class(scenario)
        medians.append(predicted.interp_spec_accels(PERIODS) * G)
        deviations.append(predicted.interp_ln_stds(PERIODS))
    return np.array(medians), np.array(deviations).mean(axis=0)


def main(folder: Path, realizations: int) -> None:
    """Print the tables and leave the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(3, 3, figsize=(11, 9), sharex=True)
    print(f"ln(median of {realizations} draws / geometric mean of four NGA-West2 medians)")
    print("  M     R " + "".join(f"{period:>7g}s" for period in PERIODS))
    inside_range, inside_sd, spreads, draws = [], [], [], None
    for row, magnitude in zip(axes, MAGNITUDES):
        for panel, distance in zip(row, DISTANCES):
            motion = draw(magnitude, distance, realizations)
            spectra = rotd(motion[:, 1], motion[:, 2], RATE, PERIODS, (50.0,))[:, 0]
            medians, deviation = nga_west2(magnitude, distance)
            median = np.exp(np.log(spectra).mean(axis=0))
            center = np.exp(np.log(medians).mean(axis=0))
            difference = np.log(median / center)
            print(f"{magnitude:3g} {distance:5g} " + "".join(f"{d:8.2f}" for d in difference))
            inside_range.append((median >= medians.min(0)) & (median <= medians.max(0)))
            inside_sd.append(np.abs(difference) <= deviation)
            spreads.append(np.log(spectra).std(axis=0, ddof=1))
            panel.fill_between(
                PERIODS, center * np.exp(-deviation), center * np.exp(deviation), alpha=0.2,
                color="tab:blue", label="NGA-West2, one total sd",
            )  # fmt: skip
            panel.loglog(PERIODS, medians.T, color="tab:blue", lw=0.8)
            low, high = np.percentile(spectra, [16, 84], axis=0)
            panel.loglog(PERIODS, median, "k", lw=2, label="stochastic, median")
            panel.loglog(PERIODS, low, "k--", PERIODS, high, "k--", lw=0.8)
            panel.set_title(f"M {magnitude:g}, {distance:g} km", fontsize=9)
            panel.grid(alpha=0.3, which="both")
            if (magnitude, distance) == (6.0, 30.0):
                draws = motion
    axes[0, 0].legend(fontsize=7)
    figure.supxlabel("Period (s)")
    figure.supylabel("SA RotD50, 5 % (m/s²)")
    figure.tight_layout()
    figure.savefig(folder / "medians.png", dpi=80)
    print(f"inside the range of the four medians: {np.mean(inside_range):.0%}; ", end="")
    print(f"within one total sd of their mean: {np.mean(inside_sd):.0%}")
    print("sd of ln SA between realizations, mean over scenarios, and NGA-West2's at M 6, 30 km:")
    print("          " + "".join(f"{s:8.2f}" for s in np.mean(spreads, axis=0)))
    print("          " + "".join(f"{s:8.2f}" for s in nga_west2(6.0, 30.0)[1]))
    _correlation_figure(draws, folder)
    _waveform_figure(draws, folder)


def _correlation_figure(draws: np.ndarray, folder: Path) -> None:
    centers = np.geomspace(0.6, 20, 25)
    generated = np.corrcoef(np.log(effective_amplitude(draws[:, 1], draws[:, 2], RATE, centers)).T)
    expected = correlation(centers)
    figure, panel = plt.subplots(figsize=(6, 4))
    for index, color in ((4, "tab:blue"), (12, "tab:orange"), (19, "tab:green")):
        panel.semilogx(centers, expected[index], color=color, lw=0.8)
        panel.semilogx(centers, generated[index], "o", ms=3, color=color)
    panel.set(xlabel="Frequency (Hz)", ylabel="Correlation of ln EAS", ylim=(-0.3, 1.05))
    panel.set_title("Draws (points) and Bayless and Abrahamson (lines)", fontsize=9)
    figure.tight_layout()
    figure.savefig(folder / "correlation.png", dpi=80)
    difference = (generated - expected)[~np.eye(len(centers), dtype=bool)]
    print("correlation between frequencies: ", end="")
    print(f"mean difference {difference.mean():+.2f}, rms {np.sqrt(np.mean(difference**2)):.2f}")


def _waveform_figure(draws: np.ndarray, folder: Path) -> None:
    times = np.arange(draws.shape[-1]) / RATE
    figure, axes = plt.subplots(3, 2, figsize=(11, 5), sharex="col")
    for component, row in zip(range(3), axes):
        row[0].plot(times, draws[0, component], "k", lw=0.5)
        row[0].set_ylabel("ZNE"[component] + " (m/s²)")
        frequencies = np.fft.rfftfreq(draws.shape[-1], 1 / RATE)
        amplitude = np.abs(np.fft.rfft(draws[:, component])) / RATE
        row[1].loglog(frequencies[1:], amplitude[0, 1:], "0.7", lw=0.5)
        row[1].loglog(frequencies[1:], np.exp(np.log(amplitude[:, 1:]).mean(0)), "k", lw=1)
        row[1].set(xlim=(0.5, 50), ylabel="FAS (m/s)")
    axes[2, 0].set(xlabel="Time (s)", xlim=(5, 60))
    axes[2, 1].set_xlabel("Frequency (Hz)")
    figure.suptitle(
        "M 6 at 30 km: a draw; its spectrum (grey) and the mean of all (black)", fontsize=9
    )
    figure.tight_layout()
    figure.savefig(folder / "waveforms.png", dpi=80)


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "docs/explanation/methods/figures"),
        int(sys.argv[2]) if len(sys.argv) > 2 else 60,
    )
