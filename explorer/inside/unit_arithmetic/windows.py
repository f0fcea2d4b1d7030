"""Operations that read a window: convolution, linear layers, pooling, means."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from explorer.inside.unit_arithmetic.sums import (
    Place,
    WeightedSum,
    Window,
    arguments,
    number,
    numbers,
)
from explorer.networks.ops import pair

_CONV = "input weight bias stride padding dilation groups padding_mode"
_CONV_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"}
_POOL = "input kernel_size stride padding ceil_mode count_include_pad divisor_override"
_FLATTENS = frozenset({"Flatten", "flatten", "view", "reshape"})


def _cut(maps: Tensor, rows: Sequence[int], columns: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The cells of (C, H, W) at these rows and columns, 0 outside; and which lie inside."""
    height, width = maps.shape[1:]
    y, x = torch.tensor(rows), torch.tensor(columns)
    inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))
    patch = maps[:, y.clamp(0, height - 1)][:, :, x.clamp(0, width - 1)]
    return numbers(patch) * inside, inside


def _taps(where: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[int, ...]:
    """Which cells of an axis the window at `where` reads; below 0 they lie in the padding."""
    first = where * stride - padding
    return tuple(range(first, first + kernel * dilation, dilation))


def convolution(place: Place) -> WeightedSum:
    """`nn.Conv2d` and `conv2d`, in groups or not, also with padding that is not 0."""
    settings = arguments(place.step, _CONV, bias=None, **_CONV_DEFAULTS)
    weight, bias, (out, *where) = settings["weight"], settings["bias"], place.unit
    stride, dilation = pair(settings["stride"]), pair(settings["dilation"])
    before = _before(settings["padding"], weight.shape[2:], dilation)
    rows, columns = (
        _inwards(
            _taps(where[axis], weight.shape[2 + axis], stride[axis], before[axis], dilation[axis]),
            settings["input"].shape[2 + axis],
            settings["padding_mode"],
        )
        for axis in (0, 1)
    )
    read = weight.shape[1]  # channels of one group
    first = out // (len(weight) // settings["groups"]) * read
    patch, inside = _cut(settings["input"][place.picture, first : first + read], rows, columns)
    return WeightedSum(
        **place.facts(),
        source=place.source_of(settings["input"]),
        patch=patch,
        kernel=numbers(weight[out]),
        bias=None if bias is None else number(bias[out]),
        channels=tuple(range(first, first + read)),
        rows=rows,
        columns=columns,
        inside=inside,
    )


def _inwards(cells: tuple[int, ...], size: int, mode: str) -> tuple[int, ...]:
    """Which cells of an axis are read where the padding repeats the picture's own numbers."""
    if mode == "zeros":
        return cells
    before, after = max(0, -min(cells)), max(0, max(cells) - size + 1)
    own = torch.arange(size, dtype=torch.float64)[None]
    padded = functional.pad(own, (before, after), mode=mode)[0]
    return tuple(int(padded[before + cell]) for cell in cells)


def _before(padding: Any, kernel: Sequence[int], dilation: tuple[int, int]) -> tuple[int, int]:
    """Cells of padding above and to the left."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        spare = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
        return spare[0], spare[1]
    return pair(padding)


def linear(place: Place) -> WeightedSum:
    """`nn.Linear` and `linear`, also over the last axis of maps or tokens."""
    settings = arguments(place.step, "input weight bias", bias=None)
    weight, bias, x = settings["weight"], settings["bias"], settings["input"]
    source = place.source_of(x)
    shape = _map_shape(place, source, weight.shape[1])
    out = place.index[-1]
    return WeightedSum(
        **place.facts(),
        source=source,
        patch=numbers(x[place.index[:-1]]).reshape(shape),
        kernel=numbers(weight[out]).reshape(shape),
        bias=None if bias is None else number(bias[out]),
        channels=tuple(range(shape[0])),
        rows=tuple(range(shape[1])),
        columns=tuple(range(shape[2])),
        inside=torch.ones(shape[1:], dtype=torch.bool),
    )


def _map_shape(place: Place, name: str, features: int) -> tuple[int, int, int]:
    """(C, H, W) of the map that was flattened into what a linear layer reads, else (F, 1, 1)."""
    before = {each.name: each for each in place.recording.operations}
    source = before.get(name)
    while source and source.type in ("Dropout", "dropout"):  # between the two in many networks
        source = before.get(next(iter(source.inputs), ""))
    if source and source.type in _FLATTENS and len(source.input_shapes[0]) == 4:
        _batch, channels, height, width = source.input_shapes[0]
        if channels * height * width == features:
            return channels, height, width
    return features, 1, 1


def pooling(place: Place) -> Window:
    """Max and average pooling, as layers and as functions."""
    settings, (channel, y, x) = place.step.operation.settings, place.unit
    rows, columns = (
        _taps(
            where,
            *(settings[name][axis] for name in ("kernel", "stride", "padding", "dilation")),
        )
        for axis, where in enumerate((y, x))
    )
    maps = place.x[place.picture]
    if "max" in place.step.operation.type.lower():
        return _window(place, "max", maps[channel], channel, rows, columns)
    height, width = maps.shape[1:]
    pad_y, pad_x = settings["padding"]
    over = arguments(place.step, _POOL, count_include_pad=True, divisor_override=None)
    # PyTorch ends a window with the padding, also where rounding up lets it begin late.
    rows = tuple(row for row in rows if row < height + pad_y)
    columns = tuple(column for column in columns if column < width + pad_x)
    inside_count = sum(0 <= r < height for r in rows) * sum(0 <= c < width for c in columns)
    counted = len(rows) * len(columns) if over["count_include_pad"] else inside_count
    divisor = over["divisor_override"] or counted
    return _window(place, "average", maps[channel], channel, rows, columns, divisor)


def adaptive(place: Place) -> Window:
    """Adaptive pooling: unit i of n reads cells ⌊i·size/n⌋ … ⌈(i + 1)·size/n⌉ − 1."""
    channel, *where = place.unit
    maps = place.x[place.picture]
    sizes, units = maps.shape[1:], place.step.outputs[0].shape[-2:]
    rows, columns = (
        tuple(range(i * size // n, -(-(i + 1) * size // n)))
        for i, size, n in zip(where, sizes, units, strict=True)
    )
    kind = "max" if "max" in place.step.operation.type.lower() else "average"
    return _window(place, kind, maps[channel], channel, rows, columns, len(rows) * len(columns))


def _window(
    place: Place,
    kind: Any,
    plane: Tensor,
    channel: int,
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    divisor: float = 1.0,
) -> Window:
    patch, inside = _cut(plane[None], rows, columns)
    return Window(
        **place.facts(),
        source=place.source,
        kind=kind,
        patch=patch[0],
        inside=inside,
        channel=channel,
        rows=rows,
        columns=columns,
        divisor=divisor,
    )


def mean(place: Place) -> Window | None:
    """`mean` over places: over height and width it is a global average pooling."""
    settings, x = place.step.operation.settings, place.x
    dim = settings.get("dim")
    over = (dim,) if isinstance(dim, int) else dim or range(x.dim())
    axes = {axis % x.dim() for axis in over}
    layout = place.recording.layout_of(place.source, x)
    places = [axis + 1 for axis in layout.places]
    if not axes <= set(places):
        return None  # over channels, or over pictures
    left, stay = iter(place.index), bool(settings.get("keepdim"))
    index = [0 if axis in axes and not stay else next(left) for axis in range(x.dim())]
    spans = [tuple(range(x.shape[axis])) if axis in axes else (index[axis],) for axis in places]
    rows, columns, *_none = (*spans, (0,), (0,))
    channel, _y, _x = layout.unit(tuple(index[1:]))
    plane = layout.maps(x[place.picture])[channel]
    return _window(place, "average", plane, channel, rows, columns, len(rows) * len(columns))
