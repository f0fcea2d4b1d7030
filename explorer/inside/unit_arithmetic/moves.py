"""Operations that move numbers and do not change them: `cat`, `flatten`, `permute` …"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.inside.unit_arithmetic.sums import Copied, Place, arguments, number


def moved(place: Place) -> Copied | None:
    """Where a number came from.

    The same function is called again on tensors in which every number is its own place: what
    stands at the unit then says where its number came from, whatever the function does. It is
    called twice, with all places one step further: what is no place (a padded value, say) stays.
    """
    total = sum(tensor.numel() for tensor in place.step.inputs)
    labels, further = _labels(place, 0), _labels(place, total)
    label, other = _called(place, labels), _called(place, further)
    if label is None or other is None:
        return None
    if other - label == total:
        return _copied(place, labels, label)
    facts = place.facts()
    pads = "pad" in place.step.operation.type.lower()
    if other == label and pads:
        return Copied(**facts, source="", from_unit=None, x=facts["value"])
    return None


def _labels(place: Place, first: int) -> dict[int, Tensor]:
    """For every tensor that is read one of the same shape, in which each number is its place."""
    labels: dict[int, Tensor] = {}
    for tensor in place.step.inputs:
        if id(tensor) not in labels and tensor.is_floating_point():
            places = torch.arange(first, first + tensor.numel(), dtype=torch.float64)
            labels[id(tensor)] = places.view(tensor.shape)
            first += tensor.numel()
    return labels


def _called(place: Place, labels: dict[int, Tensor]) -> float | None:
    """What stands at the unit when the function is called with `labels`; None: rounded."""
    step = place.step
    result = step.function(*_labelled(step.args, labels), **_labelled(dict(step.kwargs), labels))
    first = result if isinstance(result, Tensor) else result[0]
    return number(first[place.index]) if first.dtype == torch.float64 else None


def _labelled(value: Any, labels: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return labels.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_labelled(item, labels) for item in value)
    if type(value) is dict:
        return {key: _labelled(item, labels) for key, item in value.items()}
    return value


def _copied(place: Place, labels: dict[int, Tensor], label: float) -> Copied | None:
    for source, tensor in zip(place.step.operation.inputs, place.step.inputs, strict=True):
        if id(tensor) not in labels:
            continue
        offset = label - float(labels[id(tensor)].flatten()[0])
        if not 0 <= offset < tensor.numel():
            continue
        # NumPy's: torch's imports a computer algebra system, half a second at the first click.
        index = tuple(int(i) for i in np.unravel_index(int(offset), tuple(tensor.shape)))
        return Copied(
            **place.facts(),
            source=source,
            from_unit=place.unit_of(source, tensor, index),
            x=number(tensor[index]),
        )
    return None


def dropout(place: Place) -> Copied | None:
    """In evaluation mode nothing happens; in training a number becomes 0, or 1/(1 − p) as much."""
    settings = arguments(place.step, "input p training", p=0.5, training=True)
    if not settings["training"]:
        return moved(place)
    facts = place.facts()
    return Copied(
        **facts,
        source=place.source,
        from_unit=place.unit,
        x=place.number(place.x),
        factor=1 / (1 - settings["p"]) if facts["value"] else 0.0,
    )
