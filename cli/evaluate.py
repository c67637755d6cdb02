"""``obb evaluate``: generated against recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from obb_cli.inputs import find_files, read_stream, report_skips

from obspy_broadband import Ensemble
from obspy_broadband.evaluation.comparison import compare


@click.command()
@click.argument("generated", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--recorded", "recorded", multiple=True, required=True, help="File, folder, pattern.")
@click.option("-u", "--units", help="Of the records [default: the file's, else m/s**2]")
@click.option("--corner", type=float, help="Between the bands, Hz [default: the ensemble's].")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for CSV tables.")
def evaluate(
    generated: Path,
    recorded: tuple[str, ...],
    units: str | None,
    corner: float | None,
    output: Path | None,
) -> None:
    """Judge generated records against recorded ones.

    GENERATED is an ensemble folder. Records are matched by network and station code and must cover
    its time. Printed are, for each intensity measure, bias and spread of ln(recorded / generated),
    and the goodness of fit in envelope and phase (0-10) below and above the corner.

    \b
    obb evaluate ensemble/ --recorded recordings/ -o report/
    obb evaluate ensemble/ --recorded 'sac/*.sac' --units cm/s**2
    """
    stream, unreadable = read_stream(find_files(recorded), None)
    comparison = compare(Ensemble.read(generated), stream, corner, units, progress=True)
    skips = [*unreadable, *comparison.skipped]
    report_skips(skips)
    summary = comparison.summary()
    if output:
        output.mkdir(parents=True, exist_ok=True)
        comparison.residuals.to_csv(output / "residuals.csv")
        comparison.goodness.to_csv(output / "goodness.csv")
        summary.to_csv(output / "summary.csv")
    click.echo(summary.to_string(float_format="{:.2f}".format, na_rep=""))
    if skips:
        sys.exit(2)
