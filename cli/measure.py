"""``obb measure``: intensity measures of records or ensembles as a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd
from obb_cli.inputs import (
    INVENTORY,
    READ,
    holds_ensembles,
    read_stream,
    refuse_existing,
    report_skips,
    similar_warnings_once,
)
from obspy import Stream
from tqdm import tqdm

from obspy_broadband import Ensemble, InputError
from obspy_broadband.ensemble.folder import ensemble_folders
from obspy_broadband.ensemble.measures import check_periods
from obspy_broadband.ensemble.measures import measure as measure_stream
from obspy_broadband.io.xml import all_stations
from obspy_broadband.records.orientation import station_id
from obspy_broadband.records.units import parse_units


@click.command(params=[READ, INVENTORY])
@click.argument("inputs", nargs=-1, required=True)
@click.option("-u", "--units", help="e.g. velocity, cm/s**2, g [default: what the files say]")
@click.option("--periods", help="Of the spectra, s, e.g. 0.1,0.3,1 [default: 21 of 0.01-10 s]")
@click.option("--detrend", is_flag=True, help="Take out mean and trend of the acceleration first.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="CSV [default: print it].")
@click.option("--overwrite", is_flag=True, help="Replace a table that is there already.")
def measure(
    inputs: tuple[str, ...],
    units: str | None,
    periods: str | None,
    detrend: bool,
    output: Path | None,
    overwrite: bool,
    inventories: tuple[str, ...],
    reading: dict[str, Any],
) -> None:
    """Tabulate intensity measures of records.

    INPUTS are folders of ensembles, folders of runs (all ensembles of them), or files, folders and
    patterns of records. Peaks and spectra are RotD50 of the horizontals. Of several ensembles, the
    first column says which.

    \b
    obb measure ensemble/ -o measures.csv
    obb measure run/ --periods 0.15,0.6 -o run-measures.csv
    obb measure recordings/*.mseed --inventory stations.xml
    obb measure recordings/*.mseed --units cm/s**2 --periods 0.1,0.3,1 --detrend
    obb measure station7.txt --read format=COLUMNS --read components=ZNE --units cm/s
    """
    chosen = parse_periods(periods)
    refuse_existing(output, overwrite, file=True)
    if units:
        parse_units(units)
    inventory = all_stations(inventories)
    folders: list[Path] = []
    files: list[str] = []
    for name in inputs:
        if holds_ensembles(Path(name)):
            folders += ensemble_folders(Path(name))
        else:
            files.append(name)
    if folders and not files and (units or inventories or reading):
        raise InputError("--units, --inventory and --read are of records; ensembles are in m/s².")
    tables: list[pd.DataFrame] = []
    skips: list[tuple[object, str]] = []
    folders = list(dict.fromkeys(folders))
    several = len(folders) > 1
    with similar_warnings_once():
        for folder in tqdm(folders, unit="ensemble", disable=not several):
            try:
                ensemble = Ensemble.read(folder)
            except InputError as error:
                skips.append((folder, str(error)))
                continue
            table = ensemble.intensity_measures(chosen, not several, detrend).reset_index()
            if several:
                table.insert(0, "ensemble", folder.resolve().name)
            tables.append(table)
        stream, unreadable = read_stream(files, **reading)
        skips += unreadable
        # One station at a time, so that one that cannot be measured takes no other along.
        stations: dict[str, Stream] = {}
        for trace in stream:
            stations.setdefault(station_id(trace.stats), Stream()).append(trace)
        for id, station in stations.items():
            try:
                table = measure_stream(station, chosen, units, inventory, detrend)
                tables.append(table.reset_index())
            except InputError as error:
                skips.append((id, str(error)))
    report_skips(skips)
    if not tables:
        raise InputError("None of the inputs could be measured.")
    table = pd.concat(tables, ignore_index=True)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(output, index=False)
        click.echo(f"{len(table)} rows -> {output}")
    else:
        click.echo(table.to_csv(index=False, float_format="%.5g"), nl=False)
    if skips:
        sys.exit(2)


def parse_periods(text: str | None) -> tuple[float, ...] | None:
    """Numbers between commas.

    :raises InputError: for anything else, or a period that is not positive.
    """
    if text is None:
        return None
    try:
        periods = tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--periods {text!r}: write numbers between commas, e.g. 0.1,1."
        ) from error
    check_periods(periods)
    return periods
