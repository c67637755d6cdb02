"""The level of a signal: smoothed Fourier amplitudes at a few frequencies, measured and given.

Of the vertical and of the mean horizontal, at frequencies evenly spaced in their logarithm.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..signal.filters import STOP_RATIO

_LOWEST, _HIGHEST, _NODES = 0.5, 40.0, 12  # Hz
_TAPER = 2.0  # s, at both ends: a record that is cut off has no step
#: Times that a level is given: between nodes a spectrum may be steep, and the first gain be off.
_ROUNDS = 2
#: Nodes at which a shape is made flat. A network leaves bumps, hums and holes between those of the
#: level; what is known of a spectrum is the level.
_FINE = 36
#: Below this share of the corner a node of the level is read off the low frequencies.
_READ_BELOW = 0.9
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
