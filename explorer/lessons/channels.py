"""What channels do and cost: maps that are summed, a layer at every pixel, weights counted."""

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from explorer.networks import ops

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Mixture:
    """How several channels become others: every partial map, and their sums.

    `partial` is (O, C, rows, columns): what kernel slice (o, c) finds in channel c.
    `outputs` is (O, rows, columns): the sum of `partial` over c.
    """

    x: Tensor  # (C, H, W)
    kernels: Tensor  # (O, C, h, w)
    partial: Tensor
    outputs: Tensor


def mix(x: Tensor, kernels: Tensor) -> Mixture:
    """A convolution with its steps kept; `x` is (C, H, W), `kernels` (O, C, h, w).

    Raises:
        ValueError: unequal numbers of channels, or kernels that do not fit.
    """
    outputs = ops.corr2d_multi_in_out(x, kernels)  # refuses what does not fit
    maps = [[ops.corr2d(*pair) for pair in zip(x, kernel, strict=True)] for kernel in kernels]
    partial = torch.stack([torch.stack(each) for each in maps])
    return Mixture(x, kernels, partial, outputs)


@dataclass(frozen=True)
class Agreement:
    """Four ways to the same numbers, and how far apart float32 leaves them at most."""

    outputs: Tensor  # (O, H, W), by `conv2d`
    product: float  # |conv2d − one product of matrices|
    linear: float  # |conv2d − a linear layer at every pixel|
    one_by_one: float  # |conv2d − weighted maps added channel after channel|
    largest: float  # the largest |output|, to read the differences against

    @property
    def spacing(self) -> float:
        """How far apart neighbouring float32 numbers lie at the largest output."""
        return torch.finfo(torch.float32).eps * 2.0 ** math.floor(math.log2(self.largest))


def agreement(x: Tensor, weights: Tensor) -> Agreement:
    """A 1×1 convolution in four ways; `x` is (C, H, W), `weights` (O, C)."""
    kernels = weights[:, :, None, None]
    convolution = functional.conv2d(x[None], kernels)[0]
    product = ops.corr2d_1x1(x, kernels)
    linear = functional.linear(x.permute(1, 2, 0), weights).permute(2, 0, 1)
    added = torch.zeros_like(convolution)
    for channel, column in zip(x, weights.T, strict=True):
        added += column[:, None, None] * channel
    return Agreement(
        outputs=convolution,
        product=float((convolution - product).abs().max()),
        linear=float((convolution - linear).abs().max()),
        one_by_one=float((convolution - added).abs().max()),
        largest=float(convolution.abs().max()),
    )


@cache
def large_agreement() -> Agreement:
    """From 256 to 64 channels of 28 × 28: so large that rounding shows."""
    return agreement(*random_pixels(256, 64, 28, 0))


def random_pixels(c_in: int, c_out: int, side: int, seed: int) -> tuple[Tensor, Tensor]:
    """Normal random x (C, side, side) and weights (O, C)."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(c_in, side, side, generator=generator)
    return x, torch.randn(c_out, c_in, generator=generator)


def to_tenths(x: Tensor) -> Tensor:
    """Rounded so that sums of products can be checked by hand."""
    return (x * 10).round() / 10


@dataclass(frozen=True)
class Cost:
    """What a layer holds and does. `macs` are for one picture; `outputs` counts numbers made."""

    weights: int
    biases: int
    macs: int
    outputs: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    @property
    def weight_bytes(self) -> int:
        """Size of the weights in float32, biases left out."""
        return self.weights * FLOAT32


def convolution(c_in: int, c_out: int, kernel: int, size: tuple[int, int]) -> Cost:
    """A convolution of c_in channels of height × width `size`, padded to keep the size."""
    weights = c_out * c_in * kernel * kernel
    places = math.prod(size)
    return Cost(weights, c_out, weights * places, c_out * places)


def fully_connected(inputs: int, outputs: int) -> Cost:
    """A linear layer from `inputs` to `outputs` numbers."""
    return Cost(inputs * outputs, outputs, inputs * outputs, outputs)
