"""Watching one forward pass: every operation in running order, under a name of its own.

The network's own `forward` is run. Two things watch it: every module's call, and every torch
function called between modules (`relu`, `+`, `cat`, `flatten` …). So nothing is missed, whatever
the network's Python code does, and nothing global is patched: another thread's networks do not
notice.
"""

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer import settings
from explorer.operations import INPUT, Operation

# Functions that ask a tensor about itself or make a constant beside it: no operations. Any other
# that returns no tensor is none either; these are asked so often that they are sorted out first.
_QUESTIONS = frozenset(
    "size dim numel stride is_floating_point is_contiguous is_complex __len__ new_zeros new_ones "
    "new_empty new_full zeros_like ones_like empty_like full_like".split()
)
_REFLECTED = {"rsub": "sub", "truediv": "div", "floordiv": "floor_divide", "matmul": "matmul"}


class _EmptyOutput(RuntimeError):
    """An operation would leave nothing to compute with."""


def tensors(value: object) -> list[Tensor]:
    """Every tensor in nested lists, tuples and dictionaries, in their order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    if not isinstance(value, list | tuple):
        return []
    return [tensor for item in value for tensor in tensors(item)]


def _not_empty(made: list[Tensor]) -> list[Tensor]:
    if any(0 in tensor.shape for tensor in made):
        raise _EmptyOutput("the output would be empty")
    return made


def is_leaf(module: nn.Module) -> bool:
    """Layers of torch.nn are one operation, and so is any module without parts of its own."""
    if not any(True for _ in module.children()):
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


def unique(name: str, taken: Collection[str]) -> str:
    """`name`, or "name_2", "name_3" … where it is taken."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


@dataclass(frozen=True, eq=False)
class Call:
    """An operation that is about to run: a leaf module's forward, or a function."""

    name: str  # unique in this forward pass
    type: str
    kind: Literal["module", "function"]
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    module: nn.Module | None = None
    sources: tuple[Tensor, ...] = ()  # what it reads of other operations, or of the picture


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
        self._producer: dict[int, str] = {}  # id of a tensor → the operation that made it
        self._ends: dict[int, weakref.ref[Tensor]] = {}  # an id is forgotten with its tensor
        self._from_picture = {INPUT}  # operations in which the picture has a part
        self._weights = {id(parameter) for parameter in network.parameters()}
        self._made_by(INPUT, picture)

    def compute(self, call: Call) -> tuple[Any, int]:
        """What the operation gives, and its multiply-adds (0: not counted)."""
        return call.function(*call.args, **call.kwargs), 0

    def note(self, done: Operation, made: list[Tensor]) -> None:
        """An operation has run and gave `made`."""
        self.operations.append(done)
        self.names.add(done.name)
        if done.reads_picture:
            self._from_picture.add(done.name)
        for tensor in made:
            self._made_by(done.name, tensor)

    # -- watching -----------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Put every module's `forward` under watch, and put it back, after failures too."""
        watched = []
        try:
            for name, module in self.network.named_modules():
                wrap = self._leaf if is_leaf(module) else self._block
                if name:
                    module.__dict__["forward"] = wrap(name, module, module.forward)
                    watched.append(module)
            with self, torch.inference_mode():
                yield
        finally:
            for module in watched:
                del module.__dict__["forward"]

    def _block(self, name: str, module: nn.Module, forward: Callable[..., Any]) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
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

        return call

    def _leaf(self, name: str, module: nn.Module, forward: Callable[..., Any]) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._quiet:
                return forward(*args, **kwargs)
            self._quiet = True
            free, kind = unique(name, self.names), type(module).__name__
            sources = self._sources(tensors((args, kwargs)))
            weights = _weights_of(module)
            facts = {
                "settings": settings.of_module(module),
                "weights": tuple((n, tuple(p.shape)) for n, p in weights),
            }
            call = Call(free, kind, "module", forward, args, kwargs, module, sources)
            try:
                with torch._C.DisableTorchFunction():  # for speed: they need not be asked
                    return self._run(call, [weight for _name, weight in weights], facts)
            finally:
                self._quiet = False

        return call

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self._quiet or getattr(func, "__name__", "") in _QUESTIONS:
            return func(*args, **kwargs)
        read = tensors((args, kwargs))
        sources = self._sources(read)
        weights = [t for t in read if id(t) in self._weights]
        if not weights and not sources:
            return func(*args, **kwargs)  # arithmetic on constants
        short = _plain_name(func)
        name = unique(".".join([*self.path[-1:], short]), self.names)
        facts = {"settings": settings.of_function(short, args, kwargs)}
        call = Call(name, short, "function", func, args, kwargs, None, sources)
        return self._run(call, weights, facts)

    # -- recording ----------------------------------------------------------------------------

    def _sources(self, read: Iterable[Tensor]) -> tuple[Tensor, ...]:
        return tuple(t for t in read if id(t) in self._producer)

    def _run(self, call: Call, weights: list[Tensor], facts: dict[str, Any]) -> Any:
        """Run one operation and note it down; remember it if it refuses its input."""
        inputs = tuple(self._producer[id(t)] for t in call.sources)
        facts |= {
            "inputs": inputs,
            "input_shapes": tuple(tuple(t.shape) for t in call.sources),
            "reads_picture": any(name in self._from_picture for name in inputs),
        }
        memory = dict(zip(map(memory_of, call.sources), inputs, strict=True))
        sets = getattr(call.function, "__name__", "") == "__setitem__"  # it returns nothing
        try:
            result, macs = self.compute(call)
            made = _not_empty(tensors(call.args[0] if sets else result))
        except Exception as error:
            self.refused = (error, self._operation(call, weights, facts, None))
            raise
        if not made:
            return result  # it asked a question
        facts |= {
            "output_elements": sum(t.numel() for t in made),
            "macs": macs,
            "shares_memory_with": memory.get(memory_of(made[0]), ""),
        }
        self.note(self._operation(call, weights, facts, tuple(made[0].shape)), made)
        for weight in weights:
            self.counted.setdefault(id(weight), call.name)
        return result

    def _operation(
        self,
        call: Call,
        weights: list[Tensor],
        facts: dict[str, Any],
        output_shape: tuple[int, ...] | None,
    ) -> Operation:
        """The record of a call; it counts the weights that no earlier one has."""
        new = [w for w in weights if id(w) not in self.counted]
        return Operation(
            name=call.name,
            type=call.type,
            kind=call.kind,
            path=self.path,
            output_shape=output_shape,
            parameters=sum(w.numel() for w in new),
            trainable=sum(w.numel() for w in new if w.requires_grad),
            shares_weights_with=next(
                (self.counted[id(w)] for w in weights if id(w) in self.counted), ""
            ),
            **facts,
        )

    def _made_by(self, name: str, tensor: Tensor) -> None:
        key = id(tensor)
        self._producer[key] = name
        self._ends[key] = weakref.ref(tensor, partial(self._forget, key))

    def _forget(self, key: int, _reference: object) -> None:
        self._producer.pop(key, None)
        self._ends.pop(key, None)


def memory_of(tensor: Tensor) -> int:
    """The memory that it lies in, also if it is a view of part of it."""
    return int(tensor.untyped_storage()._cdata)
