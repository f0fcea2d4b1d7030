"""Why a network cannot take an input, and which sizes it takes."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from torch import nn

from explorer.analysis.operations import INPUT, Graph, Operation, Shape
from explorer.analysis.shapes_and_macs import record
from explorer.base.inputs import MAX_SIDE, InputSize
from explorer.networks import NetworkSpec


@dataclass(frozen=True)
class SizeMismatch:
    """Why a size does not work, and what does.

    `reason` is one of "features" (a linear layer wants another number), "channels", "window" (the
    kernel is larger than what arrives), "shapes" (two branches do not match), "positions" (it has
    learned one for each patch of its own size), "partitions" (its attention's windows are counted
    for that size) or "refused" (another check of its own). `picture` is what was put in, (N, C, H,
    W); `got` and `needs` are the two numbers that disagree, where there are two.
    `flattened` is the feature map before the flatten, `default` the same map at the default size.
    `sides` is the range of square sizes that work, its end None where there is none; `nearest` the
    accepted input closest to what was asked.
    """

    operation: Operation
    picture: Shape
    reason: str
    got: int | None
    needs: int | None
    flattened: Shape | None
    default: Shape | None
    sides: tuple[int, int | None] | None
    nearest: InputSize | None
    problem: str  # PyTorch's own words


def explain(network: nn.Module, graph: Graph, spec: NetworkSpec) -> SizeMismatch:
    """Why `graph`, a record of `network`, ends early; the network is on the meta device."""
    failed = graph.operations[-1]
    reason, got, needs = diagnose(failed)
    batch, channels, height, width = graph.input_shape
    default = record(network, (batch, *spec.input_size))
    if reason == "channels" and failed.inputs == (INPUT,):
        channels = needs or channels
    elif reason == "refused":
        reason, channels = _own_check(network), spec.input_size.channels
    sides = accepted_sides(spec, channels)
    return SizeMismatch(
        operation=failed,
        picture=graph.input_shape,
        reason=reason,
        got=got,
        needs=needs,
        flattened=_map_before(graph, failed) if reason == "features" else None,
        default=_map_before(default, failed) if reason == "features" else None,
        sides=sides,
        nearest=InputSize(channels, _clamp(height, sides), _clamp(width, sides)) if sides else None,
        problem=graph.problem,
    )


def diagnose(failed: Operation) -> tuple[str, int | None, int | None]:
    """Why an operation refuses its input: the reason, what it got, what it needs."""
    shape = failed.input_shapes[0] if failed.input_shapes else ()
    settings = failed.settings
    if failed.type == "Linear" and shape and shape[-1] != settings["features"][0]:
        return "features", shape[-1], settings["features"][0]
    if failed.type == "Conv2d" and len(shape) == 4 and shape[1] != settings["channels"][0]:
        return "channels", shape[1], settings["channels"][0]
    if "kernel" in settings and len(shape) == 4 and isinstance(settings["padding"], tuple):
        axis = min(
            (0, 1), key=lambda a: shape[2 + a] + 2 * settings["padding"][a] - settings["kernel"][a]
        )
        reach = settings["dilation"][axis] * (settings["kernel"][axis] - 1) + 1
        return "window", shape[2 + axis] + 2 * settings["padding"][axis], reach
    if len(failed.input_shapes) > 1:
        return "shapes", None, None
    return "refused", None, None


def _own_check(network: nn.Module) -> str:
    """Why a network that checks its input by itself wants its own size, by what it has learned."""
    names = [name for name, _weight in network.named_parameters()]
    if any("pos_embed" in name for name in names):
        return "positions"
    return "partitions" if any("relative_position" in name for name in names) else "refused"


def _map_before(graph: Graph, failed: Operation) -> Shape | None:
    """The last feature map (C, H, W) on the way to `failed`: what was flattened."""
    operations = {operation.name: operation for operation in graph.operations}
    name = failed.name
    while name in operations and operations[name].inputs:
        operation = operations[name]
        if len(operation.input_shapes[0]) == 4:
            return operation.input_shapes[0][1:]
        name = operation.inputs[0]
    return None


@lru_cache(maxsize=512)  # they do not depend on the size that was asked for, and take a while
def accepted_sides(spec: NetworkSpec, channels: int) -> tuple[int, int | None] | None:
    """The square sizes that the network takes: (smallest, largest), None for no largest.

    Along growing sizes a network is first too small for some window or linear layer, then fits,
    then (with a flatten) too large for a linear layer: feature maps never shrink when the picture
    grows. So both ends are found by halving. None if the default size itself does not work; where
    the network checks its size by itself, only the default size is known to work.
    """
    network, default = spec.build_on_meta(), spec.input_size.height

    def verdict(side: int) -> int:
        failed = record(network, (1, channels, side, side)).failed
        if failed is None:
            return 0
        reason, got, needs = diagnose(failed)
        if reason in ("refused", "shapes"):
            raise _Unordered
        return -1 if reason == "window" or (got or 0) < (needs or 0) else 1

    try:
        if verdict(default) != 0:
            return None
        low = 1 + bisect_left(range(1, default), 0, key=verdict)
        if verdict(MAX_SIDE) == 0:
            return low, None
        return low, default - 1 + bisect_left(range(default, MAX_SIDE), 1, key=verdict)
    except _Unordered:
        return default, default


class _Unordered(Exception):
    """The network refuses a size for a reason that does not say "larger" or "smaller"."""


def _clamp(side: int, sides: tuple[int, int | None]) -> int:
    low, high = sides
    return max(low, side) if high is None else min(max(low, side), high)
