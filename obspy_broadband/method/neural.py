"""The PyTorch half of the contract: what every trained method shares.

A network's author writes ``sample`` (to draw), ``forward`` and two dictionaries of losses (to
train). Seeds, chunks, devices, missing metadata and the check of loss names are written once, here.
"""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError, MethodError
from ..level.regression import check_fit
from .contract import Batch, Method, Scenario
from .weights import Weights, find

#: Rows that pass through a network at once when drawing on a GPU. On a CPU it is one: even at a
#: fixed number of rows, matrix products round differently from row to row, and a realization would
#: depend on what is drawn beside it. (On a GPU it does, to rounding.)
ROWS_ON_GPU = 64
#: Centre and spread by which each part of a scenario is standardized; logarithms of all but the
#: magnitude.
_STANDARD = {
    "scale_m_s2": (math.log(0.02), 2.0),
    "magnitude": (5.5, 1.2),
    "distance_km": (math.log(40.0), 1.0),
    "depth_km": (math.log(10.0), 0.8),
    "vs30_m_s": (math.log(450.0), 0.5),
}
#: Factors on the spread of the level that a card may say.
_SPREADS = (0.2, 5.0)
CONDITIONS = 1 + 2 * len(_STANDARD)  #: numbers that conditions() gives


@dataclass(frozen=True)
class LevelOptions:
    """Options of every network that draws a level.

    :param vary_level: draw the level; False gives its median.
    :param calibrated: draw it with the spread that :mod:`.training.calibrate` found, if the card of
        the weights has one; False as the network was fitted.
    :param level_fit: how the level gets to know a run's data: "anew", from them alone; "shift", by
        how far they lie from what the weights that the run starts from predict; "keep", as in those
        weights.
    """

    vary_level: bool = True
    calibrated: bool = True
    level_fit: str = "anew"

    def __post_init__(self) -> None:
        check_fit(self.level_fit)


class NeuralMethod(Method, nn.Module):
    """A method that is a network.

    Adversaries live in ``self.discriminators``; every other parameter belongs to the generator's
    side.

    :param options: an instance of the class's ``Options``.
    """

    trainable: ClassVar[bool] = True
    samples: ClassVar[int] = 4096  #: length of a window
    #: What each loss counts, by phase ("generator", "discriminator") and by the names that the two
    #: methods below use.
    loss_weights: Mapping[str, Mapping[str, float]]
    #: Shape of the standard normal numbers that one draw needs.
    noise_shape: tuple[int, ...]
    #: How many channels of them, the last ``noise_channels * samples`` numbers of a draw, run along
    #: the record: windows that overlap share them where they do, and a later window has others. The
    #: rest of a draw is the same in all windows of a record.
    noise_channels: int = 0
    #: Whether the network sees every window divided by its own peak, as windows for training are. A
    #: long record's quiet windows would look like nothing it was trained on otherwise.
    relative: bool = True
    #: Which weights of a run are kept: those with the "best" score, or the "last", for a method
    #: that does not translate yet.
    keep: str = "best"
    #: Where its weights came from; None before training.
    weights: Weights | None = None
    #: Options by the name of a preset; names that begin with "training." are the trainer's.
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    #: What the method's paper asks of the trainer; see
    #: :class:`obspy_broadband.training.options.TrainingOptions`.
    training_defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, options: Any = None) -> None:
        nn.Module.__init__(self)
        Method.__init__(self, options)
        self.discriminators = nn.ModuleDict()

    @abstractmethod
    def sample(
        self,
        low_frequency: Tensor,
        conditions: Tensor,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """Draw, with no randomness of its own.

        :param low_frequency: (rows, 3, samples), divided by the scale.
        :param conditions: (rows, CONDITIONS), see :func:`conditions`.
        :param noise: (rows, *noise_shape), standard normal.
        :param context: what :meth:`context` found of these rows.
        :return: (rows, 3, samples).
        """

    def context(
        self, low_frequency: Tensor, conditions: Tensor, strongest: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """What all draws of a window have in common, computed once for all of them.

        :param strongest: low frequencies and conditions of the window of the same record with the
            largest peak. What holds for a record as a whole is to be found there: a quiet window,
            before or after an earthquake, is like nothing that was trained on.
        :return: tensors whose first dimension is rows.
        """
        return {}

    @abstractmethod
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """All that both phases of a training step need, computed once."""

    @abstractmethod
    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, unweighted."""

    def discriminator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, unweighted; none for a method without adversaries."""
        return {}

    def prepare_training(self, batch: Batch, weights: Tensor, events: Sequence[str]) -> None:
        """What a method wants to know of its data before the first step, e.g. to standardize.

        :param batch: many windows of the training set, on the device; ``scale`` is NaN for windows
            that are not in physical units.
        :param weights: (batch,), what each counts.
        :param events: that they belong to.
        """

    def realize(self, batch: Batch, seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`."""
        self.eval()
        device = next(iter(self.state_dict().values())).device
        records, realizations = seeds.shape
        windows = np.asarray(batch.low_frequency, dtype=np.float32)
        peak = np.ones(records, dtype=np.float32)
        if self.relative:
            peak = np.maximum(np.abs(windows).max(axis=(1, 2)), np.float32(1e-6))
        windows = windows / peak[:, None, None]
        known = conditions(batch.scenarios, batch.corner, np.asarray(batch.scale) * peak)
        strongest = _strongest(np.asarray(batch.starts), peak)
        at_once = ROWS_ON_GPU if device.type == "cuda" else 1
        drawn = np.empty((records, realizations, *windows.shape[1:]), np.float32)
        with torch.inference_mode():
            for some in np.array_split(np.arange(records), -(-records // at_once)):
                low = torch.from_numpy(windows[some]).to(device)
                about = known[some].to(device)
                main = strongest[some]
                of_main = torch.from_numpy(windows[main]).to(device), known[main].to(device)
                context = self.context(low, about, of_main)
                pairs = np.stack(np.divmod(np.arange(len(some) * realizations), realizations))
                for first in range(0, pairs.shape[1], at_once):
                    row, number = pairs[:, first : first + at_once]
                    of = torch.from_numpy(row).to(device)
                    drawn_with = zip(seeds[some[row], number], np.asarray(batch.starts)[some[row]])
                    noise = torch.stack([self._noise(int(s), int(at)) for s, at in drawn_with])
                    if batch.epsilon is not None:
                        noise[:, : self.epsilon_size] = torch.as_tensor(
                            batch.epsilon[some[row], number]
                        )
                    noise[:, : self.epsilon_size] *= self.level_spread
                    these = {name: value[of] for name, value in context.items()}
                    made = self.sample(low[of], about[of], noise.to(device), these)
                    drawn[some[row], number] = made.float().cpu().numpy()
        return drawn * peak[:, None, None, None]

    def _noise(self, seed: int, start: int) -> Tensor:
        """The numbers of one draw in the window that begins at a sample of its record."""
        numbers = np.random.default_rng(seed).standard_normal(self.noise_shape, dtype=np.float32)
        if self.noise_channels and start:
            size = self.noise_channels * self.samples
            first, offset = divmod(start, self.samples)
            blocks = []
            for block in (first, first + 1):
                rng = np.random.default_rng([seed, block])
                drawn = rng.standard_normal(size, dtype=np.float32) if block else numbers[-size:]
                blocks.append(drawn.reshape(self.noise_channels, self.samples))
            running = np.concatenate(blocks, axis=1)[:, offset : offset + self.samples]
            numbers = np.concatenate([numbers[:-size], running.ravel()])
        return torch.from_numpy(numbers)

    def weighted(self, phase: str, losses: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of a phase's losses.

        :param phase: "generator" or "discriminator".
        :raises MethodError: if the names of losses and of weights differ.
        """
        weights = self.loss_weights.get(phase, {})
        if set(weights) != set(losses):
            lacking = ", ".join(sorted(set(losses) - set(weights))) or "nothing"
            extra = ", ".join(sorted(set(weights) - set(losses))) or "nothing"
            raise MethodError(
                f"{type(self).__name__}: the {phase}'s losses and weights have other names: "
                f"{lacking} has no weight, {extra} has a weight and no loss."
            )
        return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()


def with_weights(
    name: str, method_class: type[Method], options: Mapping[str, Any], weights: Any = None
) -> Method:
    """A trained method, with the options its weights were made with unless others are given.

    :param weights: see :func:`obspy_broadband.method.weights.find`.
    :raises InputError: if there are no weights, or they do not fit the options.
    """
    found = find(name, None if weights is None else str(weights))
    method = method_class(method_class.configure({**found.card["options"], **options}))
    assert isinstance(method, NeuralMethod)
    load_weights(method, found)
    if getattr(method.options, "calibrated", True):
        method.level_spread = _level_spread(found)
    return method


def _level_spread(found: Weights) -> float:
    """What the card says of it; cards come from strangers."""
    said = found.card.get("calibration", {"level_spread": 1.0})
    spread = said.get("level_spread") if isinstance(said, Mapping) else None
    if not isinstance(spread, (int, float)) or not _SPREADS[0] <= spread <= _SPREADS[1]:
        raise InputError(
            f"The card of {found.path} says a level_spread of {spread!r}; it must be a number from "
            f"{_SPREADS[0]:g} to {_SPREADS[1]:g}. Pass calibrated=false, or calibrate again."
        )
    return float(spread)


def load_weights(method: NeuralMethod, found: Weights) -> None:
    """Put weights into a method.

    :raises InputError: if they do not fit.
    """
    tensors = {key: value.float() for key, value in found.load().items()}
    # The adversaries have done their work and are not shipped.
    shapes = {
        key: value.shape
        for key, value in method.state_dict().items()
        if not key.startswith("discriminators.")
    }
    if shapes != {key: value.shape for key, value in tensors.items()}:
        changed = ", ".join(
            f"{key}={value}"
            for key, value in dataclasses.asdict(method.options).items()
            if found.card["options"].get(key, value) != value
        )
        raise InputError(
            f"The weights {found.path} do not fit a network with {changed or 'these options'}; "
            "leave out options that change its size."
        )
    method.load_state_dict(tensors, strict=False)
    method.weights = found


def conditions(scenarios: tuple[Scenario, ...], corner: Any, scale: Any) -> Tensor:
    """What is known beside the waveform, as numbers: (rows, CONDITIONS).

    ln(corner / 1 Hz); then for scale, magnitude, distance, depth and Vs30 the standardized value
    and whether it is known. What is not known is 0 and flagged: a network can tell it from an
    average.

    :param corner: (rows,), Hz.
    :param scale: (rows,), m/s²; NaN for records that are not in physical units.
    """
    rows = np.zeros((len(scenarios), CONDITIONS), dtype=np.float32)
    rows[:, 0] = np.log(_numbers(corner))
    for row, scenario, size in zip(rows, scenarios, _numbers(scale)):
        for place, (name, (center, spread)) in enumerate(_STANDARD.items()):
            value = size if name == "scale_m_s2" else getattr(scenario, name)
            if value is None or not np.isfinite(value):
                continue
            if name != "magnitude":
                value = math.log(max(value, 1e-12 if name == "scale_m_s2" else 0.1))
            row[1 + 2 * place : 3 + 2 * place] = ((value - center) / spread, 1.0)
    return torch.from_numpy(rows)


def batch_conditions(batch: Batch) -> Tensor:
    """:func:`conditions` of a batch of tensors, on its device."""
    return conditions(batch.scenarios, batch.corner, batch.scale).to(batch.low_frequency.device)


def _strongest(starts: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """For each window, the one of its record that has the largest peak.

    :param starts: of windows in their records; a record begins where it is 0.
    """
    record = np.cumsum(starts == 0)
    found = np.empty(len(peak), dtype=int)
    for one in np.unique(record):
        mine = np.flatnonzero(record == one)
        found[mine] = mine[peak[mine].argmax()]
    return found


def _numbers(values: Any) -> np.ndarray:
    if isinstance(values, Tensor):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float)
