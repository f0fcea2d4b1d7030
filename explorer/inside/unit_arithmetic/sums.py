"""One number's arithmetic, as records: what was read, what was done, and what came out.

A rule makes one from a `Place`: where in its step a unit stands, and what the step was called with.

Every record has its `value`, the number in the network's tensor (float32), and its `total`, the
same from the numbers that it lists, in double precision. The two agree to float rounding.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from explorer.analysis.operations import INPUT, Operation
from explorer.inside.activations import Recording, Step

Unit = tuple[int, int, int]  # channel, row, column of a feature map


@dataclass(frozen=True, eq=False, kw_only=True)
class Sum:
    """The arithmetic of one number: the base of all kinds."""

    operation: Operation
    unit: Unit
    value: float

    @property
    def total(self) -> float:
        """The number, from what the record lists."""
        raise NotImplementedError

    @property
    def scale(self) -> float:
        """The largest number on the way: what float rounding is to be measured against."""
        return max(abs(self.total), abs(self.value))


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightedSum(Sum):
    """A convolution or a linear layer: Σ patch × kernel, channel by channel, and the bias.

    `patch` and `kernel` are (C, h, w) in double precision; `rows` (h) and `columns` (w) say where
    the patch lies in the input maps. Where `inside` (h, w) is False they point into the padding.
    Of a linear layer each number is a channel, unless it reads a flattened map: then the patch is
    that whole map.
    """

    source: str  # the operation that it reads, or "input"
    patch: Tensor
    kernel: Tensor
    bias: float | None
    channels: tuple[int, ...]  # (C) numbers of the channels that it reads: one group's
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    inside: Tensor

    @cached_property
    def products(self) -> Tensor:
        """(C, h, w)."""
        return self.patch * self.kernel

    @cached_property
    def subtotals(self) -> Tensor:
        """(C,): the sum over each channel's patch."""
        return self.products.sum((1, 2))

    @property
    def total(self) -> float:
        return float(self.subtotals.sum()) + (self.bias or 0.0)

    @property
    def scale(self) -> float:
        return float(self.products.abs().sum()) + abs(self.bias or 0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Window(Sum):
    """Pooling: the largest number of a patch (h, w), or its mean.

    Where `inside` is False the window hangs over the edge: no number there can win, and a mean
    counts 0 there, or nothing if its `divisor` is that much smaller.
    """

    source: str
    kind: Literal["max", "average"]
    patch: Tensor
    inside: Tensor
    channel: int  # of the source
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    divisor: float = 1.0

    @cached_property
    def winner(self) -> tuple[int, int]:
        """Row and column, in the patch, of its largest number (the first of equals)."""
        place = int(self.patch.masked_fill(~self.inside, -math.inf).argmax())
        row, column = divmod(place, self.patch.shape[1])
        return row, column

    @property
    def total(self) -> float:
        if self.kind == "max":
            return float(self.patch[self.winner])
        return float(self.patch.sum()) / self.divisor

    @property
    def scale(self) -> float:
        sizes = self.patch.abs()
        return float(sizes.max() if self.kind == "max" else sizes.sum() / abs(self.divisor))


@dataclass(frozen=True, eq=False, kw_only=True)
class Normalised(Sum):
    """(x − mean) / √(variance + eps) · gamma + beta.

    `over` says whose mean and variance: "moving" averages from training, or those of this "batch",
    of the "layer" or a "group" of channels of this picture, or of one place's "channels".
    """

    source: str
    over: Literal["moving", "batch", "layer", "group", "channels"]
    x: float
    mean: float
    variance: float
    eps: float
    gamma: float = 1.0
    beta: float = 0.0

    @property
    def total(self) -> float:
        spread = math.sqrt(self.variance + self.eps)
        return (self.x - self.mean) / spread * self.gamma + self.beta

    @property
    def scale(self) -> float:
        spread = math.sqrt(self.variance + self.eps)
        return (abs(self.x) + abs(self.mean)) / spread * abs(self.gamma) + abs(self.beta)


@dataclass(frozen=True)
class Term:
    """One side of +, −, ×, ÷. A constant or a weight has no `source` and no `unit`."""

    value: float
    source: str = ""
    unit: Unit | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Combined(Sum):
    """left + factor · right, and likewise −; left × right; left ÷ right."""

    sign: Literal["+", "−", "×", "÷"]
    left: Term
    right: Term
    factor: float = 1.0

    @property
    def total(self) -> float:
        left, right = self.left.value, self.factor * self.right.value
        if self.sign == "÷":
            return float(torch.tensor(left, dtype=torch.float64) / right)  # by 0 too
        return {"+": left + right, "−": left - right, "×": left * right}[self.sign]

    @property
    def scale(self) -> float:
        return max(abs(self.left.value), abs(self.factor * self.right.value), abs(self.total))


@dataclass(frozen=True, eq=False, kw_only=True)
class Copied(Sum):
    """A number moved and not changed: `cat`, `flatten`, dropout in evaluation mode …

    In training, dropout multiplies by 0 or by 1 / (1 − p): the `factor`. A padded place has no
    `source`.
    """

    source: str
    from_unit: Unit | None
    x: float
    factor: float = 1.0

    @property
    def total(self) -> float:
        return self.x * self.factor


@dataclass(frozen=True, eq=False, kw_only=True)
class Activated(Sum):
    """function(x), number by number: `operation.type` names it."""

    source: str
    x: float
    result: float

    @property
    def total(self) -> float:
        return self.result

    @property
    def scale(self) -> float:
        return max(abs(self.x), abs(self.result))


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalResponse(Sum):
    """x / (k + alpha / size · Σ neighbours²) ^ beta, over the same place in nearby channels."""

    source: str
    x: float
    neighbours: Tensor  # (n,), x among them
    channels: tuple[int, ...]
    size: int
    alpha: float
    beta: float
    k: float

    @property
    def total(self) -> float:
        squares = float((self.neighbours**2).sum())
        return float(self.x / (self.k + self.alpha / self.size * squares) ** self.beta)


@dataclass(frozen=True, eq=False, kw_only=True)
class Unexplained(Sum):
    """An operation that is not taken apart here (attention, say): its value alone."""

    @property
    def total(self) -> float:
        return self.value


def numbers(tensor: Tensor) -> Tensor:
    """In double precision, as something of its own."""
    return tensor.detach().to(torch.float64, copy=True)


def number(tensor: Tensor) -> float:
    """The one number of a tensor, also of a weight that is being trained."""
    return float(tensor.detach())


@dataclass(frozen=True, eq=False)
class Place:
    """One number in a recorded step."""

    recording: Recording
    step: Step
    picture: int
    unit: Unit
    index: tuple[int, ...]  # in the step's first output, the batch included

    @property
    def source(self) -> str:
        """The first operation that the step reads."""
        return next(iter(self.step.operation.inputs), "")

    @property
    def x(self) -> Tensor:
        """The first tensor that the step reads, batch included."""
        return self.step.inputs[0]

    def source_of(self, tensor: Tensor) -> str:
        """The operation that gave a tensor which the step reads; "" of a weight or a constant."""
        named = zip(self.step.operation.inputs, self.step.inputs, strict=True)
        return next((source for source, each in named if each is tensor), "")

    def unit_of(self, source: str, tensor: Tensor, index: tuple[int, ...]) -> Unit | None:
        """The unit of the source's maps that stands at `index` of `tensor`, the batch included.

        None where the source is not kept, or its maps are others: the first of several outputs.
        """
        recorded = source == INPUT or source in self.recording.steps
        if not recorded or index[:1] not in ((), (self.picture,)):
            return None
        values = self.recording.values(source)
        same = values.shape == tensor.shape and bool(values[index] == tensor[index])
        return self.recording.layout(source).unit(index[1:]) if same else None

    def facts(self) -> dict[str, Any]:
        """The arguments that every `Sum` takes."""
        value = number(self.step.outputs[0][self.index])
        return {"operation": self.step.operation, "unit": self.unit, "value": value}

    def number(self, tensor: Tensor) -> float:
        """The number of `tensor` at this place; where it has one for all places, that."""
        return number(tensor[self.index_in(tensor)])

    def index_in(self, tensor: Tensor) -> tuple[int, ...]:
        """This place in a tensor; where it has one number for all places, that one's."""
        index = self.index[len(self.index) - tensor.dim() :]
        return tuple(min(i, size - 1) for i, size in zip(index, tensor.shape, strict=True))


def arguments(step: Step, names: str, **defaults: Any) -> dict[str, Any]:
    """How an operation was called, by the names of its arguments; a layer's are its own."""
    if step.module is not None:
        own = {name: getattr(step.module, name, defaults.get(name)) for name in names.split()}
        return {**own, "input": step.inputs[0]}
    named = dict(zip(names.split(), step.args, strict=False))
    return {**defaults, **named, **step.kwargs}
