"""What a recorded forward pass holds, and where channels, rows and columns lie in its tensors."""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis import receptive_field
from explorer.analysis.operations import INPUT, Graph, Operation, Shape, tensors
from explorer.analysis.recorder import memory_of
from explorer.base.language import _


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


@dataclass(frozen=True, eq=False)
class Step:
    """One operation as it ran: what was called, with what, and what it gave. Do not write."""

    operation: Operation
    function: Callable[..., Any]
    module: nn.Module | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: tuple[Tensor, ...]  # in the order of `operation.inputs`
    outputs: tuple[Tensor, ...]


Recorded = tuple[tuple[Operation, ...], Mapping[str, Step]]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Numbers per channel of one picture's maps, each (C,). `dead`: 0 at every place."""

    mean: Tensor
    minimum: Tensor
    maximum: Tensor
    variance: Tensor  # over all places, divided by their number
    dead: Tensor


def statistics(maps: Tensor) -> Statistics:
    """Numbers per channel of (C, H, W)."""
    flat = maps.flatten(1)
    variance, mean = torch.var_mean(flat, dim=1, correction=0)
    low, high = torch.aminmax(flat, dim=1)
    return Statistics(mean, low, high, variance, (low == 0) & (high == 0))


@dataclass(frozen=True, eq=False)
class Recording:
    """A forward pass: all operations in running order, and the steps that were asked for.

    Names and facts are found out when one is first asked for. Multiply-adds are not counted here.
    Everyone may read the tensors; do not write.
    """

    picture: Tensor  # (N, C, H, W), as the network got it
    output: Tensor  # of the whole network; its first if there are several
    training: bool
    find: Callable[[], Recorded] = field(repr=False)  # names and facts

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in running order."""
        return self.find()[0]

    @property
    def steps(self) -> Mapping[str, Step]:
        """Those that were asked for, by name, in running order."""
        return self.find()[1]

    def step(self, name: str) -> Step:
        """One operation as it ran.

        Raises:
            ValueError: there is no such operation, or it was not asked for.
        """
        if name in self.steps:
            return self.steps[name]
        if any(name == operation.name for operation in self.operations):
            words = _("The values of {name} were not kept. Ask for it when you record.")
            raise ValueError(words.format(name=name))
        raise unknown(name, self.operations)

    def values(self, name: str) -> Tensor:
        """What an operation gave, as it is, with the batch; "input" is the picture."""
        return self.picture if name == INPUT else self.step(name).outputs[0]

    def layout(self, name: str) -> Layout:
        """Where channels, rows and columns lie in `values(name)`."""
        return self.layout_of(name, self.values(name))

    def layout_of(self, name: str, values: Tensor) -> Layout:
        """The same for values that are at hand, also if they were not kept."""
        return layout(tuple(values.shape), self._places.get(name))

    def maps(self, name: str, picture: int = 0) -> Tensor:
        """One picture's feature maps, (C, H, W), also where channels come last.

        A vector of K numbers is (K, 1, 1), a row of L tokens of D numbers (D, L, 1).
        """
        values = self.values(name)
        return self.layout(name).maps(values[picture] if values.dim() else values)

    def statistics(self, name: str, picture: int = 0) -> Statistics:
        """Numbers per channel."""
        return statistics(self.maps(name, picture))

    @property
    def nbytes(self) -> int:
        """The memory that is kept, weights left out; what is shared is counted once."""
        held = [t for step in self.steps.values() for t in (*step.inputs, *step.outputs)]
        memory = {memory_of(t): t.untyped_storage().nbytes() for t in (*held, self.picture)}
        return sum(memory.values())

    @property
    def memory(self) -> Mapping[Hashable, int]:
        """All that is kept alive, weights too: the bytes of every piece of memory, by its name."""
        held = [self.picture, self.output]
        for step in self.steps.values():
            held += [*step.inputs, *step.outputs, *tensors((step.args, dict(step.kwargs)))]
            if step.module:
                held += [*step.module.parameters(), *step.module.buffers()]
        return {memory_of(t): t.untyped_storage().nbytes() for t in held}

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int] | None]:
        shape, output = tuple(self.picture.shape), tuple(self.output.shape)
        graph = Graph(shape, self.operations, output, problem="", unused=(), blocks={})
        fields = receptive_field.sizes(graph, gates=False)
        return {name: each.dims for name, each in fields.items() if each}


def unknown(name: str, operations: tuple[Operation, ...] | list[Operation]) -> ValueError:
    """The refusal of a name that no operation has."""
    some = ", ".join(operation.name for operation in operations[:5])
    return ValueError(
        _("The network has no operation “{name}”. It has {some} …").format(name=name, some=some)
    )
