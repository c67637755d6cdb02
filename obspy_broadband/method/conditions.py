"""Corner, scale and metadata of windows as the numbers that networks are conditioned on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..nn.conditions import Conditions
from .contract import Batch, Scenario, as_array

#: Mean and standard deviation by which each quantity is standardized; of its natural logarithm for
#: all but the magnitude.
_STANDARD = {
    "scale_m_s2": (math.log(0.02), 2.0),
    "magnitude": (5.5, 1.2),
    "distance_km": (math.log(40.0), 1.0),
    "depth_km": (math.log(10.0), 0.8),
    "vs30_m_s": (math.log(450.0), 0.5),
}
CONDITIONS = 1 + 2 * len(_STANDARD)  #: length of the vector of conditions


def conditions_of(scenarios: Sequence[Scenario], corner: Any, scale: Any) -> Conditions:
    """Conditions of windows; the vector is (rows, CONDITIONS), float32.

    ln(corner / 1 Hz); then for scale, magnitude, distance, depth and Vs30 the standardized value
    and a flag, 1 where it is known. A missing value is 0 with flag 0, which a network can tell from
    an average one.

    :param corner: (rows,), Hz, the simulation's upper frequency limit; tensor or array.
    :param scale: (rows,), m/s²; NaN for records that are not in physical units.
    """
    vector = np.zeros((len(scenarios), CONDITIONS), dtype=np.float32)
    vector[:, 0] = np.log(as_array(corner).astype(float))
    scales = as_array(scale).astype(float)
    for row, scenario, scale_m_s2 in zip(vector, scenarios, scales):
        for column, (name, (mean, deviation)) in enumerate(_STANDARD.items()):
            value = scale_m_s2 if name == "scale_m_s2" else getattr(scenario, name)
            if value is None or not np.isfinite(value):
                continue
            if name != "magnitude":
                value = math.log(max(value, 1e-12 if name == "scale_m_s2" else 0.1))
            row[1 + 2 * column : 3 + 2 * column] = ((value - mean) / deviation, 1.0)
    return Conditions.from_vector(torch.from_numpy(vector))


def batch_conditions(batch: Batch[Tensor]) -> Conditions:
    """:func:`conditions_of` the windows of a training batch, on its device."""
    conditions = conditions_of(batch.scenarios, batch.corner, batch.scale)
    return conditions.to(batch.low_frequency.device)
