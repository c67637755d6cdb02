"""``obb latent``: the codes of a method."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from obb_cli.inputs import parse_settings, refuse_existing

from obspy_broadband.errors import InputError
from obspy_broadband.method.registry import create

if TYPE_CHECKING:
    from obspy_broadband.evaluation.latent import Latent
    from obspy_broadband.method.latent import CodedMethod


@click.command()
@click.option("-m", "--method", required=True, help="A method that has codes.")
@click.option("--data", "store", required=True, type=click.Path(path_type=Path), help="A store.")
@click.option("--split", type=click.Choice(["train", "dev", "test"]), default="test")
@click.option("--corner", default=1.0, show_default=True, help="Hz.")
@click.option("--weights", help="A name, or a file's path.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Method's option.")
@click.option("-s", "--seed", default=0, show_default=True, help="Whole number.")
@click.option("--limit", type=click.IntRange(10), help="Look at so many records only.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace what is there already.")
def latent(
    method: str,
    store: Path,
    split: str,
    corner: float,
    weights: str | None,
    settings: tuple[str, ...],
    seed: int,
    limit: int | None,
    output: Path,
    overwrite: bool,
) -> None:
    """Look at the codes that a method gives to records and to their low frequencies.

    Leaves tables (normality.csv: Kolmogorov-Smirnov test of each dimension against N(0, 1);
    passages.csv: EG and PG of what is rebuilt and translated; summary.json), the codes (codes.npz)
    and figures: PCA, t-SNE and UMAP, distributions, and a record decoded while its code moves.

    \b
    obb latent --method must --data store/ -o codes/
    """
    from obspy_broadband.data.pairs import Pairs
    from obspy_broadband.data.store import Store
    from obspy_broadband.evaluation.latent import common_code_distance, encode_records, normality
    from obspy_broadband.method.latent import require_codes

    refuse_existing(output, overwrite)
    ready = require_codes(create(method, parse_settings(settings), weights), method)
    opened = Store(store)
    records = opened.select(split, "mps2", 0.5, after_p_s=30.0)[:limit]
    if len(records) < 10:
        raise InputError(f"{store} has {len(records)} usable records in {split}; 10 are needed.")
    pairs = Pairs(opened, records, ready.samples, corner=corner)
    latents = encode_records(ready, pairs, seed)
    table = normality(latents, ready)
    passed = table.assign(passed=table["p"] > 0.05).groupby(["code", "kind"])["passed"].mean()
    summary = {
        "records": len(records),
        "share_of_dimensions_that_pass_ks_at_5_percent": {
            f"{code} of {kind}": round(float(share), 3) for (code, kind), share in passed.items()
        },
        "common_code": common_code_distance(latents, ready),
        "median_scores": latents.scores.groupby("way")[["EG", "PG"]]
        .median()
        .round(2)
        .to_dict("index"),
    }
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / "normality.csv", index=False)
    names = latents.records["record"].to_numpy()
    latents.scores.assign(record=names[latents.scores["record"]]).to_csv(
        output / "passages.csv", index=False
    )
    codes: dict[str, Any] = {f"{name}_{kind}": code for (name, kind), code in latents.codes.items()}
    np.savez(output / "codes.npz", **codes)
    (output / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    _draw(ready, pairs, latents, seed, output)
    click.echo(json.dumps(summary, indent=1))
    click.echo(f"-> {output}")


def _draw(ready: CodedMethod, pairs: object, latents: Latent, seed: int, output: Path) -> None:
    from obspy_broadband.evaluation import latent as codes
    from obspy_broadband.evaluation import latent_figures as figures

    for name in dict.fromkeys(name for name, _ in latents.codes):
        kinds = [kind for code, kind in latents.codes if code == name]
        values = np.concatenate([latents.codes[name, kind] for kind in kinds])
        labels = [kind for kind in kinds for _ in range(len(latents.records))]
        figure = figures.embedded(name, codes.embeddings(values, seed), labels, latents)
        figure.savefig(output / f"embedding-{name}.png", dpi=110)
    table = codes.normality(latents, ready)
    figures.distributions(latents, ready, table).savefig(output / "distributions.png", dpi=110)
    decoded = codes.traverse(ready, pairs, 0, latents)  # type: ignore[arg-type]
    figures.traversal(decoded, codes.traversed(ready)).savefig(output / "traversal.png", dpi=110)
