"""What a forward pass consists of: one record per operation, in running order; its families."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from explorer.analysis.arithmetic import Shape

INPUT = "input"  # the name under which operations read the picture
FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Operation:
    """One step of the forward pass: a leaf module's call, or a function's between modules.

    Shapes include the batch. `output_shape` is that of the first output, `output_elements` counts
    all of them. `parameters` counts weights not counted by an earlier operation, `macs` the
    multiply-adds of the whole batch, or of the call where the picture has no part in it
    (`reads_picture` is False: an embedding of positions, say).
    """

    name: str  # "stage3.inception3a.cat"; unique
    type: str  # "Conv2d", "cat"
    kind: str  # "module" or "function"
    path: tuple[str, ...]  # names of the blocks around it, outermost first
    inputs: tuple[str, ...]  # operations whose outputs it reads, or INPUT
    input_shapes: tuple[Shape, ...]
    output_shape: Shape | None  # None: it failed, or was never run
    settings: Mapping[str, Any]
    output_elements: int = 0
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    reads_picture: bool = True
    shares_memory_with: str = ""  # the input whose memory the output lies in (a view, in place)
    shares_weights_with: str = ""
    weights: tuple[tuple[str, Shape], ...] = ()  # of a module, by name

    @property
    def allocates(self) -> bool:
        """Whether the output takes memory of its own."""
        return not self.shares_memory_with


@dataclass(frozen=True)
class Graph:
    """All operations that ran. If one failed it is the last, and `problem` is PyTorch's message.

    `unused` are layers that hold weights and never ran, e.g. heads for training only.
    `blocks` maps the name of a block to the name of its class.
    """

    input_shape: Shape
    operations: tuple[Operation, ...]
    output_shape: Shape | None
    problem: str
    unused: tuple[Operation, ...]
    blocks: Mapping[str, str]

    @property
    def failed(self) -> Operation | None:
        """The operation that could not take its input."""
        return self.operations[-1] if self.problem else None

    @property
    def peak_bytes(self) -> int:
        """The most activation memory that lives at once in prediction, input included, in float32.

        A tensor is dropped after the last operation that reads it; views share their input's
        memory.
        """
        holder = {INPUT: INPUT}  # operation → the operation that holds its memory
        size = {INPUT: math.prod(self.input_shape) * FLOAT32}
        last_use = {INPUT: 0}
        ran = [operation for operation in self.operations if operation.output_shape is not None]
        for step, operation in enumerate(ran):
            owner = operation.shares_memory_with
            holder[operation.name] = holder[owner] if owner else operation.name
            size.setdefault(holder[operation.name], operation.output_elements * FLOAT32)
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


# -- families: what gives an operation its colour in every picture ---------------------------------

Family = Literal[
    "input",
    "convolution",
    "linear",
    "attention",
    "pooling",
    "normalisation",
    "activation",
    "merge",
    "reshape",
    "dropout",
    "other",
    "block",
]

# What an operation does, the first word that its type holds.
FAMILIES: tuple[tuple[Family, tuple[str, ...]], ...] = (
    ("attention", ("Attention", "scaled_dot_product", "softmax")),
    ("convolution", ("Conv", "conv")),
    ("linear", ("Linear", "linear", "matmul", "einsum", "bmm")),
    ("pooling", ("Pool", "pool", "mean")),
    ("normalisation", ("Norm", "norm")),
    ("dropout", ("Drop", "drop", "StochasticDepth")),
    ("activation", ("LU", "lu", "igmoid", "anh", "wish", "clamp")),
    ("reshape", ("latten", "view", "reshape", "ermute", "transpose", "chunk", "split", "getitem",
                 "expand", "contiguous", "roll", "pad", "squeeze", "Swap", "swap", "Partition")),
)  # fmt: skip
SYMBOLS = {"add": "+", "cat": "cat", "mul": "×", "sub": "−", "div": "÷"}  # of merges


def family(kind: str) -> Family:
    """The family of an operation of type `kind`."""
    if kind in SYMBOLS:
        return "merge"
    return next((name for name, words in FAMILIES if any(w in kind for w in words)), "other")
