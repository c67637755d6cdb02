"""Figures of ensembles, shown, saved and returned as ObsPy's ``Stream.plot`` does it.

By default a figure is shown on the screen, through pyplot, and returned; a notebook shows it once.
``handle=True`` or ``show=False`` only return it. ``outfile`` saves it and ``format`` alone returns
its bytes: such figures are not kept open, however many are made.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..signal.integration import integrate
from ..signal.response import response_spectrum, rotd
from ..signal.spectra import fourier_amplitude, smooth_konno_ohmachi

if TYPE_CHECKING:
    from .ensemble import EnrichedRecord, Ensemble

_SIMULATION, _GENERATED, _RECORDED = "tab:red", "0.25", "tab:blue"
_PERIODS = tuple(np.geomspace(0.03, 8, 40))


def plot_ensemble(
    ensemble: Ensemble,
    station: str | None = None,
    realizations: int = 2,
    recorded: np.ndarray | None = None,
    references: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    outfile: str | Path | None = None,
    show: bool = True,
    handle: bool = False,
    block: bool | None = None,
    format: str | None = None,
    dpi: float | None = None,
) -> Figure | bytes | None:
    """Waveforms, Fourier and response spectra of one station.

    :param station: "STA", "NET.STA" or id; default: the first.
    :param realizations: how many waveforms to draw.
    :param recorded: a record of the same station, (components, samples) in m/s², at the ensemble's
        sampling rate and from its first instant.
    :param references: other spectra to draw, by label: (periods in s, SA in m/s²).
    :param outfile: save the figure there and show nothing.
    :param show: show the figure: on the screen, or in a notebook.
    :param handle: return the figure, to go on drawing in it, and show nothing.
    :param block: wait until the window is closed; default: in scripts, not in an interactive
        session.
    :param format: png, pdf or svg; default: by the name of ``outfile``. Without one, the image is
        returned as bytes.
    :param dpi: dots per inch; default: matplotlib's.
    :return: the figure; None if it was saved, unless ``handle`` asks for it.
    :raises InputError: for a station that is not in the ensemble.
    """
    record = find_station(ensemble, station)
    numbers = ensemble.provenance["realizations"][:realizations]
    components = len(record.headers)
    figure = _new_figure((13, 2.2 + 1.7 * max(2, components)), outfile or format, handle, dpi)
    grid = figure.add_gridspec(components, 3, width_ratios=(1.5, 1.0, 1.0))
    _waveforms(
        [figure.add_subplot(grid[row, 0]) for row in range(components)], record, numbers, recorded
    )
    panels = [figure.add_subplot(grid[:, column]) for column in (1, 2)]
    corner = ensemble.provenance["corner_hz"]
    _fourier_spectra(panels[0], record, corner, recorded)
    _response_spectra(panels[1], record, corner, recorded, references or {})
    p = ensemble.provenance
    figure.suptitle(
        f"{record.id}  {len(ensemble)} realizations by {p['method']}, simulation to {corner:g} Hz",
        fontsize=10,
    )
    return _hand_over(figure, outfile, show, handle, block, format, dpi)


def find_station(ensemble: Ensemble, station: str | None) -> EnrichedRecord:
    """One station's part of an ensemble, by code or id; None: the first.

    :raises InputError: if there is none, naming those that there are.
    """
    return (ensemble if station is None else ensemble[station]).records[0]


class ShownFigure(Figure):
    """A figure that a notebook shows once, whether it is the value of a cell or not."""

    _cell: int | None = None  #: number of the cell that shows it

    def show(self, warn: bool = True) -> None:
        """Show it on the screen, or in the notebook."""
        if _is_inline():
            self._show_in_cell()
        else:
            super().show(warn)

    def _ipython_display_(self) -> None:
        """What IPython calls for the value of a cell."""
        on_screen = self.canvas.manager is not None and matplotlib.get_backend().lower() != "agg"
        if not on_screen:
            self._show_in_cell()

    def _show_in_cell(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        cell = get_ipython().execution_count
        if cell != self._cell:
            display({"image/png": _image(self, "png"), "text/plain": repr(self)}, raw=True)
        self._cell = cell


def _image(figure: Figure, format: str, dpi: float | None = None) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=format, dpi=dpi)
    return buffer.getvalue()


def _is_inline() -> bool:
    """Whether pyplot's figures appear in a notebook, as images below the cell."""
    if "inline" not in matplotlib.get_backend().lower():
        return False
    from IPython import get_ipython

    return get_ipython() is not None  # a script that a notebook starts inherits the backend


def _new_figure(
    size: tuple[float, float], saved: object, handle: bool, dpi: float | None
) -> Figure:
    """An empty figure, open in pyplot unless it is only saved.

    Not so in a notebook: there pyplot would show it when the cell ends, asked for or not.
    """
    made: dict[str, Any] = {"figsize": size, "dpi": dpi, "layout": "constrained"}
    if saved and not handle:
        return Figure(**made)
    import matplotlib.pyplot as plt

    if _is_inline():
        return ShownFigure(**made)
    return plt.figure(FigureClass=ShownFigure, **made)


def _hand_over(
    figure: Figure,
    outfile: str | Path | None,
    show: bool,
    handle: bool,
    block: bool | None,
    format: str | None,
    dpi: float | None,
) -> Figure | bytes | None:
    """Save, show or return a figure; see :func:`plot_ensemble`."""
    if outfile is not None:
        figure.savefig(outfile, format=format, dpi=dpi)
        return figure if handle else None
    if format is not None and not handle:
        return _image(figure, format, dpi)
    if show and not handle:
        if _is_inline():
            figure.show()
            return figure
        import matplotlib.pyplot as plt

        with warnings.catch_warnings():
            # On a machine without a screen there is nothing to show; the figure is returned.
            warnings.filterwarnings("ignore", message=".*non-interactive")
            plt.show(block=block)
    return figure


def _waveforms(
    axes: list[Axes], record: EnrichedRecord, numbers: list[int], recorded: np.ndarray | None
) -> None:
    times = np.arange(record.low_frequency.shape[-1]) / record.sampling_rate
    shown = [(record.low_frequency, "simulation", _SIMULATION)]
    for motion, number in zip(record.realizations, numbers):
        shown.append((motion, f"realization {number}", _GENERATED))
    if recorded is not None:
        shown.append((recorded, "record", _RECORDED))
    for row, (panel, header) in enumerate(zip(axes, record.headers)):
        for number, (motion, label, color) in enumerate(shown):
            peak = np.abs(motion[row]).max() or 1.0
            # Each to its own peak, which is written beside it.
            level = motion[row] / peak - 1.9 * number
            panel.plot(times[: motion.shape[-1]], level, color=color, lw=0.6)
            panel.annotate(
                f"{label}  {peak:.3g}",
                (0.995, 0.25 - 1.9 * number),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=7,
                color=color,
            )
        panel.set(yticks=[], xlim=(0, times[-1]), ylabel=header.channel)
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.label_outer()
    axes[-1].set_xlabel("Time (s); peak acceleration in m/s²")


def _horizontals(motion: np.ndarray, record: EnrichedRecord) -> np.ndarray:
    """(..., horizontals or the only component, samples)."""
    if len(record.rows) == 1:
        return motion
    return motion[..., [index for index, row in enumerate(record.rows) if row > 0], :]


def _fourier_spectra(
    panel: Axes, record: EnrichedRecord, corner: float, recorded: np.ndarray | None
) -> None:
    def spectrum(motion: np.ndarray) -> np.ndarray:
        frequencies, amplitude = fourier_amplitude(
            _horizontals(motion, record), record.sampling_rate
        )
        power = (amplitude**2).mean(axis=-2)
        return np.sqrt(smooth_konno_ohmachi(frequencies, power, centers))

    centers = np.geomspace(0.1, 0.5 * record.sampling_rate, 90)
    _fan(panel, centers, spectrum(record.realizations))
    below = centers < 1.3 * corner
    simulated = spectrum(record.low_frequency)
    panel.loglog(centers[below], simulated[below], color=_SIMULATION, lw=1.5, label="simulation")
    if recorded is not None:
        panel.loglog(centers, spectrum(recorded), color=_RECORDED, lw=1, label="record")
    panel.axvline(corner, color="0.6", lw=0.8, ls=":")
    panel.set(xlabel="Frequency (Hz)", ylabel="Fourier amplitude, horizontals (m/s)")
    panel.set_xlim(centers[0], centers[-1])
    panel.grid(alpha=0.25, which="both")


def _response_spectra(
    panel: Axes,
    record: EnrichedRecord,
    corner: float,
    recorded: np.ndarray | None,
    references: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> None:
    def spectrum(motion: np.ndarray) -> np.ndarray:
        chosen = _horizontals(motion, record)
        if chosen.shape[-2] == 1:
            return response_spectrum(chosen[..., 0, :], record.sampling_rate, _PERIODS)
        pair = chosen[..., 0, :], chosen[..., 1, :]
        return rotd(*pair, record.sampling_rate, _PERIODS, (50.0,))[..., 0, :]

    periods = np.array(_PERIODS)
    _fan(panel, periods, spectrum(record.realizations))
    panel.loglog(
        periods, spectrum(record.low_frequency), color=_SIMULATION, lw=1.5, label="simulation"
    )
    if recorded is not None:
        panel.loglog(periods, spectrum(recorded), color=_RECORDED, lw=1, label="record")
    for label, (at, level) in references.items():
        panel.loglog(at, level, lw=1, ls="--", label=label)
    panel.axvline(1 / corner, color="0.6", lw=0.8, ls=":")
    panel.set(xlabel="Period (s)", ylabel="SA RotD50, 5 % (m/s²)", xlim=(periods[0], periods[-1]))
    panel.grid(alpha=0.25, which="both")
    panel.legend(fontsize=7)


def _fan(panel: Axes, x: np.ndarray, curves: np.ndarray) -> None:
    """Median and 5-95 % of (realizations, points)."""
    if len(curves) > 1:
        low, high = np.percentile(curves, [5, 95], axis=0)
        panel.fill_between(x, low, high, color=_GENERATED, alpha=0.2, lw=0, label="5-95 %")
    panel.loglog(x, np.median(curves, axis=0), color=_GENERATED, lw=1.5, label="median")


def plot_motion(
    ensemble: Ensemble,
    station: str | None = None,
    realization: int = 0,
    outfile: str | Path | None = None,
    show: bool = True,
    handle: bool = False,
    block: bool | None = None,
    format: str | None = None,
    dpi: float | None = None,
) -> Figure | bytes | None:
    """Acceleration, velocity and displacement of one realization over the simulation's.

    :param station: "STA", "NET.STA" or id; default: the first.
    :param outfile: and the others, as in :func:`plot_ensemble`.
    :raises InputError: for a station that is not in the ensemble.
    """
    record = find_station(ensemble, station)
    size = (12, 1.8 + 1.6 * len(record.headers))
    figure = _new_figure(size, outfile or format, handle, dpi)
    axes = figure.subplots(len(record.headers), 3, sharex=True, squeeze=False)
    times = np.arange(record.low_frequency.shape[-1]) / record.sampling_rate
    pair = [record.realizations[realization], record.low_frequency]
    for column, unit in enumerate(("m/s²", "m/s", "m")):
        for motion, color in zip(pair, (_GENERATED, _SIMULATION)):
            for row, panel in enumerate(axes[:, column]):
                panel.plot(times, motion[row], color=color, lw=0.7)
        axes[0, column].set_title(unit, fontsize=9)
        pair = [integrate(motion, record.sampling_rate) for motion in pair]
    for row, header in enumerate(record.headers):
        axes[row, 0].set_ylabel(header.channel)
    for panel in axes[-1]:
        panel.set_xlabel("Time (s)")
    return _hand_over(figure, outfile, show, handle, block, format, dpi)
