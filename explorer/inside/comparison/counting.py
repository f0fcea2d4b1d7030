"""What networks say to a data set's test pictures: how many are right, and where two differ."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Literal

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
        none = torch.zeros(0, dtype=torch.int64)
        network, answers = load(), task.latest or Answers(none, torch.zeros(0), none)
        while (done := len(answers.labels)) < total:
            part = slice(done, min(done + at_once, total))
            answers = answers.followed_by(_answers(network, split, part, shape[1]))
            task.tell(part.stop, total)
            yield answers

    return run


def _answers(network: nn.Module, split: Split, part: slice, side: int) -> Answers:
    pictures = scale(resize(split.pictures[part], side), torch.contiguous_format)
    with torch.inference_mode():
        best = main_answer(network(pictures)).softmax(1).max(1)
    return Answers(best.indices, best.values, split.labels[part])


# -- two beside each other --------------------------------------------------------------------

Cell = Literal["both", "first", "second", "neither"]  # who is right
CELLS: tuple[Cell, ...] = ("both", "first", "second", "neither")


@dataclass(frozen=True, eq=False)
class Pair:
    """Two networks on the same pictures; `pictures` are the numbers of those in each cell."""

    pictures: dict[Cell, Tensor]

    def count(self, cell: Cell) -> int:
        """How many pictures are in a cell."""
        return len(self.pictures[cell])

    @property
    def chance(self) -> float:
        """How often two equally good networks would come out at least as unlike.

        The exact test of McNemar (Psychometrika, 1947): of the pictures that just one gets right,
        each would have half.
        """
        fewer, more = sorted((self.count("first"), self.count("second")))
        total = fewer + more
        term = tail = 1  # ways to choose 0 of them, 1 of them, …
        for size in range(fewer):
            term = term * (total - size) // (size + 1)
            tail += term
        return min(1.0, float(Fraction(2 * tail, 2**total)))  # a float ends at 2¹⁰²⁴


def pair(first: Answers, second: Answers) -> Pair:
    """Who is right on which picture; both have answered the same ones."""
    assert torch.equal(first.labels, second.labels), "they answered other pictures"
    a, b = first.right, second.right
    masks: dict[Cell, Tensor] = {
        "both": a & b, "first": a & ~b, "second": ~a & b, "neither": ~a & ~b
    }  # fmt: skip
    return Pair({cell: mask.nonzero().flatten() for cell, mask in masks.items()})


def differing(answers: Sequence[Answers]) -> Tensor:
    """The numbers of the pictures to which not all say the same."""
    classes = torch.stack([each.predicted for each in answers])
    return (classes != classes[0]).any(0).nonzero().flatten()
