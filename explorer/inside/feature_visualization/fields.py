"""Exactly which pixels the units of one layer see."""

from collections.abc import Sequence
from functools import cached_property

from explorer.analysis import receptive_field
from explorer.analysis.operations import Graph, Operation
from explorer.analysis.receptive_field import Interval
from explorer.base.inputs import InputSize

Box = tuple[int, int, int, int]  # first and last row, first and last column, all inclusive


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
