"""A block on its own: what ran in it, and its sums."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from explorer.analysis.graph import Graph, record
from explorer.analysis.operations import Shape


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


def measure(build: Callable[[], nn.Module], input_shape: Shape) -> Block:
    """The block that `build` makes, run on an input (N, C, H, W) of the meta device."""
    with torch.device("meta"):
        module = build().eval()
    graph = record(module, input_shape)
    parameters = list(module.parameters())
    return Block(
        graph=graph,
        weights=sum(p.numel() for p in parameters if p.dim() > 1),
        parameters=sum(p.numel() for p in parameters),
        macs=sum(operation.macs for operation in graph.operations) // input_shape[0],
    )


def plain(in_channels: int, out_channels: int, kernel: int, side: int) -> Block:
    """One convolution that keeps the size: what every block is compared with."""
    return measure(
        lambda: nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)),
        (1, in_channels, side, side),
    )
