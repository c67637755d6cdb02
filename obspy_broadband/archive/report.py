"""A run's report.html: what was done, what was skipped and why, distributions of the measures."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..durable import write_file
from .run_folder import RunFolder
from .tables import MEASURES
from .work_list import WorkList

#: Measures in the report, and their headings.
SHOWN = {
    "pga_m_s2": "PGA, m/s²",
    "pgv_m_s": "PGV, m/s",
    "sa_0.3s_m_s2": "SA(0.3 s), m/s²",
    "sa_1s_m_s2": "SA(1 s), m/s²",
    "cav_m_s": "CAV, m/s",
    "d5_95_s": "D5-95, s",
}
#: Skips in the report; all of them are in skipped.csv.
_MOST = 200
#: Histograms of log10 with bins of a hundredth of a decade, since the table may exceed the memory.
_EDGES = np.linspace(-9.0, 5.0, 1401)
_WIDTH, _HEIGHT = 340, 130  #: of a histogram, pixels
_QUANTILES = (0.05, 0.5, 0.95)


def write_report(folder: RunFolder, work_list: WorkList, path: Path) -> None:
    """Write the report; nothing in it depends on when the run was made, or on its workers."""
    from jinja2 import Environment

    card = json.loads(folder.card.read_text(encoding="utf-8"))
    has_measures = card["request"]["measures"] != "none"
    histograms = _histograms(folder.root / MEASURES) if has_measures else {}
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
            drawings=[_histogram(SHOWN[name], counts) for name, counts in histograms.items()],
            width=_WIDTH,
            height=_HEIGHT,
            request=card["request"],
            source=card["source"],
            weights=card["weights_sha256"],
            software=card["software"],
        )
    )
    write_file(path, page.encode("utf-8", "backslashreplace"))


def _histograms(table: Path) -> dict[str, np.ndarray]:
    """Histogram of log10 of each measure in the report, (bins,); the table is read row by row."""
    counts = {name: np.zeros(len(_EDGES) - 1, dtype=int) for name in SHOWN}
    with open(table, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        columns = {name: column for column, name in enumerate(next(rows)) if name in SHOWN}
        for row in rows:
            for name, column in columns.items():
                value = float(row[column] or 0.0)
                if value > 0:
                    bin = int((np.log10(value) - _EDGES[0]) * 100)
                    counts[name][min(max(bin, 0), len(_EDGES) - 2)] += 1
    return {name: histogram for name, histogram in counts.items() if histogram.any()}


def _row(title: str, counts: np.ndarray) -> dict[str, Any]:
    """Quantiles to a hundredth of a decade."""
    cumulative = counts.cumsum()
    total = int(cumulative[-1])
    bins = [int(np.searchsorted(cumulative, share * total)) for share in _QUANTILES]
    middles = 10 ** (0.5 * (_EDGES[:-1] + _EDGES[1:]))
    return {"title": title, "count": total, "values": [f"{middles[bin]:.3g}" for bin in bins]}


def _histogram(title: str, counts: np.ndarray) -> dict[str, Any]:
    """Bars a tenth of a decade wide, and marks at whole decades, in pixels."""
    wide = np.add.reduceat(counts, np.arange(0, len(counts), 10))
    used = np.flatnonzero(wide)
    first, last = used[0] - used[0] % 10, used[-1] - used[-1] % 10 + 10  # whole decades
    step = _WIDTH / (last - first)
    heights = _HEIGHT * wide[first:last] / wide.max()
    bars = [
        {"x": f"{step * bar:.2f}", "y": f"{_HEIGHT - height:.2f}", "height": f"{height:.2f}"}
        for bar, height in enumerate(heights)
        if height
    ]
    marks = [
        {"x": f"{step * (bar - first):.2f}", "label": f"{10.0 ** (_EDGES[0] + bar / 10):g}"}
        for bar in range(first, last + 1, 10)
    ]
    return {"title": title, "bars": bars, "marks": marks, "width": f"{0.9 * step:.2f}"}
