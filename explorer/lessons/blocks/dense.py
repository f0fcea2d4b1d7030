"""The dense block and its transition: channels that accumulate and are made fewer."""

from dataclasses import dataclass
from functools import cache

from explorer.analysis.graph import record
from explorer.analysis.operations import Shape
from explorer.lessons.blocks.measured import Block, measure
from explorer.networks import NetworkSpec
from explorer.networks.architectures.densenet import DenseBlock, transition_block


@dataclass(frozen=True)
class Growth:
    """A dense block: `channels` before the first layer and after each."""

    block: Block
    channels: tuple[int, ...]
    parameters: tuple[int, ...]  # of each layer


def growth(in_channels: int, layers: int, growth_rate: int, side: int) -> Growth:
    """A dense block, and its channels layer by layer."""
    block = measure(
        lambda: DenseBlock(layers, in_channels, growth_rate), (1, in_channels, side, side)
    )
    operations = block.graph.operations
    joined = [op.output_shape[1] for op in operations if op.type == "cat" and op.output_shape]
    numbers = tuple(
        sum(op.parameters for op in operations if op.path == (f"layer{number}",))
        for number in range(1, layers + 1)
    )
    return Growth(block, (in_channels, *joined), numbers)


def transition(in_channels: int, out_channels: int, side: int) -> Block:
    """A transition block on a square input."""
    return measure(
        lambda: transition_block(in_channels, out_channels), (1, in_channels, side, side)
    )


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
