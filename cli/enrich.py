"""``obb enrich``: files in, one ensemble out."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import click
from obb_cli.arguments import (
    COHERENCE,
    CORNER,
    METHOD,
    NUMBER,
    SEED,
    SET,
    UNITS,
    WEIGHTS,
    enrich_arguments,
    parse_corner,
)
from obb_cli.inputs import (
    INVENTORY,
    READ,
    read_stream,
    refuse_ensembles,
    refuse_existing,
    report_skips,
)

from obspy_broadband.enrich import enrich_data
from obspy_broadband.ensemble.folder import CARD
from obspy_broadband.errors import InputError
from obspy_broadband.io.xml import all_stations, as_event
from obspy_broadband.records.record import read_records
from obspy_broadband.records.station_data import StationData
from obspy_broadband.request import Request


@click.command(
    params=[
        click.Argument(["inputs"], nargs=-1, required=True),
        METHOD,
        WEIGHTS,
        NUMBER,
        SEED,
        CORNER,
        UNITS,
        click.Option(["--magnitude"], type=float, help="Moment magnitude."),
        click.Option(["--distance"], type=float, help="Hypocentral distance, km."),
        click.Option(
            ["--event"],
            type=click.Path(exists=True),
            metavar="FILE",
            help="Of one event: QuakeML, CMTSOLUTION, ...",
        ),
        INVENTORY,
        READ,
        SET,
        COHERENCE,
        click.Option(
            ["-o", "--output"], required=True, type=click.Path(path_type=Path), help="Folder."
        ),
        click.Option(["--overwrite"], is_flag=True, help="Replace an ensemble that is there."),
        click.Option(["--dry-run"], is_flag=True, help="Say what would be done, and do nothing."),
    ]
)
def enrich(
    inputs: tuple[str, ...],
    reading: dict[str, Any],
    method: str,
    weights: str | None,
    number: int,
    seed: int | None,
    corner: str,
    units: str | None,
    magnitude: float | None,
    distance: float | None,
    event: str | None,
    inventories: tuple[str, ...],
    settings: tuple[str, ...],
    coherence: str | None,
    output: Path,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Turn low-frequency simulations into an ensemble of broadband records.

    INPUTS are files, folders and patterns of any format that ObsPy or this package reads. Records
    that cannot be used are skipped with the reason (exit code 2); --set on_bad=raise stops there.
    Large archives are enriched item by item by `obb archive run`.

    \b
    obb enrich traces/ -n 20 -o ensemble/
    obb enrich *.semv --corner 2 --magnitude 6.1 --event event.xml --inventory stations.xml -o out/
    obb enrich run.mseed --units cm/s --set vs30=400 --set variability=0 -n 1 --seed 7 -o median/
    obb enrich run1/ --read format=SEM3D --read axes=NEZ --read quantity=velocity -o run1-ensemble/
    """
    refuse_ensembles(inputs)
    arguments, options = enrich_arguments(
        settings, coherence, {"magnitude": magnitude, "distance": distance}
    )
    on_bad = options.pop("on_bad", "skip")
    request = Request(
        method=method,
        n=number,
        seed=seed,
        corner=parse_corner(corner),
        units=units,
        weights=weights,
        options=options,
        on_bad=on_bad,
        **arguments,
    )
    refuse_existing(output, overwrite)
    if output.exists() and not (output.is_dir() and _replaceable(output)):
        raise InputError(f"{output} exists and is no ensemble; choose another name.")
    stream, unreadable = read_stream(inputs, **reading)
    if on_bad == "raise" and unreadable:
        raise InputError(f"{unreadable[0][0]}: {unreadable[0][1]}")
    report_skips(unreadable)
    if not stream:
        raise InputError("None of the inputs could be read.")
    inventory = all_stations(inventories)
    ready = request.ready()
    request.check(ready)
    if dry_run:
        records, refusals = read_records(stream, units, inventory)
        click.echo(f"{len(records)} records, {len(records) * number} realizations by {method}:")
        for record in records:
            click.echo(f"  {record.id}  {record.duration:g} s at {record.sampling_rate:g} Hz")
        report_skips([(refusal.id, refusal.reason) for refusal in refusals])
        return
    data = StationData(stream, inventory, as_event(event))
    with warnings.catch_warnings():
        # Said below, record by record.
        warnings.filterwarnings("ignore", message="Skipped ")
        ensemble = enrich_data(data, request, ready, progress=True)
    skipped = [(record["id"], record["reason"]) for record in ensemble.provenance["skipped"]]
    report_skips(skipped)
    ensemble.write(output, overwrite=overwrite)
    click.echo(f"{ensemble!r} -> {output}")
    if skipped or unreadable:
        sys.exit(2)


def _replaceable(folder: Path) -> bool:
    return (folder / CARD).is_file() or not any(folder.iterdir())
