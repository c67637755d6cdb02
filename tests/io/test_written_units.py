"""Written motion is in the unit of the format, whatever the unit of the traces."""

import numpy as np
import pytest
from obspy import Stream, Trace

from obspy_broadband.errors import InputError
from obspy_broadband.io import at2, axes, bbp, opensees, sem3d

CALIB = 6.34e-6  # m/s² a count
WRITERS = {
    "BBP": (bbp.write, bbp.read, "x.bbp", {}, 0.01),
    "SEM3D": (sem3d.write, sem3d.read, "capteurs.0000.h5", {}, 1.0),
    "AT2": (at2.write, at2.read, "x.AT2", {}, 9.80665),
    "OPENSEES": (
        opensees.write, opensees.read, "x.txt", {"dt": 0.02, "components": "N"}, 9.80665,
    ),
}  # fmt: skip


def motion(codes="NEZ"):
    """0.5, 1.0 and 1.5 m/s²."""
    wave = np.sin(np.arange(500) / 8.0 + 0.1)
    wave /= np.abs(wave).max()
    stream = Stream()
    for number, code in enumerate(codes):
        header = {"station": "A", "channel": f"HN{code}", "delta": 0.02}
        stream.append(Trace(0.5 * (number + 1) * wave, header))
    return stream


def as_counts(stream, **header):
    for trace in stream:
        trace.data = np.rint(trace.data / CALIB).astype(np.int32)
        trace.stats.update(header)
    return stream


def peaks(format, stream, folder):
    """Peaks of the components after writing and reading, in the order of the file, m/s²."""
    write, read, name, options, factor = WRITERS[format]
    write(stream if format in ("BBP", "SEM3D") else stream[:1], folder / name)
    return [factor * np.abs(trace.data).max() for trace in read(folder / name, **options)]


@pytest.mark.parametrize("format", WRITERS)
def test_counts_are_not_written_as_motion(tmp_path, format):
    with pytest.raises(InputError, match="counts as far as is known"):
        peaks(format, as_counts(motion()), tmp_path)
    with pytest.raises(InputError, match="counts"):
        peaks(format, as_counts(motion(), units="counts"), tmp_path)


@pytest.mark.parametrize("format", WRITERS)
def test_counts_of_a_known_calib_are_motion(tmp_path, format):
    """K-NET's, whose channels are EW, NS, UD."""
    stream = as_counts(motion(), calib=CALIB, _format="KNET")
    for trace, code in zip(stream, ("NS", "EW", "UD")):
        trace.stats.channel = code
    assert sorted(peaks(format, stream, tmp_path))[0] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize(("units", "factor"), [("M/S**2", 1.0), ("cm/s^2", 100.0), ("%g", 10.197)])
def test_units_of_any_spelling(tmp_path, format, units, factor):
    stream = motion()
    for trace in stream:
        trace.data = trace.data * factor
        trace.stats.units = units
    assert sorted(peaks(format, stream, tmp_path))[0] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("format", WRITERS)
def test_unknown_units_are_warned_of_or_refused_by_the_peak(tmp_path, format):
    with pytest.warns(UserWarning, match="Nothing says"):
        peaks(format, motion(), tmp_path)
    large = motion()
    for trace in large:
        trace.data = trace.data * 1000.0
    with pytest.raises(InputError, match="too much for m/s²"):
        peaks(format, large, tmp_path)


def test_integrated_traces_are_not_written_in_their_old_unit(tmp_path):
    stream = motion()
    for trace in stream:
        trace.stats.units = "m/s**2"
    stream.integrate()
    with pytest.raises(InputError, match=r"integrate\(\)"):
        bbp.write(stream, tmp_path / "x.bbp")


def test_channels_that_are_words_are_written_by_their_directions(tmp_path):
    stream = motion()
    for trace, code in zip(stream, ("NORTH", "EAST", "VERT")):
        trace.stats.update({"channel": code, "units": "m/s**2"})
    axes.check_geographic(stream, "BBP", three=True)
    assert peaks("BBP", stream, tmp_path) == pytest.approx([0.5, 1.0, 1.5])
