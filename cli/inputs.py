"""What the commands share: reading what the user points at."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
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

#: The format of files, and arguments of their readers.
READING_OPTIONS = (
    click.option("--format", help="Of the files, as ObsPy names it [default: recognised]."),
    click.option(
        "--quantity",
        help="displacement, velocity or acceleration, of files or folders that hold several.",
    ),
    click.option(
        "--components",
        help="Of columns that are not named, e.g. ZNE; - leaves one out. Of an AT2 file: e.g. 180.",
    ),
    click.option("--dt", type=float, help="s, of files without times."),
    click.option(
        "--azimuth", type=float, help="Of a grid's x, degrees from north (SW4, Hercules)."
    ),
    click.option(
        "--axes", help="SEM3D: directions of x, y, z, e.g. NEZ; D is down [default: ENZ]."
    ),
    click.option("--variables", help="SEM3D's text files: Displ,Veloc,Accel,Pressure or the like."),
)


#: Of recordings in counts.
inventory_option = click.option(
    "--inventory", "inventories", multiple=True, help="StationXML, for responses and orientations."
)


#: Of the files that hold what a program read and what it made of that.
TAG_OPTION = click.option("--tag", help="Of ASDF's waveforms, with * and ? [default: all].")


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the options that :func:`read_stream` takes."""
    for option in reversed((*READING_OPTIONS, TAG_OPTION)):
        command = option(command)
    return command


def holds_ensembles(path: Path) -> bool:
    """Whether the path is the folder of an ensemble, of a run, or has such folders in it."""
    return any((path / card).is_file() for card in (CARD, "run.json")) or bool(
        path.is_dir() and next(path.glob(f"*/{CARD}"), None)
    )


def refuse_ensembles(inputs: Iterable[str]) -> None:
    """See that no folder of results is taken for one of simulations.

    :raises InputError: for the folder of an ensemble or a run.
    """
    for given in inputs:
        if is_result(Path(given)):
            raise InputError(
                f"{given} is a result of obb enrich, which is no input of it: name the "
                "simulation's files or folder. Realizations are written in other formats by --to "
                "when they are made, or in Python: Ensemble.read(folder)[0].write(name, format)."
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
    above = next(one for one in (output, *output.absolute().parents) if one.exists())
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
    given = set(inputs)
    return [
        path
        for files in folders(list(inputs))
        for path in files
        if path.is_file() and (str(path) in given or not lies_beside(path))
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
        for one in caught:
            text = str(one.message)
            # Words with a dot in them are ids and numbers.
            words = (word for word in text.split()[:8] if "." not in word)
            kinds.setdefault((one.category, *words), (one.category, []))[1].append(text)
        for category, texts in kinds.values():
            others = len(set(texts)) - 1
            more = f" ({others} more like this.)" if others else ""
            warnings.warn(texts[0] + more, category, stacklevel=3)


@similar_warnings_once()
def read_stream(
    inputs: Sequence[str], format: str | None, tag: str | None = None, **options: Any
) -> tuple[Stream, list[tuple[Path, str]]]:
    """One Stream of all files that :func:`_find_files` finds.

    What is of no known format and was not named, but found in a folder, is left out with one
    warning for all, unless it is called as the waveforms are.

    :param format: as ObsPy names it; None recognises it.
    :param tag: of ASDF's waveforms, with * and ?; None takes all.
    :param options: of :func:`reading_options`, for the readers that know them; None is left out.
    :return: the Stream, and the files that could not be read, with the reason.
    :raises InputError: for an input that matches nothing, or if no file holds waveforms, or all are
        of another quantity than the one asked for.
    """
    files = _find_files(inputs)
    known_format(format)
    stream, unreadable = Stream(), []
    known: list[Path] = []
    unknown: dict[Path, str] = {}
    options = {name: value for name, value in options.items() if value is not None}
    for path in files:
        try:
            if format is None and asdf.is_asdf(path):
                for station, its_tag in asdf.contents(path, tag):
                    found, its_own, _ = asdf.read(path, station, its_tag)
                    stream += _completed(found, its_own)
            else:
                stream += read_waveforms(path, format, **options)
            known.append(path)
        except InputError as error:
            if isinstance(error, NoWaveforms) and is_from_folder(path, inputs):
                unknown[path] = str(error)
                continue
            unreadable.append((path, str(error)))
    reasons = {reason for _, reason in unreadable}
    # One reason for all, without their names, is of what was asked for.
    if not stream and len(unreadable) > 1 and len(reasons) == 1:
        raise InputError(reasons.pop())
    if unknown and not known and not unreadable:
        raise InputError(
            f"There are no waveforms in {', '.join(inputs)}: {next(iter(unknown.values()))}"
        )
    unreadable += [(path, unknown[path]) for path in damaged(list(unknown), known)]
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
