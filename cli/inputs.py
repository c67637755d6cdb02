"""What the commands share: reading what the user points at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from obspy import Stream

from obspy_broadband.archive.sources import xml
from obspy_broadband.archive.sources.files import folders
from obspy_broadband.archive.sources.waveforms import read_waveforms
from obspy_broadband.ensemble_folder import CARD
from obspy_broadband.errors import InputError, first_line


def is_ensemble(path: Path) -> bool:
    """Whether the path is a folder that an ensemble was written to."""
    return (path / CARD).is_file()


def find_files(inputs: Iterable[str]) -> list[Path]:
    """Files among paths, folders (all files below, hidden ones left out) and glob patterns.

    Of a folder of SEM3D's results, its captors alone.

    :raises InputError: for an input that matches nothing.
    """
    return [path for files in folders(list(inputs)) for path in files if path.is_file()]


def read_stream(
    files: Sequence[Path], format: str | None, **options: Any
) -> tuple[Stream, list[tuple[Path, str]]]:
    """One Stream of all files.

    :param format: as ObsPy names it; None recognises it.
    :param options: passed to the format's reader.
    :return: the Stream, and the files that could not be read, with the reason.
    """
    stream, unreadable = Stream(), []
    for path in files:
        try:
            stream += read_waveforms(path, format, **options)
        except InputError as error:
            unreadable.append((path, str(error)))
    return stream, unreadable


def read_metadata(path: str | None, reader: Callable[[str], Any], what: str) -> Any:
    """An Inventory or a Catalog from a file; None for no file.

    :raises InputError: for a file that is none.
    """
    if path is None:
        return None
    data = xml.read_file(path)
    if data.lstrip()[:1] == b"<":
        xml.checked(data, path)
    try:
        return reader(path)
    except Exception as error:  # ObsPy raises TypeError, XML errors, ...
        raise InputError(f"{path} cannot be read as {what}: {first_line(error)}") from error


def report_skips(skips: Sequence[tuple[Any, str]]) -> None:
    """Print what was left out and why, to standard error."""
    for what, reason in skips:
        click.echo(f"skipped {what}: {reason}", err=True)


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """``name=value`` pairs; a value is a number, true, false, none or a text.

    :raises InputError: for what is no pair.
    """
    words = {"true": True, "false": False, "none": None}
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--set {setting!r}: write NAME=VALUE, e.g. --set variability=0.5.")
        value: Any = words.get(text.strip().lower(), text.strip())
        if isinstance(value, str):
            for kind in (int, float):
                try:
                    value = kind(value)
                    break
                except ValueError:
                    continue
        parsed[name.strip().replace("-", "_")] = value
    return parsed
