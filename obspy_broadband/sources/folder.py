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
from .files import damaged, folders, is_from_folder
from .grouping import Part, groups, parts_of, select_quantity
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
        is_empty = True
        recognised: dict[str, Path] = {}
        unrecognised: list[Path] = []
        for files in folders(self.inputs, self.metadata.files):
            for item in self._folder(files, recognised, unrecognised):
                yield item
                is_empty = False
        for path in damaged(unrecognised, recognised.values()):
            yield self._item(path.as_posix(), [path], None)
            is_empty = False
        if is_empty:
            inputs = ", ".join(self.inputs)
            if recognised:  # SEM3D's files without a station, files of other quantities
                raise InputError(
                    f"There is nothing to read in {inputs}: no file holds "
                    f"{self.quantity or 'samples of a station'}."
                )
            raise InputError(
                f"There is nothing to read in {inputs}: no file is of a known waveform format. "
                "Formats that are not recognised are named with --read format=."
            )

    def _folder(
        self, files: list[Path], recognised: dict[str, Path], unrecognised: list[Path]
    ) -> Iterator[Item]:
        """Items of one folder, in the order of their first files.

        :param recognised: one file of each suffix whose format is known; added to.
        :param unrecognised: files of folders, of no known format; added to.
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
                    recognised[path.suffix] = path
                elif is_from_folder(path, self.inputs):
                    unrecognised.append(path)
                    continue
                if format == "SEM3D":
                    items += self._captors(path, captors)
                elif format is None or (format in _WHOLE and not is_hdf5(path)):
                    items.append(self._item(path.as_posix(), [path], format))
                else:
                    parts += parts_of(path, format, self.largest, **self._reading())
            except InputError as error:
                if isinstance(error, NoWaveforms) and is_from_folder(path, self.inputs):
                    unrecognised.append(path)
                    continue  # else reading the item gives the reason
                items.append(self._item(path.as_posix(), [path], None))
        for group in groups(select_quantity(parts, self.quantity)):
            ids = None if group.ids is None else list(group.ids)
            items.append(self._item(group.key, group.files, group.format, group.share, select=ids))
        order = {os.path.abspath(path): number for number, path in enumerate(files)}
        yield from _with_unique_keys(
            sorted(items, key=lambda item: order[item.locator["files"][0]])
        )

    def _captors(self, path: Path, captors: dict[str, Path]) -> Iterator[Item]:
        """One item a station: reading one of many is cheap, and a damaged one harms no other."""
        names = sem3d.station_names(path)
        for name in names:
            first = captors.setdefault(name, path)
            yield self._item(
                f"{path.as_posix()}:{name}", [path], "SEM3D", len(names), select=[name],
                also=None if first == path else first.as_posix(),
            )  # fmt: skip

    def _asdf(self, path: Path) -> list[Item]:
        """:raises InputError: for a damaged file, or one without the tag."""
        contents = asdf.contents(path, self.tag)
        return [
            self._item(
                f"{path.as_posix()}:{station}:{tag}", [path], "ASDF", len(contents),
                select=[station, tag],
            )
            for station, tag in contents
        ]  # fmt: skip

    def _item(
        self, key: str, files: Sequence[Path], format: str | None, share: int = 1, **locator: Any
    ) -> Item:
        """An item of files.

        :param share: items that the files are divided among, as their bytes are.
        :param locator: further values; those that are None are left out.
        """
        values = {name: value for name, value in locator.items() if value is not None}
        paths = [os.path.abspath(path) for path in files]
        size = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
        return Item(key, {"files": paths, "format": format, **values}, size // share)

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        locator = item.locator
        format, select = locator["format"], locator.get("select", [])
        if locator.get("also"):
            raise InputError(f"{item.key} is in {locator['also']} already.")
        if format == "ASDF":
            path = Path(locator["files"][0])
            check_file(path, self.largest)
            stream, inventory, event = asdf.read(path, select[0], select[1])
            return self.metadata.complete(stream, event, inventory)
        if format is None:
            path = Path(locator["files"][0])
            check_file(path, self.largest)
            if asdf.is_asdf(path):
                self._asdf(path)  # raises the reason why it has no items
        options = self._reading()
        if format == "SEM3D" and select:
            options["stations"] = select
        stream = Stream()
        for path in locator["files"]:
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
        """The options of the formats' readers."""
        options = {name: getattr(self, name) for name in READING}
        return {name: value for name, value in options.items() if value is not None}

    @property
    def label(self) -> str:
        """See :attr:`obspy_broadband.sources.source.Source.label`."""
        more = f" and {len(self.inputs) - 1} more" if len(self.inputs) > 1 else ""
        return self.inputs[0] + more

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


def _with_unique_keys(items: list[Item]) -> Iterator[Item]:
    """Number the items that share a key."""
    keys: set[str] = set()
    for item in items:
        key, number = item.key, 2
        while key in keys:
            key, number = f"{item.key}#{number}", number + 1
        keys.add(key)
        yield Item(key, item.locator, item.bytes)
