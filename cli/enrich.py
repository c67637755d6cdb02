"""``obb enrich``: files in, an ensemble folder out."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import click
from obb_cli.inputs import (
    find_files,
    parse_settings,
    read_metadata,
    read_stream,
    report_skips,
)
from obspy import read_events, read_inventory

import obspy_broadband
from obspy_broadband.errors import InputError
from obspy_broadband.record import read_records
from obspy_broadband.registry import create


@click.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("-m", "--method", default="stochastic", show_default=True, help="See `obb methods`.")
@click.option("-n", "number", default=20, show_default=True, help="Realizations of each record.")
@click.option("-s", "--seed", type=int, help="Whole number; drawn and noted if left out.")
@click.option("-c", "--corner", default=1.0, show_default=True, help="Hz resolved by the input.")
@click.option("-u", "--units", help="e.g. velocity, cm/s**2, g [default: the file's, else m/s**2]")
@click.option("--format", help="Of the inputs, as ObsPy names it [default: recognised].")
@click.option("--quantity", help="SEM3D: displacement, velocity or acceleration.")
@click.option("--magnitude", type=float, help="Moment magnitude.")
@click.option("--distance", type=float, help="Hypocentral or rupture distance, km.")
@click.option("--depth", type=float, help="Of the hypocentre, km.")
@click.option("--vs30", type=float, help="m/s.")
@click.option("--event", "event_file", type=click.Path(exists=True), help="QuakeML.")
@click.option("--inventory", "inventory_file", type=click.Path(exists=True), help="StationXML.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Method's option.")
@click.option("--weights", help="Of a trained method: a name, or a file's path.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace an ensemble that is there already.")
@click.option("--strict", is_flag=True, help="Stop at the first record that cannot be used.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def enrich(
    inputs: tuple[str, ...],
    method: str,
    number: int,
    seed: int | None,
    corner: float,
    units: str | None,
    format: str | None,
    quantity: str | None,
    magnitude: float | None,
    distance: float | None,
    depth: float | None,
    vs30: float | None,
    event_file: str | None,
    inventory_file: str | None,
    settings: tuple[str, ...],
    weights: str | None,
    output: Path,
    overwrite: bool,
    strict: bool,
    dry_run: bool,
) -> None:
    """Turn low-frequency simulations into ensembles of broadband records.

    INPUTS are files, folders and patterns of any format that ObsPy or this package reads. Records
    that cannot be used are skipped with the reason (exit code 2), or stop the run with --strict.

    \b
    obb enrich traces/ -n 20 -o ensemble/
    obb enrich *.semv --corner 2 --magnitude 6.1 --event event.xml --inventory stations.xml -o out/
    obb enrich run.mseed --units cm/s --set variability=0 -n 1 --seed 7 -o median/
    """
    if output.exists() and not overwrite and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output} exists and is not empty; choose another name or --overwrite.")
    options = {"quantity": quantity} if quantity else {}
    stream, unreadable = read_stream(find_files(inputs), format, **options)
    if strict and unreadable:
        raise InputError(f"{unreadable[0][0]}: {unreadable[0][1]}")
    if not stream:
        report_skips(unreadable)
        raise InputError("None of the inputs could be read.")
    report_skips(unreadable)
    if dry_run:
        create(method, parse_settings(settings), weights)
        records, refusals = read_records(stream, units)
        click.echo(f"{len(records)} records, {len(records) * number} realizations by {method}:")
        for record in records:
            click.echo(f"  {record.id}  {record.duration:g} s at {record.sampling_rate:g} Hz")
        report_skips([(refusal.id, refusal.reason) for refusal in refusals])
        return
    events = read_metadata(event_file, read_events, "events (QuakeML)")
    with warnings.catch_warnings():
        # Said below, record by record.
        warnings.filterwarnings("ignore", message="Skipped ")
        ensemble = obspy_broadband.enrich(
            stream,
            method,
            n=number,
            seed=seed,
            corner=corner,
            units=units,
            magnitude=magnitude,
            distance=distance,
            depth=depth,
            vs30=vs30,
            inventory=read_metadata(inventory_file, read_inventory, "an inventory (StationXML)"),
            event=events[0] if events else None,
            weights=weights,
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
