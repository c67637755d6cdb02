"""``obb scenarios``: a table of stations to fill in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from obb_cli.inputs import refuse_existing, report_skips
from obb_cli.sources import source_of, source_options


@click.command()
@click.argument("output", type=click.Path(path_type=Path), metavar="TABLE.csv")
@click.argument("inputs", nargs=-1)
@click.option("--overwrite", is_flag=True, help="Replace a table that is there already.")
@source_options
def scenarios(output: Path, inputs: tuple[str, ...], overwrite: bool, **options: Any) -> None:
    """Write a CSV of the stations of INPUTS, with what is known of them.

    Columns: station, latitude, longitude, magnitude, distance_km (hypocentral), depth_km, vs30_m_s,
    rupture_distance_km. Fill in what is missing and pass the file to `obb enrich --scenarios`. An
    empty cell is a value that is not known.

    \b
    obb scenarios stations.csv traces/ --origin 44.52,4.67 --events event.xml
    obb scenarios stations.csv --sds archive/ --network FR --events catalog.xml
    """
    from obspy_broadband.sources.scenario_table import write_table

    refuse_existing(output, overwrite, file=True)
    source = source_of(inputs, **options)
    # Beside, then in place: a table that was filled in by hand is not lost to an error.
    part = output.with_name(f".{output.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    count, skipped = write_table(part, source, source.items())
    part.replace(output)
    report_skips(skipped)
    click.echo(f"{count} stations -> {output}")
    if skipped:
        sys.exit(2)
