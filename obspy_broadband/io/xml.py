"""StationXML, QuakeML and other files of stations and events, from untrusted sources.

ObsPy parses with lxml's defaults, which expand internal entities. Neither format needs a document
type; a file that has one is refused before ObsPy sees it, and with it every entity.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from obspy import Catalog, Inventory, read_events, read_inventory
from obspy.core.event import Event

from ..errors import InputError, first_line
from . import cmtsolution
from .files import check_file

#: What ``event=`` and ``inventory=`` of the public functions take.
EventLike: TypeAlias = Event | Catalog | str | os.PathLike
InventoryLike: TypeAlias = Inventory | str | os.PathLike
#: StationXML with all responses of a large network has some 100 MB.
LARGEST = 512 * 1024**2


def checked(data: bytes, name: str) -> io.BytesIO:
    """An XML document without a document type, ready to be parsed by ObsPy.

    :param name: for messages.
    :raises InputError: for a document that is not XML, or has a document type.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    try:
        information = etree.fromstring(data, parser).getroottree().docinfo
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"{name} is no XML: {first_line(error)}") from error
    if information.doctype or information.internalDTD is not None:
        raise InputError(
            f"{name} has a document type (DOCTYPE), which neither StationXML nor QuakeML needs; "
            "it may define entities and is not read."
        )
    return io.BytesIO(data)


def inventory(data: bytes, name: str) -> Inventory:
    """StationXML -> Inventory.

    :param name: for messages.
    :raises InputError: for anything else.
    """
    return _parse(read_inventory, data, name, "STATIONXML", "StationXML")


def catalog(data: bytes, name: str) -> Catalog:
    """QuakeML -> Catalog.

    :param name: for messages.
    :raises InputError: for anything else.
    """
    return _parse(read_events, data, name, "QUAKEML", "QuakeML")


def events(path: str) -> Catalog:
    """The events of a file: QuakeML, CMTSOLUTION, NDK, whatever ObsPy recognises.

    :raises InputError: for a file that is none of them, or cannot be read.
    """
    return _read(_events, path, "events (QuakeML, CMTSOLUTION or another format of ObsPy's)")


def _events(document: io.BytesIO) -> Catalog:
    data = document.getvalue()
    return cmtsolution.read(data) if cmtsolution.is_cartesian(data) else read_events(document)


def stations(path: str) -> Inventory:
    """The stations of a file: StationXML, dataless SEED, whatever ObsPy recognises.

    :raises InputError: for a file that is none of them, or cannot be read.
    """
    return _read(read_inventory, path, "an inventory (StationXML or another format of ObsPy's)")


def all_stations(paths: Iterable[str]) -> Inventory | None:
    """The stations of several files in one Inventory; None without a file.

    :raises InputError: see :func:`stations`.
    """
    merged: Inventory | None = None
    for path in paths:
        inventory = stations(path)
        merged = inventory if merged is None else merged + inventory
    return merged


def as_event(event: EventLike | None) -> Event | None:
    """The Event of the argument ``event=`` of a public function.

    :param event: an ObsPy Event, a Catalog of one, or the path of a file with one (QuakeML,
        CMTSOLUTION, whatever ObsPy reads).
    :raises InputError: for none or several events, a file that cannot be read, or something else.
    """
    if event is None or isinstance(event, Event):
        return event
    if isinstance(event, str | os.PathLike):
        catalog, origin = events(os.fspath(event)), f"{os.fspath(event)} holds"
    elif isinstance(event, Catalog):
        catalog, origin = event, "The catalog given as event holds"
    else:
        raise InputError(
            "event= takes an ObsPy Event, a Catalog of one event or the path of a file with one "
            f"(QuakeML, CMTSOLUTION, ...), not {type(event).__name__}."
        )
    if len(catalog) == 1:
        return catalog[0]
    if not len(catalog):
        raise InputError(f"{origin} no event.")
    raise InputError(
        f"{origin} {len(catalog)} events; one is needed. Choose it, e.g. event=catalog[0], or keep "
        "it alone in the file. (obb archive run --events finds the event of each dated record by "
        "time.)"
    )


def as_inventory(inventory: InventoryLike | None) -> Inventory | None:
    """The Inventory of the argument ``inventory=`` of a public function.

    :param inventory: an ObsPy Inventory, or the path of a file with one (StationXML, dataless SEED,
        whatever ObsPy reads).
    :raises InputError: for a file that cannot be read, or something else.
    """
    if inventory is None or isinstance(inventory, Inventory):
        return inventory
    if isinstance(inventory, str | os.PathLike):
        return stations(os.fspath(inventory))
    raise InputError(
        "inventory= takes an ObsPy Inventory or the path of a file with one (StationXML, ...), "
        f"not {type(inventory).__name__}."
    )


def _read(reader: Callable[[io.BytesIO], Any], path: str, content: str) -> Any:
    """A file of any format that ObsPy's reader recognises; XML is checked first.

    :param content: its description, for the message.
    """
    data = read_file(path)
    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    document = checked(data, path) if is_xml else io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions and units it does not know
            return reader(document)
    except Exception as error:  # ObsPy's own TypeError names a temporary file
        reason = "" if "Unknown format" in str(error) else f": {first_line(error)}"
        raise InputError(f"{path} cannot be read as {content}{reason or '.'}") from error


def read_file(path: str) -> bytes:
    """The bytes of a file of stations or events.

    :raises InputError: if it cannot be read or is too large.
    """
    check_file(Path(path), LARGEST)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _parse(reader, data: bytes, name: str, format: str, spelled: str):
    document = checked(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions and units it does not know
            return reader(document, format=format)
    except Exception as error:  # ObsPy raises whatever the missing element leads to
        raise InputError(f"{name} cannot be read as {spelled}: {first_line(error)}") from error
