"""Where networks differ: the four cells of two networks, and the pictures in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from explorer.inside.comparison.counting import Answers

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
        for chosen in range(fewer):
            term = term * (total - chosen) // (chosen + 1)
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
    said = torch.stack([each.predicted for each in answers])
    return (said != said[0]).any(0).nonzero().flatten()
