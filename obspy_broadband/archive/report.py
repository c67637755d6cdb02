"""The run on a page: what was done, what was skipped and why, distributions of the measures."""

from __future__ import annotations

import base64
import csv
import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from .durable import write_file
from .run_folder import RunFolder
from .tables import MEASURES
from .work_list import WorkList

#: Measures on the page, and their headings.
SHOWN = {
    "pga_m_s2": "PGA, m/s²",
    "pgv_m_s": "PGV, m/s",
    "sa_0.3s_m_s2": "SA(0.3 s), m/s²",
    "sa_1s_m_s2": "SA(1 s), m/s²",
    "cav_m_s": "CAV, m/s",
    "d5_95_s": "D5-95, s",
}
#: Skips on the page; all of them are in skipped.csv.
_MOST = 200
#: Bins of a hundredth of a decade: the table may be longer than the memory.
_EDGES = np.linspace(-9.0, 5.0, 1401)
_QUANTILES = (0.05, 0.5, 0.95)


def write_report(places: RunFolder, work_list: WorkList, path: Path) -> None:
    """Write the page; nothing on it depends on when or how the run was made."""
    from jinja2 import Environment

    card = json.loads(places.card.read_text(encoding="utf-8"))
    histograms = _histograms(places.root / MEASURES) if card["request"]["measures"] else {}
    template = files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8")
    skips = [
        {"item": key, "record": record, "reason": reason}
        for (key, record, reason), _ in zip(work_list.skips(), range(_MOST))
    ]
    page = (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            counts=work_list.counts(),
            reasons=work_list.reasons(_MOST),
            skips=skips,
            most=_MOST,
            rows=[_row(SHOWN[name], counts) for name, counts in histograms.items()],
            figure=_figure(histograms),
            request=card["request"],
            source=card["source"],
            weights=card["weights_sha256"],
            software=card["software"],
        )
    )
    write_file(path, page.encode("utf-8", "backslashreplace"))


def _histograms(table: Path) -> dict[str, np.ndarray]:
    """Counts of log10 of every measure shown, read row by row."""
    counts = {name: np.zeros(len(_EDGES) - 1, dtype=int) for name in SHOWN}
    with open(table, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        columns = {name: at for at, name in enumerate(next(rows)) if name in SHOWN}
        for row in rows:
            for name, at in columns.items():
                value = float(row[at] or 0.0)
                if value > 0:
                    bin = int((np.log10(value) - _EDGES[0]) * 100)
                    counts[name][min(max(bin, 0), len(_EDGES) - 2)] += 1
    return {name: found for name, found in counts.items() if found.any()}


def _row(title: str, counts: np.ndarray) -> dict[str, Any]:
    """Quantiles to a hundredth of a decade."""
    total = counts.cumsum()
    at = [int(np.searchsorted(total, share * total[-1])) for share in _QUANTILES]
    middles = 10 ** (0.5 * (_EDGES[:-1] + _EDGES[1:]))
    return {"title": title, "count": int(total[-1]), "values": [f"{middles[i]:.3g}" for i in at]}


def _figure(histograms: dict[str, np.ndarray]) -> str:
    """All histograms side by side, as a PNG in base64; empty without any."""
    if not histograms:
        return ""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.5), layout="constrained")
    for axes, (name, counts) in zip(figure.subplots(2, 3).flat, histograms.items()):
        used = np.flatnonzero(counts)
        first, last = max(used[0] - 10, 0), used[-1] + 10
        wide = np.add.reduceat(counts[first:last], np.arange(0, last - first, 10))
        left = _EDGES[first : first + 10 * len(wide) : 10]
        axes.bar(10**left, wide, width=10 ** (left + 0.1) - 10**left, align="edge", color="0.5")
        axes.set_xscale("log")
        axes.set_xlabel(SHOWN[name])
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=90, format="png")
    return base64.b64encode(buffer.getvalue()).decode()
