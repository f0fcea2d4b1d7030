"""A network and an input size → its operations in running order, with shapes.

The network is watched (`recorder.py`) while it runs once on tensors of the meta device, which
have a shape and no memory. What common layers give and cost is known by arithmetic: `_RULES`
are those that are certain; any other layer, or one for an input that it would refuse, is itself
run, so that PyTorch has the last word. Shapes are
(N, C, H, W) or (…, features).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from explorer.analysis.operations import (
    INPUT,
    Graph,
    Operation,
    Shape,
    settings_of_module,
    tensors,
    window,
)
from explorer.analysis.recorder import Call, Recorder, is_leaf, unique
from explorer.networks.ops import output_size, pair

ELEMENTWISE = (
    nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid,
    nn.LeakyReLU, nn.ELU, nn.Softplus,
)  # fmt: skip
PASS_THROUGH = (nn.Identity, nn.Dropout, nn.Dropout2d)  # in evaluation mode
# Known to multiply no matrices. Anything else is watched while it runs.
WITHOUT_PRODUCTS = (
    *ELEMENTWISE, *PASS_THROUGH, nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm,
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Flatten,
)  # fmt: skip
FUNCTIONS_WITHOUT_PRODUCTS = frozenset(
    "add sub mul div neg exp clamp abs pow sqrt relu sigmoid tanh gelu silu hardtanh softmax "
    "cat stack chunk split unbind view reshape flatten permute transpose contiguous expand repeat "
    "getitem setitem squeeze unsqueeze roll pad mean sum max min amax detach clone to dropout "
    "max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d batch_norm layer_norm "
    "group_norm interpolate normalize T mT data masked_fill fill zero floor_divide".split()
)


def _windows(module: Any, shape: Shape, channels: int) -> Shape | None:
    axes = zip(shape[2:], *window(module).values(), strict=True)
    sizes = tuple(output_size(*axis, ceil=getattr(module, "ceil_mode", False)) for axis in axes)
    return (shape[0], channels, *sizes) if min(sizes) > 0 else None


def _conv(module: nn.Conv2d, shape: Shape) -> Shape | None:
    zeros = module.padding_mode == "zeros" and not isinstance(module.padding, str)
    if len(shape) != 4 or shape[1] != module.in_channels or not zeros:
        return None
    return _windows(module, shape, module.out_channels)


def _pool(module: nn.MaxPool2d | nn.AvgPool2d, shape: Shape) -> Shape | None:
    sizes = zip(pair(module.padding), pair(module.kernel_size), strict=True)
    half = all(2 * padding <= kernel for padding, kernel in sizes)
    if len(shape) != 4 or not half or getattr(module, "return_indices", False):
        return None
    return _windows(module, shape, shape[1])


def _adaptive(module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d, shape: Shape) -> Shape | None:
    output_size = module.output_size
    if len(shape) != 4 or not isinstance(output_size, int | tuple):
        return None
    axes = zip(pair(output_size), shape[2:], strict=True)
    return (*shape[:2], *(n if o is None else o for o, n in axes))


def _linear(module: nn.Linear, shape: Shape) -> Shape | None:
    return (*shape[:-1], module.out_features) if shape[-1] == module.in_features else None


def _batch_norm(module: nn.BatchNorm2d, shape: Shape) -> Shape | None:
    return shape if len(shape) == 4 and shape[1] == module.num_features else None


def _flatten(module: nn.Flatten, shape: Shape) -> Shape | None:
    if (module.start_dim, module.end_dim) != (1, -1) or len(shape) < 2:
        return None
    return (shape[0], math.prod(shape[1:]))


# What a layer in evaluation mode gives for an input of a shape; None: run it.
_RULES: dict[type[nn.Module], Callable[[Any, Shape], Shape | None]] = {
    nn.Conv2d: _conv,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.AdaptiveMaxPool2d: _adaptive,
    nn.Linear: _linear,
    nn.BatchNorm2d: _batch_norm,
    nn.Flatten: _flatten,
    **dict.fromkeys((*ELEMENTWISE, *PASS_THROUGH), lambda _module, shape: shape),
}


_UNARY = frozenset({"relu", "sigmoid", "tanh", "gelu", "silu"})
_BINARY = frozenset({"add", "sub", "mul"})


def _function_shape(name: str, args: tuple[Any, ...]) -> Shape | None:
    """The shape that a function gives for tensors and no further arguments; None: run it."""
    shapes = [tuple(each.shape) for each in args if isinstance(each, Tensor)]
    if len(shapes) < len(args):
        return None
    unary = name in _UNARY and len(shapes) == 1
    binary = name in _BINARY and len(shapes) == 2 and shapes[0] == shapes[1]
    return shapes[0] if unary or binary else None


class _Products(TorchDispatchMode):
    """Adds up the multiply-adds of every matrix product and convolution that is dispatched."""

    macs = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        count = flop_registry.get(func._overloadpacket)
        if count is None and func is not torch.ops.prim.device.default:
            with self:  # composite operations show their parts
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        result = func(*args, **(kwargs or {}))
        if count is not None:
            self.macs += int(count(*args, **(kwargs or {}), out_val=result)) // 2
        return result


def run_and_count(call: Callable[[], Any]) -> tuple[Any, int]:
    """What `call` returns, and the multiply-adds of all convolutions and matrix products in it."""
    with _Products() as products:
        result = call()
    return result, products.macs


def macs(module: nn.Module, output: Shape) -> int:
    """Multiply-adds of a layer that has a rule here, for the whole batch.

    Convolution: every output element is a sum over kernel height × width × input channels of its
    group, padded positions included. Linear: over its input features. Biases are not counted, nor
    is any other layer.
    """
    if isinstance(module, nn.Conv2d):
        # The weight is (C_out, C_in / groups, kernel height, kernel width).
        return math.prod(output) * math.prod(module.weight.shape[1:])
    if isinstance(module, nn.Linear):
        return math.prod(output) * module.in_features
    return 0


class _Measuring(Recorder):
    """Computes shapes alone, by arithmetic where the rule is certain, and counts multiply-adds."""

    def compute(self, call: Call) -> tuple[Any, int]:
        return _call_function(call) if call.module is None else _call_module(call.module, call)

    def note_failure(self, error: Exception) -> str:
        """Add the operation that refused its input; returns the reason in the network's words."""
        if self.refused and self.refused[0] is error:
            self.operations.append(self.refused[1])
        else:  # the network's own code refused it between two operations (an assertion)
            last = self.operations[-1] if self.operations else None
            path = self.failed_path or ()
            name = unique(".".join([*path[-1:], "check"]), self.names)
            shapes = (last.output_shape,) if last and last.output_shape is not None else ()
            self.operations.append(
                Operation(
                    name=name,
                    type="check",
                    kind="function",
                    path=path,
                    inputs=(last.name if last else INPUT,) if shapes else (),
                    input_shapes=shapes,
                )
            )
        return str(error) or repr(error)

    def unused(self) -> Iterator[Operation]:
        """Leaf modules, and weights beside them, that no operation counted."""
        for name, module in self.network.named_modules():
            owned = list(module.parameters(recurse=is_leaf(module)))
            new = [w for w in owned if id(w) not in self.counted]
            if not new:
                continue
            self.counted.update({id(w): name for w in new})
            parents = name.split(".")[:-1]
            yield Operation(
                name=unique(name or "weights", self.names),
                type=type(module).__name__,
                kind="module",
                path=tuple(".".join(parents[: i + 1]) for i in range(len(parents))),
                settings=settings_of_module(module),
                parameters=sum(w.numel() for w in new),
                trainable=sum(w.numel() for w in new if w.requires_grad),
                weights=tuple((n, tuple(p.shape)) for n, p in module.named_parameters()),
            )


def _call_module(module: nn.Module, call: Call) -> tuple[Any, int]:
    """What a leaf module gives, and its multiply-adds; by arithmetic where the rule is certain."""
    args, kwargs = call.args, call.kwargs
    plain = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
    rule = _RULES.get(type(module)) if plain else None
    shape = rule(module, tuple(args[0].shape)) if rule else None
    if shape is None:
        if isinstance(module, WITHOUT_PRODUCTS):
            return call.function(*args, **kwargs), 0
        return run_and_count(lambda: call.function(*args, **kwargs))
    if getattr(module, "inplace", False):
        return args[0], 0
    if isinstance(module, PASS_THROUGH):
        return args[0].detach(), 0  # the same memory under a name of its own
    if isinstance(module, nn.Flatten):
        return args[0].reshape(shape), 0
    return args[0].new_empty(shape), macs(module, shape)


def _call_function(call: Call) -> tuple[Any, int]:
    """What a function gives, and its multiply-adds."""
    plain = not call.kwargs or call.kwargs == {"inplace": False}
    # Not `call.type`: a name that ends in an underscore is an in-place operation.
    shape = _function_shape(getattr(call.function, "__name__", ""), call.args) if plain else None
    if shape is not None:
        return call.args[0].new_empty(shape), 0
    if call.type in FUNCTIONS_WITHOUT_PRODUCTS:
        return call.function(*call.args, **call.kwargs), 0
    return run_and_count(lambda: call.function(*call.args, **call.kwargs))


def record(network: nn.Module, input_shape: Shape) -> Graph:
    """Run `network` on a picture of `input_shape` (N, C, H, W) and return what it did.

    The network lies on the meta device, in evaluation mode, and is not used by anyone else
    meanwhile. A size that the network cannot take is no error here: see `Graph.failed`.
    """
    picture = torch.empty(input_shape, device="meta")
    recorder = _Measuring(network, picture)
    output: Shape | None = None
    problem = ""
    with recorder.watch():
        try:
            output = tuple(tensors(network(picture))[0].shape)
        except Exception as error:  # noqa: BLE001 (whatever a network's code may raise is a finding)
            problem = recorder.note_failure(error)
    named = {
        name: type(module).__name__
        for name, module in network.named_modules()
        if name and not is_leaf(module)
    }
    return Graph(
        input_shape=input_shape,
        operations=tuple(recorder.operations),
        output_shape=output,
        problem=problem,
        unused=() if problem else tuple(recorder.unused()),
        blocks={**named, **recorder.blocks},
    )
