"""Discriminators (adversaries): networks that tell recorded from generated signals."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .residual import ResidualDense, ResidualDown, normed

_DEPTH = 6  # stride-2 blocks between the signal and the features of a branch


class PatchDiscriminator(nn.Module):
    """One logit for every patch of a signal (thesis, Table 3.4: 16-32-64-1, strides 2, 2, 1, 1).

    :param inputs: channels of all signals that are judged together.
    :param width: channels of the first layer.
    """

    def __init__(self, inputs: int, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(inputs, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, 2 * width, 4, stride=2, padding=1),
            nn.InstanceNorm1d(2 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv1d(2 * width, 4 * width, 4, stride=1, padding=1),
            nn.InstanceNorm1d(4 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv1d(4 * width, 1, 4, stride=1, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """:return: (batch, 1, about samples / 4)."""
        return self.layers(x)


class SignalBranch(nn.Module):
    """Features of a signal, a branch of a joint discriminator (thesis, section 4.2).

    Residual blocks with spectral norm; in training clamped white noise is added to the signal, so
    that numerical noise does not give generated signals away.

    :param samples: length of a signal.
    :param features: number of features.
    :param noise: standard deviation of the noise, clamped to ±0.5.
    """

    def __init__(self, samples: int, width: int = 16, features: int = 256, noise: float = 0.05):
        super().__init__()
        channels = [3, *(width * 2**level for level in range(_DEPTH))]
        self.down = nn.Sequential(
            *(
                ResidualDown(before, after, spectral=True)
                for before, after in itertools.pairwise(channels)
            )
        )
        self.linear = normed(nn.Linear(channels[-1] * (samples // 2**_DEPTH), features), True)
        self.noise = noise

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, samples) -> (batch, features)."""
        if self.training and self.noise:
            x = x + (self.noise * torch.randn_like(x)).clamp(-0.5, 0.5)
        return F.leaky_relu(self.linear(self.down(x).flatten(1)), 0.2)


class CodeBranch(nn.Sequential):
    """Features of a code: (batch, code) -> (batch, features)."""

    def __init__(self, code: int, features: int = 256):
        super().__init__(
            normed(nn.Linear(code, features), True),
            nn.LeakyReLU(0.2),
            *(ResidualDense(features, spectral=True) for _ in range(3)),
        )


class JointHead(nn.Sequential):
    """One logit of the features of all branches (thesis, Table 4.3)."""

    def __init__(self, features: int):
        super().__init__(
            *(ResidualDense(features, spectral=True) for _ in range(3)),
            normed(nn.Linear(features, 1), True),
        )


class JointAdversary(nn.ModuleDict):
    """Three adversarial judgements with common branches for the signals (thesis, Tables 4.3, 4.4).

    Of adversarially learned inference (Dumoulin et al., 2017; Eq. 4.18, 5.19-5.21), with x the low
    frequencies, y the record, z(.) their codes and hats for translations:

        D_x: (x, z(x)) against (decoded, its code)        "low"
        D_y: (y, z(y)) against (decoded, its code)        "broadband"
        D_xy: (x, y hat) against (x hat, y)               "pair"

    :param samples: length of a signal.
    :param width: channels after the branches' first block.
    :param features: number of features of each branch.
    :param codes: length of a flattened code, by kind of signal, "low" and "broadband".
    """

    def __init__(self, samples: int, width: int, features: int, codes: Mapping[str, int]):
        super().__init__()
        for kind in ("low", "broadband"):
            self[kind] = SignalBranch(samples, width, features)
            self[f"{kind}_code"] = CodeBranch(codes[kind], features)
            self[f"{kind}_head"] = JointHead(2 * features)
        self["pair_head"] = JointHead(2 * features)

    def forward(
        self,
        encoded: Mapping[str, tuple[Tensor, Tensor]],
        decoded: Mapping[str, tuple[Tensor, Tensor]],
        translated: Mapping[str, Tensor] | None = None,
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Logits of the three judgements, the recorded side first.

        :param encoded: signal, (batch, 3, samples), and its code, (batch, code), by kind.
        :param decoded: decoded signal and the code that it was decoded from, by kind.
        :param translated: translation to each kind; default: the decoded signals are translations.
        """
        recorded, generated, logits = {}, {}, {}
        for kind in ("low", "broadband"):
            branch, code, head = (self[name] for name in (kind, f"{kind}_code", f"{kind}_head"))
            recorded[kind] = branch(encoded[kind][0])
            generated[kind] = branch(decoded[kind][0])
            logits[kind] = (
                head(torch.cat([recorded[kind], code(encoded[kind][1])], dim=1)),
                head(torch.cat([generated[kind], code(decoded[kind][1])], dim=1)),
            )
            if translated is not None:
                generated[kind] = branch(translated[kind])
        head = self["pair_head"]
        logits["pair"] = (
            head(torch.cat([recorded["low"], generated["broadband"]], dim=1)),
            head(torch.cat([generated["low"], recorded["broadband"]], dim=1)),
        )
        return logits
