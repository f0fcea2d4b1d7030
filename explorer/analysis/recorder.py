"""Watching one forward pass: every operation in running order, under a name of its own.

The network's own `forward` is run. Two things watch it: every module's call, and every torch
function called between modules (`relu`, `+`, `cat`, `flatten` …). So nothing is missed, whatever
the network's Python code does, and nothing global is patched: another thread's networks do not
notice.
"""

import math
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.analysis.operations import (
    INPUT,
    Operation,
    settings_of_function,
    settings_of_module,
    tensors,
)

# Functions that ask a tensor about itself or make a constant beside it: no operations. Any other
# that returns no tensor is none either; these are asked so often that they are sorted out first.
_QUESTIONS = frozenset(
    "size dim numel stride is_floating_point is_contiguous is_complex __len__ new_zeros new_ones "
    "new_empty new_full zeros_like ones_like empty_like full_like".split()
)
_REFLECTED = {"rsub": "sub", "truediv": "div", "floordiv": "floor_divide", "matmul": "matmul"}

Forward = Callable[..., Any]


def is_leaf(module: nn.Module) -> bool:
    """Layers of torch.nn are one operation, and so is any module without parts of its own."""
    if not any(part is not None for part in module._modules.values()):
        return True
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn") and not isinstance(module, containers)


def _weights_of(layer: nn.Module) -> list[tuple[str, nn.Parameter]]:
    if layer._modules:
        return list(layer.named_parameters())
    return [(name, each) for name, each in layer._parameters.items() if each is not None]


def _plain_name(func: Any) -> str:
    """The function's name as a reader knows it: "add" for `__iadd__`, "T" for the property."""
    name = getattr(func, "__name__", "")
    if name == "__get__":
        return str(getattr(getattr(func, "__self__", None), "__name__", "get"))
    inner = name.strip("_")
    if name.startswith("__i") and name != "__invert__":
        inner = inner.removeprefix("i")
    elif name.startswith("__r"):
        inner = _REFLECTED.get(inner, inner.removeprefix("r"))
    return {"concat": "cat", "concatenate": "cat"}.get(inner, _REFLECTED.get(inner, inner))


def unique(name: str, others: Collection[str]) -> str:
    """`name`, or "name_2", "name_3" … where it is one of the `others`."""
    count, candidate = 1, name
    while candidate in others:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


@dataclass(eq=False, slots=True)
class Origin:
    """Where a tensor is from. Its id may be another's once it is gone."""

    name: str  # of the operation
    tensor: weakref.ref[Tensor]
    memory: int
    shape: tuple[int, ...]


@dataclass(eq=False, slots=True)
class Call:
    """An operation that is about to run, or has run: a leaf module's forward, or a function."""

    place: str  # of a module in the network: "stage1.conv"; of a function ""
    module: nn.Module | None
    function: Forward
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    path: tuple[str, ...]  # of blocks around it
    began: int = 0  # the number of the call, where one is needed
    # What the recorder finds out about it.
    type: str = field(init=False)  # "Conv2d", "add"
    tensors: list[Tensor] = field(init=False)  # all among the arguments
    weights: list[Tensor] = field(init=False)
    sources: list[Tensor] = field(init=False)  # what others gave, or the picture
    reads: list[Origin] = field(init=False)  # where these are from
    name: str = field(init=False)  # unique in this forward pass
    macs: int = 0
    outputs: list[Tensor] = field(init=False)
    origins: list[Origin] | None = None  # of the outputs; None: it has not run, or refused
    operation: Operation | None = None


class Recorder(TorchFunctionMode):
    """Notes down what a network does. Subclasses say how an operation is computed (`compute`)."""

    def __init__(self, network: nn.Module, picture: Tensor) -> None:
        super().__init__()
        self.network = network
        self.operations: list[Operation] = []
        self.refused: tuple[Exception, Operation] | None = None
        self.path: tuple[str, ...] = ()
        self.failed_path: tuple[str, ...] | None = None
        self.names: set[str] = {INPUT}
        self.blocks: dict[str, str] = {}
        self.counted: dict[int, str] = {}  # id of a weight → the operation that counted it
        self._quiet = False  # inside a leaf module: its functions are its own affair
        self._origins = {id(picture): _origin(INPUT, picture)}  # by the id of the tensor
        self._from_picture = {INPUT}  # operations in which the picture has a part

    @cached_property
    def _weights(self) -> set[int]:
        parts = self.network.modules()
        return {id(weight) for part in parts for weight in part._parameters.values()}

    def compute(self, call: Call) -> tuple[Any, int]:
        """What the operation gives, and its multiply-adds (0: not counted)."""
        return call.function(*call.args, **call.kwargs), 0

    def inside(self, call: Call) -> None:
        """A function is about to be called inside a leaf module that is not torch's own."""

    def note(self, operation: Operation, outputs: list[Tensor]) -> None:
        """An operation has run and gave `outputs`."""

    # -- watching -----------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Put every module's `forward` under watch, and put it back, after failures too."""
        watched, leaf, block = [], self._leaf, self._block
        try:
            for name, module in self.network.named_modules():
                if name:
                    run = leaf if is_leaf(module) else block
                    module.__dict__["forward"] = partial(run, name, module, module.forward)
                    watched.append(module)
            with self, torch.inference_mode():
                yield
        finally:
            for module in watched:
                del module.__dict__["forward"]

    def _block(
        self, name: str, module: nn.Module, forward: Forward, /, *args: Any, **kwargs: Any
    ) -> Any:
        block = unique(name, self.blocks.keys())
        self.blocks[block] = type(module).__name__
        outer, self.path = self.path, (*self.path, block)
        try:
            return forward(*args, **kwargs)
        except Exception:
            self.failed_path = self.failed_path or self.path  # the innermost block
            raise
        finally:
            self.path = outer

    def _leaf(
        self, name: str, module: nn.Module, forward: Forward, /, *args: Any, **kwargs: Any
    ) -> Any:
        if self._quiet:
            return forward(*args, **kwargs)
        self._quiet = True
        call = Call(name, module, forward, args, kwargs, self.path)
        try:
            # Torch's own layers say what they overwrite: for speed, they are not looked into.
            if type(module).__module__.startswith("torch.nn"):
                with torch._C.DisableTorchFunction():
                    return self.operate(call)
            return self.operate(call)
        finally:
            self._quiet = False

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        call = Call("", None, func, args, kwargs or {}, self.path)
        if self._quiet:
            self.inside(call)
        elif getattr(func, "__name__", "") not in _QUESTIONS:
            return self.operate(call)
        return func(*args, **call.kwargs)

    # -- recording ----------------------------------------------------------------------------

    def operate(self, call: Call) -> Any:
        """Run one operation and note it down; remember it if it refuses its input."""
        if not self.prepare(call):
            return call.function(*call.args, **call.kwargs)
        try:
            result, call.macs = self.compute(call)
            outputs = what_came(call, result)
        except Exception as error:
            self.refused = (error, self._operation(call))
            raise
        if outputs:
            self.finish(call, outputs)
        return result

    def prepare(self, call: Call) -> bool:
        """Find out what it reads, and its name; False: it is arithmetic on constants."""
        call.tensors = tensors((call.args, call.kwargs))
        call.reads, call.sources = [], []
        for each in call.tensors:
            origin = self._origins.get(id(each))
            if origin is not None and origin.tensor() is each:
                call.reads.append(origin)
                call.sources.append(each)
        if call.module is not None:
            call.type, own = type(call.module).__name__, call.place
            call.weights = [weight for _name, weight in _weights_of(call.module)]
        else:
            call.type = _plain_name(call.function)
            own = ".".join([*call.path[-1:], call.type])
            call.weights = [t for t in call.tensors if id(t) in self._weights]
        call.name = unique(own, self.names)
        return bool(call.module is not None or call.weights or call.sources)

    def finish(self, call: Call, outputs: list[Tensor]) -> None:
        """It has run and gave `outputs`: write its facts down."""
        call.outputs = outputs
        call.origins = [_origin(call.name, each) for each in outputs]
        self._origins.update(zip(map(id, outputs), call.origins, strict=True))
        call.operation = self._operation(call)
        self.operations.append(call.operation)
        self.names.add(call.name)
        if call.operation.reads_picture:
            self._from_picture.add(call.name)
        for weight in call.weights:
            self.counted.setdefault(id(weight), call.name)
        self.note(call.operation, outputs)

    def _operation(self, call: Call) -> Operation:
        """The record of a call; it counts the weights that no earlier one has."""
        module, outputs = call.module, call.origins or []
        inputs = tuple([origin.name for origin in call.reads])
        memory = {origin.memory: origin.name for origin in call.reads}
        counted = [self.counted.get(id(each), "") for each in call.weights]
        new = [w for w, elsewhere in zip(call.weights, counted, strict=True) if not elsewhere]
        return Operation(
            name=call.name,
            type=call.type,
            kind="function" if module is None else "module",
            path=call.path,
            inputs=inputs,
            input_shapes=tuple([origin.shape for origin in call.reads]),
            output_shape=outputs[0].shape if outputs else None,
            settings=settings_of_function(call.type, call.args, call.kwargs)
            if module is None
            else settings_of_module(module),
            output_elements=sum([math.prod(origin.shape) for origin in outputs]),
            parameters=sum([w.numel() for w in new]),
            trainable=sum([w.numel() for w in new if w.requires_grad]),
            macs=call.macs,
            reads_picture=not self._from_picture.isdisjoint(inputs),
            shares_memory_with=memory.get(outputs[0].memory, "") if outputs else "",
            shares_weights_with=next(filter(None, counted), ""),
            weights=() if module is None else _shapes(module),
        )


def _shapes(layer: nn.Module) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple([(name, tuple(weight.shape)) for name, weight in _weights_of(layer)])


def what_came(call: Call, result: Any) -> list[Tensor]:
    """The tensors that an operation gave; none: it asked a question.

    Raises:
        RuntimeError: one of them is empty.
    """
    if isinstance(result, Tensor) and result.numel():
        return [result]
    sets = getattr(call.function, "__name__", "") == "__setitem__"  # it returns nothing
    outputs = tensors(call.args[0] if sets else result)
    if any(0 in tensor.shape for tensor in outputs):
        raise RuntimeError("the output would be empty")
    return outputs


def memory_of(tensor: Tensor) -> int:
    """The memory that it lies in, also if it is a view of part of it."""
    return int(tensor.untyped_storage()._cdata)


def _origin(name: str, tensor: Tensor) -> Origin:
    return Origin(name, weakref.ref(tensor), memory_of(tensor), tuple(tensor.shape))
