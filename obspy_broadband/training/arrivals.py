"""Phase alignment loss: P and S of generated and recorded signals by a frozen picker.

The picker is SeisBench's EQTransformer (thesis, Eq. 4.32) or the cheaper PhaseNet, frozen and in
float32; gradients reach the signal through it. Compared are arrival times, by a soft argmax of the
probability traces, and the traces themselves. EQTransformer's weights pull P to whole seconds after
the start of the window, so both signals are shifted by the same random fraction of a second first.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import InputError

_PICKERS = {"eqtransformer": "EQTransformer", "phasenet": "PhaseNet"}
_SHARPNESS = 40.0  # of the soft argmax
_MIN_PROBABILITY = 0.1  # from which an arrival of the record counts


class PhaseAlignment(nn.Module):
    """Loss of arrival times and of probability traces.

    :param picker: a module from (batch, 3, length) to probability traces of P and S, (batch,
        length) each; see :func:`load_picker`.
    :param length: samples that the picker takes; shorter signals are padded with zeros.
    :param sampling_rate: Hz.
    :param trace_weight: weight of the traces' term relative to that of the times.
    """

    def __init__(
        self,
        picker: nn.Module,
        length: int,
        sampling_rate: float = 100.0,
        trace_weight: float = 1.0,
    ):
        super().__init__()
        self.picker, self.length = picker.requires_grad_(False), length
        self.sampling_rate, self.trace_weight = sampling_rate, trace_weight

    def forward(self, generated: Tensor, recorded: Tensor, shift: int = 0) -> Tensor:
        """Mean squared difference of arrival times (s²), plus that of the traces over time (s).

        :param generated: (batch, 3, samples), components Z, N, E; ``recorded`` likewise.
        :param shift: zeros put before both, 0 to a second: draw it anew each time.
        """
        with torch.autocast(generated.device.type, enabled=False):
            traces = self._probabilities(generated.float(), shift)
            with torch.no_grad():
                targets = self._probabilities(recorded.float(), shift)
            total = generated.new_zeros((), dtype=torch.float32)
            for trace, target in zip(traces, targets):  # P, S
                picked = (target.amax(dim=-1) > _MIN_PROBABILITY).float()
                squared = (self._time(trace) - self._time(target)).square()
                total = total + (picked * squared).sum() / picked.sum().clamp_min(1.0)
                misfit = (trace - target).square().sum(dim=-1).mean() / self.sampling_rate
                total = total + self.trace_weight * misfit
        return total

    def _probabilities(self, signal: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        room = self.length - signal.shape[-1] - shift
        padded = nn.functional.pad(signal, (shift, max(room, 0)))[..., : self.length]
        padded = padded - padded.mean(dim=-1, keepdim=True)
        return self.picker(padded / padded.std(dim=(-2, -1), keepdim=True).clamp_min(1e-12))

    def _time(self, trace: Tensor) -> Tensor:
        """Arrival time, the soft argmax of a probability trace, s."""
        weight = torch.softmax(_SHARPNESS * trace, dim=-1)
        index = torch.arange(trace.shape[-1], device=trace.device, dtype=trace.dtype)
        return (weight * index).sum(dim=-1) / self.sampling_rate


class _Picker(nn.Module):
    """A SeisBench picker as a map to the traces of P and S."""

    def __init__(self, network: nn.Module, name: str):
        super().__init__()
        self.network, self.name = network.eval(), name

    def train(self, mode: bool = True) -> _Picker:
        """Stay in evaluation mode, but for LSTMs: their backward pass on CUDA needs training."""
        super().train(False)
        for module in self.modules():
            if isinstance(module, nn.LSTM):
                module.train(True)
                module.dropout = 0.0
        return self

    def forward(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        output = self.network(signal)
        if self.name == "eqtransformer":  # detection, P, S
            return output[1], output[2]
        probabilities = output if isinstance(output, Tensor) else output[0]
        order = str(self.network.labels)
        return probabilities[:, order.index("P")], probabilities[:, order.index("S")]


def load_picker(name: str = "eqtransformer", weights: str = "original") -> tuple[nn.Module, int]:
    """A frozen picker and the number of samples that it takes.

    :param name: "eqtransformer" or "phasenet".
    :param weights: a name that SeisBench finds in its cache or downloads, or a path to weights
        without their ending.
    :raises InputError: for another name, or weights that are not there.
    """
    if name not in _PICKERS:
        raise InputError(f"Unknown picker {name!r}; it must be {' or '.join(_PICKERS)}.")
    import seisbench.models

    kind = getattr(seisbench.models, _PICKERS[name])
    try:
        local = bool(list(Path(weights).parent.glob(Path(weights).name + ".*"))) and "/" in weights
        network = kind.load(weights, version_str="1") if local else kind.from_pretrained(weights)
    except Exception as error:  # downloads and caches may fail in any way
        raise InputError(
            f"The weights {weights!r} of {_PICKERS[name]} cannot be loaded ({error}). Pass the "
            "path of weights that are on this machine, or set SEISBENCH_CACHE_ROOT to a folder "
            "that has them."
        ) from error
    return _Picker(network, name).train(), int(network.in_samples)


class Alignment:
    """Phase alignment with a picker that is loaded at the first call.

    Not an ``nn.Module``, so that a method's weights do not contain the picker's.

    :param name: see :func:`load_picker`; ``weights`` likewise.
    """

    def __init__(self, name: str, weights: str):
        self.name, self.weights = name, weights
        self._loss: PhaseAlignment | None = None

    def __call__(self, generated: Tensor, recorded: Tensor) -> Tensor:
        """See :meth:`PhaseAlignment.forward`; the shift is drawn here.

        :raises InputError: if the picker's weights are not there.
        """
        if self._loss is None:
            self._loss = PhaseAlignment(*load_picker(self.name, self.weights))
        self._loss.to(generated.device)
        # Up to a second, as far as the picker's window has room.
        room = max(0, min(100, self._loss.length - generated.shape[-1]))
        shift = int(torch.randint(0, room + 1, ()))
        return self._loss(generated, recorded, shift)

    def __deepcopy__(self, memo: object) -> Alignment:
        return self  # frozen: copies of a method may share it
