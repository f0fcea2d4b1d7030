"""A network and an input size → one record per layer, totals, and why the size does not fit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from explorer.analysis import receptive_field, size_mismatch
from explorer.analysis.operations import FLOAT32, Graph, Operation, Shape
from explorer.analysis.receptive_field import Field
from explorer.analysis.shapes_and_macs import record
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.base.cache import shared
from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec

Status = Literal["ok", "failed", "unused"]


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
    status: Status = "ok"  # "failed": it cannot take its input; "unused": it never runs

    @property
    def parameters(self) -> int:
        """Weights that no earlier layer counted."""
        return self.operation.parameters

    @property
    def flops(self) -> int:
        """Floating-point operations for one picture: a multiplication and an addition per MAC."""
        return 2 * self.macs

    @property
    def receptive_field(self) -> tuple[int, int] | None:
        """Height and width of what a unit sees, gates left out; None for vectors and tokens."""
        return self.ungated.size if self.ungated and self.ungated.dims else None

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """(C, H, W) of the output, also where channels come last; None for vectors and tokens."""
        out = self.operation.output_shape
        if out is None or self.ungated is None or self.ungated.dims is None:
            return None
        height, width = (out[dim] for dim in self.ungated.dims)
        return math.prod(out[1:]) // (height * width), height, width

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
    each tensor is dropped after its last use. A layer that cannot take its input, where the table
    ends, is left out of all of them. `receptive_field` is that of the last feature map
    (`last_map`), gates left out; None where attention mixes all places.
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
class Summary:
    """Everything that the layer table shows, as numbers."""

    spec: NetworkSpec
    input: Shape
    output: Shape | None
    layers: tuple[Layer, ...]
    tree: tuple[Block | Layer, ...]
    totals: Totals
    mismatch: SizeMismatch | None


# Records are frozen, so everyone may read the same one. A large network's has some 1 500 layers
# with their shapes (a few MB); a class looks at a handful of networks at a time.
@shared(most=32)
def measure(spec: NetworkSpec, size: InputSize, batch: int = 1) -> Summary:
    """The summary of a network for `batch` pictures.

    A size that does not work is no error: the layers up to the one that fails are there, with the
    mismatch.
    """
    network = spec.build_on_meta()
    graph, layers, tree, totals = dissect(network, (batch, *size))
    return Summary(
        spec=spec,
        input=graph.input_shape,
        output=graph.output_shape,
        layers=layers,
        tree=tree,
        totals=totals,
        mismatch=size_mismatch.explain(network, graph, spec) if graph.problem else None,
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
            macs=operation.macs // (batch if operation.reads_picture else 1),
            activation_bytes=operation.output_elements * FLOAT32,
            field=fields.get(operation.name),
            ungated=ungated.get(operation.name),
            before=ungated.get(operation.inputs[0]) if operation.inputs else None,
            status="ok" if operation.output_shape is not None else "failed",
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
    layers = tuple(layer for layer in layers if layer.status != "failed")  # it takes no part
    ran = [layer for layer in layers if layer.status == "ok" and layer.operation.reads_picture]
    maps = [layer for layer in ran if layer.ungated and layer.ungated.is_map]
    # Once attention has mixed all places, no map before it says what the network sees.
    last = maps[-1] if maps and all(layer.ungated for layer in ran) else None
    return Totals(
        parameters=sum(layer.parameters for layer in layers),
        trainable=sum(layer.operation.trainable for layer in layers),
        macs=sum(layer.macs for layer in layers),
        activation_bytes=sum(layer.activation_bytes for layer in layers),
        peak_bytes=graph.peak_bytes,
        last_map=last.operation.name if last else "",
        receptive_field=last.ungated.size if last and last.ungated else None,
    )


# -- to be trained -----------------------------------------------------------------------------

# Numbers that an optimiser keeps for each weight, besides the weight and its gradient.
OPTIMIZER_STATE = {"sgd": 0, "momentum": 1, "adam": 2}


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


@shared(most=256)
def training_memory(
    spec: NetworkSpec, size: InputSize, batch: int, optimizer: str
) -> TrainingMemory:
    """What one training step needs: a forward pass on the meta device, in training mode.

    Autograd itself says which tensors it saves for the backward pass; each memory is counted once.
    """
    network = spec.build_on_meta().train()
    weights = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if id(tensor) not in weights and (tensor._base is None or id(tensor._base) not in weights):
            memory = tensor.untyped_storage()
            saved[memory._cdata] = memory.nbytes()
            alive.append(tensor)  # storages stay distinct while they live
        return tensor

    alive: list[Tensor] = []
    problem = ""
    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        try:
            network(note(torch.empty((batch, *size), device="meta")))
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
