"""Options of a training, from defaults, presets, a TOML file and single settings."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..data.pairs import PROTOCOLS
from ..errors import InputError
from ..method.neural import NeuralMethod

_PREFIX = "training."
SCHEDULES = ("constant", "multiplicative", "cyclic", "cosine")
_KINDS = {"int": (int,), "float": (int, float), "str": (str,)}
PRECISIONS = ("32-true", "bf16-mixed")


@dataclass(frozen=True)
class TrainingOptions:
    """Options of the loop; those of the method are its own.

    :param steps: of the generator.
    :param batch: windows a step, all processes together.
    :param seed: of the first weights, of the data's order and of all noise.
    :param protocol: of the pairs, "clean" or "thesis".
    :param corner_lowest: Hz; the corner (upper frequency limit of the input) is drawn between this
        and ``corner_highest`` (clean protocol).
    :param units: "any", or "mps2" for records in physical units only.
    :param lowest_hz: frequency, Hz, that records must be usable from.
    :param after_p_s: duration that records must have after P, s.
    :param onset_earliest: of P in the window, s; negative for windows that begin after P.
    :param onset_latest: likewise.
    :param forget: probability with which each part of the metadata is hidden.
    :param event_balance: a record is shown in proportion to 1 / (records of its event) to this
        power: 0 every record alike, 1 every event alike.
    :param scenarios: a store of simulated scenarios (``obb data simulate``), from which a method
        that draws a level learns it beside the records; "" for none.
    :param scenario_share: weight of the scenarios among all windows that the level is learned from.
    :param lr_generator: learning rate of everything but the adversaries.
    :param lr_discriminator: of the adversaries.
    :param weight_decay_generator: of Adam (L2); likewise ``weight_decay_discriminator``.
    :param beta1: of Adam; likewise ``beta2``.
    :param schedule: of both learning rates: "constant"; "multiplicative" falls by the same factor
        each step, "cosine" along a cosine, both to ``schedule_end`` of the start; "cyclic" goes up
        and down between the two in ``cycle`` steps.
    :param warmup: steps in which the rates rise from zero.
    :param critic_steps: of the discriminator for each of the generator, each with its own batch.
    :param clip: norm at which gradients are clipped; 0 for never.
    :param ema: decay of the average of the weights that is validated and kept.
    :param precision: "32-true" or "bf16-mixed".
    :param validate_every: steps; likewise ``checkpoint_every`` and ``log_every``.
    :param validation_records: at most so many of the dev split.
    :param validation_draws: realizations of each.
    :param patience: validations without improvement after which training stops; 0 for never.
    """

    steps: int = 5000
    batch: int = 32
    seed: int = 0
    protocol: str = "clean"
    corner_lowest: float = 0.5
    corner_highest: float = 5.0
    units: str = "any"
    lowest_hz: float = 0.5
    after_p_s: float = 30.0
    onset_earliest: float = -5.0
    onset_latest: float = 15.0
    forget: float = 0.3
    event_balance: float = 0.5
    scenarios: str = ""
    scenario_share: float = 0.1
    lr_generator: float = 2e-4
    lr_discriminator: float = 1e-4
    weight_decay_generator: float = 0.0
    weight_decay_discriminator: float = 0.0
    beta1: float = 0.5
    beta2: float = 0.999
    schedule: str = "constant"
    schedule_end: float = 0.1
    cycle: int = 1000
    warmup: int = 0
    critic_steps: int = 1
    clip: float = 0.0
    ema: float = 0.999
    precision: str = "32-true"
    validate_every: int = 500
    checkpoint_every: int = 250
    log_every: int = 10
    validation_records: int = 40
    validation_draws: int = 8
    patience: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (
            ("protocol", PROTOCOLS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
            ("units", ("any", "mps2")),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"training.{name} is {getattr(self, name)!r}; it must be one of "
                    f"{', '.join(allowed)}."
                )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            kinds: tuple[type, ...] = _KINDS[str(field.type)]
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise InputError(f"training.{field.name} is {value!r}; it must be {field.type}.")
        for name in ("steps", "batch", "critic_steps", "validate_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise InputError(f"training.{name} is {getattr(self, name)}; it must be 1 or more.")
        if not 0 <= self.scenario_share < 1:
            raise InputError("training.scenario_share must be at least 0 and less than 1.")
        if not 0 < self.corner_lowest <= self.corner_highest <= 20:
            raise InputError("training.corner_lowest and corner_highest must rise within 0-20 Hz.")

    def rate(self, step: int) -> float:
        """Factor on the learning rates at a step."""
        progress = min(1.0, step / max(1, self.steps - 1))
        factor = 1.0
        if self.schedule == "multiplicative":
            factor = self.schedule_end**progress
        elif self.schedule == "cosine":
            factor = self.schedule_end + (1 - self.schedule_end) * 0.5 * (
                1 + math.cos(math.pi * progress)
            )
        elif self.schedule == "cyclic":
            triangle = 1.0 - abs((step / self.cycle) % 1.0 * 2.0 - 1.0)
            factor = self.schedule_end + (1 - self.schedule_end) * triangle
        return factor * min(1.0, (step + 1) / (self.warmup + 1))


def resolve(
    method_class: type[NeuralMethod],
    preset: str | None = None,
    file: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Any, TrainingOptions]:
    """The method's options and the loop's, later sources winning over earlier ones: the method's
    defaults, the preset, the file, the single settings.

    :param preset: one of ``method_class.presets``.
    :param file: as :func:`read_toml` gives it.
    :param settings: by name; those of the loop begin with "training.".
    :raises InputError: for an unknown option (names similar ones) or a value that is refused.
    """
    if preset is not None and preset not in method_class.presets:
        presets = ", ".join(method_class.presets) or "none"
        raise InputError(f"Unknown preset {preset!r}; {method_class.__name__} has: {presets}.")
    merged = {_PREFIX + name: value for name, value in method_class.training_defaults.items()}
    merged |= method_class.presets[preset] if preset else {}
    merged |= {**(file or {}), **(settings or {})}
    training = {
        name.removeprefix(_PREFIX): value
        for name, value in merged.items()
        if name.startswith(_PREFIX)
    }
    of_method = {name: value for name, value in merged.items() if not name.startswith(_PREFIX)}
    allowed = [field.name for field in dataclasses.fields(TrainingOptions)]
    for name in training:
        if name not in allowed:
            similar = [_PREFIX + match for match in get_close_matches(name, allowed, 3, 0.4)]
            hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
            raise InputError(f"Unknown option {_PREFIX + name!r}.{hint}")
    options = TrainingOptions(**training)
    has_level = "level" in {field.name for field in dataclasses.fields(method_class.Options)}
    if options.protocol == "thesis" and has_level:
        # That protocol divides by the target's peak: there is no level left to predict.
        of_method.setdefault("level", "given")
    return method_class.configure(of_method), options


def read_toml(path: str | Path, table: str | None = None) -> dict[str, Any]:
    """Settings of a TOML file: the method's at the top or in [method], the loop's in [training].

    :param table: one table as it is, instead.
    :raises InputError: if it cannot be read.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no TOML file that can be read: {error}") from error
    if table is not None:
        return dict(content.get(table, {}))
    settings: dict[str, Any] = {}
    for name, value in content.items():
        if name == "run":  # method and data, see to_toml
            continue
        if isinstance(value, Mapping):
            prefix = _PREFIX if name == "training" else "" if name == "method" else name + "."
            settings |= {prefix + key: setting for key, setting in value.items()}
        else:
            settings[name] = value
    return settings


def to_toml(run: Mapping[str, Any], options: Any, training: TrainingOptions) -> str:
    """The resolved options as TOML that :func:`read_toml` reads.

    :param run: names of method and data.
    """
    lines = []
    for name, table in (
        ("run", run),
        ("method", dataclasses.asdict(options)),
        ("training", dataclasses.asdict(training)),
    ):
        lines.append(f"[{name}]")
        # TOML's numbers, texts, booleans and lists are written as JSON's; it has no null.
        lines += [
            f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None
        ]
        lines.append("")
    return "\n".join(lines)
