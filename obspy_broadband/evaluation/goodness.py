"""Goodness of fit in envelope and phase (Kristeková et al., 2006, BSSA 96; 2009, GJI 178).

Notation of Kristeková et al. (2009), Tables 1 and 2 and Eqs. (15) and (16), with A = 10 and k = 1::

    W, W_REF     wavelet transforms of the generated and the recorded signal  (ours, reference)
    dE           |W| - |W_REF|                                                (difference)
    dP           arg(W / W_REF) / pi                                          (phase)
    TFEM, TFPM   dE / max |W_REF|, |W_REF| dP / max |W_REF|
                 with local normalization: dE / |W_REF|, dP
    EM^2         sum dE^2 / sum |W_REF|^2, sums over time and frequency       (em)
    PM^2         sum (|W_REF| dP)^2 / sum |W_REF|^2                           (pm)
    EG, PG       A exp(-EM^k), A (1 - PM^k)

Equal to ``obspy.signal.tf_misfit`` (``eg``, ``pg``, ``tfem``, ``tfpm`` with ``st2_isref=True`` and
the recorded signal as ``st2``) and tens of times faster, since the wavelet transform is shared.

These scores compare one generated with one recorded signal. They cannot judge an ensemble: silence
has EG 3.7, and a peak wrong by a factor of two still has EG 6 and PG 10.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

from ..errors import InputError
from .wavelet import transform

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def envelope_phase(
    generated: Array,
    recorded: Array,
    sampling_rate: float,
    fmin: float,
    fmax: float,
    nf: int = 100,
    w0: float = 6.0,
    multirate: bool = False,
) -> tuple[Array, Array]:
    """Single-valued goodness of fit of each signal: EG = 10 exp(-EM), PG = 10 (1 - PM).

    Every component is normalized by itself, as ``obspy.signal.tf_misfit.eg(generated, recorded,
    ...)`` does with one component, or with several and ``norm="local"``. (ObsPy's default for
    several, ``norm="global"``, divides by the strongest component and flatters the weak.)

    Generated silence has EM 1 and no phase (EG 3.68, PG 10, as in ObsPy). If the record is silent,
    both are 10 for silence and 0 for anything else.

    :param generated: (..., samples), NumPy or PyTorch, float32 or float64.
    :param recorded: the same unit, and the same shape or the last part of it: one record beside
        several realizations, (realizations, 3, samples) and (3, samples), is transformed once.
    :param sampling_rate: Hz.
    :param fmin: lowest frequency, Hz.
    :param fmax: highest frequency, Hz, at most half the sampling rate.
    :param nf: number of frequencies between them, evenly spaced on a logarithmic axis.
    :param w0: of the Morlet wavelet.
    :param multirate: keep low frequencies at low rates: several times faster; EM and PM change by
        less than 2e-3.
    :return: EG and PG, 0-10, (...): NumPy or PyTorch like ``generated``.
    :raises InputError: for shapes that differ, bad frequencies, or samples that are not finite.
    """
    x, y = _checked(generated, recorded, sampling_rate, fmin, fmax, nf)
    shape = x.shape[:-1]
    # One row at a time on a CPU: it fits the cache, and rows cannot influence each other.
    rows = 16 if x.is_cuda else 1
    x, y = x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1])
    em, pm = x.new_empty(len(x)), x.new_empty(len(x))
    band = (sampling_rate, fmin, fmax, nf, w0, multirate)
    for start in range(0, len(y), rows):
        target = transform(y[start : start + rows], *band)
        for first in range(start, len(x), len(y)):
            block = slice(first, first + len(y[start : start + rows]))
            em[block], pm[block] = _misfits(transform(x[block], *band), target)
    em, pm = em.reshape(shape), pm.reshape(shape)
    return _like(generated, 10 * torch.exp(-em)), _like(generated, 10 * (1 - pm))


def by_band(
    generated: Array,
    recorded: Array,
    sampling_rate: float,
    corner: float,
    lowest: float = 0.1,
    highest: float = 30.0,
    nf: int = 100,
    multirate: bool = False,
) -> dict[str, tuple[Array, Array]]:
    """EG and PG below the corner, the simulation's part, and above it, the method's part.

    :param corner: upper frequency limit of the simulation, Hz.
    :param multirate: see :func:`envelope_phase`.
    :return: ``{"below": (EG, PG), "above": (EG, PG)}``.
    :raises InputError: see :func:`envelope_phase`.
    """
    highest = min(highest, 0.5 * sampling_rate)
    return {
        band: envelope_phase(
            generated, recorded, sampling_rate, *limits, nf=nf, multirate=multirate
        )
        for band, limits in (("below", (lowest, corner)), ("above", (corner, highest)))
    }


def time_frequency_misfit(
    generated: Array,
    recorded: Array,
    sampling_rate: float,
    fmin: float,
    fmax: float,
    nf: int = 100,
    w0: float = 6.0,
    norm: str = "global",
) -> tuple[Array, Array]:
    """Envelope and phase misfit over time and frequency (TFEM, TFPM).

    :param norm: "global" divides by the largest value of each record's transform, "local" by its
        value at the same time and frequency; as ``obspy.signal.tf_misfit.tfem`` and ``tfpm`` do
        with one component.
    :return: two arrays (..., nf, samples).
    :raises InputError: see :func:`envelope_phase`.
    """
    if norm not in ("global", "local"):
        raise InputError(f"norm is {norm!r}; it must be 'global' or 'local'.")
    x, y = _checked(generated, recorded, sampling_rate, fmin, fmax, nf)
    y = y.expand(x.shape)
    ((_, (ours, reference)),) = transform(torch.stack([x, y]), sampling_rate, fmin, fmax, nf, w0)
    phase = _phase(ours, reference) / torch.pi
    reference = reference.abs()
    difference = ours.abs() - reference
    if norm == "local":
        return _like(generated, difference / reference), _like(generated, phase)
    largest = reference.amax(dim=(-2, -1), keepdim=True)
    return (
        _like(generated, difference / largest),
        _like(generated, reference * phase / largest),
    )


def _misfits(generated, recorded):
    """EM and PM of rows, (rows,), from their wavelet transforms."""
    envelope_sum = phase_sum = norm = generated[0][1].real.new_zeros(len(generated[0][1]))
    for (stride, ours), (_, reference) in zip(generated, recorded):
        phase = _phase(ours, reference) / torch.pi
        amplitude = reference.abs()
        difference = ours.abs() - amplitude
        envelope_sum = envelope_sum + stride * difference.square().sum(dim=(-2, -1))
        phase_sum = phase_sum + stride * (amplitude * phase).square().sum(dim=(-2, -1))
        norm = norm + stride * amplitude.square().sum(dim=(-2, -1))
    silent = norm == 0
    norm = torch.where(silent, torch.ones_like(norm), norm)
    em, pm = (envelope_sum / norm).sqrt(), (phase_sum / norm).sqrt()
    not_silent = envelope_sum > 0
    em = torch.where(silent, torch.where(not_silent, torch.inf, 0.0), em)
    pm = torch.where(silent, torch.where(not_silent, 1.0, 0.0), pm)
    return em, pm


def _phase(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Phase of the first relative to the second, -pi to pi; 0 where either is silent."""
    product = first * second.conj()
    # Adding zero turns -0 into 0: silence has the phase 0, not pi.
    return torch.atan2(product.imag + 0.0, product.real + 0.0)


def _checked(generated, recorded, sampling_rate, fmin, fmax, nf):
    x, y = (torch.as_tensor(a) for a in (generated, recorded))
    if x.ndim < y.ndim or x.shape[x.ndim - y.ndim :] != y.shape:
        raise InputError(
            f"generated has the shape {tuple(x.shape)}, recorded {tuple(y.shape)}; they must be "
            "equal, or the second the last part of the first."
        )
    if y.ndim == 0 or x.shape[-1] < 2:
        raise InputError("Signals of at least two samples are needed: (..., samples).")
    if not 0 < fmin < fmax <= 0.5 * sampling_rate:
        raise InputError(
            f"fmin is {fmin:g} and fmax {fmax:g} Hz; 0 < fmin < fmax <= {0.5 * sampling_rate:g} "
            "Hz (half the "
            "sampling rate) is needed."
        )
    if nf < 2:
        raise InputError(f"nf is {nf}; two frequencies are the least.")
    kind = torch.promote_types(x.dtype, y.dtype)
    kind = kind if kind in (torch.float32, torch.float64) else torch.float64
    x, y = x.to(kind), y.to(kind)
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        raise InputError("The signals have samples that are NaN or infinite.")
    return x, y


def _like(template, result: torch.Tensor):
    return result if isinstance(template, torch.Tensor) else result.numpy()
