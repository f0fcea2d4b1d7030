"""What a layer was told: kernel, stride, padding … as plain values under the field's names."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from explorer.analysis.arithmetic import pair

Settings = dict[str, Any]


def _conv(m: Any) -> Settings:
    return {
        "channels": (m.in_channels, m.out_channels),
        "kernel": pair(m.kernel_size),
        "stride": pair(m.stride),
        "padding": m.padding if isinstance(m.padding, str) else pair(m.padding),
        "dilation": pair(m.dilation),
        "groups": m.groups,
        "bias": m.bias is not None,
    }


def _pool(m: Any) -> Settings:
    return {
        "kernel": pair(m.kernel_size),
        "stride": pair(m.kernel_size if m.stride is None else m.stride),
        "padding": pair(m.padding),
        "dilation": pair(getattr(m, "dilation", 1)),
        "ceil": m.ceil_mode,
    }


def _adaptive(m: Any) -> Settings:
    return {"output_size": m.output_size}


def _linear(m: Any) -> Settings:
    return {"features": (m.in_features, m.out_features), "bias": m.bias is not None}


def _batch_norm(m: Any) -> Settings:
    return {"features": m.num_features, "eps": m.eps, "momentum": m.momentum}


_MODULES: tuple[tuple[tuple[type[nn.Module], ...], Callable[[Any], Settings]], ...] = (
    ((nn.Conv2d,), _conv),
    ((nn.MaxPool2d, nn.AvgPool2d), _pool),
    ((nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d), _adaptive),
    ((nn.Linear,), _linear),
    ((nn.BatchNorm1d, nn.BatchNorm2d), _batch_norm),
    ((nn.Dropout, nn.Dropout2d), lambda m: {"p": m.p}),
    ((nn.LayerNorm,), lambda m: {"shape": tuple(m.normalized_shape), "eps": m.eps}),
    ((nn.GroupNorm,), lambda m: {"groups": m.num_groups, "features": m.num_channels}),
    ((nn.MultiheadAttention,), lambda m: {"features": m.embed_dim, "heads": m.num_heads}),
)


def of_module(module: nn.Module) -> Settings:
    """The settings of a leaf module; for an unknown one its own description in one entry."""
    for types, read in _MODULES:
        if isinstance(module, types):
            return read(module)
    if isinstance(dims := getattr(module, "dims", None), list | tuple):  # torchvision's Permute
        return {"dims": tuple(dims)}
    text = module.extra_repr()
    return {"": text} if text else {}


def _pool_call(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_other: Any,
) -> Settings:
    return {
        "kernel": pair(kernel_size),
        "stride": pair(stride or kernel_size),
        "padding": pair(padding),
        "dilation": pair(dilation),
        "ceil": bool(ceil_mode),
    }


def _average_call(
    kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, *_rest: Any,
    **_other: Any,
) -> Settings:  # fmt: skip
    return _pool_call(kernel_size, stride, padding, ceil_mode=ceil_mode)


def _dims(*dims: Any) -> tuple[int, ...]:
    return tuple(dims[0]) if dims and isinstance(dims[0], list | tuple) else tuple(dims)


# A function's arguments after its tensors, under the names that readers of a table know.
_FUNCTIONS: dict[str, Callable[..., Settings]] = {
    "max_pool2d": _pool_call,
    "avg_pool2d": _average_call,
    "adaptive_avg_pool2d": lambda output_size, **_: {"output_size": output_size},
    "adaptive_max_pool2d": lambda output_size, **_: {"output_size": output_size},
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


def of_function(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Settings:
    """The arguments of a function call that are no tensors."""
    plain = [a for a in args if not _holds_tensor(a)]
    named = {key: value for key, value in kwargs.items() if not _holds_tensor(value)}
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](*plain, **named)
    return {"args": tuple(plain), **named} if plain or named else {}


def _holds_tensor(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_tensor(item) for item in value)
    return isinstance(value, Tensor)
