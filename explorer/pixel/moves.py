"""Operations that move numbers and do not change them: `cat`, `flatten`, `permute` …"""

from typing import Any

import torch
from torch import Tensor

from explorer.pixel.reading import Place, arguments
from explorer.pixel.sums import Copied


def moved(place: Place) -> Copied:
    """Where a number came from.

    The same function is called again on tensors in which every number is its own place: what
    stands at the unit then says where its number came from, whatever the function does.
    """
    step = place.step
    labels: dict[int, Tensor] = {}
    first = 1.0  # 0 stands for a padded place
    for tensor in step.inputs:
        if id(tensor) not in labels:
            last = first + tensor.numel()
            labels[id(tensor)] = torch.arange(first, last, dtype=torch.float64).view(tensor.shape)
            first = last
    result = step.function(*_labelled(step.args, labels), **_labelled(dict(step.kwargs), labels))
    label = float((result if isinstance(result, Tensor) else result[0])[place.index])
    return _found(place, labels, label)


def _labelled(value: Any, labels: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return labels.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_labelled(item, labels) for item in value)
    if type(value) is dict:
        return {key: _labelled(item, labels) for key, item in value.items()}
    return value


def _found(place: Place, labels: dict[int, Tensor], label: float) -> Copied:
    named = zip(place.step.operation.inputs, place.step.inputs, strict=True)
    for part, (source, tensor) in enumerate(named):
        offset = label - float(labels[id(tensor)].flatten()[0])
        if not 0 <= offset < tensor.numel():
            continue
        index = tuple(int(i) for i in torch.unravel_index(torch.tensor(int(offset)), tensor.shape))
        return Copied(
            **place.facts(),
            source=source,
            part=part,
            from_unit=_unit(place, source, tensor, index),
            x=float(tensor[index]),
        )
    facts = place.facts()
    return Copied(**facts, source="", part=0, from_unit=None, x=facts["value"])


def _unit(
    place: Place, source: str, tensor: Tensor, index: tuple[int, ...]
) -> tuple[int, int, int] | None:
    """The unit of the source's maps; None where its layout is not known, or it is another part."""
    recording = place.recording
    if source != "input" and source not in recording.steps:
        return None
    layout = recording.layout(source)
    return layout.unit(index[1:]) if layout.shape == tuple(tensor.shape[1:]) else None


def dropout(place: Place) -> Copied:
    """In evaluation mode nothing happens; in training a number becomes 0, or 1/(1 − p) as much."""
    module: Any = place.step.module
    if module is None:
        told = arguments(place.step, "input p training", p=0.5, training=True)
        p, training = told["p"], told["training"]
    else:
        p, training = module.p, module.training
    if not training:
        return moved(place)
    facts = place.facts()
    return Copied(
        **facts,
        source=place.source,
        part=0,
        from_unit=place.unit,
        x=place.number(place.x),
        factor=1 / (1 - p) if facts["value"] else 0.0,
    )
