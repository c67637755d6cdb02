"""The level of a signal: smoothed Fourier amplitudes at a few frequencies.

Of the vertical (V) and of the mean horizontal (H), at nodes f_j evenly spaced in ln f. With A(f)
the Fourier amplitude of a component and K_j a Gaussian kernel of unit sum in ln f around f_j:

    level_j = ln sqrt(sum_f K_j(f) A(f)²),    A_H² = (A_N² + A_E²) / 2

A level is imposed on a signal by multiplying its spectrum with exp(sum_j h_j(f) (level_j - its
own)), h_j the hat functions of linear interpolation in ln f.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..signal.filters import STOP_RATIO

_LOWEST, _HIGHEST, _NODES = 0.5, 40.0, 12  # Hz, Hz
_TAPER = 2.0  # s, at both ends: a record that is cut off has no step
#: Iterations of imposing a level: where a spectrum is steep between nodes, one leaves an error.
_ITERATIONS = 2
#: Nodes at which the spectrum of a shape is flattened: networks leave bumps, hums and holes between
#: the nodes of the level, and the level is all that is known of the spectrum.
_FINE = 36
#: Nodes below this share of the corner are observed in the low frequencies.
_OBSERVED_BELOW = 0.9
LEVELS = 2 * _NODES  #: length of a level: V, then H, by rising frequency


class SpectralLevel(nn.Module):
    """Measures, removes and imposes the level of signals of one length.

    :param samples: length of a signal; ``sampling_rate`` in Hz.
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
            # Determined by length and sampling rate: not part of the weights.
            self.register_buffer(name, value.float().contiguous(), persistent=False)
        self.samples = samples

    def measure(self, signal: Tensor) -> Tensor:
        """The level of a signal: (batch, 3, samples) -> (batch, LEVELS)."""
        spectrum = torch.fft.rfft(signal.float() * self.taper, norm="ortho")
        return _levels(spectrum, self.kernel)

    def observe(self, low: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
        """The level as observed in the low frequencies, and the nodes at which it is observed.

        :param low: (batch, 3, samples), band-limited at the corner.
        :param corner: (batch,), Hz, the simulation's upper frequency limit.
        :return: (batch, LEVELS) each, the second of bool.
        """
        passed = (1.0 - self._high_pass(corner)[:, 0]).square() @ self.kernel
        ln_passed = 0.5 * torch.log(passed.clamp_min(1e-12)).repeat(1, 2)
        is_observed = (self.nodes < _OBSERVED_BELOW * corner[:, None]).repeat(1, 2)
        return self.measure(low) - ln_passed, is_observed

    def shape(self, signal: Tensor, corner: Tensor) -> Tensor:
        """The part above the corner, with level 0 (amplitude 1): (batch, 3, samples).

        :param corner: (batch,), Hz.
        """
        return self.impose(signal, signal.new_zeros(len(signal), LEVELS), corner)

    def impose(self, signal: Tensor, levels: Tensor, corner: Tensor, flat: bool = False) -> Tensor:
        """The part above the corner, with these levels, tapered at both ends.

        :param signal: (batch, 3, samples).
        :param levels: (batch, LEVELS).
        :param corner: (batch,), Hz.
        :param flat: flatten the spectrum at the fine nodes first.
        """
        # Tapered, since training leaves the ends free, and a network's output there may be larger
        # than the earthquake. High-passed, since strong motion below the corner would leak into the
        # smoothed amplitudes just above it.
        high_pass = self._high_pass(corner)
        spectrum = torch.fft.rfft(signal.float() * self.taper, norm="ortho") * high_pass
        steps = [(self.kernel, self.hat, levels)]
        if flat:
            zero = levels.new_zeros(len(levels), 2 * _FINE)
            steps.insert(0, (self.fine_kernel, self.fine_hat, zero))
        for kernel, hat, target in steps:
            # Of a node's kernel only the part above the corner is filled.
            filled = 0.5 * torch.log(high_pass[:, 0].square() @ kernel + 1e-12).repeat(1, 2)
            for _ in range(_ITERATIONS):
                spectrum = spectrum * _gain(target - _levels(spectrum, kernel) + filled, hat)
        return torch.fft.irfft(spectrum, self.samples, norm="ortho")

    def _high_pass(self, corner: Tensor) -> Tensor:
        """Complement of the band limit at the corner: (batch, 1, frequencies)."""
        ratio = self.frequencies / corner[:, None]
        step = ((ratio - 1.0) / (STOP_RATIO - 1.0)).clamp(0.0, 1.0)
        return (0.5 - 0.5 * torch.cos(math.pi * step))[:, None]


def _nodes(frequencies: Tensor, highest: float, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes from _LOWEST to a frequency, evenly spaced in ln f, with kernels and hat functions.

    :return: the nodes, Hz; smoothing kernels, (frequencies, nodes); hat functions of linear
        interpolation between nodes and extrapolation beyond the last, (nodes, frequencies).
    """
    nodes = torch.logspace(math.log10(_LOWEST), math.log10(highest), count, dtype=torch.float64)
    ln_frequency = torch.log(frequencies.clamp_min(frequencies[1] / 2))
    spacing = math.log(highest / _LOWEST) / (count - 1)
    kernel = torch.exp(-0.5 * ((ln_frequency - nodes.log()[:, None]) / (0.5 * spacing)) ** 2)
    kernel[:, 0] = 0.0
    place = ((ln_frequency - math.log(_LOWEST)) / spacing).clamp_min(0.0)  # in node numbers
    hat = (1.0 - (place - torch.arange(count)[:, None]).abs()).clamp_min(0.0)
    # Extrapolated beyond the last node, so that a falling spectrum goes on falling.
    beyond = (place - (count - 1)).clamp_min(0.0)
    hat[-1] = torch.where(beyond > 0, 1.0 + beyond, hat[-1])
    hat[-2] -= beyond
    return nodes, (kernel / kernel.sum(dim=1, keepdim=True)).T, hat


def _levels(spectrum: Tensor, kernel: Tensor) -> Tensor:
    """Levels of spectra, V then H: (batch, 3, frequencies) -> (batch, 2 nodes)."""
    power = spectrum.real.square() + spectrum.imag.square()
    vertical, horizontal = power[:, 0], power[:, 1:].mean(dim=1)
    # Spectra span ten decades: no half precision here, whatever that of the training.
    with torch.autocast(spectrum.device.type, enabled=False):
        smooth = torch.stack([vertical, horizontal], dim=1) @ kernel
    return (0.5 * torch.log(smooth + 1e-20)).flatten(1)


def _gain(changes: Tensor, hat: Tensor) -> Tensor:
    """Factors on the spectrum for changes of the level: (batch, 2 nodes) -> (batch, 3, f)."""
    with torch.autocast(changes.device.type, enabled=False):
        curves = (changes.unflatten(1, (2, -1)) @ hat).clamp(-40.0, 40.0).exp()
    return torch.stack([curves[:, 0], curves[:, 1], curves[:, 1]], dim=1)
