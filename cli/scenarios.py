"""``obb scenarios``: a table of stations to fill in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from obb_cli.inputs import report_skips
from obb_cli.sources import source_of, source_options


@click.command()
@click.argument("output", type=click.Path(path_type=Path), metavar="TABLE.csv")
@click.argument("inputs", nargs=-1)
@source_options
def scenarios(output: Path, inputs: tuple[str, ...], **options: Any) -> None:
    """Write a CSV of the stations of INPUTS, with what is known of them.

    Columns: station, latitude, longitude, magnitude, distance_km (hypocentral), depth_km, vs30_m_s,
    rupture_distance_km. Fill in what is missing and pass the file to `obb enrich --scenarios`. An
    empty cell is a value that is not known.

    \b
    obb scenarios stations.csv traces/ --origin 44.52,4.67 --events event.xml
    obb scenarios stations.csv --sds archive/ --network FR --events catalog.xml
    """
    from obspy_broadband.archive.sources.scenarios import write_table

    source = source_of(inputs, **options)
    count, skipped = write_table(output, source, source.items())
    report_skips(skipped)
    click.echo(f"{count} stations -> {output}")
    if skipped:
        sys.exit(2)
