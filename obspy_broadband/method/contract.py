"""The contract of a translation method: low-frequency windows in, broadband windows out."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

#: What the windows of a batch are: NumPy arrays when enriching, tensors when training.
Array = TypeVar("Array", np.ndarray, "Tensor")


@dataclass(frozen=True)
class Scenario:
    """Parameters of source, path and site beside the waveform; each may be missing.

    Methods read ``magnitude``, ``distance_km``, ``depth_km`` and ``vs30_m_s``.

    :param magnitude: moment magnitude.
    :param distance_km: hypocentral distance in km; where that is not known, the distance to the
        rupture.
    :param depth_km: depth of the hypocentre in km.
    :param vs30_m_s: time-averaged shear-wave velocity of the upper 30 m in m/s.
    :param rupture_distance_km: closest distance to the rupture in km.
    :raises InputError: for values that no earthquake and no site can have.
    """

    magnitude: float | None = None
    distance_km: float | None = None
    depth_km: float | None = None
    vs30_m_s: float | None = None
    rupture_distance_km: float | None = None

    #: What methods read, and what is accepted of it, as (lowest, highest).
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "magnitude": (-2.0, 10.0),
        "distance_km": (0.0, 20_100.0),
        "depth_km": (-10.0, 800.0),
        "vs30_m_s": (30.0, 6000.0),
    }

    def __post_init__(self) -> None:
        accepted = {**self.ranges, "rupture_distance_km": self.ranges["distance_km"]}
        for name, (lowest, highest) in accepted.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value <= highest:
                raise InputError(
                    f"{name} is {value}; it must lie between {lowest:g} and {highest:g}, "
                    "or be left out if it is not known."
                )
        if self.distance_km is None and self.rupture_distance_km is not None:
            object.__setattr__(self, "distance_km", self.rupture_distance_km)

    @property
    def hypocentral_distance_km(self) -> float | None:
        """``distance_km``, unless it is the distance to the rupture."""
        return None if self.distance_km == self.rupture_distance_km else self.distance_km


@dataclass(frozen=True)
class Batch(Generic[Array]):
    """Windows of equal length, the same fields when enriching and when training.

    ``Batch[np.ndarray]`` is what :meth:`Method.realize` gets: NumPy arrays, ``broadband`` None.
    ``Batch[Tensor]`` is what a network is trained on: float32 tensors on the network's device,
    ``epsilon`` None.

    :param low_frequency: (batch, 3, samples), components Z, N, E; acceleration divided by
        ``scale``, band-limited with zero phase: its spectrum is exactly zero above 1.25 ``corner``.
    :param scale: (batch,), m/s²: the peak of the record's low frequencies over all components.
        Multiplying by it gives acceleration in m/s². NaN in training where a record is not in
        physical units.
    :param corner: (batch,), Hz: the simulation's upper frequency limit (not the corner frequency of
        the source).
    :param scenarios: one :class:`Scenario` a window.
    :param starts: (batch,), the window's first sample counted from the beginning of its record.
        Windows of one record share seeds: draw a record's style from the seed alone, and noise that
        must differ from window to window from the seed and the start.
    :param broadband: (batch, 3, samples) divided by the same scale when training; None when
        enriching.
    :param epsilon: (batch, realizations, epsilon_size), standard normal, or None: the method draws
        its level from these instead of numbers of its own, so that the stations of one event are
        correlated (see :mod:`obspy_broadband.records.spatial_correlation`).
    """

    low_frequency: Array
    scale: Array
    corner: Array
    scenarios: tuple[Scenario, ...]
    starts: Array
    broadband: Array | None = None
    epsilon: Array | None = None

    def __len__(self) -> int:
        return len(self.low_frequency)


@dataclass(frozen=True)
class NoOptions:
    """The options of a method that has none."""


class Method(ABC):
    """Translates low-frequency windows into broadband windows.

    One seed is one realization, and a realization is the same bytes whatever is computed beside it:
    alone or in a batch, first or hundredth. A method fills every frequency it can. The library, not
    the method, keeps the simulation below the corner frequency and the method's own output above
    it. :func:`obspy_broadband.testing.check_method` tests these rules:

    - A window depends on its own row of the batch, its seed and its epsilon. What holds for its
      record as a whole, such as the level, may follow the low frequencies of the record's strongest
      window (largest peak; rows of a record are neighbours, the first of them starts at 0), and
      nothing else: no weaker window, no other record.
    - Windows of one record share their seeds. Noise differs from window to window (draw it from the
      seed and the start); a style or a level does not.
    - Realizations are divided by ``batch.scale``, as ``batch.low_frequency`` is. They may depend on
      the scale, as on a condition, but do not grow in proportion to it.
    - A method with ``epsilon_size`` above 0 draws its level from ``batch.epsilon`` where that is
      not None, and reads no more numbers than it declares.
    - There is motion above the corner in all three components.

    >>> import numpy as np
    >>> class Whisper(Method):
    ...     '''The low frequencies and a little white noise.'''
    ...     summary = "White noise at a thousandth of the peak"
    ...     citation = "None"
    ...     samples = None
    ...     def realize(self, batch, seeds):
    ...         shape = batch.low_frequency.shape[1:]
    ...         noise = [
    ...             [np.random.default_rng(seed).normal(0, 1e-3, shape) for seed in row]
    ...             for row in seeds
    ...         ]
    ...         return batch.low_frequency[:, None] + np.array(noise)

    :param options: an instance of the class's ``Options``.
    """

    summary: ClassVar[str]  #: one line for ``obb methods``
    citation: ClassVar[str]  #: the paper to cite
    one_to_many: bool = True  #: whether two seeds give two realizations
    trainable: ClassVar[bool] = False  #: whether the method needs weights
    sampling_rate: ClassVar[float] = 100.0  #: Hz
    #: Length of a window; None for a method that takes a whole record of any length.
    samples: ClassVar[int | None] = 4096
    #: Number of independent standard normal values (epsilon) that the level of a realization is
    #: drawn from; value j belongs to the same frequency at every station. 0 for a method that does
    #: not use ``batch.epsilon``.
    epsilon_size: int = 0
    #: Factor on the standard deviation of the level; see :mod:`.training.calibrate`.
    level_spread: float = 1.0
    #: A frozen dataclass of the options that a user may set.
    Options: ClassVar[type] = NoOptions

    def __init__(self, options: Any = None) -> None:
        self.options = self.Options() if options is None else options

    @abstractmethod
    def realize(self, batch: Batch[np.ndarray], seeds: np.ndarray) -> np.ndarray:
        """Draw realizations.

        :param batch: low-frequency windows, (batch, 3, samples).
        :param seeds: (batch, realizations), unsigned 64-bit integers.
        :return: (batch, realizations, 3, samples) acceleration divided by ``batch.scale``.
        """

    @classmethod
    def configure(cls, options: Mapping[str, Any]) -> Any:
        """Options from names and values.

        :raises InputError: for a name the method does not have (names the nearest), or a value it
            refuses.
        """
        allowed_names = [field.name for field in dataclasses.fields(cls.Options)]
        for name in options:
            if name not in allowed_names:
                near = get_close_matches(name, allowed_names, n=3, cutoff=0.4)
                hint = f" Did you mean {' or '.join(near)}?" if near else ""
                allowed = ", ".join(allowed_names) or "none"
                raise InputError(f"Unknown option {name!r}.{hint} The method's options: {allowed}.")
        return cls.Options(**options)


def as_array(values: Any) -> np.ndarray:
    """A tensor, on any device, or an array as a NumPy array."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
