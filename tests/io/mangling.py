"""Valid files of the text formats, and damage that is done to files."""

import numpy as np

from obspy_broadband.errors import InputError

SAMPLES = 300
_ROWS = [
    f"{0.02 * k:.4f} {np.sin(k):.5e} {np.cos(k):.5e} {np.sin(2 * k):.5e}" for k in range(SAMPLES)
]
_TABLE = "\n".join(_ROWS)
#: By format: the name and the text of a valid file.
TEXTS = {
    "SPECFEM": ("DB.X20.BXZ.semv", "\n".join(" ".join(row.split()[:2]) for row in _ROWS)),
    "SW4": (
        "s.txt",
        "# Author: SW4\n# Scenario: test\n# Date: UTC  11/11/2019:10:52:45.123\n# Station: s\n"
        "# Actual location (WGS84 longitude, latitude) (deg): 4.6 44.5\n# nColumns: 4\n"
        "# Column 1: Time (s)\n# Column 2: X velocity (m/s)\n# Column 3: Y velocity (m/s)\n"
        "# Column 4: Z velocity (m/s)\n" + _TABLE,
    ),
    "BBP": ("s.acc.bbp", "#  time(sec) N-S(cm/s/s) E-W(cm/s/s) U-D(cm/s/s)\n" + _TABLE),
    "SEISSOL": (
        "r-receiver-00001.dat",
        'TITLE = "Temporal Signal for receiver number 00001"\n'
        'VARIABLES = "Time","v1","v2","v3"\n# x1 1.0\n# x2 2.0\n# x3 3.0\n' + _TABLE,
    ),
    "HERCULES": ("station.0", "#  Time(s)  X|(m/s)  Y-(m/s)  Z.(m/s)\n" + _TABLE),
    "COLUMNS": ("a.txt", _TABLE),
    "AT2": (
        "a.at2",
        "PEER\nEvent, date, STA, 090\nACCELERATION TIME SERIES IN UNITS OF G\n"
        f"NPTS= {SAMPLES}, DT= .0200 SEC\n" + "\n".join(row.split()[1] for row in _ROWS),
    ),
    "SPEED": ("monitor00001.v", _TABLE),
    "OPENSEES": ("a.txt", "\n".join(row.split()[1] for row in _ROWS)),
    "WCC": (
        "s.000",
        f"s 000 title\n{SAMPLES} 0.02 0 0 0.0 0.0 0.0 0.0\n"
        + "\n".join(
            " ".join(row.split()[1] for row in _ROWS[first : first + 6])
            for first in range(0, SAMPLES, 6)
        ),
    ),
    "ESM": (
        "a.ASC",
        "EVENT_NAME: A\nEVENT_DEPTH_KM: 8.3\nMAGNITUDE_W: 6.1\nNETWORK: IT\nSTATION_CODE: AQV\n"
        "STATION_LATITUDE_DEGREE: 42.3\nSTATION_LONGITUDE_DEGREE: 13.3\nLOCATION:\n"
        "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS: 20090406_013238.250\n"
        f"SAMPLING_INTERVAL_S: 0.005\nNDATA: {SAMPLES}\nSTREAM: HNE\nUNITS: cm/s^2\n"
        "DATA_TYPE: ACCELERATION\n" + "\n".join(row.split()[1] for row in _ROWS),
    ),
}
#: By format: the arguments that the reader needs.
ARGUMENTS = {"COLUMNS": {"components": "XYZ"}, "OPENSEES": {"components": "N", "dt": 0.02}}
WORDS = [
    *(b"NaN", b"inf", b"-1e999", b"1e308", b"\n", b",", b"-", b"99999999999", b"-2147483648"),
    *(b"\xff\xfe", b"\0", b"%s%n", b"../../", b"<!DOCTYPE a>", b"&x;", b"]]>", b'"'),
]


def attempt(module, path, **options):
    """Detect and read a file; None for an InputError, which alone may be raised."""
    assert module.is_format(str(path)) in (True, False)
    try:
        return module.read(str(path), **options)
    except InputError as error:
        assert str(error)
        return None


def attempt_mangled(module, path, count, seed, **options):
    """:func:`attempt` ``count`` mangled versions of a valid file, which they overwrite."""
    good, rng = path.read_bytes(), np.random.default_rng(seed)
    for _ in range(count):
        path.write_bytes(mangle(good, rng))
        attempt(module, path, **options)


def mangle(good, rng):
    """Cut off, overwrite, take out, insert, repeat, exchange lines, lengthen."""
    bad = bytearray(good)
    kind = rng.integers(8)
    if kind == 0:
        del bad[rng.integers(len(bad)) :]
    elif kind == 1:
        for at in rng.integers(len(bad), size=rng.integers(1, 30)):
            bad[at] = rng.integers(256)
    elif kind == 2:  # in the header
        for at in rng.integers(min(len(bad), 700), size=rng.integers(1, 6)):
            bad[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
    elif kind == 3:
        first, last = sorted(rng.integers(len(bad), size=2))
        del bad[first:last]
    elif kind == 4:
        for _ in range(rng.integers(1, 4)):
            at = rng.integers(len(bad))
            bad[at:at] = WORDS[rng.integers(len(WORDS))]
    elif kind == 5:
        first, last = sorted(rng.integers(len(bad), size=2))
        bad[first:first] = bad[first:last]
    elif kind == 6:
        lines = bytes(bad).split(b"\n")
        rng.shuffle(lines)
        bad = bytearray(b"\n".join(lines))
    else:
        bad += rng.bytes(int(rng.integers(1, 2000)))
    return bytes(bad)
