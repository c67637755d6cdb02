"""What the numbers of a trace are: known from its header, asked for, or refused."""

import warnings

import numpy as np
import obspy
import pytest
from obspy import Inventory, Trace, UTCDateTime
from obspy.core.inventory import Channel, Network, Station
from obspy.core.inventory.response import Response
from obspy.io.sac import SACTrace

from obspy_broadband.errors import InputError
from obspy_broadband.records.record import read_records
from obspy_broadband.records.trace_units import to_acceleration, units_of


def trace(data, **header):
    return Trace(np.asarray(data), {"sampling_rate": 50.0, "channel": "HNZ", **header})


def wave(amplitude=0.1, dtype=float):
    time = np.arange(2000) / 50.0
    return (amplitude * np.sin(2 * np.pi * 0.7 * time) * np.exp(-((time - 20) ** 2) / 50)).astype(
        dtype
    )


def accelerometer(counts_per_m_s2=4e5):
    """A flat response at the frequencies of a record."""
    response = Response.from_paz(
        [], [-1000 + 0j], counts_per_m_s2, input_units="M/S**2", output_units="COUNTS",
        normalization_frequency=1.0, normalization_factor=1000.0,
    )  # fmt: skip
    channels = [
        Channel("HNZ", "", 45, 5, 0, 0, azimuth=0, dip=-90, sample_rate=50, response=response)
    ]
    station = Station("", 45, 5, 0, channels=channels, creation_date=UTCDateTime(1970, 1, 1))
    return Inventory([Network("", [station])], source="test")


@pytest.mark.parametrize("kind", [np.int32, np.int16, float])
def test_whole_numbers_are_counts_and_refused_without_a_response(kind):
    counts = trace(np.rint(wave(2e4)).astype(kind))
    with pytest.raises(InputError, match=r"counts.*inventory=.*units="):
        to_acceleration(counts)
    found, known = to_acceleration(counts.copy(), inventory=accelerometer())
    assert known.name == "counts"
    assert np.abs(found).max() == pytest.approx(2e4 / 4e5, rel=0.02)
    found, _ = to_acceleration(counts, units="cm/s**2")
    assert np.abs(found).max() == pytest.approx(200.0, rel=0.01)


def test_a_response_is_never_applied_to_what_is_no_count():
    for header in ({}, {"units": "m/s**2"}):
        found, _ = to_acceleration(trace(wave(), **header), inventory=accelerometer())
        assert np.abs(found).max() == pytest.approx(0.1, rel=1e-2)
    found, _ = to_acceleration(trace(wave(2e4)), units="counts", inventory=accelerometer())
    assert np.abs(found).max() == pytest.approx(2e4 / 4e5, rel=0.02)


def test_numbers_of_which_nothing_is_known_are_assumed_unless_absurd():
    assert units_of(trace(wave())).assumed
    assert not units_of(trace(wave(), units="m/s**2")).assumed
    with pytest.raises(InputError, match=r"too much for m/s².*units="):
        to_acceleration(trace(wave(80.0)))


def test_one_warning_for_all_stations(simulation):
    stream = simulation(stations=("A", "B", "C", "D", "E"))
    for one in stream:
        del one.stats["units"]
    with pytest.warns(UserWarning, match="and 2 more stations") as said:
        records, _ = read_records(stream)
    assert len(said) == 1
    assert {record.units for record in records} == {"m/s**2 (assumed)"}


@pytest.mark.parametrize(
    ("header", "factor", "order"),
    [
        ({"standard": {"units": "cm/s^2", "units_type": "acc"}}, 0.01, 2),  # gmprocess
        ({"standard": {"units": "cm/s/s"}}, 0.01, 2),
        ({"ascii": {"unit": "M/S"}}, 1.0, 1),  # ObsPy's SLIST and TSPAIR
        ({"unit": "gal"}, 0.01, 2),
        ({"_format": "CYBERSHAKE"}, 0.01, 1),
        ({"units": "mm/s"}, 1e-3, 1),
    ],
)
def test_units_that_other_programs_note(header, factor, order):
    found = units_of(trace(wave(), **header))
    assert (found.factor, found.order, found.assumed) == (factor, order, False)


def test_units_noted_that_are_none_are_an_error():
    with pytest.raises(InputError, match="'volts', which is no unit"):
        units_of(trace(wave(), units="volts"))
    # SLIST's last field is free text
    assert units_of(trace(wave(), ascii={"unit": "unknown"})).assumed


def test_counts_noted_as_such_are_not_another_unit():
    raw = trace(np.rint(wave(2e4)).astype(np.int32), units="counts")
    with pytest.raises(InputError, match="in counts, as its reader says"):
        to_acceleration(raw, units="cm/s**2")


@pytest.mark.parametrize(
    ("channel", "idep", "units", "said"),
    [
        ("Vx", None, "m", "velocity"),
        ("Vew", None, "m/s", None),
        ("HNZ", "idisp", "m/s**2", "displacement"),
        ("HNZ", "iacc", "nm/s**2", None),
        ("HNZ", None, "m", None),
        ("HNZ", "ivel", "counts", None),
    ],
)
def test_units_against_the_quantity_of_sac_are_warned_of(tmp_path, channel, idep, units, said):
    sac = SACTrace(data=wave(1.0).astype("f4"), delta=0.02, kcmpnm=channel, kstnm="STA1")
    if idep:
        sac.idep = idep
    sac.write(tmp_path / "a.sac")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert units_of(obspy.read(tmp_path / "a.sac")[0], units).name == units
    about = [str(one.message) for one in caught if "SAC header says" in str(one.message)]
    assert [f"the SAC header says {said}" in text for text in about] == [True] * bool(said)


@pytest.mark.parametrize(("idep", "unit"), [(6, "nm"), (7, "nm/s"), (8, r"nm/s\*\*2")])
def test_sac_files_that_name_their_quantity_are_asked_for_its_unit(tmp_path, idep, unit):
    name = {6: "idisp", 7: "ivel", 8: "iacc"}[idep]
    path = str(tmp_path / "ST01.Vx.sac")
    SACTrace(data=wave(1e7).astype("f4"), delta=0.02, kcmpnm="Vx", idep=name).write(path)
    (read,) = obspy.read(path)
    with pytest.raises(InputError, match=f"'{unit}'"):
        to_acceleration(read)
    found, known = to_acceleration(read, units="nm/s")
    assert known.order == 1
    assert np.abs(found).max() == pytest.approx(0.01 * 2 * np.pi * 0.7, rel=0.05)


@pytest.mark.parametrize(("output", "order"), [("ACC", 2), ("VEL", 1), ("DISP", 0)])
def test_a_response_that_obspy_removed_says_the_unit(output, order):
    counts = trace(np.rint(wave(2e4)).astype(np.int32))
    counts.remove_response(accelerometer(), output=output)
    counts.detrend()
    found = units_of(counts)
    assert (found.factor, found.order, found.assumed) == (1.0, order, False)
    if order < 2:
        counts.differentiate()
        assert units_of(counts).order == order + 1


def test_a_reader_s_unit_does_not_outlive_integration():
    read = trace(wave(), units="m/s**2")
    read.integrate()
    with pytest.raises(InputError, match=r"integrate.*units="):
        units_of(read)
    assert units_of(read, "m/s").order == 1
    scaled = trace(wave())
    scaled.normalize()
    with pytest.raises(InputError, match="normalize"):
        units_of(scaled)


def test_what_is_known_of_a_realization_counts_from_there(simulation, noise):
    stream = simulation()
    for one in stream:
        one.stats.units = "m/s"
    realization = stream.enrich(noise, n=1, seed=1)[0]
    assert units_of(realization[0]).order == 2
    realization.integrate()
    with pytest.raises(InputError, match="integrate"):
        units_of(realization[0])


def test_calib_of_knet_is_a_unit(tmp_path):
    """The same motion whether ObsPy applied it or not; counts of other formats are refused."""
    calib = 2.384185791015625e-06
    counts = np.rint(wave(0.5 / calib))
    header = {"calib": calib, "_format": "KNET", "knet": {"accmax": 50.0}}
    as_read, known = to_acceleration(trace(counts, **header))
    applied, _ = to_acceleration(trace(counts * calib, **header))
    filtered, _ = to_acceleration(trace(counts - counts.mean() * 0.3 + 0.25, **header))
    assert np.abs(as_read).max() == pytest.approx(0.5, rel=0.01)
    assert np.allclose(as_read, applied, atol=1e-6)
    assert np.allclose(as_read, filtered, atol=1e-3)
    assert not known.assumed
    with pytest.raises(InputError, match="counts"):
        to_acceleration(trace(counts, calib=calib, _format="GSE2"))
    with pytest.raises(InputError, match=r"is in counts.*Leave units="):
        to_acceleration(trace(counts, **header), units="gal")
    told, _ = to_acceleration(trace(counts, **header), units="counts")
    assert np.allclose(told, as_read)


@pytest.mark.parametrize("change", ["integrate", "differentiate"])
@pytest.mark.parametrize("applied", [False, True])
def test_the_unit_of_knet_is_lost_by_integrating(change, applied):
    calib = 2.384185791015625e-06
    counts = trace(np.rint(wave(0.5 / calib)), calib=calib, _format="KNET", knet={"accmax": 50.0})
    if applied:
        counts.data = counts.data * calib
    getattr(counts, change)()
    with pytest.raises(InputError, match=rf"{change}\(\).*units="):
        to_acceleration(counts)


def test_a_result_has_no_calib_response_or_unit_of_before(simulation, noise):
    stream = simulation()
    for one in stream:
        one.stats.calib = 4.67e-6
        one.stats.units = "cm/s**2"
        one.stats.sac = {"idep": 6, "scale": 1e9, "evdp": 3.0}
        one.stats.standard = {"units": "cm/s^2", "units_type": "acc"}
    for made in stream.enrich(noise, n=1, seed=1)[0]:
        assert made.stats.calib == 1.0
        assert made.stats.units == "m/s**2"
        assert made.stats.standard.units == "m/s^2"
        assert "idep" not in made.stats.sac
        assert made.stats.sac.evdp == 3.0


@pytest.mark.parametrize(
    ("name", "incidence"),
    [
        *(("X", 90.0), ("Y", 90.0), ("Z", 180.0), ("Vx", 90.0), ("Vz", 180.0)),
        *(("EW", 90.0), ("NS", 90.0), ("UP", 0.0), ("Vew", 90.0), ("Vup", 0.0)),
    ],
)
def test_sac_files_along_a_simulation_s_own_axes_are_asked_for_their_unit(
    tmp_path, name, incidence
):
    path = str(tmp_path / "sta1.sac")
    SACTrace(data=wave().astype("f4"), delta=0.02, kcmpnm=name, cmpinc=incidence, cmpaz=0.0).write(
        path
    )
    (read,) = obspy.read(path)
    with pytest.raises(InputError, match="SW4"):
        units_of(read)
    assert units_of(read, "m").order == 0


def test_an_argument_goes_before_a_note_that_is_no_unit():
    read = trace(wave(), units="not in the file (cm/s or cm/s/s)")
    with pytest.raises(InputError, match="units="):
        units_of(read)
    assert units_of(read, "cm/s").factor == 0.01


def test_sac_in_volts_is_no_motion():
    one = trace(wave(), sac={"idep": 50})
    with pytest.raises(InputError, match="volts"):
        to_acceleration(one)


def test_seismograms_of_instaseis_are_asked_for_their_kind():
    """krischer/instaseis: stats.instaseis in Python, kuser0 in the SAC files of its server."""
    for header in ({"instaseis": {"mu": 3e10}}, {"sac": {"kuser0": "InstSeis"}}):
        with pytest.raises(InputError, match="kind="):
            units_of(trace(wave(), **header))
        assert units_of(trace(wave(), **header), "displacement").order == 0
