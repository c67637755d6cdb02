"""The reference row "level ridge": draws of measures, not of records, from nine numbers."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from ..data.event_weights import event_weights
from ..data.pairs import Pairs
from ..data.store import Store
from .cases import Case, cases_of, seeds_for
from .judging import Judged, measured
from .level_ridge import features, fit, leave_one_event_out


def add_level_ridge(
    judged: Judged,
    store: Store,
    records: np.ndarray,
    realizations: int = 32,
    progress: bool = False,
) -> None:
    """Fit a ridge regression on the training split and add its draws to what was judged.

    The spread of the draws and their correlation are those of its residuals with every event left
    out once.

    :param records: of the training split; the corner and the windows are those of the cases.
    """
    first = judged.cases[0]
    samples = first.recorded.shape[-1]
    pairs = Pairs(store, records, samples, corner=first.corner)
    cases = list(tqdm(cases_of(pairs), desc="level ridge", unit="record", disable=not progress))
    x, y = [], []
    periods = [float(name.split("_")[1][:-1]) for name in judged.periods()]
    for case in cases:
        found = measured(case, case.recorded[None], periods)
        x.append(_features(case))
        y.append([found[name][0] for name in judged.measures])
    inputs, targets = np.array(x), np.array(y)
    usable = np.isfinite(targets).mean(axis=0) > 0.99
    targets = np.where(np.isfinite(targets), targets, np.nanmedian(targets, axis=0))
    events = [case.event for case in cases]
    residual, _ = leave_one_event_out(inputs, targets, events)
    weights = event_weights(np.array(events))
    covariance = (residual * weights[:, None]).T @ residual
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    ridge = fit(inputs, targets, events)
    drawn = []
    for number, case in enumerate(judged.cases):
        noise = [
            np.random.default_rng(int(seed)).normal(size=len(root))
            for seed in seeds_for(number, realizations)
        ]
        made = ridge.predict(_features(case)) + np.array(noise) @ root.T
        drawn.append(np.where(usable, made, np.nan))
    judged.draws["level ridge"] = np.array(drawn)


def _features(case: Case) -> np.ndarray:
    return features(case.low_frequency, case.sampling_rate, case.corner)
