"""Folders, files and patterns, of any format that ObsPy or this package reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from obspy import Stream, UTCDateTime

from ...errors import InputError
from ...io.sem3d import station_names
from ...io.specfem import name_parts
from ..source import Item, Loaded, Source
from . import asdf
from .files import folders
from .metadata import Metadata
from .waveforms import LARGEST, check_file, known_format, read_waveforms, recognise

#: Stations of one file that are read and enriched together. A file of more is read several times.
STATIONS = 8
#: Formats of which a file is one station's whole record: nothing has to be put together.
_WHOLE = ("SW4", "BBP", "SEISSOL", "HERCULES", "COLUMNS")


@dataclass(frozen=True)
class FolderSource(Source):
    """Files. The components of a station that lie in several files of one folder become one item.

    :param inputs: files, folders, patterns.
    :param format: of all of them; None recognises each.
    :param quantity: of SEM3D and Hercules, which write several: "acceleration", "velocity" or
        "displacement".
    :param largest: bytes of a file; larger ones are skipped.
    """

    kind: ClassVar[str] = "files"
    inputs: tuple[str, ...]
    format: str | None = None
    quantity: str | None = None
    largest: int = LARGEST
    metadata: Metadata = field(default_factory=Metadata)

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.archive.source.Source.items`."""
        known_format(self.format)
        self.metadata.check()
        found = False
        for files in folders(self.inputs, self.metadata.files):
            for item in self._folder(files):
                yield item
                found = True
        if not found:
            raise InputError(f"There is nothing to read in {', '.join(self.inputs)}.")

    def _folder(self, files: list[Path]) -> Iterator[Item]:
        """Items of one folder, in the order of their first files."""
        items: list[Item] = []
        parts: dict[tuple[str, str], list[tuple[UTCDateTime, UTCDateTime, int, Path]]] = {}
        captors: dict[str, Path] = {}
        for path in files:
            try:
                check_file(path, self.largest)
                if asdf.is_asdf(path):
                    items += self._asdf(path)
                    continue
                format = known_format(self.format) or recognise(path)
                if format == "SEM3D" and self.format is None:
                    items += self._captors(path, captors)
                    continue
                if format is None or format in _WHOLE:
                    items.append(self._item(path.as_posix(), [path], format))
                    continue
                found = _contents(path, format, self.largest)
            except InputError:  # it is said when the item is read
                items.append(self._item(path.as_posix(), [path], None))
                continue
            ids = list(dict.fromkeys(id for id, _, _ in found))
            if len(ids) == 1 and len({name for _, _, name in found}) < 3:
                id, span, _ = found[0]
                parts.setdefault((id, format), []).append((*span, len(items), path))
                continue
            for first in range(0, len(ids), STATIONS):
                some = ids[first : first + STATIONS]
                key = path.as_posix() + (f":{some[0]}" if len(ids) > STATIONS else "")
                select = some if len(ids) > STATIONS else None
                items.append(self._item(key, [path], format, select=select))
        for (id, format), pieces in parts.items():
            items += self._joined(id, format, sorted(pieces))
        yield from _apart(sorted(items, key=lambda item: item.where["files"][0]))

    def _joined(
        self, id: str, format: str, pieces: list[tuple[UTCDateTime, UTCDateTime, int, Path]]
    ) -> Iterator[Item]:
        """One item for the files that overlap in time, for each such time."""
        together: list[Path] = []
        ends = begins = pieces[0][0]
        for start, end, _, path in pieces:
            if together and start > ends:
                yield self._together(id, format, begins, together)
                together = []
            if not together:
                begins, ends = start, end
            together.append(path)
            ends = max(ends, end)
        yield self._together(id, format, begins, together)

    def _together(self, id: str, format: str, begins: UTCDateTime, files: list[Path]) -> Item:
        files = sorted(files)
        if len(files) == 1:
            return self._item(files[0].as_posix(), files, format)
        key = f"{files[0].parent.as_posix()}/{id}@{begins.strftime('%Y%m%dT%H%M%S')}"
        return self._item(key, files, format)

    def _captors(self, path: Path, captors: dict[str, Path]) -> Iterator[Item]:
        """One item a station: reading one of a file is cheap, and a damaged one harms no other."""
        for name in station_names(path):
            first = captors.setdefault(name, path)
            yield self._item(
                f"{path.as_posix()}:{name}", [path], "SEM3D", select=[name],
                also=None if first == path else first.as_posix(),
            )  # fmt: skip

    def _asdf(self, path: Path) -> Iterator[Item]:
        for station, tag in asdf.contents(path):
            key = f"{path.as_posix()}:{station}:{tag}"
            yield self._item(key, [path], "ASDF", select=[station, tag])

    def _item(self, key: str, files: list[Path], format: str | None, **where: Any) -> Item:
        """``where`` without what is None."""
        said = {name: value for name, value in where.items() if value is not None}
        paths = [os.path.abspath(path) for path in files]
        size = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
        return Item(key, {"files": paths, "format": format, **said}, size)

    def read(self, item: Item) -> Loaded:
        """See :meth:`obspy_broadband.archive.source.Source.read`."""
        where = item.where
        format, select = where["format"], where.get("select", [])
        if where.get("also"):
            raise InputError(f"{item.key} is in {where['also']} already.")
        if format == "ASDF":
            path = Path(where["files"][0])
            check_file(path, self.largest)
            found, inventory, event = asdf.read(path, select[0], select[1])
            return self.metadata.complete(found, event, inventory)
        options: dict[str, Any] = {"quantity": self.quantity} if self.quantity else {}
        if format == "SEM3D" and select:
            options["stations"] = select
        stream = Stream()
        for path in where["files"]:
            stream += read_waveforms(Path(path), format or self.format, self.largest, **options)
        if select and format != "SEM3D":
            stream.traces = [trace for trace in stream if trace.id[:-1] in select]
        return self.metadata.complete(stream)

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.archive.source.Source.describe`."""
        return {
            "kind": self.kind,
            "inputs": list(self.inputs),
            "format": self.format,
            "quantity": self.quantity,
            "metadata": self.metadata.describe(),
        }


def _contents(
    path: Path, format: str, largest: int
) -> list[tuple[str, tuple[UTCDateTime, UTCDateTime], str]]:
    """Id without the component, time and id of each trace, from headers alone where possible."""
    if format == "SPECFEM":
        network, station, channel, kind = name_parts(path.name)
        id = f"{network}.{station}.{kind}.{channel}"
        return [(id[:-1], (UTCDateTime(0), UTCDateTime(0)), id)]
    stream = read_waveforms(path, format, largest, headonly=True)
    return [
        (trace.id[:-1], (trace.stats.starttime, trace.stats.endtime), trace.id) for trace in stream
    ]


def _apart(items: list[Item]) -> Iterator[Item]:
    """Give items of one key keys of their own."""
    taken: set[str] = set()
    for item in items:
        key, number = item.key, 2
        while key in taken:
            key, number = f"{item.key}#{number}", number + 1
        taken.add(key)
        yield Item(key, item.where, item.bytes)
