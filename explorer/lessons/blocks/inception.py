"""Inception: the widths of its paths, and what its 1 × 1 reductions save."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from explorer.analysis.graph import record
from explorer.lessons.blocks.measured import Block, measure, plain
from explorer.networks import NetworkSpec
from explorer.networks.architectures.googlenet import Inception


@dataclass(frozen=True)
class Widths:
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
        return Inception(
            in_channels,
            self.path1,
            (self.reduce2, self.path2),
            (self.reduce3, self.path3),
            self.path4,
        )

    @staticmethod
    def of(module: Inception) -> "Widths":
        """Read from a block that was built."""
        return Widths(
            module.path1.out_channels,
            module.path2_reduce.out_channels,
            module.path2.out_channels,
            module.path3_reduce.out_channels,
            module.path3.out_channels,
            module.path4.out_channels,
        )

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

    in_channels: int
    side: int
    widths: Widths
    block: Block
    unreduced: Block
    plain3: Block
    plain5: Block

    def times_fewer(self, other: Block) -> float:
        """How many times the block's kernel weights `other` has (biases left out)."""
        return other.weights / self.block.weights


def savings(in_channels: int, widths: Widths, side: int) -> Savings:
    """The block of these widths, the one without reductions, and plain 3 × 3 and 5 × 5."""
    shape = (1, in_channels, side, side)
    return Savings(
        in_channels,
        side,
        widths,
        block=measure(lambda: widths.module(in_channels), shape),
        unreduced=measure(lambda: Unreduced(in_channels, widths.paths), shape),
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
