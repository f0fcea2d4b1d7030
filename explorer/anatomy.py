"""A network and an input size → one record per layer, totals, and a lesson if it does not fit."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from explorer import architectures, receptive_field
from explorer.arithmetic import Shape
from explorer.graph import INPUT, Graph, Operation, record
from explorer.inputs import MAX_SIDE, Picture
from explorer.receptive_field import Field

FLOAT32 = 4  # bytes

# Numbers that an optimiser keeps for each weight, besides the weight and its gradient.
OPTIMIZER_STATE = {"sgd": 0, "momentum": 1, "adam": 2}


@dataclass(frozen=True)
class Layer:
    """One operation with what it costs and sees.

    `macs` are multiply-adds for one picture; `activation_bytes` is the size of the output, for the
    whole batch, in float32. `field` is what a unit sees, gates left out of it in `ungated`; they
    differ behind a squeeze-and-excitation gate. `before` is the ungated field of the first input.
    """

    operation: Operation
    macs: int
    activation_bytes: int
    field: Field | None
    ungated: Field | None
    before: Field | None
    status: str = "ok"  # "failed": it cannot take its input; "unused": it never runs

    @property
    def flops(self) -> int:
        """Floating-point operations for one picture: a multiplication and an addition per MAC."""
        return 2 * self.macs

    @property
    def depth(self) -> int:
        """The number of blocks around it."""
        return len(self.operation.path)


@dataclass(frozen=True)
class Block:
    """A run of layers inside one module, to be folded; `parts` are in running order."""

    name: str
    type: str
    depth: int
    parts: tuple["Block | Layer", ...]

    def leaves(self) -> Iterator[Layer]:
        """Every layer in it, at any depth."""
        for part in self.parts:
            if isinstance(part, Block):
                yield from part.leaves()
            else:
                yield part


@dataclass(frozen=True)
class Totals:
    """Sums over the layers, and what the network needs at least to run.

    `activation_bytes` is the sum over all layers, `peak_bytes` the most that lives at once when
    each tensor is dropped after its last use. `receptive_field` is that of the last feature map
    (`last_map`), gates left out.
    """

    parameters: int
    trainable: int
    macs: int
    activation_bytes: int
    peak_bytes: int
    last_map: str
    receptive_field: tuple[int, int] | None

    @property
    def flops(self) -> int:
        """2 × MACs, for one picture."""
        return 2 * self.macs

    @property
    def parameter_bytes(self) -> int:
        """Size of all weights in float32."""
        return self.parameters * FLOAT32


@dataclass(frozen=True)
class Lesson:
    """Why a size does not work, and what does.

    `reason` is one of "features" (a linear layer wants another number), "channels", "window" (the
    kernel is larger than what arrives), "shapes" (two branches do not match) or "refused" (the
    network's own check). `got` and `needs` are the two numbers that disagree, where there are two.
    `arrived` is the feature map before the flatten, `wanted` the same map at the default size.
    `sides` is the range of square sizes that work, its end None where there is none; `nearest` the
    accepted input closest to what was asked.
    """

    layer: Layer
    reason: str
    got: int | None
    needs: int | None
    arrived: Shape | None
    wanted: Shape | None
    sides: tuple[int, int | None] | None
    nearest: Picture | None
    problem: str  # PyTorch's own words


@dataclass(frozen=True)
class Anatomy:
    """Everything that the layer table shows, as numbers."""

    architecture: str
    options: Mapping[str, architectures.registry.Value]
    input: Shape
    output: Shape | None
    layers: tuple[Layer, ...]
    tree: tuple[Block | Layer, ...]
    totals: Totals
    lesson: Lesson | None


def measure(
    name: str, options: Mapping[str, object] | None, picture: Picture, batch: int = 1
) -> Anatomy:
    """The anatomy of network `name` for `batch` pictures of (C, H, W).

    Raises:
        ValueError: unknown network, option or value. A size that does not work is no error: the
        layers up to the one that fails are there, with a lesson.
    """
    architecture = architectures.get(name)
    resolved = architecture.resolve(options)
    network = architectures.build_on_meta(architecture, resolved)
    graph, layers, tree, totals = dissect(network, (batch, *picture))
    return Anatomy(
        architecture=name,
        options=resolved,
        input=graph.input_shape,
        output=graph.output_shape,
        layers=layers,
        tree=tree,
        totals=totals,
        lesson=_lesson(network, graph, layers[-1], architecture) if graph.problem else None,
    )


def dissect(
    network: nn.Module, input_shape: Shape
) -> tuple[Graph, tuple[Layer, ...], tuple[Block | Layer, ...], Totals]:
    """The complete table of a network on the meta device, for an input (N, C, H, W)."""
    graph = record(network, input_shape)
    layers = measure_graph(graph)
    return graph, layers, _fold(layers, graph.blocks), _totals(graph, layers)


def measure_graph(graph: Graph) -> tuple[Layer, ...]:
    """One record per operation, in running order; layers that never run come last."""
    fields = receptive_field.sizes(graph)
    ungated = receptive_field.sizes(graph, gates=False)
    batch = graph.input_shape[0]
    ran = (
        Layer(
            operation=operation,
            macs=operation.macs // batch,
            activation_bytes=math.prod(operation.output_shape or (0,)) * FLOAT32,
            field=fields.get(operation.name),
            ungated=ungated.get(operation.name),
            before=ungated.get(operation.inputs[0]) if operation.inputs else None,
            status="ok" if operation.output_shape else "failed",
        )
        for operation in graph.operations
    )
    unused = (Layer(operation, 0, 0, None, None, None, "unused") for operation in graph.unused)
    return (*ran, *unused)


def _fold(
    layers: tuple[Layer, ...] | list[Layer], types: Mapping[str, str], depth: int = 0
) -> tuple[Block | Layer, ...]:
    """Layers → a tree of blocks: neighbours inside the same module belong together."""
    tree: list[Block | Layer] = []
    inside = groupby(layers, lambda layer: layer.operation.path[depth : depth + 1])
    for block, members in inside:
        if not block:
            tree.extend(members)
        else:
            parts = _fold(list(members), types, depth + 1)
            tree.append(Block(block[0], types.get(block[0], ""), depth, parts))
    return tuple(tree)


def _totals(graph: Graph, layers: tuple[Layer, ...]) -> Totals:
    maps = [layer for layer in layers if layer.ungated and layer.ungated.is_map]
    last = maps[-1] if maps else None
    return Totals(
        parameters=sum(layer.operation.parameters for layer in layers),
        trainable=sum(layer.operation.trainable for layer in layers),
        macs=sum(layer.macs for layer in layers),
        activation_bytes=sum(layer.activation_bytes for layer in layers),
        peak_bytes=peak_bytes(graph),
        last_map=last.operation.name if last else "",
        receptive_field=last.ungated.size if last and last.ungated else None,
    )


def peak_bytes(graph: Graph) -> int:
    """The most activation memory that lives at once in prediction, input included, in float32.

    A tensor is dropped after the last operation that reads it; views share their input's memory.
    """
    holder = {INPUT: INPUT}  # operation → the operation that holds its memory
    size = {INPUT: math.prod(graph.input_shape) * FLOAT32}
    last_use = {INPUT: 0}
    ran = [operation for operation in graph.operations if operation.output_shape]
    for step, operation in enumerate(ran):
        shares = not operation.allocates and operation.inputs
        holder[operation.name] = holder[operation.inputs[0]] if shares else operation.name
        size.setdefault(holder[operation.name], math.prod(operation.output_shape or ()) * FLOAT32)
        for name in (*operation.inputs, operation.name):
            last_use[holder[name]] = step
    live, peak = size[INPUT], size[INPUT]
    ending: dict[int, list[str]] = {}
    for name, step in last_use.items():
        ending.setdefault(step, []).append(name)
    for step, operation in enumerate(ran):
        if holder[operation.name] == operation.name:
            live += size[operation.name]
        peak = max(peak, live)
        live -= sum(size[name] for name in ending.get(step, ()))
    return peak


# -- when a size does not work ----------------------------------------------------------------


def _lesson(
    network: nn.Module, graph: Graph, layer: Layer, architecture: architectures.Architecture
) -> Lesson:
    failed = layer.operation
    reason, got, needs = diagnose(failed)
    batch, channels, height, width = graph.input_shape
    default = record(network, (batch, *_default_picture(network, architecture)))
    if reason == "channels" and failed.inputs == (INPUT,):
        channels = needs or channels
    sides = accepted_sides(network, channels, architecture.input_shape[1])
    return Lesson(
        layer=layer,
        reason=reason,
        got=got,
        needs=needs,
        arrived=_map_before(graph, failed) if reason == "features" else None,
        wanted=_map_before(default, failed) if reason == "features" else None,
        sides=sides,
        nearest=(channels, _clamp(height, sides), _clamp(width, sides)) if sides else None,
        problem=graph.problem,
    )


def diagnose(failed: Operation) -> tuple[str, int | None, int | None]:
    """Why an operation refuses its input: the reason, what it got, what it needs."""
    shape = failed.input_shapes[0] if failed.input_shapes else ()
    told = failed.settings
    if failed.type == "Linear" and shape and shape[-1] != told["features"][0]:
        return "features", shape[-1], told["features"][0]
    if failed.type == "Conv2d" and len(shape) == 4 and shape[1] != told["channels"][0]:
        return "channels", shape[1], told["channels"][0]
    if "kernel" in told and len(shape) == 4:
        axis = min((0, 1), key=lambda a: shape[2 + a] + 2 * told["padding"][a] - told["kernel"][a])
        reach = told["dilation"][axis] * (told["kernel"][axis] - 1) + 1
        return "window", shape[2 + axis] + 2 * told["padding"][axis], reach
    if len(failed.input_shapes) > 1:
        return "shapes", None, None
    return "refused", None, None


def _default_picture(network: nn.Module, architecture: architectures.Architecture) -> Picture:
    """The default size with the number of channels that this network was built for."""
    first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
    _, height, width = architecture.input_shape
    return (first.in_channels if first else architecture.input_shape[0]), height, width


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


def accepted_sides(
    network: nn.Module, channels: int, default: int
) -> tuple[int, int | None] | None:
    """The square sizes that the network takes: (smallest, largest), None for no largest.

    Along growing sizes a network is first too small for some window or linear layer, then fits,
    then (with a flatten) too large for a linear layer: feature maps never shrink when the picture
    grows. So both ends are found by halving. None if the default size itself does not work; where
    the network checks its size by itself, only the default size is known to work.
    """

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
        low = _first(lambda side: verdict(side) >= 0, 1, default)
        if verdict(MAX_SIDE) == 0:
            return low, None
        return low, _first(lambda side: verdict(side) > 0, default, MAX_SIDE) - 1
    except _Unordered:
        return default, default


class _Unordered(Exception):
    """The network refuses a size for a reason that does not say "larger" or "smaller"."""


def _first(true_at: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number in low … high at which `true_at` holds; it holds at `high`."""
    while low < high:
        middle = (low + high) // 2
        if true_at(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _clamp(side: int, sides: tuple[int, int | None]) -> int:
    low, high = sides
    return max(low, side) if high is None else min(max(low, side), high)


# -- what training takes ----------------------------------------------------------------------


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that one training step holds at once, in float32; `problem` says why it cannot run."""

    weights: int
    gradients: int
    optimizer: int
    activations: int  # tensors saved for the backward pass, and the input
    problem: str = ""

    @property
    def total(self) -> int:
        """All four together; temporary buffers of the kernels come on top."""
        return self.weights + self.gradients + self.optimizer + self.activations


def training_memory(
    name: str, options: Mapping[str, object] | None, picture: Picture, batch: int, optimizer: str
) -> TrainingMemory:
    """What one training step needs: a forward pass on the meta device, in training mode.

    Autograd itself says which tensors it saves for the backward pass; each memory is counted once.
    """
    architecture = architectures.get(name)
    network = architectures.build_on_meta(architecture, architecture.resolve(options)).train()
    weights = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if id(tensor) not in weights and (tensor._base is None or id(tensor._base) not in weights):
            memory = tensor.untyped_storage()
            saved[memory._cdata] = memory.nbytes()
            kept.append(tensor)  # storages stay distinct while they live
        return tensor

    kept: list[Tensor] = []
    problem = ""
    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        try:
            network(note(torch.empty((batch, *picture), device="meta")))
        except Exception as error:  # noqa: BLE001 (e.g. batch norm refuses a single value)
            problem = str(error)
    numbers = [p.numel() * FLOAT32 for p in network.parameters() if p.requires_grad]
    return TrainingMemory(
        weights=sum(p.numel() for p in network.parameters()) * FLOAT32,
        gradients=sum(numbers),
        optimizer=sum(numbers) * OPTIMIZER_STATE[optimizer],
        activations=sum(saved.values()),
        problem=problem,
    )
