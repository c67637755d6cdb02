"""``obb enrich``: files in, an ensemble folder out; or a run over an archive."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import click
from obb_cli.archive import enrich_archive, is_archive, run_options, take_run_options
from obb_cli.inputs import (
    parse_settings,
    read_stream,
    refuse_ensembles,
    refuse_existing,
    report_skips,
)
from obb_cli.sources import source_of, source_options

import obspy_broadband
from obspy_broadband.ensemble.folder import CARD
from obspy_broadband.errors import InputError
from obspy_broadband.io.xml import all_stations
from obspy_broadband.records.record import read_records
from obspy_broadband.records.spatial_correlation import AUTO, MODELS
from obspy_broadband.request import Request
from obspy_broadband.sources.waveforms import READING


@click.command()
@click.argument("inputs", nargs=-1)
@click.option("-m", "--method", default="stochastic", show_default=True, help="See `obb methods`.")
@click.option("-n", "number", default=20, show_default=True, help="Realizations of each record.")
@click.option("-s", "--seed", type=int, help="Whole number; drawn and noted if left out.")
@click.option(
    "-c",
    "--corner",
    default="1.0",
    show_default=True,
    metavar="HZ|auto",
    help="Highest frequency that the input resolves; auto: where its spectrum falls off.",
)
@click.option("-u", "--units", help="e.g. velocity, cm/s**2, g [default: what the files say]")
@click.option("--magnitude", type=float, help="Moment magnitude.")
@click.option("--distance", type=float, help="Hypocentral distance, km.")
@click.option("--rupture-distance", type=float, help="Closest distance to the rupture, km.")
@click.option("--depth", type=float, help="Of the hypocentre, km.")
@click.option("--vs30", type=float, help="m/s.")
@click.option(
    "--event",
    "event_file",
    type=click.Path(exists=True),
    help="File of one event: QuakeML, CMTSOLUTION, ...",
)
@click.option(
    "--spatial-correlation",
    type=click.Choice([AUTO, *MODELS, "none"]),
    default=AUTO,
    show_default=True,
    help="Levels correlated in space; auto: where stations and event are known.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Method's option.")
@click.option("--weights", help="Of a trained method: a name, or a file's path.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace an ensemble that is there already.")
@click.option("--strict", is_flag=True, help="Stop at the first record that cannot be used.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@run_options
@source_options
@click.pass_context
def enrich(
    context: click.Context,
    inputs: tuple[str, ...],
    method: str,
    number: int,
    seed: int | None,
    corner: str,
    units: str | None,
    event_file: str | None,
    spatial_correlation: str,
    settings: tuple[str, ...],
    weights: str | None,
    output: Path,
    overwrite: bool,
    strict: bool,
    dry_run: bool,
    magnitude: float | None,
    distance: float | None,
    rupture_distance: float | None,
    depth: float | None,
    vs30: float | None,
    **given: Any,
) -> None:
    """Turn low-frequency simulations into ensembles of broadband records.

    INPUTS are files, folders and patterns of any format that ObsPy or this package reads. Records
    that cannot be used are skipped with the reason (exit code 2), or stop the run with --strict.

    Files alone make one ensemble folder. With --to, or any other option of archives or of their
    sources, the output is the folder of a run: item by item, resumable, with tables and a report.

    \b
    obb enrich traces/ -n 20 -o ensemble/
    obb enrich *.semv --corner 2 --magnitude 6.1 --event event.xml --inventory stations.xml -o out/
    obb enrich run.mseed --units cm/s --set variability=0 -n 1 --seed 7 -o median/
    obb enrich traces/ --to ensemble --workers 8 -o run/
    obb enrich traces/ --to ensemble --workers 8 -o run/ --resume
    obb enrich --sds archive/ --events catalog.xml --to sds --cluster tcp://head:8786 -o run/
    """
    known = {
        "magnitude": magnitude, "distance": distance, "depth": depth, "vs30": vs30,
        "rupture_distance": rupture_distance,
    }  # fmt: skip
    model = None if spatial_correlation == "none" else spatial_correlation
    options = take_run_options(given)
    refuse_ensembles(inputs)
    if is_archive(context):
        if overwrite:
            raise InputError("--overwrite is for one ensemble; a run needs a folder of its own.")
        if event_file and given["events"]:
            raise InputError("--event and --events exclude each other.")
        given["events"] = given["events"] or event_file
        asked = {
            "method": method,
            "n": number,
            "corner": parse_corner(corner),
            "units": units,
            **known,
        }
        asked |= {
            "weights": weights,
            "options": parse_settings(settings),
            "spatial_correlation": model,
        }
        source = source_of(inputs, **given)
        enrich_archive(source, output, asked, seed, strict, dry_run, options)
        return
    if not inputs:
        raise InputError("obb enrich needs INPUTS, or a source: --sds, --fdsn or --seisbench.")
    refuse_existing(output, overwrite)
    if output.exists() and not (output.is_dir() and _replaceable(output)):
        raise InputError(f"{output} exists and is no ensemble; choose another name.")
    reading = {name: given[name] for name in ("format", *READING)}
    stream, unreadable = read_stream(inputs, **reading)
    if strict and unreadable:
        raise InputError(f"{unreadable[0][0]}: {unreadable[0][1]}")
    if not stream:
        report_skips(unreadable)
        raise InputError("None of the inputs could be read.")
    report_skips(unreadable)
    inventory = all_stations(given["inventories"])
    if dry_run:
        request = Request(
            method=method,
            n=number,
            seed=seed,
            corner=parse_corner(corner),
            weights=weights,
            options=parse_settings(settings),
        )
        request.check(request.ready())
        records, refusals = read_records(stream, units, inventory)
        click.echo(f"{len(records)} records, {len(records) * number} realizations by {method}:")
        for record in records:
            click.echo(f"  {record.id}  {record.duration:g} s at {record.sampling_rate:g} Hz")
        report_skips([(refusal.id, refusal.reason) for refusal in refusals])
        return
    with warnings.catch_warnings():
        # Said below, record by record.
        warnings.filterwarnings("ignore", message="Skipped ")
        ensemble = obspy_broadband.enrich(
            stream,
            method,
            n=number,
            seed=seed,
            corner=parse_corner(corner),
            units=units,
            **known,
            inventory=inventory,
            event=event_file,
            weights=weights,
            spatial_correlation=model,
            on_bad="raise" if strict else "skip",
            progress=True,
            **parse_settings(settings),
        )
    skipped = [(item["id"], item["reason"]) for item in ensemble.provenance["skipped"]]
    report_skips(skipped)
    ensemble.write(output, overwrite=overwrite)
    click.echo(f"{ensemble!r} -> {output}")
    if skipped or unreadable:
        sys.exit(2)


def _replaceable(folder: Path) -> bool:
    return (folder / CARD).is_file() or not any(folder.iterdir())


def parse_corner(text: str) -> float | str:
    """A number, or what the library says of it."""
    try:
        return float(text)
    except ValueError:
        return text
