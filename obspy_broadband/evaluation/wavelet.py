"""Morlet wavelet transform in PyTorch, sample by sample equal to ``obspy.signal.tf_misfit.cwt``.

Kristeková et al. (2006), Eq. (4): W(t, f) with psi(t) = pi^(-1/4) exp(i w0 t) exp(-t^2 / 2) at the
scale w0 / (2 pi f).

One transform of the signal, one product and one inverse transform a frequency; the wavelets' own
transforms are kept from call to call. Where only sums over time are wanted, a low frequency needs
few samples: the transform at f occupies a band around f that is about f wide.
"""

from __future__ import annotations

from functools import lru_cache

import torch

from ..signal.filters import fast_length

#: Rate at which a transform is kept, at least, as a multiple of its frequency (w0 = 6).
_RATE_RATIO = 1.6
#: Fewer samples than every 16th save nothing more.
_COARSEST = 16


@lru_cache(maxsize=16)
def _wavelets(
    samples: int,
    sampling_rate: float,
    fmin: float,
    fmax: float,
    nf: int,
    w0: float,
    multirate: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[int, list[tuple[int, torch.Tensor, torch.Tensor]]]:
    """Length of the transform, and groups of frequencies: stride, the bins of the
    signal's spectrum, and the wavelets' spectra there.

    ObsPy samples the wavelets in time, which matters near the Nyquist frequency, and centres them
    between two samples.
    """
    step = 1.0 / sampling_rate
    count = 2 * samples
    times = (torch.arange(count, dtype=torch.float64) - 0.5 * (count - 1)) * step
    frequencies = torch.logspace(
        torch.log10(torch.tensor(fmin, dtype=torch.float64)).item(),
        torch.log10(torch.tensor(fmax, dtype=torch.float64)).item(),
        nf,
        dtype=torch.float64,
    )
    length = 1 << (count - 1).bit_length() if multirate else fast_length(count)
    bins = torch.arange(length, dtype=torch.float64)
    # ObsPy keeps the convolution from sample n-1 on; here it is shifted to sample 0.
    shift = torch.exp(2j * torch.pi * bins * (samples - 1) / length)
    groups: dict[int, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    for frequency in frequencies:
        scale = w0 / (2 * torch.pi * frequency)
        argument = times / scale
        wavelet = torch.exp(1j * w0 * argument - 0.5 * argument**2)
        wavelet *= torch.pi**-0.25 * step / torch.sqrt(scale)
        spectrum = torch.fft.fft(wavelet, length) * shift
        stride = 1
        while multirate and stride < _COARSEST:
            if sampling_rate / (2 * stride) < _RATE_RATIO * float(frequency):
                break
            stride *= 2
        # Every stride-th instant of the result is the inverse transform of the folded spectrum; of
        # what is folded, only the band around the frequency is not next to zero.
        size = length // stride
        lowest = round(float(frequency) * length * step) - size // 2 if stride > 1 else 0
        position = torch.arange(size)
        source = lowest + (position - lowest) % size
        groups.setdefault(stride, []).append((source % length, spectrum[source % length] / stride))
    complex_dtype = torch.complex64 if dtype == torch.float32 else torch.complex128
    return length, [
        (
            stride,
            torch.stack([source for source, _ in group]).to(device),
            torch.stack([spectrum for _, spectrum in group]).to(complex_dtype).to(device),
        )
        for stride, group in groups.items()
    ]


def transform(
    x: torch.Tensor,
    sampling_rate: float,
    fmin: float,
    fmax: float,
    nf: int,
    w0: float,
    multirate: bool = False,
) -> list[tuple[int, torch.Tensor]]:
    """Wavelet transforms, grouped by the rate at which they are kept.

    :param x: (..., samples), real.
    :return: (stride, (..., frequencies, samples / stride)) for each group, low frequencies first;
        without ``multirate`` one group with the stride 1.
    """
    samples = x.shape[-1]
    length, groups = _wavelets(
        samples, float(sampling_rate), float(fmin), float(fmax), nf, float(w0), multirate, x.dtype,
        x.device,
    )  # fmt: skip
    spectrum = torch.fft.fft(x, length)
    result = []
    for stride, source, wavelets in groups:
        chosen = spectrum[..., None, :] if stride == 1 else spectrum[..., source]
        kept = torch.fft.ifft(chosen * wavelets)[..., : -(-samples // stride)]
        result.append((stride, kept))
    return result
