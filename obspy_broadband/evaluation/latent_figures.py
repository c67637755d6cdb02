"""Figures of latent codes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data.store import SAMPLING_RATE
from ..method.latent import CodedMethod
from .latent import STEPS, Latent

_COLORS = {"low": "C3", "broadband": "C0"}


def embedded(
    name: str, embeddings: Mapping[str, np.ndarray], kinds: list[str], latent: Latent
) -> Figure:
    """Each embedding twice: by kind of signal, and by magnitude.

    :param name: of the code.
    :param embeddings: by algorithm, (points, 2).
    :param kinds: "low" or "broadband" of each point; records in the same order within each kind.
    """
    figure = Figure(figsize=(3.6 * len(embeddings), 6.4), layout="constrained")
    panels = figure.subplots(2, len(embeddings), squeeze=False)
    magnitude = np.tile(latent.records["magnitude"], len(set(kinds)))
    for (algorithm, points), upper, lower in zip(embeddings.items(), panels[0], panels[1]):
        for kind in dict.fromkeys(kinds):
            chosen = np.array(kinds) == kind
            upper.scatter(*points[chosen].T, s=7, color=_COLORS[kind], label=kind, alpha=0.7)
        shown = lower.scatter(*points.T, s=7, c=magnitude, cmap="viridis")
        upper.set_title(f"{algorithm} of {name}", fontsize=9)
        for panel in (upper, lower):
            panel.set_xticks([])
            panel.set_yticks([])
    panels[0, 0].legend(fontsize=7)
    figure.colorbar(shown, ax=panels[1, -1], label="magnitude")
    return figure


def distributions(latent: Latent, method: CodedMethod, table: pd.DataFrame) -> Figure:
    """All dimensions of each code against N(0, 1), and the test's statistics."""
    keys = [key for key in latent.codes if key[0] in method.normal]
    figure = Figure(figsize=(3.4 * len(keys), 5.6), layout="constrained")
    panels = figure.subplots(2, len(keys), squeeze=False)
    x = np.linspace(-4, 4, 81)
    normal = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    for (name, kind), upper, lower in zip(keys, panels[0], panels[1]):
        values = latent.codes[name, kind]
        upper.hist(values.ravel(), x, density=True, color=_COLORS[kind], alpha=0.6)
        upper.plot(x, normal, color="0.2", lw=1)
        upper.set_title(f"{name} of {kind} signals", fontsize=9)
        part = table[(table["code"] == name) & (table["kind"] == kind)]
        lower.hist(part["statistic"], np.linspace(0, 1, 41), color=_COLORS[kind])
        critical = 1.36 / np.sqrt(len(values))
        lower.axvline(critical, color="0.2", lw=1)
        passed = (part["statistic"] < critical).mean()
        lower.set_title(f"KS statistic; line: 5 % level; {passed:.0%} pass", fontsize=9)
    return figure


def traversal(decoded: np.ndarray, name: str) -> Figure:
    """A record decoded while a code moves: one component in time, and its spectra.

    :param decoded: see :func:`.latent.traverse`.
    """
    figure = Figure(figsize=(11, 1.2 * len(decoded) + 1), layout="constrained")
    grid = figure.add_gridspec(len(decoded), 2, width_ratios=(2, 1))
    spectra = figure.add_subplot(grid[:, 1])
    times = np.arange(decoded.shape[-1]) / SAMPLING_RATE
    frequencies = np.fft.rfftfreq(decoded.shape[-1], 1 / SAMPLING_RATE)[1:]
    for row, (step, motion) in enumerate(zip(STEPS, decoded)):
        color = f"C{row}"
        panel = figure.add_subplot(grid[row, 0])
        panel.plot(times, motion[2], lw=0.5, color=color)
        panel.set_ylim(-1, 1)
        panel.set_ylabel(f"{step:+g} sd", fontsize=8)
        if row < len(decoded) - 1:
            panel.set_xticklabels([])
        power = np.abs(np.fft.rfft(motion[2]))[1:]
        spectra.loglog(frequencies, power, lw=0.6, color=color)
    panel.set_xlabel("time (s)")
    spectra.set_xlabel("frequency (Hz)")
    spectra.set_ylim(power.max() * 1e-4, power.max() * 3)
    figure.suptitle(f"normalized signal along the first direction of {name}", fontsize=9)
    return figure
