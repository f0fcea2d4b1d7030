"""Where channels, rows and columns lie in a tensor, and the way from one to the other."""

import math
from dataclasses import dataclass

from torch import Tensor

from explorer.analysis.operations import Shape


@dataclass(frozen=True)
class Layout:
    """How one picture's values (the batch left out) become maps (C, H, W), and back.

    `channels` and `places` are axes of `shape`; all that are no place count as channels.
    """

    shape: Shape
    channels: tuple[int, ...]
    places: tuple[int, ...]  # rows and columns; rows alone; or none, in a vector

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        height, width, *_rest = (*(self.shape[axis] for axis in self.places), 1, 1)
        return math.prod(self.shape[axis] for axis in self.channels), height, width

    def maps(self, values: Tensor) -> Tensor:
        """Values of one picture → (C, H, W)."""
        return values.permute((*self.channels, *self.places)).reshape(self.map_shape)

    def index(self, channel: int, y: int, x: int) -> tuple[int, ...]:
        """The place of a unit of the maps among the values."""
        axes = dict(zip(self.places, (y, x), strict=False))
        for axis in reversed(self.channels):
            channel, axes[axis] = divmod(channel, self.shape[axis])
        return tuple(axes[axis] for axis in range(len(self.shape)))

    def unit(self, index: tuple[int, ...]) -> tuple[int, int, int]:
        """The way back: a place among the values → (channel, y, x)."""
        channel = 0
        for axis in self.channels:
            channel = channel * self.shape[axis] + index[axis]
        y, x, *_rest = (*(index[axis] for axis in self.places), 0, 0)
        return channel, y, x


def layout(shape: Shape, places: tuple[int, int] | None) -> Layout:
    """The layout of an output of `shape`, batch included.

    `places` are the axes of height and width where they are known. Else a tensor of four axes is
    taken to be (N, C, H, W), or (N, H, W, C) if only these places are square; of three, tokens.
    """
    inner = shape[1:]
    rank = len(inner)
    if places and max(places) <= rank and min(places) > 0:
        axes = (places[0] - 1, places[1] - 1)
    elif rank == 3 and inner[0] == inner[1] != inner[2]:
        axes = (0, 1)
    elif rank >= 3:
        axes = (rank - 2, rank - 1)
    else:
        return Layout(inner, tuple(range(rank))[-1:], tuple(range(rank))[:-1])
    return Layout(inner, tuple(axis for axis in range(rank) if axis not in axes), axes)
