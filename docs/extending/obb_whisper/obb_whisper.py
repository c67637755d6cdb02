"""An example of a method: white noise where the simulation shakes."""

from dataclasses import dataclass

import numpy as np

from obspy_broadband import Batch, InputError, Method
from obspy_broadband.signal.envelope import envelope


@dataclass(frozen=True)
class Options:
    """Options of whisper.

    :param loudness: standard deviation of the noise over the simulation's envelope.
    """

    loudness: float = 0.5

    def __post_init__(self) -> None:
        if not self.loudness >= 0:
            raise InputError(f"loudness is {self.loudness!r}; it must be 0 or more.")


class Whisper(Method):
    """White noise under the envelope of the simulation's low frequencies."""

    summary = "White noise as loud as you say, relative to the simulation's envelope"
    citation = "None: an example"
    samples = None
    Options = Options

    def realize(self, batch: Batch[np.ndarray], seeds: np.ndarray) -> np.ndarray:
        """See :meth:`obspy_broadband.Method.realize`."""
        shape = batch.low_frequency.shape[1:]
        noise = [
            [np.random.default_rng(int(seed)).normal(size=shape) for seed in row] for row in seeds
        ]
        loudness = self.options.loudness * envelope(batch.low_frequency)
        return np.array(noise) * loudness[:, None]
