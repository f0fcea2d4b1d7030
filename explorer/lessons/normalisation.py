"""Batch normalisation taken apart: every step of the formula, and the moving averages.

Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
Covariate Shift", 2015, algorithm 1. A batch is (N, C) for a fully connected layer and
(N, C, H, W) for a convolution; statistics are one number per feature or channel.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from explorer.base.inputs import Matrix

EPS = 1e-5  # of the course and of torch
MOMENTUM = 0.9  # of the course: the weight of the old value; torch writes 1 − 0.9 = 0.1

Distribution = Literal["normal", "uniform", "skewed", "two", "outlier"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("normal", "uniform", "skewed", "two", "outlier")

# Channels of one batch differ, or there would be no reason to treat each by itself.
OFFSETS = (1.0, -0.5, 0.25)  # of the chosen offset
SCALES = (1.0, 0.4, 2.0)  # of the chosen scale
CHANNELS = len(OFFSETS)


@dataclass(frozen=True)
class Source:
    """Where batches come from. `side` is H = W of each map, 0 for a fully connected layer.

    `own` are a reader's own numbers, one row per feature: then every batch is this one.
    """

    distribution: Distribution = "normal"
    size: int = 16  # N, points or pictures in a batch
    side: int = 0
    offset: float = 4.0
    scale: float = 2.0
    seed: int = 0
    own: Matrix | None = None


def batch(source: Source, number: int) -> Tensor:
    """Batch `number` of `source`: (N, C), or (N, C, H, W). The same one every time."""
    if source.own is not None:
        return torch.tensor(source.own).T.contiguous()
    generator = torch.Generator().manual_seed(1_000_003 * source.seed + number)
    shape = (source.size, CHANNELS, *[source.side] * (2 if source.side else 0))
    drawn = _draw(source.distribution, shape, generator)
    along = (1, CHANNELS, *[1] * (len(shape) - 2))
    offset = source.offset * torch.tensor(OFFSETS).view(along)
    return offset + source.scale * torch.tensor(SCALES).view(along) * drawn


def _draw(kind: Distribution, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Random numbers of mean 0 and variance 1 (before the outlier is put in)."""
    if kind == "uniform":
        return torch.empty(shape).uniform_(-math.sqrt(3), math.sqrt(3), generator=generator)
    if kind == "skewed":
        return torch.empty(shape).exponential_(1.0, generator=generator) - 1
    drawn = torch.randn(shape, generator=generator)
    if kind == "two":
        side = (torch.rand(shape, generator=generator) < 0.5).float() * 2 - 1
        return 0.95 * side + math.sqrt(1 - 0.95**2) * drawn
    if kind == "outlier":
        drawn[0] = 10.0
    return drawn


# -- the formula, step by step ----------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """All that happens to a batch. The tensors of one number per channel have shape (C,).

    `raw`, `centred`, `scaled` and `out` have the batch's shape. `count` is m, how many values one
    mean is taken over: N, or N·H·W. `own` tells whether mean and variance are this batch's.
    """

    raw: Tensor
    mean: Tensor
    var: Tensor
    eps: float
    centred: Tensor
    scaled: Tensor
    gamma: Tensor
    beta: Tensor
    out: Tensor
    count: int
    own: bool

    @property
    def stages(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The batch after 0, 1, 2 and 3 steps."""
        return self.raw, self.centred, self.scaled, self.out


def per_channel(x: Tensor) -> Tensor:
    """(N, C) or (N, C, H, W) → (C, m): all values of each channel in a row."""
    return x.transpose(0, 1).flatten(1)


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (divided by m) of each channel, both (C,)."""
    values = per_channel(x)
    return values.mean(dim=1), values.var(dim=1, correction=0)


def steps(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    eps: float = EPS,
    moving: tuple[Tensor, Tensor] | None = None,
) -> Steps:
    """The formula on `x`, with `moving` mean and variance (prediction) or its own (training).

    Never refuses: with one value per channel the variance is 0 and every output is β.
    """
    mean, var = moving or statistics(x)
    along = (1, -1, *[1] * (x.dim() - 2))
    centred = x - mean.view(along)
    scaled = centred / torch.sqrt(var.view(along) + eps)
    out = gamma.view(along) * scaled + beta.view(along)
    count = x.numel() // x.shape[1]
    own = moving is None
    return Steps(x, mean, var, eps, centred, scaled, gamma, beta, out, count, own)


# -- moving averages --------------------------------------------------------------------------


@dataclass(frozen=True)
class Moving:
    """Averages over a run of k batches: row i is the state after i of them, (k + 1, C) each.

    `batch_mean` and `batch_var` are what the batches themselves had, (k, C) each.
    """

    mean: Tensor
    var: Tensor
    batch_mean: Tensor
    batch_var: Tensor


def moving_averages(
    batches: Sequence[Tensor],
    old_weight: float = MOMENTUM,
    *,
    start_var: float = 1.0,
    unbiased: bool = False,
) -> Moving:
    """By moving = old_weight · moving + (1 − old_weight) · batch, from mean 0 and `start_var`.

    The course calls `old_weight` momentum; torch calls 1 − `old_weight` momentum, and averages
    the `unbiased` variances, which divide by m − 1.
    """
    channels = batches[0].shape[1]
    mean, var = [torch.zeros(channels)], [torch.full((channels,), start_var)]
    batch_mean, batch_var = [], []
    for each in batches:
        values = per_channel(each)
        correction = int(unbiased and values.shape[1] > 1)
        batch_mean.append(values.mean(dim=1))
        batch_var.append(values.var(dim=1, correction=correction))
        mean.append(old_weight * mean[-1] + (1 - old_weight) * batch_mean[-1])
        var.append(old_weight * var[-1] + (1 - old_weight) * batch_var[-1])
    return Moving(*map(torch.stack, (mean, var, batch_mean, batch_var)))


def warm_up(old_weight: float, batches: int) -> float:
    """The share of a moving average that comes from batches, not from its start: 1 − wᵏ."""
    return float(1 - old_weight**batches)
