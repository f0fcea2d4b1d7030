"""Where one number of a feature map comes from, written out.

To add an operation: a rule from a `Place` to a `Sum`, and its entry in `RULES`. What a rule says
is told only where it agrees with the network's own number.
"""

import math
from collections.abc import Callable

import torch

from explorer.base.language import _
from explorer.base.units import times
from explorer.inside.activations import Recording
from explorer.inside.unit_arithmetic import moves, points, windows
from explorer.inside.unit_arithmetic.sums import (
    Activated,
    Combined,
    Copied,
    LocalResponse,
    Normalised,
    Place,
    Sum,
    Term,
    Unexplained,
    Unit,
    WeightedSum,
    Window,
)

ROUNDING = 1e-5  # by which a sum of float32 numbers may differ, as a part of the largest of them

Rule = Callable[[Place], Sum | None]  # None: it is called in a way that is not taken apart here


# By the types that the layer table gives operations.
_TYPES: dict[Rule, str] = {
    windows.convolution: "Conv2d conv2d",
    windows.linear: "Linear linear",
    windows.pooling: "MaxPool2d AvgPool2d max_pool2d avg_pool2d",
    windows.adaptive: "AdaptiveAvgPool2d AdaptiveMaxPool2d adaptive_avg_pool2d adaptive_max_pool2d",
    windows.mean: "mean",
    points.batch_norm: "BatchNorm BatchNorm1d BatchNorm2d batch_norm",
    points.layer_norm: "LayerNorm LayerNorm2d",
    points.group_norm: "GroupNorm InstanceNorm2d",
    points.local_response: "LocalResponseNorm",
    points.combination: "add sub mul div",
    points.activation: "ReLU ReLU6 LeakyReLU ELU SELU GELU SiLU Mish Softplus Softsign Sigmoid "
    "Tanh Hardtanh Hardswish Hardsigmoid relu relu6 leaky_relu elu selu gelu silu mish softplus "
    "softsign sigmoid tanh hardtanh hardswish hardsigmoid abs neg exp sqrt log clamp pow",
    moves.dropout: "Dropout Dropout2d dropout StochasticDepth",
    moves.moved: "Identity Flatten Unflatten Permute ChannelShuffle PixelShuffle PixelUnshuffle "
    "ZeroPad2d ConstantPad2d ReflectionPad2d ReplicationPad2d CircularPad2d "
    "cat stack flatten view reshape permute transpose contiguous chunk split unbind getitem "
    "squeeze unsqueeze expand repeat roll pad clone detach to narrow movedim T mT",
}
RULES = {name: rule for rule, names in _TYPES.items() for name in names.split()}


def pixel(
    recording: Recording, name: str, channel: int, y: int = 0, x: int = 0, picture: int = 0
) -> Sum:
    """The arithmetic of one number: unit (channel, y, x) of `recording.maps(name, picture)`.

    Raises:
        ValueError: there is no such operation or unit, or it was not recorded.
    """
    step, layout = recording.step(name), recording.layout(name)
    unit = (channel, y, x)
    if not all(0 <= i < size for i, size in zip(unit, layout.map_shape, strict=True)):
        words = _("{name} has {shape} units (channels × rows × columns); there is no {unit}.")
        raise ValueError(words.format(name=name, shape=times(layout.map_shape), unit=unit))
    index = (picture, *layout.index(*unit))[: step.outputs[0].dim()]  # a lone number has no batch
    place = Place(recording, step, picture, unit, index)
    return _explained(place) or Unexplained(**place.facts())


def _explained(place: Place) -> Sum | None:
    rule = RULES.get(place.step.operation.type)
    if rule is None or not place.step.inputs:
        return None
    try:
        arithmetic = rule(place)
    except Exception:  # noqa: BLE001 (a network may call it in a way of which no rule knows)
        return None
    return arithmetic if arithmetic and _agrees(arithmetic, place.step.outputs[0].dtype) else None


def _agrees(arithmetic: Sum, kind: torch.dtype) -> bool:
    """Whether the numbers that are listed really give the one in the network's tensor."""
    total, value = arithmetic.total, arithmetic.value
    if total == value or (math.isnan(total) and math.isnan(value)):
        return True
    digits = torch.finfo(kind).eps if kind.is_floating_point else 0.0
    return abs(total - value) <= max(ROUNDING, 2 * digits) * arithmetic.scale
