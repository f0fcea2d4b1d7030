"""What a layer was told: kernel, stride, padding … as plain values under the field's names."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from explorer.arithmetic import pair

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
    text = module.extra_repr()
    return {"": text} if text else {}


def _pool_call(
    _x: object,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    *_rest: Any,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_other: Any,
) -> Settings:
    return {
        "kernel": pair(kernel_size),
        "stride": pair(stride or kernel_size),
        "padding": pair(padding),
        "dilation": pair(dilation),
        "ceil": ceil_mode,
    }


def _adaptive_call(_x: object, output_size: Any, *_rest: Any, **_other: Any) -> Settings:
    return {"output_size": output_size}


def _cat_call(_tensors: object, dim: int = 0, **_other: object) -> Settings:
    return {"dim": dim}


_FUNCTIONS: dict[str, Callable[..., Settings]] = {
    "max_pool2d": _pool_call,
    "avg_pool2d": _pool_call,
    "adaptive_avg_pool2d": _adaptive_call,
    "adaptive_max_pool2d": _adaptive_call,
    "cat": _cat_call,
}


def of_function(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Settings:
    """The arguments of a function call that are no tensors."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](*args, **kwargs)
    values = [a for a in args if not isinstance(a, Tensor)]
    return {"args": tuple(values), **{k: v for k, v in kwargs.items() if not isinstance(v, Tensor)}}
