"""How many of a data set's test pictures a network gets right, and what it says to each."""

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn

from explorer.base.inputs import InputSize
from explorer.data.datasets import Split
from explorer.inside.comparison.piecework import Piecework
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


class Count(Piecework):
    """One step is one picture."""

    def __init__(self, split: Split, shape: InputSize, pictures: int, macs: int) -> None:
        super().__init__(min(pictures, len(split)))
        self._split, self._side = split, shape[1]
        self._at_once = max(1, min(MOST_AT_ONCE, MACS_AT_ONCE // max(macs, 1)))
        self._predicted = torch.zeros(self.total, dtype=torch.int64)
        self._confidence = torch.zeros(self.total)
        self.nbytes = 20 * self.total + 1000

    @property
    def answers(self) -> Answers:
        """Of the pictures that are done."""
        done = self.done
        return Answers(self._predicted[:done], self._confidence[:done], self._split.labels[:done])

    def _step(self, network: nn.Module) -> None:
        part = slice(self.done, min(self.done + self._at_once, self.total))
        pictures = scale(resize(self._split.pictures[part], self._side), torch.contiguous_format)
        best = main_answer(network(pictures)).softmax(1).max(1)
        self._predicted[part] = best.indices
        self._confidence[part] = best.values
        self.done = part.stop
