"""The weights of layers as pictures: for each output a kernel, for each input of it a slice.

Every layer with weights is read as (K, C, h, w): K kernels, each with a slice h × w for every one
of the C channels that it reads. A linear layer's slices are 1 × 1; but where it takes a feature
map apart, those of its weights that meet one channel lie as the numbers of that channel do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from explorer.analysis.operations import Operation

Floats = npt.NDArray[np.float32]
Shape = tuple[int, int, int, int]  # (K, C, h, w)
Kind = Literal["rgb", "kernels", "norms", "matrix"]

WITH_KERNELS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
FLATTENING = ("Flatten", "flatten", "view", "reshape")
MIXING = ("Linear", "permute", "transpose")  # behind them no number is where it was
MOST_CELLS = 65_536  # weights that are drawn one by one
MOST_FIRST = 600_000  # of the layer that reads the picture, where they say most
MOST_SIDE = 512  # rows and columns of a matrix; a screen has about as many
BINS = 61  # of a histogram; an odd number, so that one stands around zero


@dataclass(frozen=True)
class Layer:
    """A layer with weights. `shape` is (K, C, h, w), C the channels that one kernel reads."""

    name: str
    type: str
    shape: Shape
    groups: int = 1
    first: bool = False  # whether it reads the picture itself
    on_map: bool = False  # a linear layer whose weights lie as the map does that it takes apart

    @property
    def count(self) -> int:
        """The number of its weights, biases not counted."""
        return prod(self.shape)

    @property
    def linear(self) -> bool:
        """Whether it is a fully connected layer, whose kernels are rows of a matrix."""
        return self.type.endswith("Linear")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The ways in which all of it can be shown, the most telling first."""
        _kernels, channels, height, width = self.shape
        if height * width == 1:
            return ("matrix",)
        every: tuple[Kind, ...] = ()
        if self.count <= (MOST_FIRST if self.first else MOST_CELLS):
            rgb = self.first and channels == 3 and self.groups == 1
            every = ("rgb", "kernels") if rgb else ("kernels",)
        return (*every, "norms") if channels > 1 or not every else every

    def reads(self, kernel: int) -> range:
        """The channels of its input that one kernel reads; with groups, those of its group."""
        first = kernel // (self.shape[0] // self.groups) * self.shape[1]
        return range(first, first + self.shape[1])


def layers(network: nn.Module, operations: Sequence[Operation] = ()) -> tuple[Layer, ...]:
    """All layers of a network that have kernels, in running order as far as that is known."""
    ran = {each.name: number for number, each in enumerate(operations)}
    named = {each.name: each for each in operations}
    layers = [
        _layer(name, module, named)
        for name, module in network.named_modules()
        if isinstance(module, WITH_KERNELS)
    ]
    return tuple(sorted(layers, key=lambda each: _place(each.name, ran)))


def _place(name: str, ran: Mapping[str, int]) -> int:
    """Of a layer, or of the module that runs it: attention calls none of its own."""
    return ran.get(name, ran.get(name.rpartition(".")[0], len(ran)))


def _layer(name: str, module: nn.Module, ran: Mapping[str, Operation]) -> Layer:
    if isinstance(module, nn.Linear):
        spread = received(name, module.in_features, ran) or (module.in_features, 1, 1)
        shape = module.out_features, *spread
        return Layer(name, type(module).__name__, shape, on_map=spread[1] * spread[2] > 1)
    assert isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
    height, width = module.kernel_size
    shape = module.out_channels, module.in_channels // module.groups, height, width
    first = name in ran and not set(ran[name].inputs) & ran.keys()
    return Layer(name, type(module).__name__, shape, module.groups, first)


def received(name: str, features: int, ran: Mapping[str, Operation]) -> tuple[int, int, int] | None:
    """The map (C, H, W) that a linear layer of so many `features` gets as one row of numbers.

    None if it gets something else, or if its numbers were put into another order on the way.
    """
    before = ran[name].inputs if name in ran else ()
    while len(before) == 1 and before[0] in ran and ran[before[0]].type not in MIXING:
        operation = ran[before[0]]
        shape = operation.input_shapes[0] if operation.input_shapes else ()
        if prod(shape[1:]) != features:
            return None
        if len(shape) == 4 and operation.type in FLATTENING:
            return shape[1], shape[2], shape[3]
        before = operation.inputs
    return None


def weights(network: nn.Module, layer: Layer) -> Tensor:
    """A layer's weights as (K, C, h, w), in float32. Where it can be it is a view: only to read."""
    module = network.get_submodule(layer.name)
    weight = module.weight
    assert isinstance(weight, Tensor)
    if isinstance(module, nn.ConvTranspose2d):  # kept the other way round: input, then output
        weight = weight.unflatten(0, (layer.groups, -1)).swapaxes(1, 2).flatten(0, 1)
    return weight.detach().reshape(layer.shape).float()


def bias(network: nn.Module, layer: Layer) -> Tensor | None:
    """One number for each kernel (K,); None if the layer has none."""
    bias = network.get_submodule(layer.name).bias
    return bias.detach().float() if isinstance(bias, Tensor) else None


# -- all kernels at once ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sheet:
    """All kernels of a layer, as they are drawn.

    `values` (K, C, h, w) are weights, or in their place the norms of slices, (K, C, 1, 1). Of a
    matrix too large for a screen each number stands for a block, of `rows` kernels and `columns`
    channels: the one of them that is farthest from zero.
    """

    kind: Kind
    values: Floats
    rows: int = 1
    columns: int = 1

    @property
    def signed(self) -> bool:
        """Whether numbers below zero can occur."""
        return self.kind != "norms"

    @property
    def farthest(self) -> list[float]:
        """The size of the number farthest from zero in each kernel."""
        sizes: list[float] = np.abs(self.values).max(axis=(1, 2, 3)).tolist()
        return sizes


def sheet(kernels: Tensor, kind: Kind) -> Sheet:
    """All kernels (K, C, h, w) shown in one of the ways of `Layer.kinds`."""
    if kind in ("rgb", "kernels"):
        return Sheet(kind, kernels.numpy())
    matrix = norms(kernels) if kind == "norms" else kernels[:, :, 0, 0]
    rows, columns = (ceil(length / MOST_SIDE) for length in matrix.shape)
    return Sheet(kind, farthest(matrix, rows, columns)[:, :, None, None].numpy(), rows, columns)


def computed(kernels: Tensor, kind: Kind) -> bool:
    """Whether the numbers of `sheet` are worked out, and no view of the weights themselves."""
    return kind == "norms" or (kind == "matrix" and max(kernels.shape[:2]) > MOST_SIDE)


def norms(kernels: Tensor) -> Tensor:
    """(K, C): of each slice of (K, C, h, w) the root of the sum of its squares."""
    norms: Tensor = torch.linalg.vector_norm(kernels, dim=(2, 3))
    return norms


def farthest(matrix: Tensor, rows: int, columns: int) -> Tensor:
    """Of each block of `rows` × `columns` the number farthest from zero, with its sign."""
    if rows == columns == 1:
        return matrix
    down, across = (-matrix.shape[0]) % rows, (-matrix.shape[1]) % columns
    padded = nn.functional.pad(matrix, (0, across, 0, down))
    blocks = padded.unflatten(1, (-1, columns)).unflatten(0, (-1, rows))
    together: Tensor = blocks.swapaxes(1, 2).flatten(2)
    place = together.abs().argmax(2, keepdim=True)
    return together.gather(2, place).squeeze(2)


# -- numbers about them -----------------------------------------------------------------------


@dataclass(frozen=True)
class Statistics:
    """A layer's weights in a few numbers; a norm is the root of the sum of squares."""

    count: int
    mean: float
    deviation: float
    norm: float  # of all weights
    slice_norm: float  # the largest of a single slice
    least: float
    most: float

    @property
    def size(self) -> float:
        """Root mean square: how large a weight is, usually."""
        return float(self.norm / self.count**0.5)

    @property
    def farthest(self) -> float:
        """The size of the weight farthest from zero."""
        return max(-self.least, self.most)


def statistics(kernels: Tensor) -> Statistics:
    """The numbers about weights (K, C, h, w), each right to the digits of float32.

    The spread is summed in float64 around the mean. Squares summed in float32 lose two digits of
    a hundred million weights, and all of a small spread around a mean that is not 0.
    """
    least, most = torch.aminmax(kernels)
    variance, mean = map(float, torch.var_mean(kernels, correction=0))  # float64 within
    norm = (kernels.numel() * (variance + mean**2)) ** 0.5
    largest = float(norms(kernels).max())
    return Statistics(
        kernels.numel(), mean, variance**0.5, norm, largest, float(least), float(most)
    )


def histogram(kernels: Tensor, most: float) -> Floats:
    """How many of the weights fall into each of `BINS` equal bins from −most to most."""
    counts: Floats = torch.histc(kernels, BINS, -most, most).numpy()
    return counts


def small(kernels: Tensor, kind: Kind, side: int, count: int = 16) -> Floats:
    """A part of a layer that tells it from others: (N, h, w), slices or the corner of a matrix."""
    if kind in ("rgb", "kernels"):
        return kernels.flatten(0, 1)[:count].numpy()
    corner = kernels[:side, :side]
    return (norms(corner) if kind == "norms" else corner[:, :, 0, 0])[None].numpy()
