"""How large the high frequencies are: predicted from the low ones, with its uncertainty.

The level of a record is its smoothed Fourier amplitude at a few frequencies, of the vertical and of
the mean horizontal, over the scale of its low frequencies. A network need not learn it: it learns
the *shape*, a signal whose level is 1 everywhere, and :class:`LevelHead` gives it a level that is
drawn from a normal distribution with the correlation between frequencies that records have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..signal.filters import STOP_RATIO
from .predictor import Predictor

_LOWEST, _HIGHEST, _NODES = 0.5, 40.0, 12  # Hz
_TAPER = 2.0  # s, at both ends: a record that is cut off has no step
_EDGES = (0.10, 0.144, 0.208, 0.30, 0.433, 0.624, 0.90)  # of the low-frequency bands, by the corner
_SHAPES = 2 * (len(_EDGES) - 1) + 2  # numbers that features() gives beside the conditions
#: Times that a level is given: between nodes a spectrum may be steep, and the first gain be off.
_ROUNDS = 2
#: Nodes at which a shape is made flat. A network leaves bumps, hums and holes between those of the
#: level; what is known of a spectrum is the level.
_FINE = 36
#: A node below this share of the corner is read off the low frequencies, with this error (ln
#: units), and no further from what was expected than so many standard deviations.
_READ_BELOW, _READING_ERROR, _FAR = 0.9, 0.25, 3.0
LEVELS = 2 * _NODES  #: numbers of a level: vertical, then horizontal, by rising frequency


class SpectralLevel(nn.Module):
    """Measures, removes and gives the level of signals of one length.

    :param samples: of a signal; ``sampling_rate`` in Hz.
    """

    frequencies: Tensor
    nodes: Tensor
    kernel: Tensor
    hat: Tensor
    fine_kernel: Tensor
    fine_hat: Tensor
    taper: Tensor

    def __init__(self, samples: int, sampling_rate: float):
        super().__init__()
        frequencies = torch.fft.rfftfreq(samples, 1.0 / sampling_rate, dtype=torch.float64)
        ends = torch.arange(samples, dtype=torch.float64)
        ends = torch.minimum(ends + 0.5, samples - 0.5 - ends) / (_TAPER * sampling_rate)
        nodes, kernel, hat = _nodes(frequencies, _HIGHEST, _NODES)
        _, fine_kernel, fine_hat = _nodes(frequencies, float(frequencies[-1]), _FINE)
        for name, value in (
            ("frequencies", frequencies),
            ("nodes", nodes),
            *(("kernel", kernel), ("hat", hat)),
            *(("fine_kernel", fine_kernel), ("fine_hat", fine_hat)),
            ("taper", 0.5 - 0.5 * torch.cos(math.pi * ends.clamp(0, 1))),
        ):
            # Follows from the lengths alone: no part of the weights.
            self.register_buffer(name, value.float().contiguous(), persistent=False)
        self.samples = samples

    def measure(self, signal: Tensor) -> Tensor:
        """ln of the smoothed Fourier amplitudes: (batch, 3, samples) -> (batch, LEVELS)."""
        spectrum = torch.fft.rfft(signal.float() * self.taper, norm="ortho")
        return _levels(spectrum, self.kernel)

    def below(self, low: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
        """What low frequencies say of the level: their own, (batch, LEVELS), and where it is known.

        :param low: (batch, 3, samples), band-limited at the corner.
        """
        kept = (1.0 - self._above(corner)[:, 0]).square() @ self.kernel
        lost = 0.5 * torch.log(kept.clamp_min(1e-12)).repeat(1, 2)
        known = (self.nodes < _READ_BELOW * corner[:, None]).repeat(1, 2)
        return self.measure(low) - lost, known

    def shape(self, signal: Tensor, corner: Tensor) -> Tensor:
        """The part above the corner, of level 1: (batch, 3, samples).

        :param corner: (batch,), Hz.
        """
        return self.give(signal, signal.new_zeros(len(signal), LEVELS), corner)

    def give(self, shape: Tensor, levels: Tensor, corner: Tensor, flat: bool = False) -> Tensor:
        """The part above the corner, of a given level; it fades at both ends.

        :param levels: (batch, LEVELS).
        :param flat: whether what the shape's spectrum has between the nodes of the level is a
            network's own and is taken away.
        """
        # The ends: a network learns nothing of them, and what it leaves there may be larger than
        # the earthquake; a record's first and last window would show it. Below the corner: what
        # is there is not of this level, and would hide what is just above.
        above = self._above(corner)
        spectrum = torch.fft.rfft(shape.float() * self.taper, norm="ortho") * above
        steps = [(self.kernel, self.hat, levels)]
        if flat:
            even = levels.new_zeros(len(levels), 2 * _FINE)
            steps.insert(0, (self.fine_kernel, self.fine_hat, even))
        for kernel, hat, wanted in steps:
            filled = 0.5 * torch.log(above[:, 0].square() @ kernel + 1e-12).repeat(1, 2)
            for _ in range(_ROUNDS):
                spectrum = spectrum * _gain(wanted - _levels(spectrum, kernel) + filled, hat)
        return torch.fft.irfft(spectrum, self.samples, norm="ortho")

    def _above(self, corner: Tensor) -> Tensor:
        """What a band limit at the corner takes away: (batch, 1, frequencies)."""
        ratio = self.frequencies / corner[:, None]
        step = ((ratio - 1.0) / (STOP_RATIO - 1.0)).clamp(0.0, 1.0)
        return (0.5 - 0.5 * torch.cos(math.pi * step))[:, None]


def _nodes(frequencies: Tensor, highest: float, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Between _LOWEST and a frequency, evenly in its logarithm.

    :return: the nodes, Hz; what smooths power at each, (frequencies, nodes); what interpolates
        between them, and goes on beyond the last, (nodes, frequencies).
    """
    nodes = torch.logspace(math.log10(_LOWEST), math.log10(highest), count, dtype=torch.float64)
    where = torch.log(frequencies.clamp_min(frequencies[1] / 2))
    apart = math.log(highest / _LOWEST) / (count - 1)
    kernel = torch.exp(-0.5 * ((where - nodes.log()[:, None]) / (0.5 * apart)) ** 2)
    kernel[:, 0] = 0.0
    place = ((where - math.log(_LOWEST)) / apart).clamp_min(0.0)
    hat = (1.0 - (place - torch.arange(count)[:, None]).abs()).clamp_min(0.0)
    # Beyond the last node as before it: a spectrum that falls does not stop there.
    beyond = (place - (count - 1)).clamp_min(0.0)
    hat[-1] = torch.where(beyond > 0, 1.0 + beyond, hat[-1])
    hat[-2] -= beyond
    return nodes, (kernel / kernel.sum(dim=1, keepdim=True)).T, hat


def told(
    mean: Tensor, root: Tensor, read: Tensor, known: Tensor, error: float = _READING_ERROR
) -> tuple[Tensor, Tensor]:
    """A normal distribution, given some of its numbers: its median and root.

    As :func:`obspy_broadband.signal.residuals.condition`, for rows of which each knows others.

    :param mean: (rows, numbers); ``root`` (rows, numbers, numbers), lower triangular.
    :param read: (rows, numbers), counted where ``known``.
    :param error: standard deviation of what is read.
    """
    covariance = (root @ root.mT).double()
    deviation = covariance.diagonal(dim1=1, dim2=2).sqrt()
    # What is not known is known with an error that is beyond all bounds.
    variance = torch.where(known, error**2, 1e8).double()
    gain = torch.linalg.solve(covariance + torch.diag_embed(variance), covariance).mT
    residual = torch.where(known, read - mean, 0.0).clamp(-_FAR * deviation, _FAR * deviation)
    rest = covariance - gain @ covariance
    moved = mean + (gain @ residual[..., None])[..., 0].to(mean)
    return moved, torch.linalg.cholesky(0.5 * (rest + rest.mT)).to(root)


def _levels(spectrum: Tensor, kernel: Tensor) -> Tensor:
    """ln of smoothed amplitudes, V then H: (batch, 3, frequencies) -> (batch, 2 nodes)."""
    power = spectrum.real.square() + spectrum.imag.square()
    vertical, horizontal = power[:, 0], power[:, 1:].mean(dim=1)
    # Spectra span ten decades: no half precision here, whatever the training's is.
    with torch.autocast(spectrum.device.type, enabled=False):
        smooth = torch.stack([vertical, horizontal], dim=1) @ kernel
    return (0.5 * torch.log(smooth + 1e-20)).flatten(1)


def _gain(levels: Tensor, hat: Tensor) -> Tensor:
    """(batch, 2 nodes) -> (batch, 3, frequencies)."""
    with torch.autocast(levels.device.type, enabled=False):
        curves = (levels.unflatten(1, (2, -1)) @ hat).clamp(-40.0, 40.0).exp()
    return torch.stack([curves[:, 0], curves[:, 1], curves[:, 1]], dim=1)


class LevelHead(nn.Module):
    """The distribution of the level, given the low frequencies and what else is known.

    :param samples: of a window; ``sampling_rate`` in Hz.
    :param conditions: length of the vector of what is known beside the waveform.
    """

    def __init__(self, samples: int, sampling_rate: float, conditions: int):
        super().__init__()
        self.spectral = SpectralLevel(samples, sampling_rate)
        self.sampling_rate = sampling_rate
        self.predictor = Predictor(_SHAPES + conditions, LEVELS, conditions)

    def features(self, low: Tensor, conditions: Tensor) -> Tensor:
        """Amplitudes of six bands below the corner, of V and H, two durations, and the conditions.

        :param low: (batch, 3, samples), over the scale; the first condition is ln of the corner.
        """
        power = torch.fft.rfft(low.float(), norm="ortho")
        power = power.real.square() + power.imag.square()
        power = torch.stack([power[:, 0], power[:, 1:].mean(dim=1)], dim=1)
        ratio = torch.log(self.spectral.frequencies.clamp_min(1e-3)) - conditions[:, :1]
        edges = torch.log(torch.tensor(_EDGES, device=low.device))
        center, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
        # Soft bands: a short window has few frequencies, and a hard band may hold none.
        weight = torch.exp(-0.5 * ((ratio[:, None] - center[:, None]) / half[:, None]) ** 2)
        bands = torch.einsum("bcf,bkf->bck", power, weight) / weight.sum(dim=-1)[:, None]
        rise = low[:, 1:].float().square().sum(dim=1).cumsum(dim=-1)
        share = rise / rise[:, -1:].clamp_min(1e-20)
        at = [(share < part).sum(dim=-1) / self.sampling_rate for part in (0.05, 0.75, 0.95)]
        lasts = torch.log(torch.stack([at[1] - at[0], at[2] - at[0]], dim=1) + 0.5)
        return torch.cat([0.5 * torch.log(bands + 1e-12).flatten(1), lasts, conditions], dim=1)

    def distribution(self, low: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Of the levels: median (batch, LEVELS), and the root of the covariance, lower triangular.

        A draw is median + root @ numbers from N(0, 1). Where the low frequencies reach, they say
        how far off the prediction is, and the correlation between frequencies takes that on to what
        lies above: no step at the corner.
        """
        mean = self.predictor.mean(self.features(low, conditions))
        root = self.predictor.root(conditions)
        read, known = self.spectral.below(low, conditions[:, 0].exp())
        return told(mean, root, read, known)

    @torch.no_grad()
    def fit(
        self,
        low: Tensor,
        conditions: Tensor,
        broadband: Tensor,
        weights: Tensor,
        groups: Sequence[str],
        steps: int = 2000,
        how: str = "anew",
    ) -> Tensor:
        """See :meth:`.predictor.Predictor.fit`.

        :param weights: (batch,), what each window counts; 0 for windows without physical units.
        """
        x, y = self.features(low, conditions), self.spectral.measure(broadband)
        return self.predictor.fit(x, y, conditions, weights, groups, steps, how)
