"""Folders, files and patterns, of any format that ObsPy or this package reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from obspy import Stream

from ..errors import InputError, NoWaveforms
from ..io import sem3d
from ..io.hdf5 import is_hdf5
from ..records.orientation import station_id
from ..records.station_data import StationData
from . import asdf
from .files import damaged, folders, merely_found
from .grouping import Part, groups, one_motion, parts_of
from .metadata import Metadata
from .source import Item, Source
from .waveforms import (
    LARGEST,
    READING,
    check_file,
    known_format,
    lies_beside,
    read_waveforms,
    recognise,
)

#: Formats of which a file that is no HDF5 holds whole records, of one station (of EMOD3D, of a
#: process's): nothing has to be put together.
_WHOLE = ("SW4", "SEISSOL", "HERCULES", "COLUMNS", "OPENSEES", "EMOD3D")


@dataclass(frozen=True)
class FolderSource(Source):
    """Files. The components of a station that lie in several files of one folder become one item.

    :param inputs: files, folders, patterns.
    :param format: of all of them; None recognises each.
    :param quantity: of programs that write several (SEM3D, SPECFEM, SPEED, Hercules):
        "acceleration", "velocity" or "displacement".
    :param largest: bytes of a file; larger ones are skipped.
    :param components: of columns that are not named, e.g. "ZNE"; see :mod:`obspy_broadband.io`.
    :param dt: sampling interval of files without times, s.
    :param azimuth: of a grid's x axis, degrees from north, clockwise.
    :param axes: of SEM3D, the directions of x, y and z: see :func:`obspy_broadband.io.sem3d.read`.
    :param variables: of SEM3D's text variant, what its columns are: see there.
    :param tag: of ASDF's waveforms; ``*`` and ``?`` stand for any characters and any one.
    """

    kind: ClassVar[str] = "files"
    inputs: tuple[str, ...]
    format: str | None = None
    quantity: str | None = None
    largest: int = LARGEST
    metadata: Metadata = field(default_factory=Metadata)
    components: str | None = None
    dt: float | None = None
    azimuth: float | None = None
    axes: str | None = None
    variables: str | None = None
    tag: str | None = None

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        known_format(self.format)
        self.metadata.check()
        found = False
        known: dict[str, Path] = {}
        unknown: list[Path] = []
        for files in folders(self.inputs, self.metadata.files):
            for item in self._folder(files, known, unknown):
                yield item
                found = True
        for path in damaged(unknown, known.values()):
            yield self._item(path.as_posix(), [path], None)
            found = True
        if not found:
            given = ", ".join(self.inputs)
            if known:  # SEM3D's files without a station, files of other quantities
                raise InputError(
                    f"There is nothing to read in {given}: no file holds "
                    f"{self.quantity or 'samples of a station'}."
                )
            raise InputError(
                f"There is nothing to read in {given}: no file is of a known waveform format. "
                "Formats that are not recognised are named with --read format=."
            )

    def _folder(
        self, files: list[Path], known: dict[str, Path], unknown: list[Path]
    ) -> Iterator[Item]:
        """Items of one folder, in the order of their first files.

        :param known: one file of each suffix whose format is known; added to.
        :param unknown: files of no known format that nobody named; added to.
        """
        items: list[Item] = []
        parts: list[Part] = []
        captors: dict[str, Path] = {}
        for path in files:
            if lies_beside(path):
                continue
            try:
                check_file(path, self.largest)
                if asdf.is_asdf(path):
                    items += self._asdf(path)
                    continue
                format = known_format(self.format) or recognise(path)
                if format:
                    known[path.suffix] = path
                elif merely_found(path, self.inputs):
                    unknown.append(path)
                    continue
                if format == "SEM3D":
                    items += self._captors(path, captors)
                elif format is None or (format in _WHOLE and not is_hdf5(path)):
                    items.append(self._item(path.as_posix(), [path], format))
                else:
                    parts += parts_of(path, format, self.largest, **self._reading())
            except InputError as error:
                if isinstance(error, NoWaveforms) and merely_found(path, self.inputs):
                    unknown.append(path)
                    continue  # else it is said when the item is read
                items.append(self._item(path.as_posix(), [path], None))
        for group in groups(one_motion(parts, self.quantity)):
            ids = None if group.ids is None else list(group.ids)
            items.append(self._item(group.key, group.files, group.format, group.of, select=ids))
        order = {os.path.abspath(path): number for number, path in enumerate(files)}
        yield from _apart(sorted(items, key=lambda item: order[item.where["files"][0]]))

    def _captors(self, path: Path, captors: dict[str, Path]) -> Iterator[Item]:
        """One item a station: reading one of a file is cheap, and a damaged one harms no other."""
        names = sem3d.station_names(path)
        for name in names:
            first = captors.setdefault(name, path)
            yield self._item(
                f"{path.as_posix()}:{name}", [path], "SEM3D", len(names), select=[name],
                also=None if first == path else first.as_posix(),
            )  # fmt: skip

    def _asdf(self, path: Path) -> list[Item]:
        """:raises InputError: for a damaged file, or one without the tag."""
        found = asdf.contents(path, self.tag)
        return [
            self._item(
                f"{path.as_posix()}:{station}:{tag}", [path], "ASDF", len(found),
                select=[station, tag],
            )
            for station, tag in found
        ]  # fmt: skip

    def _item(
        self, key: str, files: Sequence[Path], format: str | None, of: int = 1, **where: Any
    ) -> Item:
        """``where`` without what is None; the files' bytes divided among the items they are in."""
        said = {name: value for name, value in where.items() if value is not None}
        paths = [os.path.abspath(path) for path in files]
        size = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
        return Item(key, {"files": paths, "format": format, **said}, size // of)

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        where = item.where
        format, select = where["format"], where.get("select", [])
        if where.get("also"):
            raise InputError(f"{item.key} is in {where['also']} already.")
        if format == "ASDF":
            path = Path(where["files"][0])
            check_file(path, self.largest)
            found, inventory, event = asdf.read(path, select[0], select[1])
            return self.metadata.complete(found, event, inventory)
        if format is None:
            path = Path(where["files"][0])
            check_file(path, self.largest)
            if asdf.is_asdf(path):
                self._asdf(path)  # says why it has no items
        options = self._reading()
        if format == "SEM3D" and select:
            options["stations"] = select
        stream = Stream()
        for path in where["files"]:
            if format == "MSEED" and select:  # libmseed unpacks what is asked for, no more
                # By station: components such as NS, EW, UD do not begin alike.
                for station in dict.fromkeys(id.rsplit(".", 2)[0] for id in select):
                    options["sourcename"] = f"{station}.*"
                    stream += read_waveforms(Path(path), format, self.largest, **options)
            else:
                stream += read_waveforms(Path(path), format or self.format, self.largest, **options)
        if not stream and self.quantity:
            raise InputError(f"{item.key} holds no {self.quantity}.")
        if select and format != "SEM3D":
            stream.traces = [trace for trace in stream if station_id(trace.stats) in select]
        return self.metadata.complete(stream)

    def _reading(self) -> dict[str, Any]:
        """What was said of the files, for the readers that know it."""
        said = {name: getattr(self, name) for name in READING}
        return {name: value for name, value in said.items() if value is not None}

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {
            "kind": self.kind,
            "inputs": list(self.inputs),
            "format": self.format,
            "quantity": self.quantity,
            **{name: getattr(self, name) for name in (*READING[1:], "tag")},
            "largest": self.largest,
            "metadata": self.metadata.describe(),
        }


def _apart(items: list[Item]) -> Iterator[Item]:
    """Give items of one key keys of their own."""
    taken: set[str] = set()
    for item in items:
        key, number = item.key, 2
        while key in taken:
            key, number = f"{item.key}#{number}", number + 1
        taken.add(key)
        yield Item(key, item.where, item.bytes)
