"""The contract of :class:`obspy_broadband.Method` as a test that any plugin author can run."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np

from .errors import MethodError
from .method.contract import Batch, Method, Scenario
from .method.registry import create, load
from .signal.filters import band_limit
from .signal.phases import smooth

#: With all, some and none of the metadata.
_SCENARIOS = (
    Scenario(magnitude=5.5, distance_km=20.0, depth_km=8.0, vs30_m_s=600.0),
    Scenario(),
    Scenario(magnitude=4.0),
    Scenario(distance_km=35.0, vs30_m_s=300.0),
)
#: Share of the peak below which motion above the corner counts as none.
_SILENT = 1e-4
#: Mean correlation above the corner, envelopes made even, of two seeds below which a waveform is
#: noise, and of two windows above which it repeats. Measured: 0.03 to 0.12 and, of repeated noise,
#: 0.7 to 1.0 for windows of 256 to 4096 samples.
_NOISE, _REPEATED = 0.3, 0.5
#: How much the scale is varied, and the power of it with which the output grows that is refused.
_SCALES, _PROPORTIONAL = 1000.0, 0.8


def low_frequency_batch(
    method: Method | type[Method], rows: int = 3, corner: float = 1.0
) -> Batch[np.ndarray]:
    """Windows like those of a simulated earthquake: P, S and surface waves below the corner.

    :param rows: number of windows, no two alike, each the first of its own record.
    :param corner: upper frequency limit of the simulation, Hz.
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


def check_method(method: str | type[Method] | Method, **options: Any) -> None:
    """Check that a method keeps the contract.

    >>> check_method("stochastic")

    :param method: a class or a registered name, both without weights; or a method ready for use,
        e.g. :func:`obspy_broadband.method.registry.create` ``(name, {}, weights)``.
    :param options: options to make it with; tiny networks make a quick test.
    :raises MethodError: with every breach of the contract, if there is any.
    """
    if isinstance(method, Method):
        method_class, ready = type(method), create(method, options)
    else:
        method_class, ready = load(method) if isinstance(method, str) else method, None
    problems = _declaration(method_class)
    if not problems:
        ready = ready or method_class(method_class.configure(options))
        for check in _CHECKS:
            try:
                problems += check(ready)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                if not any(text in problem for problem in problems):
                    problems.append(f"{check.__name__.strip('_').replace('_', ' ')}: {text}")
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise MethodError(f"{method_class.__name__} breaks the contract of a method:\n{lines}")


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


def _shape_and_finiteness(method: Method) -> list[str]:
    batch, seeds = low_frequency_batch(method), _seeds(3, 2)
    realizations = np.asarray(method.realize(batch, seeds))
    expected = (*seeds.shape, *batch.low_frequency.shape[1:])
    if realizations.shape != expected:
        return [f"realize returned the shape {realizations.shape}, not {expected}"]
    finite = np.isfinite(realizations).all()
    return [] if finite else ["realize returned NaN or infinite samples"]


def _same_seed_same_bytes(method: Method) -> list[str]:
    batch, seeds = low_frequency_batch(method), _seeds(3, 2)
    inputs = (batch.low_frequency, batch.scale, batch.corner)
    copies = [np.copy(array) for array in inputs]
    problems = []
    np.random.seed(1)  # noqa: NPY002 - the global state is what must not matter
    first = method.realize(batch, seeds)
    np.random.seed(2)  # noqa: NPY002
    if not np.array_equal(first, method.realize(batch, seeds)):
        problems.append(
            "the same seeds give different realizations (is a global random state used?)"
        )
    if not all(map(np.array_equal, copies, inputs)):
        problems.append("realize changes the batch that it was given")
    return problems


def _one_to_many(method: Method) -> list[str]:
    realizations = method.realize(low_frequency_batch(method, rows=1), _seeds(1, 2))
    differ = not np.array_equal(realizations[0, 0], realizations[0, 1])
    if differ != method.one_to_many:
        results = "different" if differ else "equal"
        return [f"one_to_many is {method.one_to_many}, but two seeds give {results} results"]
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


def _nothing_beyond_the_window(method: Method) -> list[str]:
    """Rows 0, 1, 2 are a record whose strongest window is row 1; rows 3 and 4 are another one."""
    if method.samples is None:
        return []  # one window a record
    half, owners = method.samples // 2, [0, 0, 0, 1, 1]
    windows = low_frequency_batch(method, rows=5)
    strengths = np.array([0.5, 0.9, 0.4, 0.6, 1.0])[:, None, None]
    batch = dataclasses.replace(
        _rows(windows, owners),
        low_frequency=windows.low_frequency * strengths,
        starts=np.array([0, half, 2 * half, 0, half]),
    )
    seeds = _seeds(2, 1)[owners]
    realizations = method.realize(batch, seeds)
    own = "its own record: beside itself, it may follow its record's strongest window alone"
    for changed, kept, other in (
        ([3, 4], [0, 1, 2], "another record: records of a batch know nothing of each other"),
        ([0], [1, 2], f"an earlier, weaker window of {own}"),
        ([2], [0, 1], f"a later, weaker window of {own}"),
    ):
        low = np.array(batch.low_frequency)
        low[changed] = -0.8 * low[changed][..., ::-1]
        again = method.realize(dataclasses.replace(batch, low_frequency=low), seeds)
        if not np.array_equal(realizations[kept], again[kept]):
            return [f"a window changes with {other}"]
    return []


def _motion_above_the_corner(method: Method) -> list[str]:
    batch = low_frequency_batch(method)
    realizations = np.asarray(method.realize(batch, _seeds(3, 2)), dtype=float)
    low = batch.low_frequency[:, None]
    # A copy of the low frequencies fills nothing, however loud it is.
    energy = (low**2).sum(axis=-1, keepdims=True)
    residual = realizations - (realizations * low).sum(axis=-1, keepdims=True) / energy * low
    size = np.sqrt((_above(residual, method, batch.corner[0]) ** 2).mean(axis=(0, 1, 3)))
    silent = [code for code, value in zip("ZNE", size) if not value > _SILENT]
    if silent:
        return [
            f"there is no motion above the corner in {', '.join(silent)} (less than {_SILENT:g} of "
            "the peak below it); a method fills every frequency that it can"
        ]
    return []


def _divided_by_the_scale(method: Method) -> list[str]:
    batch = _rows(low_frequency_batch(method, rows=1), [0, 0])
    scale = batch.scale * np.array([_SCALES**-0.5, _SCALES**0.5])
    seeds = np.repeat(_seeds(1, 2), 2, axis=0)
    realizations = np.asarray(method.realize(dataclasses.replace(batch, scale=scale), seeds))
    above = _above(realizations, method, batch.corner[0])
    below = _tapered(realizations) - above
    for band, motion in (("below", below), ("above", above)):
        small, large = np.sqrt((motion**2).mean(axis=(1, 2, 3)))
        if small > 0 and large > _SCALES**_PROPORTIONAL * small:
            return [
                f"realizations grow with batch.scale: {_SCALES:g} times the scale gives "
                f"{large / small:.0f} times the motion {band} the corner from the same "
                "low_frequency; return acceleration divided by batch.scale, not m/s²"
            ]
    return []


def _new_noise_in_every_window(method: Method) -> list[str]:
    if method.samples is None or not method.one_to_many or _draws_a_style(method):
        return []
    batch, records = low_frequency_batch(method), [0, 0, 0]
    epsilon = None
    if method.epsilon_size:  # one level for all seeds: only the waveforms can differ
        epsilon = np.repeat(_epsilon(1, 1, method.epsilon_size)[records], 4, axis=1)
    batch = dataclasses.replace(
        _rows(batch, records),
        low_frequency=batch.low_frequency,
        starts=np.array([0, method.samples // 2, 5 * method.samples // 2]),
        epsilon=epsilon,
    )
    realizations = np.asarray(method.realize(batch, _seeds(1, 4)[records]))
    high = _even(_above(realizations, method, batch.corner[0]), int(method.sampling_rate))
    between_seeds = np.mean(
        [abs(_correlation(high[0, i], high[0, j])) for i in range(4) for j in range(i)]
    )
    if between_seeds > _NOISE:
        return []
    for first, second in ((0, 1), (0, 2), (1, 2)):
        between_windows = np.mean([_correlation(*pair) for pair in zip(high[first], high[second])])
        if between_windows > _REPEATED:
            return [
                "noise repeats: windows of one record that start at samples "
                f"{batch.starts[first]} and {batch.starts[second]} correlate by "
                f"{between_windows:.2f} above the corner, two seeds by {between_seeds:.2f}. "
                "Windows of one record share their seeds; draw noise from the seed and "
                "batch.starts (a NeuralMethod sets noise_channels)"
            ]
    return []


def _level_from_epsilon(method: Method) -> list[str]:
    batch, size = low_frequency_batch(method, rows=2), method.epsilon_size
    seeds = np.repeat(_seeds(2, 1), 2, axis=1)
    if not size:
        undeclared = dataclasses.replace(batch, epsilon=_epsilon(2, 2, 64))
        try:
            realizations = method.realize(undeclared, seeds)
        except Exception:  # numbers that were not asked for may be refused
            return []
        message = (
            "batch.epsilon changes the realizations, but epsilon_size is 0; set it to how many "
            "numbers the level is drawn from, or the library passes none"
        )
        return [] if np.array_equal(realizations, method.realize(batch, seeds)) else [message]
    batch = dataclasses.replace(batch, epsilon=_epsilon(2, 2, size))
    try:
        realizations = np.asarray(method.realize(batch, seeds))
    except Exception as error:
        return [
            f"realize fails with batch.epsilon of the shape {(2, 2, size)}, which epsilon_size = "
            f"{size} asks for: {type(error).__name__}: {error}"
        ]
    problems = []
    high = _above(realizations, method, batch.corner[0])
    change = np.sqrt(((high[:, 0] - high[:, 1]) ** 2).mean(axis=(1, 2)))
    if (change <= 1e-3 * np.sqrt((high**2).mean(axis=(1, 2, 3)))).any():
        problems.append(
            f"epsilon_size is {size}, but batch.epsilon changes nothing above the corner; where it "
            "is not None, the level of a realization is drawn from batch.epsilon[row, realization]"
        )
    alone = method.realize(_rows(batch, [1]), seeds[1:])
    if not np.array_equal(realizations[1], alone[0]):
        problems.append("with batch.epsilon, window 1 differs when it is drawn alone")
    return problems


def _any_metadata(method: Method) -> list[str]:
    batch = low_frequency_batch(method, rows=1)
    problems = []
    for scenario in _SCENARIOS:
        batch = dataclasses.replace(batch, scenarios=(scenario,))
        if not np.isfinite(method.realize(batch, _seeds(1, 1))).all():
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
        batch = dataclasses.replace(batch, low_frequency=motion)
        returned = method.realize(batch, _seeds(1, 1)).shape[-1]
        if returned != samples:
            problems.append(f"a window of {samples} samples came back with {returned}")
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
        copy.deepcopy(method), dataclasses.replace(batch, broadband=batch.low_frequency + noise)
    )


_CHECKS = (
    _shape_and_finiteness,
    _same_seed_same_bytes,
    _one_to_many,
    _independence_of_batch_and_count,
    _nothing_beyond_the_window,
    _motion_above_the_corner,
    _divided_by_the_scale,
    _level_from_epsilon,
    _new_noise_in_every_window,
    _any_metadata,
    _any_length,
    _training,
)


def _seeds(rows: int, realizations: int) -> np.ndarray:
    return np.random.default_rng(11).integers(0, 2**63, (rows, realizations), dtype=np.uint64)


def _epsilon(rows: int, realizations: int, size: int) -> np.ndarray:
    return np.random.default_rng(13).normal(size=(rows, realizations, size))


def _rows(batch: Batch[np.ndarray], rows: list[int]) -> Batch[np.ndarray]:
    """Rows of a batch, in any order and number."""
    return Batch(
        low_frequency=batch.low_frequency[rows],
        scale=batch.scale[rows],
        corner=batch.corner[rows],
        scenarios=tuple(batch.scenarios[row] for row in rows),
        starts=batch.starts[rows],
        epsilon=None if batch.epsilon is None else batch.epsilon[rows],
    )


def _tapered(motion: np.ndarray) -> np.ndarray:
    """To nothing at both ends, by so smooth a taper that low frequencies do not leak upwards."""
    return motion * np.blackman(motion.shape[-1])


def _above(motion: np.ndarray, method: Method, corner: float) -> np.ndarray:
    """Tapered motion above twice the corner."""
    spectrum = np.fft.rfft(_tapered(motion))
    frequencies = np.fft.rfftfreq(motion.shape[-1], 1.0 / method.sampling_rate)
    return np.fft.irfft(spectrum * (frequencies > 2.0 * corner), motion.shape[-1])


def _draws_a_style(method: Method) -> bool:
    """Whether the numbers that a network draws for a whole record are too few to be noise."""
    shape = getattr(method, "noise_shape", None)
    if shape is None or method.samples is None:
        return False
    running = getattr(method, "noise_channels", 0) * method.samples
    return int(np.prod(shape)) - method.epsilon_size - running < method.samples


def _even(motion: np.ndarray, width: int) -> np.ndarray:
    """Motion over its own envelope, so that equal noise under other envelopes is seen."""
    power = smooth((motion**2).sum(axis=-2, keepdims=True), width)
    return motion / np.sqrt(np.maximum(power, 1e-6 * power.max(axis=-1, keepdims=True) + 1e-300))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Of two signals, all components together; 0 where one is zero."""
    power = float((a * a).sum() * (b * b).sum())
    return float((a * b).sum()) / power**0.5 if power > 0 else 0.0
