"""A network and an input size → its operations in running order, with shapes.

The network's own `forward` is run once, on tensors of the meta device that have a shape and no
memory. Two things watch it: every module's call, and every torch function called between modules
(`relu`, `+`, `cat`, `flatten` …). So nothing is missed, whatever the network's Python code does,
and nothing global is patched: another thread's networks do not notice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer import arithmetic, settings
from explorer.arithmetic import Shape
from explorer.operations import INPUT, Graph, Operation

__all__ = ["INPUT", "Graph", "Operation", "record"]

# Functions that ask a tensor about itself or make a constant beside it: no operations. Any other
# that returns no tensor is none either; these are asked so often that they are sorted out first.
_QUESTIONS = frozenset(
    "size dim numel stride is_floating_point is_contiguous is_complex __len__ new_zeros new_ones "
    "new_empty new_full zeros_like ones_like empty_like full_like".split()
)
_REFLECTED = {"rsub": "sub", "truediv": "div", "floordiv": "floor_divide", "matmul": "matmul"}


class _EmptyOutput(RuntimeError):
    """An operation would leave nothing to compute with."""


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _not_empty(made: list[Tensor]) -> list[Tensor]:
    if any(0 in tensor.shape for tensor in made):
        raise _EmptyOutput("the output would be empty")
    return made


def _is_leaf(module: nn.Module) -> bool:
    """Layers of torch.nn are one operation, and so is any module without parts of its own."""
    if not any(True for _ in module.children()):
        return True
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn") and not isinstance(module, containers)


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


class _Recorder(TorchFunctionMode):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.operations: list[Operation] = []
        self.refused: tuple[Exception, Operation] | None = None
        self.path: tuple[str, ...] = ()
        self.failed_path: tuple[str, ...] | None = None
        self.quiet = False  # inside a leaf module: its functions are its own affair
        self.names: set[str] = {INPUT}
        self.blocks: dict[str, str] = {}
        self.producer: dict[int, str] = {}  # id of a tensor → the operation that made it
        self.from_picture = {INPUT}  # operations in which the picture has a part
        self.alive: list[Tensor] = []  # ids stay unique while their tensors live
        self.weights = {id(parameter) for parameter in network.parameters()}
        self.counted: dict[int, str] = {}  # id of a weight → the operation that counted it

    # -- watching -----------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Put every module's `forward` under watch, and put it back, after failures too."""
        watched = []
        try:
            for name, module in self.network.named_modules():
                wrap = self._leaf if _is_leaf(module) else self._block
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
            block = self._unique(name, self.blocks.keys())
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
            if self.quiet:
                return forward(*args, **kwargs)
            self.quiet = True
            facts = Operation(
                name=name,
                type=type(module).__name__,
                kind="module",
                path=self.path,
                inputs=(),
                input_shapes=(),
                output_shape=None,
                settings=settings.of_module(module),
                weights=tuple((n, tuple(p.shape)) for n, p in module.named_parameters()),
            )
            try:
                return self._run(
                    facts,
                    list(_tensors((args, kwargs))),
                    list(module.parameters()),
                    lambda: _call_module(module, forward, args, kwargs),
                )
            finally:
                self.quiet = False

        return call

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if self.quiet or name in _QUESTIONS:
            return func(*args, **kwargs)
        read = list(_tensors((args, kwargs)))
        weights = [t for t in read if id(t) in self.weights]
        if not weights and not any(id(t) in self.producer for t in read):
            return func(*args, **kwargs)  # arithmetic on constants
        short = _plain_name(func)
        facts = Operation(
            name=".".join([*self.path[-1:], short]),
            type=short,
            kind="function",
            path=self.path,
            inputs=(),
            input_shapes=(),
            output_shape=None,
            settings=settings.of_function(short, args, kwargs),
        )

        def call() -> tuple[Any, int]:
            result, macs = arithmetic.call_function(func, name, short, args, kwargs)
            return (args[0], macs) if name == "__setitem__" else (result, macs)

        result = self._run(facts, read, weights, call)
        return None if name == "__setitem__" else result

    # -- recording ----------------------------------------------------------------------------

    def _run(
        self,
        facts: Operation,
        read: list[Tensor],
        weights: list[Tensor],
        call: Callable[[], tuple[Any, int]],
    ) -> Any:
        """Run one operation and note it down; remember it if it refuses its input."""
        sources = [t for t in read if id(t) in self.producer]
        facts = replace(
            facts,
            inputs=tuple(self.producer[id(t)] for t in sources),
            input_shapes=tuple(tuple(t.shape) for t in sources),
            reads_picture=any(self.producer[id(t)] in self.from_picture for t in sources),
        )
        memory = {t.untyped_storage()._cdata: self.producer[id(t)] for t in sources}
        try:
            result, macs = call()
            made = _not_empty(list(_tensors(result)))
        except Exception as error:
            self.refused = (error, self._counting(facts, weights))
            raise
        if not made:
            return result  # it asked a question
        done = replace(
            self._counting(facts, weights),
            output_shape=tuple(made[0].shape),
            output_elements=sum(t.numel() for t in made),
            macs=macs,
            shares_memory_with=memory.get(made[0].untyped_storage()._cdata, ""),
        )
        self._note(done, made, weights)
        return result

    def _counting(self, facts: Operation, weights: list[Tensor]) -> Operation:
        """The operation under a name of its own, with the weights that no earlier one counted."""
        new = [w for w in weights if id(w) not in self.counted]
        shared = (self.counted[id(w)] for w in weights if id(w) in self.counted)
        return replace(
            facts,
            name=self._unique(facts.name, self.names),
            parameters=sum(w.numel() for w in new),
            trainable=sum(w.numel() for w in new if w.requires_grad),
            shares_weights_with=next(shared, ""),
        )

    def _note(self, done: Operation, made: list[Tensor], weights: list[Tensor]) -> None:
        self.operations.append(done)
        self.names.add(done.name)
        if done.reads_picture:
            self.from_picture.add(done.name)
        for weight in weights:
            self.counted.setdefault(id(weight), done.name)
        for tensor in made:
            self.producer[id(tensor)] = done.name
        self.alive.extend(made)

    def _unique(self, name: str, taken: Any) -> str:
        count, candidate = 1, name
        while candidate in taken:
            count += 1
            candidate = f"{name}_{count}"
        return candidate

    def note_failure(self, error: Exception) -> str:
        """Add the operation that refused its input; returns the reason in the network's words."""
        if self.refused and self.refused[0] is error:
            self.operations.append(self.refused[1])
        else:  # the network's own code refused it between two operations (an assertion)
            last = self.operations[-1] if self.operations else None
            path = self.failed_path or ()
            name = self._unique(".".join([*path[-1:], "check"]), self.names)
            shapes = (last.output_shape,) if last and last.output_shape is not None else ()
            self.operations.append(
                Operation(
                    name=name,
                    type="check",
                    kind="function",
                    path=path,
                    inputs=(last.name if last else INPUT,) if shapes else (),
                    input_shapes=shapes,
                    output_shape=None,
                    settings={},
                )
            )
        return str(error) or repr(error)

    def unused(self) -> Iterator[Operation]:
        """Leaf modules, and weights beside them, that no operation counted."""
        for name, module in self.network.named_modules():
            owned = list(module.parameters(recurse=_is_leaf(module)))
            new = [w for w in owned if id(w) not in self.counted]
            if not new:
                continue
            self.counted.update({id(w): name for w in new})
            parents = name.split(".")[:-1]
            yield Operation(
                name=self._unique(name or "weights", self.names),
                type=type(module).__name__,
                kind="module",
                path=tuple(".".join(parents[: i + 1]) for i in range(len(parents))),
                inputs=(),
                input_shapes=(),
                output_shape=None,
                settings=settings.of_module(module),
                parameters=sum(w.numel() for w in new),
                trainable=sum(w.numel() for w in new if w.requires_grad),
                weights=tuple((n, tuple(p.shape)) for n, p in module.named_parameters()),
            )


def _call_module(
    module: nn.Module,
    forward: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Any, int]:
    """What a leaf module gives, and its multiply-adds; by arithmetic where the rule is certain."""
    plain = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
    shape = arithmetic.output_shape(module, tuple(args[0].shape)) if plain else None
    if shape is None:
        if isinstance(module, arithmetic.WITHOUT_PRODUCTS):
            return forward(*args, **kwargs), 0
        return arithmetic.run_and_count(lambda: forward(*args, **kwargs))
    if getattr(module, "inplace", False):
        return args[0], 0
    if isinstance(module, arithmetic.PASS_THROUGH):
        return args[0].detach(), 0  # the same memory under a name of its own
    if isinstance(module, nn.Flatten):
        return args[0].reshape(shape), 0
    return args[0].new_empty(shape), arithmetic.macs(module, shape)


def record(network: nn.Module, input_shape: Shape) -> Graph:
    """Run `network` on a picture of `input_shape` (N, C, H, W) and return what it did.

    The network lies on the meta device, in evaluation mode, and is not used by anyone else
    meanwhile. A size that the network cannot take is no error here: see `Graph.failed`.
    """
    recorder = _Recorder(network)
    picture = torch.empty(input_shape, device="meta")
    recorder.producer[id(picture)] = INPUT
    output: Shape | None = None
    problem = ""
    with recorder.watch():
        try:
            output = tuple(next(_tensors(network(picture))).shape)
        except Exception as error:  # noqa: BLE001 (whatever a network's code may raise is a finding)
            problem = recorder.note_failure(error)
    named = {
        name: type(module).__name__
        for name, module in network.named_modules()
        if name and not _is_leaf(module)
    }
    return Graph(
        input_shape=input_shape,
        operations=tuple(recorder.operations),
        output_shape=output,
        problem=problem,
        unused=() if problem else tuple(recorder.unused()),
        blocks={**named, **recorder.blocks},
    )
