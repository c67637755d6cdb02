"""An example of a network: noise that two convolutions shape, at a level that is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from obspy_broadband import Batch, InputError
from obspy_broadband.level.regression import GaussianRegression
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions
from obspy_broadband.method.neural import LevelOptions, NeuralMethod
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.training.objectives import multi_scale_spectrogram

LEVELS = 2  # numbers of a level: ln of the RMS above the corner of the vertical, of the horizontals


@dataclass(frozen=True)
class Options(LevelOptions):
    """Options of murmur.

    :param width: channels of the network.
    :param adversarial: weight of the adversary.
    :param level_steps: of descent for the networks that predict the level, before training starts.
    """

    width: int = 32
    adversarial: float = 0.1
    level_steps: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.width <= 1024:
            raise InputError(f"width is {self.width!r}; it must be 1 to 1024.")


class Murmur(NeuralMethod):
    """White noise, filtered and given an envelope by what the simulation and the conditions say."""

    summary = "Noise that a small network shapes, at a level that is drawn"
    citation = "None: an example"
    samples = 2048
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"width": 8, "training.batch": 16},
        "tiny": {
            **{"width": 2, "level_steps": 20, "training.batch": 4},
            **{"training.validation_records": 2, "training.validation_draws": 2},
        },
    }
    training_defaults: ClassVar[Mapping[str, Any]] = {
        "lr_generator": 1e-3,
        "lr_discriminator": 2e-4,
    }
    noise_channels = 3

    def __init__(self, options: Any = None):
        super().__init__(options)
        width = self.options.width
        self.read = nn.Conv1d(3, width, 31, padding=15)
        self.steer = nn.Linear(CONDITIONS, width)
        self.color = nn.Conv1d(3, width, 31, padding=15)
        self.write = nn.Conv1d(width, 3, 31, padding=15)
        self.level = GaussianRegression(CONDITIONS, LEVELS, CONDITIONS)
        self.discriminators["pair"] = nn.Sequential(
            nn.Conv1d(6, width, 31, stride=4),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, 1, 31, stride=4),
        )
        self.noise_shape = (LEVELS + self.noise_channels * self.samples,)
        self.loss_weights = {
            "generator": {"spectrogram": 1.0, "adversarial": self.options.adversarial},
            "discriminator": {"adversarial": 1.0},
        }

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """The first numbers of a draw are those of the level, if it is drawn."""
        return LEVELS if self.options.vary_level else 0

    def context(
        self, low_frequency: Tensor, conditions: Conditions, strongest: tuple[Tensor, Conditions]
    ) -> dict[str, Tensor]:
        """The gain in time of each channel, and the distribution of the record's level."""
        _, of_record = strongest
        return {
            "gain": self._gain(low_frequency, conditions),
            "level": self.level.mean(of_record.vector),
            "level_root": self.level.root(of_record),
        }

    def sample(
        self,
        low_frequency: Tensor,
        conditions: Conditions,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """A level that is drawn, and above the corner noise that has it."""
        level = context["level"]
        if self.options.vary_level:
            level = level + (context["level_root"] @ noise[:, :LEVELS, None])[..., 0]
        return self._broadband(low_frequency, noise, context["gain"], level)

    def _gain(self, low: Tensor, conditions: Conditions) -> Tensor:
        """(rows, width, samples), positive; nothing where the simulation is at rest."""
        envelope = functional.avg_pool1d(low.abs().amax(dim=1, keepdim=True), 101, 1, 50)
        return envelope * functional.softplus(
            self.read(low) + self.steer(conditions.vector)[..., None]
        )

    def _broadband(self, low: Tensor, noise: Tensor, gain: Tensor, level: Tensor) -> Tensor:
        white = noise[:, LEVELS:].unflatten(1, (3, self.samples))
        high = self.write(gain * self.color(white))
        factor = torch.exp(level - _ln_rms(high))[:, [0, 1, 1], None]
        return low + factor * high

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """A draw at the recorded level: the network learns the shape, the level is fitted."""
        low = batch.low_frequency
        noise = torch.randn(len(low), *self.noise_shape, device=low.device)
        gain = self._gain(low, batch_conditions(batch))
        recorded = _ln_rms(batch.broadband - low)
        return {"generated": self._broadband(low, noise, gain, recorded)}

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """The distance of spectrograms, and what the adversary takes for generated."""
        generated = outputs["generated"]
        return {
            "spectrogram": multi_scale_spectrogram(generated, batch.broadband),
            "adversarial": functional.softplus(-self._judge(batch, generated)).mean(),
        }

    def discriminator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """What the adversary takes for the other kind."""
        recorded = functional.softplus(-self._judge(batch, batch.broadband)).mean()
        generated = functional.softplus(self._judge(batch, outputs["generated"])).mean()
        return {"adversarial": recorded + generated}

    def _judge(self, batch: Batch[Tensor], signal: Tensor) -> Tensor:
        adversary = self.discriminators["pair"]
        return adversary(torch.cat([batch.low_frequency, signal], dim=1))

    def prepare_training(
        self, batch: Batch[Tensor], weights: Tensor, events: Sequence[str]
    ) -> None:
        """Fit the level to the windows in physical units: the others have no scale."""
        weights = weights * torch.isfinite(batch.scale)
        if not bool(weights.any()):
            raise InputError("No record of the training set is in physical units.")
        conditions = batch_conditions(batch)
        recorded = _ln_rms(batch.broadband - batch.low_frequency)
        o = self.options
        self.level.fit(
            conditions.vector, recorded, conditions, weights, events, o.level_steps, o.level_fit
        )


def _ln_rms(signal: Tensor) -> Tensor:
    """ln of the root mean square of the vertical and of the horizontals: (rows, 2)."""
    power = signal.square().mean(dim=-1)
    return 0.5 * torch.log(torch.stack([power[:, 0], power[:, 1:].mean(dim=1)], dim=1) + 1e-12)
