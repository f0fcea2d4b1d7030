"""What a forward pass consists of: one record per operation, in running order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.analysis.arithmetic import Shape

INPUT = "input"  # the name under which operations read the picture


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
