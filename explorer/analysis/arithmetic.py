"""What common layers give and cost, by arithmetic: nothing is computed, nothing allocated.

`output_shape` answers for layers whose rule is certain; for any other layer or an input that the
layer would refuse it answers None, and the caller runs the layer itself on the meta device, so
that PyTorch has the last word. Shapes are (N, C, H, W) or (…, features).
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from explorer.networks.ops import output_size

Shape = tuple[int, ...]

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


def pair(value: Any) -> tuple[int, int]:
    """An int or a pair of ints as (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _windows(module: Any, shape: Shape, channels: int) -> Shape | None:
    ceil = getattr(module, "ceil_mode", False)
    axes = zip(
        shape[2:],
        pair(module.kernel_size),
        pair(module.stride),
        pair(module.padding),
        pair(getattr(module, "dilation", 1)),
        strict=True,
    )
    sizes = tuple(output_size(*axis, ceil=ceil) for axis in axes)
    return (shape[0], channels, *sizes) if min(sizes) > 0 else None


def _conv(module: nn.Conv2d, shape: Shape) -> Shape | None:
    zeros = module.padding_mode == "zeros" and not isinstance(module.padding, str)
    if len(shape) != 4 or shape[1] != module.in_channels or not zeros:
        return None
    return _windows(module, shape, module.out_channels)


def _pool(module: nn.MaxPool2d | nn.AvgPool2d, shape: Shape) -> Shape | None:
    half = all(
        2 * p <= k for p, k in zip(pair(module.padding), pair(module.kernel_size), strict=True)
    )
    if len(shape) != 4 or not half or getattr(module, "return_indices", False):
        return None
    return _windows(module, shape, shape[1])


def _adaptive(module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d, shape: Shape) -> Shape | None:
    output_size = module.output_size
    if len(shape) != 4 or not isinstance(output_size, int | tuple):
        return None
    sizes = output_size if isinstance(output_size, tuple) else (output_size, output_size)
    return (*shape[:2], *(n if o is None else o for o, n in zip(sizes, shape[2:], strict=True)))


def _linear(module: nn.Linear, shape: Shape) -> Shape | None:
    return (*shape[:-1], module.out_features) if shape[-1] == module.in_features else None


def _batch_norm(module: nn.BatchNorm2d, shape: Shape) -> Shape | None:
    return shape if len(shape) == 4 and shape[1] == module.num_features else None


def _flatten(module: nn.Flatten, shape: Shape) -> Shape | None:
    if (module.start_dim, module.end_dim) != (1, -1) or len(shape) < 2:
        return None
    return (shape[0], math.prod(shape[1:]))


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


def output_shape(module: nn.Module, shape: Shape) -> Shape | None:
    """The shape that `module`, in evaluation mode, gives for an input of `shape`; None: run it."""
    rule = _RULES.get(type(module))
    return rule(module, shape) if rule else None


_UNARY = frozenset({"relu", "sigmoid", "tanh", "gelu", "silu"})
_BINARY = frozenset({"add", "sub", "mul"})


def function_shape(name: str, args: tuple[Any, ...]) -> Shape | None:
    """The shape that a function gives for tensors and no further arguments; None: run it."""
    shapes = [tuple(each.shape) for each in args if isinstance(each, Tensor)]
    if len(shapes) < len(args):
        return None
    plain = (name in _UNARY and len(shapes) == 1) or (
        name in _BINARY and len(shapes) == 2 and shapes[0] == shapes[1]
    )
    return shapes[0] if plain else None


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


def call_function(
    func: Callable[..., Any],
    name: str,
    short: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Any, int]:
    """What a function gives, and its multiply-adds; `short` is its name without underscores."""
    plain = not kwargs or kwargs == {"inplace": False}
    # Not `short`: a name that ends in an underscore is an in-place operation.
    shape = function_shape(name, args) if plain else None
    if shape is not None:
        return args[0].new_empty(shape), 0
    if short in FUNCTIONS_WITHOUT_PRODUCTS:
        return func(*args, **kwargs), 0
    return run_and_count(lambda: func(*args, **kwargs))
