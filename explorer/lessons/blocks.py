"""The course's blocks, each measured on its own: shapes, parameters, MACs, and what they keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from explorer.analysis.operations import Shape
from explorer.analysis.shapes_and_macs import Graph, record
from explorer.networks import NetworkSpec
from explorer.networks.architectures.densenet import DenseBlock, conv_block, transition_block
from explorer.networks.architectures.googlenet import Inception
from explorer.networks.architectures.nin import nin_block
from explorer.networks.architectures.resnet import Residual
from explorer.networks.architectures.vgg import vgg_block


@dataclass(frozen=True)
class Block:
    """A block on an input (N, C, H, W): what ran, and its sums for one picture.

    `weights` are the numbers in kernels alone; `parameters` has biases and batch norm too.
    """

    graph: Graph
    weights: int
    parameters: int
    macs: int

    @property
    def input(self) -> Shape:
        """(N, C, H, W)."""
        return self.graph.input_shape

    @property
    def output(self) -> Shape:
        """(N, C, H, W)."""
        assert self.graph.output_shape is not None  # what may fail is asked of `meeting`
        return self.graph.output_shape


def measure(build: Callable[[], nn.Module], in_channels: int, side: int) -> Block:
    """The block that `build` makes, run on a square picture of the meta device."""
    with torch.device("meta"):
        module = build().eval()
    graph = record(module, (1, in_channels, side, side))
    parameters = list(module.parameters())
    return Block(
        graph=graph,
        weights=sum(p.numel() for p in parameters if p.dim() > 1),
        parameters=sum(p.numel() for p in parameters),
        macs=sum(operation.macs for operation in graph.operations),
    )


def plain(in_channels: int, out_channels: int, kernel: int, side: int) -> Block:
    """One convolution that keeps the size: what every block is compared with."""
    return measure(
        lambda: nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)),
        in_channels,
        side,
    )


class Widths(NamedTuple):
    """The channels of an Inception block: what each path gives, and its 1 × 1 reductions."""

    path1: int
    reduce2: int
    path2: int
    reduce3: int
    path3: int
    path4: int

    @property
    def paths(self) -> tuple[int, int, int, int]:
        """The channels that the four paths give, in their order in the output."""
        return self.path1, self.path2, self.path3, self.path4

    @property
    def out_channels(self) -> int:
        """Their sum."""
        return sum(self.paths)

    def module(self, in_channels: int) -> Inception:
        """The course's block of these widths."""
        second, third = (self.reduce2, self.path2), (self.reduce3, self.path3)
        return Inception(in_channels, self.path1, second, third, self.path4)

    @staticmethod
    def of(module: Inception) -> "Widths":
        """Read from a block that was built."""
        names = ("path1", "path2_reduce", "path2", "path3_reduce", "path3", "path4")
        return Widths(*(getattr(module, name).out_channels for name in names))

    @staticmethod
    def like_the_first(in_channels: int, out_channels: int) -> "Widths":
        """Paths as 2 : 4 : 1 : 1 of the output, reductions to 1/2 and 1/12 of the input."""
        eighth = max(1, out_channels // 8)
        path2 = max(1, out_channels - 4 * eighth)
        return Widths(
            2 * eighth, max(1, in_channels // 2), path2, max(1, in_channels // 12), eighth, eighth
        )


class Unreduced(nn.Module):
    """An Inception block without the 1 × 1 convolutions that narrow its 3 × 3 and 5 × 5 paths.

    The one after the pooling stays: without it the output would have more channels
    (Szegedy et al. 2014, figure 2a). (N, C, H, W) → (N, sum of the paths, H, W).
    """

    def __init__(self, in_channels: int, paths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.path1 = nn.Conv2d(in_channels, paths[0], kernel_size=1)
        self.path2 = nn.Conv2d(in_channels, paths[1], kernel_size=3, padding=1)
        self.path3 = nn.Conv2d(in_channels, paths[2], kernel_size=5, padding=2)
        self.path4_pool = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.path4 = nn.Conv2d(in_channels, paths[3], kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Height and width stay as they are."""
        one, two, three = relu(self.path1(x)), relu(self.path2(x)), relu(self.path3(x))
        return torch.cat((one, two, three, relu(self.path4(self.path4_pool(x)))), dim=1)


@dataclass(frozen=True)
class Savings:
    """An Inception block beside what could stand in its place: same input, same output shape."""

    widths: Widths
    block: Block
    unreduced: Block
    plain3: Block
    plain5: Block

    def times_fewer(self, other: Block) -> float:
        """How many times the block's kernel weights `other` has (biases left out)."""
        return other.weights / self.block.weights


@lru_cache(maxsize=64)
def savings(in_channels: int, widths: Widths, side: int) -> Savings:
    """The block of these widths, the one without reductions, and plain 3 × 3 and 5 × 5."""
    return Savings(
        widths,
        block=measure(lambda: widths.module(in_channels), in_channels, side),
        unreduced=measure(lambda: Unreduced(in_channels, widths.paths), in_channels, side),
        plain3=plain(in_channels, widths.out_channels, 3, side),
        plain5=plain(in_channels, widths.out_channels, 5, side),
    )


@cache
def googlenets(picture_side: int = 224) -> Mapping[str, Savings]:
    """GoogLeNet's nine blocks ("3a" … "5b") as they stand in the network, for square pictures."""
    network = NetworkSpec.parse("googlenet").build_on_meta()
    graph = record(network, (1, 1, picture_side, picture_side))
    sides = {operation.name: operation.input_shapes[0][-1] for operation in graph.operations}
    return {
        name.rpartition("inception")[2]: savings(
            module.path1.in_channels, Widths.of(module), sides[f"{name}.path1"]
        )
        for name, module in network.named_modules()
        if isinstance(module, Inception)
    }


@dataclass(frozen=True)
class Shortcut:
    """One pass through a residual block, with its steps; tensors are (C, H, W)."""

    x: Tensor
    learned: Tensor  # F(x), what the two convolutions give
    summed: Tensor  # F(x) + x
    y: Tensor  # relu(F(x) + x)

    @property
    def from_identity(self) -> float:
        """The largest |y − x|."""
        return float((self.y - self.x).abs().max())

    @property
    def from_relu(self) -> float:
        """The largest |y − relu(x)|."""
        return float((self.y - relu(self.x)).abs().max())


def shortcut(channels: int, side: int, *, zeroed: bool, signed: bool, seed: int = 0) -> Shortcut:
    """A residual block run on random numbers, all its weights set to zero if `zeroed`.

    The input is normal random, rounded to tenths; its absolute value if not `signed`.
    """
    generator = torch.Generator().manual_seed(seed)
    x = (torch.randn(1, channels, side, side, generator=generator) * 10).round() / 10
    x = x if signed else x.abs()
    block = Residual(channels, channels).eval()
    with torch.no_grad():
        for parameter in block.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
            if zeroed:
                parameter.zero_()
        learned = block.bn2(block.conv2(relu(block.bn1(block.conv1(x)))))
        return Shortcut(x[0], learned[0], (learned + x)[0], block(x)[0])


Outcome = Literal["adds", "broadcasts", "refuses"]


@dataclass(frozen=True)
class Meeting(Block):
    """A residual block where its two branches meet: their shapes (N, C, H, W), what happens.

    "broadcasts" is the silent trap: the shapes differ and PyTorch stretches one of them.
    """

    learned: Shape
    shortcut: Shape
    outcome: Outcome  # where it refuses, its graph has no output shape


def meeting(
    in_channels: int, out_channels: int, strides: int, use_1x1conv: bool, side: int
) -> Meeting:
    """Run such a block on the meta device, and look at its sum."""
    block = measure(
        lambda: Residual(in_channels, out_channels, use_1x1conv, strides), in_channels, side
    )
    addition = next(each for each in block.graph.operations if each.type == "add")
    learned, shortcut = addition.input_shapes
    outcome: Outcome = "adds" if learned == shortcut else "broadcasts"
    return Meeting(**vars(block), learned=learned, shortcut=shortcut,
                   outcome="refuses" if block.graph.problem else outcome)  # fmt: skip


@dataclass(frozen=True)
class Growth:
    """A dense block: `channels` before the first layer and after each."""

    block: Block
    channels: tuple[int, ...]
    parameters: tuple[int, ...]  # of each layer


def growth(in_channels: int, layers: int, growth_rate: int, side: int) -> Growth:
    """A dense block, and its channels layer by layer."""
    block = measure(lambda: DenseBlock(layers, in_channels, growth_rate), in_channels, side)
    operations = block.graph.operations
    joined = [op.output_shape[1] for op in operations if op.type == "cat" and op.output_shape]
    numbers = tuple(
        sum(op.parameters for op in operations if op.path == (f"layer{number}",))
        for number in range(1, layers + 1)
    )
    return Growth(block, (in_channels, *joined), numbers)


def transition(in_channels: int, out_channels: int, side: int) -> Block:
    """A transition block on a square input."""
    return measure(lambda: transition_block(in_channels, out_channels), in_channels, side)


@cache
def densenets_channels(side: int = 224) -> tuple[tuple[str, int, int], ...]:
    """(part, channels, side of the maps) after each part of DenseNet's body, in running order."""
    network = NetworkSpec.parse("densenet").build_on_meta()
    graph = record(network, (1, 1, side, side))
    last: dict[str, Shape] = {}
    for operation in graph.operations:
        if operation.path and operation.output_shape:
            last[operation.path[0]] = operation.output_shape
    return tuple((name, shape[1], shape[-1]) for name, shape in last.items())


def growth_to(in_channels: int, out_channels: int, layers: int) -> int:
    """The growth rate with which `layers` layers come closest to `out_channels`; at least 1."""
    return max(1, round((out_channels - in_channels) / layers))


@lru_cache(maxsize=64)
def side_by_side(
    in_channels: int, out_channels: int, side: int, layers: int = 2
) -> Mapping[str, Block]:
    """The course's blocks, built as alike as they can be, by name.

    VGG and dense have `layers` convolutions. Inception splits its output as GoogLeNet's first
    block does. A dense block can only add channels: its growth rate comes as near to
    `out_channels` as it can. A transition halves the channels, whatever was asked.
    """
    widths = Widths.like_the_first(in_channels, out_channels)
    builders: dict[str, Callable[[], nn.Module]] = {
        "vgg": lambda: vgg_block(layers, in_channels, out_channels),
        "nin": lambda: nin_block(in_channels, out_channels, kernel_size=3, padding=1),
        "inception": lambda: widths.module(in_channels),
        "residual": lambda: Residual(in_channels, out_channels, in_channels != out_channels),
        "dense": lambda: DenseBlock(
            layers, in_channels, growth_to(in_channels, out_channels, layers)
        ),
        "transition": lambda: transition_block(in_channels, max(1, in_channels // 2)),
    }
    return {name: measure(build, in_channels, side) for name, build in builders.items()}


# What builds the blocks, to be shown as code.
DEFINITIONS = (
    vgg_block, nin_block, Inception, Residual, conv_block, DenseBlock, transition_block, Unreduced,
)  # fmt: skip
