"""How many of a data set's test pictures a network gets right, and what it says to each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn

from explorer.base.inputs import InputSize
from explorer.base.tasks import Steps, Task
from explorer.data.datasets import Split
from explorer.networks import main_answer
from explorer.training.batches import resize, scale

MOST_AT_ONCE = 100  # pictures
MACS_AT_ONCE = 3_000_000_000  # about a tenth of a second


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network says to the first N test pictures, each (N,)."""

    predicted: Tensor  # int64, the likeliest class
    confidence: Tensor  # float32, its probability
    labels: Tensor  # int64, the true class

    def followed_by(self, more: "Answers") -> "Answers":
        """Those to these pictures, and to the next ones."""
        return Answers(
            torch.cat([self.predicted, more.predicted]),
            torch.cat([self.confidence, more.confidence]),
            torch.cat([self.labels, more.labels]),
        )

    @property
    def right(self) -> Tensor:
        """Whether each is right (N,)."""
        return self.predicted == self.labels

    @property
    def accuracy(self) -> float:
        """The share that is right."""
        return float(self.right.double().mean())

    @property
    def uncertainty(self) -> float:
        """The standard error of `accuracy`: so few pictures say no more about all others."""
        return sqrt(self.accuracy * (1 - self.accuracy) / len(self.labels))


def steps(
    split: Split, shape: InputSize, pictures: int, macs: int, load: Callable[[], nn.Module]
) -> Steps[Answers]:
    """Picture after picture; `load` gives the same network in each turn, and it is not kept in
    between: weights that nobody uses are given back."""
    total = min(pictures, len(split))
    at_once = max(1, min(MOST_AT_ONCE, MACS_AT_ONCE // max(macs, 1)))

    def run(task: Task[Answers]) -> Iterator[Answers]:
        network, said = load(), task.latest or _none()
        while (done := len(said.labels)) < total:
            part = slice(done, min(done + at_once, total))
            said = said.followed_by(_answers(network, split, part, shape[1]))
            task.tell(part.stop, total)
            yield said

    return run


def _none() -> Answers:
    return Answers(torch.zeros(0, dtype=torch.int64), torch.zeros(0), torch.zeros(0).long())


def _answers(network: nn.Module, split: Split, part: slice, side: int) -> Answers:
    pictures = scale(resize(split.pictures[part], side), torch.contiguous_format)
    with torch.inference_mode():
        best = main_answer(network(pictures)).softmax(1).max(1)
    return Answers(best.indices, best.values, split.labels[part])
