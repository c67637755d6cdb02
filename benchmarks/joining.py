"""How simulation and realization are joined: bias of the response at the corner, measured.

    python benchmarks/joining.py STORE

STORE is a training store with records in m/s² (`obb data prepare`). The "simulation" is a record's
own low frequencies, the realization one of three: the oracle envelope (random phase), the record
itself (coherent), and half of each. Printed is the mean over records (at most six an event) and
horizontal components of ln(SA of the join / SA of the record) at the period 1/corner, with gains
that are power-complementary, amplitude-complementary, and by measured coherence
(docs/explanation/decisions/0005).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from unittest import mock

import numpy as np

from obspy_broadband.data.store import SAMPLING_RATE, Store
from obspy_broadband.evaluation.references import oracle_envelope
from obspy_broadband.signal.filters import band_limit
from obspy_broadband.signal.hybrid import hybridize, spectral_coherence
from obspy_broadband.signal.response import response_spectrum


def records(store: Store) -> list[np.ndarray]:
    """From 5 s before P on, 50 s: (3, samples), at most six an event."""
    motions, by_event = [], {}
    for index in store.select(unit="mps2", lowest_hz=0.5, after_p_s=35.0):
        event = store.columns["event"][index]
        by_event[event] = by_event.get(event, 0) + 1
        if by_event[event] <= 6:
            first = max(0, int(store.columns["p_sample"][index]) - 500)
            motions.append(store.motion(int(index), first, first + 5000).astype(float))
    return motions


def fixed(value: float | None) -> Callable:
    """The coherence as measured, or one value for all."""
    if value is None:
        return spectral_coherence
    return lambda a, b, frequencies, corner: np.full((*a.shape[:-1], 1), value)


def main(folder: str) -> None:
    """Print the table."""
    motions = records(Store(folder))
    print(f"{len(motions)} records; mean (sd) of ln(SA of the join / SA of the record) at 1/corner")
    print("realization      corner   power-complementary  amplitude-complementary  by coherence")
    for corner in (1.0, 2.5):
        random_phase = [
            oracle_envelope(m, SAMPLING_RATE, corner, np.array([k]))[0]
            for k, m in enumerate(motions)
        ]
        kinds = {
            "random phase": random_phase,
            "the record": motions,
            "half of each": [np.sqrt(0.5) * (a + b) for a, b in zip(random_phase, motions)],
        }
        for name, realizations in kinds.items():
            row = f"{name:<16}{corner:5g} Hz"
            for coherence in (0.0, 1.0, None):
                residuals = []
                with mock.patch(
                    "obspy_broadband.signal.hybrid.spectral_coherence", fixed(coherence)
                ):
                    for motion, realization in zip(motions, realizations):
                        low = band_limit(motion, SAMPLING_RATE, corner)
                        joined = hybridize(low, realization, SAMPLING_RATE, corner)
                        pair = np.stack([joined[1:], motion[1:]])
                        spectra = response_spectrum(pair, SAMPLING_RATE, (1 / corner,))
                        residuals.append(np.log(spectra[0] / spectra[1]))
                row += f"{np.mean(residuals):+16.3f} ({np.std(residuals):.2f})"
            print(row)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        print("left out: give a training store, python benchmarks/joining.py STORE")
