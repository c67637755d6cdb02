"""Kinds of output of a run: one function each, which fills the empty folder of an item.

File names are made of station codes, which nobody vouches for: :func:`.durable.plain_name` makes
names of them that cannot leave their folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Inventory, Stream

from ..durable import plain_name
from ..ensemble.ensemble import Ensemble
from ..errors import InputError
from ..io import at2, bbp, opensees
from ..records.headers import header_part
from ..records.orientation import station_id
from .sds_output import MOST_REALIZATIONS, write_pieces


def write_ensemble(ensemble: Ensemble, folder: Path) -> None:
    """miniSEED, a file a realization, and ``ensemble.json``; :meth:`Ensemble.read` reads it."""
    written = ensemble.write(folder / "ensemble")
    for path in written.iterdir():
        path.rename(folder / path.name)
    written.rmdir()


def write_hdf5(ensemble: Ensemble, folder: Path) -> None:
    """``records.h5``: a group a station with ``realizations`` and ``low_frequency``, m/s²."""
    import h5py

    with h5py.File(folder / "records.h5", "w") as file:
        file.attrs["format"] = "obspy_broadband.records"
        file.attrs["provenance"] = json.dumps(ensemble.provenance)
        for record in ensemble.records:
            group = file.create_group(plain_name(record.id))
            group.attrs["id"] = record.id
            group.attrs["starttime"] = str(record.start)
            group.attrs["sampling_rate_hz"] = record.sampling_rate
            group.attrs["units"] = "m/s**2"
            group.attrs["channels"] = [header.channel for header in record.headers]
            coordinates = header_part(record.headers[0], "coordinates")
            for name in ("latitude", "longitude", "elevation"):
                if name in coordinates:
                    group.attrs[name] = float(coordinates[name])
            for name in ("realizations", "low_frequency"):
                data = getattr(record, name).astype(np.float32)
                group.create_dataset(name, data=data, track_times=False)
            group["realizations"].attrs["numbers"] = ensemble.provenance["realizations"]


def write_bbp(ensemble: Ensemble, folder: Path) -> None:
    """``realization-0000/STATION.acc.bbp`` of the SCEC Broadband Platform, cm/s/s."""
    for subfolder, stream in _realizations(ensemble, folder):
        for id, station in _stations(stream):
            bbp.write(station, subfolder / f"{plain_name(id)}.acc.bbp")


def write_at2(ensemble: Ensemble, folder: Path) -> None:
    """``realization-0000/CHANNEL.AT2`` of PEER, a file a component, g."""
    for subfolder, stream in _realizations(ensemble, folder):
        for trace in stream:
            at2.write(Stream([trace]), subfolder / f"{plain_name(trace.id)}.AT2")


def write_opensees(ensemble: Ensemble, folder: Path) -> None:
    """``realization-0000/CHANNEL_dt0.01.txt`` for OpenSees, a file a component, g."""
    for subfolder, stream in _realizations(ensemble, folder):
        for trace in stream:
            name = opensees.file_name(plain_name(trace.id), trace.stats.delta)
            opensees.write(Stream([trace]), subfolder / name)


def write_asdf(ensemble: Ensemble, folder: Path) -> None:
    """``records.h5`` of ASDF, a realization by its tag ``realization_0000``; needs pyasdf."""
    import pyasdf

    with pyasdf.ASDFDataSet(str(folder / "records.h5"), mode="w", mpi=False) as file:
        for position, number in enumerate(ensemble.provenance["realizations"]):
            stream = ensemble[position]
            for trace in stream:
                # ASDF names stations NET.STA; neither may be empty.
                trace.stats.network = trace.stats.network or "XX"
                trace.data = trace.data.astype(np.float32)
            file.add_waveforms(stream, tag=f"realization_{number:04d}")


#: Functions that write each kind of output, by the name that ``--to`` takes.
KINDS: dict[str, Callable[[Ensemble, Path], None]] = {
    "ensemble": write_ensemble,
    "sds": write_pieces,
    "hdf5": write_hdf5,
    "asdf": write_asdf,
    "bbp": write_bbp,
    "at2": write_at2,
    "opensees": write_opensees,
}


def check_kind(kind: str, realizations: int) -> None:
    """See that a kind of output can be written.

    :raises InputError: for an unknown one, one that needs what is not installed, or one that does
        not hold so many realizations.
    """
    if kind not in KINDS:
        raise InputError(f"There is no output {kind!r}; known are {', '.join(KINDS)}.")
    if kind == "asdf" and find_spec("pyasdf") is None:
        raise InputError("ASDF needs pyasdf, which is not installed: pip install pyasdf.")
    if kind == "sds" and realizations > MOST_REALIZATIONS:
        raise InputError(
            f"An SDS archive tells {MOST_REALIZATIONS} realizations apart, by two-character "
            f"location codes; {realizations} were asked for. Choose another output."
        )


#: Checks, before enriching, of kinds of output that cannot hold every record.
_CHECKS: dict[str, Callable[[Stream, Inventory | None], None]] = {
    "bbp": bbp.check,
    "at2": at2.check,
}


def check_stream(kind: str, stream: Stream, inventory: Inventory | None = None) -> None:
    """See that the broadband records of a stream can be written.

    :param inventory: that enriching will have.
    :raises InputError: with the reason, for components that the kind of output cannot hold.
    """
    if kind in _CHECKS:
        _CHECKS[kind](stream, inventory)


def _realizations(ensemble: Ensemble, folder: Path) -> Iterator[tuple[Path, Stream]]:
    for position, number in enumerate(ensemble.provenance["realizations"]):
        subfolder = folder / f"realization-{number:04d}"
        subfolder.mkdir()
        yield subfolder, ensemble[position]


def _stations(stream: Stream) -> Iterator[tuple[str, Any]]:
    groups: dict[str, list[Any]] = {}
    for trace in stream:
        groups.setdefault(station_id(trace.stats), []).append(trace)
    for id, traces in groups.items():
        yield id, Stream(traces)
