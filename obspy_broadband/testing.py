"""The contract of :class:`obspy_broadband.Method` as a test that any plugin author can run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import MethodError
from .method.contract import Batch, Method, Scenario
from .method.registry import create, load
from .signal.filters import band_limit

#: With all, some and none of the metadata.
_SCENARIOS = (
    Scenario(magnitude=5.5, distance_km=20.0, depth_km=8.0, vs30_m_s=600.0),
    Scenario(),
    Scenario(magnitude=4.0),
    Scenario(distance_km=35.0, vs30_m_s=300.0),
)


def low_frequency_batch(method: Method | type[Method], rows: int = 3, corner: float = 1.0) -> Batch:
    """Windows like those of a simulated earthquake: P, S and surface waves below the corner.

    :param rows: number of windows, no two alike.
    :param corner: Hz.
    """
    samples = method.samples or int(40 * method.sampling_rate)
    times = np.arange(samples) / method.sampling_rate
    rng = np.random.default_rng(5)
    motion = np.zeros((rows, 3, samples))
    for row in motion:
        p, s = rng.uniform(0.1, 0.15), rng.uniform(0.25, 0.3)
        for component in row:
            for arrival, strength, width in ((p, 0.3, 0.07), (s, 1.0, 0.12), (s + 0.1, 0.8, 0.2)):
                frequencies = rng.uniform(0.2, 1.0, 8) * corner
                phases = rng.uniform(0, 2 * np.pi, 8)
                waves = np.cos(2 * np.pi * frequencies[:, None] * times + phases[:, None]).sum(0)
                since = np.clip(times / times[-1] - arrival, 0, None)
                component += strength * waves * since / width * np.exp(1 - since / width)
    motion = band_limit(motion, method.sampling_rate, corner)
    scale = np.abs(motion).max(axis=(1, 2))
    return Batch(
        low_frequency=motion / scale[:, None, None],
        scale=scale * 0.05,
        corner=np.full(rows, corner),
        scenarios=tuple(_SCENARIOS[row % len(_SCENARIOS)] for row in range(rows)),
        starts=np.zeros(rows, dtype=int),
    )


def check_method(method: str | type[Method], **options: Any) -> None:
    """Check that a method keeps the contract.

    >>> check_method("stochastic")

    :param method: a class, or a registered name.
    :param options: options to make it with; tiny networks make a quick test.
    :raises MethodError: with all that was found, if anything was.
    """
    method_class = load(method) if isinstance(method, str) else method
    problems = _declaration(method_class)
    if not problems:
        ready = create(method_class(method_class.configure(options)), {})
        problems = [said for check in _CHECKS for said in _said(check, ready)]
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise MethodError(f"{method_class.__name__} breaks the contract of a method:\n{listed}")


def _said(check: Callable[[Method], list[str]], method: Method) -> list[str]:
    try:
        return check(method)
    except Exception as error:
        name = check.__name__.strip("_").replace("_", " ")
        return [f"{name}: {type(error).__name__}: {error}"]


def _declaration(method_class: type[Method]) -> list[str]:
    problems = []
    for name in ("summary", "citation"):
        if not isinstance(getattr(method_class, name, None), str):
            problems.append(f"the class has no {name}; write one line of text")
    options = method_class.Options
    parameters = getattr(options, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        problems.append("Options is no frozen dataclass")
    if not method_class.sampling_rate > 0:
        problems.append(f"sampling_rate is {method_class.sampling_rate}; it must be positive (Hz)")
    return problems


def _seeds(rows: int, realizations: int) -> np.ndarray:
    return np.random.default_rng(11).integers(0, 2**63, (rows, realizations), dtype=np.uint64)


def _shape_and_finiteness(method: Method) -> list[str]:
    batch, seeds = low_frequency_batch(method), _seeds(3, 2)
    drawn = np.asarray(method.realize(batch, seeds))
    expected = (*seeds.shape, *batch.low_frequency.shape[1:])
    if drawn.shape != expected:
        return [f"realize returned the shape {drawn.shape}, not {expected}"]
    if not np.isfinite(drawn).all():
        return ["realize returned NaN or infinite samples"]
    return []


def _same_seed_same_bytes(method: Method) -> list[str]:
    batch, seeds = low_frequency_batch(method), _seeds(3, 2)
    before = [np.copy(part) for part in (batch.low_frequency, batch.scale, batch.corner)]
    problems = []
    np.random.seed(1)  # noqa: NPY002 - the global state is what must not matter
    first = method.realize(batch, seeds)
    np.random.seed(2)  # noqa: NPY002
    if not np.array_equal(first, method.realize(batch, seeds)):
        problems.append(
            "the same seeds give different realizations (is a global random state used?)"
        )
    if not all(map(np.array_equal, before, (batch.low_frequency, batch.scale, batch.corner))):
        problems.append("realize changes the batch that it was given")
    return problems


def _one_to_many(method: Method) -> list[str]:
    drawn = method.realize(low_frequency_batch(method, rows=1), _seeds(1, 2))
    differ = not np.array_equal(drawn[0, 0], drawn[0, 1])
    if differ != method.one_to_many:
        what = "different" if differ else "equal"
        return [f"one_to_many is {method.one_to_many}, but two seeds give {what} results"]
    return []


def _independence_of_batch_and_count(method: Method) -> list[str]:
    batch, seeds = low_frequency_batch(method), _seeds(3, 4)
    together = np.asarray(method.realize(batch, seeds))
    problems = []
    for row in range(len(batch)):
        alone = method.realize(_rows(batch, [row]), seeds[row : row + 1])
        if not np.array_equal(together[row], alone[0]):
            problems.append(f"window {row} differs when it is drawn alone")
    if not np.array_equal(together[:, :2], method.realize(batch, seeds[:, :2])):
        problems.append("a realization depends on how many are drawn")
    backwards = method.realize(_rows(batch, [2, 1, 0]), seeds[::-1, ::-1])
    if not np.array_equal(together, backwards[::-1, ::-1]):
        problems.append("a realization depends on the order in which windows and seeds come")
    return problems


def _any_metadata(method: Method) -> list[str]:
    batch = low_frequency_batch(method, rows=1)
    problems = []
    for scenario in _SCENARIOS:
        drawn = method.realize(dataclasses.replace(batch, scenarios=(scenario,)), _seeds(1, 1))
        if not np.isfinite(drawn).all():
            problems.append(f"NaN or infinite samples with {scenario}")
    return problems


def _any_length(method: Method) -> list[str]:
    if method.samples is not None:
        return []
    problems = []
    for seconds in (5.0, 61.7):
        samples = int(seconds * method.sampling_rate)
        batch = low_frequency_batch(method, rows=1)
        motion = np.resize(batch.low_frequency, (1, 3, samples))
        drawn = method.realize(dataclasses.replace(batch, low_frequency=motion), _seeds(1, 1))
        if drawn.shape[-1] != samples:
            problems.append(f"a window of {samples} samples came back with {drawn.shape[-1]}")
    return problems


def _training(method: Method) -> list[str]:
    if not method.trainable:
        return []
    from .method.neural import NeuralMethod
    from .training.check import training_problems

    if not isinstance(method, NeuralMethod):
        return ["a trainable method must be a NeuralMethod: obb train knows no other"]
    batch = low_frequency_batch(method, rows=4)
    noise = np.random.default_rng(7).normal(0, 0.3, batch.low_frequency.shape)
    return training_problems(
        method, dataclasses.replace(batch, broadband=batch.low_frequency + noise)
    )


_CHECKS = (
    _shape_and_finiteness,
    _same_seed_same_bytes,
    _one_to_many,
    _independence_of_batch_and_count,
    _any_metadata,
    _any_length,
    _training,
)


def _rows(batch: Batch, rows: list[int]) -> Batch:
    return Batch(
        low_frequency=batch.low_frequency[rows],
        scale=batch.scale[rows],
        corner=batch.corner[rows],
        scenarios=tuple(batch.scenarios[row] for row in rows),
        starts=batch.starts[rows],
    )
