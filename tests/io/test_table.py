"""Tables of numbers and columns of times, whatever format they are in."""

import os
import warnings

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime

from obspy_broadband.errors import InputError
from obspy_broadband.io import table
from obspy_broadband.io.table import first_bytes, head, make_stream, read_table
from obspy_broadband.io.times import sampling_interval


def printed(times, form):
    """Times rounded by printing and reading them."""
    return np.array([float(form % value) for value in times])


def stats_of(times):
    values = np.ones((len(times), 1))
    return make_stream("f.txt", np.asarray(times), values, "Z", "m/s", "STA", "COLUMNS")[0].stats


# Times.


def test_seconds_since_1970_keep_their_precision(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{1_500_000_000 + k // 100}.{k % 100:02d} {k}\n" for k in range(500)))
    stats = obspy.read(path, format="COLUMNS", components="Z", units="m/s")[0].stats
    assert stats.delta == 0.01
    assert stats.starttime == UTCDateTime(2017, 7, 14, 2, 40)
    late = stats_of([1_500_000_000.123456 + k for k in range(10)])
    assert late.starttime.ns == 1_500_000_000_123_456_000
    assert late.delta == 1.0


@pytest.mark.parametrize("form", ["%.4f", "%.6e", "%.9f", "%15.7E", "%.17g"])
def test_negative_times(form):
    """SPECFEM's source time is zero; records begin before."""
    times = printed(-1.5 + 0.0025 * np.arange(3000), form)
    stats = stats_of(times)
    assert stats.starttime == UTCDateTime(0) - 1.5
    assert stats.delta == pytest.approx(0.0025, rel=1e-9)


@pytest.mark.parametrize(
    ("step", "form", "first"),
    [
        (0.01, "%.2f", 0.0),
        (0.01, "%.6f", 1e5),
        (0.005, "%.3f", 100_000.0),  # six digits of seconds
        (1 / 128, "%.17g", 100_000.0),  # on the grid of float32, too
        (0.0078125, "%.4f", 0.0),
        (1 / 128, "%.3f", 3.0),
        (1 / 30, "%.4f", 0.0),
        (1 / 30, "%.17g", 0.0),
        (0.0025, "%.4e", 0.0),  # fewer decimals above 10 s, and above 100 s
        (0.011, "%.2f", 0.0),
        (0.05, "%.4e", 0.0),
        (0.00123, "%.5f", 0.0),
        (3600.0, "%.0f", 0.0),
    ],
)
def test_the_step_of_the_whole_column(step, form, first):
    times = printed(first + step * np.arange(4000), form)
    assert sampling_interval("f", times) == pytest.approx(step, rel=3e-6)


@pytest.mark.parametrize("step", [0.005, 0.002, 1 / 128, 1 / 300])
def test_times_printed_with_too_few_digits_are_warned_of(step):
    """Where rounding explains them; a missing row need not show."""
    times = printed(step * np.arange(4000), "%.2f")
    with pytest.warns(UserWarning, match="too few digits for a step"):
        assert sampling_interval("f", times) == pytest.approx(step, rel=3e-6)
    with pytest.raises(InputError, match=r"in even steps|missing"):
        sampling_interval("f", np.delete(times, np.s_[2000:2040]))


def test_the_step_is_a_round_number_where_one_agrees():
    times = np.cumsum(np.full(3000, 0.01))  # a sum, as programs make it
    assert sampling_interval("f", times) == 0.01
    assert sampling_interval("f", printed(np.arange(3000) / 30, "%.4f")) == 1 / 30
    assert sampling_interval("f", np.arange(3000, dtype=np.float32) * np.float32(0.01)) == 0.01
    assert sampling_interval("f", np.arange(3000) * float(np.float32(0.01))) == 0.01
    assert sampling_interval("f", np.array([0.0, 0.02])) == 0.02


def test_single_precision_sums():
    times = np.cumsum(np.full(20_000, 0.01, np.float32), dtype=np.float32).astype(float)
    assert sampling_interval("f", times) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("step", "form", "first"),
    [
        (0.01, "%.2f", 0.0),
        (0.01, "%.4f", 0.0),
        (0.01, "%.6e", 0.0),
        (0.01, "%.2f", 1.5e9),
        (0.01, "%.17g", 0.0),
        (0.01, "%.17g", 1.5e9),
        (0.0025, "%.4f", -1.5),
        (0.005, "%.3f", 100_000.0),
        (1 / 128, "%.3f", 0.0),
        (1 / 30, "%.4f", 0.0),
        (0.011, "%.2f", 0.0),
    ],
)
@pytest.mark.parametrize(("at", "count"), [(1, 1), (700, 1), (1998, 1), (700, 400)])
def test_missing_rows_are_found(step, form, first, at, count):
    times = printed(first + step * np.arange(2000), form)
    with pytest.raises(InputError, match=r"missing between|do not rise in even steps"):
        sampling_interval("f", np.delete(times, np.s_[at : at + count]))


@pytest.mark.parametrize("first", [0.0, 1.5e9])
def test_missing_rows_are_named_by_their_times(first):
    """Four seconds, and one row; however large the times are."""
    times = np.round(first + 0.01 * np.arange(6000), 2)
    with pytest.raises(
        InputError, match=r"400 rows are missing between .*20 s \(row 2001 .*24\.01"
    ):
        sampling_interval("f", np.delete(times, np.s_[2001:2401]))
    with pytest.raises(InputError, match="1 row is missing between"):
        sampling_interval("f", np.delete(times, 77))


@pytest.mark.parametrize("rows", [4, 8, 15, 40])
@pytest.mark.parametrize("form", ["%.2f", "%.4f", "%.1e"])
def test_short_files_with_a_missing_row(rows, form):
    times = np.delete(printed(0.01 * np.arange(rows + 1), form), rows // 2)
    with pytest.raises(InputError, match=r"missing|even steps"):
        sampling_interval("f", times)


@pytest.mark.parametrize("repeat", [1, 2, 300])
def test_times_that_repeat_or_step_back_are_named(repeat):
    times = np.round(0.01 * np.arange(1000), 2)
    both = np.concatenate([times[:600], times[600 - repeat :]])
    again = times[600 - repeat]
    with pytest.raises(InputError, match=rf"5\.99 s \(row 600\) is followed by {again:g} s"):
        sampling_interval("f", both)


@pytest.mark.parametrize(
    "times",
    [
        [0.0, 0.0, 0.0],
        [3.0, 2.0, 1.0],
        [0.0, 1.0, 2.0, 3.3],
        np.cumsum(np.where(np.arange(500) < 250, 0.01, 0.0105)),  # another rate half way
        np.round(np.arange(3000) * 0.001, 1),  # a hundred rows of one time
        np.sort(np.random.default_rng(0).uniform(0, 10, 100)),
        [5.0],
        [0.0, 1.0, np.nan],
    ],
)
def test_uneven_times_are_refused(times):
    with pytest.raises(InputError):
        sampling_interval("f", np.asarray(times))


def test_even_times_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampling_interval("f", np.arange(100) * 1e39)
        sampling_interval("f", -0.01 + 0.01 * np.arange(1000))


def test_times_that_are_no_dates_are_refused():
    for first in (1e20, -1e12, 3e11):
        with pytest.raises(InputError, match="are no dates"):
            stats_of(first + np.spacing(first) * np.arange(20.0) * np.sign(first))
    with pytest.raises(InputError, match="are no dates"):
        stats_of(1e11 * np.arange(20.0))


# Tables.


def write(tmp_path, text, name="a.txt"):
    path = tmp_path / name
    path.write_text(text)
    return path


NUMBERS = np.array([[0.0, 1.5, -2.5], [0.01, 1.25, 1e-3], [0.02, -3.0, 4.0]])


@pytest.mark.parametrize(
    "text",
    [
        "0.0 1.5 -2.5\n0.01 1.25 1e-3\n0.02 -3 4\n",
        "  0.0\t1.5   -2.5  \n\n 0.01 1.25 1e-3\n0.02 -3 4",
        "# head\n0,1.5,-2.5\n0.01,1.25,1e-3\n0.02,-3,4\n",
        "t;x;y\n0;1.5;-2.5\n0.01;1.25;1e-3\n0.02;-3;4\n",
        "t;x;y\n0;1,5;-2,5\n0,01;1,25;1e-3\n0,02;-3;4\n",
        "% head\n% t x y\n0 1.5 -2.5\n% between\n0.01 1.25 1e-3\n# at the end\n0.02 -3 4\n",
        "0.0D+00 1.5D0 -2.5d0\n1.0D-02 1.25D+00 0.1D-02\n0.2D-1 -0.3D1 0.4D1\n",
        "0.0E+00 0.15E+01-0.25E+01\n0.1E-01 0.125E+1 0.1E-02\n0.2E-01-0.3E+01 0.4E+01\n",
        " 0.00000000E+000  0.15000000E+001 -0.25000000E+001\n"
        "  0.10000000E-001  0.12500000E+001  0.10000000E-002\n"
        "  0.20000000E-001 -0.30000000E+001  0.40000000E+001\n",
        "0.0 1.5 -2.5\r\n0.01 1.25 1e-3\r\n0.02 -3 4\r\n",
    ],
)
def test_numbers_in_every_notation(tmp_path, text):
    _, numbers = read_table(write(tmp_path, text))
    assert np.array_equal(numbers, NUMBERS)


def test_fortrans_exponents_of_three_digits(tmp_path):
    """0.12345-101 is what E11.5 makes of 1.2345e-102."""
    path = write(tmp_path, "0.0000E+00 0.12345-101\n0.1000E-01-0.54321+102\n")
    _, numbers = read_table(path)
    assert np.array_equal(numbers[:, 1], [0.12345e-101, -0.54321e102])


def test_header_lines_come_without_their_sign(tmp_path):
    path = write(tmp_path, "# one\n%two\ntime x\n\n0 1\n# three\n1 2\n")
    assert read_table(path)[0] == ["one", "two", "time x", "three"]
    assert read_table(write(tmp_path, "!a\n0 1\n!b\n1 2\n"), "!")[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("0 1\n0.1 2\n0.2\n", "line 3: 1 columns, but 2 before; is the file cut off"),
        ("# a\n0 1\n0.1 x2\n0.2 1\n", "line 3: '0.1 x2' is not all numbers"),
        ("# a\n0 1\n\n0.1 2\n0.2 nan\n", "line 5: NaN or infinite"),
        ("0 1\n0.1 -inf\n", "line 2: NaN"),
        ("0 1\n2019-11-11 2\n", "line 2: '2019-11-11 2' is not all numbers"),
        ("0 1\n10:52:45 2\n", "line 2"),
        ("0 1\n1.2.3 2\n", "line 2"),
        ("0,01 1,5\n0,02 1,6\n", "commas for decimal points"),
        ("only words\n", "holds 0 rows"),
        ("head\n1 2\n", "holds 1 rows"),
        ("", "holds 0 rows"),
    ],
)
def test_anything_but_a_table_is_refused_by_line(tmp_path, text, match):
    with pytest.raises(InputError, match=match):
        read_table(write(tmp_path, text))


@pytest.mark.parametrize("form", ["%.6e", "%16.8E", "%.4f", "%12.5f", "%.18e", "%8d"])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_number_that_was_cut_off_is_refused(tmp_path, form, cut):
    rows = np.random.default_rng(0).normal(size=(40, 3)) * 1e4
    lines = [" ".join(form % value for value in row) for row in rows]
    text = "\n".join(lines)
    assert len(read_table(write(tmp_path, text))[1]) == 40  # complete, without a line's end
    with pytest.raises(InputError, match=r"line 40"):
        read_table(write(tmp_path, text[:-cut]))


def test_a_last_line_that_may_be_complete_is_kept(tmp_path):
    path = write(tmp_path, "0 1.25\n0.1 -3.125\n0.2 17\n0.3 1")
    assert read_table(path)[1][-1, 1] == 1
    assert read_table(write(tmp_path, "0 12\n1 13\n2 9"))[1][-1, 1] == 9


def test_utf_16_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe1 2\n3 4\n")
    with pytest.raises(InputError, match="no text file"):
        read_table(path)
    path.write_bytes("0 1\n1 2\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="UTF-16"):
        read_table(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "nothing")


def test_encodings(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff0 1\n1 2\n".encode())  # as spreadsheets begin their text
    assert read_table(path)[1].shape == (2, 2)
    path.write_bytes("# Génération à 45°\n0 1\n1 2\n".encode("latin-1"))
    assert read_table(path)[0] == ["Génération à 45°"]


# The first bytes.


def test_detection_by_several_formats_reads_a_file_once(tmp_path, monkeypatch):
    path = write(tmp_path, "0 1\n" * 5000)
    os.utime(path, (1e9, 1e9))
    opened = []

    def counting(file, *words):
        opened.append(file)
        return open(file, *words)

    monkeypatch.setattr(table, "open", counting, raising=False)
    text = str(path)
    assert {head(text) for _ in range(9)} == {("0 1\n" * 5000)[:4096]}
    assert first_bytes(text, 8) == b"0 1\n0 1\n"
    assert opened == [text]
    assert len(head(text, 8000)) == 8000
    path.write_text("2 3\n" * 5000)
    os.utime(path, (1.1e9, 1.1e9))
    assert head(text).startswith("2 3")


def test_a_file_that_changes_at_once_is_read_anew(tmp_path):
    path = tmp_path / "a.txt"
    for content in ("one", "two", "six"):
        path.write_text(content)
        assert head(path) == content


def test_only_text_files_have_a_head(tmp_path):
    empty = write(tmp_path, "")
    binary = tmp_path / "b"
    binary.write_bytes(b"ab\0c")
    os.mkfifo(tmp_path / "pipe")
    assert first_bytes(binary) == b"ab\0c"
    for path in (
        tmp_path,
        tmp_path / "no",
        tmp_path / "pipe",
        None,
        3,
        b"a",
        "a\0b",
        empty,
        binary,
    ):
        assert head(path) is None
