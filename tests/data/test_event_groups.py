"""No earthquake in two splits: which records of files, archives and data sets belong together."""

import pandas as pd
import pytest

from obspy_broadband.data.event_groups import join_events


def rows(*records):
    """(event, origin time, latitude, station, begin, from_source): 100 s each."""
    names = ["event", "origin_time", "origin_latitude", "station", "begin", "from_source"]
    table = pd.DataFrame(records, columns=names)
    return table.assign(
        origin_longitude=10.0, sequence=table["event"], samples=10_000,
        read_begin=table["begin"], read_end=table["begin"] + 100.0,
    )  # fmt: skip


NAN = float("nan")


@pytest.mark.parametrize(
    ("time", "latitude", "same"),
    [(1003.0, 45.2, True), (1003.0, 47.0, False), (1030.0, 45.0, False), (1003.0, NAN, True)],
)
@pytest.mark.parametrize("is_data_set", [True, False])
def test_one_earthquake_of_two_catalogues_is_one_event(time, latitude, same, is_data_set):
    table = join_events(
        rows(
            ("a", 1000.0, 45.0, "X.A", 900.0, not is_data_set),
            ("b", time, latitude, "X.B", 900.0, True),
        )
    )
    assert (len(set(table["event"])) == 1) == same
    if same and is_data_set:
        assert set(table["sequence"]) == {"a"}  # a data set's names, so its splits, stay


def test_data_sets_alone_stay_as_they_are():
    before = rows(
        ("a", 1000.0, 45.0, "X.A", NAN, False), ("b", 1001.0, 45.0, "X.A", NAN, False),
        ("c", 5000.0, 45.0, "X.A", 5000.0, True),
    ).assign(sequence=["s", "t", ""])  # fmt: skip
    table = join_events(before)
    assert list(table["event"]) == ["a", "b", "c"]
    assert list(table["sequence"]) == ["s", "t", "c"]


def test_unknown_events_are_told_apart_by_time_alone():
    table = join_events(
        rows(
            ("", NAN, NAN, "X.A", 1000.0, True), ("", NAN, NAN, "X.B", 1090.0, True),
            ("", NAN, NAN, "X.C", 1300.0, True), ("", NAN, NAN, "X.A", 1600.0, True),
        )
    )  # fmt: skip
    assert len(set(table["event"][:3])) == 1  # 110 s between the second and the third
    assert table["event"][3] not in set(table["event"][:3])
    assert list(table["sequence"]) == list(table["event"])


def test_records_that_share_motion_are_one_sequence():
    table = join_events(
        rows(
            ("a", 1000.0, 45.0, "X.A", 990.0, True), ("b", 1060.0, 45.0, "X.A", 1050.0, True),
            ("c", 1085.0, 45.0, "X.B", 1060.0, True), ("d", 9000.0, 45.0, "X.B", 9000.0, True),
            ("", NAN, NAN, "X.C", 9090.0, True),
        )
    )  # fmt: skip
    assert len(set(table["event"])) == 5
    a, b, c, d, unknown = table["sequence"]
    assert a == b != c
    assert d == unknown != c


def test_a_short_cut_does_not_part_the_stations_of_an_unknown_event():
    """Stations 300 km apart, of whose 100 s only some around P are kept."""
    table = rows(("", NAN, NAN, "X.A", 1000.0, True), ("", NAN, NAN, "X.B", 1060.0, True))
    table = join_events(table.assign(begin=[1000.0, 1130.0], samples=2_000))
    assert len(set(table["event"])) == 1
