"""The course's six blocks side by side, built as alike as they can be."""

from collections.abc import Callable, Mapping

from torch import nn

from explorer.lessons.blocks.inception import Widths
from explorer.lessons.blocks.measured import Block, measure
from explorer.networks.architectures.densenet import DenseBlock, transition_block
from explorer.networks.architectures.googlenet import Inception
from explorer.networks.architectures.nin import nin_block
from explorer.networks.architectures.resnet import Residual
from explorer.networks.architectures.vgg import vgg_block


def growth_to(in_channels: int, out_channels: int, layers: int) -> int:
    """The growth rate with which `layers` layers come closest to `out_channels`; at least 1."""
    return max(1, round((out_channels - in_channels) / layers))


def side_by_side(
    in_channels: int, out_channels: int, side: int, layers: int = 2
) -> Mapping[str, Block]:
    """The course's blocks, built as alike as they can be, by name.

    VGG and dense have `layers` convolutions. Inception splits its output as GoogLeNet's first
    block does. A dense block can only add channels: its growth rate comes as near to
    `out_channels` as it can. A transition halves the channels, whatever was asked.
    """
    shape = (1, in_channels, side, side)
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
    return {name: measure(build, shape) for name, build in builders.items()}


def definitions() -> tuple[Callable[..., nn.Module], ...]:
    """What builds the six, to be shown as code."""
    return vgg_block, nin_block, Inception, Residual, DenseBlock, transition_block
