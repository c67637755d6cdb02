"""Files as SEM3D writes them (SRC/Capteur.f90), by h5py alone."""

import h5py
import numpy as np

#: What SEM3D may be asked for, in the order of its columns.
COMPONENTS = {
    "EnergyP": 1, "EnergyS": 1, "Eps Vol": 1, "Displ": 3, "Veloc": 3, "Accel": 3, "Pressure": 1,
    "Eps Dev": 6, "Stress Dev": 6, "Eps Dev Pl": 6, "DUDX": 9, "GradLambda": 3, "GradMu": 3,
}  # fmt: skip


def variables(quantities):
    """Entries of ``Variables``: the time, then every component of every quantity."""
    entries = ["Time       1"]
    for name in quantities:
        entries += [f"{name:<10}{part:2d}" for part in range(1, COMPONENTS[name] + 1)]
    return entries


def write_names(file, name, entries):
    """Fixed strings of 12 bytes, filled up with blanks, as Fortran writes them."""
    kind = h5py.h5t.FORTRAN_S1.copy()
    kind.set_size(12)
    space = h5py.h5s.create_simple((len(entries),))
    made = h5py.h5d.create(file.id, name.encode(), kind, space)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(entries, dtype="S12"), kind)


def write_rank(path, stations, quantities=("Accel",), energies=False):
    """One process's file.

    :param stations: by name, (rows, position): rows (samples, 1 + columns) with the time first, or
        None for a run that has not begun.
    :param energies: whether the run was asked for total energies: these are no station, and every
        station has five columns more, which ``Variables`` does not name.
    """
    entries = variables(quantities)
    width = len(entries) + 5 * energies
    with h5py.File(path, "w") as file:
        if stations:
            write_names(file, "Variables", entries)
        if energies:
            words = ("Time", "Eng_P", "Eng_S", "Eng_Resid", "Eng_Cine", "Eng_Total")
            write_names(file, "En_PS_Variables", [f"{word:<10} 1" for word in words])
            stations = {**stations, "En_PS": (np.ones((40, width)), (-1111.0,) * 3)}
        for name, (rows, place) in stations.items():
            made = file.create_dataset(
                name, (0, width), "<f8", maxshape=(None, width), chunks=(64, width), shuffle=True,
                compression="gzip", compression_opts=5,
            )  # fmt: skip
            for first in range(0, 0 if rows is None else len(rows), 100):  # blocks of 100
                block = rows[first : first + 100]
                made.resize(first + len(block), axis=0)
                made[first:, : block.shape[1]] = block
            file[f"{name}_pos"] = np.array(place, dtype="<f8")
    return path


def rows_of(stream, station, first=0.0):
    """Time and X, Y, Z of a station of a Stream, (samples, 4); the time begins at ``first``."""
    traces = [trace for trace in stream if trace.stats.station == station]
    times = first + np.arange(traces[0].stats.npts) * traces[0].stats.delta
    return np.column_stack([times, *(trace.data for trace in traces)])


def write_run(folder, stream, quantity="Accel", places=None):
    """A folder ``traces`` of one process that owns all stations of a Stream of X, Y, Z."""
    folder.mkdir(parents=True, exist_ok=True)
    names = dict.fromkeys(trace.stats.station for trace in stream)
    stations = {
        name: (rows_of(stream, name, 0.02), (places or {}).get(name, (0.0, 0.0, 0.0)))
        for name in names
    }
    return write_rank(folder / "capteurs.0000.h5", stations, (quantity,))


def write_text(path, rows):
    """The text variant of a station: 1X,E16.8E3 for every column."""

    def number(value):
        exponent = 0 if value == 0 else int(np.floor(np.log10(abs(value)))) + 1
        digits = f"{value / 10.0**exponent:.8f}"
        return f" {digits:>11}E{'-' if exponent < 0 else '+'}{abs(exponent):03d}"

    path.write_text("\n".join("".join(number(value) for value in row) for row in rows) + "\n")
    return path
