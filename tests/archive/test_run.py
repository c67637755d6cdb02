"""A run from beginning to end, without processes: what it leaves, and how it goes on."""

import errno
import json
import shutil

import faulty
import numpy as np
import pandas as pd
import pytest
from obspy import read
from obspy.core import AttribDict

import obspy_broadband
from obspy_broadband import Ensemble, InputError
from obspy_broadband.archive import durable, outputs, request, work
from obspy_broadband.archive.request import Request
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_folder import Lock, RunFolder, is_running
from obspy_broadband.archive.source import Item, Loaded, Source
from obspy_broadband.archive.work_list import WorkList

ASKED = Request(n=2, seed=7, magnitude=5.0)
PLAIN = Request(n=1, seed=7, measures="none")  # where measures are not what is tested


def test_a_run_leaves_what_enrich_gives_its_provenance_tables_and_a_report(
    records, tmp_path, inline, output
):
    source = records(3)
    counts = run(source, tmp_path / "out", ASKED, inline)
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


def test_the_report_has_the_quantiles_of_the_table(records, tmp_path, inline):
    run(records(6), tmp_path / "out", ASKED, inline)
    table = pd.read_csv(tmp_path / "out" / "measures.csv")
    page = (tmp_path / "out" / "report.html").read_text()
    row = page.split("PGA, m/s²</td>")[1].split("</tr>")[0]
    shown = [float(cell.split("</td>")[0]) for cell in row.split("<td>")[1:]]
    assert shown[0] == 12
    lowest, middle, highest = np.quantile(
        table["pga_m_s2"], (0.05, 0.5, 0.95), method="inverted_cdf"
    )
    np.testing.assert_allclose(shown[1:], (lowest, middle, highest), rtol=0.03)


def test_parquet_holds_what_the_csv_holds(records, simulation, tmp_path, inline, output):
    pytest.importorskip("pyarrow")
    source = records(2)
    single = simulation(stations=("NAN",), components="Z", duration=20)
    single[0].data = single[0].data.astype(np.float32)
    single.write(str(tmp_path / "records" / "NA.mseed"), format="MSEED")
    asked = Request(n=2, seed=7, measures="parquet")
    run(source, tmp_path / "out", asked, inline)
    table = pd.read_parquet(tmp_path / "out" / "measures.parquet")
    text = tmp_path / "out" / "measures.csv"
    expected = pd.read_csv(text, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(table, expected, check_dtype=False, rtol=1e-15)
    assert list(table["pga_vertical_m_s2"].isna()) == [False] * 4 + [True] * 2
    before = output(tmp_path / "out")
    run(source, tmp_path / "out", asked, inline, resume=True)
    assert output(tmp_path / "out") == before


def test_bad_items_and_records_are_skipped_with_their_reason(records, simulation, tmp_path, inline):
    source = records(2, "003-bad", "004-odd")
    (tmp_path / "records" / "005.mseed").write_bytes(b"rubbish")
    (tmp_path / "records" / "006.mseed").write_bytes(b"")
    mixed = simulation(stations=("FIN", "NAN"), duration=20)
    mixed.select(station="NAN")[0].data[5] = np.nan
    for trace in mixed:
        trace.data = trace.data.astype(np.float32)
    mixed.write(str(tmp_path / "records" / "007.mseed"), format="MSEED")
    counts = run(source, tmp_path / "out", ASKED, inline)
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


def test_a_strict_run_stops_and_can_go_on_when_the_input_is_mended(
    records, tmp_path, inline, output
):
    source = records(2, "001-bad")
    with pytest.raises(InputError, match=r"001-bad.mseed is bad.*--strict"):
        run(source, tmp_path / "out", PLAIN, inline, strict=True)
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    run(source, tmp_path / "whole", PLAIN, inline)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_skips_can_be_tried_again(records, tmp_path, inline, output):
    source = records(3)
    path = tmp_path / "records" / "001.mseed"
    content = path.read_bytes()
    path.write_bytes(b"")
    assert run(source, tmp_path / "out", PLAIN, inline).skipped == 1
    path.write_bytes(content)
    assert run(source, tmp_path / "out", PLAIN, inline, resume=True).skipped == 1
    assert run(source, tmp_path / "out", PLAIN, inline, resume=True, retry_skips=True).skipped == 0
    run(source, tmp_path / "whole", PLAIN, inline)
    # What is noted of the input says how large it was when the run was planned.
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_a_full_disk_stops_the_run_and_nothing_is_lost(
    records, tmp_path, inline, output, monkeypatch
):
    source = records(4)
    run(source, tmp_path / "whole", PLAIN, inline)
    written = []

    def full(ensemble, folder):
        outputs.write_ensemble(ensemble, folder)
        written.append(folder)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(work.KINDS, "ensemble", full)
    with pytest.raises(InputError, match=r"No space left.*--resume"):
        run(source, tmp_path / "out", PLAIN, inline)
    folder = RunFolder(tmp_path / "out")
    assert len(list(folder.records.iterdir())) == 2
    assert list(folder.partial.iterdir()) == []
    monkeypatch.undo()
    assert not is_running(folder)
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


def test_a_disk_that_fills_under_the_work_list_stops_the_run_too(records, tmp_path, inline, output):
    source = records(4)
    run(source, tmp_path / "whole", PLAIN, inline)
    folder = tmp_path / "out"

    class Filling(type(inline)):
        def run(self, job, items):
            for outcome in super().run(job, items):
                if outcome.number == 3:
                    database = limited[0]._db
                    pages = database.execute("PRAGMA page_count").fetchone()[0]
                    database.execute(f"PRAGMA max_page_count = {pages}")
                    filler = "x" * 100_000
                    outcome = work.Finished(3, f"full {filler}")
                yield outcome

    limited = []
    init = WorkList.__init__

    def remember(self, *arguments, **named):
        init(self, *arguments, **named)
        limited.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkList, "__init__", remember)
        with pytest.raises(InputError, match=r"full.*--resume"):
            run(source, folder, PLAIN, Filling())
    run(source, folder, PLAIN, inline, resume=True)
    assert output(folder) == output(tmp_path / "whole")


def test_a_read_only_output_is_one_message(records, tmp_path, inline, monkeypatch):
    source = records(2)

    def read_only(partial, final):
        raise OSError(errno.EROFS, "Read-only file system", str(final))

    monkeypatch.setattr(work, "move_folder", read_only)
    with pytest.raises(InputError, match=r"cannot be written.*Read-only"):
        run(source, tmp_path / "out", PLAIN, inline)


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: (place / "realization-0001.mseed").write_bytes(b"\0" * 100),
        lambda place: flip(place / "realization-0001.mseed"),
        lambda place: (place / "ensemble.json").unlink(),
        shutil.rmtree,
        lambda place: (place.parents[1] / "provenance" / f"{place.name}.json").write_bytes(b"{"),
        lambda place: (place.parents[1] / ".run" / "measures" / f"{place.name}.csv").unlink(),
    ],
    ids=["truncated", "bit", "missing", "gone", "provenance", "measures"],
)
def test_a_corrupted_last_item_is_made_again(records, tmp_path, inline, output, harm):
    source = records(3)
    run(source, tmp_path / "out", ASKED, inline)
    whole = output(tmp_path / "out")
    harm(max((tmp_path / "out" / "records").iterdir()))
    run(source, tmp_path / "out", ASKED, inline, resume=True)
    assert output(tmp_path / "out") == whole


def flip(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_a_clock_that_goes_backwards_changes_nothing(
    records, tmp_path, inline, output, monkeypatch
):
    source = records(3)
    run(source, tmp_path / "whole", PLAIN, inline)
    now = [2e9]

    def backwards(*_):
        now[0] -= 1e6
        return now[0]

    monkeypatch.setattr("time.time", backwards)
    monkeypatch.setattr("time.time_ns", lambda: int(backwards() * 1e9))
    with pytest.raises(ZeroDivisionError):
        run(source, tmp_path / "out", PLAIN, Interrupted(inline, 2))
    run(source, tmp_path / "out", PLAIN, inline, resume=True)
    assert output(tmp_path / "out") == output(tmp_path / "whole")


class Interrupted:
    """Workers that end after so many items."""

    def __init__(self, workers, after):
        self.workers, self.after = workers, after

    def run(self, job, items):
        for number, outcome in enumerate(self.workers.run(job, items)):
            if number == self.after:
                raise ZeroDivisionError
            yield outcome


def test_the_order_of_finishing_does_not_matter(records, tmp_path, inline, output):
    class Backwards(type(inline)):
        def run(self, job, items):
            yield from reversed(list(super().run(job, items)))

    source = records(4, "002-bad")
    for kind in ("ensemble", "sds"):
        asked = Request(n=2, seed=7, to=kind)
        run(source, tmp_path / kind, asked, inline)
        run(source, tmp_path / f"{kind}-backwards", asked, Backwards())
        assert output(tmp_path / kind) == output(tmp_path / f"{kind}-backwards")


def test_a_second_coordinator_is_refused_while_the_first_lives(records, tmp_path, inline):
    source = records(2)
    run(source, tmp_path / "out", PLAIN, inline)
    lock = Lock(RunFolder(tmp_path / "out"))
    assert is_running(RunFolder(tmp_path / "out"))
    with pytest.raises(InputError, match=r"is being written by process \d+ on"):
        run(source, tmp_path / "out", PLAIN, inline, resume=True)
    lock.release()
    assert not is_running(RunFolder(tmp_path / "out"))
    run(source, tmp_path / "out", PLAIN, inline, resume=True)


def test_what_cannot_begin_or_go_on_is_refused_and_nothing_is_touched(
    records, tmp_path, inline, output
):
    source = records(2)
    run(source, tmp_path / "out", ASKED, inline)
    before = output(tmp_path / "out")
    with pytest.raises(InputError, match=r"holds a run already.*--resume"):
        run(source, tmp_path / "out", ASKED, inline)
    other = Request(n=3, seed=7, magnitude=5.0)
    with pytest.raises(InputError, match="n was 2 and is 3"):
        run(source, tmp_path / "out", other, inline, resume=True)
    option = Request(n=2, seed=7, magnitude=5.0, options={"variability": 0})
    with pytest.raises(InputError, match="variability is 0"):
        run(source, tmp_path / "out", option, inline, resume=True)
    elsewhere = faulty.Records("elsewhere")
    with pytest.raises(InputError, match="folder was"):
        run(elsewhere, tmp_path / "out", ASKED, inline, resume=True)
    with pytest.raises(InputError, match="holds no run to resume"):
        run(source, tmp_path / "new", ASKED, inline, resume=True)
    with pytest.raises(InputError, match="is no run"):
        run(source, tmp_path / "records", ASKED, inline)
    with pytest.raises(InputError, match="no output 'wav'"):
        run(source, tmp_path / "new", Request(to="wav"), inline)
    assert not (tmp_path / "new").exists()
    assert output(tmp_path / "out") == before


def test_a_source_that_is_not_there_leaves_room_for_the_next_try(records, tmp_path, inline):
    with pytest.raises(InputError, match="holds no records"):
        run(faulty.Records("nowhere"), tmp_path / "out", PLAIN, inline)
    assert run(records(1), tmp_path / "out", PLAIN, inline).done == 1


def test_what_the_source_knows_of_a_scenario_is_used_and_arguments_go_before_it(
    records, tmp_path, inline, monkeypatch
):
    source = records(1)
    plain = faulty.Records.read

    def knowing(self, item):
        loaded = plain(self, item)
        known = obspy_broadband.Scenario(magnitude=6.5, distance_km=40.0)
        return faulty.Loaded(loaded.stream, scenarios={"XX.S000": known})

    monkeypatch.setattr(faulty.Records, "read", knowing)
    run(source, tmp_path / "out", ASKED, inline)
    place = next((tmp_path / "out" / "records").iterdir())
    scenario = Ensemble.read(place).provenance["stations"][0]["scenario"]
    assert (scenario["magnitude"], scenario["distance_km"]) == (5.0, 40.0)


def test_a_method_is_made_once_a_process_with_its_weights(records, tmp_path, inline, monkeypatch):
    made = []

    def counting(*arguments):
        made.append(arguments)
        return create(*arguments)

    create = request.create
    monkeypatch.setattr(request, "create", counting)
    request._ready.cache_clear()
    run(records(3), tmp_path / "out", PLAIN, inline)
    assert len(made) == 1


def test_the_report_shows_what_strangers_wrote_as_text(records, tmp_path, inline, monkeypatch):
    def refuse(self, item):
        raise InputError("<script>alert(1)</script>")

    monkeypatch.setattr(faulty.Records, "read", refuse)
    run(records(1, "<b>"), tmp_path / "out", PLAIN, inline)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_correlated_levels_are_the_same_in_one_item_and_in_two(simulation, tmp_path, inline):
    stream = simulation(stations=("AAA", "BBB"), duration=20)
    for trace in stream:
        trace.data = trace.data.astype(np.float32)
        trace.stats.coordinates = AttribDict(latitude=44.5, longitude=4.6, elevation=0.0)
    asked = Request(n=2, seed=7, measures="none", coherence="loth-baker-2013")
    for name, streams in (
        ("one", {"both": stream}),
        ("two", {code: stream.select(station=code) for code in ("AAA", "BBB")}),
    ):
        run(Given(streams), tmp_path / name, asked, inline)
    found = {
        name: {
            record.id: record.realizations
            for place in (tmp_path / name / "records").iterdir()
            for record in Ensemble.read(place).records
        }
        for name in ("one", "two")
    }
    assert set(found["one"]) == set(found["two"]) == {"XX.AAA..HX", "XX.BBB..HX"}
    for id, realizations in found["one"].items():
        np.testing.assert_array_equal(realizations, found["two"][id])


class Given(Source):
    """Streams by their keys."""

    kind = "given"

    def __init__(self, streams):
        self.streams = streams

    def items(self):
        return (Item(key) for key in self.streams)

    def read(self, item):
        return Loaded(self.streams[item.key])

    def describe(self):
        return {}


def test_a_run_is_not_resumed_with_another_spread_of_levels(records, tmp_path, inline, monkeypatch):
    source = records(1)
    run(source, tmp_path / "out", PLAIN, inline)
    monkeypatch.setattr(type(PLAIN.ready()), "level_spread", 1.2, raising=False)
    with pytest.raises(InputError, match=r"level_spread is 1\.2"):
        run(source, tmp_path / "out", PLAIN, inline, resume=True)
