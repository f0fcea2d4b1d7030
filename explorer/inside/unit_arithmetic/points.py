"""Operations that work number by number, and normalisations."""

import math
from typing import Any

import torch
from torch import Tensor

from explorer.inside.unit_arithmetic.sums import (
    Activated,
    Combined,
    LocalResponse,
    Normalised,
    Place,
    Term,
    arguments,
    number,
    numbers,
)
from explorer.networks.ops import BatchNorm

_SIGNS: dict[str, Any] = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
_BATCH_NORM = "input running_mean running_var weight bias training momentum eps"


def activation(place: Place) -> Activated:
    """ReLU and its kin: the function, called with this one number in double precision."""
    x = place.number(place.x)
    one = torch.tensor(x, dtype=torch.float64)
    args = [one if each is place.x else each for each in place.step.args]
    kwargs = {k: one if v is place.x else v for k, v in place.step.kwargs.items()}
    result = float(place.step.function(*args, **kwargs))
    return Activated(**place.facts(), source=place.source, x=x, result=result)


def combination(place: Place) -> Combined | None:
    """+, −, × and ÷ of two tensors, or of a tensor and a number; sizes of 1 are stretched."""
    name = getattr(place.step.function, "__name__", "")
    settings = arguments(place.step, "input other", alpha=1)
    if settings.get("rounding_mode"):
        return None  # a quotient that is no whole number, and yet the result is one
    left, right = settings["input"], settings["other"]
    if name.startswith("__r") or name == "rsub":
        left, right = right, left
    return Combined(
        **place.facts(),
        sign=_SIGNS[place.step.operation.type],
        left=_term(place, left),
        right=_term(place, right),
        factor=float(settings["alpha"]),
    )


def _term(place: Place, side: Any) -> Term:
    if not isinstance(side, Tensor):
        return Term(float(side))
    source, index = place.source_of(side), place.index_in(side)
    unit = place.unit_of(source, side, index) if source else None
    return Term(number(side[index]), source, unit)


def batch_norm(place: Place) -> Normalised:
    """Batch norm with moving averages; in training with those of the batch."""
    settings = _batch_norm(place)
    channel = place.index[1]
    mean, variance, over = settings["running_mean"], settings["running_var"], "moving"
    if settings["training"] or mean is None:
        moments, over = _moments(numbers(place.x.transpose(0, 1)[channel])), "batch"
    else:
        moments = (float(mean.flatten()[channel]), float(variance.flatten()[channel]))
    return _normalised(
        place, over, moments, settings["eps"], settings["weight"], settings["bias"], channel
    )


def _batch_norm(place: Place) -> dict[str, Any]:
    module = place.step.module
    if isinstance(module, BatchNorm):
        return {
            "running_mean": module.moving_mean,
            "running_var": module.moving_var,
            "weight": module.gamma,
            "bias": module.beta,
            "training": module.training,
            "eps": 1e-5,
        }
    return arguments(place.step, _BATCH_NORM, weight=None, bias=None, training=False, eps=1e-5)


def layer_norm(place: Place) -> Normalised:
    """Layer norm over the last axes; torchvision's `LayerNorm2d` over the channels."""
    module: Any = place.step.module
    x, index = place.x, place.index
    if place.step.operation.type == "LayerNorm2d":
        x, index = x.permute(0, 2, 3, 1), (index[0], *index[2:], index[1])
    depth = len(module.normalized_shape)
    values = numbers(x[index[:-depth]])
    over = "channels" if depth == 1 else "layer"
    inner = int(torch.arange(values.numel()).reshape(values.shape)[index[-depth:]])
    return _normalised(place, over, _moments(values), module.eps, module.weight, module.bias, inner)


def group_norm(place: Place) -> Normalised:
    """Group norm, and instance norm, where each channel is a group."""
    module: Any = place.step.module
    if getattr(module, "track_running_stats", False) and not module.training:
        return batch_norm(place)  # with moving averages there is no difference
    x = place.x[place.picture]
    channel = place.index[1]
    size = len(x) // getattr(module, "num_groups", len(x))
    first = channel // size * size
    moments = _moments(numbers(x[first : first + size]))
    return _normalised(place, "group", moments, module.eps, module.weight, module.bias, channel)


def _moments(values: Tensor) -> tuple[float, float]:
    """Mean and variance."""
    return float(values.mean()), float(values.var(correction=0))


def _normalised(
    place: Place,
    over: Any,
    moments: tuple[float, float],
    eps: float,
    gamma: Tensor | None,
    beta: Tensor | None,
    which: int,
) -> Normalised:
    return Normalised(
        **place.facts(),
        source=place.source,
        over=over,
        x=place.number(place.x),
        mean=moments[0],
        variance=moments[1],
        eps=eps,
        gamma=1.0 if gamma is None else number(gamma.flatten()[which]),
        beta=0.0 if beta is None else number(beta.flatten()[which]),
    )


def local_response(place: Place) -> LocalResponse:
    """AlexNet's normalisation over neighbouring channels (Krizhevsky et al. 2012, section 3.3)."""
    module: Any = place.step.module
    channel = place.index[1]
    group = range(
        max(channel - module.size // 2, 0),
        min(channel + math.ceil(module.size / 2), place.x.shape[1]),
    )
    at: Any = (place.picture, slice(group.start, group.stop), *place.index[2:])
    return LocalResponse(
        **place.facts(),
        source=place.source,
        x=place.number(place.x),
        neighbours=numbers(place.x[at]),
        channels=tuple(group),
        size=module.size,
        alpha=module.alpha,
        beta=module.beta,
        k=module.k,
    )
