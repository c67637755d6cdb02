"""What the commands share: reading what the user points at."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from obspy import Inventory, Stream
from obspy.core import AttribDict

from obspy_broadband.ensemble.folder import CARD
from obspy_broadband.errors import InputError, NoWaveforms
from obspy_broadband.records.orientation import orientation_of
from obspy_broadband.sources import asdf
from obspy_broadband.sources.files import damaged, folders, is_from_folder, is_result
from obspy_broadband.sources.waveforms import known_format, lies_beside, read_waveforms

#: What ``--read`` says of files by its names, each with an example; see :data:`READING`.
READING_EXAMPLES = {
    "format": "SEM3D",
    "quantity": "velocity",
    "components": "ZNE",
    "dt": "0.01",
    "azimuth": "30",
    "axes": "NEZ",
    "variables": "Displ,Veloc",
    "tag": "*_default",
}


def parse_reading(pairs: Iterable[str]) -> dict[str, Any]:
    """``NAME=VALUE`` pairs that say what files do not say of themselves.

    :return: for :func:`read_stream`; ``dt`` (s) and ``azimuth`` (degrees) are numbers.
    :raises InputError: for what is no pair, for a name that is not known, and for a text in place
        of a number.
    """
    reading: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if name not in READING_EXAMPLES or not equals or not text:
            known = ", ".join(f"{name}={value}" for name, value in READING_EXAMPLES.items())
            raise InputError(f"--read {pair!r}: write NAME=VALUE; known are e.g. {known}.")
        if name in reading:
            raise InputError(f"--read {name}= is given twice.")
        reading[name] = text
        if name in ("dt", "azimuth"):
            try:
                reading[name] = float(text)
            except ValueError as error:
                example = READING_EXAMPLES[name]
                raise InputError(
                    f"--read {pair!r}: write a number, e.g. {name}={example}."
                ) from error
    return reading


READ = click.Option(
    ["--read", "reading"],
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda context, parameter, pairs: parse_reading(pairs),
    help=f"What files do not say: {', '.join(READING_EXAMPLES)}.",
)
INVENTORY = click.Option(
    ["--inventory", "inventories"],
    multiple=True,
    metavar="FILE",
    help="StationXML, for responses, orientations and places.",
)


def holds_ensembles(path: Path) -> bool:
    """Whether the path is the folder of an ensemble, of a run, or has such folders in it."""
    return any((path / card).is_file() for card in (CARD, "run.json")) or bool(
        path.is_dir() and next(path.glob(f"*/{CARD}"), None)
    )


def refuse_ensembles(inputs: Iterable[str]) -> None:
    """See that no folder of results is taken for one of simulations.

    :raises InputError: for the folder of an ensemble or a run.
    """
    for name in inputs:
        if is_result(Path(name)):
            raise InputError(
                f"{name} is a result of obb enrich, which is no input of it: name the "
                "simulation's files or folder. Realizations are written in other formats by obb "
                "archive run --to, or in Python: Ensemble.read(folder)[0].write(name, format)."
            )


def refuse_existing(output: Path | None, overwrite: bool, file: bool = False) -> None:
    """See that nothing is overwritten unasked, and that there is a place to write to.

    :param file: whether a file is to be written, and no folder.
    :raises InputError: for a file, or a folder that is not empty, unless ``overwrite``; for what
        cannot be made where it is to be.
    """
    if output is None:
        return
    if file and output.is_dir():
        raise InputError(f"{output} is a folder; name a file, e.g. {output / 'table.csv'}.")
    above = next(path for path in (output, *output.absolute().parents) if path.exists())
    if above != output and not above.is_dir():
        raise InputError(f"{output} cannot be written: {above} is a file, no folder.")
    if not os.access(above, os.W_OK):
        raise InputError(f"{output} cannot be written: no permission to write to {above}.")
    if overwrite or not output.exists():
        return
    if not output.is_dir():
        raise InputError(f"{output} exists; choose another name or --overwrite.")
    if any(output.iterdir()):
        raise InputError(f"{output} exists and is not empty; choose another name or --overwrite.")


def _find_files(inputs: Sequence[str]) -> list[Path]:
    """Files among paths, folders (all files below, hidden ones left out) and glob patterns.

    Of a folder of SEM3D's results, its captors alone. Of folders and patterns, lists of stations
    and the like beside waveforms are left out.

    :raises InputError: for an input that matches nothing.
    """
    names = set(inputs)
    return [
        path
        for files in folders(list(inputs))
        for path in files
        if path.is_file() and (str(path) in names or not lies_beside(path))
    ]


@contextmanager
def similar_warnings_once() -> Iterator[None]:
    """Give a warning that many stations share once, with the number of the others."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        kinds: dict[tuple[Any, ...], tuple[type[Warning], list[str]]] = {}
        for warning in caught:
            text = str(warning.message)
            # Words with a dot in them are ids and numbers.
            words = (word for word in text.split()[:8] if "." not in word)
            kind = (warning.category, *words)
            kinds.setdefault(kind, (warning.category, []))[1].append(text)
        for category, texts in kinds.values():
            others = len(set(texts)) - 1
            more = f" ({others} more like this.)" if others else ""
            warnings.warn(texts[0] + more, category, stacklevel=3)


@similar_warnings_once()
def read_stream(
    inputs: Sequence[str], format: str | None = None, tag: str | None = None, **options: Any
) -> tuple[Stream, list[tuple[Path, str]]]:
    """One Stream of all files that :func:`_find_files` finds.

    What is of no known format and was not named, but found in a folder, is left out with one
    warning for all, unless it is called as the waveforms are.

    :param format: as ObsPy names it; None recognises it.
    :param tag: of ASDF's waveforms, with * and ?; None takes all.
    :param options: the others of :func:`parse_reading`, for the readers that know them.
    :return: the Stream, and the files that could not be read, with the reason.
    :raises InputError: for an input that matches nothing, or if no file holds waveforms, or all are
        of another quantity than the one asked for.
    """
    files = _find_files(inputs)
    known_format(format)
    stream, unreadable = Stream(), []
    waveforms: list[Path] = []
    others: dict[Path, str] = {}  #: files without waveforms that nobody named, and why
    for path in files:
        try:
            if format is None and asdf.is_asdf(path):
                for station, station_tag in asdf.contents(path, tag):
                    traces, inventory, _ = asdf.read(path, station, station_tag)
                    stream += _completed(traces, inventory)
            else:
                stream += read_waveforms(path, format, **options)
            waveforms.append(path)
        except InputError as error:
            if isinstance(error, NoWaveforms) and is_from_folder(path, inputs):
                others[path] = str(error)
                continue
            unreadable.append((path, str(error)))
    reasons = {reason for _, reason in unreadable}
    # One reason for all, without their names, is of what was asked for.
    if not stream and len(unreadable) > 1 and len(reasons) == 1:
        raise InputError(reasons.pop())
    if others and not waveforms and not unreadable:
        raise InputError(
            f"There are no waveforms in {', '.join(inputs)}: {next(iter(others.values()))}"
        )
    unreadable += [(path, others[path]) for path in damaged(list(others), waveforms)]
    if files and not stream and not unreadable:
        raise InputError(f"None of the files holds {options.get('quantity', 'samples')}.")
    return stream, unreadable


def _completed(stream: Stream, inventory: Inventory | None) -> Stream:
    """The Stream with what an Inventory says of responses and orientations in ``stats``."""
    if inventory is not None:
        for trace in stream:
            with suppress(Exception):  # ObsPy raises a bare one where there is none
                trace.stats.response = inventory.get_response(trace.id, trace.stats.starttime)
            direction = orientation_of(trace, inventory)
            if direction is not None:
                trace.stats.orientation = AttribDict(azimuth=direction[0], dip=direction[1])
    return stream


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
