"""Figures of a report: each takes a :class:`.judging.Judged` and returns a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..level.residuals import correlation as bayless_abrahamson
from .correlation import baker_jayaram, within_ensembles
from .judging import FREQUENCIES, Judged, period_of
from .tables import pit_values

_COLORS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6")


def by_period(judged: Judged, measures: pd.DataFrame, rows: Sequence[str]) -> Figure:
    """Bias with its interval, spread and CRPS of ln SA against period."""
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = figure.subplots(1, 3)
    spectra = measures[measures["measure"].str.startswith("sa_")]
    for name, color in zip(rows, _COLORS):
        part = spectra[spectra["row"] == name]
        periods = [period_of(measure) for measure in part["measure"]]
        panels[0].plot(periods, part["bias"], color=color, label=name)
        panels[0].fill_between(periods, part["bias_5"], part["bias_95"], color=color, alpha=0.12)
        panels[1].plot(periods, part["spread"], color=color)
        if "within" in part:
            panels[1].plot(periods, part["within"], color=color, ls=":")
        panels[2].plot(periods, part["crps"], color=color)
    panels[0].axhline(0, color="0.6", lw=0.8)
    titles = ("bias of ln SA (recorded / generated)", "spread; dotted: within ensembles", "CRPS")
    for panel, title in zip(panels, titles):
        panel.set_xscale("log")
        panel.set_xlabel("period (s)")
        panel.set_title(title, fontsize=9)
    panels[0].set_ylim(-3, 3)
    panels[1].set_ylim(0, 3)
    panels[2].set_ylim(0, 2)
    panels[0].legend(fontsize=7)
    return figure


def fourier(judged: Judged, measures: pd.DataFrame, rows: Sequence[str]) -> Figure:
    """Bias of the Fourier amplitude spectrum, and of the ratios between components."""
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = [f"fas_{frequency:g}hz_m_s" for frequency in FREQUENCIES]
    ratios = [measure for measure in judged.measures if "_over_" in measure]
    for name, color in zip(rows, _COLORS):
        part = measures[measures["row"] == name].set_index("measure")
        left.semilogx(
            FREQUENCIES, part.loc[names, "bias"], color=color, marker="o", ms=3, label=name
        )
        right.plot(ratios, part.loc[ratios, "bias"], color=color, marker="o", ms=4, lw=0)
    left.set_xlabel("frequency (Hz)")
    left.set_title("bias of ln FAS (horizontal)", fontsize=9)
    left.set_ylim(-3, 3)
    left.legend(fontsize=7)
    right.set_title("bias of ln V/H and ln H1/H2", fontsize=9)
    right.tick_params(axis="x", rotation=30, labelsize=7)
    for panel in (left, right):
        panel.axhline(0, color="0.6", lw=0.8)
    return figure


def rank_histograms(judged: Judged, rows: Sequence[str]) -> Figure:
    """PIT histograms of ln SA at 0.05-1 s and PGA: flat for a reliable ensemble."""
    shown = [name for name in rows if judged.draws[name].shape[1] > 1]
    figure = Figure(figsize=(3 * max(1, len(shown)), 2.6), layout="constrained")
    panels = figure.subplots(1, max(1, len(shown)), squeeze=False)[0]
    measures = [*judged.periods(0.05, 1.0), "pga_m_s2"]
    for panel, name in zip(panels, shown):
        values = pit_values(judged, name, measures).ravel()
        panel.hist(values, bins=10, range=(0, 1), density=True, color="C0", alpha=0.7)
        panel.axhline(1, color="0.4", lw=0.8)
        panel.set_title(name, fontsize=9)
        panel.set_xlabel("rank of the record")
    return figure


def by_scenario(judged: Judged, name: str) -> Figure:
    """Residuals of the first row against magnitude and distance."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    selected = ("sa_0.1s_m_s2", "sa_0.3s_m_s2", "sa_1s_m_s2", "d5_95_s")
    measures = [measure for measure in selected if measure in judged.measures]
    panels = figure.subplots(2, len(measures), squeeze=False, sharey=True)
    draws = judged.draws[name]
    for row, quantity in zip(panels, ("magnitude", "distance_km")):
        values = [getattr(case.scenario, quantity) for case in judged.cases]
        x = np.array([np.nan if value is None else value for value in values], dtype=float)
        for panel, measure in zip(row, measures):
            column = judged.measures.index(measure)
            residual = judged.recorded[:, column] - draws[..., column].mean(axis=1)
            panel.scatter(x, residual, s=8, alpha=0.6)
            panel.axhline(0, color="0.6", lw=0.8)
            panel.set_title(measure, fontsize=8)
            panel.set_xlabel(quantity, fontsize=8)
            if quantity == "distance_km" and np.isfinite(x).any():
                panel.set_xscale("log")
    panels[0, 0].set_ylabel(f"ln(recorded / {name})", fontsize=8)
    return figure


def inter_period(judged: Judged, name: str) -> Figure:
    """Correlation within the ensembles between periods and between frequencies, and published."""
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    spectra = judged.periods(0.02, 10.0)
    periods = np.array([period_of(measure) for measure in spectra])
    correlation = within_ensembles(judged.draws[name][..., judged.columns(spectra)])
    published = baker_jayaram(periods)
    for row, color in zip((2, 5, 9, 13), _COLORS):
        if row < len(periods):
            left.semilogx(periods, correlation[row], color=color, label=f"{periods[row]:g} s")
            left.semilogx(periods, published[row], color=color, ls=":")
    left.set_xlabel("period (s)")
    left.set_title("ln SA; dotted: Baker and Jayaram (2008)", fontsize=9)
    names = [f"fas_{frequency:g}hz_m_s" for frequency in FREQUENCIES]
    correlation = within_ensembles(judged.draws[name][..., judged.columns(names)])
    published = bayless_abrahamson(np.array(FREQUENCIES))
    for row, color in zip((3, 5, 6), _COLORS):
        right.semilogx(FREQUENCIES, correlation[row], color=color, label=f"{FREQUENCIES[row]:g} Hz")
        right.semilogx(FREQUENCIES, published[row], color=color, ls=":")
    right.set_xlabel("frequency (Hz)")
    right.set_title("ln FAS; dotted: Bayless and Abrahamson (2019)", fontsize=9)
    for panel in (left, right):
        panel.set_ylim(-0.3, 1.05)
        panel.legend(fontsize=7)
    return figure


def waveforms(judged: Judged, rows: Sequence[str]) -> Figure:
    """The second horizontal of the first cases: recorded, and one realization of every row."""
    shown = [name for name in rows if judged.shown.get(name)]
    cases = judged.cases[: len(judged.shown[shown[0]])]
    figure = Figure(figsize=(3.2 * len(cases), 1.1 * (len(shown) + 1)), layout="constrained")
    panels = figure.subplots(len(shown) + 1, len(cases), squeeze=False, sharex="col", sharey="col")
    for column, case in enumerate(cases):
        times = np.arange(case.recorded.shape[-1]) / case.sampling_rate
        panels[0, column].plot(times, case.recorded[2], color="0.3", lw=0.4)
        panels[0, column].set_title(case.name[-36:], fontsize=6)
        for row, name in enumerate(shown, start=1):
            panels[row, column].plot(times, judged.shown[name][column][0, 2], color="C0", lw=0.4)
            # The axis is the record's, whatever a row's amplitude is.
            top = 1.6 * np.abs(case.recorded[2]).max()
            panels[row, column].set_ylim(-top, top)
        panels[-1, column].set_xlabel("time (s)", fontsize=7)
    for row, name in enumerate(["recorded", *shown]):
        panels[row, 0].set_ylabel(name, fontsize=7)
    for panel in panels.flat:
        panel.tick_params(labelsize=6)
    return figure


def goodness(judged: Judged, rows: Sequence[str]) -> Figure:
    """EG and PG of every row, over the records."""
    scores = list(next(iter(judged.goodness.values())))
    figure = Figure(figsize=(2.2 * len(scores) + 2, 3.0), layout="constrained")
    panels = figure.subplots(1, len(scores), squeeze=False, sharey=True)[0]
    shown = [name for name in rows if name in judged.goodness]
    for panel, score in zip(panels, scores):
        panel.boxplot([judged.goodness[name][score] for name in shown], showfliers=False)
        panel.set_xticks(range(1, len(shown) + 1), shown, rotation=60, fontsize=7)
        panel.set_title(score.replace("_", " "), fontsize=8)
        panel.set_ylim(0, 10.2)
    return figure
