"""ANN2BB: short-period response spectra predicted from long-period ones, matched by a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from obspy_broadband import Batch, InputError
from obspy_broadband.level.regression import GaussianRegression
from obspy_broadband.method.conditions import CONDITIONS, batch_conditions
from obspy_broadband.method.neural import LevelOptions, NeuralMethod
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.signal.filters import fast_length, low_pass, raised_cosine
from obspy_broadband.signal.phases import arrivals, smooth
from obspy_broadband.signal.response import response_spectrum

#: Periods of the ordinates that are predicted, s.
SHORT = tuple(np.geomspace(0.02, 2.0, 16))
#: Periods of the ordinates that they are predicted from, as multiples of 1 / corner.
_LONG = np.geomspace(1.0, 7.0, 8)
#: Longest period at which the trace is matched, as a share of 1 / corner.
_MATCHED = 0.9
#: s: ordinates at shorter periods are all nearly the peak acceleration and do not constrain the
#: Fourier spectrum at their frequency. There the spectrum falls with a kappa (s; Anderson and
#: Hough, 1984), adjusted from its first value within these limits to match those ordinates.
_SHORTEST, _KAPPA, _KAPPAS = 0.08, 0.04, (0.01, 0.08)
#: Difference in ln SA below which an ordinate is that of the low frequencies alone.
_MARGIN = 0.15
#: Ordinates of the vertical and of the mean horizontal.
_ORDINATES = 2 * len(SHORT)


@dataclass(frozen=True)
class Options(LevelOptions):
    """Options of ANN2BB.

    :param iterations: of matching the trace to the response spectrum.
    :param steps: of gradient descent for the small networks.
    """

    iterations: int = 6
    steps: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.iterations <= 50:
            raise InputError(f"iterations is {self.iterations}; it must be 1 to 50.")


class ANN2BB(NeuralMethod):
    """Small networks predict SA at short periods, and noise is matched to the predicted spectrum.

    Paolucci et al. (2018), made one-to-many: the response spectrum is drawn with the covariance
    between periods of the prediction errors for new events,

        ln SA_short = m(ln SA_long, conditions) + L epsilon,    epsilon ~ N(0, I)

    with m and L L' of :class:`obspy_broadband.level.regression.GaussianRegression`. The trace is
    noise under the envelope of the low frequencies, matched by scaling its Fourier amplitudes, and
    joined above the corner (the simulation's upper frequency limit).
    """

    summary = "Short-period response spectra from long-period ones, matched by a stochastic trace"
    citation = "Paolucci et al. (2018), Bull. Seismol. Soc. Am. 108, 1272-1286"
    Options = Options
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"training.batch": 16},
        "thesis": {},
    }
    loss_weights: Mapping[str, Mapping[str, float]] = {}

    def __init__(self, options: Any = None):
        super().__init__(options)
        inputs = 2 * len(_LONG) + CONDITIONS
        self.predictor = GaussianRegression(inputs, _ORDINATES, CONDITIONS)
        self.noise_shape = (_ORDINATES + 3 * self.samples,)
        self.noise_channels = 3

    @property
    def one_to_many(self) -> bool:  # type: ignore[override]
        """Always: the noise differs."""
        return True

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """See :attr:`obspy_broadband.Method.epsilon_size`."""
        return _ORDINATES if self.options.vary_level else 0

    def prepare_training(
        self, batch: Batch[Tensor], weights: Tensor, events: Sequence[str]
    ) -> None:
        """See :meth:`obspy_broadband.level.regression.GaussianRegression.fit`."""
        assert batch.broadband is not None
        conditions = batch_conditions(batch)
        physical = torch.isfinite(batch.scale).to(weights)
        x = self._inputs(batch.low_frequency, conditions)
        y = _ordinates(batch.broadband, np.array(SHORT), self.sampling_rate).to(x)
        o = self.options
        self.predictor.fit(x, y, conditions, weights * physical, events, o.steps, o.level_fit)

    def context(
        self, low_frequency: Tensor, conditions: Conditions, strongest: tuple[Tensor, Conditions]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.context`."""
        corners = conditions.corner.cpu().double().numpy()
        low = low_frequency.cpu().double().numpy()
        envelopes = [
            _envelope(window, self.sampling_rate, corner) for window, corner in zip(low, corners)
        ]
        spectra = [_ln_spectra(window, self.sampling_rate, np.array(SHORT)) for window in low]
        return {
            "ordinates": self.predictor.mean(self._inputs(low_frequency, conditions)),
            "root": self.predictor.root(conditions),
            "envelope": torch.as_tensor(np.array(envelopes), device=low_frequency.device),
            "low_frequency_spectra": torch.as_tensor(
                np.array(spectra), device=low_frequency.device
            ),
        }

    def sample(
        self,
        low_frequency: Tensor,
        conditions: Conditions,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.sample`."""
        epsilon = noise[:, :_ORDINATES, None] * float(self.options.vary_level)
        ordinates = context["ordinates"] + (context["root"] @ epsilon)[..., 0]
        white = noise[:, _ORDINATES:].unflatten(1, (3, self.samples))
        rows = (
            low_frequency,
            ordinates,
            white.double() * context["envelope"][:, None],
            conditions.corner,
            context["low_frequency_spectra"],
        )
        arrays = [values.cpu().double().numpy() for values in rows]
        matched = np.array([self._match(*row) for row in zip(*arrays)])
        return torch.as_tensor(matched, dtype=torch.float32, device=low_frequency.device)

    def forward(self, batch: Batch[Tensor]) -> dict[str, Tensor]:
        """Nothing: all is fitted before the first step."""
        return {}

    def generator_losses(
        self, batch: Batch[Tensor], outputs: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """None, likewise."""
        return {}

    def _inputs(self, low: Tensor, conditions: Conditions) -> Tensor:
        """ln SA of the low frequencies at long periods, and the conditions: (batch, inputs)."""
        corners = conditions.corner.cpu().double().numpy()
        ordinates = np.empty((len(low), 2 * len(_LONG)))
        for corner in np.unique(corners):
            rows = np.flatnonzero(corners == corner)
            part = low[torch.as_tensor(rows, device=low.device)]
            ordinates[rows] = _ordinates(part, _LONG / corner, self.sampling_rate).numpy()
        long = torch.as_tensor(ordinates, dtype=torch.float32, device=low.device)
        return torch.cat([long, conditions.vector], dim=1)

    def _match(
        self,
        low: np.ndarray,
        ordinates: np.ndarray,
        noise: np.ndarray,
        corner: float,
        low_frequency_spectra: np.ndarray,
    ) -> np.ndarray:
        """Low frequencies plus noise whose sum has the response spectrum: (3, samples).

        In every iteration the Fourier amplitude at frequency f is multiplied with the ratio of the
        target to the response spectrum of the sum at period 1 / f.

        :param low: (3, samples).
        :param ordinates: (2 len(SHORT),), ln SA of V, then H: the target.
        :param noise: (3, samples), under the record's envelope.
        :param corner: Hz, the simulation's upper frequency limit.
        :param low_frequency_spectra: (3, len(SHORT)), ln SA of the low frequencies.
        """
        rate = self.sampling_rate
        vertical, horizontal = ordinates.reshape(2, len(SHORT))
        matched = np.array(SHORT) <= _MATCHED / corner
        periods = np.array(SHORT)[matched]
        at_peak, at_period = periods < _SHORTEST, periods >= _SHORTEST
        target = np.stack([vertical, horizontal, horizontal])[:, matched]
        samples = low.shape[-1]
        # Zero padding, against the wrap-around of the Fourier transform.
        length = fast_length(samples + int(5 * rate / corner))
        frequencies = np.fft.rfftfreq(length, 1.0 / rate)
        spectrum = np.fft.rfft(noise, length)
        spectrum *= (1.0 - low_pass(frequencies, corner)) * np.exp(-np.pi * _KAPPA * frequencies)
        high = np.fft.irfft(spectrum, length)[..., :samples]
        peak = np.abs(high).max()
        high *= np.exp(target.mean()) / peak if peak > 0 else 0.0
        ln_frequency = np.log(np.maximum(frequencies, frequencies[1]))
        nodes = np.log(1.0 / periods[at_period])[::-1]
        beyond = np.maximum(frequencies - 1.0 / _SHORTEST, 0.0)
        kappa = np.full((3, 1), _KAPPA)
        # Near the corner the low frequencies alone may exceed the target, which then does not
        # constrain what is above: matching it would remove more and more. The gain is that of
        # shorter periods there.
        constrained = (target > low_frequency_spectra[:, matched] + _MARGIN)[:, at_period][:, ::-1]
        for _ in range(self.options.iterations):
            difference = np.clip(target - _ln_spectra(low + high, rate, periods), -1.5, 1.5)
            ln_gain = np.array(
                [
                    np.interp(ln_frequency, nodes[used], row[at_period][::-1][used])
                    if used.any()
                    else 0.0 * ln_frequency
                    for used, row in zip(constrained, difference)
                ]
            )
            # Too small a peak acceleration means too large a kappa.
            new = kappa - _KAPPA * difference[:, at_peak].mean(axis=1, keepdims=True)
            new = np.clip(new, *_KAPPAS)
            gain = np.exp(ln_gain - np.pi * (new - kappa) * beyond)
            kappa = new
            high = np.fft.irfft(np.fft.rfft(high, length) * gain, length)[..., :samples]
        return low + high


def _ln_spectra(motion: np.ndarray, rate: float, periods: np.ndarray) -> np.ndarray:
    """ln SA of (3, samples): (3, periods), both horizontals their mean, as they have one target."""
    ln_sa = np.log(response_spectrum(motion, rate, tuple(periods)) + 1e-12)
    ln_sa[1:] = ln_sa[1:].mean(axis=0)
    return ln_sa


def _ordinates(motion: Tensor, periods: np.ndarray, sampling_rate: float) -> Tensor:
    """ln SA of the vertical and the geometric mean of the horizontals: (batch, 2 periods)."""
    records = motion.detach().cpu().double().numpy()
    ln_sa = np.array(
        [
            np.log(response_spectrum(record, sampling_rate, tuple(periods)) + 1e-12)
            for record in records
        ]
    )
    return torch.from_numpy(np.concatenate([ln_sa[:, 0], ln_sa[:, 1:].mean(axis=1)], axis=1))


def _envelope(low: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """Envelope of the low frequencies smoothed over 1 / corner, from P on, tapered at the end."""
    width = max(3, round(sampling_rate / corner))
    power = smooth((low**2).sum(axis=0), width)
    p, _ = arrivals(low, sampling_rate, corner)
    times = np.arange(low.shape[-1]) / sampling_rate
    onset = 0.0 if p is None else p
    rise = raised_cosine((times - onset + 0.5 / corner) * corner)
    return np.sqrt(power) * rise * raised_cosine((times[-1] - times) * corner)
