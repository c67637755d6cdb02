"""What all formats share: units reach enriching, positions an Inventory, detection ObsPy's own."""

from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy import Stream
from obspy.geodetics import gps2dist_azimuth

import obspy_broadband  # noqa: F401 - registers nothing, but is what users import
from obspy_broadband.errors import InputError
from obspy_broadband.io.stations import inventory
from obspy_broadband.signal.integration import integrate

#: Formats of this package.
OURS = {"SEM3D", "SPECFEM", "SW4", "BBP", "SEISSOL", "HERCULES", "COLUMNS", "AT2"}
OURS |= {"SPEED", "AXISEM3D", "OPENSEES", "WCC", "EMOD3D", "ESM"}


def test_units_of_a_file_reach_enrich(tmp_path, noise, simulation):
    """A .semv file in m/s gives the same ensemble as its derivative in m/s²."""
    for trace in simulation():
        velocity = integrate(trace.data, 50.0)
        table = np.column_stack([trace.times(), velocity])
        np.savetxt(tmp_path / f"XX.AAA.HX{trace.stats.channel[-1]}.semv", table)
    ensemble = obspy.read(tmp_path / "*.semv").enrich(noise, n=1, seed=1)
    for low, simulated in zip(ensemble.low_frequency, sorted(simulation(), key=lambda t: t.id)):
        resampled = low.data[::2][: len(simulated.data)]
        difference = np.abs(resampled - simulated.data[: len(resampled)])[100:-100]
        assert difference.max() < 0.05 * np.abs(simulated.data).max()


def test_inventory_of_stations(simulation):
    stream = Stream()
    for station, (x, y) in {"A": (0.0, 0.0), "B": (10_000.0, 0.0), "C": (0.0, -20_000.0)}.items():
        traces = simulation(stations=(station,), duration=10)
        for trace in traces:
            trace.stats.coordinates = {"x": x, "y": y, "z": 0.0}
        stream += traces
    networks = inventory(stream, origin=(44.5, 4.7))
    stations = {station.code: station for network in networks for station in network}
    assert stations["A"].latitude == 44.5
    for code, expected in (("B", 10_000), ("C", 20_000)):
        latitude, longitude = stations[code].latitude, stations[code].longitude
        distance = gps2dist_azimuth(44.5, 4.7, latitude, longitude)[0]
        assert distance == pytest.approx(expected, rel=0.005)
    with pytest.raises(InputError, match="origin="):
        inventory(stream)


def test_example_files_of_obspy_go_to_its_own_readers():
    folder = Path(obspy.__file__).parent
    patterns = (
        "io/sac/tests/data/*.sac*",
        "io/mseed/tests/data/*.mseed",
        "io/gse2/tests/data/*",
        "io/ascii/tests/data/*.ascii",
        "io/seisan/tests/data/*",
        "core/tests/data/*.slist",
    )
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))[:6]]
    examples = [path for path in paths if path.is_file()]
    if not examples:
        pytest.skip("this ObsPy was installed without its example files")
    for path in examples:
        try:
            stream = obspy.read(path)
        except Exception:  # some examples are broken on purpose
            continue
        assert stream[0].stats._format not in OURS
