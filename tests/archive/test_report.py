"""The report and the tables of a run."""

import faulty
import numpy as np
import pandas as pd
import pytest

from obspy_broadband import InputError
from obspy_broadband.archive.run import report, run
from obspy_broadband.archive.run_request import RunRequest

REQUEST = RunRequest(n=2, seed=7, magnitude=5.0)
PLAIN = RunRequest(n=1, seed=7, measures="none")  # where measures are not what is tested


def test_the_report_has_the_quantiles_of_the_table(records, tmp_path, inline):
    run(records(6), tmp_path / "out", REQUEST, inline)
    table = pd.read_csv(tmp_path / "out" / "measures.csv")
    page = (tmp_path / "out" / "report.html").read_text()
    row = page.split("PGA, m/s²</td>")[1].split("</tr>")[0]
    shown = [float(cell.split("</td>")[0]) for cell in row.split("<td>")[1:]]
    assert shown[0] == 12
    lowest, middle, highest = np.quantile(
        table["pga_m_s2"], (0.05, 0.5, 0.95), method="inverted_cdf"
    )
    np.testing.assert_allclose(shown[1:], (lowest, middle, highest), rtol=0.03)


def test_the_report_shows_what_strangers_wrote_as_text(records, tmp_path, inline, monkeypatch):
    def refuse(self, item):
        raise InputError("<script>alert(1)</script>")

    monkeypatch.setattr(faulty.Records, "read", refuse)
    run(records(1, "<b>"), tmp_path / "out", PLAIN, inline)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_parquet_holds_what_the_csv_holds(records, simulation, tmp_path, inline, output):
    pytest.importorskip("pyarrow")
    source = records(2)
    single = simulation(stations=("NAN",), components="Z", duration=20)
    single[0].data = single[0].data.astype(np.float32)
    single.write(str(tmp_path / "records" / "NA.mseed"), format="MSEED")
    request = RunRequest(n=2, seed=7, measures="parquet")
    run(source, tmp_path / "out", request, inline)
    table = pd.read_parquet(tmp_path / "out" / "measures.parquet")
    text = tmp_path / "out" / "measures.csv"
    expected = pd.read_csv(text, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(table, expected, check_dtype=False, rtol=1e-15)
    assert list(table["pga_vertical_m_s2"].isna()) == [False] * 4 + [True] * 2
    before = output(tmp_path / "out")
    run(source, tmp_path / "out", request, inline, resume=True)
    assert output(tmp_path / "out") == before


def test_a_stopped_run_is_reported_as_far_as_it_went_and_goes_on(records, tmp_path, inline, output):
    source = records(3)
    run(source, tmp_path / "whole", REQUEST, inline)

    class Stopping(type(inline)):
        def run(self, job, items):
            yield next(super().run(job, items))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(source, tmp_path / "out", REQUEST, Stopping())
    counts = report(tmp_path / "out")
    assert (counts.done, counts.planned) == (1, 2)
    assert len(pd.read_csv(tmp_path / "out" / "measures.csv")) == 2
    assert "1 of 3 items done" in (tmp_path / "out" / "report.html").read_text()
    run(source, tmp_path / "out", REQUEST, inline, resume=True)
    assert output(tmp_path / "out") == output(tmp_path / "whole")
