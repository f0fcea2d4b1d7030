"""Which input pixels one unit of a feature map sees.

`sizes` carries three numbers per axis forward along the graph (Araujo, Norris & Sim, "Computing
Receptive Fields of Convolutional Neural Networks", Distill 2019): where the first unit's field
starts, how many pixels it spans, how far the next unit's field is moved. This is the size that
papers print; it ignores the picture's border. `field` walks back from one unit and clips at every
border on the way: the exact box of pixels that this unit reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from explorer.analysis.operations import INPUT, Graph, Operation, Shape

Interval = tuple[int, int]  # first and last index, both inclusive
Cells = set[int]  # indices along one axis


@dataclass(frozen=True)
class Axis:
    """Fields along one axis: unit i sees pixels start + i·jump … start + i·jump + size − 1."""

    start: float
    size: int
    jump: float  # 0: every unit sees the same pixels

    def last(self, units: int) -> float:
        """The last pixel that any of `units` units sees."""
        return self.start + (units - 1) * self.jump + self.size - 1


@dataclass(frozen=True)
class Field:
    """The fields of a tensor's units; `dims` says which of its dimensions are height and width.

    `dims` is None for vectors (after a flatten): each of their units sees the same pixels.
    """

    dims: tuple[int, int] | None
    y: Axis
    x: Axis

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in input pixels, the picture's border ignored."""
        return self.y.size, self.x.size

    @property
    def is_map(self) -> bool:
        """Whether different units still see different pixels: a feature map, not a vector."""
        return self.dims is not None and bool(self.y.jump or self.x.jump)


@dataclass(frozen=True)
class Window:
    """Unit i reads `kernel` cells, `dilation` apart, from i·stride − padding on."""

    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def forward(self, axis: Axis, units: int) -> Axis:
        return Axis(
            start=axis.start - self.padding * axis.jump,
            size=ceil(axis.size + self.dilation * (self.kernel - 1) * axis.jump),
            jump=axis.jump * self.stride,
        )

    def backward(self, cells: Cells, units: int) -> Cells:
        # One by one, not as an interval: at a border, dilated windows of inner units may reach
        # further than those of the outermost.
        taps = range(0, self.dilation * self.kernel, self.dilation)
        starts = (cell * self.stride - self.padding for cell in cells)
        read = {start + tap for start in starts for tap in taps}
        return {cell for cell in read if 0 <= cell < units}  # the padding is no pixel


@dataclass(frozen=True)
class Adaptive:
    """Unit i of `parts` reads cells ⌊i·n/parts⌋ … ⌈(i + 1)·n/parts⌉ − 1 (adaptive pooling).

    With one part every unit reads the whole axis: global pooling, flatten, a norm over height and
    width.
    """

    parts: int

    def _cells(self, part: int, units: int) -> range:
        return range(part * units // self.parts, ceil((part + 1) * units / self.parts))

    def forward(self, axis: Axis, units: int) -> Axis:
        widest = max(len(self._cells(part, units)) for part in range(self.parts))
        jump = axis.jump * units / self.parts if self.parts > 1 else 0
        return Axis(axis.start, int(axis.size + (widest - 1) * axis.jump), jump)

    def backward(self, cells: Cells, units: int) -> Cells:
        parts = cells if self.parts > 1 else {0}
        return {cell for part in parts for cell in self._cells(part, units)}


Step = Window | Adaptive
SAME, WHOLE = Window(), Adaptive(1)
# How an operation's output reads one of its inputs: along the height, along the width, and where
# height and width lie in the output (None: the output is a vector).
Reading = tuple[Step, Step, tuple[int, int] | None]

_WINDOWS = frozenset("Conv2d MaxPool2d AvgPool2d max_pool2d avg_pool2d conv2d".split())
_ADAPTIVE = frozenset(
    "AdaptiveAvgPool2d AdaptiveMaxPool2d adaptive_avg_pool2d adaptive_max_pool2d".split()
)
_POINTWISE = frozenset(
    "ReLU ReLU6 Sigmoid Tanh GELU SiLU Hardswish Hardsigmoid LeakyReLU ELU Identity Dropout "
    "Dropout2d BatchNorm BatchNorm1d BatchNorm2d LayerNorm2d LocalResponseNorm StochasticDepth "
    "relu relu6 sigmoid tanh gelu silu hardswish hardsigmoid dropout add sub mul div "
    "contiguous clone detach to clamp abs neg exp batch_norm".split()
)
_SPATIAL_NORMS = frozenset("GroupNorm InstanceNorm2d".split())


def reading(operation: Operation, source: Shape, dims: tuple[int, int] | None) -> Reading | None:
    """How `operation` reads an input of shape `source`; None where units lose their places.

    Attention and cutting a map into tokens mix places in ways that no box describes.
    """
    out = operation.output_shape or ()
    kind = operation.type
    if dims is None:
        return SAME, SAME, None
    if kind in _WINDOWS:
        return _windows(operation.settings)
    if kind in _ADAPTIVE:
        return Adaptive(out[-2]), Adaptive(out[-1]), dims
    if kind in ("Flatten", "flatten"):
        return (WHOLE, WHOLE, None) if len(out) == 2 else None
    if kind == "mean":
        return _mean(operation.settings, source, out, dims)
    if kind in _SPATIAL_NORMS:
        return WHOLE, WHOLE, dims
    moved = _moved(operation, source, out, dims)
    if moved is None:
        return None
    steps = [
        WHOLE if source[before] == 1 and out[after] > 1 else SAME  # one value for all places
        for before, after in zip(dims, moved, strict=True)
    ]
    return steps[0], steps[1], moved


def _mean(
    settings: Mapping[str, Any], source: Shape, out: Shape, dims: tuple[int, int]
) -> Reading | None:
    averaged = settings.get("dim")
    listed = range(len(source)) if averaged is None else averaged
    over = {d % len(source) for d in ([listed] if isinstance(listed, int) else listed)}
    if set(dims) <= over:
        return WHOLE, WHOLE, dims if len(out) == len(source) else None
    untouched = not over & set(dims) and len(out) == len(source)
    return (SAME, SAME, dims) if untouched else None


def _windows(settings: Mapping[str, Any]) -> Reading | None:
    if isinstance(settings.get("padding"), str) or "kernel" not in settings:
        return None
    axes = [
        Window(*(settings[name][axis] for name in ("kernel", "stride", "padding", "dilation")))
        for axis in (0, 1)
    ]
    return axes[0], axes[1], (2, 3)


def _moved(
    operation: Operation, source: Shape, out: Shape, dims: tuple[int, int]
) -> tuple[int, int] | None:
    """Where height and width lie after an operation that reads each place by itself."""
    kind, settings, rank = operation.type, operation.settings, len(source)
    if kind in ("cat", "chunk", "split"):  # along the channels only
        along = settings.get("dim", 0)
        return dims if isinstance(along, int) and along % rank not in dims else None
    if kind in _POINTWISE and len(out) == rank:
        return dims
    if kind in ("Linear", "linear", "LayerNorm"):
        return dims if max(dims) < rank - 1 else None
    if kind in ("permute", "Permute", "transpose"):
        order = [d % rank for d in settings["dims"]]
        if kind == "transpose":
            swapped = dict(zip(order, reversed(order), strict=True))
            return swapped.get(dims[0], dims[0]), swapped.get(dims[1], dims[1])
        return order.index(dims[0]), order.index(dims[1])
    if kind in ("view", "reshape"):  # channels regrouped, height and width kept
        last = (len(out) - 2, len(out) - 1)
        return last if dims == (rank - 2, rank - 1) and out[-2:] == source[-2:] else None
    return None


def _union(a: Axis, b: Axis, units: int) -> Axis:
    """The field of a unit that reads both: two branches that meet."""
    if a.jump == b.jump:
        start = min(a.start, b.start)
        return Axis(start, int(max(a.last(1), b.last(1)) - start + 1), a.jump)
    for outer, inner in ((a, b), (b, a)):
        if (
            outer.start <= inner.start
            and outer.last(1) >= inner.last(1)
            and outer.start + (units - 1) * outer.jump <= inner.start + (units - 1) * inner.jump
            and outer.last(units) >= inner.last(units)
        ):
            return outer
    start = min(a.start, b.start)
    return Axis(start, int(max(a.last(units), b.last(units)) - start + 1), 0)


def _is_gate(operation: Operation, source: Shape) -> bool:
    out = operation.output_shape or ()
    return (
        operation.type == "mul" and len(out) == 4 and source[-2:] == (1, 1) and out[-2:] != (1, 1)
    )


def field_after(
    operation: Operation, before: Mapping[str, Field | None], gates: bool
) -> Field | None:
    """One operation's field from those of its inputs; None once a unit has no box of its own."""
    out = operation.output_shape or ()
    result: Field | None = None
    for name, source in zip(operation.inputs, operation.input_shapes, strict=True):
        if not gates and _is_gate(operation, source):
            continue
        below = before.get(name)
        read = reading(operation, source, below.dims) if below else None
        if below is None or read is None:
            return None
        heights, widths = (source[below.dims[0]], source[below.dims[1]]) if below.dims else (1, 1)
        step_y, step_x, dims = read
        one = Field(dims, step_y.forward(below.y, heights), step_x.forward(below.x, widths))
        if result is None:
            result = one
            continue
        if one.dims != result.dims:
            return None
        units = (out[dims[0]], out[dims[1]]) if dims else (1, 1)
        result = Field(dims, _union(result.y, one.y, units[0]), _union(result.x, one.x, units[1]))
    return result


def sizes(graph: Graph, *, gates: bool = True) -> dict[str, Field | None]:
    """The field of every operation's output, by operation name.

    A squeeze-and-excitation gate lets each unit see the whole picture. `gates=False` leaves such
    gates out and gives the field of the path that they weigh.
    """
    pixel = Axis(0, 1, 1)
    fields: dict[str, Field | None] = {INPUT: Field((2, 3), pixel, pixel)}
    for operation in graph.operations:
        if operation.output_shape is not None:
            fields[operation.name] = field_after(operation, fields, gates)
    return fields


def field(graph: Graph, name: str, unit: tuple[int, int]) -> tuple[Interval, Interval] | None:
    """The rows and columns of the picture that `unit` (row, column) of an operation's map reads.

    Exact: borders and padding are taken into account. None where no box describes it.
    """
    fields = sizes(graph)
    needed: dict[str, tuple[Cells, Cells]] = {name: ({unit[0]}, {unit[1]})}
    for operation in reversed(graph.operations):
        need = needed.get(operation.name)
        if need is None:
            continue
        for source, shape in zip(operation.inputs, operation.input_shapes, strict=True):
            below = fields[source]
            read = reading(operation, shape, below.dims) if below else None
            if below is None or read is None:
                return None
            length = (shape[below.dims[0]], shape[below.dims[1]]) if below.dims else (1, 1)
            cells = needed.get(source, (set(), set()))
            needed[source] = (
                cells[0] | read[0].backward(need[0], length[0]),
                cells[1] | read[1].backward(need[1], length[1]),
            )
    rows, columns = needed.get(INPUT, (set(), set()))
    if not rows or not columns:
        return None
    return (min(rows), max(rows)), (min(columns), max(columns))
