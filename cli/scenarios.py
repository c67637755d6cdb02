"""``obb scenarios``: a table of stations to fill in."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from obb_cli.inputs import refuse_existing, report_skips
from obb_cli.sources import KINDS, SourceGroup, add_sources

from obspy_broadband.durable import replace_file
from obspy_broadband.sources.source import Source


@click.group(cls=SourceGroup)
def scenarios() -> None:
    """Write a table (CSV) of the stations of a source, with what is known of them.

    Columns: station, latitude, longitude, magnitude, distance_km (hypocentral), depth_km, vs30_m_s,
    rupture_distance_km. Fill in what is missing and pass the file to `obb archive run` with
    --scenarios. An empty cell is a value that is not known.

    \b
    obb scenarios files traces/ --origin 44.52,4.67 --events event.xml -o stations.csv
    obb scenarios sds archive/ --network FR --events catalog.xml -o stations.csv
    """


def _write(source: Source, output: Path, overwrite: bool) -> None:
    from obspy_broadband.sources.scenario_table import write_table

    refuse_existing(output, overwrite, file=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    # In one step: a table that was filled in by hand is not lost to an error.
    with replace_file(output) as part:
        count, skipped = write_table(part, source, source.items())
    report_skips(skipped)
    click.echo(f"{count} stations -> {output}")
    if skipped:
        sys.exit(2)


_OPTIONS = (
    click.Option(
        ["-o", "--output"],
        required=True,
        type=click.Path(path_type=Path),
        metavar="TABLE.csv",
        help="The table.",
    ),
    click.Option(["--overwrite"], is_flag=True, help="Replace a table that is there already."),
)
_EXAMPLES = {
    "files": "obb scenarios files traces/ --origin 44.52,4.67 --events event.xml -o stations.csv",
    "sds": "obb scenarios sds archive/ --network FR --events catalog.xml -o stations.csv",
    "fdsn": "obb scenarios fdsn INGV --events event.xml --within 100 -o stations.csv",
    "seisbench": "obb scenarios seisbench InstanceGM -o stations.csv",
}
add_sources(
    scenarios,
    _write,
    dict.fromkeys(KINDS, _OPTIONS),
    {
        name: f"Write a table of the stations of {kind.summary}.\n\n\b\n{_EXAMPLES[name]}"
        for name, kind in KINDS.items()
    },
)
