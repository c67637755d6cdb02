"""The scenario table, a CSV of stations: ``station, latitude, longitude, magnitude, ...``."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from obspy import Stream

from ..errors import InputError
from ..io.files import check_file
from ..method.contract import Scenario
from ..records.orientation import station_id
from ..records.places import coordinates
from ..records.record import Record
from ..records.scenario import check_distance, find_scenario
from ..records.station_data import StationData
from .source import Item, Source

LARGEST = 256 * 1024**2
_PLACE = ("latitude", "longitude")
_VALUES = tuple(field.name for field in dataclasses.fields(Scenario))
COLUMNS = ("station", *_PLACE, *_VALUES)


@dataclass(frozen=True)
class StationRow:
    """The values of a station's row.

    :param place: latitude and longitude in degrees.
    """

    scenario: Scenario
    place: tuple[float, float] | None = None


def find_row(table: Mapping[str, StationRow], network: str, station: str) -> StationRow | None:
    """The row of a station: under ``NET.STA``, else under ``STA``.

    A simulation without network codes is found by its station code, where the table has it once.
    """
    row = table.get(f"{network}.{station}") or table.get(station)
    if row is None and not network:
        same = [other for code, other in table.items() if code.rpartition(".")[2] == station]
        row = same[0] if len(same) == 1 else None
    return row


def read_table(path: str) -> dict[str, StationRow]:
    """The rows, by ``NET.STA`` (or ``STA``, as the table has it).

    Cells are separated by commas, semicolons or tabs, whichever the first line has; numbers have a
    decimal point. An empty cell is a value that is not known.

    :raises InputError: for a file that is no such table, with the line.
    """
    check_file(Path(path), LARGEST)
    table: dict[str, StationRow] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            separator = max(",;\t", key=first.count)
            reader = csv.DictReader(file, delimiter=separator)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            _check_columns(path, reader.fieldnames)
            for row in reader:
                line = f"{path}, line {reader.line_num}"
                if None in row:
                    commas = " Numbers need a decimal point, not a comma." * (separator == ",")
                    raise InputError(f"{line}: more cells than columns.{commas}")
                station = (row.get("station") or "").strip()
                if not station.isprintable() or not station:
                    raise InputError(f"{line}: no station.")
                if station in table:
                    raise InputError(f"{line}: {station} stands in the table twice.")
                table[station] = _station_row(line, row)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} cannot be read as CSV: it is not UTF-8. Save it as text in UTF-8."
        ) from error
    except (csv.Error, OSError) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from error
    if not table:
        raise InputError(f"{path} has no station.")
    return table


def _check_columns(path: str, names: Sequence[str]) -> None:
    """:raises InputError: for columns that are not known, or come twice, or no ``station``."""
    unknown = [name for name in names if name not in COLUMNS]
    twice = sorted({name for name in names if names.count(name) > 1})
    if "station" in names and not unknown and not twice:
        return
    problems = [f"{name[:50]!r} comes twice" for name in twice if name in COLUMNS]
    for name in unknown:
        near = get_close_matches(name.lower(), COLUMNS, 1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        problems.append(f"{name[:50]!r} is unknown{meant}")
        if len(problems) == 3:
            break
    if not problems:
        problems = ["there is no column 'station'"]
    raise InputError(
        f"{path}: the first line must name columns among {', '.join(COLUMNS)}, station being one; "
        f"{'; '.join(problems)}."
    )


def _station_row(line: str, row: dict[str, Any]) -> StationRow:
    """:param line: file and line, for messages."""
    numbers: dict[str, float | None] = {}
    for name in (*_PLACE, *_VALUES):
        text = (row.get(name) or "").strip()
        try:
            numbers[name] = float(text) if text else None
        except ValueError as error:
            point = " with a decimal point" * ("," in text)
            raise InputError(
                f"{line}: {name} is {text[:50]!r}; a number{point} is needed."
            ) from error
    latitude, longitude = numbers["latitude"], numbers["longitude"]
    if (latitude is None) != (longitude is None):
        raise InputError(f"{line}: latitude and longitude are needed together.")
    place = None
    if latitude is not None and longitude is not None:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
            raise InputError(f"{line}: {latitude:g}, {longitude:g} is no place on Earth.")
        place = (latitude, longitude)
    try:
        scenario = Scenario(**{name: numbers[name] for name in _VALUES})
        check_distance(scenario)
        return StationRow(scenario, place)
    except InputError as error:
        raise InputError(f"{line}: {error}") from error


def write_table(
    path: Path, source: Source, items: Iterable[Item]
) -> tuple[int, list[tuple[str, str]]]:
    """Write the table of a source's stations, with the values that their records give.

    A value in which the records of a station differ (those of several events) is left empty.

    :return: number of stations, and the items that could not be read, with the reasons.
    :raises InputError: if there is no station at all, or the file cannot be written.
    """
    rows: dict[str, dict[str, float | None]] = {}
    skipped: list[tuple[str, str]] = []
    for item in items:
        try:
            for station, values in _stations(source.read(item)):
                row = rows.setdefault(station, values)
                rows[station] = {key: row[key] if row[key] == values[key] else None for key in row}
        except InputError as error:
            skipped.append((item.key, str(error)))
    if not rows:
        reason = f" ({skipped[0][1]})" if skipped else ""
        raise InputError(f"There is no station that can be read{reason}")
    try:
        with open(path, "x", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for station in sorted(rows):
                cells = {key: _cell(value) for key, value in rows[station].items()}
                writer.writerow({"station": station, **cells})
    except FileExistsError as error:
        raise InputError(f"{path} exists; choose another name.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    return len(rows), skipped


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"


def _stations(data: StationData) -> Iterable[tuple[str, dict[str, float | None]]]:
    stations = set()
    for trace in data.stream:
        station = f"{trace.stats.network}.{trace.stats.station}"
        if station in stations:
            continue
        stations.add(station)
        record = _header(Stream([trace]))
        scenario = find_scenario(record, inventory=data.inventory, event=data.event)
        row = data.scenarios.get(station, Scenario())
        values = {
            name: first_finite(getattr(row, name), getattr(scenario, name)) for name in _VALUES
        }
        # An empty cell where methods use the distance to the rupture.
        hypocentral = [each.hypocentral_distance_km for each in (row, scenario)]
        by_rupture = row.rupture_distance_km is not None and hypocentral[0] is None
        values["distance_km"] = None if by_rupture else first_finite(*hypocentral)
        place = coordinates(record, data.inventory, data.event) or (None, None)
        yield station, {"latitude": place[0], "longitude": place[1], **values}


def first_finite(*values: float | None) -> float | None:
    """The first that is neither None nor NaN."""
    return next((value for value in values if value is not None and not math.isnan(value)), None)


def _header(stream: Stream) -> Record:
    """A record without samples, of which :func:`find_scenario` reads the headers."""
    stats = stream[0].stats
    return Record(station_id(stats), np.empty((3, 0)), 1.0, stats.starttime, (0,), (stats,))
