"""ANN2BB: short-period response spectra predicted from long-period ones, matched by a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from obspy_broadband import Batch, InputError
from obspy_broadband.level.regression import Predictor
from obspy_broadband.method.neural import CONDITIONS, LevelOptions, NeuralMethod, batch_conditions
from obspy_broadband.signal.filters import fast_length, low_pass, raised_cosine
from obspy_broadband.signal.phases import arrivals, smooth
from obspy_broadband.signal.response import response_spectrum

#: s: ordinates that are predicted.
SHORT = tuple(np.geomspace(0.02, 2.0, 16))
#: Ordinates that are given, as multiples of the corner's period.
_LONG = np.geomspace(1.0, 7.0, 8)
#: Longest period (s) at which the trace is matched, as a share of the corner's period: beyond, the
#: simulation has its say.
_MATCHED = 0.9
#: s: ordinates at shorter periods are all nearly the peak acceleration and say little of the energy
#: at their frequency. There the spectrum falls with a kappa (s; Anderson and Hough, 1984), this one
#: first, then within these limits whatever comes nearest to those ordinates.
_SHORTEST, _KAPPA, _KAPPAS = 0.08, 0.04, (0.01, 0.08)
#: Difference of ln SA from which the simulation alone has not got an ordinate.
_MARGIN = 0.15
#: Numbers drawn for the spectra of the vertical and the mean horizontal.
_SPECTRA = 2 * len(SHORT)


@dataclass(frozen=True)
class Options(LevelOptions):
    """Options of ANN2BB.

    :param iterations: of matching the trace to the spectrum.
    :param steps: of descent for the small networks.
    """

    iterations: int = 6
    steps: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.iterations <= 50:
            raise InputError(f"iterations is {self.iterations}; it must be 1 to 50.")


class ANN2BB(NeuralMethod):
    """Small networks predict SA at short periods, with an uncertainty; noise is made to have it.

    Paolucci et al. (2018), made one-to-many: the spectrum is drawn from the distribution of the
    errors on events that were not seen, which are correlated between periods. The trace is noise
    under the simulation's own envelope, matched to the drawn spectrum by scaling its Fourier
    amplitudes, and joined above the corner.
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
        self.predictor = Predictor(inputs, _SPECTRA, CONDITIONS)
        self.noise_shape = (_SPECTRA + 3 * self.samples,)
        self.noise_channels = 3

    @property
    def one_to_many(self) -> bool:  # type: ignore[override]
        """The noise is always another one."""
        return True

    @property
    def epsilon_size(self) -> int:  # type: ignore[override]
        """The first numbers of a draw; see :attr:`obspy_broadband.Method.epsilon_size`."""
        return _SPECTRA if self.options.vary_level else 0

    def prepare_training(self, batch: Batch, weights: Tensor, events: Sequence[str]) -> None:
        """Fit all there is to fit; see :meth:`obspy_broadband.level.regression.Predictor.fit`."""
        known = batch_conditions(batch)
        physical = torch.isfinite(batch.scale).to(weights)
        x = torch.cat([self._given(batch.low_frequency, known), known], dim=1)
        y = _ordinates(batch.broadband, np.array(SHORT), self.sampling_rate).to(x)
        o = self.options
        self.predictor.fit(x, y, known, weights * physical, events, o.steps, o.level_fit)

    def context(
        self, low_frequency: Tensor, conditions: Tensor, strongest: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.context`."""
        x = torch.cat([self._given(low_frequency, conditions), conditions], dim=1)
        corners = conditions[:, 0].exp().cpu().double().numpy()
        low = low_frequency.cpu().double().numpy()
        envelope = np.array(
            [_envelope(one, self.sampling_rate, corner) for one, corner in zip(low, corners)]
        )
        return {
            "spectra": self.predictor.mean(x),
            "root": self.predictor.root(conditions),
            "envelope": torch.as_tensor(envelope, device=low_frequency.device),
            "alone": torch.as_tensor(
                np.array([_ln_spectra(one, self.sampling_rate, np.array(SHORT)) for one in low]),
                device=low_frequency.device,
            ),
        }

    def sample(
        self,
        low_frequency: Tensor,
        conditions: Tensor,
        noise: Tensor,
        context: Mapping[str, Tensor],
    ) -> Tensor:
        """See :meth:`obspy_broadband.method.neural.NeuralMethod.sample`."""
        drawn = noise[:, :_SPECTRA, None] * float(self.options.vary_level)
        spectra = context["spectra"] + (context["root"] @ drawn)[..., 0]
        white = noise[:, _SPECTRA:].unflatten(1, (3, self.samples))
        white = white.double() * context["envelope"][:, None]
        given = (low_frequency, spectra, white, conditions[:, 0].exp(), context["alone"])
        made = [self._match(*row) for row in zip(*(one.cpu().double().numpy() for one in given))]
        return torch.as_tensor(np.array(made), dtype=torch.float32, device=low_frequency.device)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Nothing: all is fitted before the first step."""
        return {}

    def generator_losses(self, batch: Batch, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """None, likewise."""
        return {}

    def _given(self, low: Tensor, conditions: Tensor) -> Tensor:
        """ln SA of the low frequencies at multiples of the corner's period: (batch, numbers)."""
        corners = conditions[:, 0].exp().cpu().double().numpy()
        found = np.empty((len(low), 2 * len(_LONG)))
        for corner in np.unique(corners):
            rows = np.flatnonzero(corners == corner)
            part = low[torch.as_tensor(rows, device=low.device)]
            found[rows] = _ordinates(part, _LONG / corner, self.sampling_rate).numpy()
        return torch.as_tensor(found, dtype=torch.float32, device=low.device)

    def _match(
        self,
        low: np.ndarray,
        ln_spectra: np.ndarray,
        noise: np.ndarray,
        corner: float,
        alone: np.ndarray,
    ) -> np.ndarray:
        """Low frequencies and noise whose sum has the spectrum: (3, samples).

        :param noise: (3, samples), under the record's envelope.
        :param alone: (3, len(SHORT)), ln SA of the low frequencies.
        """
        rate = self.sampling_rate
        vertical, horizontal = ln_spectra.reshape(2, len(SHORT))
        chosen = np.array(SHORT) <= _MATCHED / corner
        periods = np.array(SHORT)[chosen]
        peak, own = periods < _SHORTEST, periods >= _SHORTEST
        wanted = np.stack([vertical, horizontal, horizontal])[:, chosen]
        samples = low.shape[-1]
        # Silence behind the record, or its end would be felt at its beginning.
        length = fast_length(samples + int(5 * rate / corner))
        frequencies = np.fft.rfftfreq(length, 1.0 / rate)
        spectrum = np.fft.rfft(noise, length)
        spectrum *= (1.0 - low_pass(frequencies, corner)) * np.exp(-np.pi * _KAPPA * frequencies)
        high = np.fft.irfft(spectrum, length)[..., :samples]
        size = np.abs(high).max()
        high *= np.exp(wanted.mean()) / size if size > 0 else 0.0
        at = np.log(np.maximum(frequencies, frequencies[1]))
        nodes = np.log(1.0 / periods[own])[::-1]
        beyond = np.maximum(frequencies - 1.0 / _SHORTEST, 0.0)
        kappa = np.full((3, 1), _KAPPA)
        # Near the corner the simulation alone may have the ordinate, which then says nothing of
        # what is above: less and less would be asked for. What shorter periods say holds there.
        told = (wanted > alone[:, chosen] + _MARGIN)[:, own][:, ::-1]
        for _ in range(self.options.iterations):
            found = _ln_spectra(low + high, rate, periods)
            change = np.clip(wanted - found, -1.5, 1.5)
            gain = np.array(
                [
                    np.interp(at, nodes[some], one[own][::-1][some]) if some.any() else 0.0 * at
                    for some, one in zip(told, change)
                ]
            )
            # Peaks that are too small ask for more energy where nothing else asks for any.
            asked = kappa - _KAPPA * change[:, peak].mean(axis=1, keepdims=True)
            asked = np.clip(asked, *_KAPPAS)
            gain = np.exp(gain - np.pi * (asked - kappa) * beyond)
            kappa = asked
            high = np.fft.irfft(np.fft.rfft(high, length) * gain, length)[..., :samples]
        return low + high


def _ln_spectra(motion: np.ndarray, rate: float, periods: np.ndarray) -> np.ndarray:
    """ln SA of (3, samples): (3, periods). Two horizontals have one target, so they get their mean:
    their difference is the noise's own.
    """
    found = np.log(response_spectrum(motion, rate, tuple(periods)) + 1e-12)
    found[1:] = found[1:].mean(axis=0)
    return found


def _ordinates(motion: Tensor, periods: np.ndarray, sampling_rate: float) -> Tensor:
    """ln SA of the vertical and the geometric mean of the horizontals: (batch, 2 periods)."""
    array = motion.detach().cpu().double().numpy()
    found = [np.log(response_spectrum(one, sampling_rate, tuple(periods)) + 1e-12) for one in array]
    spectra = np.array(found)
    both = np.concatenate([spectra[:, 0], spectra[:, 1:].mean(axis=1)], axis=1)
    return torch.from_numpy(both)


def _envelope(low: np.ndarray, sampling_rate: float, corner: float) -> np.ndarray:
    """The simulation's own, smoothed over a period of the corner; silent before P, fading out."""
    width = max(3, round(sampling_rate / corner))
    power = smooth((low**2).sum(axis=0), width)
    p, _ = arrivals(low, sampling_rate, corner)
    times = np.arange(low.shape[-1]) / sampling_rate
    onset = 0.0 if p is None else p
    rise = raised_cosine((times - onset + 0.5 / corner) * corner)
    return np.sqrt(power) * rise * raised_cosine((times[-1] - times) * corner)
