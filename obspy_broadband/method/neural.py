"""The PyTorch half of the contract: what every trained method shares.

A network's author writes ``sample`` (to draw), ``forward`` and two dictionaries of losses (to
train). Seeds, chunks of rows, devices and the check of loss names are written once, here.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError, MethodError
from ..level.regression import check_fit
from ..nn.conditions import Conditions
from .conditions import conditions_of
from .contract import Batch, Method
from .weights import Weights, find

#: Rows that pass through a network at once when drawing on a GPU. On a CPU it is one: even at a
#: fixed number of rows, matrix products round differently from row to row, and a realization would
#: depend on what is drawn beside it. (On a GPU it does, to rounding.)
ROWS_ON_GPU = 64
#: Lowest and highest ``level_spread`` that is accepted from a card.
_SPREADS = (0.2, 5.0)


@dataclass(frozen=True)
class LevelOptions:
    """Options of every network that draws a level.

    :param vary_level: draw the level; False gives its median.
    :param calibrated: multiply its standard deviation by the factor in the card of the weights, if
        there is one (:mod:`.training.calibrate`); False draws it as fitted.
    :param level_fit: how the regression of the level is fitted before a training run: "anew", to
        the run's data alone; "shift", by adding the mean residual of these data to the regression
        that the run starts from; "keep", not at all.
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
    #: Weight of each loss, by phase ("generator", "discriminator") and by the names that the two
    #: methods below use.
    loss_weights: Mapping[str, Mapping[str, float]]
    #: Shape of the standard normal noise that one realization of a window needs.
    noise_shape: tuple[int, ...]
    #: Channels of noise along the record, the last ``noise_channels * samples`` values of the
    #: noise: windows that overlap share them where they overlap. The rest of the noise is the same
    #: in all windows of a record.
    noise_channels: int = 0
    #: Whether the network gets every window divided by its own peak, as windows for training are;
    #: otherwise the quiet windows of a long record would lie outside the training data.
    relative: bool = True
    #: Which weights of a run are kept: those with the "best" score, or the "last", where a stage of
    #: training cannot be scored yet.
    keep: str = "best"
    #: The weights that were loaded; None before training.
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
        conditions: Conditions,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """Realizations of windows, a deterministic function of the noise.

        :param low_frequency: (rows, 3, samples), divided by the scale.
        :param conditions: corner and metadata of the rows.
        :param noise: (rows, *noise_shape), standard normal.
        :param context: what :meth:`context` returned for these rows.
        :return: (rows, 3, samples), divided by the scale.
        """

    def context(
        self, low_frequency: Tensor, conditions: Conditions, strongest: tuple[Tensor, Conditions]
    ) -> dict[str, Tensor]:
        """What all realizations of a window have in common, computed once.

        :param strongest: low frequencies and conditions of the window with the largest peak of the
            same record, for what holds for the record as a whole: a quiet window before or after
            the earthquake lies outside the training data.
        :return: tensors whose first dimension is rows.
        """
        return {}

    @abstractmethod
    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """All that both phases of a training step need, computed once."""

    @abstractmethod
    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Scalars by name, unweighted."""

    def discriminator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Scalars by name, unweighted; none for a method without adversaries."""
        return {}

    def prepare_training(
        self, batch: Batch[Tensor], weights: Tensor, events: Sequence[str]
    ) -> None:
        """Fit what is not trained by gradient descent (standardization, the level's regression).

        :param batch: many windows of the training set, on the device; ``scale`` is NaN for windows
            that are not in physical units.
        :param weights: (batch,), weight of each window.
        :param events: the event of each window.
        """

    def realize(self, batch: Batch[np.ndarray], seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`."""
        self.eval()
        device = next(iter(self.state_dict().values())).device
        records, realizations = seeds.shape
        windows = np.asarray(batch.low_frequency, dtype=np.float32)
        peak = np.ones(records, dtype=np.float32)
        if self.relative:
            peak = np.maximum(np.abs(windows).max(axis=(1, 2)), np.float32(1e-6))
        windows = windows / peak[:, None, None]
        conditions = conditions_of(batch.scenarios, batch.corner, np.asarray(batch.scale) * peak)
        starts = np.asarray(batch.starts)
        strongest = _strongest_windows(starts, peak)
        rows_at_once = ROWS_ON_GPU if device.type == "cuda" else 1
        drawn = np.empty((records, realizations, *windows.shape[1:]), np.float32)

        def inputs(rows: np.ndarray) -> tuple[Tensor, Conditions]:
            low_frequency = torch.from_numpy(windows[rows])
            return low_frequency.to(device), conditions[torch.from_numpy(rows)].to(device)

        with torch.inference_mode():
            for rows in np.array_split(np.arange(records), -(-records // rows_at_once)):
                low_frequency, row_conditions = inputs(rows)
                context = self.context(low_frequency, row_conditions, inputs(strongest[rows]))
                draws = np.stack(np.divmod(np.arange(len(rows) * realizations), realizations))
                for first in range(0, draws.shape[1], rows_at_once):
                    row, realization = draws[:, first : first + rows_at_once]
                    index = torch.from_numpy(row).to(device)
                    noise = torch.stack(
                        [
                            self._noise(int(seed), int(start))
                            for seed, start in zip(seeds[rows[row], realization], starts[rows[row]])
                        ]
                    )
                    if batch.epsilon is not None:
                        noise[:, : self.epsilon_size] = torch.as_tensor(
                            batch.epsilon[rows[row], realization]
                        )
                    noise[:, : self.epsilon_size] *= self.level_spread
                    generated = self.sample(
                        low_frequency[index],
                        row_conditions[index],
                        noise.to(device),
                        {name: value[index] for name, value in context.items()},
                    )
                    drawn[rows[row], realization] = generated.float().cpu().numpy()
        return drawn * peak[:, None, None, None]

    def _noise(self, seed: int, start: int) -> Tensor:
        """The noise of one realization in a window.

        Noise along the record comes in blocks of a window's length, each from the seed and its own
        number; a window takes its part of the two blocks that it overlaps.

        :param start: of the window, in samples from the beginning of its record.
        """
        values = np.random.default_rng(seed).standard_normal(self.noise_shape, dtype=np.float32)
        if self.noise_channels and start:
            size = self.noise_channels * self.samples
            first, offset = divmod(start, self.samples)
            blocks = []
            for block in (first, first + 1):
                rng = np.random.default_rng([seed, block])
                noise = rng.standard_normal(size, dtype=np.float32) if block else values[-size:]
                blocks.append(noise.reshape(self.noise_channels, self.samples))
            running = np.concatenate(blocks, axis=1)[:, offset : offset + self.samples]
            values = np.concatenate([values[:-size], running.ravel()])
        return torch.from_numpy(values)

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
    """A trained method with the options of its weights, those of ``options`` replaced.

    :param weights: name or path of a set; see :func:`obspy_broadband.method.weights.find`.
    :raises InputError: if there are no weights, or they do not fit the options.
    """
    trained = find(name, None if weights is None else str(weights))
    method = method_class(method_class.configure({**trained.card["options"], **options}))
    assert isinstance(method, NeuralMethod)
    load_weights(method, trained)
    if getattr(method.options, "calibrated", True):
        method.level_spread = _level_spread(trained)
    return method


def _level_spread(weights: Weights) -> float:
    """The factor on the level's standard deviation in a card, checked: cards come from others."""
    calibration = weights.card.get("calibration", {"level_spread": 1.0})
    spread = calibration.get("level_spread") if isinstance(calibration, Mapping) else None
    if not isinstance(spread, (int, float)) or not _SPREADS[0] <= spread <= _SPREADS[1]:
        raise InputError(
            f"The card of {weights.path} says a level_spread of {spread!r}; it must be a number "
            f"from {_SPREADS[0]:g} to {_SPREADS[1]:g}. Pass calibrated=false, or calibrate again."
        )
    return float(spread)


def load_weights(method: NeuralMethod, weights: Weights) -> None:
    """Load the tensors of a set of weights into a method.

    :raises InputError: if they do not fit.
    """
    tensors = {key: value.float() for key, value in weights.load().items()}
    # Adversaries are needed in training only and are not shipped.
    shapes = {
        key: value.shape
        for key, value in method.state_dict().items()
        if not key.startswith("discriminators.")
    }
    if shapes != {key: value.shape for key, value in tensors.items()}:
        changed = ", ".join(
            f"{key}={value}"
            for key, value in dataclasses.asdict(method.options).items()
            if weights.card["options"].get(key, value) != value
        )
        raise InputError(
            f"The weights {weights.path} do not fit a network with {changed or 'these options'}; "
            "leave out options that change its size."
        )
    method.load_state_dict(tensors, strict=False)
    method.weights = weights


def _strongest_windows(starts: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """For each window, the index of the window with the largest peak of the same record.

    :param starts: of windows in their records; a record begins where it is 0.
    """
    record = np.cumsum(starts == 0)
    strongest = np.empty(len(peak), dtype=int)
    for number in np.unique(record):
        windows = np.flatnonzero(record == number)
        strongest[windows] = windows[peak[windows].argmax()]
    return strongest
