"""What the rules share: where in its step a unit stands, and what it was called with."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.analysis.operations import INPUT
from explorer.inside.activations import Recording, Step
from explorer.inside.unit_arithmetic.sums import Unit, number


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

    def source_of(self, tensor: Tensor) -> str:
        """The operation that gave a tensor which the step reads; "" of a weight or a constant."""
        named = zip(self.step.operation.inputs, self.step.inputs, strict=True)
        return next((source for source, each in named if each is tensor), "")

    def unit_of(self, source: str, tensor: Tensor, index: tuple[int, ...]) -> Unit | None:
        """The unit of the source's maps that stands at `index` of `tensor`, the batch included.

        None where the source is not kept, or its maps are others: the first of several outputs.
        """
        recorded = source == INPUT or source in self.recording.steps
        if not recorded or index[:1] not in ((), (self.picture,)):
            return None
        values = self.recording.values(source)
        same = values.shape == tensor.shape and bool(values[index] == tensor[index])
        return self.recording.layout(source).unit(index[1:]) if same else None

    def facts(self) -> dict[str, Any]:
        """The arguments that every `Sum` takes."""
        value = number(self.step.outputs[0][self.index])
        return {"operation": self.step.operation, "unit": self.unit, "value": value}

    def number(self, tensor: Tensor) -> float:
        """The number of `tensor` at this place; where it has one for all places, that."""
        return number(tensor[self.index_in(tensor)])

    def index_in(self, tensor: Tensor) -> tuple[int, ...]:
        """This place in a tensor; where it has one number for all places, that one's."""
        index = self.index[len(self.index) - tensor.dim() :]
        return tuple(min(i, size - 1) for i, size in zip(index, tensor.shape, strict=True))


def arguments(step: Step, names: str, **defaults: Any) -> dict[str, Any]:
    """How a function was called, by the names of its arguments."""
    named = dict(zip(names.split(), step.args, strict=False))
    return {**defaults, **named, **step.kwargs}
