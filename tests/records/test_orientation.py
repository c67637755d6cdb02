"""Components that point elsewhere than their letters say: the motion is that of the ground."""

from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy import Inventory, Stream, Trace, UTCDateTime
from obspy.core import AttribDict
from obspy.core.inventory import Channel, Network, Station
from obspy.io.sac import SACTrace

from obspy_broadband.errors import InputError
from obspy_broadband.records.orientation import station_codes
from obspy_broadband.records.record import read_records

TIMES = np.arange(1500) / 50.0


def ground():
    """Up, north and east motion in m/s²: three pulses that differ."""
    return np.stack(
        [
            size * np.sin(2 * np.pi * rate * TIMES) * np.exp(-((TIMES - at) ** 2) / 8)
            for size, rate, at in ((0.1, 0.8, 8), (0.3, 0.5, 14), (0.2, 0.6, 17))
        ]
    )


def seen_along(azimuth, dip):
    """What a sensor of this azimuth and dip (SEED) records of the ground motion."""
    azimuth, dip = np.deg2rad([azimuth, dip])
    up, north, east = ground()
    along = np.cos(azimuth) * north + np.sin(azimuth) * east
    return np.cos(dip) * along - np.sin(dip) * up


def only_record(stream, **arguments):
    records, refusals = read_records(stream, **arguments)
    assert not refusals
    return records[0]


def sensors(directions, note):
    """A Stream of {letter: (azimuth, dip)}; ``note(stats, azimuth, dip)`` writes them down."""
    stream = Stream()
    for letter, (azimuth, dip) in directions.items():
        header = {"station": "A", "channel": f"HX{letter}", "sampling_rate": 50.0, "units": "m/s2"}
        made = Trace(seen_along(azimuth, dip), header)
        note(made.stats, azimuth, dip)
        stream.append(made)
    return stream


def in_stats(stats, azimuth, dip):
    stats.orientation = AttribDict(azimuth=azimuth, dip=dip)


def in_sac(stats, azimuth, dip):
    stats.sac = AttribDict(cmpaz=azimuth, cmpinc=dip + 90.0)


def in_gmprocess(stats, azimuth, dip):
    stats.standard = AttribDict(horizontal_orientation=azimuth, vertical_orientation=dip)


DIRECTIONS = {
    "SW4's axes": {"X": (143.638, 0), "Y": (233.638, 0), "Z": (0, 90)},
    "PEER's 180 and 270": {"1": (180, 0), "2": (270, 0), "Z": (0, -90)},
    "a borehole sensor": {"1": (37, 0), "2": (127, 0), "Z": (0, -90)},
    "not quite north": {"N": (4, 0), "E": (94, 0), "Z": (0, -90)},
    "Galperin": {"X": (90, -35.264), "Y": (330, -35.264), "Z": (210, -35.264)},
}


@pytest.mark.parametrize("note", [in_stats, in_sac, in_gmprocess])
@pytest.mark.parametrize("directions", DIRECTIONS.values(), ids=DIRECTIONS)
def test_turned_to_up_north_and_east(directions, note):
    record = only_record(sensors(directions, note))
    assert np.allclose(record.data, ground(), atol=1e-6)
    assert sorted(header.channel[-1] for header in record.headers) == ["E", "N", "Z"]
    assert "rotate('->ZNE'" in record.headers[0].processing[-1]
    again = only_record(
        Stream(
            [Trace(record.data[row], header) for row, header in zip(record.rows, record.headers)]
        )
    )
    assert np.array_equal(again.data, record.data)  # what is turned is not turned again


def test_by_the_azimuths_of_an_inventory():
    stream = sensors(DIRECTIONS["a borehole sensor"], lambda *_: None)
    channels = [
        Channel(f"HX{letter}", "", 45, 5, 0, 0, azimuth=azimuth, dip=dip, sample_rate=50)
        for letter, (azimuth, dip) in DIRECTIONS["a borehole sensor"].items()
    ]
    station = Station("A", 45, 5, 0, channels=channels, creation_date=UTCDateTime(1960, 1, 1))
    inventory = Inventory([Network("", [station])], source="test")
    assert np.allclose(only_record(stream, inventory=inventory).data, ground(), atol=1e-6)
    rotated = stream.copy().rotate("->ZNE", inventory=inventory)
    assert np.allclose(only_record(rotated, inventory=inventory).data, ground(), atol=1e-6)


def test_a_component_against_its_letter_is_turned_round():
    down = {"Z": (0, 90), "N": (0, 0), "E": (90, 0)}
    record = only_record(sensors(down, in_stats))
    assert np.allclose(record.data, ground(), atol=1e-12)
    assert [header.channel for header in record.headers] == ["HXZ", "HXN", "HXE"]
    alone = only_record(sensors({"Z": (0, 90)}, in_sac))
    assert np.allclose(alone.data[0], ground()[0], atol=1e-12)


def test_radial_and_transverse_are_kept():
    stream = sensors({"R": (40, 0), "T": (130, 0), "Z": (0, 90)}, in_sac)
    record = only_record(stream)
    assert np.allclose(record.data[1], seen_along(40, 0))
    assert np.allclose(record.data[0], ground()[0])


def test_angles_that_are_no_three_components_are_not_used():
    stream = sensors({"Z": (0, -90), "N": (0, 0), "E": (90, 0)}, lambda *_: None)
    for one in stream:
        one.stats.sac = {"cmpaz": 0.0, "cmpinc": 0.0}  # never set by whoever wrote the file
    assert np.allclose(only_record(stream).data, ground())
    for one, azimuth in zip(stream, (0.0, 10.0, 10.0)):
        one.stats.sac = {"cmpaz": azimuth, "cmpinc": 90.0}
    with pytest.warns(UserWarning, match="too close to one plane"):
        assert np.allclose(only_record(stream).data, ground())
    for one in stream:
        one.stats.sac = {"cmpaz": -12345.0, "cmpinc": -12345.0}
    assert np.allclose(only_record(stream).data, ground())


def test_sac_files_of_sw4(tmp_path):
    """z points down, x lies at the grid's azimuth, the unit is asked for."""
    for letter, (azimuth, dip) in DIRECTIONS["SW4's axes"].items():
        SACTrace(
            data=seen_along(azimuth, dip).astype("f4"), delta=0.02, kstnm="sta1", kcmpnm=letter,
            cmpaz=azimuth, cmpinc=dip + 90.0, nzyear=2020, nzjday=1, nzhour=0, nzmin=0, nzsec=0,
            nzmsec=0, b=0.0,
        ).write(str(tmp_path / f"sta1.{letter.lower()}"))  # fmt: skip
    record = only_record(obspy.read(tmp_path / "sta1.[xyz]"), units="m/s**2")
    assert np.allclose(record.data, ground(), atol=1e-5)


def test_sac_files_of_openswpc(tmp_path):
    for letter, row in (("x", 1), ("y", 2), ("z", 0)):
        SACTrace(
            data=(ground()[row] * 1e9).astype("f4"), delta=0.02, kstnm="ST01", kcmpnm=f"V{letter}",
            idep="ivel", cmpaz={"x": 0.0, "y": 90.0, "z": 0.0}[letter],
            cmpinc={"x": 90.0, "y": 90.0, "z": 0.0}[letter], b=0.0,
        ).write(str(tmp_path / f"ST01.V{letter}.sac"))  # fmt: skip
    stream = obspy.read(tmp_path / "ST01.*.sac")
    _, (refusal,) = read_records(stream)
    assert "nm/s" in refusal.reason
    record = only_record(stream, units="nm/s")
    assert record.id == "..ST01..V" or record.id.endswith("ST01..V")
    expected = np.gradient(ground()[1], 0.02)
    assert np.corrcoef(record.data[1], expected)[0, 1] > 0.999


def test_knet_and_kiknet_channels():
    example = Path(obspy.__file__).parent / "io/nied/tests/data/test.knet"
    if example.is_file():
        (trace,) = obspy.read(example)
        record = only_record(Stream([trace]))
        assert record.id == "BO.AKT013..HN"
        assert record.headers[0].channel == "HNE"
        # "Max. Acc. (gal)" of the file's header is that of the motion about its mean
        peak = np.abs(record.data[2] - record.data[2].mean()).max()
        assert peak * 100 == pytest.approx(trace.stats.knet.accmax, rel=0.01)
    for channel, codes in {
        "NS": ("", "HN", "N"), "UD1": ("01", "HN", "Z"), "EW2": ("02", "HN", "E"),
    }.items():  # fmt: skip
        stats = obspy.core.Stats({"station": "AKTH01", "channel": channel})
        assert station_codes(stats)[2:] == codes


def test_borehole_and_surface_of_kiknet_are_two_stations():
    stream = Stream()
    for sensor, factor in (("1", 1.0), ("2", 3.0)):
        for row, name in enumerate(("UD", "NS", "EW")):
            header = {
                "network": "BO", "station": "AKTH01", "channel": name + sensor,
                "sampling_rate": 50.0, "calib": 1e-6, "_format": "KNET",
                "knet": {"accmax": 30.0 * factor},
            }  # fmt: skip
            stream.append(Trace(np.rint(factor * ground()[row] * 1e6), header))
    borehole, surface = read_records(stream)[0]
    assert (borehole.id, surface.id) == ("BO.AKTH01.01.HN", "BO.AKTH01.02.HN")
    assert np.allclose(borehole.data, ground(), atol=1e-6)
    assert np.allclose(surface.data, 3 * ground(), atol=1e-6)


def test_sw4_s_east_north_up():
    stream = sensors({"E": (90, 0), "N": (0, 0), "U": (0, -90)}, lambda *_: None)
    assert np.allclose(only_record(stream).data, ground())


def test_components_that_make_no_record_are_named():
    stream = sensors({"Z": (0, -90), "Q": (0, 0), "E": (90, 0)}, lambda *_: None)
    _, (refusal,) = read_records(stream)
    assert "'Z', 'Q', 'E'" in refusal.reason
    with pytest.raises(InputError, match="Z N E, Z R T"):
        raise InputError(refusal.reason)


def three(codes):
    """Three components of noise at one station, 10 s at 50 Hz."""
    rng = np.random.default_rng(4)
    return Stream(
        [
            Trace(rng.normal(size=500), {"station": "S", "delta": 0.02, "channel": code})
            for code in codes
        ]
    )


@pytest.mark.parametrize(
    ("codes", "rows"),
    [
        (("NORTH", "EAST", "VERT"), (1, 2, 0)),
        (("N-S", "E-W", "U-D"), (1, 2, 0)),
        (("000", "090", "ver"), (1, 2, 0)),
        (("LONG", "TRAN", "UP"), (1, 2, 0)),
    ],
)
def test_channels_that_are_words_are_no_seed_codes(codes, rows):
    """The last letter of EAST is not that of a transverse component."""
    (record,), refused = read_records(three(codes), units="m/s**2")
    assert not refused
    assert record.rows == rows


def test_sac_without_channel_names_is_told_by_its_angles():
    stream = three(("", "", ""))
    for trace, azimuth, incidence in zip(stream, (30.0, 120.0, 0.0), (90.0, 90.0, 0.0)):
        trace.stats.sac = AttribDict(cmpaz=azimuth, cmpinc=incidence)
    (record,), refused = read_records(stream, units="m/s**2")
    assert not refused
    assert [header.channel for header in record.headers] == ["N", "E", "Z"]
    first, second, up = (trace.data for trace in stream)
    cosine, sine = np.cos(np.deg2rad(30.0)), np.sin(np.deg2rad(30.0))
    assert np.allclose(record.data[0], up)
    assert np.allclose(record.data[1], cosine * first - sine * second)
    assert np.allclose(record.data[2], sine * first + cosine * second)


def test_components_without_any_name_say_what_is_missing():
    _, (refusal,) = read_records(three(("", "", "")), units="m/s**2")
    assert "without a channel code" in refusal.reason
    assert "kcmpnm" in refusal.reason


def test_components_of_a_galperin_sensor_are_turned_by_the_inventory():
    up, north, east = np.random.default_rng(5).normal(size=(3, 500))
    dip = -np.arctan(np.sqrt(0.5))  # each as far from the vertical as from the others
    stream, channels = Stream(), []
    for code, azimuth in (("HHU", 30.0), ("HHV", 150.0), ("HHW", 270.0)):
        angle = np.deg2rad(azimuth)
        level = north * np.cos(angle) + east * np.sin(angle)
        data = np.cos(dip) * level - np.sin(dip) * up
        stream += Trace(data, {"network": "XX", "station": "S", "delta": 0.02, "channel": code})
        channels.append(Channel(code, "", 45, 5, 0, 0, azimuth=azimuth, dip=float(np.rad2deg(dip))))
    _, (refusal,) = read_records(stream, units="m/s**2")
    assert "inventory=" in refusal.reason
    stations = [Station("S", 45, 5, 0, channels=channels)]
    inventory = Inventory([Network("XX", stations)], source="test")
    (record,), _ = read_records(stream, "m/s**2", inventory)
    assert np.allclose(record.data, [up, north, east])
    assert sorted(header.channel for header in record.headers) == ["HHE", "HHN", "HHZ"]
