import numpy as np
import pytest

from obspy_broadband.signal import intensity
from obspy_broadband.signal.response import response_spectrum

FS = 200.0
TIMES = np.arange(4000) / FS
G = 9.80665


def test_a_boxcar():
    """2 m/s² for 3 s: every measure is known."""
    box = np.where((TIMES > 5) & (TIMES <= 8), 2.0, 0.0)
    assert intensity.pga(box) == 2.0
    assert intensity.pgv(box, FS) == pytest.approx(6.0)
    assert intensity.pgd(box, FS) == pytest.approx(9.0 + 6.0 * (TIMES[-1] - 8.0), rel=1e-3)
    assert intensity.arias_intensity(box, FS) == pytest.approx(np.pi / (2 * G) * 12.0)
    assert intensity.cumulative_absolute_velocity(box, FS) == pytest.approx(6.0)
    assert intensity.significant_duration(box, FS) == pytest.approx(2.7, abs=0.01)
    assert intensity.significant_duration(box, FS, 0.05, 0.75) == pytest.approx(2.1, abs=0.01)


def test_a_sinusoid():
    """Of 1 m/s² and 2 Hz over whole periods."""
    omega = 4 * np.pi
    wave = np.sin(omega * TIMES)
    assert intensity.cumulative_absolute_velocity(wave, FS) == pytest.approx(
        20 * 2 / np.pi, rel=1e-3
    )
    assert intensity.pgv(wave, FS) == pytest.approx(2 / omega, rel=1e-3)
    # v = (1 - cos) / omega: mean square 1.5 / omega², mean 1 / omega
    assert intensity.velocity_intensity(wave, FS) == pytest.approx(20 * 1.5 / (2 * omega), rel=1e-3)
    assert intensity.cumulative_absolute_displacement(wave, FS) == pytest.approx(
        20 / omega, rel=1e-3
    )


def test_acceleration_spectrum_intensity_is_the_area_of_the_spectrum():
    record = np.random.default_rng(0).normal(size=2000) * np.hanning(2000)
    mean = response_spectrum(record, FS, tuple(np.linspace(0.1, 0.5, 200))).mean()
    assert intensity.acceleration_spectrum_intensity(record, FS) == pytest.approx(
        0.4 * mean, rel=0.02
    )


def test_agreement_with_eqsig():
    eqsig = pytest.importorskip("eqsig")
    record = np.random.default_rng(1).normal(size=2000) * np.hanning(2000)
    signal = eqsig.AccSignal(record, 1 / FS)
    assert intensity.pgv(record, FS) == pytest.approx(signal.pgv, rel=1e-3)
    from eqsig.im import calc_arias_intensity, calc_cav

    assert intensity.arias_intensity(record, FS) == pytest.approx(
        calc_arias_intensity(signal)[-1], rel=2e-3
    )
    assert intensity.cumulative_absolute_velocity(record, FS) == pytest.approx(
        calc_cav(signal)[-1], rel=2e-3
    )


def test_silence_has_no_intensity_and_no_nan():
    for value in intensity.measures(np.zeros((3, 600)), 100.0, (0.1, 1.0)).values():
        assert value == 0
    assert intensity.velocity_intensity(np.zeros(100), FS) == 0


def test_the_table_of_measures():
    rng = np.random.default_rng(2)
    record = rng.normal(size=(2, 4, 3, 1500)) * np.hanning(1500)
    table = intensity.measures(record, 100.0, (0.1, 1.0))
    assert {value.shape for value in table.values()} == {(2, 4)}
    assert {
        "pga_m_s2",
        "pgv_m_s",
        "pgd_m",
        "arias_m_s",
        "cav_m_s",
        "d5_95_s",
        "sa_0.1s_m_s2",
    } <= set(table)
    peaks = np.abs(record[..., 1:, :]).max(axis=-1)
    assert (table["pga_m_s2"] <= np.hypot(*np.moveaxis(peaks, -1, 0))).all()
    assert (table["pga_m_s2"] >= 0.6 * peaks.min(axis=-1)).all()


def test_measures_do_not_depend_on_the_orientation_of_the_horizontals():
    record = np.random.default_rng(3).normal(size=(3, 1500)) * np.hanning(1500)
    turned = np.array([record[0], record[2], -record[1]])
    a, b = (intensity.measures(r, 100.0, (0.2,)) for r in (record, turned))
    for name in a:
        assert a[name] == pytest.approx(b[name], rel=1e-6)


def test_measures_of_one_component():
    record = np.random.default_rng(4).normal(size=(2, 1500))
    table = intensity.measures_of_component(record, 100.0, (0.2,))
    assert table["pga_m_s2"] == pytest.approx(np.abs(record).max(axis=-1))
    assert table["sa_0.2s_m_s2"].shape == (2,)


def test_more_shaking_is_longer_and_stronger():
    wave = np.sin(2 * np.pi * TIMES)
    short, long = (wave * (end > TIMES) for end in (5, 15))
    for measure in (intensity.arias_intensity, intensity.cumulative_absolute_velocity):
        assert measure(long, FS) > measure(short, FS)
    assert intensity.significant_duration(long, FS) > intensity.significant_duration(short, FS)
