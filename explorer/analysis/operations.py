"""What a forward pass consists of: one record per operation, in running order; what each was told
(kernel, stride, padding … as plain values under the field's names); its families.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

from torch import Tensor, nn

from explorer.networks.ops import pair

Shape = tuple[int, ...]
Settings = dict[str, Any]

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
    inputs: tuple[str, ...] = ()  # operations whose outputs it reads, or INPUT
    input_shapes: tuple[Shape, ...] = ()
    output_shape: Shape | None = None  # None: it failed, or was never run
    settings: Mapping[str, Any] = field(default_factory=dict)
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
        first_use, last_use = {INPUT: 0}, {INPUT: 0}
        ran = [operation for operation in self.operations if operation.output_shape is not None]
        for step, operation in enumerate(ran):
            owner = operation.shares_memory_with
            holder[operation.name] = holder[owner] if owner else operation.name
            size.setdefault(holder[operation.name], operation.output_elements * FLOAT32)
            first_use.setdefault(holder[operation.name], step)
            for name in (*operation.inputs, operation.name):
                last_use[holder[name]] = step
        changes = [0] * (len(ran) + 2)  # of the bytes that live, step by step
        for name, number in size.items():
            changes[first_use[name]] += number
            changes[last_use[name] + 1] -= number
        return max(accumulate(changes))


# -- settings: what an operation was told ----------------------------------------------------------


def window(layer: Any) -> Settings:
    """What slides in a convolution or a pooling, as (height, width); padding can be "same"."""
    padding = layer.padding
    return {
        "kernel": pair(layer.kernel_size),
        "stride": pair(layer.stride or layer.kernel_size),
        "padding": padding if isinstance(padding, str) else pair(padding),
        "dilation": pair(getattr(layer, "dilation", 1)),
    }


def _conv(layer: nn.Conv2d) -> Settings:
    channels = {"channels": (layer.in_channels, layer.out_channels)}
    return channels | window(layer) | {"groups": layer.groups, "bias": layer.bias is not None}


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d) -> Settings:
    return window(layer) | {"ceil": bool(layer.ceil_mode)}


_MODULES: tuple[tuple[tuple[type[nn.Module], ...], Callable[[Any], Settings]], ...] = (
    ((nn.Conv2d,), _conv),
    ((nn.MaxPool2d, nn.AvgPool2d), _pool),
    ((nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d), lambda m: {"output_size": m.output_size}),
    (
        (nn.Linear,),
        lambda m: {"features": (m.in_features, m.out_features), "bias": m.bias is not None},
    ),
    (
        (nn.BatchNorm1d, nn.BatchNorm2d),
        lambda m: {"features": m.num_features, "eps": m.eps, "momentum": m.momentum},
    ),
    ((nn.Dropout, nn.Dropout2d), lambda m: {"p": m.p}),
    ((nn.LayerNorm,), lambda m: {"shape": tuple(m.normalized_shape), "eps": m.eps}),
    ((nn.GroupNorm,), lambda m: {"groups": m.num_groups, "features": m.num_channels}),
    ((nn.MultiheadAttention,), lambda m: {"features": m.embed_dim, "heads": m.num_heads}),
)


def settings_of_module(module: nn.Module) -> Settings:
    """The settings of a leaf module; for an unknown one its own description in one entry."""
    for types, read in _MODULES:
        if isinstance(module, types):
            return read(module)
    if isinstance(dims := getattr(module, "dims", None), list | tuple):  # torchvision's Permute
        return {"dims": tuple(dims)}
    text = module.extra_repr()
    return {"": text} if text else {}


def _max_pool(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_other: Any,
) -> Settings:
    return _pool(nn.MaxPool2d(kernel_size, stride, padding, dilation, ceil_mode=ceil_mode))


# A function's arguments after its tensors, under the names that readers of a table know.
_FUNCTIONS: dict[str, Callable[..., Settings]] = {
    "max_pool2d": _max_pool,
    "avg_pool2d": lambda *args, **named: _pool(nn.AvgPool2d(*args, **named)),
    **dict.fromkeys(
        ("adaptive_avg_pool2d", "adaptive_max_pool2d"),
        lambda output_size, **_: {"output_size": output_size},
    ),
    "cat": lambda dim=0, axis=None, **_: {"dim": dim if axis is None else axis},
    "permute": lambda *dims, **named: {"dims": _dims(*(dims or (named["dims"],)))},
    "transpose": lambda dim0, dim1: {"dims": (dim0, dim1)},
    "chunk": lambda chunks, dim=0: {"pieces": chunks, "dim": dim},
    "split": lambda split_size=None, dim=0, **_: {"pieces": split_size, "dim": dim},
    "mean": lambda dim=None, keepdim=False, axis=None, **_: {
        "dim": dim if axis is None else axis,
        "keepdim": keepdim,
    },
}


def _dims(*dims: Any) -> tuple[int, ...]:
    return tuple(dims[0]) if isinstance(dims[0], list | tuple) else dims


def settings_of_function(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Settings:
    """The arguments of a function call that are no tensors."""
    plain = [a for a in args if not tensors(a)]
    named = {key: value for key, value in kwargs.items() if not tensors(value)}
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](*plain, **named)
    return {"args": tuple(plain), **named} if plain or named else {}


def tensors(value: object) -> list[Tensor]:
    """Every tensor in nested lists, tuples and dictionaries, in their order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for part in value for tensor in tensors(part)]
    return []


# -- families: what gives an operation its colour in every picture ---------------------------------

Family = Literal[
    "input", "convolution", "linear", "attention", "pooling", "normalisation", "activation",
    "merge", "reshape", "dropout", "other", "block",
]  # fmt: skip

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
