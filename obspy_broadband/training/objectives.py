"""Reconstruction losses: scalar distances of generated from recorded signals.

All take ``generated`` and ``recorded``, (batch, components, samples), and return the mean over
batch and components. Equations are numbered as in ch. 2.5 of the thesis behind the methods, with
its misprints corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError

_TINY = 1e-8
#: Added to amplitudes before the logarithm, signals being within about ±1. Above the band of a
#: band-limited signal the amplitude is rounding error, and so would be the logarithm's gradient.
_FLOOR = 1e-3


def focal_frequency(generated: Tensor, recorded: Tensor, alpha: float = 1.0) -> Tensor:
    """Focal frequency loss in one dimension (Jiang et al., 2021; Eq. 2.56).

    Mean of w d², d the modulus of the difference of the Fourier transforms, w = d^alpha /
    max(d^alpha): large errors count most. No gradient passes through w.

    :param alpha: 0 weights all frequencies alike.
    """
    spectra = [torch.fft.rfft(signal.float(), norm="ortho") for signal in (generated, recorded)]
    difference = spectra[0] - spectra[1]
    squared = difference.real.square() + difference.imag.square()
    with torch.no_grad():
        weight = squared.sqrt().pow(alpha)
        weight = weight / weight.amax(dim=-1, keepdim=True).clamp_min(_TINY)
    return (weight * squared).mean()


def hyperspherical(generated: Tensor, recorded: Tensor) -> Tensor:
    """Hyper-spherical loss (Eq. 2.55): mean of (1 - cos theta)², theta the angle along time.

    Independent of amplitude; 0 for parallel, 1 for orthogonal, 4 for opposite signals.
    """
    return (1.0 - F.cosine_similarity(generated, recorded, dim=-1, eps=_TINY)).square().mean()


#: Names of reconstruction losses; see :func:`distance`.
DISTANCES = ("ffl+hsl", "ffl", "hsl", "l1", "l2")


def distance(generated: Tensor, recorded: Tensor, kind: str = "ffl+hsl") -> Tensor:
    """Reconstruction loss by name: FFL (focal frequency), HSL (hyperspherical), their sum, L1, L2.

    :param kind: one of :data:`DISTANCES`.
    :raises InputError: for another name.
    """
    if kind not in DISTANCES:
        raise InputError(f"Unknown distance {kind!r}; it must be one of {', '.join(DISTANCES)}.")
    if kind == "l1":
        return (generated - recorded).abs().mean()
    if kind == "l2":
        return (generated - recorded).square().mean()
    total = generated.new_zeros(())
    if "ffl" in kind:
        total = total + focal_frequency(generated, recorded)
    if "hsl" in kind:
        total = total + hyperspherical(generated, recorded)
    return total


def mean_squared_logarithmic(generated: Tensor, recorded: Tensor) -> Tensor:
    """Mean squared logarithmic error (Eq. 2.54), of log(1 + |y|) with the sign of y."""
    a, b = (signal.sign() * torch.log1p(signal.abs()) for signal in (generated, recorded))
    return (a - b).square().mean()


def short_time_amplitude_and_phase(
    generated: Tensor, recorded: Tensor, window: int = 256, phase_weight: float = 1.0
) -> Tensor:
    """Amplitude and phase of the short-time Fourier transform (Takaki et al., 2019; Eq. 2.63-2.67).

    Mean of (A' - A)² / 2 + phase_weight (A / mean A) (1 - cos(p' - p)), A and p being amplitude and
    phase of the record, A' and p' those of the generated signal.
    """
    spectrum, target = _transform(generated, window), _transform(recorded, window)
    modulus, target_modulus = _modulus(spectrum), _modulus(target)
    amplitude = 0.5 * (modulus - target_modulus).square().mean()
    cosine = (spectrum * target.conj()).real / (modulus * target_modulus).clamp_min(_TINY)
    weight = target_modulus / target_modulus.mean(dim=(-2, -1), keepdim=True).clamp_min(_TINY)
    return amplitude + phase_weight * (weight * (1.0 - cosine)).mean()


def multi_scale_spectrogram(
    generated: Tensor,
    recorded: Tensor,
    windows: Sequence[int] = (64, 128, 256, 512, 1024, 2048),
    mel_bands: int | None = None,
    sampling_rate: float = 100.0,
) -> Tensor:
    """Spectrograms at several window lengths (Zeghidour et al., 2021; Eq. 2.60 and 2.61).

    For each window of s samples, the mean of |S(y) - S(y')| plus sqrt(s / 2) times the root mean
    square of the difference of logarithms, over time and frequency of each component; the mean over
    windows. Windows longer than the signal are left out.

    :param mel_bands: triangular bands on the mel scale (Eq. 2.59, stretched to half the sampling
        rate), or None for the spectrogram itself.
    """
    total, count = generated.new_zeros(()), 0
    for window in windows:
        if window > generated.shape[-1]:
            continue
        moduli = [_modulus(_transform(signal, window)) for signal in (generated, recorded)]
        if mel_bands:
            bank = _mel_bank(window, mel_bands, sampling_rate).to(moduli[0])
            moduli = [torch.einsum("bf,...ft->...bt", bank, modulus) for modulus in moduli]
        linear = (moduli[0] - moduli[1]).abs().mean()
        logarithms = [torch.log(modulus + _FLOOR) for modulus in moduli]
        # The root of each component's mean: that of a whole batch would depend on how the batch is
        # divided among processes.
        squared = (logarithms[0] - logarithms[1]).square().mean(dim=(-2, -1))
        logarithmic = (squared + _TINY).sqrt().mean()
        total = total + linear + (window / 2) ** 0.5 * logarithmic
        count += 1
    return total / max(count, 1)


def wavelet(generated: Tensor, recorded: Tensor, levels: int = 5) -> Tensor:
    """Haar wavelet loss: mean |difference| of all details and of the last approximation.

    The one-dimensional counterpart of Eq. 2.68 and 2.69, with equal weights for all levels.
    """
    difference = generated - recorded
    total = difference.new_zeros(())
    used = 0
    for _ in range(levels):
        if difference.shape[-1] < 2:
            break
        even = difference[..., 0 : difference.shape[-1] // 2 * 2 : 2]
        odd = difference[..., 1::2]
        total = total + ((even - odd) / 2**0.5).abs().mean()
        difference = (even + odd) / 2**0.5
        used += 1
    return (total + difference.abs().mean()) / (used + 1)


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence from N(0, 1), mean over batch, sum over dimensions."""
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)
    return divergence.flatten(1).sum(dim=1).mean()


def feature_matching(generated: Sequence[Tensor], recorded: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of a discriminator's features, layer by layer (Eq. 2.70).

    :param generated: features of each layer; ``recorded`` likewise, without gradient.
    """
    terms = [(a - b.detach()).abs().mean() for a, b in zip(generated, recorded)]
    return torch.stack(terms).mean()


def _transform(signal: Tensor, window: int) -> Tensor:
    """Short-time Fourier transform: (batch, components, frequencies, frames); float32."""
    flat = signal.float().reshape(-1, signal.shape[-1])
    taper = torch.hann_window(window, device=flat.device)
    spectrum = torch.stft(
        flat, window, hop_length=window // 4, window=taper, normalized=True, return_complex=True
    )
    return spectrum.reshape(*signal.shape[:-1], *spectrum.shape[-2:])


def _modulus(spectrum: Tensor) -> Tensor:
    """|z| with a gradient at zero."""
    return (spectrum.real.square() + spectrum.imag.square() + _TINY**2).sqrt()


@lru_cache(maxsize=32)
def _mel_bank(window: int, bands: int, sampling_rate: float) -> Tensor:
    """Triangular filters evenly spaced in mel, (bands, frequencies), each with the sum 1."""
    frequencies = torch.linspace(0.0, 0.5 * sampling_rate, window // 2 + 1)
    # The mel scale changes from linear to logarithmic at 700 Hz of 8000; here, at the same fraction
    # of the Nyquist frequency.
    transition = 700.0 / 8000.0 * 0.5 * sampling_rate
    mel = torch.log1p(frequencies / transition)
    edges = torch.linspace(0.0, float(mel[-1]), bands + 2)
    rising = (mel - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - mel) / (edges[2:] - edges[1:-1])[:, None]
    bank = torch.minimum(rising, falling).clamp_min(0.0)
    return bank / bank.sum(dim=1, keepdim=True).clamp_min(_TINY)
