"""Latent codes of a method: their normality, what records and low frequencies share, traversals."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from ..data.pairs import Pairs
from ..data.store import SAMPLING_RATE
from ..errors import InputError
from ..method.latent import CodedMethod, reconstruct_and_translate
from .goodness import envelope_phase

_BATCH = 16
#: Standard deviations of a code at which a traversal decodes.
STEPS = (-2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True)
class Latent:
    """Codes of a set of records and of their low frequencies.

    :param codes: by (name of the code, "low" or "broadband"): (records, numbers).
    :param scores: EG and PG of each signal of
        :func:`obspy_broadband.method.latent.reconstruct_and_translate` against its target,
        0.1-30 Hz, of normalized signals: columns way, record, EG, PG.
    :param records: record, event, magnitude and distance of each row.
    """

    codes: dict[tuple[str, str], np.ndarray]
    scores: pd.DataFrame
    records: pd.DataFrame


def encode_records(method: CodedMethod, pairs: Pairs, seed: int = 0) -> Latent:
    """Encode, rebuild and translate every record of the pairs, which must have no augmentation.

    :param seed: of the codes that translations draw.
    """
    parts: dict[tuple[str, str], list[np.ndarray]] = {}
    scores = []
    method.eval()
    for first in range(0, len(pairs), _BATCH):
        positions = range(first, min(first + _BATCH, len(pairs)))
        batch = pairs.batch(positions)
        with torch.inference_mode():
            low, recorded, _ = method.signals(batch)
            for kind, signal in (("low", low), ("broadband", recorded)):
                codes = method.encode(signal, kind)
                for name in {*method.normal, *([method.common] if method.common else [])}:
                    if name in codes:
                        flat = codes[name].flatten(1).cpu().numpy()
                        parts.setdefault((name, kind), []).append(flat)
        signals = reconstruct_and_translate(method, batch, seed + first)
        for way, signal in signals.items():
            if "_" not in way:
                continue
            target = signals[way.split("_")[1]].cpu().numpy()
            eg, pg = envelope_phase(signal.cpu().numpy(), target, SAMPLING_RATE, 0.1, 30.0)
            scores.append(
                pd.DataFrame(
                    {"way": way, "record": list(positions), "EG": eg.mean(-1), "PG": pg.mean(-1)}
                )
            )
    columns = pairs.store.columns
    records = pd.DataFrame(
        {name: columns[name][pairs.records] for name in ("record", "event", "magnitude")}
        | {"distance_km": columns["distance_km"][pairs.records]}
    )
    joined = {key: np.concatenate(values) for key, values in parts.items()}
    return Latent(joined, pd.concat(scores, ignore_index=True), records)


def normality(latent: Latent, method: CodedMethod) -> pd.DataFrame:
    """Kolmogorov-Smirnov test of each dimension against N(0, 1), and its mean and spread.

    Columns: code, kind, dimension, mean, standard_deviation, statistic, p.
    """
    from scipy.stats import kstest

    rows = []
    for (name, kind), values in latent.codes.items():
        if name not in method.normal:
            continue
        for dimension, column in enumerate(values.T):
            test = kstest(column, "norm")
            rows.append(
                {
                    **{"code": name, "kind": kind, "dimension": dimension},
                    **{"mean": column.mean(), "standard_deviation": column.std()},
                    **{"statistic": test.statistic, "p": test.pvalue},
                }
            )
    return pd.DataFrame(rows)


def common_code_distance(latent: Latent, method: CodedMethod) -> dict[str, float]:
    """Distance between the common codes of a record and of its low frequencies.

    "distance": root mean square, over that between records and the low frequencies of other records
    (1: they share nothing). "nearest": share of records whose own low frequencies have the nearest
    code of all, "by_chance": its value for random codes. Empty for a method without a common code.
    """
    if method.common is None:
        return {}
    low, broadband = (latent.codes[method.common, kind] for kind in ("low", "broadband"))
    squared = (
        (low**2).sum(axis=1)[None]
        + (broadband**2).sum(axis=1)[:, None]
        - 2 * broadband @ low.T
    )  # fmt: skip
    squared = np.maximum(squared, 0.0)
    own = np.diag(squared)
    others = squared[~np.eye(len(squared), dtype=bool)]
    return {
        "distance": float(np.sqrt(own.mean() / max(others.mean(), 1e-30))),
        "nearest": float((squared.argmin(axis=1) == np.arange(len(squared))).mean()),
        "by_chance": 1.0 / len(squared),
    }


def principal(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal directions (dimensions, components) and the share of variance of each."""
    _, size, directions = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    return directions.T, size**2 / max((size**2).sum(), 1e-30)


@torch.inference_mode()
def traverse(method: CodedMethod, pairs: Pairs, position: int, latent: Latent) -> np.ndarray:
    """One record decoded while one code moves along its first principal direction.

    The code is the first that a translation draws or, for a method that draws none, the first of
    its codes of records.

    :return: (steps, 3, samples), normalized.
    """
    method.eval()
    low, recorded, conditions = method.signals(pairs.batch([position]))
    codes = {**method.encode(low, "low"), **method.encode(recorded, "broadband")}
    name = traversed(method)
    values = latent.codes[name, "broadband"]
    directions, _ = principal(values)
    projected = values @ directions[:, 0]
    decoded = []
    for step in STEPS:
        code = values.mean(axis=0) + (step * projected.std()) * directions[:, 0]
        moved = torch.as_tensor(code, dtype=torch.float32, device=low.device)
        codes[name] = moved.view(1, *method.normal[name])
        decoded.append(method.decode(codes, "broadband", conditions)[0].cpu().numpy())
    return np.stack(decoded)


def traversed(method: CodedMethod) -> str:
    """The code that :func:`traverse` moves."""
    return method.drawn[0] if method.drawn else next(iter(method.normal))


def embeddings(values: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Codes in two dimensions: PCA, and t-SNE (scikit-learn) and UMAP (umap-learn) if installed.

    :param values: (points, dimensions); 10 points or more.
    :raises InputError: if there are too few points.
    """
    if len(values) < 10:
        raise InputError(f"{len(values)} codes are too few to embed; 10 are needed.")
    directions, _ = principal(values)
    # Distances in tens of thousands of dimensions are slow to compute and dominated by noise.
    first = (values - values.mean(axis=0)) @ directions[:, :50]
    embedded = {"PCA": first[:, :2]}
    for name, embed in (("t-SNE", _tsne), ("UMAP", _umap)):
        with suppress(ImportError):
            embedded[name] = embed(first, seed)
    return embedded


def _tsne(values: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(values) - 1) / 3)
    return TSNE(perplexity=perplexity, random_state=seed, init="pca").fit_transform(values)


def _umap(values: np.ndarray, seed: int) -> np.ndarray:
    from umap import UMAP

    neighbours = min(15, len(values) - 1)
    return UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1).fit_transform(values)
