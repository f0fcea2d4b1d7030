"""A network and an input size → its operations in running order, with shapes.

The network's own `forward` is run once, on tensors of the meta device that have a shape and no
memory. Two things watch it: every module's call, and every torch function called between modules
(`relu`, `+`, `cat`, `flatten` …). So nothing is missed, whatever the network's Python code does,
and nothing global is patched: another thread's networks do not notice.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer import arithmetic, settings
from explorer.arithmetic import Shape

INPUT = "input"  # the name under which operations read the picture

# Functions that ask a tensor about itself or make a constant: no operations of the network.
_QUESTIONS = frozenset(
    "__get__ size dim numel stride is_floating_point is_contiguous __len__ __bool__ __index__ "
    "__int__ item tolist new_zeros new_ones new_empty new_full is_complex _assert __repr__".split()
)
# Functions that may hold matrix products. Every other one costs no multiply-adds.
_PRODUCTS = frozenset(
    "linear matmul mm bmm addmm baddbmm einsum conv1d conv2d conv3d "
    "scaled_dot_product_attention bilinear".split()
)
_PLAIN_NAMES = {"truediv": "div", "floordiv": "floor_divide"}


@dataclass(frozen=True)
class Operation:
    """One step of the forward pass: a leaf module's call, or a function's between modules.

    Shapes include the batch. `parameters` counts weights not counted by an earlier operation,
    `macs` the multiply-adds of the whole batch. `allocates` is False where the output shares its
    memory with an input (a view, an in-place operation).
    """

    name: str  # "stage3.inception3a.cat"; unique
    type: str  # "Conv2d", "cat"
    kind: str  # "module" or "function"
    path: tuple[str, ...]  # names of the blocks around it, outermost first
    inputs: tuple[str, ...]  # operations whose outputs it reads, or INPUT
    input_shapes: tuple[Shape, ...]
    output_shape: Shape | None  # None: it failed, or was never run
    settings: Mapping[str, Any]
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    allocates: bool = True
    shares_weights_with: str = ""
    module: nn.Module | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Graph:
    """All operations that ran. If one failed it is the last, and `problem` is PyTorch's message.

    `unused` are layers that hold weights and never ran, e.g. heads for training only.
    `blocks` maps the dotted name of a block to the name of its class.
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


class _Failed(Exception):
    """An operation refused its input; the recorder has noted it."""


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _is_leaf(module: nn.Module) -> bool:
    """Layers of torch.nn are one operation, and so is any module without parts of its own."""
    if not any(True for _ in module.children()):
        return True
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn") and not isinstance(module, containers)


class _Recorder(TorchFunctionMode):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.operations: list[Operation] = []
        self.problem = ""
        self.path: tuple[str, ...] = ()
        self.quiet = False  # inside a leaf module: its functions are its own affair
        self.names: set[str] = set()
        self.producer: dict[int, str] = {}  # id of a tensor → the operation that made it
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

    def _block(
        self, name: str, module: nn.Module, forward: Callable[..., Any]
    ) -> Callable[..., Any]:
        path = tuple(name.split("."))
        lists = (nn.ModuleList, nn.ModuleDict)
        visible = tuple(
            ".".join(path[: i + 1])
            for i in range(len(path))
            if not isinstance(self.network.get_submodule(".".join(path[: i + 1])), lists)
        )

        def call(*args: Any, **kwargs: Any) -> Any:
            outer, self.path = self.path, visible
            try:
                return forward(*args, **kwargs)
            finally:
                if not self.problem:  # after a failure the path tells where it was
                    self.path = outer

        return call

    def _leaf(
        self, name: str, module: nn.Module, forward: Callable[..., Any]
    ) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.quiet:
                return forward(*args, **kwargs)
            self.quiet = True
            try:
                return self._run(
                    name=name,
                    type=type(module).__name__,
                    read=list(_tensors((args, kwargs))),
                    call=lambda: self._call_module(module, forward, args, kwargs),
                    weights=list(module.parameters()),
                    module=module,
                )
            finally:
                self.quiet = False

        return call

    def _call_module(
        self,
        module: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[Any, int]:
        plain = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
        shape = arithmetic.output_shape(module, tuple(args[0].shape)) if plain else None
        if shape is None:
            if any(parameter.dim() > 1 for parameter in module.parameters()):
                return arithmetic.run_and_count(lambda: forward(*args, **kwargs))
            return forward(*args, **kwargs), 0
        if getattr(module, "inplace", False):
            return args[0], 0
        if isinstance(module, arithmetic.PASS_THROUGH):
            return args[0].detach(), 0  # the same memory under a name of its own
        if isinstance(module, nn.Flatten):
            return args[0].reshape(shape), 0
        return args[0].new_empty(shape), arithmetic.macs(module, shape) or 0

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
        if not any(id(t) in self.producer or id(t) in self.weights for t in read):
            return func(*args, **kwargs)  # arithmetic on constants
        short = name.strip("_")
        short = _PLAIN_NAMES.get(
            short, short.removeprefix("i") if name.startswith("__i") else short
        )

        def call() -> tuple[Any, int]:
            if short in _PRODUCTS:
                return arithmetic.run_and_count(lambda: func(*args, **kwargs))
            plain = not kwargs or kwargs == {"inplace": False}
            # Not `short`: a name that ends in an underscore is an in-place operation.
            shape = arithmetic.function_shape(name, args) if plain else None
            if shape is not None:
                return read[0].new_empty(shape), 0
            return func(*args, **kwargs), 0

        return self._run(
            name=".".join([*self.path[-1:], short]),
            type=short,
            read=read,
            call=call,
            weights=[t for t in read if id(t) in self.weights],
            arguments=(args, kwargs),
        )

    # -- recording ----------------------------------------------------------------------------

    def _run(
        self,
        name: str,
        type: str,  # noqa: A002 (the operation's own word)
        read: list[Tensor],
        call: Callable[[], tuple[Any, int]],
        weights: list[Tensor],
        module: nn.Module | None = None,
        arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {}),
    ) -> Any:
        """Run one operation and note it down; note it as failed if it refuses its input."""
        sources = [t for t in read if id(t) in self.producer]
        new = [w for w in weights if id(w) not in self.counted]
        shared = next((self.counted[id(w)] for w in weights if id(w) in self.counted), "")
        name = self._unique(name)
        self.counted.update({id(w): name for w in new})
        facts: dict[str, Any] = dict(
            name=name,
            type=type,
            kind="module" if module is not None else "function",
            path=self.path,
            inputs=tuple(self.producer[id(t)] for t in sources),
            input_shapes=tuple(tuple(t.shape) for t in sources),
            settings=settings.of_module(module)
            if module is not None
            else settings.of_function(type, *arguments),
            parameters=sum(w.numel() for w in new),
            trainable=sum(w.numel() for w in new if w.requires_grad),
            shares_weights_with=shared,
            module=module,
        )  # fmt: skip
        memory = {t.untyped_storage()._cdata for t in sources}
        try:
            result, macs = call()
        except Exception as error:
            self._fail(facts, str(error))
            raise _Failed from error
        made = list(_tensors(result))
        if not made:
            return result
        if any(0 in t.shape for t in made):
            self._fail(facts, "the output would be empty")
            raise _Failed
        for tensor in made:
            self.producer[id(tensor)] = name
        self.alive.extend(made)
        self.operations.append(
            Operation(
                **facts,
                output_shape=tuple(made[0].shape),
                macs=macs,
                allocates=made[0].untyped_storage()._cdata not in memory,
            )
        )
        return result

    def _fail(self, facts: Mapping[str, Any], problem: str) -> None:
        self.problem = problem
        self.operations.append(Operation(**facts, output_shape=None))

    def _unique(self, name: str) -> str:
        count, candidate = 1, name
        while candidate in self.names:
            count += 1
            candidate = f"{name}_{count}"
        self.names.add(candidate)
        return candidate

    def fail_between(self, error: Exception) -> None:
        """The network's own code refused the input between two operations (an assertion)."""
        last = self.operations[-1] if self.operations else None
        shape = (last.output_shape if last else None) or ()
        self._fail(
            dict(
                name=self._unique(".".join([*self.path[-1:], "check"])),
                type="check",
                kind="function",
                path=self.path,
                inputs=(last.name if last else INPUT,),
                input_shapes=(shape,) if shape else (),
                settings={},
            ),
            str(error),
        )

    def unused(self) -> Iterator[Operation]:
        """Leaf modules whose weights no operation counted."""
        for name, module in self.network.named_modules():
            new = [
                w for w in module.parameters(recurse=_is_leaf(module)) if id(w) not in self.counted
            ]
            if not new:
                continue
            self.counted.update({id(w): name for w in new})
            parents = name.split(".")[:-1]
            yield Operation(
                name=name,
                type=type(module).__name__,
                kind="module",
                path=tuple(".".join(parents[: i + 1]) for i in range(len(parents))),
                inputs=(),
                input_shapes=(),
                output_shape=None,
                settings=settings.of_module(module),
                parameters=sum(w.numel() for w in new),
                trainable=sum(w.numel() for w in new if w.requires_grad),
                module=module,
            )


def record(network: nn.Module, input_shape: Shape) -> Graph:
    """Run `network` on a picture of `input_shape` (N, C, H, W) and return what it did.

    The network lies on the meta device, in evaluation mode, and is not used by anyone else
    meanwhile. A size that the network cannot take is no error here: see `Graph.failed`.
    """
    recorder = _Recorder(network)
    picture = torch.empty(input_shape, device="meta")
    recorder.producer[id(picture)] = INPUT
    output: Shape | None = None
    with recorder.watch():
        try:
            output = tuple(next(_tensors(network(picture))).shape)
        except _Failed:
            pass
        except Exception as error:  # noqa: BLE001 (whatever a network's code may raise is a finding)
            recorder.fail_between(error)
    return Graph(
        input_shape=input_shape,
        operations=tuple(recorder.operations),
        output_shape=output,
        problem=recorder.problem,
        unused=() if recorder.problem else tuple(recorder.unused()),
        blocks={
            name: type(module).__name__
            for name, module in network.named_modules()
            if name and not _is_leaf(module)
        },
    )
