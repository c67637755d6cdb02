"""Figures of the gallery: all methods of an earthquake below each other, peaks by distance."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from gallery_earthquakes import EARTHQUAKES, Earthquake
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from obspy_broadband import Ensemble
from obspy_broadband.ensemble.ensemble import EnrichedRecord
from obspy_broadband.evaluation.sanity import above_corner
from obspy_broadband.signal.envelope import envelope
from obspy_broadband.signal.integration import integrate
from obspy_broadband.signal.phases import smooth
from obspy_broadband.signal.response import rotd
from obspy_broadband.signal.spectra import effective_amplitude

SIMULATION, GENERATED, MODEL = "tab:red", "0.25", "tab:blue"
METHODS = ("k", "tab:orange", "tab:green", "tab:purple", "tab:brown", "tab:pink", "tab:olive")
PERIODS = np.geomspace(0.02, 5, 40)
FREQUENCIES = np.concatenate([np.geomspace(0.1, 10, 60), np.linspace(10.5, 49.5, 40)])
STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "savefig.dpi": 110,
}


def draw_earthquake(earthquake: Earthquake, ensembles: Mapping[str, Ensemble]) -> Figure:
    """A row a method: motion, Fourier and response spectrum, envelope of the high frequencies."""
    with mpl.rc_context(STYLE):
        rows = len(ensembles)
        figure = Figure(figsize=(13, 0.8 + 2.3 * rows), layout="constrained")
        axes = figure.subplots(rows, 4, width_ratios=(1.35, 1, 1, 1.25), squeeze=False)
        code = list(earthquake.stations)[earthquake.shown]
        for panels, (method, ensemble) in zip(axes, ensembles.items()):
            record = ensemble.records[earthquake.shown]
            _motion(panels[0], record, earthquake.arrivals(code))
            _fourier(panels[1], record, earthquake.corner_hz)
            _response(panels[2], record, earthquake, code)
            _envelopes(panels[3], record, earthquake.corner_hz, earthquake.arrivals(code))
            panels[0].set_ylabel(method, fontsize=10, fontweight="bold")
        titles = (
            "Acceleration, velocity, displacement; peaks",
            "Fourier amplitude, horizontals (m/s)",
            "SA RotD50, 5 % (m/s²)",
            f"Envelope above {2 * earthquake.corner_hz:g} Hz; red: the simulation's (m/s²)",
        )
        labels = ("Time (s)", "Frequency (Hz)", "Period (s)", "Time (s)")
        for column, (title, label) in enumerate(zip(titles, labels)):
            axes[0, column].set_title(title)
            axes[-1, column].set_xlabel(label)
            if column:
                _same_limits(axes[:, column], decades=4.5)
        for panels in axes[:-1]:
            for panel in panels:
                panel.tick_params(labelbottom=False)
        handles, labels = axes[0, 2].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False
        )
        distance = earthquake.stations[code][0]
        count = len(next(iter(ensembles.values())))
        figure.suptitle(
            f"{earthquake.title}: station at {distance:g} km, {count} realizations", fontsize=10
        )
        return figure


def draw_distances(table: pd.DataFrame) -> Figure:
    """Peak acceleration by distance: a panel an earthquake, methods beside each other."""
    with mpl.rc_context(STYLE):
        names = set(table["earthquake"])
        quakes = [earthquake for earthquake in EARTHQUAKES if earthquake.name in names]
        columns = min(3, len(quakes))
        lines = -(-len(quakes) // columns)
        figure = Figure(figsize=(10, 0.6 + 2.7 * lines), layout="constrained")
        axes = figure.subplots(lines, columns, sharex=True, squeeze=False).ravel()
        methods = list(dict.fromkeys(table["method"]))
        for panel, quake in zip(axes, quakes):
            part = table[table["earthquake"] == quake.name]
            first = part[part["method"] == methods[0]]
            median, sigma = first["model_pga_m_s2"], first["model_sigma"]
            x = first["distance_km"].to_numpy()
            panel.fill_between(
                x, median * np.exp(-sigma), median * np.exp(sigma), color=MODEL, alpha=0.15, lw=0
            )
            panel.plot(x, median, color=MODEL, ls="--", lw=1, label="model, ± sigma")
            panel.plot(x, first["simulated_pga_m_s2"], color=SIMULATION, lw=1, label="simulation")
            for number, method in enumerate(methods):
                rows = part[part["method"] == method]
                low = rows["pga_m_s2"] - rows["pga_5_m_s2"]
                high = rows["pga_95_m_s2"] - rows["pga_m_s2"]
                shift = 1.09 ** (number - 0.5 * (len(methods) - 1))
                panel.errorbar(
                    rows["distance_km"] * shift, rows["pga_m_s2"], (low, high), fmt="o", ms=3.5,
                    lw=1, color=METHODS[number % len(METHODS)], label=method,
                )  # fmt: skip
            panel.set(xscale="log", yscale="log")
            panel.set_title(f"{quake.title.split(',')[0]} ({quake.corner_hz:g} Hz)")
            panel.set_xticks([10, 25, 50, 100], ["10", "25", "50", "100"])
            panel.minorticks_off()
            panel.grid(alpha=0.2)
        for panel in axes[len(quakes) :]:
            panel.set_axis_off()
        for panel in axes[:: columns or 1]:
            panel.set_ylabel("PGA, RotD50 (m/s²)")
        for panel in axes[max(0, len(quakes) - columns) : len(quakes)]:
            panel.set_xlabel("Epicentral distance (km)")
        axes[0].legend(fontsize=6.5, loc="lower left", frameon=False)
        return figure


def _motion(panel: Axes, record: EnrichedRecord, phases: tuple[float, float]) -> None:
    rate = record.sampling_rate
    strongest = int(np.abs(record.low_frequency[:2]).max(axis=1).argmax())
    pair = [
        np.asarray(motion[strongest], dtype=float)
        for motion in (record.realizations[0], record.low_frequency)
    ]
    times = np.arange(len(pair[0])) / rate
    for number, (name, unit) in enumerate((("a", "m/s²"), ("v", "m/s"), ("d", "m"))):
        peaks = [np.abs(motion).max() for motion in pair]
        for motion, color, width in zip(pair, (GENERATED, SIMULATION), (0.5, 0.8)):
            panel.plot(times, motion / max(peaks) - 2.1 * number, color=color, lw=width)
        panel.annotate(
            f"{name}  {peaks[0]:.2g} {unit} (simulation {peaks[1]:.2g})",
            (0.995, 0.55 - 2.1 * number), xycoords=("axes fraction", "data"), ha="right",
            fontsize=7,
        )  # fmt: skip
        pair = [integrate(motion, rate) for motion in pair]
    panel.set(yticks=[], xlim=_shown(phases), ylim=(-5.4, 1.2))
    panel.spines["left"].set_visible(False)


def _shown(phases: tuple[float, float]) -> tuple[float, float]:
    """From before P to the end of the strong motion, s."""
    p, s = phases
    return p - 6.0, s + 34.0


def _horizontals(motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return motion[..., 0, :].astype(float), motion[..., 1, :].astype(float)


def _fan(panel: Axes, x: np.ndarray, curves: np.ndarray) -> None:
    low, middle, high = np.percentile(curves, [5, 50, 95], axis=0)
    panel.fill_between(
        x, low, high, color=GENERATED, alpha=0.22, lw=0, label="5-95 % of realizations"
    )
    panel.plot(x, middle, color=GENERATED, lw=1.3, label="median")


def _fourier(panel: Axes, record: EnrichedRecord, corner: float) -> None:
    rate = record.sampling_rate
    _fan(
        panel,
        FREQUENCIES,
        effective_amplitude(*_horizontals(record.realizations), rate, FREQUENCIES, 60.0),
    )
    below = FREQUENCIES[1.2 * corner > FREQUENCIES]
    simulated = effective_amplitude(*_horizontals(record.low_frequency), rate, below, 60.0)
    panel.plot(below, simulated, color=SIMULATION, lw=1.2)
    panel.axvline(corner, color="0.6", lw=0.8, ls=":")
    panel.set(xscale="log", yscale="log", xlim=(FREQUENCIES[0], 50))
    panel.set_xticks([0.1, 1, 10, 50], ["0.1", "1", "10", "50"])
    panel.grid(alpha=0.2)


def _response(panel: Axes, record: EnrichedRecord, earthquake: Earthquake, code: str) -> None:
    rate, periods = record.sampling_rate, tuple(PERIODS)
    spectra, simulated = (
        rotd(*_horizontals(motion), rate, periods, (50.0,))[..., 0, :]
        for motion in (record.realizations, record.low_frequency)
    )
    name, model = earthquake.model(code)
    median, sigma = model.interp_spec_accels(PERIODS) * 9.80665, model.interp_ln_stds(PERIODS)
    low, high = median * np.exp(-sigma), median * np.exp(sigma)
    panel.fill_between(PERIODS, low, high, color=MODEL, alpha=0.15, lw=0, label=f"{name} ± sigma")
    panel.plot(PERIODS, median, color=MODEL, lw=1, ls="--")
    _fan(panel, PERIODS, spectra)
    panel.plot(PERIODS, simulated, color=SIMULATION, lw=1.2, label="simulation")
    panel.axvline(1 / earthquake.corner_hz, color="0.6", lw=0.8, ls=":")
    panel.set(xscale="log", yscale="log", xlim=(PERIODS[0], PERIODS[-1]))
    panel.set_xticks([0.02, 0.1, 1, 5], ["0.02", "0.1", "1", "5"])
    panel.grid(alpha=0.2)


def _envelopes(
    panel: Axes, record: EnrichedRecord, corner: float, phases: tuple[float, float]
) -> None:
    rate = record.sampling_rate
    low = record.low_frequency.astype(float)
    times = np.arange(low.shape[-1]) / rate

    def size(motion: np.ndarray) -> np.ndarray:
        return np.sqrt(smooth((envelope(motion) ** 2).sum(axis=-2), round(0.3 * rate)))

    curves = np.array(
        [
            size(above_corner(low, realization.astype(float), rate, corner))
            for realization in record.realizations
        ]
    )
    _fan(panel, times, np.maximum(curves, 1e-12))
    panel.plot(times, size(low), color=SIMULATION, lw=1)
    for time, name in zip(phases, "PS"):
        panel.axvline(time, color="0.4", lw=0.8, ls=":")
        panel.annotate(
            f" {name}", (time, 0.97), xycoords=("data", "axes fraction"), fontsize=7, va="top"
        )
    top = np.median(curves, axis=0).max()
    panel.set(yscale="log", xlim=_shown(phases), ylim=(1e-4 * top, 6 * top))
    panel.grid(alpha=0.2)


def _same_limits(panels: np.ndarray, decades: float) -> None:
    limits = np.array([panel.get_ylim() for panel in panels])
    top = limits[:, 1].max()
    for panel in panels:
        panel.set_ylim(max(limits[:, 0].min(), top / 10**decades), top)
