"""ASDF files: waveforms, StationXML and QuakeML in one HDF5 file, read without pyasdf.

``/Waveforms/NET.STA/NET.STA.LOC.CHA__START__END__TAG`` with the attributes ``starttime`` (ns) and
``sampling_rate`` (Hz), ``/Waveforms/NET.STA/StationXML`` and ``/QuakeML``.

The unit of a tag's numbers is looked for where gmprocess (``io/asdf/stream_workspace.py``) puts
it: ``output_units`` of the trace's provenance (SEIS-PROV), then ``standard.units`` in
``/AuxiliaryData/StreamSupplementalStats``, then the tag: ``EVENT_raw`` or ``raw_...`` are counts,
another ``EVENT_LABEL`` beside it is in cm/s².
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Inventory, Stream, Trace, UTCDateTime
from obspy.core.event import Event

from ..errors import InputError, first_line
from ..io import xml
from ..io.hdf5 import dataset, is_hdf5

#: In the XML of a provenance document, whose activities stand in the order they were done.
_OUTPUT_UNITS = re.compile(rb"output_units[^>]*>([^<]+)<")


def is_asdf(path: Path) -> bool:
    """Whether it is HDF5 that says it is ASDF. Never raises."""
    try:
        if not is_hdf5(path):
            return False
        import h5py

        with h5py.File(path, "r") as file:
            return _text(file.attrs.get("file_format", b"")) == "ASDF"
    except Exception:  # a damaged HDF5 file may raise anything
        return False


def contents(path: Path, tag: str | None = None) -> list[tuple[str, str]]:
    """Station and tag of each group of traces, sorted.

    :param tag: of the waveforms; ``*`` and ``?`` stand for any characters and any one.
    :raises InputError: for a damaged file, or one without the tag.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            everything = sorted(
                {
                    (station, name.rsplit("__", 1)[-1])
                    for station, group in file["Waveforms"].items()
                    for name in group
                    if "__" in name
                }
            )
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ... for damage
        raise InputError(f"{path} cannot be read as ASDF: {first_line(error)}") from error
    matches = [(station, name) for station, name in everything if fnmatchcase(name, tag or "*")]
    if not matches:
        tags = ", ".join(sorted({name for _, name in everything})) or "none"
        of_tag = "" if tag is None else f" of the tag {tag!r}; it has {tags}"
        raise InputError(f"{path} has no waveforms{of_tag}.")
    return matches


def read(path: Path, station: str, tag: str) -> tuple[Stream, Inventory | None, Event | None]:
    """A station's traces of one tag, its StationXML, and their event.

    The event is the one that the traces name, else the only one of the file, else None.

    :raises InputError: for a damaged file.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            group = file["Waveforms"][station]
            stream, events = Stream(), set()
            for name in group:
                if name.endswith(f"__{tag}"):
                    data = dataset(group, name)
                    stream.append(_trace(name, data))
                    units = _units(file, station, name, tag, set(group))
                    if units:
                        stream[-1].stats.units = units
                    events |= set(_text(data.attrs.get("event_id", b"")).split(","))
            inventory = None
            if "StationXML" in group:
                inventory = xml.inventory(_document(group, "StationXML"), f"StationXML of {path}")
            return stream, inventory, _event(path, file, events - {""})
    except InputError:
        raise
    except Exception as error:  # see contents()
        raise InputError(f"{path}: {station} cannot be read: {first_line(error)}") from error


def _trace(name: str, data: Any) -> Trace:
    network, station, location, rest = name.split(".", 3)
    header = {
        "network": network,
        "station": station,
        "location": location,
        "channel": rest.split("__")[0],
        "sampling_rate": float(data.attrs["sampling_rate"]),
        "starttime": UTCDateTime(ns=int(data.attrs["starttime"])),
    }
    return Trace(np.array(data[()]), header)


def _units(file: Any, station: str, name: str, tag: str, names: set[str]) -> str | None:
    """The unit of a trace, as the file gives it; None if it does not."""
    id = name.split("__")[0]
    units = _provenance_units(file, f"{id}_{tag}") or _supplement_units(file, station, id, tag)
    if units:
        return units
    event, _, label = tag.rpartition("_")
    if label == "raw" or tag.startswith("raw_"):
        return "counts"
    tags = {other.rsplit("__", 1)[-1] for other in names if "__" in other}
    return "cm/s**2" if event and f"{event}_raw" in tags else None


def _provenance_units(file: Any, document: str) -> str | None:
    group = file.get("Provenance")
    for name in group if group is not None else ():
        if _plain(name) == _plain(document):
            units = _OUTPUT_UNITS.findall(_document(group, name))
            return units[-1].decode("utf-8", "replace").strip() if units else None
    return None


def _supplement_units(file: Any, station: str, id: str, tag: str) -> str | None:
    group = file.get(f"AuxiliaryData/StreamSupplementalStats/{station}")
    for name in group if group is not None else ():
        # The stream's name is the trace's, without the component.
        if name.endswith(f"_{tag}") and id.startswith(name[: -len(tag) - 1]):
            values = json.loads(_document(group, name))
            units = (values.get("standard") or {}).get("units")
            return units if isinstance(units, str) and units.strip() else None
    return None


def _plain(name: str) -> str:
    """A name as ASDF allows them for provenance: lower case, without signs."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _event(path: Path, file: Any, ids: set[str]) -> Event | None:
    if "QuakeML" not in file:
        return None
    document = _document(file, "QuakeML")
    events = list(xml.catalog(document, f"QuakeML of {path}")) if document else []
    named = [event for event in events if str(event.resource_id) in ids]
    if named:
        return named[0]
    return events[0] if len(events) == 1 else None


def _document(group: Any, name: str) -> bytes:
    return np.asarray(dataset(group, name, xml.LARGEST)[()]).tobytes().strip(b"\0 \r\n")


def _text(value: Any) -> str:
    raw = value.tobytes() if isinstance(value, np.ndarray | np.generic) else value
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return text.strip("\0 ")
