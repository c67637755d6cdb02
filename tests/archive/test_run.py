"""A run from beginning to end, without processes: what it leaves."""

import json

import faulty
import numpy as np
import pandas as pd
from obspy import read

import obspy_broadband
import obspy_broadband.request
from obspy_broadband import Ensemble, durable
from obspy_broadband.archive import run_request
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest

REQUEST = RunRequest(n=2, seed=7, magnitude=5.0)
PLAIN = RunRequest(n=1, seed=7, measures="none")  # where measures are not what is tested


def test_a_run_leaves_what_enrich_gives_its_provenance_tables_and_a_report(
    records, tmp_path, inline, output
):
    source = records(3)
    counts = run(source, tmp_path / "out", REQUEST, inline)
    assert (counts.done, counts.skipped, counts.records) == (3, 0, 3)
    places = sorted((tmp_path / "out" / "records").iterdir())
    assert [place.name[:3] for place in places] == ["000", "001", "002"]

    stream = read(tmp_path / "records" / "001.mseed")
    direct = obspy_broadband.enrich(stream, n=2, seed=7, magnitude=5.0)
    assert Ensemble.read(places[1]) == direct

    card = json.loads((tmp_path / "out" / "provenance" / f"{places[1].name}.json").read_text())
    assert card["provenance"] == direct.provenance
    assert card["item"] == "001.mseed"
    assert card["files"] == durable.checksums(places[1])

    table = pd.read_csv(tmp_path / "out" / "measures.csv")
    assert list(table["item"]) == [f"{number:03d}.mseed" for number in (0, 0, 1, 1, 2, 2)]
    expected = direct.intensity_measures().reset_index()
    for name in ("pga_m_s2", "sa_0.1s_m_s2", "d5_95_s"):
        np.testing.assert_array_equal(table[name][2:4], expected[name])

    assert (tmp_path / "out" / "skipped.csv").read_text() == "item,record,reason\n"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "3 of 3 items done" in page
    assert "PGA" in page


def test_bad_items_and_records_are_skipped_with_their_reason(records, simulation, tmp_path, inline):
    source = records(2, "003-bad", "004-odd")
    (tmp_path / "records" / "005.mseed").write_bytes(b"rubbish")
    (tmp_path / "records" / "006.mseed").write_bytes(b"")
    mixed = simulation(stations=("FIN", "NAN"), duration=20)
    mixed.select(station="NAN")[0].data[5] = np.nan
    for trace in mixed:
        trace.data = trace.data.astype(np.float32)
    mixed.write(str(tmp_path / "records" / "007.mseed"), format="MSEED")
    counts = run(source, tmp_path / "out", REQUEST, inline)
    assert (counts.done, counts.skipped, counts.left_out) == (3, 4, 1)
    table = pd.read_csv(tmp_path / "out" / "skipped.csv", keep_default_na=False)
    assert list(table["item"]) == [
        f"{name}.mseed" for name in ("003-bad", "004-odd", "005", "006", "007")
    ]
    assert list(table["record"]) == ["", "", "", "", "XX.NAN..HX"]
    assert "is bad" in table["reason"][0]
    assert table["reason"][1] == "Unexpected RuntimeError: 004-odd.mseed is odd"
    assert "NaN" in table["reason"][4]
    assert "003-bad.mseed is bad." in (tmp_path / "out" / "report.html").read_text()


def test_the_order_of_finishing_does_not_matter(records, tmp_path, inline, output):
    class Backwards(type(inline)):
        def run(self, job, items):
            yield from reversed(list(super().run(job, items)))

    source = records(4, "002-bad")
    for kind in ("ensemble", "sds"):
        request = RunRequest(n=2, seed=7, to=kind)
        run(source, tmp_path / kind, request, inline)
        run(source, tmp_path / f"{kind}-backwards", request, Backwards())
        assert output(tmp_path / kind) == output(tmp_path / f"{kind}-backwards")


def test_what_the_source_knows_of_a_scenario_is_used_and_arguments_go_before_it(
    records, tmp_path, inline, monkeypatch
):
    source = records(1)
    plain = faulty.Records.read

    def knowing(self, item):
        loaded = plain(self, item)
        known = obspy_broadband.Scenario(magnitude=6.5, distance_km=40.0)
        return faulty.StationData(loaded.stream, scenarios={"XX.S000": known})

    monkeypatch.setattr(faulty.Records, "read", knowing)
    run(source, tmp_path / "out", REQUEST, inline)
    place = next((tmp_path / "out" / "records").iterdir())
    scenario = Ensemble.read(place).provenance["stations"][0]["scenario"]
    assert (scenario["magnitude"], scenario["distance_km"]) == (5.0, 40.0)


def test_a_method_is_made_once_a_process_with_its_weights(records, tmp_path, inline, monkeypatch):
    made = []

    def counting(*arguments):
        made.append(arguments)
        return create(*arguments)

    create = obspy_broadband.request.create
    monkeypatch.setattr(obspy_broadband.request, "create", counting)
    run_request._ready.cache_clear()
    run(records(3), tmp_path / "out", PLAIN, inline)
    assert len(made) == 1


def test_what_was_assumed_of_an_input_is_listed(records, tmp_path, inline):
    """A run has no terminal to warn on: warnings.csv, and the number of items in the counts."""
    counts = run(records(2), tmp_path / "out", PLAIN, inline)
    assert counts.warned == 2
    table = pd.read_csv(tmp_path / "out" / "warnings.csv")
    assert list(table["item"]) == ["000.mseed", "001.mseed"]
    assert table["warning"].str.contains("Nothing says what the numbers of").all()
    known = RunRequest(n=1, seed=7, measures="none", units="m/s**2")
    assert run(records(2), tmp_path / "known", known, inline).warned == 0
