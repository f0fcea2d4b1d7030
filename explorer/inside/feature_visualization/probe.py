"""A network up to one of its operations: what that gives for pictures, and what its units see."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from explorer.analysis import receptive_field
from explorer.analysis.operations import Graph, Operation
from explorer.analysis.receptive_field import Interval
from explorer.analysis.recorder import Recorder
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.base.units import times
from explorer.inside.activations import own_copy
from explorer.inside.activations.records import layout, unknown

Box = tuple[int, int, int, int]  # first and last row, first and last column, all inclusive


class _Arrived(Exception):
    """The operation has run; nothing after it need be computed."""


class _Until(Recorder):
    """Leaves the forward pass right behind the operation `name`, before anything overwrites it."""

    def __init__(self, network: nn.Module, pictures: Tensor, name: str) -> None:
        super().__init__(network, pictures)
        self._name = name
        self.output: Tensor | None = None

    def note(self, operation: Operation, outputs: list[Tensor]) -> None:
        super().note(operation, outputs)
        if operation.name == self._name:
            self.output = outputs[0]
            raise _Arrived


class Probe:
    """The operation `name` of a network, which may be shared: a copy of one's own is run.

    Names are those of the layer table. Functions between modules (`relu`, `+`, `cat`) have some
    too. The network runs in evaluation mode.
    """

    def __init__(self, network: nn.Module, name: str) -> None:
        self.name = name
        self._own = own_copy(network)
        self._ran: tuple[tuple[int, ...], tuple[Operation, ...]] | None = None

    def maps(self, pictures: Tensor, *, gradients: bool = False) -> Tensor:
        """What the operation gives for pictures (N, C, H, W): its maps (N, channels, H, W).

        Vectors are (N, K, 1, 1). With `gradients` they can be followed back to the pictures.

        Raises:
            ValueError: the network cannot take such pictures, or has no operation of this name.
        """
        output = self._output(pictures, gradients=gradients)
        lying = layout(tuple(output.shape), self._places)
        axes = (0, *(1 + axis for axis in (*lying.channels, *lying.places)))
        return output.permute(axes).reshape(len(output), *lying.map_shape)

    def _output(self, pictures: Tensor, *, gradients: bool) -> Tensor:
        own_pictures = pictures.clone() if gradients else pictures  # a network may overwrite it
        until = _Until(self._own, own_pictures, self.name)
        try:
            with (
                until.watch(),
                torch.inference_mode(not gradients),
                torch.set_grad_enabled(gradients),
            ):
                self._own(own_pictures)
        except _Arrived:
            pass
        except (RuntimeError, ValueError, AssertionError) as error:
            words = _("The network cannot take pictures of {shape}. Choose another size.")
            raise ValueError(words.format(shape=times(pictures.shape[1:]))) from error
        if until.output is None:
            raise unknown(self.name, until.operations)
        self._ran = self._ran or (tuple(pictures.shape), tuple(until.operations))
        return until.output

    @cached_property
    def _places(self) -> tuple[int, int] | None:
        assert self._ran, "it has been run"
        graph = Graph(*self._ran, None, "", (), {})
        field = receptive_field.sizes(graph, gates=False).get(self.name)
        return field.dims if field else None


class Fields:
    """The fields of an operation's units, each computed once.

    `operations` are the network's, for pictures of `shape` (C, H, W); `units` are the rows and
    columns of the maps of the operation `name`.
    """

    def __init__(
        self, operations: Sequence[Operation], shape: InputSize, name: str, units: tuple[int, int]
    ) -> None:
        until = [each.name for each in operations].index(name) + 1
        self._graph = Graph((1, *shape), tuple(operations[:until]), None, "", (), {})
        self._name, self._units = name, units
        self._rows: dict[int, Interval | None] = {}
        self._columns: dict[int, Interval | None] = {}

    def box(self, row: int, column: int) -> Box | None:
        """What one unit sees, cut at the picture's border; None where no box describes it."""
        if row not in self._rows:  # rows and columns are read independently of each other
            box = receptive_field.field(self._graph, self._name, (row, 0))
            self._rows[row] = box and box[0]
        if column not in self._columns:
            box = receptive_field.field(self._graph, self._name, (0, column))
            self._columns[column] = box and box[1]
        rows, columns = self._rows[row], self._columns[column]
        return (*rows, *columns) if rows and columns else None

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width of a whole field, in pixels, and never more than the picture's."""
        height, width = self._graph.input_shape[2:]
        box = receptive_field.sizes(self._graph).get(self._name)
        if box is None:
            return height, width
        return min(box.size[0], height), min(box.size[1], width)

    @cached_property
    def sees_all(self) -> bool:
        """Whether every unit sees the whole picture, or no box describes what they see."""
        height, width = self._graph.input_shape[2:]
        corners = ((0, 0), (self._units[0] - 1, self._units[1] - 1))
        whole = (0, height - 1, 0, width - 1)
        return all(self.box(*each) in (None, whole) for each in corners)
