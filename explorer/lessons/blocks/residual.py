"""The residual block: what it gives when it has learned nothing, and which shapes it can add."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu

from explorer.analysis.graph import Graph, record
from explorer.analysis.operations import Shape
from explorer.networks.architectures.resnet import Residual


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


@dataclass(frozen=True)
class Meeting:
    """Where the two branches of a residual block meet: their shapes (N, C, H, W), what happens.

    "broadcasts" is the silent trap: the shapes differ and PyTorch stretches one of them.
    """

    learned: Shape
    shortcut: Shape
    output: Shape | None
    outcome: Literal["adds", "broadcasts", "refuses"]
    problem: str  # PyTorch's message
    graph: Graph
    parameters: int


def meeting(
    in_channels: int, out_channels: int, strides: int, use_1x1conv: bool, side: int
) -> Meeting:
    """Run such a block on the meta device, and look at its sum."""
    with torch.device("meta"):
        module = Residual(in_channels, out_channels, use_1x1conv, strides).eval()
    graph = record(module, (1, in_channels, side, side))
    added = next(operation for operation in graph.operations if operation.type == "add")
    learned, shortcut = added.input_shapes
    outcome: Literal["adds", "broadcasts", "refuses"] = (
        "refuses" if graph.problem else "adds" if learned == shortcut else "broadcasts"
    )
    count = sum(parameter.numel() for parameter in module.parameters())
    return Meeting(learned, shortcut, graph.output_shape, outcome, graph.problem, graph, count)
