"""What the rules share: where in its step a unit stands, and what it was called with."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.activations import Recording, Step
from explorer.pixel.sums import Unit, number


@dataclass(frozen=True, eq=False)
class Place:
    """One number in a recorded step."""

    recording: Recording
    step: Step
    picture: int
    unit: Unit
    index: tuple[int, ...]  # in the step's first output, the batch included

    @property
    def source(self) -> str:
        """The first operation that the step reads."""
        return next(iter(self.step.operation.inputs), "")

    @property
    def x(self) -> Tensor:
        """The first tensor that the step reads, batch included."""
        return self.step.inputs[0]

    def facts(self) -> dict[str, Any]:
        """The arguments that every `Sum` takes."""
        value = float(self.step.outputs[0][self.index])
        return {"operation": self.step.operation, "unit": self.unit, "value": value}

    def number(self, tensor: Tensor, index: tuple[int, ...] | None = None) -> float:
        """The number of `tensor` at this place; where it has one for all places, that."""
        index = self.index if index is None else index
        index = index[len(index) - tensor.dim() :]
        places = zip(index, tensor.shape, strict=True)
        return number(tensor[tuple(min(i, size - 1) for i, size in places)])


def arguments(step: Step, names: str, **defaults: Any) -> dict[str, Any]:
    """How a function was called, by the names of its arguments."""
    named = dict(zip(names.split(), step.args, strict=False))
    return {**defaults, **named, **step.kwargs}
