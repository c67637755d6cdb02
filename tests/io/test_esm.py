"""ESM's and ITACA's ASCII records."""

import numpy as np
import obspy
import pytest
from obspy import UTCDateTime

import obspy_broadband  # noqa: F401 - adds Stream.enrich
from obspy_broadband.errors import InputError

SAMPLES = 400
MOTION = np.random.default_rng(0).normal(size=SAMPLES) * 10.0
HEADER = {
    "EVENT_NAME": "L_AQUILA_EARTHQUAKE",
    "EVENT_ID": "IT-2009-0009",
    "EVENT_DATE_YYYYMMDD": "20090406",
    "EVENT_TIME_HHMMSS": "013240",
    "EVENT_LATITUDE_DEGREE": "42.3420",
    "EVENT_LONGITUDE_DEGREE": "13.3800",
    "EVENT_DEPTH_KM": "8.3",
    "HYPOCENTER_REFERENCE": "ISIDe",
    "MAGNITUDE_W": "6.1",
    "MAGNITUDE_W_REFERENCE": "",
    "MAGNITUDE_L": "5.9",
    "FOCAL_MECHANISM": "Normal faulting",
    "NETWORK": "IT",
    "STATION_CODE": "AQV",
    "STATION_NAME": "L'AQUILA: VALLE ATERNO",
    "STATION_LATITUDE_DEGREE": "42.377220",
    "STATION_LONGITUDE_DEGREE": "13.343890",
    "STATION_ELEVATION_M": "692",
    "LOCATION": "",
    "VS30_M/S": "474",
    "SITE_CLASSIFICATION_EC8": "B",
    "EPICENTRAL_DISTANCE_KM": "4.9",
    "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS": "20090406_013238.250",
    "SAMPLING_INTERVAL_S": "0.005000",
    "NDATA": str(SAMPLES),
    "DURATION_S": "2.0",
    "STREAM": "HNE",
    "UNITS": "cm/s^2",
    "INSTRUMENT_ANALOG/DIGITAL": "D",
    "PGA_CM/S^2": "10.1",
    "HEADER_FORMAT": "DYNA 1.2",
    "DATA_TYPE": "ACCELERATION",
    "PROCESSING": "manual (Paolucci et al., 2011)",
    **{f"USER{number}": "" for number in range(1, 6)},
}


def write(path, data=MOTION, **changed):
    header = HEADER | {name.replace("__", "/"): value for name, value in changed.items()}
    lines = [f"{key}: {value}".rstrip() for key, value in header.items()]
    path.write_text("\n".join(lines + [f"{x:.6f}" for x in data]) + "\n")
    return path


def test_record(tmp_path):
    trace = obspy.read(write(tmp_path / "IT.AQV..HNE.D.20090406.013240.C.ACC.ASC"))[0]
    stats = trace.stats
    assert trace.id == "IT.AQV..HNE"
    assert (stats._format, stats.units, stats.delta) == ("ESM", "cm/s^2", 0.005)
    assert stats.starttime == UTCDateTime(2009, 4, 6, 1, 32, 38, 250000)
    assert trace.data == pytest.approx(MOTION, abs=1e-6)
    assert (stats.magnitude, stats.depth_km, stats.vs30_m_s) == (6.1, 8.3, 474.0)
    assert stats.epicentral_distance_km == 4.9
    assert dict(stats.coordinates) == {
        "latitude": 42.37722, "longitude": 13.34389, "elevation": 692.0,
    }  # fmt: skip


def test_keys_without_a_value_are_not_noted(tmp_path):
    stats = obspy.read(write(tmp_path / "a.ASC", MAGNITUDE_W="", VS30_M__S=""))[0].stats
    assert stats.local_magnitude == 5.9
    assert "magnitude" not in stats
    assert "vs30_m_s" not in stats


@pytest.mark.parametrize(
    ("units", "kind"), [("cm/s", "VELOCITY"), ("cm", "DISPLACEMENT"), ("cm/s^2", "ACCELERATION")]
)
def test_quantities(tmp_path, units, kind):
    path = write(tmp_path / "a.ASC", UNITS=units, DATA_TYPE=kind)
    assert obspy.read(path)[0].stats.units == units


def test_contradictory_headers_and_spectra_are_refused(tmp_path, noise):
    path = write(tmp_path / "a.ASC", np.tile(MOTION, 4), UNITS="cm/s", NDATA=str(4 * SAMPLES))
    with pytest.raises(InputError, match="contradictory"):
        obspy.read(path).enrich(noise, n=1, seed=1)
    assert obspy.read(path, units="cm/s/s")[0].stats.units == "cm/s/s"
    for changed, match in (
        ({"DATA_TYPE": "ACCELERATION RESPONSE SPECTRUM"}, "spectrum"),
        ({"NDATA": "401"}, "400 samples"),
        ({"NDATA": ""}, "NDATA"),
        ({"STREAM": "XYW"}, "STREAM"),
        ({"DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS": "yesterday"}, "no date"),
    ):
        with pytest.raises(InputError, match=match):
            obspy.read(write(tmp_path / "a.ASC", **changed))


def test_components(tmp_path):
    for stream, letter in (("HGN", "N"), ("HNZ", "Z"), ("U", "Z"), ("WE", "E")):
        trace = obspy.read(write(tmp_path / "a.ASC", STREAM=stream))[0]
        assert trace.stats.channel[-1] == letter
    # AFAD's dates.
    first = {"DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS": "06/02/2023 01:17:32.000"}
    assert obspy.read(write(tmp_path / "a.ASC", **first))[0].stats.starttime == UTCDateTime(
        2023, 2, 6, 1, 17, 32
    )


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "a.ASC")
    text = path.read_text()
    path.write_text(text[:-2])
    with pytest.raises(InputError, match="cut off"):
        obspy.read(path)
    path.write_text(text[:-1])
    assert obspy.read(path)[0].stats.npts == SAMPLES
