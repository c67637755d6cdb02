"""The reference row "level ridge": intensity measures regressed on features of low frequencies."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from ..data.event_weights import event_weights
from ..data.store import Store
from .cases import Case, cases_of_records
from .judging import Judged, log_measures, period_of
from .level_ridge import features, fit, leave_one_event_out


def add_level_ridge(
    judged: Judged,
    store: Store,
    records: np.ndarray,
    realizations: int = 32,
    seed: int = 0,
    progress: bool = False,
) -> None:
    """Fit a ridge regression on the training split and add its draws of all measures.

    The draws are Gaussian, with the covariance of the residuals under leave-one-event-out
    cross-validation.

    :param records: of the training split; cut and band-limited as the cases are.
    :param seed: of the draws.
    """
    cases = cases_of_records(store, records, judged.cases[0].corner)
    x, y, events = [], [], []
    periods = [period_of(name) for name in judged.periods()]
    for case in tqdm(cases, "level ridge", len(records), unit="record", disable=not progress):
        values = log_measures(case, case.recorded[None], periods)
        x.append(_features(case))
        y.append([values[name][0] for name in judged.measures])
        events.append(case.event)
    inputs, targets = np.array(x), np.array(y)
    usable = np.isfinite(targets).mean(axis=0) > 0.99
    targets = np.where(np.isfinite(targets), targets, np.nanmedian(targets, axis=0))
    residual, _ = leave_one_event_out(inputs, targets, events)
    weights = event_weights(np.array(events))
    covariance = (residual * weights[:, None]).T @ residual
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    ridge = fit(inputs, targets, events)
    draws = []
    for case in judged.cases:
        epsilon = [
            np.random.default_rng(int(number)).normal(size=len(root))
            for number in case.seeds(realizations, seed)
        ]
        drawn = ridge.predict(_features(case)) + np.array(epsilon) @ root.T
        draws.append(np.where(usable, drawn, np.nan))
    judged.draws["level ridge"] = np.array(draws)


def _features(case: Case) -> np.ndarray:
    return features(case.low_frequency, case.sampling_rate, case.corner)
