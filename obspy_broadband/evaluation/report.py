"""A report in a folder: tables as CSV and JSON, and one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from .._version import __version__
from . import figures, tables
from .judging import Judged

#: Table 7.1 of the thesis behind the methods: STEAD's test set under its own protocol.
PUBLISHED = {
    "pix2pix": (7.45, 8.63),
    "seismoalice-shared": (5.95, 7.73),
    "seismoalice-factorized": (5.80, 8.32),
    "bicyclegan": (6.87, 8.08),
    "must": (6.28, 8.24),
}
#: Fewest events of which statements are made.
_FEWEST = 3
#: Columns of the summary that the page shows, and their headings.
SHOWN = {
    "crps_sa": "CRPS ln SA 0.05-1 s",
    "EG": "EG",
    "PG": "PG",
    "EG_below_corner": "EG below",
    "PG_below_corner": "PG below",
    "EG_above_corner": "EG above",
    "PG_above_corner": "PG above",
    **{
        f"{kind} {measure}": f"{kind} {label}"
        for kind in ("bias", "spread")
        for measure, label in (
            ("sa_0.1s_m_s2", "SA 0.1 s"),
            ("sa_0.3s_m_s2", "SA 0.3 s"),
            ("sa_1s_m_s2", "SA 1 s"),
            ("pga_m_s2", "PGA"),
            ("d5_95_s", "D5-95"),
        )
    },
    "coverage_50": "in 50 %",
    "coverage_90": "in 90 %",
    "spread_ratio": "spread ratio",
    "low_frequency_least": "low-f. ratio, least",
    "low_frequency_most": "most",
    "lag_samples": "lag",
}
_NOTES = {
    "clean": (
        "Every event counts alike. Residuals are ln(recorded / generated).",
        "EG and PG (0-10) are means over realizations and components, 0.1-30 Hz, below and above "
        "the corner; they cannot judge an ensemble: silence has EG 3.7.",
        "CRPS: 0 is best. Right are 0.5 and 0.9 of the records in the central 50 and 90 % of their "
        "ensemble, and a spread ratio of 1.",
        "copy: the input itself. inverse filter: detects leaks. stochastic: what users have today. "
        "oracle envelope: true envelope and spectrum, random phase, about the best that one of "
        "many possible records can score. level ridge: regression on nine features of the low "
        "frequencies.",
    ),
    "thesis": (
        "Every event counts alike. The input is the target through a causal filter, divided by the "
        "target's peak: it still holds the target, as the row of the inverse filter shows.",
        "EG and PG (0-10), 0.1-30 Hz.",
    ),
}


@dataclass(frozen=True)
class Report:
    """A written report.

    :param folder: with report.html and the tables.
    :param summary: one line for every row.
    :param statements: comparisons of the first row with the others, with p-values.
    """

    folder: Path
    summary: pd.DataFrame
    statements: list[str]


def write_report(
    judged: Judged,
    folder: str | Path,
    description: str = "",
    provenance: dict[str, Any] | None = None,
) -> Report:
    """Write tables, figures and the page.

    :param judged: its first row is the subject of the report.
    :param description: a sentence on the data.
    :param provenance: what is needed to repeat the evaluation; goes to report.json.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(judged.goodness)
    rows += [name for name in judged.draws if name not in rows]
    name = rows[0]
    by_title: dict[str, pd.DataFrame] = {"goodness": tables.goodness(judged)}
    measures = compared = None
    if judged.protocol == "clean":
        measures = tables.by_measure(judged)
        against = [row for row in rows[1:] if row in judged.draws]
        compared = tables.comparisons(judged, name, against)
        by_title |= {"by_measure": measures, "comparisons": compared}
        by_title |= {
            "by_scenario": tables.by_scenario(judged),
            "residuals": tables.residuals(judged),
        }
    summary = tables.summary(judged, measures)
    for title, table in by_title.items():
        table.to_csv(folder / f"{title}.csv", index=False)
    summary.to_csv(folder / "summary.csv")
    statements = _statements(judged, compared)
    content = {
        "made_by": f"obspy_broadband {__version__}",
        "protocol": judged.protocol,
        "corner_hz": judged.cases[0].corner,
        "records": len(judged.cases),
        "events": len({case.event for case in judged.cases}),
        "statements": statements,
        "summary": json.loads(summary.to_json(orient="index")),
        "comparisons": [] if compared is None else json.loads(compared.to_json(orient="records")),
        "provenance": provenance or {},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text, encoding="utf-8")
    page = _page(judged, name, rows, summary, measures, statements, description, provenance or {})
    (folder / "report.html").write_text(page, encoding="utf-8")
    return Report(folder, summary, statements)


def _statements(judged: Judged, compared: pd.DataFrame | None) -> list[str]:
    if compared is None or len(set(judged.events.tolist())) < _FEWEST:
        return []
    statements = []
    resampled = "stations of one event" if judged.is_one_event else "events"
    for line in compared.to_dict("records"):
        better = line["difference"] < 0
        p_value = line["p_value"] if better else 1 - line["p_value"]
        statements.append(
            f"{line['row']} is {'better' if better else 'worse'} than {line['against']} in CRPS of "
            f"ln SA (0.05-1 s) by {abs(line['difference']):.2f}, p = {p_value:.3f} (bootstrap of "
            f"{line['events']} {resampled})."
        )
    return statements


def _page(
    judged: Judged,
    name: str,
    rows: Sequence[str],
    summary: pd.DataFrame,
    measures: pd.DataFrame | None,
    statements: list[str],
    description: str,
    provenance: dict[str, Any],
) -> str:
    from jinja2 import Environment

    template = files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8")
    captioned = [
        (figures.waveforms(judged, rows), "Second horizontal; one realization of each row."),
        (figures.goodness(judged, rows), "Goodness of fit over the records."),
    ]
    scored = [row for row in rows if row in judged.draws]
    if measures is not None:
        plotted = [row for row in scored if row != "inverse filter"]
        captioned += [
            (
                figures.by_period(judged, measures, plotted),
                "ln SA RotD50; bands: 90 % of the bias.",
            ),
            (figures.fourier(judged, measures, plotted), "Fourier spectra and component ratios."),
            (figures.rank_histograms(judged, scored), "Rank histograms, ln SA 0.05-1 s and PGA."),
            (figures.by_scenario(judged, name), f"Residuals of {name}."),
        ]
        if judged.draws[name].shape[1] > 1:
            text = (
                f"Correlation within the ensembles of {name}. The published ones are of residuals "
                "not conditioned on low frequencies."
            )
            captioned.append((figures.inter_period(judged, name), text))
    realizations = max(
        (draws.shape[1] for draws in judged.draws.values()), default=len(judged.shown[name][0])
    )
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            title=f"{name} against recorded motion",
            cases=len(judged.cases),
            events=len({case.event for case in judged.cases}),
            realizations=realizations,
            corner=f"{judged.cases[0].corner:g}",
            protocol=judged.protocol,
            description=description,
            statements=statements,
            summary=_html(_shown(summary), name),
            notes=_NOTES[judged.protocol],
            figures=[{"png": _png(figure), "caption": caption} for figure, caption in captioned],
            judged=name,
            measures=_by_measure_html(measures, name),
            published=_published_html() if judged.protocol == "thesis" else "",
            version=__version__,
            provenance=", ".join(f"{key}: {value}" for key, value in provenance.items()),
        )
    )


def _shown(summary: pd.DataFrame) -> pd.DataFrame:
    return summary[[column for column in SHOWN if column in summary]].rename(columns=SHOWN)


def _html(table: pd.DataFrame, judged: str | None = None) -> str:
    table = table.dropna(axis=1, how="all")
    text = table.to_html(float_format="{:.2f}".format, na_rep="", border=0)
    if judged is None:
        return text
    marked = f'<tr class="judged">\n      <th>{judged}</th>'
    return text.replace(f"<tr>\n      <th>{judged}</th>", marked)


def _by_measure_html(measures: pd.DataFrame | None, name: str) -> str:
    if measures is None:
        return ""
    return _html(measures[measures["row"] == name].drop(columns="row").set_index("measure"))


def _published_html() -> str:
    return _html(pd.DataFrame.from_dict(PUBLISHED, orient="index", columns=["EG", "PG"]))


def _png(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=90, format="png")
    return base64.b64encode(buffer.getvalue()).decode()
